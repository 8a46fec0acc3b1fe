"""XLSX in: the sheets that hold the table, header found below titles and empty rows.

Of several sheets the one with most rows is read, and after it every other with the same header, as a long table is
spread over sheets; what is not read is named in the notes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_kit.batch.source import Row, Source, chunked, distinct
from sentiment_kit.errors import MissingExtraError

if TYPE_CHECKING:
    from openpyxl import Workbook

_TITLE_ROWS = 20


@dataclass(frozen=True)
class _Sheet:
    """One sheet: where its header stands and how many rows follow."""

    name: str
    header: int
    columns: list[str]
    rows: int
    formulas: bool
    titles: list[str]


def open_spreadsheet(file: Path, shown: str) -> Source:
    """Open an XLSX file.

    Numbers, dates and booleans keep their types. Of a formula the result is read that the spreadsheet stored, and the
    formula itself where none was stored. Of merged cells the first holds the value.

    Args:
        file: The file.
        shown: Its name for messages.

    Raises:
        MissingExtraError: If openpyxl is not installed.
    """
    with _workbook(file, results=False) as book:
        sheets = [sheet for name in book.sheetnames if (sheet := _survey(book, name))]
    if not sheets:
        raise ValueError("no sheet has a cell in it; wanted a header row with the names of the columns")
    main = max(sheets, key=lambda sheet: sheet.rows)
    read = [main, *(sheet for sheet in sheets if sheet is not main and sheet.columns == main.columns)]
    read.sort(key=sheets.index)
    notes = [_title_note(shown, sheet) for sheet in read if sheet.titles]
    if len(sheets) > 1:
        notes.append(f"{shown}: read {_named(read)}")
    if unread := [sheet for sheet in sheets if sheet not in read]:
        notes.append(f"{shown}: not read {_named(unread)}; save a sheet as a file of its own to score it")

    def rows() -> Iterator[Row]:
        for sheet in read:
            for cells in _cells(file, sheet):
                yield dict(zip(main.columns, cells, strict=True))

    return Source(main.columns, chunked(rows()), sum(sheet.rows for sheet in read), None, notes=notes)


def _named(sheets: list[_Sheet]) -> str:
    return ", ".join(f"sheet {sheet.name!r} ({sheet.rows} rows)" for sheet in sheets)


def _title_note(shown: str, sheet: _Sheet) -> str:
    return f"{shown}, sheet {sheet.name!r}: the lines above the header are not read: {' / '.join(sheet.titles)}"


@contextmanager
def _workbook(file: Path, *, results: bool) -> Iterator[Workbook]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError.needs("xlsx", "reading XLSX files") from error
    with file.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions, which carry no values
        book = load_workbook(stream, read_only=True, data_only=results)
        yield book


def _values(book: Workbook, name: str) -> Iterator[tuple[Any, ...]]:
    from openpyxl.utils.escape import unescape

    sheet = book[name]
    if not hasattr(sheet, "reset_dimensions"):
        return  # a chart
    sheet.reset_dimensions()  # some programs write a wrong size, and rows beyond it would be lost
    for row in sheet.iter_rows(values_only=True):
        yield tuple(unescape(cell) if isinstance(cell, str) else cell for cell in row)  # a control character is _x000B_


def _survey(book: Workbook, name: str) -> _Sheet | None:
    """Read a sheet through once; return None if it is empty."""
    rows = _values(book, name)
    head = [tuple(row) for row in islice(rows, _TITLE_ROWS)]
    filled = [_filled(row) for row in head]
    if not any(filled):
        rest = next((row for row in rows if _filled(row)), None)
        if rest is not None:
            raise ValueError(f"sheet {name!r} begins with more than {_TITLE_ROWS} empty rows; delete them")
        return None
    # A title is one cell, or one merged over many; a header fills more than half of the table's width.
    header = next(index for index, count in enumerate(filled) if count * 2 > max(filled))
    titles = [" ".join(str(cell) for cell in row if cell is not None) for row in head[:header] if _filled(row)]
    width, count, formulas = _width(head[header]), 0, False
    for row in chain(head[header + 1 :], rows):
        count += bool(_filled(row))
        width = max(width, _width(row))
        formulas = formulas or any(isinstance(cell, str) and cell.startswith("=") for cell in row)
    columns = distinct([*head[header], *[None] * width][:width])
    return _Sheet(name, header, columns, count, formulas, titles)


def _filled(row: tuple[Any, ...]) -> int:
    return sum(cell is not None and cell != "" for cell in row)


def _width(row: tuple[Any, ...]) -> int:
    return max((number for number, cell in enumerate(row, 1) if cell is not None and cell != ""), default=0)


def _cells(file: Path, sheet: _Sheet) -> Iterator[tuple[Any, ...]]:
    """Yield the rows below the header, empty ones left out, each as wide as the table."""
    width = len(sheet.columns)
    for row in islice(_results(file, sheet), sheet.header + 1, None):
        if _filled(row):
            yield (*row, *[None] * width)[:width]


def _results(file: Path, sheet: _Sheet) -> Iterator[tuple[Any, ...]]:
    """Yield all rows of a sheet, formulas by their stored results or as they are written where none is stored."""
    with _workbook(file, results=True) as book:
        if not sheet.formulas:
            yield from _values(book, sheet.name)
            return
        with _workbook(file, results=False) as written:
            for row, formulas in zip(_values(book, sheet.name), _values(written, sheet.name), strict=True):
                yield tuple(formula if cell is None else cell for cell, formula in zip(row, formulas, strict=True))
