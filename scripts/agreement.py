"""Print how far the two readers of the project's own feedback agree."""

from __future__ import annotations

import argparse
from pathlib import Path

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.agreement import agreement
from sentiment_kit.training.feedback import load_feedback

_WITHOUT_PHRASES = ("extra", "labels", "posts")
"""Corpora whose second reader named kinds of churn and marked no phrases."""


def main() -> None:
    """Read the options and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=Path("corpora"))
    options = parser.parse_args()
    print("| corpus | language | texts | sentiment kappa | themes F1 | churn kappa | kind | phrase |")
    print("|---|---|---|---|---|---|---|---|")
    for corpus in ("feedback", "churn", *_WITHOUT_PHRASES):
        for language in LANGUAGES:
            both, file = (options.corpora / folder / f"{language}.jsonl" for folder in (f"readers/{corpus}", corpus))
            if not both.exists():
                continue
            texts = None if corpus in _WITHOUT_PHRASES else {record.id: record.text for record in load_feedback(file)}
            found = agreement(both, texts)
            figures = (found.sentiment, found.themes, found.churn, found.kind, found.phrase)
            shown = " | ".join("-" if figure is None else f"{figure:.3f}" for figure in figures)
            print(f"| {corpus} | {language} | {found.texts} | {shown} |")


if __name__ == "__main__":
    main()
