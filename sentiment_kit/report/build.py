"""From the rows of a scored table to the page and its CSV files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sentiment_kit.report.aggregate import aggregate
from sentiment_kit.report.dates import Order
from sentiment_kit.report.exports import replacing, write_customers, write_leaving
from sentiment_kit.report.page import render
from sentiment_kit.report.people import people
from sentiment_kit.report.rows import Roles
from sentiment_kit.report.store import CUSTOMERS, LEAVING, SILENT, Store
from sentiment_kit.report.timeline import timeline
from sentiment_kit.report.view import Fact, make_view


@dataclass(frozen=True)
class Totals:
    """What a report found: the figures that the command prints.

    Attributes:
        rows: Rows read.
        leaving: Customers (or texts without one) with a sign of leaving.
        silent: Those of them whose words are not negative.
        customers: Customers.
        quality: The lines of the page's data quality.
    """

    rows: int
    leaving: int
    silent: int
    customers: int
    quality: list[Fact]


def write_report(  # noqa: PLR0913  the options of a report
    rows: Iterable[Mapping[str, Any]],
    roles: Roles,
    target: Path,
    *,
    title: str = "Customer feedback",
    notes: Sequence[str] = (),
    date_order: Order | None = None,
    as_of: date | None = None,
    leaving: Path | None = None,
    customers: Path | None = None,
) -> Totals:
    """Write the page, and the CSV files if they are wanted.

    Args:
        rows: The scored table, a row at a time; it is read once.
        roles: Which columns hold what.
        target: The HTML file.
        title: The page's title.
        notes: Remarks on how the file was read, for the data quality.
        date_order: How to read dates such as 03/04/2024; by default the whole column decides.
        as_of: The day up to which silence is counted; by default the last day of the data. Later dates are not counted.
        leaving: A CSV file for everybody with a sign of leaving.
        customers: A CSV file for every customer.
    """
    with Store() as store:
        result = aggregate(rows, roles, store)
        decision = result.dates.decide(date_order, as_of)
        days = timeline(result.cells, decision)
        store.set_days(decision)
        today = as_of.toordinal() if as_of else days.last
        store.add_people(person.record() for person in people(store.texts(), today))
        view = make_view(result, decision, days, title=title, notes=notes)
        with replacing(target) as stream:
            stream.write(render(view))
        if leaving:
            write_leaving(store, leaving)
        if customers:
            write_customers(store, customers)
        return Totals(
            result.rows, store.count(LEAVING), store.count(SILENT), store.count(CUSTOMERS), quality=view.quality
        )
