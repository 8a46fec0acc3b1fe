"""Parquet in, with its types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_kit.batch.source import CHUNK, Row, Source, chunked, distinct


def open_parquet(file: Path) -> Source:
    """Open a Parquet file.

    Timestamps are read to the microsecond, binary columns that hold UTF-8 as text; a second column of the same name
    gets a number.
    """
    with closing(pq.ParquetFile(file)) as table:
        total = table.metadata.num_rows
        columns = distinct(table.schema_arrow.names)
        schema = pa.schema(
            [(name, _readable(field.type)) for name, field in zip(columns, table.schema_arrow, strict=True)]
        )

    def rows() -> Iterator[Row]:
        # Without reading ahead, a row group of millions of rows is never in memory as a whole.
        with closing(pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)) as table:
            for batch in table.iter_batches(batch_size=CHUNK, use_threads=False):
                arrays = [_cast(array, field.type) for array, field in zip(batch.columns, schema, strict=True)]
                yield from pa.RecordBatch.from_arrays(arrays, names=columns).to_pylist()

    return Source(columns, chunked(rows()), total, schema)


def _readable(kind: pa.DataType) -> pa.DataType:
    """Return the type to which values are cast so that Python can hold them."""
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_dictionary(kind):
        return _readable(kind.value_type)
    return kind


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        try:
            return array.cast(pa.large_string())
        except pa.ArrowInvalid:
            return array
    return array if array.type == kind else array.cast(kind, safe=False)
