"""What every reader returns: an open table whose rows come in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa

Row = dict[str, Any]

CHUNK = 512
"""Rows in a chunk. Resuming counts chunks, so the same file always gives the same ones."""

FILE_COLUMN = "sk_file"
"""The column that says which of several files a row came from."""


@dataclass(frozen=True)
class Source:
    """An open table.

    Attributes:
        columns: Names of its columns, in order, no two alike.
        chunks: Yields lists of 512 rows (the last may be shorter); each row maps columns to values. To begin anew, open
            the source again.
        total: Number of rows, or None where only reading them all would tell.
        schema: Types of the columns where the format has types, else None.
        encoding: The encoding that was found or asked for, None where the format leaves no choice.
        notes: What the user should know about how the file was read, a sentence each.
    """

    columns: list[str]
    chunks: Iterator[list[Row]]
    total: int | None
    schema: pa.Schema | None
    encoding: str | None = None
    notes: list[str] = field(default_factory=list)


def chunked(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows in lists of `CHUNK`."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def distinct(names: Iterable[object]) -> list[str]:
    """Return names of which none is empty and none stands twice.

    A second ``text`` becomes ``text_2``; an empty third name becomes ``column_3``.
    """
    given = ["" if name is None else str(name).strip() for name in names]
    taken = set(given)
    used: set[str] = set()
    result = []
    for number, name in enumerate(given, 1):
        free = name or f"column_{number}"
        repeat = 1
        while free in used or (free != name and free in taken):
            repeat += 1
            free = f"{name or f'column_{number}'}_{repeat}"
        used.add(free)
        result.append(free)
    return result
