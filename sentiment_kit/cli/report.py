"""``sentiment-kit report``: a scored table in, one page out, and the lists behind it as CSV."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sentiment_kit.errors import FileFormatError, MissingExtraError

if TYPE_CHECKING:
    from sentiment_kit.batch.source import Source
    from sentiment_kit.report.build import Totals


class DateOrder(StrEnum):
    """Order of the parts of a date such as 03/04/2024."""

    dmy = "dmy"
    mdy = "mdy"
    ymd = "ymd"


def _column(what: str) -> Any:  # noqa: ANN401  typer's own type
    return typer.Option(f"--{what}", help=f"Column with the {what}, where its name is not a usual one.")


def report(
    source: Annotated[
        Path, typer.Argument(metavar="SCORED", help="A table that 'score' has written, or a folder of them.")
    ],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.html", help="The page.")],
    text: Annotated[Optional[str], _column("text")] = None,  # noqa: UP045
    row_id: Annotated[Optional[str], _column("id")] = None,  # noqa: UP045
    date: Annotated[Optional[str], _column("date")] = None,  # noqa: UP045
    rating: Annotated[Optional[str], _column("rating")] = None,  # noqa: UP045
    customer: Annotated[Optional[str], _column("customer")] = None,  # noqa: UP045
    leaving: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--leaving", metavar="FILE.csv", help="Also write everybody with a sign of leaving."),
    ] = None,
    customers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--customers", metavar="FILE.csv", help="Also write every customer; needs a customer column."),
    ] = None,
    title: Annotated[Optional[str], typer.Option("--title", help="Title; by default the name of SCORED.")] = None,  # noqa: UP045
    date_order: Annotated[
        Optional[DateOrder],  # noqa: UP045
        typer.Option("--date-order", help="How to read 03/04/2024. By default the whole column decides."),
    ] = None,
    as_of: Annotated[
        Optional[datetime.datetime],  # noqa: UP045
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="Last day that counts; by default the last day of the data."
        ),
    ] = None,
    encoding: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--encoding", "-e", help="Encoding of a text file. Detected by default."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
) -> None:
    """Turn a scored table into one HTML page that works offline.

    Data quality, sentiment by language and over time, complaint themes and their change, ratings against the words,
    who is about to leave and why, customers over time, and examples. Give --customer and --date to follow customers.

    Examples:
      sentiment-kit report scored.parquet -o report.html

      sentiment-kit report scored.parquet -o report.html --customer account --date created --leaving leaving.csv
    """
    from sentiment_kit.batch.readers import open_source, open_sources

    files = [file for file in (target, leaving, customers) if file]
    if len({file.resolve() for file in (source, *files)}) <= len(files):
        raise FileFormatError("SK245", "two of the files are the same; give each its own name, so that nothing is lost")
    named = {"text": text, "id": row_id, "date": date, "rating": rating, "customer": customer}
    table = open_sources(_parts(source)) if source.is_dir() else open_source(source, encoding)
    totals = make_report(
        table,
        target,
        {role: name for role, name in named.items() if name is not None},
        title=title or source.name,
        leaving=leaving,
        customers=customers,
        date_order=date_order.value if date_order else None,
        as_of=as_of.date() if as_of else None,
    )
    if not quiet:
        _print(totals, files)


def make_report(table: Source, target: Path, named: dict[str, str], **options: Any) -> Totals:  # noqa: ANN401
    """Write the report on an open scored table.

    Args:
        table: The scored table.
        target: The page.
        named: Columns that the user named, by role; the others are found.
        **options: Those of `sentiment_kit.report.build.write_report`.

    Raises:
        FileFormatError: If the table was not scored, or a file cannot be written.
        MissingExtraError: If the report extra is not installed.
    """
    from sentiment_kit.batch.columns import find_columns

    check_page(target)
    from sentiment_kit.report.build import write_report
    from sentiment_kit.report.rows import Roles, check_columns

    _check_targets(target, options.get("leaving"), options.get("customers"))
    first = next(table.chunks, [])
    found = find_columns(table.columns, first, named)
    roles = Roles(found.text, found.id, found.date, found.rating, found.customer)
    check_columns(table.columns, roles)
    if options.get("customers") and roles.customer is None:
        raise FileFormatError("SK244", "--customers needs a column with the customer; name it with --customer")
    return write_report(_rows(first, table), roles, target, notes=_notes(table), **options)


def check_page(target: Path) -> None:
    """Refuse a page that cannot be written, before any work is done.

    Raises:
        FileFormatError: If the name or the folder will not do.
        MissingExtraError: If the report extra is not installed.
    """
    try:
        import jdatetime  # noqa: F401
        import jinja2  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.needs("report", "the report") from error
    _check_targets(target)


def _check_targets(page: Path, *lists: Path | None) -> None:
    """Refuse early what cannot be written, and names that would overwrite a table by mistake."""
    for file, suffixes in [(page, (".html", ".htm")), *((file, (".csv",)) for file in lists if file is not None)]:
        if file.suffix.lower() not in suffixes:
            raise FileFormatError("SK243", f"cannot write {file.name!r}: wanted a name in {' or '.join(suffixes)}")
        if file.is_dir() or not file.resolve().parent.is_dir():
            raise FileFormatError("SK243", f"cannot write {file}: wanted the name of a file in a folder that exists")


def _parts(folder: Path) -> list[Path]:
    """Return the Parquet files of a folder, as Ray and Spark write them, in the order of their names."""
    parts = sorted(file for file in folder.glob("*.parquet") if file.is_file())
    if not parts:
        raise FileFormatError("SK202", f"the folder {folder} holds no .parquet file; name one that does")
    return parts


def _rows(first: list[dict[str, Any]], table: Source) -> Iterator[dict[str, Any]]:
    return chain(first, chain.from_iterable(table.chunks))


def _notes(table: Source) -> list[str]:
    return [*([f"read as {table.encoding}"] if table.encoding else []), *table.notes]


def _print(totals: Totals, files: list[Path]) -> None:
    print(f"{totals.rows:,} rows; {totals.leaving:,} with a sign of leaving, {totals.silent:,} of them silent")
    for fact in totals.quality:
        if fact.name.startswith(("Dates left", "Dates that", "Dates too", "Order of", "Ratings that")):
            print(f"{fact.name.lower()}: {fact.value}, {fact.note}")
    print("wrote " + ", ".join(map(str, files)))
