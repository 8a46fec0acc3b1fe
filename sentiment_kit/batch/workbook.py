"""XLSX out: one row after the other, nothing that runs, and what a sheet cannot hold not lost.

Written with XlsxWriter, whose files are the same bytes for the same rows.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sentiment_kit.batch.cells import as_text
from sentiment_kit.batch.source import Row
from sentiment_kit.errors import MissingExtraError

if TYPE_CHECKING:
    from xlsxwriter.format import Format

LONGEST_CELL, MOST_ROWS = 32_767, 1_048_576
_CUT = " …[cut: the rest does not fit a spreadsheet cell]"
_EXACT_INTEGERS = 10**15  # a spreadsheet's numbers have 15 digits
_EPOCH = datetime(1900, 3, 1)
_NO_TIME = datetime(2000, 1, 1)


def require_xlsxwriter() -> None:
    """Raise a `MissingExtraError` if XLSX files cannot be written."""
    try:
        import xlsxwriter  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.needs("xlsx", "writing XLSX files") from error


class SpreadsheetWriter:
    """Writes rows to an XLSX file.

    Text is stored as text, so that no cell is run as a formula. A cell over 32,767 characters is cut, which the cell
    itself says and `notes` counts; rows over 1,048,576 go to further sheets with the same header.
    """

    def __init__(self, file: Path, names: list[str]) -> None:
        self._file, self._names = file, names
        self._cut = self._sheets = self._rows = 0

    @property
    def notes(self) -> list[str]:
        """What did not fit."""
        if not self._cut:
            return []
        return [f"{self._cut} cells were cut to the {LONGEST_CELL:,} characters that a spreadsheet holds"]

    def __enter__(self) -> Self:
        """Open the file."""
        from xlsxwriter import Workbook

        self._book = Workbook(str(self._file), {"constant_memory": True})
        self._book.set_properties({"created": _NO_TIME})
        # With this Excel does not read a text again as a formula or a number when it is edited.
        self._text: Format = self._book.add_format({"quote_prefix": True})
        self._formats = {
            kind: self._book.add_format({"num_format": written})
            for kind, written in ((datetime, "yyyy-mm-dd hh:mm:ss"), (date, "yyyy-mm-dd"), (time, "hh:mm:ss"))
        }
        self._new_sheet()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._book.close()
        except FileCreateError as error:  # its name for any OSError
            raise OSError(*error.args) from error

    def write(self, rows: list[Row]) -> None:
        """Append rows."""
        for row in rows:
            if self._rows == MOST_ROWS:
                self._new_sheet()
            for column, name in enumerate(self._names):
                self._write(column, row.get(name))
            self._rows += 1

    def _new_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(f"Sheet{self._sheets}")
        self._sheet.freeze_panes(1, 0)
        self._rows = 0
        for column, name in enumerate(self._names):
            self._write(column, name)
        self._rows = 1

    def _write(self, column: int, value: Any) -> None:  # noqa: ANN401  any value of a table
        if isinstance(value, bool):
            self._sheet.write_boolean(self._rows, column, value)
        elif isinstance(value, int | float) and math.isfinite(value) and abs(value) < _EXACT_INTEGERS:
            self._sheet.write_number(self._rows, column, value)
        elif isinstance(value, date | time) and _has_cell(value):
            self._sheet.write_datetime(self._rows, column, value, self._formats[type(value)])
        elif (text := as_text(value)) is not None:
            self._sheet.write_string(self._rows, column, self._fitting(text), self._text)

    def _fitting(self, text: str) -> str:
        # Excel counts in UTF-16: an emoji is two.
        if len(text) <= LONGEST_CELL and (text.isascii() or len(text.encode("utf-16-le")) <= 2 * LONGEST_CELL):
            return text
        self._cut += 1
        units = 2 * (LONGEST_CELL - len(_CUT))
        return text[:LONGEST_CELL].encode("utf-16-le")[:units].decode("utf-16-le", "ignore") + _CUT


def _has_cell(value: date | time) -> bool:
    """Say whether a spreadsheet has such dates: it has none before 1900 and no time zones."""
    if isinstance(value, datetime):
        return value.tzinfo is None and value >= _EPOCH and not value.microsecond % 1000
    return (value.tzinfo is None and not value.microsecond) if isinstance(value, time) else value >= _EPOCH.date()
