"""List real reviews on which the churn patterns and the churn head disagree most, to find what the lexicon misses.

The reviews are a random part of the training side of the table that scripts/build_corpora.py wrote, or the lines of a
text file of your own. Keep what is printed to yourself: licences do not let the text of the sets into the repository.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sentiment_kit import Analyzer
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.corpora import OWN_SETS
from sentiment_kit.training.examples import load_table
from sentiment_kit.training.mining import Disagreement, mine


def main() -> None:
    """Read the options, mine, print two lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--lines", type=Path, help="a text file, one review a line, in place of the table")
    parser.add_argument("--texts", type=int, default=20_000, help="reviews to read (20000)")
    parser.add_argument("--count", type=int, default=100, help="reviews to list of each sort (100)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.lines:
        texts = [line for line in options.lines.read_text(encoding="utf-8").splitlines() if line.strip()]
    else:
        texts = _sample(options.examples, options.language, options.texts, options.seed)
    found = mine(Analyzer(), texts, options.language, options.count)
    print(f"{found.texts:,} reviews, {found.flagged:,} with a phrase of a pattern ({found.flagged / found.texts:.2%})")
    for title, part in (("no phrase, head high", found.missed), ("a phrase, head low", found.doubtful)):
        print(f"\n## {title}")
        for disagreement in part:
            print(_line(disagreement))


def _sample(examples: Path, language: str, count: int, seed: int) -> list[str]:
    table = load_table(examples, examples.parent / "cache")
    rows = np.flatnonzero(
        (np.array(table["language"]) == language)
        & (np.array(table["side"]) == "train")
        & ~np.isin(np.array(table["set"]), OWN_SETS)
    )
    texts: list[str] = table.select(np.sort(np.random.default_rng(seed).permutation(rows)[:count]))["text"][:]
    return texts


def _line(found: Disagreement) -> str:
    phrases = "; ".join(f"{phrase.kind} {phrase.text!r} ({phrase.source})" for phrase in found.phrases)
    return f"{found.head:.2f}  {' '.join(found.text.split())[:400]}" + (f"\n      {phrases}" if phrases else "")


if __name__ == "__main__":
    main()
