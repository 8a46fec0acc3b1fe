"""Which column holds what: by the headers of well-known exports, by usual names, for the text by content as well.

The headers are data, in ``columns.json``: whole exports first, then names by how sure they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.source import FILE_COLUMN, Row
from sentiment_kit.errors import FileFormatError

_TABLE = Path(__file__).with_name("columns.json")
_SHOWN = 12
# A text column has this many letters a cell on average; one beats another by content if it has this many times more.
_LETTERS, _CLEARLY = 12.0, 3.0
_EXPORT_COLUMNS = 3
_TITLE = 40
_LETTER = re.compile(r"[^\W\d_]")
_VALUE = re.compile(r"[\d\s.,:/+-]*\d[\d\s.,:/+TZ-]*")
_SENTENCE = re.compile(r"[.!。！؟…]\s*$")


@dataclass(frozen=True)
class Columns:
    """Names of the columns that hold what scoring and the report need; None where there is none.

    Attributes:
        text: The feedback.
        id: What tells one row from another.
        date: When it was written.
        rating: Stars or a score that the customer gave.
        customer: Who wrote it.
    """

    text: str
    id: str | None = None
    date: str | None = None
    rating: str | None = None
    customer: str | None = None


def find_columns(source_columns: list[str], sample: list[Row], wanted: Mapping[str, str]) -> Columns:
    """Find the columns of a table.

    Args:
        source_columns: Names of the table's columns.
        sample: Some of its rows, such as the first chunk.
        wanted: Names that the user gave, by role (``text``, ``id``, ``date``, ``rating``, ``customer``); they win.

    Raises:
        FileFormatError: If a wanted column does not exist, or none or several may hold the text.
    """
    named = {role: name for role, name in wanted.items() if name}
    for role, name in named.items():
        if name not in source_columns:
            raise FileFormatError(
                "SK203", f"there is no column {name!r} (--{role}); the columns are {_listed(source_columns)}"
            )
    candidates = [name for name in source_columns if name not in {*COLUMNS, FILE_COLUMN}]
    nested = [name for name in candidates if _is_nested(sample, name)]
    found = {**_by_export([name for name in candidates if name not in nested]), **named}
    if "text" not in found:
        found["text"] = _text(candidates, nested, sample)
    roles = [field.name for field in fields(Columns) if field.name != "text"]
    for role in roles:
        if role not in found:
            free = [name for name in candidates if name not in found.values()]
            tiers = (_usual(free, tier) for tier in _table()["names"][role])
            if usual := next((names[0] for names in tiers if names), None):
                found[role] = usual
    return Columns(**{role: found[role] for role in ("text", *roles) if role in found})


def is_text_name(name: str) -> bool:
    """Say whether a column of this name usually holds the text."""
    return any(_usual([name], tier) for tier in _table()["names"]["text"])


@lru_cache(maxsize=1)
def _table() -> Any:  # noqa: ANN401  the shape of columns.json
    return json.loads(_TABLE.read_text(encoding="utf-8"))


def _plain(name: str) -> str:
    """Return a name without case, camels and underscores: ``reviewText`` is ``review text``."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r"[\s_-]+", " ", parted).strip().casefold()


def _by_export(columns: list[str]) -> dict[str, str]:
    """Return the roles of the export whose headers are all there, of the one with most of them."""
    by_name = {name.casefold(): name for name in reversed(columns)}
    best: dict[str, str] = {}
    for export in _table()["exports"]:
        roles = {role: by_name.get(header.casefold()) for role, header in export.items() if role != "of"}
        there = {role: name for role, name in roles.items() if name is not None}
        if len(there) == len(roles) >= _EXPORT_COLUMNS and len(there) > len(best):
            best = there
    return best


def _usual(columns: list[str], names: list[str]) -> list[str]:
    """Return the columns that have one of these names, those with the surest name first."""
    ranks = {_plain(name): rank for rank, name in reversed(list(enumerate(names)))}
    return sorted((name for name in columns if _plain(name) in ranks), key=lambda name: ranks[_plain(name)])


def _text(columns: list[str], nested: list[str], sample: list[Row]) -> str:
    letters = {name: _mean_letters(sample, name) for name in columns if name not in nested}
    for tier in _table()["names"]["text"]:
        if usual := _usual(list(letters), tier):
            return _clearest(usual, letters)
    if len(columns) == 1 and not nested:
        return _refuse_data(columns[0], columns)
    likely = [name for name in letters if letters[name] >= _LETTERS and not _is_never_text(name)]
    if not likely:
        flatten = f"; take the texts out of the lists or objects in {_listed(nested)} first" if nested else ""
        raise FileFormatError(
            "SK204",
            f"no column looks like the text; name one with --text. The columns are {_listed(columns)}{flatten}",
        )
    return _refuse_data(_clearest(likely, letters), columns)


def _clearest(names: list[str], letters: dict[str, float]) -> str:
    """Return the one column that has clearly the most text; refuse to choose between several."""
    ranked = sorted(names, key=lambda name: -letters[name])
    if len(ranked) == 1 or letters[ranked[0]] > _CLEARLY * letters[ranked[1]]:
        return ranked[0]
    rivals = [name for name in ranked if letters[name] * _CLEARLY >= letters[ranked[0]]]
    raise FileFormatError("SK204", f"several columns may hold the text: {_listed(rivals)}. Name one with --text")


def _refuse_data(text: str, columns: list[str]) -> str:
    """Refuse a table whose header is its first row of data, which would be lost."""
    data = [name for name in columns if _VALUE.fullmatch(name) or (len(name) > _TITLE and _SENTENCE.search(name))]
    if data or (len(columns) == 1 and _SENTENCE.search(text)):
        shown = repr((data or [text])[0][:_TITLE])
        raise FileFormatError(
            "SK204",
            f"the first line looks like data, not like names of columns ({shown}). Put a line with names above it, "
            "or name the text column with --text if it is right",
        )
    return text


def _mean_letters(sample: list[Row], name: str) -> float:
    cells = [cell for row in sample if isinstance(cell := row.get(name), str) and cell.strip()]
    return sum(len(_LETTER.findall(cell[:1000])) for cell in cells) / len(cells) if cells else 0.0


def _is_nested(sample: list[Row], name: str) -> bool:
    """Say whether the cells of a column are lists or objects, which are no text whatever the column's name."""
    cells = [row[name] for row in sample if row.get(name) is not None]
    return bool(cells) and all(isinstance(cell, list | dict) for cell in cells)


def _is_never_text(name: str) -> bool:
    return any(part in _plain(name) for part in _table()["never_text"])


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
