"""Print what more of the project's own labels would bring: a cheap model learns from growing parts of them.

The model is TF-IDF with logistic regression, which costs seconds, not minutes; it is measured on the dev side of the
same: the project's own texts and the rows that its readers labelled. A curve that still rises says that more are
worth writing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.baseline import LinearBaseline, character_ngrams
from sentiment_kit.training.corpora import OWN_SETS
from sentiment_kit.training.evaluation import Rows, load_sides, rows_of
from sentiment_kit.training.metrics import macro_f1, theme_f1

_PARTS = (1 / 8, 1 / 4, 1 / 2, 1.0)
_SEEDS = 3


def main() -> None:
    """Read the options, learn from each part, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    options = parser.parse_args()
    sides = load_sides(options.examples, Path("corpora"), ["train", "dev"])
    print("| language | texts | sentiment macro-F1 | theme micro-F1 |\n|---|---|---|---|")
    for language in LANGUAGES:
        train, dev = (_own(rows_of(sides[side], language)) for side in ("train", "dev"))
        for part in _PARTS:
            figures = np.array([_learn(train, dev, part, seed) for seed in range(_SEEDS if part < 1 else 1)]).mean(0)
            print(
                f"| {language} | {int(part * len(train.texts)):,} | {figures[0]:.3f} | {figures[1]:.3f} |", flush=True
            )


def _own(rows: Rows) -> Rows:
    return rows.select(np.flatnonzero(np.isin(rows.sets, OWN_SETS)))


def _learn(train: Rows, dev: Rows, part: float, seed: int) -> tuple[float, float]:
    count = int(part * len(train.texts))
    rows = train.select(np.random.default_rng(seed).permutation(len(train.texts))[:count])
    model = LinearBaseline(character_ngrams()).fit(rows.texts, rows.sentiment, rows.themes)
    sentiment, themes = model.predict(dev.texts)
    return macro_f1(dev.sentiment, sentiment), theme_f1(dev.themes, themes >= 0.5)  # noqa: PLR2004


if __name__ == "__main__":
    main()
