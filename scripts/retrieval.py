"""Print how often a sentence's translation is its nearest neighbour, for one or more sets of weights, as Markdown."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, WEIGHTS_FILE, Bundle, default_folder
from sentiment_kit.encoder.network import FeedbackNetwork, Shape, from_stored
from sentiment_kit.training.retrieval import retrieval


def main() -> None:
    """Read the options, measure each set of weights, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with parallel/*/EVAL_*.tsv.gz")
    parser.add_argument("--model", type=Path, default=default_folder(), help="folder of the model (the bundled one)")
    parser.add_argument(
        "--checkpoints", type=Path, nargs="*", default=[], help="checkpoints of scripts/train_default.py"
    )
    options = parser.parse_args()
    bundle = Bundle.open(options.model)
    tokenizer = Tokenizer.from_file(str(options.model / TOKENIZER_FILE))
    network = FeedbackNetwork(Shape(**bundle.manifest["shape"])).eval()
    weights = {
        str(file): torch.load(file, weights_only=True, map_location="cpu")["network"] for file in options.checkpoints
    }
    weights["model"] = from_stored(load_file(options.model / WEIGHTS_FILE))
    columns = []
    for state in weights.values():
        network.load_state_dict(state)
        columns.append(retrieval(network, tokenizer, options.data))
    print(f"| languages | file | pairs | {' | '.join(weights)} |\n|---|---|---|{'---|' * len(weights)}")
    for row in zip(*columns, strict=True):
        print(
            f"| {row[0].languages} | {row[0].name} | {row[0].pairs} | {' | '.join(f'{r.accuracy:.3f}' for r in row)} |"
        )


if __name__ == "__main__":
    main()
