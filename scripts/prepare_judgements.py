"""Write what the large network of scripts/train_large.py and a bundle's small one say of the training side, as a mean.

First a table of how good each is, and the mean of both: macro-F1 / negative-positive
balanced accuracy, means over sets, on at most 300 rows a set and language.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.encoder.torch import load_network
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.calibration import NEGATIVE_BIAS
from sentiment_kit.training.default import JUDGEMENTS_FILE, load_sides, marks_of
from sentiment_kit.training.distillation import judge, load_large, read
from sentiment_kit.training.evaluation import sample, sentiment_cell
from sentiment_kit.training.examples import draw_weights

_ROWS = 300


def main() -> None:
    """Read the options, measure, judge, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the encoder that its blocks began as")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--base", type=Path, default=default_folder(), help="bundle of the small network (the bundled)")
    parser.add_argument("--large", type=Path, default=Path("build/large/large.pt"), help="checkpoint of the large one")
    parser.add_argument("--out", type=Path, default=Path("build/text") / JUDGEMENTS_FILE)
    parser.add_argument("--judge", type=int, default=150_000, help="texts to judge, as training draws them (150000)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {line}", flush=True)

    base = Bundle.open(options.base)
    tokenizer = Tokenizer.from_file(str(base.file(TOKENIZER_FILE)))
    marks = marks_of(tokenizer)
    large = load_large(options.teacher, options.large, say)
    sides = load_sides(options.examples, tokenizer, ("train", "dev", "eval"), say)
    small = load_network(base)
    cells: dict[str, list[str]] = {"large": [], "small": [], "mean": []}
    for side in ("dev", "eval"):
        rows = sample(sides.tokens[side], _ROWS)
        networks = {"large": large, "small": small}
        logits = {name: read(network, rows, marks)[0] for name, network in networks.items()}
        logits["mean"] = (logits["large"] + logits["small"]) / 2
        for name, scores in logits.items():
            biased = scores + np.array([NEGATIVE_BIAS, 0.0, 0.0])
            cells[name] += [sentiment_cell(rows, biased, language) for language in range(len(LANGUAGES))]
    print("| network | " + " | ".join(f"{code} {side}" for side in ("dev", "eval") for code in LANGUAGES) + " |")
    print("|---" * 9 + "|")
    for name, row in cells.items():
        print(f"| {name} | {' | '.join(row)} |", flush=True)
    examples = sides.tokens["train"]
    weights = draw_weights(examples, own_share=0.5, judged=np.ones(len(examples), bool))
    count = min(options.judge, int((weights > 0).sum()))
    chosen = np.sort(np.random.default_rng(1).choice(len(weights), count, replace=False, p=weights))
    judge([large, small], examples, chosen, marks, say).save(options.out)
    say(f"wrote {options.out}")


if __name__ == "__main__":
    main()
