"""Print how far a careful reader agrees with the labels of the unseen sets, beside the model on the same rows.

The reader saw the text and corpora/GUIDE.md alone (``corpora/readers/unseen``), so what it disagrees on is the sets'
own noise and their other rules. Figures of sentiment are means over all sets, those of themes pool the rows;
``negative/positive`` counts rows on which the reader took a side.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from datasets import Dataset

from sentiment_kit.encoder.bundle import Bundle, default_folder
from sentiment_kit.encoder.onnx import OnnxEncoder
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS, THEMES
from sentiment_kit.training.evaluation import Predictions, Rows, load_sides, mean_over_sets, predict_with, rows_of
from sentiment_kit.training.feedback import ReaderLabel, load_labels
from sentiment_kit.training.metrics import binary_balanced_accuracy, macro_f1, theme_f1


def main() -> None:
    """Read the options, score the rows, print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=default_folder(), help="folder of the model (the bundled one)")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--corpora", type=Path, default=Path("corpora"))
    options = parser.parse_args()
    encoder = OnnxEncoder(Bundle.open(options.model))
    table = load_sides(options.examples, options.corpora, ["eval"])["eval"]
    print(
        "| language | texts | macro-F1, reader | model | negative/positive, reader | model | themes, reader | model |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for language in LANGUAGES:
        labels = load_labels(options.corpora / "readers" / "unseen" / f"{language}.jsonl")
        rows, read = _rows_read(table, labels, language)
        systems = (_reader(read), predict_with(encoder, rows, language))
        figures = zip(*(_figures(rows, system, systems[0]) for system in systems), strict=True)
        cells = ["-" if figure is None else f"{figure:.3f}" for pair in figures for figure in pair]
        print(f"| {language} | {len(rows.texts)} | {' | '.join(cells)} |")


def _rows_read(table: Dataset, labels: list[ReaderLabel], language: str) -> tuple[Rows, list[ReaderLabel]]:
    """Return the rows that the reader labelled, and the labels in the same order."""
    wanted = {(label.set, label.id): label for label in labels}
    keys = list(zip(table["set"], table["id"], strict=True))
    numbers = [number for number, key in enumerate(keys) if key in wanted]
    return rows_of(table.select(numbers), language), [wanted[keys[number]] for number in numbers]


def _reader(labels: list[ReaderLabel]) -> Predictions:
    sentiment = np.eye(len(SENTIMENTS))[[SENTIMENTS.index(label.sentiment) for label in labels]]
    return Predictions(sentiment, np.array([[theme in label.themes for theme in THEMES] for label in labels]), None)


def _figures(rows: Rows, predictions: Predictions, reader: Predictions) -> tuple[float, float, float | None]:
    sets = np.unique(rows.sets, return_inverse=True)[1]
    every = sorted(set(sets.tolist()))
    sided = reader.sentiment[:, SENTIMENTS.index("neutral")] == 0
    themed = (rows.themes >= 0).any(1)
    return (
        mean_over_sets(macro_f1, rows.sentiment, predictions.sentiment, sets, every),
        mean_over_sets(
            binary_balanced_accuracy, rows.sentiment[sided], predictions.sentiment[sided], sets[sided], every
        ),
        theme_f1(rows.themes[themed], predictions.themes[themed]) if (rows.themes == 1).any() else None,
    )


if __name__ == "__main__":
    main()
