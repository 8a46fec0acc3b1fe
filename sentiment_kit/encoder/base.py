"""What every encoder gives, whichever library runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scores:
    """The probabilities of one text, its windows put together.

    Attributes:
        sentiment: Calibrated probabilities of negative, neutral, positive; they sum to 1.
        themes: Probability of each of the twelve complaint themes, or None where the model has no theme head.
        churn: Probability that the writer leaves, or None where the model has no churn head.
        kinds: Probability of each of the eight kinds of churn if the writer leaves, or None like `churn`.
        n_tokens: Tokens of the whole text.
        n_windows: Windows that it was read in.
    """

    sentiment: Floats
    themes: Floats | None
    churn: float | None
    kinds: Floats | None
    n_tokens: int
    n_windows: int


class Encoder(Protocol):
    """Scores texts. Safe to share between threads."""

    name: str

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[Scores]:
        """Return the scores of raw texts in their order; `languages` holds the code of each."""
        ...

    def theme_thresholds(self, language: str) -> Floats:
        """Return the probability over which each of the twelve themes counts in a language."""
        ...


def softmax(logits: Floats) -> Floats:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    result: Floats = shifted / shifted.sum(-1, keepdims=True)
    return result


def sigmoid(logits: Floats) -> Floats:
    """Return element-wise probabilities."""
    result: Floats = (1.0 / (1.0 + np.exp(-logits.astype(np.float64)))).astype(np.float32)
    return result


def combine_windows(logits: Floats, lengths: Sequence[int]) -> Floats:
    """Return one row for the windows of a text: the mean weighted by their tokens.

    Args:
        logits: Logits of each window, (windows, classes).
        lengths: Tokens of each window.
    """
    weights = np.asarray(lengths, dtype=np.float32)[:, None]
    result: Floats = (logits * weights).sum(0) / weights.sum()
    return result
