"""Print what the constant bias of the negative logit gains and costs, by language: the table in docs/model.md.

Each cell holds macro-F1 / negative-positive balanced accuracy, means over sets, of the weights of a bundle.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.encoder.torch import load_network
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.default import load_sides, marks_of
from sentiment_kit.training.evaluation import sentiment_cell
from sentiment_kit.training.trainer import predict

_BIASES = (0.0, 0.2, 0.3, 0.4, 0.6)


def main() -> None:
    """Read the options, score dev and eval once, print a row for each bias."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--bundle", type=Path, default=default_folder())
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    bundle = Bundle.open(options.bundle)
    network, tokenizer = load_network(bundle), Tokenizer.from_file(str(bundle.file(TOKENIZER_FILE)))
    sides = load_sides(options.examples, tokenizer, ("dev", "eval"), print)
    logits = {
        side: predict(network, tokens, network.shape.positions, marks_of(tokenizer))[0]
        for side, tokens in sides.tokens.items()
    }
    print("| bias | " + " | ".join(f"{code} {side}" for side in logits for code in LANGUAGES) + " |")
    print("|---" * (1 + len(logits) * len(LANGUAGES)) + "|")
    for bias in _BIASES:
        cells = [
            sentiment_cell(sides.tokens[side], scores + np.array([bias, 0, 0]), language)
            for side, scores in logits.items()
            for language in range(len(LANGUAGES))
        ]
        print(f"| {bias} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
