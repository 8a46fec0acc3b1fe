"""CSV and TSV in: delimiter and quoting found, every line of the file parsed once before the first row is given.

That first reading costs little beside scoring, and it tells a broken line before hours of work instead of after them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sentiment_kit.batch.cells import restored
from sentiment_kit.batch.encodings import Text
from sentiment_kit.batch.source import Row, Source, chunked, distinct
from sentiment_kit.errors import FileFormatError

_LONGEST_CELL = 1 << 26
_SNIFFED = 1 << 18
_SNIFFED_LINES = 20
_DELIMITERS = ",;\t|"
_ENOUGH_LINES = 5
_SWALLOWING = 4
_QUOTED = re.compile(r'(?<![^,;|\t\r\n])"(?:[^"]|"")*+"(?=[ ]*(?:[,;|\t\r\n]|$))')
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class _Shape:
    """How a delimited file is to be parsed."""

    delimiter: str
    quoting: Any
    skipped: int
    newline: str


def open_delimited(text: Text, *, tabs: bool) -> Source:
    """Open a CSV or TSV file whose encoding is known.

    Args:
        text: The file.
        tabs: Whether its name says that tabs separate the cells.

    Raises:
        FileFormatError: If a line has more cells than the header, a quote is never closed, or a cell is torn by a line
            break.
    """
    # A quote that is never closed would otherwise fill the memory with the rest of the file.
    csv.field_size_limit(_LONGEST_CELL)
    shape = _shape(text, tabs=tabs)
    lines = _values(text, shape)
    header = next(lines, None)
    if header is None:
        raise ValueError("the file is empty; wanted a header line with the names of the columns")
    columns = distinct(header[1])
    total, short = _check(text, lines, columns, shape)
    notes = list(text.notes)
    if short:
        notes.append(f"{short} lines of {text.shown} have fewer cells than the header; what is missing is empty")
    own = "sk_error" in columns

    def rows() -> Iterator[Row]:
        given = _values(text, shape)
        next(given)
        for _, values in given:
            row = _row(columns, values)
            # What this package wrote comes back as it was before formulas were made harmless.
            yield {name: restored(cell) if own and cell else cell for name, cell in row.items()}

    return Source(columns, chunked(rows()), total, None, text.name, notes)


def _values(text: Text, shape: _Shape) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line with the number of its first line, the header first, blank lines left out.

    A blank line is a blank text in a table of one column, and nothing in any other.
    """
    with text.open(shape.newline) as stream:
        for _ in range(shape.skipped):
            stream.readline()
        # Strict, so that a quote in the wrong place is an error and does not swallow the rows after it.
        reader = csv.reader(stream, delimiter=shape.delimiter, quoting=shape.quoting, strict=True)
        begin, width = 1, 0
        try:
            for values in reader:
                if not width:
                    if any(map(str.strip, values)):
                        width = len(values)
                        yield begin + shape.skipped, values
                elif values or width == 1:
                    yield begin + shape.skipped, values or [""]
                begin = reader.line_num + 1
        except csv.Error as error:
            raise _misquoted(text, begin + shape.skipped, error) from error


def _check(text: Text, lines: Iterator[tuple[int, list[str]]], columns: list[str], shape: _Shape) -> tuple[int, int]:
    """Return the number of rows and of those that are short; refuse what would lose or mix up cells."""
    total = short = long = 0
    first_long = (0, 0)
    before = [""]
    for line, values in lines:
        total += 1
        found = len(values)
        if found > len(columns) and any(values[len(columns) :]):
            first_long = first_long if long else (line, found)
            long += 1
        if found < len(columns):
            short += 1
            if shape.quoting == csv.QUOTE_NONE:
                _refuse_parted(text, line, before, values)
        before = values
        if len(columns) >= _SWALLOWING and any("\n" in value for value in values):
            _refuse_swallowed(text, line, values, len(columns))
    if long:
        raise FileFormatError(
            "SK206",
            f"{text.shown}, line {first_long[0]}: found {first_long[1]} values, the header has {len(columns)} columns "
            f"({long} such lines in all). Quote cells that hold the delimiter, or delete title lines above the header",
        )
    return total, short


