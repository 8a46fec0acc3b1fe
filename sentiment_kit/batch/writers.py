"""Tables out, in the format that the suffix names: written beside the target first, moved there when complete."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_kit.batch.cells import as_json, as_text, encodable, neutral
from sentiment_kit.batch.compression import PACKED_SUFFIXES, format_suffix, open_packing
from sentiment_kit.batch.readers import SUFFIXES
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.source import Row
from sentiment_kit.batch.workbook import SpreadsheetWriter, require_xlsxwriter
from sentiment_kit.errors import FileFormatError

_PACKED_INSIDE = (".parquet", ".xlsx")
# Rows and bytes that make a row group of a Parquet file: large enough to be read fast, small enough for the memory.
_GROUP_ROWS, _GROUP_BYTES = 65_536, 64 << 20


class Writer(Protocol):
    """Writes chunks of rows to an open file."""

    @property
    def notes(self) -> list[str]:
        """What the user should know about what was written, complete after the last row."""
        ...

    def write(self, rows: list[Row]) -> None:
        """Append rows."""
        ...

    def __enter__(self) -> Self:
        """Open the file."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        ...


@contextmanager
def open_writer(file: Path, columns: list[str], schema: pa.Schema | None) -> Iterator[Writer]:
    """Open a table for writing; the file appears under its name when the block ends without an error.

    The same rows always give the same bytes.

    Args:
        file: A ``.csv``, ``.tsv``, ``.json``, ``.jsonl`` (or ``.ndjson``), ``.parquet`` or ``.xlsx`` file; the text
            formats also with ``.gz`` or ``.zst`` after them.
        columns: The columns of the input, in order; the ``sk_`` columns follow them.
        schema: Types of the input's columns where they are known.

    Raises:
        FileFormatError: If the file cannot be written under this name, or the disk is full.
        MissingExtraError: If writing XLSX needs an extra that is not installed.
    """
    check_target(file)
    partial = file.with_name(f"{file.name}.partial")
    names = [*(name for name in columns if name not in COLUMNS), *COLUMNS]
    try:
        with _Told(_writer(file, partial, names, schema), file) as writer:
            yield writer
        with _told(file):
            _settle(partial)
            partial.replace(file)
            _settle_name(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_target(file: Path) -> None:
    """Raise a `FileFormatError` if a table cannot be written under this name."""
    suffix, packed = format_suffix(file), file.suffix.lower() in PACKED_SUFFIXES
    if suffix not in SUFFIXES:
        wanted = ", ".join(SUFFIXES)
        raise FileFormatError("SK221", f"cannot write {file.name!r}: wanted a name in {wanted}")
    if packed and suffix in _PACKED_INSIDE:
        raise FileFormatError(
            "SK221", f"cannot write {file.name!r}: {suffix} is packed already; leave out {file.suffix}"
        )
    folder = file.resolve().parent
    if not folder.is_dir():
        raise FileFormatError("SK222", f"there is no folder {folder}; make it first")
    if file.is_dir():
        raise FileFormatError("SK224", f"{file} is a folder; name a file in it")
    if not os.access(folder, os.W_OK):
        raise FileFormatError("SK222", f"the folder {folder} may not be written to; name a file in another")
    if suffix == ".xlsx":
        require_xlsxwriter()


def _writer(file: Path, partial: Path, names: list[str], schema: pa.Schema | None) -> Writer:
    suffix, packing = format_suffix(file), file.suffix.lower()
    if suffix == ".parquet":
        return _ParquetWriter(partial, names, schema)
    if suffix == ".xlsx":
        return SpreadsheetWriter(partial, names)
    if suffix in {".csv", ".tsv"}:
        return _DelimitedWriter(partial, packing, names, "\t" if suffix == ".tsv" else ",")
    return _JsonArrayWriter(partial, packing) if suffix == ".json" else _JsonLinesWriter(partial, packing)


def _settle(file: Path) -> None:
    """Have the system write a file to the disk, so that a power cut cannot leave an empty one under the final name."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _settle_name(file: Path) -> None:
    """Have the finished file's name on the disk before the work that could make it again is removed."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(file.resolve().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Make an error of ours of what the system says where a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise FileFormatError("SK235", f"cannot write {file} ({error}); is the disk full? Make some space.") from error


class _Told:
    """A writer that tells its own failures, and only those: whoever uses it may fail for other reasons."""

    def __init__(self, writer: Writer, file: Path) -> None:
        self._writer, self._file = writer, file

    @property
    def notes(self) -> list[str]:
        return self._writer.notes

    def write(self, rows: list[Row]) -> None:
        with _told(self._file):
            self._writer.write(rows)

    def __enter__(self) -> Self:
        with _told(self._file):
            self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _told(self._file):
            self._writer.__exit__(kind, error, trace)


class _TextWriter:
    """Opens a text file on entering a block and closes it on leaving."""

    def __init__(self, file: Path, packing: str, encoding: str = "utf-8") -> None:
        self._file, self._packing, self._encoding = file, packing, encoding
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        raw = open_packing(self._file, self._packing)
        self._stream = io.TextIOWrapper(raw, encoding=self._encoding, newline="", errors="backslashreplace")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


class _DelimitedWriter(_TextWriter):
    def __init__(self, file: Path, packing: str, names: list[str], delimiter: str) -> None:
        # With the byte-order mark Excel reads the letters right; every other reader skips it.
        super().__init__(file, packing, "utf-8-sig")
        self._names, self._delimiter = names, delimiter

    def __enter__(self) -> Self:
        super().__enter__()
        self._csv = csv.writer(self._stream, delimiter=self._delimiter, lineterminator="\r\n")
        self._csv.writerow(map(neutral, self._names))
        return self

    def write(self, rows: list[Row]) -> None:
        self._csv.writerows([_safe(row.get(name)) for name in self._names] for row in rows)


def _safe(value: Any) -> str | None:  # noqa: ANN401  any value of a table
    text = as_text(value)
    # A number is no formula, whatever its sign.
    return text if text is None or isinstance(value, int | float | Decimal) else neutral(text)


class _JsonLinesWriter(_TextWriter):
    def write(self, rows: list[Row]) -> None:
        self._stream.writelines(as_json(row) + "\n" for row in rows)


class _JsonArrayWriter(_TextWriter):
    def __enter__(self) -> Self:
        super().__enter__()
        self._before = "["
        return self

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            self._stream.write(f"{self._before}\n{as_json(row)}")
            self._before = ","

    def __exit__(self, *_: object) -> None:
        self._stream.write("[]\n" if self._before == "[" else "\n]\n")
        super().__exit__()


class _ParquetWriter:
    def __init__(self, file: Path, names: list[str], schema: pa.Schema | None) -> None:
        # What came without types (CSV, JSON) is written as text, so that a late row cannot break the file.
        own = {} if schema is None else {field.name: field.type for field in schema}
        types = {name: COLUMNS.get(name) or own.get(name, pa.string()) for name in names}
        self._as_text = {name for name in names if name not in COLUMNS and name not in own}
        self._schema = pa.schema(list(types.items()))
        self._file = file
        self._held: list[pa.Table] = []
        self._rows = self._bytes = 0
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        self._table = pq.ParquetWriter(self._file, self._schema, compression="zstd")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._table.close()

    def write(self, rows: list[Row]) -> None:
        columns = {name: [self._cell(name, row.get(name)) for row in rows] for name in self._schema.names}
        table = pa.table(columns, schema=self._schema)
        self._held.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()

    def _cell(self, name: str, value: Any) -> Any:  # noqa: ANN401  any value of a table
        if name in self._as_text:
            return as_text(value)
        return encodable(value) if isinstance(value, str) else value

    def _flush(self) -> None:
        if self._held:
            self._table.write_table(pa.concat_tables(self._held))
            self._held, self._rows, self._bytes = [], 0, 0
