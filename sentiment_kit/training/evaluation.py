"""The bundled model's figures by language, beside a baseline that was trained on the same rows in the same run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from sentiment_kit.encoder.base import Encoder
from sentiment_kit.errors import CorpusError
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS, THEMES
from sentiment_kit.training.baseline import Features, LinearBaseline
from sentiment_kit.training.calibration import best_threshold
from sentiment_kit.training.corpora import OWN_SETS, own_rows
from sentiment_kit.training.examples import TokenisedExamples, load_table
from sentiment_kit.training.metrics import (
    Interval,
    binary_balanced_accuracy,
    binary_f1,
    bootstrap,
    calibration_error,
    macro_f1,
    theme_f1,
)

Report = Callable[[str], None]
Figure = Callable[[NDArray[np.int64], NDArray[Any]], float]

_CHUNK = 512
_CAP = 25_000
_FEWEST = 15


@dataclass(frozen=True)
class Rows:
    """Labelled texts of one language.

    Attributes:
        texts: Raw texts.
        sets: The set that each came from.
        sentiment: Index of the sentiment or -1, (n,).
        themes: 1, 0 or -1 for unknown, (n, 12).
        churn: 1, 0 or -1 for unknown, (n,).
    """

    texts: list[str]
    sets: NDArray[np.str_]
    sentiment: NDArray[np.int64]
    themes: NDArray[np.int64]
    churn: NDArray[np.int64]

    def select(self, rows: NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        texts = [self.texts[row] for row in rows]
        return Rows(texts, self.sets[rows], self.sentiment[rows], self.themes[rows], self.churn[rows])


@dataclass(frozen=True)
class Predictions:
    """Probabilities of sentiment (n, 3), flags of themes (n, 12) and probabilities of churn (n,) or None."""

    sentiment: NDArray[Any]
    themes: NDArray[np.bool_]
    churn: NDArray[Any] | None

    def select(self, rows: NDArray[np.int64]) -> Predictions:
        """Return those of some of the rows."""
        return Predictions(self.sentiment[rows], self.themes[rows], None if self.churn is None else self.churn[rows])


def load_sides(examples: Path | None, corpora: Path, wanted: Sequence[str]) -> dict[str, Dataset]:
    """Return rows of the table of examples by side; without a table those of the project's own feedback.

    Raises:
        CorpusError: If a side has no rows.
    """
    if examples is None:
        table = Dataset.from_list(own_rows(corpora))
    elif not examples.is_file():
        raise CorpusError("SK623", f"there is no table {examples}; scripts/build_corpora.py makes it")
    else:
        table = load_table(examples, examples.parent / "cache")
    sides = np.array(table["side"])
    found = {side: table.select(np.flatnonzero(sides == side)) for side in dict.fromkeys(wanted)}
    for side, rows in found.items():
        if not len(rows):
            raise CorpusError("SK624", f"there are no texts of side {side!r}; the sides are {', '.join(set(sides))}")
    return found


def ordinary_reviews(examples: Path, language: str, count: int, seed: int = 1) -> list[str]:
    """Return random positive reviews of the sets, of the sides that no training sees."""
    table = load_table(examples, examples.parent / "cache")
    rows = np.flatnonzero(
        (np.array(table["language"]) == language)
        & (np.array(table["sentiment"]) == SENTIMENTS.index("positive"))
        & ~np.isin(np.array(table["set"]), OWN_SETS)
        & np.isin(np.array(table["side"]), ("dev", "test", "eval"))
    )
    picked = np.random.default_rng(seed).permutation(rows)[:count]
    texts: list[str] = table.select(np.sort(picked))["text"][:]
    return texts


def rows_of(table: Dataset, language: str) -> Rows:
    """Return the rows of one language of a table of examples that have any label."""
    part = table.select(np.flatnonzero(np.array(table["language"]) == language))
    sentiment = np.array(part["sentiment"], dtype=np.int64)
    themes = np.array(part["themes"], dtype=np.int64).reshape(-1, len(THEMES))
    churn = np.array(part["churn"], dtype=np.int64)
    kept = np.flatnonzero((sentiment >= 0) | (themes >= 0).any(1) | (churn >= 0))
    return Rows(part.select(kept)["text"][:], np.array(part["set"])[kept], sentiment[kept], themes[kept], churn[kept])


def capped(rows: Rows, seed: int = 1) -> Rows:
    """Return the rows with at most 25,000 of each set, drawn by chance, so that no set swamps the baseline."""
    rng = np.random.default_rng(seed)
    kept = np.concatenate([rng.permutation(np.flatnonzero(rows.sets == name))[:_CAP] for name in np.unique(rows.sets)])
    return rows.select(kept)


def predict_with(encoder: Encoder, rows: Rows, language: str) -> Predictions:
    """Score rows with an encoder, as the product does."""
    scores = [
        score
        for start in range(0, len(rows.texts), _CHUNK)
        for score in encoder.score(
            rows.texts[start : start + _CHUNK], [language] * len(rows.texts[start : start + _CHUNK])
        )
    ]
    thresholds = encoder.theme_thresholds(language)
    nothing = np.zeros(len(THEMES), np.float32)
    themes = np.stack([nothing if score.themes is None else score.themes for score in scores])
    return Predictions(
        np.stack([score.sentiment for score in scores]),
        themes >= thresholds,
        np.array([score.churn if score.churn is not None else 0.0 for score in scores]),
    )


def figures(rows: Rows, predictions: Predictions) -> dict[str, Interval | float | int]:
    """Return the figures of predictions on rows; those that the rows have no labels for are left out."""
    found: dict[str, Interval | float | int] = {"texts": len(rows.texts)}
    known = np.flatnonzero(rows.sentiment >= 0)
    if len(known):
        labels, scores = rows.sentiment[known], predictions.sentiment[known]
        sets = np.unique(rows.sets[known], return_inverse=True)[1]
        usable = usable_sets(labels, sets)
        found["sets"] = len(usable)
        for name, figure in (("macro-F1", macro_f1), ("balanced accuracy", binary_balanced_accuracy)):

            def mean(picked: NDArray[np.int64], figure: Figure = figure) -> float:
                return mean_over_sets(figure, labels[picked], scores[picked], sets[picked], usable)

            found[name] = bootstrap(mean, len(known))
        found["pooled macro-F1"] = macro_f1(labels, scores)
        found["calibration error"] = calibration_error(labels, scores)
    with_theme = np.flatnonzero((rows.themes >= 0).any(1))
    if (rows.themes[with_theme] == 1).any():
        targets, flags = rows.themes[with_theme], predictions.themes[with_theme]
        found["theme micro-F1"] = bootstrap(lambda picked: theme_f1(targets[picked], flags[picked]), len(with_theme))
        found["theme macro-F1"] = float(
            np.mean([theme_f1(targets[:, t], flags[:, t]) for t in range(len(THEMES)) if (targets[:, t] == 1).any()])
        )
    leaving = np.flatnonzero(rows.churn >= 0)
    if predictions.churn is not None and (rows.churn[leaving] == 1).any():
        wanted, alarms = rows.churn[leaving], predictions.churn[leaving] >= 0.5  # noqa: PLR2004
        found["churn head F1"] = bootstrap(lambda picked: binary_f1(wanted[picked], alarms[picked]), len(leaving))
    return found


def mean_over_sets(
    figure: Figure,
    labels: NDArray[np.int64],
    scores: NDArray[Any],
    sets: NDArray[np.int64],
    wanted: list[int],
) -> float:
    """Return the mean of a figure over the wanted sets, so that the largest does not stand for the language."""
    return float(np.mean([figure(labels[sets == number], scores[sets == number]) for number in wanted]))


def sentiment_cell(examples: TokenisedExamples, scores: NDArray[Any], language: int) -> str:
    """Return macro-F1 / negative-positive balanced accuracy of one language, means over sets, for a table's cell."""
    rows = np.flatnonzero((examples.language == language) & (examples.sentiment >= 0))
    labels, sets = examples.sentiment[rows], np.unique(examples.set[rows], return_inverse=True)[1]
    usable = usable_sets(labels, sets)
    found = (mean_over_sets(f, labels, scores[rows], sets, usable) for f in (macro_f1, binary_balanced_accuracy))
    return " / ".join(f"{figure:.3f}" for figure in found)


