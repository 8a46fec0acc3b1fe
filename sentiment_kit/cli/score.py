"""``sentiment-kit score``: a table in, the same table with the ``sk_`` columns out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Optional

import typer

from sentiment_kit.cli.options import Language, Model, Patterns, Threads


def score(  # noqa: PLR0913  the options of the command
    source: Annotated[Path, typer.Argument(metavar="IN", help="CSV, TSV, JSON lines or Parquet, by its suffix.")],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The same formats, by its suffix.")],
    text: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--text", "-t", help="Column with the text. By default one with a usual name (text, review...)."),
    ] = None,
    lang: Language = None,
    encoding: Annotated[
        str, typer.Option("--encoding", "-e", help="Encoding of a text file, such as cp932, cp1251, cp1256, utf-16.")
    ] = "utf-8",
    model: Model = None,
    patterns: Patterns = None,
    threads: Threads = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
) -> None:
    """Score every row of a table and write it with columns added.

    The input's columns are kept. Added are: sk_language, sk_language_confidence, sk_sentiment, sk_negative, sk_neutral,
    sk_positive, sk_themes, sk_churn_level, sk_churn_score, sk_churn_kinds, sk_churn_phrases (JSON) and sk_error. A row
    that cannot be scored is kept, with the reason in sk_error. OUT appears when all rows are written.

    Example:
      sentiment-kit score reviews.csv -o scored.parquet
    """
    from sentiment_kit.analyzer import Analyzer
    from sentiment_kit.batch.run import score_file
    from sentiment_kit.cli.display import console, print_summary

    begun = time.monotonic()
    analyzer = Analyzer(model, patterns=patterns or (), threads=threads)
    with _progress(show=not quiet and sys.stderr.isatty()) as progress:
        summary = score_file(analyzer, source, target, text=text, language=lang, encoding=encoding, progress=progress)
    if not quiet:
        print_summary(console(), summary)
        seconds = time.monotonic() - begun
        print(f"\nwrote {target} ({summary.rows / seconds:.0f} rows/s)")


@contextmanager
def _progress(*, show: bool) -> Iterator[Callable[[int, int | None], None]]:
    if not show:
        yield lambda rows, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    begun = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scoring", total=None)

        def update(rows: int, total: int | None) -> None:
            speed = rows / (time.monotonic() - begun)
            bar.update(task, completed=rows, total=total, description=f"scoring, {speed:.0f} rows/s")

        yield update
