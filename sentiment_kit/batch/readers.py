"""Tables in: CSV, TSV, JSON, JSON lines, Parquet and XLSX, packed or not, one or several, a chunk of rows at a time.

The content of a file counts for more than its name: what is surely Parquet, XLSX, gzip or Zstandard is read as that.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from sentiment_kit.batch.columns import Columns, find_columns
from sentiment_kit.batch.compression import PACKED_SUFFIXES, format_suffix, is_packed, open_unpacked
from sentiment_kit.batch.delimited import open_delimited
from sentiment_kit.batch.encodings import find_encoding
from sentiment_kit.batch.json_tables import open_json
from sentiment_kit.batch.parquet import open_parquet
from sentiment_kit.batch.source import FILE_COLUMN, Row, Source, chunked
from sentiment_kit.batch.spreadsheet import open_spreadsheet
from sentiment_kit.errors import FileFormatError, SentimentKitError

__all__ = ["FILE_COLUMN", "SUFFIXES", "Columns", "Row", "Source", "find_columns", "open_source", "open_sources"]

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""What can be read and written; each also with ``.gz`` or ``.zst`` after it."""

STANDARD_INPUT = Path("-")

_HEAD = 4096
_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"
_MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<div", b"<head")
_NOT_TABLES = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls) or one with a password; save it as XLSX without a password",
    b"%PDF": "a PDF; export the table as CSV or XLSX",
    b"{\\rtf": "a text document; export the table as CSV or XLSX",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
}


def open_source(file: Path, encoding: str | None = None) -> Source:
    """Open a table.

    The whole of a text file is read once before the first row is given, so that a broken line is told at once.

    Args:
        file: A file whose name ends in one of `SUFFIXES`, with ``.gz`` or ``.zst`` after it or not; ``-`` is standard
            input (CSV or JSON by its content).
        encoding: Encoding of a text file; by default it is found.

    Raises:
        FileFormatError: If the file is missing, of another kind, broken, or in an encoding that cannot be told.
        MissingExtraError: If reading XLSX needs an extra that is not installed.
    """
    try:
        source = _open(file, encoding)
    except SentimentKitError:
        raise
    except Exception as error:  # a broken XLSX file makes its reader raise nearly anything
        raise _unreadable(file, error) from error
    return replace(source, chunks=_guarded(file, source.chunks))


def open_sources(files: Sequence[Path], encoding: str | None = None) -> Source:
    """Open several tables as one: their rows one file after the other, the union of their columns.

    Args:
        files: The files, in order. Where there is more than one, a column ``sk_file`` holds the name of the row's file.
        encoding: Encoding of the text files; by default each one's is found.

    Raises:
        FileFormatError: As `open_source`; also if no file is given.
    """
    if not files:
        raise FileFormatError("SK202", "no file is given; name at least one")
    if len(files) == 1:
        return open_source(files[0], encoding)
    sources = [open_source(file, encoding) for file in files]
    columns = dict.fromkeys(name for source in sources for name in source.columns)
    columns[FILE_COLUMN] = None
    names = dict.fromkeys(source.encoding for source in sources if source.encoding)
    totals = [source.total for source in sources]
    return Source(
        list(columns),
        chunked(_rows_of_all(files, sources)),
        None if None in totals else sum(total or 0 for total in totals),
        _common_schema(sources),
        ", ".join(names) or None,
        list(dict.fromkeys(note for source in sources for note in source.notes)),
    )


def _rows_of_all(files: Sequence[Path], sources: list[Source]) -> Iterator[Row]:
    for file, source in zip(files, sources, strict=True):
        for chunk in source.chunks:
            for row in chunk:
                yield {**row, FILE_COLUMN: row.get(FILE_COLUMN) or str(file)}


def _common_schema(sources: Iterable[Source]) -> pa.Schema | None:
    """Return the types of all columns if every file has types and no two disagree."""
    schemas = [source.schema for source in sources]
    if any(schema is None for schema in schemas):
        return None
    file_column = pa.schema([(FILE_COLUMN, pa.string())])
    try:
        return pa.unify_schemas([*(schema.remove_metadata() for schema in schemas if schema), file_column])
    except pa.ArrowException:
        return None


