"""Customers, not only rows: how each one's texts go over time, who leaves, and who has gone quiet.

A text without a customer counts as a person of one text, so that the leaving list is made in one way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from statistics import fmean, median
from typing import Any

from sentiment_kit.report.store import Record, StoredText
from sentiment_kit.taxonomy import CHURN_LEVELS, DEFINITE_KINDS

TREND = 0.25
"""Difference of mean sentiment (positive minus negative) between the halves from which it is a trend."""

QUIET_GAPS, QUIET_DAYS = 2, 7
"""A customer is quiet after twice their own median gap, and never within a week."""

_RHYTHM_DAYS = 3
_QUIET_CHANCE = 0.5
_QUOTES, _SIGNS = 3, 12
_PAIR = 2


@dataclass(slots=True)
class Person:
    """A customer, or a text without one.

    Attributes:
        customer: The customer, or None.
        id: Id of the text with the highest risk.
        language: Language of most of the texts.
        texts: Number of scored texts.
        complaints: Those that are negative or have a complaint theme.
        first: Day of the first dated text, as an ordinal, or None.
        last: Day of the last.
        trend: Mean sentiment of the later half minus that of the earlier, or None for one text.
        theme: Complaint theme of the last text that has one, or empty.
        signs: (day, kinds) of the texts with churn phrases, oldest first, the last twelve.
        kinds: Churn kinds, commonest first.
        themes: Complaint themes, the first of each text, commonest first.
        level: Churn level.
        risk: Churn risk in 0..1.
        since: Day of the first sign, or None.
        days_quiet: Days from the last text to the last day of the data.
        rhythm: Median of the days between their texts, where there are three days or more.
        quiet: Whether the last text is a complaint and silence has followed for longer than they usually take.
        silent: Whether leaving shows in texts that are not negative.
        quotes: Rows of the texts with the highest risk.
    """

    customer: str | None
    id: str
    language: str
    texts: int
    complaints: int
    first: int | None = None
    last: int | None = None
    trend: float | None = None
    theme: str = ""
    signs: list[tuple[int | None, list[str]]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    level: str = "none"
    risk: float = 0.0
    since: int | None = None
    days_quiet: int | None = None
    rhythm: float | None = None
    quiet: bool = False
    silent: bool = False
    quotes: list[int] = field(default_factory=list)

    @property
    def trend_name(self) -> str:
        """The trend in a word."""
        if self.trend is None:
            return ""
        return "worse" if self.trend <= -TREND else "better" if self.trend >= TREND else "steady"

    def record(self) -> Record:
        """Return what the store keeps."""
        rank = CHURN_LEVELS.index(self.level)
        fields = {name: getattr(self, name) for name in self.__slots__}
        return self.customer, bool(self.quotes), self.silent, self.quiet, rank, self.risk, json.dumps(fields)

    @classmethod
    def from_json(cls, fields: str) -> Person:
        """Return a person as stored."""
        values: dict[str, Any] = json.loads(fields)
        values["signs"] = [(day, kinds) for day, kinds in values["signs"]]
        return cls(**values)


def people(texts: Iterable[StoredText], today: int | None) -> Iterator[Person]:
    """Yield one person for each key.

    Args:
        texts: Grouped by key, each group by day.
        today: The day up to which silence is counted, as an ordinal.
    """
    for _, group in groupby(texts, key=attrgetter("key")):
        yield _person(list(group), today)


def _person(texts: list[StoredText], today: int | None) -> Person:
    flagged = sorted((text for text in texts if text.level != "none"), key=_risk, reverse=True)
    surest = flagged[0] if flagged else texts[-1]
    person = Person(
        customer=surest.customer,
        id=surest.id,
        language=_commonest(text.language for text in texts)[0],
        texts=len(texts),
        complaints=sum(text.complaint for text in texts),
        trend=_trend([text.net for text in texts]),
        theme=next((text.theme for text in reversed(texts) if text.theme), ""),
        signs=[(text.day, list(text.kinds)) for text in texts if text.kinds][-_SIGNS:],
        kinds=_commonest(kind for text in texts for kind in text.kinds),
        themes=_commonest(text.theme for text in texts if text.theme),
        level=surest.level,
        risk=surest.score,
        since=min((text.day for text in flagged if text.day is not None), default=None),
        silent=bool(flagged) and all(text.sentiment != "negative" for text in flagged),
        quotes=[text.row for text in flagged[:_QUOTES]],
    )
    days = [text.day for text in texts if text.day is not None]
    if days and today is not None:
        _add_rhythm(person, days, texts[-1], today)
    return person


def _add_rhythm(person: Person, days: list[int], last: StoredText, today: int) -> None:
    person.first, person.last, person.days_quiet = days[0], days[-1], today - days[-1]
    gaps = [later - earlier for earlier, later in pairwise(sorted(set(days)))]
    if len(gaps) + 1 < _RHYTHM_DAYS:
        return
    person.rhythm = median(gaps)
    person.quiet = last.complaint and person.days_quiet > max(QUIET_GAPS * person.rhythm, QUIET_DAYS)
    if person.quiet:  # a sign of its own, as sure as an even chance: nobody said it
        person.risk = 1 - (1 - person.risk) * (1 - _QUIET_CHANCE)
        person.level = max(person.level, "medium", key=CHURN_LEVELS.index)


def _risk(text: StoredText) -> tuple[int, bool, float]:
    return CHURN_LEVELS.index(text.level), bool(DEFINITE_KINDS.intersection(text.kinds)), text.score


def _trend(nets: list[float]) -> float | None:
    if len(nets) < _PAIR:
        return None
    half = len(nets) // _PAIR
    return fmean(nets[-half:]) - fmean(nets[:half])


def _commonest(names: Iterable[str]) -> list[str]:
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return sorted(counted, key=lambda name: -counted[name])
