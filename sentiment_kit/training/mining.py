"""Reviews in which patterns and the churn head disagree most: where the lexicon misses, and where it lies."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from sentiment_kit.analyzer import Analyzer
from sentiment_kit.churn.evidence import HEAD_SOURCE
from sentiment_kit.results import ChurnPhrase

_CHUNK = 256


@dataclass(frozen=True)
class Disagreement:
    """A review, the head's probability, and the phrases that patterns found in it."""

    text: str
    head: float
    phrases: tuple[ChurnPhrase, ...]


@dataclass(frozen=True)
class Mined:
    """What `mine` found.

    Attributes:
        texts: Number of reviews read.
        flagged: How many of them patterns flag.
        missed: Unflagged reviews with the highest probability, highest first.
        doubtful: Flagged reviews with the lowest probability, lowest first.
    """

    texts: int
    flagged: int
    missed: tuple[Disagreement, ...]
    doubtful: tuple[Disagreement, ...]


def mine(analyzer: Analyzer, texts: Iterable[str], language: str, count: int) -> Mined:
    """Return the `count` reviews of each sort on which patterns and head disagree most."""
    missed: list[tuple[float, int, Disagreement]] = []
    doubtful: list[tuple[float, int, Disagreement]] = []
    number = flagged = 0
    iterator = iter(texts)
    while chunk := list(islice(iterator, _CHUNK)):
        for found in _disagreements(analyzer, chunk, language):
            number += 1
            flagged += bool(found.phrases)
            heap, rank = (doubtful, -found.head) if found.phrases else (missed, found.head)
            heapq.heappush(heap, (rank, -number, found))
            if len(heap) > count:
                heapq.heappop(heap)
    return Mined(number, flagged, _ranked(missed), _ranked(doubtful))


def _disagreements(analyzer: Analyzer, texts: list[str], language: str) -> list[Disagreement]:
    analyses = analyzer.analyze_many(texts, language)
    scores = analyzer.encoder.score(texts, [language] * len(texts))
    return [
        Disagreement(
            analysis.text,
            score.churn or 0.0,
            tuple(phrase for phrase in analysis.churn.phrases if phrase.source != HEAD_SOURCE)
            if analysis.churn
            else (),
        )
        for analysis, score in zip(analyses, scores, strict=True)
    ]


def _ranked(heap: list[tuple[float, int, Disagreement]]) -> tuple[Disagreement, ...]:
    return tuple(found for _, _, found in sorted(heap, key=lambda item: item[:2], reverse=True))
