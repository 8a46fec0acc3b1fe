"""Dates as people and exports write them. Where a date can be read two ways, the whole column decides, or nobody does.

A date becomes a `Stamp`: the day under each order that its digits allow. ``13/04/2024`` allows only day first and so
decides for every ``03/04/2024`` of its column; a column in which nothing decides keeps such dates unread and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

import jdatetime

from sentiment_kit.report.rows import is_blank

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = get_args(Order)

_FIRST_YEAR, _LAST_YEAR = 1970, 2099
_JALALI_YEARS = range(1300, 1500)
_CENTURY, _PIVOT = 100, 70
_EXAMPLES = 5
_LONGEST = 60

_END = r"(?:[T\s,(].*)?$"
_ERAS = {"令和": 2018, "平成": 1988}
_ERA = re.compile(r"(令和|平成)\s*(\d{1,2}|元)年\s*(\d{1,2})月\s*(\d{1,2})日")
_YEAR_FIRST = re.compile(rf"(\d{{4}})\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})(?:日.*|{_END})", re.DOTALL)
_COMPACT = re.compile(rf"(\d{{4}})(\d\d)(\d\d)(?:T\d.*|{_END})", re.DOTALL)
_PARTS = re.compile(rf"(\d{{1,2}})\s*([-/.])\s*(\d{{1,2}})\s*\2\s*(\d{{4}}|\d\d){_END}", re.DOTALL)
_DAY_NAME = re.compile(r"(?:\w+,\s*)?(\d{1,2})(?:st|nd|rd|th)?\.?[\s-]+([^\W\d_]{3,})\.?,?[\s-]+(\d{4})(?!\d)")
_NAME_DAY = re.compile(r"(?:\w+,\s*)?([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_EPOCH = re.compile(r"(\d{10})(?:\.\d+|\d{3})?$")

_ENGLISH = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_UKRAINIAN = "січ лют бер кві тра чер лип сер вер жов лис гру".split()
_PERSIAN = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split()


class Stamp(NamedTuple):
    """A date before its order is known: the day (as an ordinal) under each order, None where that is no date."""

    dmy: int | None
    mdy: int | None
    ymd: int | None
    dotted: bool = False

    def readings(self) -> set[int]:
        """Return the different days that it can mean."""
        return {day for day in self[:3] if day is not None}


@dataclass
class DateColumn:
    """The dates of a column, gathered row by row, and the order that they agree on.

    Attributes:
        stamps: How often each stamp occurs. Their number is bounded by the calendar, not by the rows.
        missing: Rows without a date.
        unreadable: Rows whose date is none.
        examples: The first of them.
    """

    stamps: Counter[Stamp] = field(default_factory=Counter)
    missing: int = 0
    unreadable: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, value: Any) -> Stamp | None:  # noqa: ANN401  any value of a table
        """Count one value and return its stamp, or None where there is none or it cannot be read."""
        if is_blank(value):
            self.missing += 1
            return None
        stamp = read_date(value)
        if stamp is None:
            self.unreadable += 1
            if len(self.examples) < _EXAMPLES:
                self.examples.append(str(value)[:_LONGEST])
            return None
        self.stamps[stamp] += 1
        return stamp

    def decide(self, wanted: Order | None = None, until: date | None = None) -> Decision:
        """Return how the column's dates are to be read.

        Args:
            wanted: The order that the user gave, if any.
            until: The last day that counts; later ones are left out.
        """
        allowed = {order for order in ORDERS if all(getattr(stamp, order) is not None for stamp in self.stamps)}
        order = wanted or (next(iter(allowed)) if len(allowed) == 1 else None)
        return Decision(self.stamps, order, dotted="dmy" in allowed, until=until)


class Decision:
    """The order of a column, and what it leaves unread.

    Attributes:
        order: The order that is used, or None where nothing decides.
        matters: Whether any date can be read in several ways.
        ambiguous: Rows whose date stays unread.
        late: Rows whose date is after the last day that counts.
    """

    def __init__(
        self, stamps: Mapping[Stamp, int], order: Order | None, *, dotted: bool = True, until: date | None = None
    ) -> None:
        """Work out what the order leaves unread; `dotted` says that 03.04.2024 may be taken as the usual day first."""
        self.order = order
        self.matters = any(len(stamp.readings()) > 1 for stamp in stamps)
        self._dotted = dotted
        self._until = until.toordinal() if until else date.max.toordinal()
        read = {stamp: self._read(stamp) for stamp in stamps}
        self.ambiguous = sum(count for stamp, count in stamps.items() if read[stamp] is None)
        self.late = sum(count for stamp, count in stamps.items() if (read[stamp] or 0) > self._until)

    def day(self, stamp: Stamp) -> int | None:
        """Return the day that a stamp means, as a proleptic ordinal, or None where it does not count."""
        day = self._read(stamp)
        return None if day is None or day > self._until else day

    def _read(self, stamp: Stamp) -> int | None:
        readings = stamp.readings()
        if len(readings) == 1:
            return next(iter(readings))
        if self.order is not None:
            day: int | None = getattr(stamp, self.order)
            return day
        return stamp.dmy if stamp.dotted and self._dotted else None


def read_date(value: Any) -> Stamp | None:  # noqa: ANN401  any value of a table
    """Return the stamp of a date, a time stamp, an epoch or a text; None where it is no date.

    The day is the one that is written: a time zone does not move it. An epoch is taken in UTC.
    """
    if isinstance(value, datetime):
        return _certain(value.year, value.month, value.day)
    if isinstance(value, date):
        return _certain(value.year, value.month, value.day)
    if isinstance(value, bool) or value is None:
        return None
    return _read_text(str(value)[:_LONGEST])


@lru_cache(maxsize=50_000)
def _read_text(text: str) -> Stamp | None:
    text = unicodedata.normalize("NFKC", text).strip()
    for pattern, read in _FORMS:
        match = pattern.match(text)
        if match:
            return read(match)
    return None


def _certain(year: int, month: int, day: int) -> Stamp | None:
    ordinal = _ordinal(year, month, day)
    return None if ordinal is None else Stamp(ordinal, ordinal, ordinal)


def _ordinal(year: int, month: int, day: int) -> int | None:
    try:
        if year in _JALALI_YEARS:
            found: date = jdatetime.date(year, month, day).togregorian()
        else:
            found = date(year, month, day)
    except ValueError:
        return None
    return found.toordinal() if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _from_era(match: re.Match[str]) -> Stamp | None:
    year = 1 if match[2] == "元" else int(match[2])
    return _certain(_ERAS[match[1]] + year, int(match[3]), int(match[4]))


def _from_year_first(match: re.Match[str]) -> Stamp | None:
    return _certain(int(match[1]), int(match[2]), int(match[3]))


def _from_parts(match: re.Match[str]) -> Stamp | None:
    first, second, last = int(match[1]), int(match[3]), int(match[4])
    long_year = len(match[4]) > 2  # noqa: PLR2004  digits
    stamp = Stamp(
        dmy=_ordinal(last if long_year else _full(last), second, first),
        # A dot between the parts and two digits for the year is nowhere month first.
        mdy=None if match[2] == "." and not long_year else _ordinal(last if long_year else _full(last), first, second),
        ymd=None if long_year else _ordinal(_full(first), second, last),
        dotted=match[2] == ".",
    )
    return stamp if stamp.readings() else None


def _full(year: int) -> int:
    return year + (1900 if year >= _PIVOT else 2000)


def _from_names(year: str, name: str, day: str) -> Stamp | None:
    name = name.lower()
    for prefixes in (_ENGLISH, _UKRAINIAN):
        if name[:3] in prefixes:
            return _certain(int(year), prefixes.index(name[:3]) + 1, int(day))
    return _certain(int(year), _PERSIAN.index(name) + 1, int(day)) if name in _PERSIAN else None


def _from_epoch(match: re.Match[str]) -> Stamp | None:
    day = datetime.fromtimestamp(int(match[1]), UTC)
    return _certain(day.year, day.month, day.day)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Stamp | None]], ...] = (
    (_ERA, _from_era),
    (_YEAR_FIRST, _from_year_first),
    (_COMPACT, _from_year_first),
    (_PARTS, _from_parts),
    (_DAY_NAME, lambda match: _from_names(match[3], match[2], match[1])),
    (_NAME_DAY, lambda match: _from_names(match[3], match[1], match[2])),
    (_EPOCH, _from_epoch),
)
