"""Build the table of training examples: label maps applied, near-duplicates on one side, splits by hash."""

from __future__ import annotations

import argparse
from pathlib import Path

from sentiment_kit.training.corpora import build


def main() -> None:
    """Read the options and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, eval/ and raw/")
    parser.add_argument("--corpora", type=Path, default=Path("corpora"), help="cards and own feedback (corpora)")
    parser.add_argument("--out", type=Path, default=Path("build/corpora"), help="where to write (build/corpora)")
    options = parser.parse_args()
    build(options.data, options.corpora, options.out, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
