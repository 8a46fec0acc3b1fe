"""One pass over the rows. What is kept does not grow with them: counters, a few examples, and a file on disk."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from sentiment_kit.report.dates import DateColumn, Stamp
from sentiment_kit.report.ratings import read_rating
from sentiment_kit.report.rows import Roles, ScoredRow, is_blank, read_row
from sentiment_kit.report.store import Store

_CLEAR = 0.6
"""Probability from which a sentiment is clear enough to hold against the stars."""

_SHORT, _LONG = 40, 400
_MOST_REASONS = 40


class Cell(NamedTuple):
    """What is counted: by day, by language, and what of which name ("theme", "price")."""

    stamp: Stamp | None
    language: str
    what: str
    name: str


@dataclass
class Best:
    """The few best of many, each text once; ties go to the earlier row."""

    size: int
    heap: list[tuple[float, int, ScoredRow]] = field(default_factory=list)

    def add(self, rank: float, row: ScoredRow) -> None:
        """Keep the row if it is among the best."""
        if len(self.heap) == self.size and (rank, -row.number) < self.heap[0][:2]:
            return
        if any(kept.text == row.text for _, _, kept in self.heap):
            return
        push = heapq.heappush if len(self.heap) < self.size else heapq.heappushpop
        push(self.heap, (rank, -row.number, row))

    def rows(self) -> list[ScoredRow]:
        """Return them, best first."""
        return [row for _, _, row in sorted(self.heap, key=lambda item: item[:2], reverse=True)]


@dataclass
class Aggregate:
    """Everything that the report shows, before the dates are decided.

    Attributes:
        roles: The columns.
        store: The rows that customers and the leaving list are made of, on disk.
        rows: Number of rows.
        cells: Rows by day, language and finding.
        errors: Rows that were not scored, by reason.
        dates: The date column.
        ratings: Rows by (rating, language, sentiment), ratings rounded to whole numbers.
        rating_missing: Rows without a rating.
        rating_unreadable: Rows whose rating is no number.
        highest_rating: The highest, which tells the scale.
        customer_missing: Rows without a customer.
        examples: The clearest complaints by (theme, language).
        against: Texts whose words are clear, by (rating, sentiment).
    """

    roles: Roles
    store: Store
    rows: int = 0
    cells: Counter[Cell] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    dates: DateColumn = field(default_factory=DateColumn)
    ratings: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    rating_missing: int = 0
    rating_unreadable: int = 0
    highest_rating: float = 0
    customer_missing: int = 0
    examples: dict[tuple[str, str], Best] = field(default_factory=dict)
    against: dict[tuple[int, str], Best] = field(default_factory=dict)

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        """Count one row of the scored table."""
        self.rows += 1
        scored = read_row(number, row, self.roles)
        stamp = self.dates.add(row.get(self.roles.date)) if self.roles.date else None
        self.customer_missing += self.roles.customer is not None and scored.customer is None
        if scored.error is not None:
            self._count_error(scored.error)
            return
        self._count(stamp, scored)
        if self.roles.rating and scored.sentiment:
            self._rate(row.get(self.roles.rating), scored)
        if scored.level != "none" or (scored.customer is not None and scored.sentiment):
            self.store.add(scored, stamp)
        clearness = scored.negative - abs(
            math.log(max(len(scored.text), 1) / min(max(len(scored.text), _SHORT), _LONG))
        )
        for place, theme in enumerate(scored.themes):
            self.examples.setdefault((theme, scored.language), Best(3)).add(clearness - place, scored)

    def _count(self, stamp: Stamp | None, row: ScoredRow) -> None:
        found = [("language", row.language)]
        if row.sentiment:
            found += [("sentiment", row.sentiment), ("level", row.level)]
        found += [("theme", name) for name in row.themes]
        found += [(f"kind {row.level}", name) for name in row.kinds]
        self.cells.update(Cell(stamp, row.language, what, name) for what, name in found)

    def _count_error(self, error: str) -> None:
        # Messages end in what was found after a second colon; without it their number is small.
        reason = ":".join(error.split(":")[:2])[:120]
        self.errors[reason if reason in self.errors or len(self.errors) < _MOST_REASONS else "other reasons"] += 1

    def _rate(self, value: Any, row: ScoredRow) -> None:  # noqa: ANN401  any value of a table
        if is_blank(value):
            self.rating_missing += 1
            return
        rating = read_rating(value)
        if rating is None:
            self.rating_unreadable += 1
            return
        self.highest_rating = max(self.highest_rating, rating)
        whole = math.floor(rating + 0.5)
        self.ratings[whole, row.language, row.sentiment] += 1
        for sentiment, probability in (("negative", row.negative), ("positive", row.positive)):
            if row.sentiment == sentiment and probability >= _CLEAR:
                self.against.setdefault((whole, sentiment), Best(6)).add(probability, row)

    def total(self, what: str, name: str | None = None, language: str | None = None) -> int:
        """Return the number of rows with a finding, of any name or language where none is given."""
        return sum(
            number
            for cell, number in self.cells.items()
            if cell.what == what and name in {None, cell.name} and language in {None, cell.language}
        )


def aggregate(rows: Iterable[Mapping[str, Any]], roles: Roles, store: Store) -> Aggregate:
    """Return what the rows of a scored table come to."""
    result = Aggregate(roles, store)
    for number, row in zip(count(1), rows, strict=False):
        result.add(number, row)
    store.flush()
    return result
