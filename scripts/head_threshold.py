"""Print what the churn head alone finds, and what it wrongly flags, at other thresholds: a table in docs/churn.md.

A cell holds precision / recall / F1 on the dev side of the project's own texts, and flagged texts among 1,000 positive
reviews of the sets, of their dev side and of the restricted ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from datasets import Dataset

from sentiment_kit.churn.risk import raises_alone
from sentiment_kit.encoder.bundle import Bundle, default_folder
from sentiment_kit.encoder.onnx import OnnxEncoder
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS
from sentiment_kit.training.corpora import OWN_SETS
from sentiment_kit.training.examples import load_table

_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
_WRITTEN = ("own_feedback", "own_churn", "own_extra")
_REVIEWS = 3000
_POSITIVE = SENTIMENTS.index("positive")


def main() -> None:
    """Read the options, score the texts of each language once, print a row for each threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--bundle", type=Path, default=default_folder())
    options = parser.parse_args()
    encoder = OnnxEncoder(Bundle.open(options.bundle))
    table = load_table(options.examples, options.examples.parent / "cache")
    columns = {name: np.array(table[name]) for name in ("set", "side", "language", "sentiment", "churn")}
    own, dev = np.isin(columns["set"], _WRITTEN), columns["side"] == "dev"
    praise = (dev | (columns["side"] == "eval")) & ~np.isin(columns["set"], OWN_SETS)
    praise &= columns["sentiment"] == _POSITIVE
    cells: dict[float, list[str]] = {threshold: [] for threshold in _THRESHOLDS}
    for language in LANGUAGES:
        here = columns["language"] == language
        rows, reviews = np.flatnonzero(here & own & dev), np.flatnonzero(here & praise)
        reviews = np.random.default_rng(1).permutation(reviews)[:_REVIEWS]
        leaves = columns["churn"][rows] == 1
        scored, alarms = (_scores(encoder, table.select(part), language) for part in (rows, reviews))
        for threshold, row in cells.items():
            found = np.array([raises_alone(*score, threshold) for score in scored])
            right = (found & leaves).sum()
            figures = right / max(1, found.sum()), right / leaves.sum(), 2 * right / (found.sum() + leaves.sum())
            wrong = 1000 * np.mean([raises_alone(*score, threshold) for score in alarms])
            row.append(f"{' / '.join(f'{figure:.3f}' for figure in figures)}, {wrong:.1f}")
    print(f"| threshold | {' | '.join(LANGUAGES)} |")
    print("|---" * (1 + len(LANGUAGES)) + "|")
    for threshold, row in cells.items():
        print(f"| {threshold} | {' | '.join(row)} |")


def _scores(encoder: OnnxEncoder, rows: Dataset, language: str) -> list[tuple[float | None, float]]:
    """Return the head's probability and that of praise of each text."""
    scores = encoder.score(rows["text"][:], [language] * len(rows))
    return [(score.churn, float(score.sentiment[_POSITIVE])) for score in scores]


if __name__ == "__main__":
    main()
