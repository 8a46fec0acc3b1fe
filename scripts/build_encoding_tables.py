#!/usr/bin/env python3
"""Make sentiment_kit/batch/letters.json: how usual the letters of the four languages are, to tell encodings apart.

From corpora/feedback, the project's own texts: single characters for Japanese, pairs of letters for Ukrainian and
Persian, each as -10 times the natural logarithm of its probability. Run it again when the corpora have changed a lot.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from pathlib import Path

from sentiment_kit.batch.letters import TABLE, letters_of


def main() -> None:
    """Read the corpora and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=Path("corpora/feedback"))
    options = parser.parse_args()
    tables = {}
    for language in ("ja", "uk", "fa"):
        lines = (options.corpora / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
        tables[language] = costs([json.loads(line)["text"] for line in lines], language)
    with TABLE.open("w", encoding="utf-8") as out:
        json.dump(tables, out, ensure_ascii=False, indent=0, sort_keys=True)
        out.write("\n")


def costs(texts: list[str], language: str) -> dict[str, str]:
    """Return the groups of each cost, ``{"31": "по|на"}``: cheap is usual."""
    pairs: Counter[str] = Counter()
    singles: Counter[str] = Counter()
    for text in texts:
        letters = letters_of(text, language)
        singles.update(letters)
        pairs.update(map("".join, zip(" " + letters, letters, strict=False)))
    groups = singles if language == "ja" else pairs
    before: Counter[str] = Counter()
    for pair, count in pairs.items():
        before[pair[0]] += count
    by_cost: dict[int, list[str]] = {}
    for group, count in sorted(groups.items()):
        share = count / (singles.total() if language == "ja" else before[group[0]])
        if count > 1 and any(not character.isascii() for character in group):
            by_cost.setdefault(round(-10 * math.log(share)), []).append(group)
    return {str(cost): "|".join(found) for cost, found in sorted(by_cost.items())}


if __name__ == "__main__":
    main()
