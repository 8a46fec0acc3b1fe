"""Train the bundled model from the table of examples: fit, calibrate, export, measure against TF-IDF, write the card.

A rerun continues from the last checkpoint under --run. Run scripts/build_corpora.py, prepare_text.py,
prepare_meanings.py and prepare_words.py first, for --judged train_large.py and prepare_judgements.py too.
--base models/default goes on from the bundled model's weights, after more texts were added to corpora/ for instance,
through the last stages; the tokenizer has to be the bundle's (prepare_text.py --tokenizer).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import WEIGHTS_FILE, Bundle
from sentiment_kit.encoder.onnx import OnnxEncoder
from sentiment_kit.training.baseline import BagOfEmbeddings, character_ngrams
from sentiment_kit.training.card import write_card
from sentiment_kit.training.default import VECTORS_FILE, Sources, finish, fit, load_sides
from sentiment_kit.training.evaluation import compare


def main() -> None:
    """Read the options and run every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument(
        "--text",
        type=Path,
        default=Path("build/text"),
        help="folder of tokenizer.json, vectors.npy, meanings.npz and words.tsv (build/text)",
    )
    parser.add_argument("--base", type=Path, help="bundle to learn on from; without it training begins with nothing")
    parser.add_argument("--judged", action="store_true", help="learn from judgements.npz of --text too")
    parser.add_argument("--run", type=Path, default=Path("build/run"), help="folder for checkpoints (build/run)")
    parser.add_argument("--out", type=Path, default=Path("build/bundle"), help="folder of the bundle (build/bundle)")
    parser.add_argument("--corpora", type=Path, default=Path("corpora"), help="cards and templates (corpora)")
    parser.add_argument("--version", default="0.1", help="version of the model (0.1)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {line}", flush=True)

    base = Bundle.open(options.base) if options.base else None
    tokenizer = Tokenizer.from_file(str(options.text / "tokenizer.json"))
    sides = load_sides(options.examples, tokenizer, ("train", "dev", "eval"), say)
    sources = Sources(options.text, options.corpora / "templates", base, options.judged)
    network = fit(sides, tokenizer, sources, options.run, say)
    say("calibrating and exporting")
    bundle = finish(network, sides.tokens["dev"], tokenizer, options.out, options.version)
    vectors = np.load(options.text / VECTORS_FILE)
    baselines = {"TF-IDF": character_ngrams(), "bag of embeddings": BagOfEmbeddings(tokenizer, vectors)}
    table = compare(OnnxEncoder(bundle), sides.table, say, baselines)
    write_card(bundle, table, options.corpora, options.examples.parent / "counts.json", sources)
    say(f"wrote {options.out}, {(options.out / WEIGHTS_FILE).stat().st_size / 1e6:.0f} MB of weights")


if __name__ == "__main__":
    main()
