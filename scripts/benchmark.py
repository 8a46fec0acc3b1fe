"""Time every stage of scoring on the project's own feedback, and print a table in Markdown.

Figures of one run on one machine; the shares and ratios are what carries over.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from sentiment_kit import Analyzer
from sentiment_kit.churn.matcher import PhraseMatcher
from sentiment_kit.language import detect
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.text import for_matching, for_model


def main() -> None:
    """Read the options, time, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=Path("corpora"), help="folder with feedback/<language>.jsonl")
    parser.add_argument("--texts", type=int, default=400, help="texts a language (400)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median is shown (3)")
    options = parser.parse_args()
    texts = {language: _texts(options.corpora, language, options.texts) for language in LANGUAGES}
    mixed = [text for group in zip(*texts.values(), strict=True) for text in group]
    languages = [language for _ in texts["en"] for language in LANGUAGES]
    analyzer = Analyzer()
    matchers = {language: PhraseMatcher.default(language) for language in LANGUAGES}
    stages: dict[str, Callable[[], object]] = {
        "whole (analyze_many)": lambda: analyzer.analyze_many(mixed),
        "detect": lambda: [detect(text) for text in mixed],
        "normalise for the model": lambda: [for_model(text) for text in mixed],
        "encode (normalise, tokenise, score)": lambda: analyzer.encoder.score(mixed, languages),
        "normalise for matching": lambda: [for_matching(text) for text in mixed],
        **{
            f"match {language}": lambda language=language: [matchers[language].find(t) for t in texts[language]]
            for language in LANGUAGES
        },
    }
    print(f"{len(mixed):,} texts, {sum(map(len, mixed)) / len(mixed):.0f} characters on average\n")
    print("| stage | texts/s | µs a text |\n|---|---|---|")
    for name, stage in stages.items():
        stage()  # warm
        seconds = statistics.median(_seconds(stage) for _ in range(options.rounds))
        count = options.texts if name.startswith("match ") else len(mixed)
        print(f"| {name} | {count / seconds:,.0f} | {seconds / count * 1e6:,.0f} |")
    print(f"\nresident memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _texts(corpora: Path, language: str, count: int) -> list[str]:
    lines = (corpora / "feedback" / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return (texts * (count // len(texts) + 1))[:count]


def _seconds(stage: Callable[[], object]) -> float:
    begun = time.perf_counter()
    stage()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
