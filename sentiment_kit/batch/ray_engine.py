"""Scoring on a Ray cluster, or on the cores of this machine: Parquet files in, a folder of Parquet files out."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_kit.batch.predictor import Predictor
from sentiment_kit.batch.readers import FILE_COLUMN, Source, find_columns, open_source, open_sources
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.scoring import Options, score
from sentiment_kit.batch.source import CHUNK
from sentiment_kit.batch.summary import Summary
from sentiment_kit.batch.workers import ONE_THREAD
from sentiment_kit.batch.writers import check_target
from sentiment_kit.encoder.onnx import available_cores
from sentiment_kit.errors import FileFormatError, MissingExtraError, SentimentKitError

if TYPE_CHECKING:
    import ray.data

_SUFFIX = ".parquet"
# A task scores so many rows, some seconds of work; a file of the target holds at least so many.
_TASK_ROWS, _FILE_ROWS = 4 * CHUNK, 65_536


def score_dataset(  # noqa: PLR0913  the options of a run
    sources: Sequence[Path],
    target: Path,
    options: Options | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    workers: int | None = None,
    bars: bool = False,
) -> Summary:
    """Score every row of a Parquet data set with Ray Data and write it with the ``sk_`` columns added.

    Rows, order and values are those of `score_file`: the same chunks are scored. The cluster is the one that this
    process is connected to, or that of the environment variable ``RAY_ADDRESS``; without either Ray runs on this
    machine for as long as the call takes. All machines must see the files under the same names.

    Args:
        sources: Parquet files, and folders with Parquet files at any depth.
        target: The folder to write, named ``.parquet``; it appears when all rows are written.
        options: Model, patterns and language.
        columns: Names of columns, as for `score_file`.
        workers: Processes that score; by default one for each core.
        bars: Whether Ray shows its bars.

    Returns:
        What was counted.

    Raises:
        FileFormatError: If a source cannot be read, the target cannot be written, or Ray has failed.
        ModelError: If the model cannot be loaded.
        MissingExtraError: If Ray is not installed.
    """
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.needs("ray", "--engine ray") from error

    options = options or Options()
    files = list(_files(sources))
    _check_folder(target)
    table = open_sources(files)
    text = find_columns(table.columns, next(table.chunks, []), columns or {}).text
    schema = _schema(table, text)
    score(options, [])  # a model that cannot be loaded is told here, and not by a machine far away
    options = _absolute(options)
    with _partial(target) as partial, _connected(workers) as pool, _context(bars), _quiet(), _told():
        tasks = -(-(table.total or 0) // _TASK_ROWS)
        _write(_scored(files, schema, text, options, min(pool, max(tasks, 1))), schema, partial)
        _check_count(partial, table.total)
        partial.rename(target)
    return _summary(target, text, table.notes)


def _parts(folder: Path) -> list[Path]:
    """Return the files of a scored table in the order of its rows."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _files(sources: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, those of a folder in the order of their names."""
    for source in sources:
        found = _files_in(source) if source.is_dir() else [source]
        if not found:
            raise FileFormatError("SK251", f"the folder {source} holds no {_SUFFIX} file; name one that does")
        for file in found:
            if file.suffix.lower() != _SUFFIX:
                raise FileFormatError(
                    "SK251", f"--engine ray reads {_SUFFIX} files and folders of them, not {file}; leave out --engine"
                )
            yield file


def _files_in(folder: Path) -> list[Path]:
    """Return the files at any depth without those that Spark keeps for itself (``_SUCCESS``, ``_temporary/``)."""
    found = [file.relative_to(folder) for file in sorted(folder.rglob(f"*{_SUFFIX}")) if file.is_file()]
    wanted = [file for file in found if not any(part.startswith(("_", ".")) for part in file.parts)]
    for file in wanted:
        if any("=" in part for part in file.parts[:-1]):
            raise FileFormatError(
                "SK251",
                f"{folder} is cut into folders such as {file.parent}, whose values are not in the files;"
                " write it without partitions",
            )
    return [folder / file for file in wanted]


def _check_folder(target: Path) -> None:
    """Refuse a target that cannot be written."""
    if target.suffix.lower() != _SUFFIX:
        raise FileFormatError(
            "SK251",
            f"--engine ray writes a folder named {_SUFFIX}, not {target.name!r}; rename it, or leave out --engine",
        )
    if target.exists():
        raise FileFormatError("SK252", f"{target} exists; remove it, or give another name")
    check_target(target)


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """Make the folder that is written first, ours alone; where the block fails it is removed."""
    partial = target.resolve().with_name(f"{target.name}.partial")
    try:
        partial.mkdir()
    except FileExistsError as error:
        raise FileFormatError(
            "SK252",
            f"{partial} is being written by another run, or was left by a killed run; remove it, or give another name",
        ) from error
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _schema(table: Source, text: str) -> pa.Schema:
    """Return the types of the source's columns, which all parts of the target must share."""
    if table.schema is None:
        raise FileFormatError(
            "SK253", "the files disagree about the type of a column; write them alike, or leave out --engine"
        )
    schema = pa.schema([table.schema.field(name) for name in table.columns])
    if pa.types.is_binary(schema.field(text).type) or pa.types.is_large_binary(schema.field(text).type):
        raise FileFormatError("SK253", f"the text column {text!r} is binary; write it as string, or leave out --engine")
    return schema


