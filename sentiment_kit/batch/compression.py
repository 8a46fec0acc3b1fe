"""Bytes in and out of files that may be packed with gzip or Zstandard.

Reading goes by the content, so a packed file without ``.gz`` is read too; writing goes by the suffix.
"""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

PACKED_SUFFIXES = (".gz", ".zst")

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def format_suffix(file: Path) -> str:
    """Return the suffix that names the format, in lower case: ``.csv`` for ``reviews.CSV.gz``."""
    inner = file.with_suffix("") if file.suffix.lower() in PACKED_SUFFIXES else file
    return inner.suffix.lower()


def is_packed(file: Path) -> bool:
    """Say whether the content of a file is packed."""
    with file.open("rb") as stream:
        return stream.read(4).startswith((_GZIP, _ZSTD))


def open_unpacked(file: Path) -> BinaryIO:
    """Open a file for reading its bytes, unpacked on the way where they are packed."""
    with file.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(_GZIP):
        return cast(BinaryIO, gzip.open(file))
    if start == _ZSTD:
        # A cut-off gzip file and a cut-off Zstandard file both raise an error, which zstandard.open() would not.
        return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(os.fspath(file)), "zstd"), 1 << 16)
    return file.open("rb")


def open_packing(file: Path, suffix: str) -> BinaryIO:
    """Open a file for writing bytes, packed as the suffix says; the same bytes always give the same file."""
    if suffix == ".gz":
        # Neither the name nor the time of the run goes into the header.
        return cast(BinaryIO, _ClosingGzip(file))
    if suffix == ".zst":
        return io.BufferedWriter(pa.CompressedOutputStream(pa.OSFile(os.fspath(file), "wb"), "zstd"), 1 << 16)
    return file.open("wb")


class _ClosingGzip(gzip.GzipFile):
    """A gzip file that closes the file below it."""

    def __init__(self, file: Path) -> None:
        self._below = file.open("wb")
        super().__init__(filename="", mode="wb", compresslevel=6, fileobj=self._below, mtime=0)

    def close(self) -> None:
        super().close()
        self._below.close()
