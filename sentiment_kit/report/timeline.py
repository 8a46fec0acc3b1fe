"""Days gathered into the periods that a chart shows: weeks where the span is short, else months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sentiment_kit.report.aggregate import Cell
from sentiment_kit.report.dates import Decision

SHORT_SPAN = 120
"""Days up to which periods are weeks."""

MOST_PERIODS = 60
"""Periods shown; earlier ones are left out of the charts, not of the totals."""


@dataclass(frozen=True)
class Timeline:
    """Counts by period.

    Attributes:
        unit: ``"week"`` or ``"month"``.
        periods: First days of the periods, oldest first, without gaps.
        counts: Rows by (period, what, name), as in `Cell`.
        first: First day of the data, as an ordinal, or None where no day is known.
        last: Last day.
        left_out: Number of earlier periods that are not shown.
    """

    unit: str
    periods: list[date]
    counts: Counter[tuple[date, str, str]]
    first: int | None
    last: int | None
    left_out: int

    def label(self, period: date) -> str:
        """Return a period as a reader writes it: ``2026-03``, or the Monday of a week."""
        return f"{period:%Y-%m}" if self.unit == "month" else f"{period:%Y-%m-%d}"

    def share(self, period: date, theme: str) -> float:
        """Return the share of a period's scored texts that complain about a theme."""
        scored = self.scored(period)
        return self.counts[period, "theme", theme] / scored if scored else 0.0

    def scored(self, period: date) -> int:
        """Return the number of scored texts of a period."""
        return sum(self.counts[period, "sentiment", name] for name in ("negative", "neutral", "positive"))

    def compared(self) -> tuple[date, date] | None:
        """Return the last two periods that have texts throughout; a last one cut short counts only if it must."""
        whole = self.periods[:-1] if self.last_is_partial and len(self.periods) > _PAIR else self.periods
        return (whole[-2], whole[-1]) if len(whole) >= _PAIR else None

    @property
    def last_is_partial(self) -> bool:
        """Whether the data ends before its last period does."""
        return self.last is not None and date.fromordinal(self.last) < _next(self.periods[-1], self.unit) - _DAY


_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_DECEMBER = 12
_PAIR = 2


def timeline(cells: Mapping[Cell, int], decision: Decision) -> Timeline:
    """Return the periods from the first day to the last."""
    days: Counter[tuple[int, str, str]] = Counter()
    for cell, number in cells.items():
        day = None if cell.stamp is None else decision.day(cell.stamp)
        if day is not None:
            days[day, cell.what, cell.name] += number
    if not days:
        return Timeline("month", [], Counter(), None, None, 0)
    first, last = min(day for day, _, _ in days), max(day for day, _, _ in days)
    unit = "week" if last - first <= SHORT_SPAN else "month"
    counts: Counter[tuple[date, str, str]] = Counter()
    for (day, what, name), number in days.items():
        counts[_start(date.fromordinal(day), unit), what, name] += number
    periods = [_start(date.fromordinal(first), unit)]
    while (following := _next(periods[-1], unit)) <= date.fromordinal(last):
        periods.append(following)
    return Timeline(unit, periods[-MOST_PERIODS:], counts, first, last, max(0, len(periods) - MOST_PERIODS))


def _start(day: date, unit: str) -> date:
    return day.replace(day=1) if unit == "month" else day - timedelta(days=day.weekday())


def _next(period: date, unit: str) -> date:
    if unit == "week":
        return period + _WEEK
    return date(period.year + period.month // _DECEMBER, period.month % _DECEMBER + 1, 1)
