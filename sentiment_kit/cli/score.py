"""``sentiment-kit score``: tables in, one table with the ``sk_`` columns out."""

from __future__ import annotations

import glob
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sentiment_kit.cli.options import Language, Model, Patterns
from sentiment_kit.errors import FileFormatError, SentimentKitError

if TYPE_CHECKING:
    from sentiment_kit.batch.run import Watch
    from sentiment_kit.batch.scoring import Options
    from sentiment_kit.batch.summary import Summary


class Engine(StrEnum):
    """What scores the rows."""

    local = "local"
    ray = "ray"


class Exit(IntEnum):
    """Exit codes of `score`; 2, a command that makes no sense, comes from the parser of the options."""

    FAILED = 1
    ROW_WITH_ERROR = 3
    INTERRUPTED = 130


def _column(what: str) -> typer.models.OptionInfo:
    return typer.Option(f"--{what}", help=f"Column with the {what}, where its name is not a usual one.")  # type: ignore[no-any-return]


def score(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="IN...", help="Tables: CSV, TSV, JSON, Parquet, XLSX; several, a pattern in quotes, or - (stdin)."
        ),
    ],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The same formats, by its suffix.")],
    text: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--text", "-t", help="Column with the text, where it cannot be told by its name and content."),
    ] = None,
    row_id: Annotated[Optional[str], _column("id")] = None,  # noqa: UP045
    date: Annotated[Optional[str], _column("date")] = None,  # noqa: UP045
    rating: Annotated[Optional[str], _column("rating")] = None,  # noqa: UP045
    customer: Annotated[Optional[str], _column("customer")] = None,  # noqa: UP045
    lang: Language = None,
    encoding: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--encoding", "-e", help="Encoding of a text file, such as cp932, cp1251. Detected by default."),
    ] = None,
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--report", metavar="OUT.html", help="Also write a page that shows what is in it (extra: report)."
        ),
    ] = None,
    model: Model = None,
    patterns: Patterns = None,
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--workers", "-w", min=1, help="Processes that score. By default one for each core."),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option("--engine", help="ray: Ray Data, Parquet in, a folder of Parquet out (extra: ray)."),
    ] = Engine.local,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on with what an interrupted run has left, or start anew.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be scored.")] = False,
    json_log: Annotated[
        bool, typer.Option("--json-log", help="Progress and warnings as JSON lines on standard error; no summary.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
) -> None:
    """Score every row of a table and write it with columns added.

    The input's columns are kept. Added are: sk_language, sk_language_confidence, sk_sentiment, sk_negative, sk_neutral,
    sk_positive, sk_themes, sk_churn_level, sk_churn_score, sk_churn_kinds, sk_churn_phrases (JSON) and sk_error. A row
    that cannot be scored is kept, with the reason in sk_error. OUT appears when all rows are written.

    What is scored is kept in OUT.sk-work until OUT is complete: after Ctrl-C, a kill, a full disk or a power cut the
    same command goes on where it stopped.

    Exit codes: 0 done; 1 refused or failed, the reason is on standard error; 2 wrong options; 3 a row could not be
    scored under --strict; 130 interrupted.

    Examples:
      sentiment-kit score reviews.csv -o scored.parquet

      sentiment-kit score "exports/*.csv" -o scored.csv --text Comment --id Ticket

      sentiment-kit score reviews.csv -o scored.parquet --report report.html

      RAY_ADDRESS=auto sentiment-kit score reviews/ -o scored.parquet --engine ray
    """
    from sentiment_kit.batch.readers import open_source
    from sentiment_kit.batch.run import score_file
    from sentiment_kit.batch.scoring import Options
    from sentiment_kit.cli.display import console, print_summary
    from sentiment_kit.cli.report import check_page, make_report

    begun = time.monotonic()
    wanted = {"text": text, "id": row_id, "date": date, "rating": rating, "customer": customer}
    columns = {what: name for what, name in wanted.items() if name is not None}
    with _told_as(target, json_log=json_log):
        if report is not None:
            check_page(report)
        files = _files(sources)
        options = Options(model, tuple(map(str, patterns or ())), lang)
        if engine is Engine.ray:
            refused = {"--report": report, "--encoding": encoding, "--strict": strict, "--json-log": json_log}
            _refuse_with_ray(files, [name for name, given in refused.items() if given])
            summary = _score_with_ray(files, target, options, columns, workers, quiet=quiet)
        else:
            with _watching(json_log=json_log, quiet=quiet) as watch:
                summary = score_file(
                    files,
                    target,
                    options,
                    columns=columns,
                    encoding=encoding,
                    workers=workers,
                    resume=resume,
                    strict=strict,
                    watch=watch,
                )
        if report is not None:
            make_report(open_source(target), report, columns, title=target.name)
    if not quiet and not json_log:
        print_summary(console(), summary)
        print(f"\ntext from column {summary.text!r}" + (f", encoding {summary.encoding}" if summary.encoding else ""))
        for note in summary.notes:
            print(f"note: {note}")
        resumed = f", {summary.resumed:,} rows were scored before" if summary.resumed else ""
        speed = (summary.rows - summary.resumed) / (time.monotonic() - begun)
        print(f"wrote {target} ({speed:.0f} rows/s{resumed})" + (f" and {report}" if report else ""))


def _refuse_with_ray(files: list[Path], refused: list[str]) -> None:
    if Path("-") in files:
        refused = ["standard input", *refused]
    if refused:
        raise FileFormatError(
            "SK251",
            f"{', '.join(refused)} cannot be used with --engine ray; leave out one or the other"
            + (" (sentiment-kit report reads the folder afterwards)" if "--report" in refused else ""),
        )


def _score_with_ray(
    files: list[Path], target: Path, options: Options, columns: dict[str, str], workers: int | None, *, quiet: bool
) -> Summary:
    from sentiment_kit.batch.ray_engine import score_dataset

    bars = not quiet and sys.stderr.isatty()
    return score_dataset(files, target, options, columns=columns, workers=workers, bars=bars)


def _files(names: list[str]) -> list[Path]:
    """Return the files that names and patterns stand for; the shell has left us the quoted ones, on Windows all."""
    files: list[Path] = []
    for name in names:
        if not glob.has_magic(name) or Path(name).exists():
            files.append(Path(name))
            continue
        found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  the pattern may be absolute
        if not found:
            raise FileFormatError("SK236", f"no file is named like {name!r}")
        files += map(Path, found)
    return files


@contextmanager
def _watching(*, json_log: bool, quiet: bool) -> Iterator[Watch]:
    from sentiment_kit.cli.progress import bar, logged, silent

    if json_log:
        yield logged()
    elif quiet or not sys.stderr.isatty():
        yield silent
    else:
        with bar() as watch:
            yield watch


@contextmanager
def _told_as(target: Path, *, json_log: bool) -> Iterator[None]:
    """Tell a failure of the run in words or as JSON, say what is kept, and end with the exit code."""
    from sentiment_kit.batch.checkpoint import work_folder
    from sentiment_kit.batch.run import STRICT
    from sentiment_kit.cli.progress import write_log

    try:
        yield
        return
    except KeyboardInterrupt:
        message, code = "interrupted", Exit.INTERRUPTED
    except SentimentKitError as error:
        message, code = f"error {error}", Exit.ROW_WITH_ERROR if error.code == STRICT else Exit.FAILED
    except OSError as error:  # no more processes or open files
        message, code = f"error {error}", Exit.FAILED
    kept = work_folder(target).is_dir()
    if json_log:
        write_log("failed", {"message": message, "exit_code": int(code), "resumable": kept})
    else:
        print(message, file=sys.stderr)
        if kept:
            print(
                f"What is scored is kept in {work_folder(target)}; the same command goes on from there.",
                file=sys.stderr,
            )
    raise typer.Exit(code)