def _open(file: Path, encoding: str | None) -> Source:
    spooled = file == STANDARD_INPUT
    shown = "standard input" if spooled else str(file)
    path = _standard_input() if spooled else file
    if not path.is_file():
        what = "is a folder; name the files in it" if path.is_dir() else "does not exist"
        raise FileFormatError("SK202", f"there is no file {file}: it {what}")
    path = _random_access(path)
    kind, notes = _kind(path, "" if spooled else format_suffix(file), shown)
    if kind == ".parquet":
        source = open_parquet(path)
    elif kind == ".xlsx":
        source = open_spreadsheet(path, shown)
    else:
        text = find_encoding(path, encoding, shown)
        source = (
            open_delimited(text, tabs=kind == ".tsv")
            if kind in {".csv", ".tsv"}
            else open_json(text, lines=kind != ".json")
        )
    return replace(source, notes=[*notes, *source.notes])


def _kind(path: Path, suffix: str, shown: str) -> tuple[str, list[str]]:
    """Return the format as a suffix, and a note where the content is another than the name says."""
    with open_unpacked(path) as stream:
        head = stream.read(_HEAD)
    if not head:
        raise FileFormatError("SK208", f"{shown} is empty; wanted a table")
    if surely := _sure_kind(path, head, shown):
        differs = suffix not in {"", surely}
        return surely, [f"{shown} is {surely[1:].upper()} by its content and read as that"] if differs else []
    if suffix in {".parquet", ".xlsx"}:
        raise FileFormatError(
            "SK208",
            f"{shown} is not {suffix[1:].upper()} by its content; name it by its real format, or export it anew",
        )
    if suffix in SUFFIXES:
        return suffix, []
    if path == Path(shown):
        wanted = ", ".join(SUFFIXES)
        packed = " or ".join(PACKED_SUFFIXES)
        raise FileFormatError("SK201", f"cannot read {shown}: wanted a name in {wanted}, with {packed} after it or not")
    return (".json" if _begin(head)[:1] in {b"{", b"["} else ".csv"), []


def _begin(head: bytes) -> bytes:
    """Return the first letters in lower case, whether the text is UTF-8 or UTF-16, marked or not."""
    return head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()


def _sure_kind(path: Path, head: bytes, shown: str) -> str | None:
    """Return the format if the first bytes leave no doubt; refuse what is no table."""
    if head.startswith(_PARQUET):
        return ".parquet"
    if head.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if "xl/workbook.xml" in names:
            return ".xlsx"
        raise FileFormatError(
            "SK208", f"{shown} is a ZIP archive ({', '.join(names[:3])}); unpack it and name the tables in it"
        )
    what = next((what for start, what in _NOT_TABLES.items() if head.startswith(start)), None)
    if _begin(head).startswith(_MARKUP):
        what = "a web page or XML; open it in a spreadsheet and save it as XLSX or CSV"
    if what:
        raise FileFormatError("SK208", f"{shown} is {what}")
    return None


def _random_access(path: Path) -> Path:
    """Return the file, unpacked into a temporary one where its format needs to be read out of order."""
    if not is_packed(path):
        return path
    with open_unpacked(path) as stream:
        head = stream.read(len(_PARQUET))
    if head not in {_PARQUET, _ZIP}:
        return path
    with open_unpacked(path) as stream:
        return _kept(stream)


@cache
def _standard_input() -> Path:
    """Keep standard input in a temporary file, once, so that it can be read again."""
    return _kept(sys.stdin.buffer)


def _kept(stream: BinaryIO) -> Path:
    with tempfile.NamedTemporaryFile(prefix="sentiment-kit-", delete=False) as copy:
        atexit.register(Path(copy.name).unlink, missing_ok=True)
        shutil.copyfileobj(stream, copy)
    return Path(copy.name)


def _guarded(file: Path, chunks: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Yield chunks; whatever a library says of a broken file becomes our error."""
    try:
        yield from chunks
    except SentimentKitError:
        raise
    except Exception as error:  # a broken XLSX file makes its reader raise nearly anything
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: BaseException) -> FileFormatError:
    if isinstance(error, UnicodeError):
        return FileFormatError("SK205", f"{file} cannot be decoded ({error}); name its encoding with --encoding")
    what = str(error) or type(error).__name__
    return FileFormatError("SK208", f"cannot read {file}: {what}. If it is cut off or damaged, export it anew")
