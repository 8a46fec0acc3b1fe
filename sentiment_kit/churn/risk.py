"""From phrases and the model's churn head to one risk.

The score is a noisy-or: each different kind of phrase is an independent chance, with the weight of its surest pattern,
that the writer leaves; the churn head, which was calibrated to be a probability, is one more, at a reduced weight
because it also answers to plain anger. The level is decided by rules that can be told to a customer:

``high``    leaving is stated: a phrase of kind exit or switching
``medium``  an ultimatum, disengagement or resignation, or two different kinds
``low``     one weak sign: another kind alone, or the churn head alone over its threshold
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from sentiment_kit.churn.matcher import PhraseMatch
from sentiment_kit.results import ChurnRisk
from sentiment_kit.taxonomy import DEFINITE_KINDS, SERIOUS_KINDS

HEAD_WEIGHT = 0.5
"""Weight of the churn head beside phrases."""

HEAD_THRESHOLD = 0.8
"""Probability from which the churn head alone is a weak sign."""

_SEVERAL = 2


def assess(matches: Sequence[PhraseMatch], head: float | None) -> ChurnRisk:
    """Return the churn risk of a text.

    Args:
        matches: Its churn phrases.
        head: Probability of the model's churn head, or None where the model has none.
    """
    weights: dict[str, float] = {}
    for match in matches:
        kind = match.phrase.kind
        weights[kind] = max(match.weight, weights.get(kind, 0.0))
    chances = [*weights.values(), HEAD_WEIGHT * (head or 0.0)]
    score = 1.0 - prod(1.0 - chance for chance in chances)
    return ChurnRisk(_level(set(weights), head), score, tuple(match.phrase for match in matches))


def _level(kinds: set[str], head: float | None) -> str:
    if kinds & DEFINITE_KINDS:
        return "high"
    if kinds & SERIOUS_KINDS or len(kinds) >= _SEVERAL:
        return "medium"
    if kinds or (head or 0.0) >= HEAD_THRESHOLD:
        return "low"
    return "none"