def _absolute(options: Options) -> Options:
    """Return the options with whole paths: other machines have other current folders. A name on the hub is kept."""

    def whole(name: str) -> str:
        return str(Path(name).absolute()) if Path(name).exists() else name

    return replace(
        options,
        model=None if options.model is None else whole(options.model),
        patterns=tuple(map(whole, options.patterns)),
    )


@dataclass(frozen=True)
class _Reader:
    """Reads files on whichever machine, the cells as the local engine has them."""

    schema: pa.Schema
    several: bool

    def __call__(self, files: dict[str, Any]) -> Iterator[pa.Table]:
        for file, shown in zip(files["file"], files["shown"], strict=True):
            for rows in open_source(Path(file)).chunks:
                if self.several:
                    for row in rows:
                        row[FILE_COLUMN] = row.get(FILE_COLUMN) or shown
                cells = {name: [row.get(name) for row in rows] for name in self.schema.names}
                yield pa.table(cells, schema=self.schema)


def _scored(files: list[Path], schema: pa.Schema, text: str, options: Options, pool: int) -> ray.data.Dataset:
    import ray.data

    names = [{"file": str(file.resolve()), "shown": str(file)} for file in files]
    reader = _Reader(schema, several=len(files) > 1)
    rows = ray.data.from_items(names, override_num_blocks=len(names)).map_batches(reader, batch_size=1)
    # Cut across files into the very chunks of the local engine: the last digit may hang on a text's neighbours.
    return rows.repartition(target_num_rows_per_block=_TASK_ROWS, strict=True).map_batches(
        Predictor,
        fn_constructor_args=(text,),
        fn_constructor_kwargs={"model": options.model, "patterns": options.patterns, "language": options.language},
        batch_size=CHUNK,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=pool),
        num_cpus=1,
        runtime_env={"env_vars": ONE_THREAD},
    )


def _write(rows: ray.data.Dataset, schema: pa.Schema, partial: Path) -> None:
    rows.write_parquet(str(partial), min_rows_per_file=_FILE_ROWS, compression="zstd")
    if not _parts(partial):  # no rows, no files: the columns would be lost
        names = [field for field in schema if field.name not in COLUMNS]
        empty = pa.schema([*names, *COLUMNS.items()]).empty_table()
        pq.write_table(empty, partial / f"empty{_SUFFIX}")


def _check_count(partial: Path, wanted: int | None) -> None:
    """Refuse a result that lacks rows or has some twice, whatever has happened to the machines."""
    written = sum(pq.ParquetFile(part).metadata.num_rows for part in _parts(partial))
    if written != wanted:
        raise FileFormatError("SK254", f"Ray has written {written} rows of {wanted}; nothing is kept, run it again")


def _summary(target: Path, text: str, notes: list[str]) -> Summary:
    summary = Summary(text=text, notes=notes)
    for part in _parts(target):
        with pq.ParquetFile(part) as table:
            for rows in table.iter_batches(CHUNK, columns=[text, *COLUMNS]):
                for row in rows.to_pylist():
                    summary.add(row.pop(text), row)
    return summary


@contextmanager
def _connected(workers: int | None) -> Iterator[int]:
    """Connect to a cluster, or begin one on this machine; yield the number of processes that score."""
    import ray

    own = not ray.is_initialized()
    if own:
        _connect(workers)
    try:
        cluster: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        yield _pool(workers, int(cluster.get("CPU", 0)))
    finally:
        if own:
            ray.shutdown()


def _connect(workers: int | None) -> None:
    import ray
    from ray.exceptions import RayError

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(
            address or "local",
            num_cpus=None if address else (workers or available_cores()) + 1,
            include_dashboard=None if address else False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except (ConnectionError, RuntimeError, ValueError, RayError) as error:
        raise FileFormatError(
            "SK254",
            f"cannot connect to Ray at {address}: {error}; start it, or unset RAY_ADDRESS"
            if address
            else f"cannot start Ray on this machine: {error}; leave out --engine",
        ) from error


def _pool(workers: int | None, cores: int) -> int:
    """Return the number of processes; one that held all cores would leave none to read and write, and wait for ever."""
    pool = workers or cores - 1
    if 0 < pool < cores:
        return pool
    raise FileFormatError(
        "SK255",
        f"the cluster has {cores} cores, too few for {pool} processes; leave one core free for reading and writing: "
        f"--workers {cores - 1}"
        if cores > 1
        else f"the cluster has too few cores ({cores}), scoring needs two; add a machine, or leave out --engine",
    )


@contextmanager
def _context(bars: bool) -> Iterator[None]:
    """Have Ray Data keep the order while the block runs, with bars or without."""
    from ray.data import DataContext

    context = DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = bars
    context.print_on_execution_start = False
    with DataContext.current(context):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what Ray Data logs of its progress, and of failures that we tell, while the block runs."""
    levels = {"": logging.WARNING, "._internal.progress": logging.CRITICAL, ".exceptions": logging.CRITICAL}
    loggers = {logging.getLogger(f"ray.data{name}"): level for name, level in levels.items()}
    before = {logger: logger.level for logger in loggers}
    try:
        for logger, level in loggers.items():
            logger.setLevel(level)
        yield
    finally:
        for logger, level in before.items():
            logger.setLevel(level)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what Ray raises into our error, with what was said first on the machine where it happened."""
    from ray.data.exceptions import ExecutionTimeoutError
    from ray.exceptions import RayError

    try:
        yield
    except (RayError, ExecutionTimeoutError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        ours = [line.partition(": ")[2] for line in lines if line.startswith(SentimentKitError.__module__)]
        raise FileFormatError("SK254", f"Ray has failed: {(ours or lines)[-1]}") from error
