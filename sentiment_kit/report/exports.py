"""The leaving list and the customers as CSV files, complete, by risk, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sentiment_kit.report.excerpts import Part
from sentiment_kit.report.people import Person
from sentiment_kit.report.store import CUSTOMERS, LEAVING, Store
from sentiment_kit.report.view import shown_day
from sentiment_kit.taxonomy import display_name

LEAVING_COLUMNS = ["customer", "id", "level", "risk", "why", "since", "last", "language", "silent", "themes", "words"]
CUSTOMER_COLUMNS = [
    "customer",
    "level",
    "risk",
    "texts",
    "complaints",
    "trend",
    "last_theme",
    "signs",
    "first",
    "last",
    "days_since",
    "usual_gap_days",
    "quiet_after_complaint",
]

# What a spreadsheet would run as a formula; a plain number may begin with a sign.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n](?![\d.,]*$)")


def leaving_record(person: Person, quotes: Iterable[list[Part]]) -> list[str]:
    """Return a line of the leaving list, in the order of `LEAVING_COLUMNS`; churn phrases stand in brackets."""
    words = ["".join(f"⟦{part.text}⟧" if part.kind else part.text for part in parts) for parts in quotes]
    return [
        person.customer or "",
        person.id,
        person.level,
        f"{person.risk:.2f}",
        "; ".join(map(display_name, person.kinds)),
        shown_day(person.since),
        shown_day(person.last),
        person.language,
        "yes" if person.silent else "no",
        "; ".join(map(display_name, person.themes)),
        " | ".join(words),
    ]


def customer_record(person: Person) -> list[str]:
    """Return a line of the customers, in the order of `CUSTOMER_COLUMNS`."""
    signs = [f"{shown_day(day)} {', '.join(map(display_name, kinds))}".strip() for day, kinds in person.signs]
    return [
        person.customer or "",
        person.level,
        f"{person.risk:.2f}",
        str(person.texts),
        str(person.complaints),
        person.trend_name,
        display_name(person.theme) if person.theme else "",
        "; ".join(signs),
        shown_day(person.first),
        shown_day(person.last),
        "" if person.days_quiet is None else str(person.days_quiet),
        "" if person.rhythm is None else f"{person.rhythm:g}",
        "yes" if person.quiet else "no",
    ]


def write_leaving(store: Store, target: Path) -> None:
    """Write everybody with a sign of leaving."""
    found = map(Person.from_json, store.people(LEAVING))
    _write(target, LEAVING_COLUMNS, (leaving_record(one, map(store.parts, one.quotes)) for one in found))


def write_customers(store: Store, target: Path) -> None:
    """Write every customer."""
    _write(target, CUSTOMER_COLUMNS, (customer_record(Person.from_json(one)) for one in store.people(CUSTOMERS)))


@contextmanager
def replacing(target: Path) -> Iterator[TextIO]:
    """Open a text file that appears under its name when the block ends without an error.

    Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _write(target: Path, head: list[str], records: Iterable[list[str]]) -> None:
    with replacing(target) as stream:
        stream.write("\ufeff")  # so that Excel reads it as UTF-8
        writer = csv.writer(stream)
        writer.writerow(head)
        for record in records:
            writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in record])
