"""What `score` says while it runs: a bar on a terminal, JSON lines for a log, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment_kit.batch.run import Watch

Facts = dict[str, Any]


class Pace:
    """Rows a second of this run and the seconds left; rows of an interrupted run are done but took no time."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def of(self, rows: int, resumed: int, total: int | None) -> tuple[float, float | None]:
        """Return rows a second, and the seconds left where the total is known."""
        speed = max(rows - resumed, 0) / max(time.monotonic() - self._begun, 1e-3)
        return speed, None if total is None or not speed else max(total - rows, 0) / speed


def write_log(event: str, facts: Facts) -> None:
    """Write one event as a line of JSON on standard error."""
    print(json.dumps({"event": event, "time": round(time.time(), 3), **facts}), file=sys.stderr, flush=True)


def logged() -> Watch:
    """Return what writes each event of a run as a line of JSON."""
    pace = Pace()

    def watch(event: str, facts: Facts) -> None:
        if event == "progress":
            speed, left = pace.of(facts["rows"], facts["resumed"], facts["total"])
            facts = {**facts, "rows_per_second": round(speed, 1), "seconds_left": None if left is None else round(left)}
        write_log(event, facts)

    return watch


def silent(event: str, facts: Facts) -> None:
    """Say nothing."""


@contextmanager
def bar() -> Iterator[Watch]:
    """Show a bar on standard error while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    pace = Pace()
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("loading the model", total=None)

        def watch(event: str, facts: Facts) -> None:
            if event == "progress":
                speed, left = pace.of(facts["rows"], facts["resumed"], facts["total"])
                shown = f"{speed:,.0f} rows/s" + ("" if left is None else f", {_duration(left)} left")
                progress.update(task, completed=facts["rows"], total=facts["total"], description=shown)

        yield watch


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
