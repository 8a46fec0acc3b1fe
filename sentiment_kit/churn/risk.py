"""From phrases and the model's churn head to one risk.

The score is a noisy-or: each different kind of phrase is an independent chance, with the weight of its surest pattern,
that the writer leaves; the churn head, which was calibrated to be a probability, is one more, at a reduced weight
because it also answers to plain anger. The level is decided by rules that can be told to a customer:

``high``    leaving is stated: a phrase of kind exit or switching
``medium``  an ultimatum, disengagement or resignation, two different kinds, or the churn head alone where it reads
            leaving between the lines
``low``     one weak sign: another kind alone, or the churn head alone over its threshold
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from sentiment_kit.churn.evidence import HEAD_SOURCE
from sentiment_kit.churn.matcher import PhraseMatch
from sentiment_kit.results import ChurnRisk
from sentiment_kit.taxonomy import DEFINITE_KINDS, SERIOUS_KINDS

HEAD_WEIGHT = 0.5
"""Weight of the churn head beside phrases."""

HEAD_THRESHOLD = 0.4
"""Probability from which the churn head alone is a sign, in a text that is surely not positive; in one that surely is
positive it takes certainty. `raises_alone` goes from one to the other."""

DOUBT = 0.05
"""Probability of the churn head under which, in a positive text, a phrase of the package's own patterns does not count:
the words are there, but hardly anybody leaves with praise. It lowers the false alarms of the patterns and hardly costs
recall (docs/churn.md has the figures)."""

_POSITIVE = 0.5
_SEVERAL = 2


def counted(matches: Sequence[PhraseMatch], head: float | None, positive: float) -> list[PhraseMatch]:
    """Return the matches that count; a phrase of a user's own pattern always does.

    Args:
        matches: Churn phrases that patterns found.
        head: Probability of the churn head, or None where the model has none.
        positive: Probability that the text is positive.
    """
    doubted = head is not None and head < DOUBT and positive >= _POSITIVE
    return [match for match in matches if match.own or not doubted]


def raises_alone(head: float | None, positive: float, threshold: float = HEAD_THRESHOLD) -> bool:
    """Say whether the churn head's probability is a sign by itself, where no pattern found a phrase.

    The threshold rises with the probability that the text is positive: in praise the head errs most, and there is most
    of it (docs/churn.md has the figures).

    Args:
        head: Probability of the churn head, or None where the model has none.
        positive: Probability that the text is positive.
        threshold: What is asked of a text that is surely not positive.
    """
    return head is not None and head >= threshold + (1.0 - threshold) * positive


def assess(matches: Sequence[PhraseMatch], head: float | None, positive: float = 0.0) -> ChurnRisk:
    """Return the churn risk of a text.

    Args:
        matches: Its churn phrases.
        head: Probability of the model's churn head, or None where the model has none.
        positive: Probability that the text is positive.
    """
    stated: dict[str, float] = {}
    for match in matches:
        kind = match.phrase.kind
        if match.phrase.source != HEAD_SOURCE:  # the head counts below, whether or not it has a sentence to show
            stated[kind] = max(match.weight, stated.get(kind, 0.0))
    chances = [*stated.values(), HEAD_WEIGHT * (head or 0.0)]
    score = 1.0 - prod(1.0 - chance for chance in chances)
    phrases = tuple(match.phrase for match in matches)
    implied = {phrase.kind for phrase in phrases} - set(stated)
    return ChurnRisk(_level(set(stated), implied, alone=raises_alone(head, positive)), score, phrases)


def _level(stated: set[str], implied: set[str], *, alone: bool) -> str:
    if stated & DEFINITE_KINDS:
        return "high"
    if stated & SERIOUS_KINDS or len(stated) >= _SEVERAL or implied & DEFINITE_KINDS:
        return "medium"
    return "low" if stated or alone else "none"
