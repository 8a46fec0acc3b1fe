"""Tables out, in the format that the suffix names: written beside the target first, moved there when complete."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.errors import FileFormatError

Row = dict[str, Any]


class Writer(Protocol):
    """Writes chunks of rows to an open file."""

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

    Args:
        file: A ``.csv``, ``.tsv``, ``.jsonl`` (or ``.ndjson``) or ``.parquet`` file.
        columns: The columns of the input, in order; the ``sk_`` columns follow them.
        schema: Types of the input's columns where they are known.

    Raises:
        FileFormatError: If the suffix is none of these, or the folder does not exist.
    """
    check_target(file)
    partial = file.with_name(f"{file.name}.partial")
    suffix = file.suffix.lower()
    names = [*columns, *COLUMNS]
    writer: Writer
    if suffix == ".parquet":
        writer = _ParquetWriter(partial, names, schema)
    elif suffix in {".csv", ".tsv"}:
        writer = _DelimitedWriter(partial, names, "\t" if suffix == ".tsv" else ",")
    else:
        writer = _JsonLinesWriter(partial)
    try:
        with writer:
            yield writer
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_target(file: Path) -> None:
    """Raise a `FileFormatError` if a table cannot be written under this name."""
    if file.suffix.lower() not in _SUFFIXES:
        raise FileFormatError("SK221", f"cannot write {file.name!r}: wanted a name in {', '.join(_SUFFIXES)}")
    if not file.resolve().parent.is_dir():
        raise FileFormatError("SK222", f"there is no folder {file.resolve().parent}; make it first")


_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


class _File:
    """Opens a text file on entering a block and closes it on leaving."""

    def __init__(self, file: Path, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self._stream: TextIO | None = None

    def __enter__(self) -> Self:
        self._stream = self._file.open("w", encoding=self._encoding, newline="", errors="backslashreplace")
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    @property
    def stream(self) -> TextIO:
        assert self._stream is not None, "write() outside of the writer's block"  # noqa: S101
        return self._stream


class _DelimitedWriter(_File):
    def __init__(self, file: Path, names: list[str], delimiter: str) -> None:
        # With the byte-order mark Excel reads the letters right; every other reader skips it.
        super().__init__(file, "utf-8-sig")
        self._names, self._delimiter = names, delimiter

    def __enter__(self) -> Self:
        super().__enter__()
        self._csv = csv.DictWriter(
            self.stream, self._names, delimiter=self._delimiter, extrasaction="ignore", lineterminator="\r\n"
        )
        self._csv.writeheader()
        return self

    def write(self, rows: list[Row]) -> None:
        self._csv.writerows([{name: _cell(value) for name, value in row.items()} for row in rows])


class _JsonLinesWriter(_File):
    def __init__(self, file: Path) -> None:
        super().__init__(file, "utf-8")

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            self.stream.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


class _ParquetWriter:
    def __init__(self, file: Path, names: list[str], schema: pa.Schema | None) -> None:
        # What came without types (CSV, JSON lines) is written as text, so that a late row cannot break the file.
        own = {} if schema is None else {field.name: field.type for field in schema}
        types = {name: COLUMNS.get(name) or own.get(name, pa.string()) for name in names}
        self._as_text = {name for name in names if name not in COLUMNS and name not in own}
        self._schema = pa.schema(list(types.items()))
        self._file = file

    def __enter__(self) -> Self:
        self._table = pq.ParquetWriter(self._file, self._schema, compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._table.close()

    def write(self, rows: list[Row]) -> None:
        typed = [
            {
                name: _cell(value) if name in self._as_text or isinstance(value, str) else value
                for name, value in row.items()
            }
            for row in rows
        ]
        self._table.write_table(pa.Table.from_pylist(typed, schema=self._schema))


def _cell(value: Any) -> str | None:  # noqa: ANN401  any JSON value
    if value is None or isinstance(value, str):
        return None if value is None else value.encode("utf-8", "backslashreplace").decode()
    return json.dumps(value, ensure_ascii=False, default=str)
