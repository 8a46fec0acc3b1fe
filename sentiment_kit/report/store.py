"""Rows that are needed again once all are read: in a temporary file that SQLite sorts, not in memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from sentiment_kit.report.dates import Decision, Stamp
from sentiment_kit.report.excerpts import Part, excerpt
from sentiment_kit.report.rows import ScoredRow

Record = tuple[str | None, bool, bool, bool, int, float, str]
"""A person as stored: customer, flagged, silent, quiet, rank of the level, risk, all fields as JSON."""

_BATCH = 1000

_TABLES = """
CREATE TABLE texts (row INTEGER PRIMARY KEY, id TEXT, customer TEXT, stamp INTEGER, language TEXT, sentiment TEXT,
                    net REAL, complaint INTEGER, theme TEXT, level TEXT, score REAL, kinds TEXT);
CREATE TABLE quotes (row INTEGER PRIMARY KEY, parts TEXT);
CREATE TABLE days (stamp INTEGER PRIMARY KEY, day INTEGER);
CREATE TABLE people (number INTEGER PRIMARY KEY, customer TEXT, flagged INTEGER, silent INTEGER, quiet INTEGER,
                     rank INTEGER, risk REAL, fields TEXT);
"""

_TEXTS = """
SELECT coalesce(customer, char(0) || row), row, id, customer, day, language, sentiment, net, complaint, theme, level,
       score, kinds
FROM texts LEFT JOIN days USING (stamp) ORDER BY 1, day IS NOT NULL, day, row
"""


@dataclass(frozen=True, slots=True)
class StoredText:
    """A stored row; `key` is the same for all texts of a customer, and its own where there is no customer."""

    key: str
    row: int
    id: str
    customer: str | None
    day: int | None
    language: str
    sentiment: str
    net: float
    complaint: bool
    theme: str
    level: str
    score: float
    kinds: tuple[str, ...]


class Store:
    """Texts of customers, and texts with a churn sign, in a file that goes away with the process."""

    def __init__(self) -> None:
        """Open a file without a name."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._stamps: dict[Stamp, int] = {}
        self._texts: list[tuple[Any, ...]] = []
        self._quotes: list[tuple[int, str]] = []

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the file."""
        self._database.close()

    def add(self, row: ScoredRow, stamp: Stamp | None) -> None:
        """Store a row; of its text only what a page would show, and only where it has a churn sign."""
        number = None if stamp is None else self._stamps.setdefault(stamp, len(self._stamps))
        theme = row.themes[0] if row.themes else ""
        shown = (row.language, row.sentiment, row.positive - row.negative, row.is_complaint, theme)
        self._texts.append(
            (row.number, row.id, row.customer, number, *shown, row.level, row.score, ";".join(row.kinds))
        )
        if row.level != "none":
            parts = [[part.text, part.kind] for part in excerpt(row.text, row.phrases)]
            self._quotes.append((row.number, json.dumps(parts)))
        if len(self._texts) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        self._write("INSERT INTO texts VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", self._texts)
        self._write("INSERT INTO quotes VALUES (?,?)", self._quotes)
        self._texts, self._quotes = [], []

    def set_days(self, decision: Decision) -> None:
        """Say what day each date means."""
        self._write("INSERT INTO days VALUES (?,?)", [(n, decision.day(stamp)) for stamp, n in self._stamps.items()])

    def texts(self) -> Iterator[StoredText]:
        """Yield the texts, those of a customer together and by day, those without a day first."""
        for *values, kinds in self._database.execute(_TEXTS):
            yield StoredText(*(*values, tuple(filter(None, kinds.split(";")))))

    def parts(self, row: int) -> list[Part]:
        """Return the excerpt of a row with a churn sign."""
        (found,) = self._database.execute("SELECT parts FROM quotes WHERE row = ?", (row,)).fetchone()
        return [Part(text, kind) for text, kind in json.loads(found)]

    def add_people(self, people: Iterable[Record]) -> None:
        """Store people."""
        columns = "customer, flagged, silent, quiet, rank, risk, fields"
        self._write(f"INSERT INTO people ({columns}) VALUES (?,?,?,?,?,?,?)", people)  # noqa: S608

    def people(self, where: str, limit: int = -1) -> Iterator[str]:
        """Yield the fields of people by risk, highest first; `where` is one of the constants below."""
        query = f"SELECT fields FROM people WHERE {where} ORDER BY rank DESC, risk DESC, number LIMIT ?"  # noqa: S608
        for (fields,) in self._database.execute(query, (limit,)):
            yield fields

    def count(self, where: str) -> int:
        """Return the number of people; `where` is one of the constants below."""
        (found,) = self._database.execute(f"SELECT count(*) FROM people WHERE {where}").fetchone()  # noqa: S608
        return int(found)

    def _write(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")


QUIET = "quiet"
CUSTOMERS = "customer IS NOT NULL"
LEAVING = "flagged"
SILENT = "flagged AND silent"
COMPLAINING = "flagged AND NOT silent"
