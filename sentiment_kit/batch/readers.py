"""Tables in: CSV, TSV, JSON lines and Parquet, a chunk of rows at a time."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_kit.errors import FileFormatError

Row = dict[str, Any]

TEXT_NAMES = (
    "text",
    "review",
    "review_text",
    "review text",
    "comment",
    "comments",
    "content",
    "body",
    "feedback",
    "message",
    "description",
    "レビュー",
    "口コミ",
    "コメント",
    "本文",
    "відгук",
    "коментар",
    "текст",
    "نظر",
    "متن",
    "دیدگاه",
)
"""Names under which exports hold the text, surest first; compared without case."""

_CHUNK = 512
_SNIFFED = 64 * 1024
_MANY_COLUMNS = 12


@dataclass(frozen=True)
class Source:
    """An open table.

    Attributes:
        columns: Names of its columns, in order.
        chunks: Yields lists of rows; each row maps every column to its value.
        total: Number of rows where the format says so beforehand, else None.
        schema: Types of the columns where the format has types, else None.
    """

    columns: list[str]
    chunks: Iterator[list[Row]]
    total: int | None
    schema: pa.Schema | None


def open_source(file: Path, encoding: str = "utf-8") -> Source:
    """Open a table by the suffix of its name.

    Args:
        file: A ``.csv``, ``.tsv``, ``.jsonl`` (or ``.ndjson``) or ``.parquet`` file.
        encoding: Encoding of a text file; a byte-order mark is understood and dropped.

    Raises:
        FileFormatError: If the file is missing, of another kind, or not what its suffix says.
    """
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise FileFormatError("SK201", f"cannot read {file.name!r}: wanted a name in {', '.join(_READERS)}")
    if not file.is_file():
        raise FileFormatError("SK202", f"there is no file {file}")
    try:
        return reader(file, "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding)
    except (OSError, ValueError, LookupError, csv.Error, pa.ArrowException) as error:
        raise _unreadable(file, error) from error


def find_text_column(columns: list[str], wanted: str | None) -> str:
    """Return the name of the column that holds the text.

    Args:
        columns: Names of the columns.
        wanted: The name that the user gave, or None to look for a usual one.

    Raises:
        FileFormatError: If there is no such column, or none with a usual name.
    """
    shown = ", ".join(repr(name) for name in columns[:_MANY_COLUMNS]) + (
        ", ..." if len(columns) > _MANY_COLUMNS else ""
    )
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise FileFormatError("SK203", f"there is no column {wanted!r}; the columns are {shown}")
    by_name = {name.strip().lower(): name for name in reversed(columns)}
    for name in TEXT_NAMES:
        if name in by_name:
            return by_name[name]
    if len(columns) == 1:
        return columns[0]
    raise FileFormatError(
        "SK204", f"no column has a usual name for the text; name one with --text. The columns are {shown}"
    )


def _delimited(file: Path, encoding: str) -> Source:
    csv.field_size_limit(2**31 - 1)
    delimiter = "\t" if file.suffix.lower() == ".tsv" else _delimiter(file, encoding)
    # Strict, so that a quote that is never closed is an error and does not swallow the rows after it.
    options: dict[str, Any] = {
        "delimiter": delimiter,
        "strict": True,
        "quoting": _quoting(file, encoding, delimiter),
    }
    with file.open(encoding=encoding, newline="") as stream:
        header = next(csv.reader(stream, **options), None)
    if not header:
        raise ValueError("the file is empty; wanted a header line with the names of the columns")
    columns = _distinct(header)

    def rows() -> Iterator[Row]:
        with file.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, **options)
            next(reader)
            for values in reader:
                # A blank line is a blank text in a table of one column, and nothing in any other.
                if values or len(columns) == 1:
                    yield _row(file, reader.line_num, columns, values or [""])

    return Source(columns, _chunked(file, rows()), None, None)


def _delimiter(file: Path, encoding: str) -> str:
    with file.open(encoding=encoding, newline="") as stream:
        header = stream.read(_SNIFFED).partition("\n")[0]
    return max(",;\t|", key=header.count)


def _quoting(file: Path, encoding: str, delimiter: str) -> Literal[0, 3]:
    """Return whether quotes mean anything: TSV exports are often written without any quoting."""
    if delimiter != "\t":
        return csv.QUOTE_MINIMAL
    with file.open(encoding=encoding, newline="") as stream:
        quoted = re.search(r'(?:^|\t)"[^\t]*"(?:\t|\r?$)', stream.read(_SNIFFED), re.MULTILINE)
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def _distinct(names: list[str]) -> list[str]:
    """Return names of which none stands twice: a second ``text`` becomes ``text_2``."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return distinct


def _row(file: Path, line: int, columns: list[str], values: list[str]) -> Row:
    while len(values) > len(columns) and not values[-1]:
        values = values[:-1]
    if len(values) > len(columns):
        raise FileFormatError(
            "SK206", f"{file}, line {line}: found {len(values)} values, the header has {len(columns)} columns"
        )
    return dict(zip(columns, [*values, *[None] * (len(columns) - len(values))], strict=True))


def _json_lines(file: Path, encoding: str) -> Source:
    # One pass for the keys, which may come up in any line; beside the scoring it costs next to nothing.
    columns: dict[str, None] = {}
    with file.open(encoding=encoding) as stream:
        for number, line in enumerate(stream, 1):
            columns.update(dict.fromkeys(_record(file, number, line) if line.strip() else ()))

    def rows() -> Iterator[Row]:
        with file.open(encoding=encoding) as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _record(file, number, line)

    return Source(list(columns), _chunked(file, rows()), None, None)


def _record(file: Path, number: int, line: str) -> Row:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise FileFormatError("SK207", f"{file}, line {number}: no JSON object ({error})") from error
    if not isinstance(record, dict):
        raise FileFormatError("SK207", f"{file}, line {number}: wanted a JSON object, found {line[:40]!r}")
    return record


def _parquet(file: Path, encoding: str) -> Source:
    table = pq.ParquetFile(file)

    def chunks() -> Iterator[list[Row]]:
        with table:
            try:
                for batch in table.iter_batches(batch_size=_CHUNK):
                    yield batch.to_pylist()
            except (OSError, pa.ArrowException) as error:
                raise _unreadable(file, error) from error

    schema = table.schema_arrow
    return Source(list(schema.names), chunks(), table.metadata.num_rows, schema)


def _chunked(file: Path, rows: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    try:
        for row in rows:
            chunk.append(row)
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(file, error) from error
    if chunk:
        yield chunk


def _unreadable(file: Path, error: Exception) -> FileFormatError:
    if isinstance(error, FileFormatError):
        return error
    if isinstance(error, UnicodeDecodeError):
        return FileFormatError(
            "SK205",
            f"{file} is not {error.encoding}: byte 0x{error.object[error.start]:02x} at offset {error.start}. "
            "Name its encoding with --encoding (cp932, cp1251, cp1256, utf-16).",
        )
    return FileFormatError("SK208", f"cannot read {file}: {error}")


_READERS: dict[str, Callable[[Path, str], Source]] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
