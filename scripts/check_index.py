"""Check on any feedback that the index of patterns loses no churn phrase, and how much time it saves.

Prints a table in Markdown. CPU time of one run on one machine; the ratios are what carries over.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from pathlib import Path

from sentiment_kit.churn.matcher import PhraseMatch, PhraseMatcher
from sentiment_kit.taxonomy import LANGUAGES

_WARM = 300
_BEGINNING = 20_000


def main() -> None:
    """Read the options, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with <language>/*.jsonl.gz or <language>.jsonl, field text")
    parser.add_argument("--texts", type=int, default=3000, help="texts a language (3000)")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    options = parser.parse_args()
    print("| language | texts | characters | phrases | texts that differ | texts/s | texts/s reading all |")
    print("|---|---|---|---|---|---|---|")
    for language in options.languages:
        print(_row(language, _texts(options.folder, language, options.texts + _WARM)), flush=True)


def _row(language: str, texts: list[str]) -> str:
    quick, thorough = (PhraseMatcher.default(language) for _ in range(2))
    for matcher in (quick, thorough):
        matcher.find(texts[0])
        assert matcher._engine
    thorough._engine._is_worth_reading = lambda sentence: True
    thorough._engine._index.candidates = lambda words: list(thorough._engine._tokens)
    for text in texts[:_WARM]:
        quick.find(text)
        thorough.find(text)
    texts = texts[_WARM:]
    found, seconds = _timed(quick, texts)
    wanted, seconds_for_all = _timed(thorough, texts)
    return (
        f"| {language} | {len(texts):,} | {sum(map(len, texts)) / len(texts):.0f} | {sum(map(len, wanted)):,} "
        f"| {sum(a != b for a, b in zip(found, wanted, strict=True))} "
        f"| {len(texts) / seconds:,.0f} | {len(texts) / seconds_for_all:,.0f} |"
    )


def _timed(matcher: PhraseMatcher, texts: list[str]) -> tuple[list[list[PhraseMatch]], float]:
    begun = time.process_time()
    found = [matcher.find(text) for text in texts]
    return found, time.process_time() - begun


def _texts(folder: Path, language: str, count: int) -> list[str]:
    """Draw texts by chance from the beginnings of a language's files."""
    drawn: list[str] = []
    for file in sorted([*folder.glob(f"{language}/*.jsonl.gz"), *folder.glob(f"{language}.jsonl")]):
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            drawn += [json.loads(line)["text"] for line, _ in zip(lines, range(_BEGINNING), strict=False)]
    return random.Random(5).sample(drawn, min(count, len(drawn)))


if __name__ == "__main__":
    main()
