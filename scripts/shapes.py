"""Print what the depth of the transformer, the size of a step and the optimiser buy: accuracy against speed and bytes.

Each shape starts from the same initial embeddings and learns, without the n-grams, as the stage `deep` does. A cell
holds macro-F1 / negative-positive balanced accuracy, means over sets; speed is of the exported int8 network behind its
tokenizer, on the dev side's own texts, all cores. Checkpoints go to --folder; a rerun goes on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import ONNX_FILE
from sentiment_kit.encoder.network import FeedbackNetwork
from sentiment_kit.encoder.onnx import OnnxEncoder
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.calibration import calibrate
from sentiment_kit.training.default import STAGES, VECTORS_FILE, Sides, load_sides, marks_of, new_network, write_bundle
from sentiment_kit.training.evaluation import sentiment_cell
from sentiment_kit.training.trainer import Surroundings, predict, train

_SPEED_TEXTS = 4_000
_STAGE = next(stage for stage in STAGES if stage.name == "deep")


def main() -> None:
    """Read the options, train and measure each shape, print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--prepared", type=Path, default=Path("build/text"))
    parser.add_argument("--folder", type=Path, default=Path("build/shapes"))
    parser.add_argument("--layers", type=int, nargs="+", default=[0, 2, 3, 4, 6])
    parser.add_argument("--texts", type=int, default=60_000, help="texts that each shape learns from")
    parser.add_argument("--theme-weight", type=float, default=_STAGE.theme_weight, help="of the loss of themes")
    parser.add_argument("--budget", type=int, default=_STAGE.budget, help="tokens of a step")
    parser.add_argument(
        "--matrix-rate", type=float, default=_STAGE.matrix_rate, help="of Muon for the blocks' matrices; 0 for AdamW"
    )
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.prepared / "tokenizer.json"))
    sides = load_sides(options.examples, tokenizer, ("train", "dev", "eval"), print)
    cells = [f"{code} {side}" for side in ("dev", "eval") for code in LANGUAGES]
    print("| layers | parameters | int8 MB | " + " | ".join(cells) + " | themes AP | texts/s |")
    print("|---" * (5 + len(cells)) + "|", flush=True)
    for layers in options.layers:
        print(_row(layers, sides, tokenizer, options), flush=True)


def _row(layers: int, sides: Sides, tokenizer: Tokenizer, options: argparse.Namespace) -> str:
    network = _train(layers, sides, tokenizer, options)
    marks = marks_of(tokenizer)
    logits = {side: predict(network, sides.tokens[side], network.shape.positions, marks) for side in ("dev", "eval")}
    cells = [
        sentiment_cell(sides.tokens[side], logits[side][0], language)
        for side in logits
        for language in range(len(LANGUAGES))
    ]
    dev = sides.tokens["dev"]
    known = dev.themes >= 0
    precision = average_precision_score(dev.themes[known], logits["dev"][1][known])
    parameters = sum(parameter.numel() for parameter in network.parameters())
    with tempfile.TemporaryDirectory() as folder:
        bundle = write_bundle(network, tokenizer, calibrate(logits["dev"], dev), Path(folder), "0")
        size = (Path(folder) / ONNX_FILE).stat().st_size / 1e6
        encoder = OnnxEncoder(bundle)
        texts = sides.table["dev"].shuffle(seed=1)[:_SPEED_TEXTS]
        encoder.score(texts["text"][:100], texts["language"][:100])
        begun = time.monotonic()
        encoder.score(texts["text"], texts["language"])
        speed = _SPEED_TEXTS / (time.monotonic() - begun)
    return f"| {layers} | {parameters:,} | {size:.1f} | {' | '.join(cells)} | {precision:.3f} | {speed:,.0f} |"


def _train(layers: int, sides: Sides, tokenizer: Tokenizer, options: argparse.Namespace) -> FeedbackNetwork:
    start = np.load(options.prepared / VECTORS_FILE)
    network = new_network(tokenizer, start, 0, layers)
    recipe = replace(
        _STAGE,
        name=f"layers_{layers}",
        examples=options.texts,
        theme_weight=options.theme_weight,
        budget=options.budget,
        matrix_rate=options.matrix_rate,
    )
    options.folder.mkdir(parents=True, exist_ok=True)
    inputs = f"{network.shape} {sides.tokens['train'].digest()}"
    around = Surroundings(marks_of(tokenizer), options.folder, inputs, print, lambda network, part: "")
    train(network, sides.tokens["train"], recipe, around)
    return network.cpu().eval()


if __name__ == "__main__":
    main()
