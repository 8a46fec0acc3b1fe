"""Check churn patterns and context rules against their own examples, and list what a text file's lines give."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from sentiment_kit.churn.matcher import PhraseMatcher
from sentiment_kit.churn.patterns import FOLDER, load_context, load_patterns
from sentiment_kit.taxonomy import LANGUAGES


def main() -> int:
    """Return 1 if any example fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--lines", type=Path, help="a text file: print the phrases found in each line")
    options = parser.parse_args()
    matcher = PhraseMatcher.default(options.language)
    if options.lines:
        for line in options.lines.read_text(encoding="utf-8").splitlines():
            found = [f"{m.phrase.kind}: {m.phrase.text} ({m.phrase.source[8:]})" for m in matcher.find(line)]
            print(f"{line}\n    {found}")
        return 0
    return int(check(options.language, matcher) > 0)


def check(language: str, matcher: PhraseMatcher) -> int:
    """Print every example that fails; return how many."""
    failures = 0
    patterns = load_patterns(FOLDER / "patterns" / f"{language}.jsonl")
    for pattern in patterns:
        if not any(m.phrase.kind == pattern.kind for m in matcher.find(pattern.positive)):
            failures += 1
            print(f"{pattern.id}: nothing of kind {pattern.kind} in its positive example: {pattern.positive}")
        if any(m.phrase.source == f"pattern:{pattern.id}" for m in matcher.find(pattern.negative)):
            failures += 1
            print(f"{pattern.id}: found in its negative example: {pattern.negative}")
    for rule in load_context(FOLDER / "context" / f"{language}.jsonl"):
        if found := matcher.find(rule.cancels):
            failures += 1
            print(f"{rule.id}: does not cancel {found[0].phrase.text!r} in: {rule.cancels}")
    print(f"{language}: {len(patterns)} patterns {dict(Counter(p.kind for p in patterns))}, {failures} failures")
    return failures


if __name__ == "__main__":
    sys.exit(main())
