"""Gather sentences of the four languages with the vectors that an English sentence encoder gives their meanings."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tokenizers import Tokenizer

from sentiment_kit.training.default import MEANINGS_FILE
from sentiment_kit.training.meaning import Amounts, collect


def main() -> None:
    """Read the options, gather, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with parallel/ and lexical/")
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the encoder: config, weights, tokenizer")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--text", type=Path, default=Path("build/text"), help="folder of tokenizer.json; written to")
    options = parser.parse_args()
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {line}", flush=True)

    tokenizer = Tokenizer.from_file(str(options.text / "tokenizer.json"))
    meanings = collect(options.data, options.examples, tokenizer, options.teacher, Amounts(), say)
    meanings.save(options.text / MEANINGS_FILE)
    say(f"wrote {options.text / 'meanings.npz'}: {len(meanings.language):,} sentences")


if __name__ == "__main__":
    main()
