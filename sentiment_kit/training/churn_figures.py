"""How well churn is found: by patterns alone, by the model's head alone, and by both as the product does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment_kit.analyzer import Analyzer
from sentiment_kit.churn.matcher import PhraseMatcher
from sentiment_kit.churn.risk import raises_alone
from sentiment_kit.results import ChurnPhrase
from sentiment_kit.taxonomy import CHURN_KINDS, SENTIMENTS
from sentiment_kit.training.feedback import Feedback
from sentiment_kit.training.metrics import Interval, binary_f1, bootstrap

SYSTEMS = ("patterns", "head", "both")

_CHUNK = 256


@dataclass(frozen=True)
class ChurnFigures:
    """Figures of one system on labelled texts.

    Attributes:
        system: A name from `SYSTEMS`.
        texts: Number of texts.
        precision: Share of the flagged texts that are labelled as leaving.
        recall: Share of the leaving texts that are flagged.
        f1: Their harmonic mean, with a bootstrap interval.
        right_kind: Share of the leaving texts with a found kind that is labelled.
        overlap: Share of the leaving texts with a phrase that overlaps a labelled one; None for the head, which alone
            has no phrases.
        recall_by_kind: Share of the texts with a labelled kind that are flagged, by kind.
        false_alarms: Flagged texts among 1,000 ordinary reviews, or None where there were none to measure on.
    """

    system: str
    texts: int
    precision: float
    recall: float
    f1: Interval
    right_kind: float
    overlap: float | None
    recall_by_kind: dict[str, float]
    false_alarms: float | None


@dataclass(frozen=True)
class _Found:
    """What one system found in each text."""

    flags: NDArray[np.bool_]
    kinds: list[set[str]]
    phrases: list[list[ChurnPhrase]] | None


def churn_figures(
    analyzer: Analyzer, language: str, records: Sequence[Feedback], ordinary: Sequence[str] = ()
) -> list[ChurnFigures]:
    """Return the figures of each system.

    Args:
        analyzer: What is measured.
        language: Language of the texts.
        records: Labelled texts.
        ordinary: Reviews of content customers, of which hardly any should be flagged.
    """
    found = _find(analyzer, language, [record.text for record in records])
    alarms = _find(analyzer, language, ordinary)
    wanted = np.array([int(bool(record.churn)) for record in records])
    return [_figures(system, found[system], alarms[system], records, wanted) for system in SYSTEMS]


def _find(analyzer: Analyzer, language: str, texts: Sequence[str]) -> dict[str, _Found]:
    matcher = PhraseMatcher.default(language)
    patterns = [[match.phrase for match in matcher.find(text)] for text in texts]
    both: list[list[ChurnPhrase]] = []
    flagged: list[bool] = []
    alone: list[bool] = []
    kinds: list[set[str]] = []
    for start in range(0, len(texts), _CHUNK):
        part = texts[start : start + _CHUNK]
        for analysis in analyzer.analyze_many(part, language):
            phrases = list(analysis.churn.phrases) if analysis.churn else []
            both.append(phrases)
            flagged.append(bool(analysis.churn and analysis.churn.flagged))
        for score in analyzer.encoder.score(part, [language] * len(part)):
            alone.append(raises_alone(score.churn, float(score.sentiment[SENTIMENTS.index("positive")])))
            kinds.append(set() if score.kinds is None else {CHURN_KINDS[int(score.kinds.argmax())]})
    return {
        "patterns": _Found(np.array([bool(p) for p in patterns], bool), _kinds(patterns), patterns),
        "head": _Found(np.array(alone, bool), kinds, None),
        "both": _Found(np.array(flagged, bool), _kinds(both), both),
    }


def _kinds(phrases: list[list[ChurnPhrase]]) -> list[set[str]]:
    return [{phrase.kind for phrase in own} for own in phrases]


def _figures(
    system: str, found: _Found, alarms: _Found, records: Sequence[Feedback], wanted: NDArray[np.int64]
) -> ChurnFigures:
    flags = found.flags
    leaving = [row for row, record in enumerate(records) if record.churn]
    labelled = [{span.kind for span in record.churn} for record in records]
    overlaps = None
    if found.phrases is not None:
        overlaps = float(np.mean([_overlaps(found.phrases[row], records[row]) for row in leaving]))
    return ChurnFigures(
        system=system,
        texts=len(records),
        precision=float(wanted[flags].mean()) if flags.any() else 0.0,
        recall=float(flags[leaving].mean()),
        f1=bootstrap(lambda picked: binary_f1(wanted[picked], flags[picked]), len(wanted)),
        right_kind=float(np.mean([bool(flags[row]) and bool(found.kinds[row] & labelled[row]) for row in leaving])),
        overlap=overlaps,
        recall_by_kind={
            kind: float(flags[rows].mean())
            for kind in CHURN_KINDS
            if (rows := [row for row in leaving if kind in labelled[row]])
        },
        false_alarms=float(alarms.flags.mean() * 1000) if len(alarms.flags) else None,
    )


def _overlaps(phrases: list[ChurnPhrase], record: Feedback) -> bool:
    return any(phrase.start < span.end and span.start < phrase.end for phrase in phrases for span in record.churn)
