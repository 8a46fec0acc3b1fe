"""Probabilities that mean what they say, and the thresholds over which a theme counts: fitted on the dev side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from sentiment_kit.encoder.bundle import Calibration
from sentiment_kit.taxonomy import LANGUAGES, THEMES
from sentiment_kit.training.examples import TokenisedExamples
from sentiment_kit.training.metrics import theme_f1

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]

NEGATIVE_BIAS = 0.3
"""Added to the negative logit of every language: most reviews of the training sets are praise, and without it doubtful
complaints of unseen sets come out positive. Chosen among 0, 0.2, 0.3, 0.4 and 0.6 on dev and the restricted sets
together (docs/model.md has the figures)."""

_GRID = np.arange(0.10, 0.91, 0.05)
_FEWEST = 40
"""With fewer positive rows than this a threshold is fitted over all languages."""


def calibrate(logits: tuple[Floats, ...], dev: TokenisedExamples) -> dict[str, Calibration]:
    """Return the calibration of each language.

    Args:
        logits: Logits of sentiment (n, 3), themes (n, 12), churn (n,) and its kinds (n, 8) of the dev side.
        dev: The dev side.
    """
    sentiment, themes, churn, _ = logits
    scale, shift = _platt(churn, dev.churn)
    # Sets whose labels are known to be poor say little about what a probability should be.
    trusted = dev.weight >= 0.5  # noqa: PLR2004
    everywhere = sigmoid(themes / _theme_temperature(themes, dev.themes))
    common = [best_threshold(everywhere[:, theme], dev.themes[:, theme]) for theme in range(len(THEMES))]
    calibrations = {}
    for index, code in enumerate(LANGUAGES):
        rows = dev.language == index
        temperature = _theme_temperature(themes[rows], dev.themes[rows])
        scores = sigmoid(themes[rows] / temperature)
        thresholds = [
            best_threshold(scores[:, theme], dev.themes[rows, theme], default=common[theme])
            for theme in range(len(THEMES))
        ]
        sure = rows & trusted & (dev.sentiment >= 0)
        sentiment_temperature = _temperature(sentiment[sure], dev.sentiment[sure], dev.set[sure])
        calibrations[code] = Calibration(
            temperature=sentiment_temperature,
            bias=(round(NEGATIVE_BIAS / sentiment_temperature, 4), 0.0, 0.0),
            theme_temperature=temperature,
            theme_thresholds=tuple(thresholds),
            churn_scale=scale,
            churn_shift=shift,
        )
    return calibrations


def sigmoid(logits: Floats) -> Floats:
    """Return element-wise probabilities."""
    result: Floats = 1.0 / (1.0 + np.exp(-logits))
    return result


def _temperature(logits: Floats, labels: Labels, sets: NDArray[np.str_]) -> float:
    """Return the temperature with the least log loss after `NEGATIVE_BIAS` is added.

    A row weighs as the inverse square root of the size of its set, so that the largest set does not decide alone.
    """
    _, numbers, sizes = np.unique(sets, return_inverse=True, return_counts=True)
    weights = 1.0 / np.sqrt(sizes[numbers])
    shifted = logits + np.array([NEGATIVE_BIAS, 0.0, 0.0])

    def loss(log_temperature: float) -> float:
        scaled = shifted / np.exp(log_temperature)
        top = scaled.max(1, keepdims=True)
        normaliser = np.log(np.exp(scaled - top).sum(1)) + top[:, 0]
        return float((weights * (normaliser - scaled[np.arange(len(labels)), labels])).sum() / weights.sum())

    return round(float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x)), 4)


def _theme_temperature(logits: Floats, labels: Labels) -> float:
    known = labels >= 0
    values, wanted = logits[known].astype(np.float64), labels[known]

    def loss(log_temperature: float) -> float:
        scaled = values / np.exp(log_temperature)
        return float((np.logaddexp(0.0, scaled) - wanted * scaled).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x)), 4)


def best_threshold(scores: Floats, labels: Labels, default: float = 0.5) -> float:
    """Return the threshold with the best F1, or `default` where there are too few positive rows to tell."""
    if (labels == 1).sum() < _FEWEST:
        return default
    return round(float(max(_GRID, key=lambda threshold: theme_f1(labels, scores >= threshold))), 2)


def _platt(logits: Floats, labels: Labels) -> tuple[float, float]:
    known = labels >= 0
    if len(np.unique(labels[known])) < 2:  # noqa: PLR2004
        return 1.0, 0.0
    model = LogisticRegression(C=100.0).fit(logits[known, None], labels[known])
    return round(float(model.coef_[0, 0]), 4), round(float(model.intercept_[0]), 4)
