"""Check churn patterns and context rules against their own examples, and try them on texts.

With --lines a text file's lines are listed with the phrases found in each. With --labelled a file of corpora/extra is
read, and precision, recall and the share of leaving texts with an overlapping phrase are printed for its dev side, or
with --side for another, and for those of its texts whose id begins with one of --batch.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from sentiment_kit.churn.matcher import PhraseMatcher
from sentiment_kit.churn.patterns import FOLDER, load_context, load_patterns
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.corpora import own_side
from sentiment_kit.training.feedback import Feedback, load_feedback


def main() -> int:
    """Return 1 if any example fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--lines", type=Path, help="a text file: print the phrases found in each line")
    parser.add_argument(
        "--labelled", type=Path, help="a file of corpora/extra: print precision and recall on its dev side"
    )
    parser.add_argument("--side", nargs="+", choices=("dev", "train"), default=["dev"], help="sides that count (dev)")
    parser.add_argument("--batch", nargs="+", default=[""], help="with --labelled: beginnings of the ids that count")
    options = parser.parse_args()
    matcher = PhraseMatcher.default(options.language)
    if options.lines:
        for line in options.lines.read_text(encoding="utf-8").splitlines():
            found = [f"{m.phrase.kind}: {m.phrase.text} ({m.phrase.source[8:]})" for m in matcher.find(line)]
            print(f"{line}\n    {found}")
        return 0
    if options.labelled:
        records = [r for r in load_feedback(options.labelled) if own_side(r.id, tested=False) in options.side]
        print(_measured(matcher, [r for r in records if r.id.startswith(tuple(options.batch))]))
        return 0
    return int(check(options.language, matcher) > 0)


def _measured(matcher: PhraseMatcher, records: list[Feedback]) -> str:
    found = [[match.phrase for match in matcher.find(record.text)] for record in records]
    leaving = sum(bool(record.churn) for record in records)
    right = sum(bool(record.churn and phrases) for record, phrases in zip(records, found, strict=True))
    overlapping = sum(
        any(phrase.start < span.end and span.start < phrase.end for phrase in phrases for span in record.churn)
        for record, phrases in zip(records, found, strict=True)
    )
    flagged = sum(map(bool, found))
    return (
        f"{len(records)} texts, {leaving} leave: precision {right / max(1, flagged):.3f}, "
        f"recall {right / max(1, leaving):.3f}, overlap {overlapping / max(1, leaving):.3f}"
    )


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