def sample(examples: TokenisedExamples, rows_a_set: int = 1_000) -> TokenisedExamples:
    """Return at most so many random rows of each set and language, for comparisons that need no more."""
    rows = np.random.default_rng(3).permutation(len(examples))
    groups = [f"{name} {language}" for name, language in zip(examples.set[rows], examples.language[rows], strict=True)]
    kept = [rows[np.flatnonzero(np.array(groups) == group)[:rows_a_set]] for group in np.unique(groups)]
    return examples.select(np.sort(np.concatenate(kept)))


def usable_sets(labels: NDArray[np.int64], sets: NDArray[np.int64]) -> list[int]:
    """Return the sets with enough negative and enough positive rows for a figure of their own."""
    return [
        int(number)
        for number in np.unique(sets)
        if min((labels[sets == number] == sentiment).sum() for sentiment in (0, 2)) >= _FEWEST
    ]


def compare(
    encoder: Encoder,
    sides: dict[str, Dataset],
    report: Report,
    baselines: dict[str, Features] | None = None,
    *,
    by_set: bool = False,
) -> list[dict[str, Any]]:
    """Return a row of figures for each language, side and system.

    Args:
        encoder: The model.
        sides: Rows of the table of examples by side; baselines learn from ``train`` and have their thresholds fitted
            on ``dev``, like the model's. The figures are those of all sides but ``train``.
        report: Called with each row.
        baselines: Features of the baselines by name; each is trained once a language.
        by_set: Whether to add a row for each set.
    """
    table: list[dict[str, Any]] = []
    for language in LANGUAGES:
        parts = {side: rows_of(rows, language) for side, rows in sides.items() if side != "train"}
        systems = {"model": {side: predict_with(encoder, rows, language) for side, rows in parts.items()}}
        for name, features in (baselines or {}).items():
            systems[name] = _baseline_predictions(features, capped(rows_of(sides["train"], language)), parts)
        for side, rows in parts.items():
            for system, predictions in systems.items():
                head = {"language": language, "side": side, "system": system}
                new = [{**head, **figures(rows, predictions[side])}]
                for name in np.unique(rows.sets) if by_set else ():
                    picked = np.flatnonzero(rows.sets == name)
                    own = figures(rows.select(picked), predictions[side].select(picked))
                    new.append({**head, "set": str(name), **own})
                for row in new:
                    table.append(row)
                    report(", ".join(f"{name} {_shown(value)}" for name, value in row.items()))
    return table


def _baseline_predictions(features: Features, train: Rows, parts: dict[str, Rows]) -> dict[str, Predictions]:
    baseline = LinearBaseline(features).fit(train.texts, train.sentiment, train.themes)
    guesses = {side: baseline.predict(rows.texts) for side, rows in parts.items()}
    thresholds = [
        best_threshold(guesses["dev"][1][:, theme], parts["dev"].themes[:, theme]) for theme in range(len(THEMES))
    ]
    return {side: Predictions(sentiment, themes >= thresholds, None) for side, (sentiment, themes) in guesses.items()}


def markdown(table: list[dict[str, Any]]) -> str:
    """Return a table of figures as Markdown."""
    columns = list(dict.fromkeys(name for row in table for name in row))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_shown(row.get(name, "-")) for name in columns) + " |" for row in table]
    return "\n".join(lines)


def _shown(value: Interval | float | int | str) -> str:
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
