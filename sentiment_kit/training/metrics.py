"""Figures: macro-F1, balanced accuracy, theme F1, calibration error, bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64] | NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """A figure with the bounds of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the figure as it stands in a table."""
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def macro_f1(labels: Labels, scores: Array) -> float:
    """Return the macro-F1 of the most probable class over the classes that occur in `labels`."""
    classes = scores.shape[1]
    confusion = np.bincount(labels * classes + scores.argmax(1), minlength=classes * classes).reshape(classes, classes)
    wanted, given = confusion.sum(1), confusion.sum(0)
    occurring = wanted > 0
    return float((2 * np.diag(confusion) / np.maximum(wanted + given, 1))[occurring].mean())


def binary_balanced_accuracy(labels: Labels, scores: Array) -> float:
    """Return the balanced accuracy of negative against positive; rows of another label are left out."""
    positive = scores[:, 2] > scores[:, 0]
    return float((np.mean(~positive[labels == 0]) + np.mean(positive[labels == 2])) / 2)  # noqa: PLR2004


def theme_f1(labels: Labels, flags: NDArray[np.bool_]) -> float:
    """Return the micro-F1 of theme flags over the cells of `labels` that are known (not -1)."""
    wanted, given = labels == 1, flags & (labels >= 0)
    return float(2 * (wanted & given).sum() / max(1, wanted.sum() + given.sum()))


def binary_f1(labels: Labels, flags: NDArray[np.bool_]) -> float:
    """Return the F1 of flags over the rows whose label is known."""
    return theme_f1(labels, flags)


def calibration_error(labels: Labels, scores: Array, bins: int = 15) -> float:
    """Return the expected calibration error of the most probable class (Guo et al. 2017), equal-width bins."""
    confidence, right = scores.max(1), scores.argmax(1) == labels
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[edges == b].mean()) - float(right[edges == b].mean())) * float((edges == b).mean())
        for b in np.unique(edges)
    ]
    return float(sum(gaps))


def bootstrap(figure: Callable[[NDArray[np.int64]], float], size: int, rounds: int = 200, seed: int = 1) -> Interval:
    """Return a figure and its 95 % interval over resampled rows.

    Args:
        figure: Computes the figure on given row numbers.
        size: Number of rows.
        rounds: Number of resamples.
        seed: Seed of the resampling, so that a table can be reproduced.
    """
    rng = np.random.default_rng(seed)
    values = [figure(rng.integers(0, size, size)) for _ in range(rounds)]
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(figure(np.arange(size)), float(low), float(high))
