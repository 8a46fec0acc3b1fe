"""The run: read chunks, score them on all cores, write them in order, and lose nothing when it is interrupted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sentiment_kit.batch.checkpoint import Checkpoint, digest_of
from sentiment_kit.batch.readers import Row, find_columns, open_sources
from sentiment_kit.batch.scoring import Options, Scored
from sentiment_kit.batch.summary import Summary
from sentiment_kit.batch.workers import Engine, finished, open_engine
from sentiment_kit.batch.writers import check_target, open_writer
from sentiment_kit.encoder.onnx import available_cores
from sentiment_kit.errors import FileFormatError

Watch = Callable[[str, dict[str, Any]], None]
"""Is told what happens: ``started``, ``warning``, ``progress`` or ``done``, and what there is to know about it."""

STRICT = "SK231"
"""Code of the error that stops a strict run."""

_FEW = 4
"""Chunks that one process scores before others have loaded the model."""


def score_file(  # noqa: PLR0913  the options of a run
    sources: Path | Sequence[Path],
    target: Path,
    options: Options | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    workers: int | None = None,
    resume: bool = True,
    strict: bool = False,
    watch: Watch = lambda event, facts: None,
) -> Summary:
    """Score every row of a table and write it with the ``sk_`` columns added.

    Interrupted at any moment, the same call goes on where it stopped; the target is the same, byte for byte, as that of
    an uninterrupted run with any number of workers.

    Args:
        sources: The table to read, or several to read one after the other; ``-`` is standard input.
        target: The table to write, in the format of its suffix; it appears when all rows are written.
        options: Model, patterns and language.
        columns: Names of columns, by what they hold (``text``, ``id``, ``date``, ``rating``, ``customer``), where they
            are not to be found by their usual names.
        encoding: Encoding of a text file; by default it is detected.
        workers: Processes that score; by default one for each core that this process may use, and for a small table
            this process alone.
        resume: Whether to go on with what an interrupted run has left.
        strict: Whether the first row that cannot be scored stops the run.
        watch: Is told what happens.

    Returns:
        What was counted.

    Raises:
        FileFormatError: If a source cannot be read or the target cannot be written, another run writes the target, or a
            row of a strict run cannot be scored.
        ModelError: If the model cannot be loaded, or a worker process has died.
    """
    options = options or Options()
    files = [sources] if isinstance(sources, Path) else list(sources)
    check_target(target)
    _refuse_overwriting(files, target)
    source = open_sources(files, encoding)
    head = list(islice(source.chunks, _FEW + 1))
    text = find_columns(source.columns, head[0] if head else [], columns or {}).text
    workers = workers or (available_cores() if len(head) > _FEW else 1)
    summary = Summary(text=text, encoding=source.encoding)
    with Checkpoint(target, options.identity(), resume=resume) as checkpoint:
        run = _Run(text, summary, checkpoint, open_engine(options, workers), watch)
        facts = {"text": text, "encoding": source.encoding, "total": source.total, "workers": workers}
        watch("started", {"files": [str(file) for file in files], **facts, "kept": checkpoint.rows})
        for note in [*source.notes, *checkpoint.notes]:
            run.warn(note)
        with run.engine, open_writer(target, source.columns, source.schema) as writer:
            for rows, results in run.results(chain(head, source.chunks)):
                if strict:
                    _refuse_errors(results, summary.rows)
                writer.write([{**row, **result} for row, result in zip(rows, results, strict=True)])
                run.count(rows, results, source.total)
        for note in writer.notes:
            run.warn(note)
        checkpoint.complete = True
    watch("done", {"target": str(target), "rows": summary.rows, "errors": sum(summary.errors.values())})
    return summary


@dataclass
class _Run:
    """The state of one run: chunks begun, rows counted, what was said."""

    text: str
    summary: Summary
    checkpoint: Checkpoint
    engine: Engine
    watch: Watch
    told: bool = False

    def results(self, chunks: Iterable[list[Row]]) -> Iterator[tuple[list[Row], list[Scored]]]:
        """Yield each chunk with its results, in order, while the engine works on the next ones."""
        begun: deque[tuple[list[Row], Future[list[Scored]]]] = deque()
        for number, rows in enumerate(chunks):
            begun.append((rows, self._begin(number, [row.get(self.text) for row in rows])))
            if len(begun) > self.engine.ahead:
                first, future = begun.popleft()
                yield first, future.result()
        for rows, future in begun:
            yield rows, future.result()

    def _begin(self, number: int, texts: list[Any]) -> Future[list[Scored]]:
        digest = digest_of(texts)
        kept = self.checkpoint.get(number, digest)
        if kept is not None:
            self.summary.resumed += len(texts)
            return finished(kept)
        if not self.told and self.checkpoint.differs(number, digest):
            self.told = True
            self.warn("the input has changed since the interrupted run; what differs is scored anew")
        return self.engine.submit(texts, partial(self.checkpoint.put, number, digest))

    def count(self, rows: list[Row], results: list[Scored], total: int | None) -> None:
        """Count a chunk that has been written."""
        for row, result in zip(rows, results, strict=True):
            self.summary.add(row.get(self.text), result)
        facts = {"rows": self.summary.rows, "resumed": self.summary.resumed, "total": total}
        self.watch("progress", facts)

    def warn(self, message: str) -> None:
        """Tell the user something, now and in the summary."""
        self.summary.notes.append(message)
        self.watch("warning", {"message": message})


def _refuse_overwriting(files: Sequence[Path], target: Path) -> None:
    for file in files:
        if target.exists() and file.exists() and target.samefile(file):
            raise FileFormatError("SK223", f"{target} is the input; give another name, so that nothing is lost")


def _refuse_errors(results: Iterable[Scored], before: int) -> None:
    """Raise an error for the first row that could not be scored; `before` is the number of rows before these."""
    for number, result in enumerate(results, before + 1):
        if result["sk_error"] is not None:
            raise FileFormatError(
                STRICT, f"row {number} could not be scored and the run is strict: {result['sk_error']}"
            )