def _refuse_swallowed(text: Text, line: int, values: list[str], width: int) -> None:
    """Refuse a cell that holds whole rows: two quotes that were never closed make one cell of all between them."""
    for value in values:
        inner = value.splitlines()[1:-1]
        if len(inner) > 1 and all(sum(map(part.count, _DELIMITERS)) == width - 1 for part in inner):
            raise FileFormatError(
                "SK209",
                f"{text.shown}, line {line}: one cell holds {len(inner) + 2} lines that look like rows; a quote is not "
                'closed. Close it or double it ("") and try again',
            )


def _refuse_parted(text: Text, line: int, before: list[str], values: list[str]) -> None:
    """Refuse a short line where quotes mean nothing if it looks like a part of a quoted cell with a line break."""
    if any(cells[-1].startswith('"') and cells[-1].count('"') % 2 for cells in (before, values)):
        raise FileFormatError(
            "SK209",
            f"{text.shown}, line {line}: fewer cells than the header after a quote that is not closed, in a file that "
            "begins without quotes. Export it as XLSX, or with every text in quotes",
        )


def _row(columns: list[str], values: list[str]) -> Row:
    return dict(zip(columns, [*values[: len(columns)], *[None] * (len(columns) - len(values))], strict=True))


def _misquoted(text: Text, line: int, error: csv.Error) -> FileFormatError:
    what = str(error)
    if "new-line character" in what:
        return FileFormatError(
            "SK209",
            f"{text.shown}, line {line}: a carriage return inside a cell without quotes, where other lines end in a "
            "line feed. Delete it, quote the cell, or export the file as XLSX",
        )
    if "unexpected end" in what or "field limit" in what:
        what = "a cell begins with a quote that is never closed"
    elif "expected after" in what:
        what = "a quote inside a quoted cell is not doubled"
    return FileFormatError(
        "SK209", f'{text.shown}, line {line}: {what}. Write quotes inside a cell twice (""), or export the file as XLSX'
    )


def _shape(text: Text, *, tabs: bool) -> _Shape:
    with text.open() as stream:
        head = stream.read(_SNIFFED)
    # Line ends and delimiters inside quotes do not count.
    plain = _QUOTED.sub(lambda cell: re.sub(r"[,;|\t\r\n]", " ", cell[0]), head)
    lines = _LINE_END.split(plain)
    end = _LINE_END.search(plain)
    newline = "" if end and end[0] == "\r" else "\n"
    first = _LINE_END.split(head, 1)[0].strip(" ")
    if named := re.fullmatch(r'"?sep=([,;|\t])"?', first):  # Excel's own way to name it
        return _Shape(named[1], _quoting(head, named[1]), 1, newline)
    delimiter = "\t" if tabs else _delimiter(text, lines)
    return _Shape(delimiter, _quoting(head, delimiter), 0, newline)


def _delimiter(text: Text, lines: list[str]) -> str:
    """Return the delimiter that the header has most of; without any, each line is one text."""
    filled = [line for line in lines if line.strip()][:_SNIFFED_LINES]
    counts = [{sign: line.count(sign) for sign in _DELIMITERS} for line in filled]
    if not counts:
        return ","
    best = max(_DELIMITERS, key=counts[0].__getitem__)
    if counts[0][best]:
        return best
    for sign in _DELIMITERS:
        found = {count[sign] for count in counts[1:-1]}
        if len(filled) > _ENOUGH_LINES and len(found) == 1 and found != {0}:
            raise FileFormatError(
                "SK206",
                f"{text.shown}: the first line has one cell ({filled[0][:40]!r}), those below have {found.pop() + 1}. "
                "Delete title lines above the header, or add the missing names",
            )
    return "\x1f"  # the control character for this purpose, which no text holds


def _quoting(head: str, delimiter: str) -> Any:  # noqa: ANN401  csv's constants
    """Return whether quotes mean anything: tab-separated exports are often written without any quoting."""
    if delimiter != "\t":
        return csv.QUOTE_MINIMAL
    quoted = re.search(r'(?:^|\t)"[^\t]*"(?:\t|\r?$)', head, re.MULTILINE)
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
