"""Print how far the two readers of the project's own feedback agree."""

from __future__ import annotations

import argparse
from pathlib import Path

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.agreement import agreement
from sentiment_kit.training.feedback import load_feedback


def main() -> None:
    """Read the options and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=Path("corpora"))
    options = parser.parse_args()
    print("| corpus | language | texts | sentiment kappa | themes F1 | churn kappa | kind | phrase |")
    print("|---|---|---|---|---|---|---|---|")
    for corpus in ("feedback", "churn"):
        for language in LANGUAGES:
            records = load_feedback(options.corpora / corpus / f"{language}.jsonl")
            found = agreement(
                options.corpora / "readers" / corpus / f"{language}.jsonl", {r.id: r.text for r in records}
            )
            figures = (found.sentiment, found.themes, found.churn, found.kind, found.phrase)
            print(f"| {corpus} | {language} | {found.texts} | " + " | ".join(f"{f:.3f}" for f in figures) + " |")


if __name__ == "__main__":
    main()
