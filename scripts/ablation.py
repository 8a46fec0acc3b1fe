"""Print what each part of the network is worth: sentiment on dev and on the unseen sets, and texts a second.

Parts of one trained network: the n-grams alone, the transformer alone, both. Each cell holds macro-F1 /
negative-positive balanced accuracy, means over sets. Speeds are of torch in fp32 on one thread, in the same run.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.encoder.network import Part
from sentiment_kit.encoder.torch import load_network
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.calibration import NEGATIVE_BIAS
from sentiment_kit.training.default import load_sides, marks_of
from sentiment_kit.training.evaluation import sentiment_cell
from sentiment_kit.training.trainer import predict


def main() -> None:
    """Read the options, score dev and eval with each part, print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--bundle", type=Path, default=default_folder())
    options = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle.open(options.bundle)
    network, tokenizer = load_network(bundle), Tokenizer.from_file(str(bundle.file(TOKENIZER_FILE)))
    sides = load_sides(options.examples, tokenizer, ("dev", "eval"), print)
    print("| part | " + " | ".join(f"{code} {side}" for side in sides.tokens for code in LANGUAGES) + " | texts/s |")
    print("|---" * (2 + len(sides.tokens) * len(LANGUAGES)) + "|")
    for part in get_args(Part):
        begun = time.monotonic()
        logits = [
            predict(network, tokens, network.shape.positions, marks_of(tokenizer), part)[0]
            for tokens in sides.tokens.values()
        ]
        speed = sum(map(len, sides.tokens.values())) / (time.monotonic() - begun)
        cells = [
            sentiment_cell(tokens, scores + np.array([NEGATIVE_BIAS, 0.0, 0.0]), language)
            for tokens, scores in zip(sides.tokens.values(), logits, strict=True)
            for language in range(len(LANGUAGES))
        ]
        print(f"| {part} | {' | '.join(cells)} | {speed:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
