"""What the page shows, worked out from the counts: tables, charts and lists, in the reader's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from sentiment_kit.report import charts
from sentiment_kit.report.aggregate import Aggregate
from sentiment_kit.report.dates import Decision
from sentiment_kit.report.excerpts import Part, excerpt
from sentiment_kit.report.people import Person
from sentiment_kit.report.ratings import is_high, is_low, scale_of
from sentiment_kit.report.rows import ScoredRow
from sentiment_kit.report.store import COMPLAINING, CUSTOMERS, LEAVING, QUIET, SILENT
from sentiment_kit.report.timeline import Timeline
from sentiment_kit.taxonomy import CHURN_KINDS, CHURN_LEVELS, LANGUAGES, SENTIMENTS, THEMES, UNDETERMINED, display_name

MOST_LISTED = 200
"""Entries of each list on the page; the CSV files hold them all."""

LANGUAGE_NAMES = {"ja": "Japanese", "uk": "Ukrainian", "fa": "Persian", "en": "English", UNDETERMINED: "undetermined"}

_AGAINST = 12
_PER_THEME = 6
_SHOWN_PERIODS = 12


@dataclass(frozen=True)
class Table:
    """A table as the page prints it: a head, and rows whose first cell is their heading."""

    caption: str
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Figure:
    """A chart with the table that says the same."""

    name: str
    title: str
    spec: charts.Spec
    table: Table
    note: str = ""


class Fact(NamedTuple):
    """A line of the data quality, or a figure at the top."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Quote:
    """A text as the page shows it, with what the filters ask for."""

    id: str
    language: str
    sentiment: str
    level: str
    kinds: tuple[str, ...]
    themes: tuple[str, ...]
    parts: list[Part]
    note: str = ""


@dataclass(frozen=True)
class Leaver:
    """An entry of the leaving list."""

    person: Person
    quotes: list[list[Part]]


@dataclass
class View:
    """The page before it is HTML. Lists are empty where the table has nothing for them."""

    title: str
    facts: list[Fact]
    quality: list[Fact]
    figures: dict[str, list[Figure]]
    silent: list[Leaver]
    complaining: list[Leaver]
    silent_count: int
    complaining_count: int
    customers: list[Person]
    customer_count: int
    examples: list[tuple[str, list[Quote]]]
    against: list[Quote]
    timeline: Timeline
    languages: list[str] = field(default_factory=list)


def make_view(result: Aggregate, decision: Decision, days: Timeline, *, title: str, notes: Sequence[str]) -> View:
    """Return what the page shows.

    Args:
        result: The counts; its store already holds the people.
        decision: How dates are read.
        days: The counts by period.
        title: The page's title.
        notes: Remarks on how the file was read.
    """
    codes = [code for code in (*LANGUAGES, UNDETERMINED) if result.total("language", language=code)]
    figures = {"sentiment": [_languages(result, codes)], "themes": [], "ratings": [], "kinds": []}
    if days.periods:
        figures["sentiment"].append(_over_time(days))
    order = _ranked(THEMES, {name: result.total("theme", name) for name in THEMES})
    if order:
        figures["themes"].append(_themes(result, days, codes, order))
        if days.periods:
            figures["themes"].append(_themes_over_time(days, order))
    if result.ratings:
        figures["ratings"].append(_ratings(result))
    if result.total("level") > result.total("level", "none"):
        figures["kinds"] += _kinds(result)
    store = result.store
    return View(
        title=title,
        facts=_facts(result),
        quality=_quality(result, decision, days, codes, notes),
        figures=figures,
        silent=_leavers(result, SILENT),
        complaining=_leavers(result, COMPLAINING),
        silent_count=store.count(SILENT),
        complaining_count=store.count(COMPLAINING),
        customers=[Person.from_json(fields) for fields in store.people(CUSTOMERS, MOST_LISTED)],
        customer_count=store.count(CUSTOMERS),
        examples=[(theme, _examples(result, theme)) for theme in order],
        against=_against(result),
        timeline=days,
        languages=codes,
    )


def shown_day(day: int | None) -> str:
    """Return a day as ISO, or an empty text."""
    return "" if day is None else date.fromordinal(day).isoformat()


def _facts(result: Aggregate) -> list[Fact]:
    scored = result.total("sentiment")
    negative, silent = result.total("sentiment", "negative"), result.store.count(SILENT)
    who = "customers and texts without one" if result.roles.customer else "texts"
    facts = [
        Fact("rows", f"{result.rows:,}", f"{scored:,} scored"),
        Fact("negative", _percent(negative, scored), f"{negative:,} texts"),
        Fact("show signs of leaving", f"{result.store.count(LEAVING):,}", who),
        Fact("of these silent", f"{silent:,}", "leaving, but not in anger"),
    ]
    if result.roles.customer and result.roles.date:
        facts.append(
            Fact("quiet after a complaint", f"{result.store.count(QUIET):,}", "customers, against their own rhythm")
        )
    return facts


def _quality(
    result: Aggregate, decision: Decision, days: Timeline, codes: list[str], notes: Sequence[str]
) -> list[Fact]:
    roles = ", ".join(f"{role}: {name}" for role, name in vars(result.roles).items() if name)
    undetermined = result.total("language", language=UNDETERMINED)
    facts = [
        Fact("Columns read", roles),
        Fact("Rows", f"{result.rows:,}"),
        Fact("Scored", f"{result.total('sentiment'):,}", _percent(result.total("sentiment"), result.rows)),
        *(Fact("Not scored", f"{number:,}", reason) for reason, number in result.errors.most_common()),
        Fact(
            "Languages",
            ", ".join(f"{LANGUAGE_NAMES[code]} {result.total('language', language=code):,}" for code in codes),
        ),
    ]
    if undetermined:
        facts.append(Fact("Undetermined", f"{undetermined:,}", "another language, or none to be told: not scored"))
    if result.roles.date:
        facts += _date_quality(result, decision, days)
    if result.roles.rating:
        facts.append(Fact("Without a rating", f"{result.rating_missing:,}"))
        if result.rating_unreadable:
            facts.append(Fact("Ratings that are none", f"{result.rating_unreadable:,}", "left out"))
    if result.customer_missing:
        facts.append(Fact("Without a customer", f"{result.customer_missing:,}", "each counts as a person of its own"))
    return facts + [Fact("File", note) for note in notes]


def _date_quality(result: Aggregate, decision: Decision, days: Timeline) -> list[Fact]:
    column = result.dates
    facts = []
    if days.first is not None:
        facts.append(Fact("Dates", f"{shown_day(days.first)} to {shown_day(days.last)}"))
    if decision.matters and decision.order:
        orders = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
        facts.append(Fact("Order of dates", orders[decision.order], "dates such as 03/04/2024, over the whole column"))
    if decision.ambiguous:
        advice = "could be read in more than one way: left out. Decide with --date-order dmy, mdy or ymd"
        facts.append(Fact("Dates left unread", f"{decision.ambiguous:,}", advice))
    if column.unreadable:
        shown = ", ".join(f"“{example}”" for example in column.examples)
        facts.append(Fact("Dates that are none", f"{column.unreadable:,}", f"such as {shown}: left out"))
    if decision.late:
        facts.append(Fact("Dates too late", f"{decision.late:,}", "after --as-of: left out"))
    if column.missing:
        facts.append(Fact("Without a date", f"{column.missing:,}"))
    return facts


def _languages(result: Aggregate, codes: list[str]) -> Figure:
    scored = [code for code in codes if code != UNDETERMINED]
    counts = {(code, name): result.total("sentiment", name, code) for code in scored for name in SENTIMENTS}
    rows = [(LANGUAGE_NAMES[code], name, counts[code, name]) for code in scored for name in SENTIMENTS]
    body = []
    for code in scored:
        values = [counts[code, name] for name in SENTIMENTS]
        body.append([LANGUAGE_NAMES[code], _n(sum(values)), *map(_n, values), _percent(values[0], sum(values))])
    head = ["language", "texts", *SENTIMENTS, "negative share"]
    return Figure(
        "sentiment-language",
        "Sentiment by language",
        charts.sentiment_by_language(rows),
        Table("Texts by language and sentiment", head, body),
    )


def _over_time(days: Timeline) -> Figure:
    rows, body = [], []
    for period in days.periods:
        values = [days.counts[period, "sentiment", name] for name in SENTIMENTS]
        rows += [(days.label(period), name, value) for name, value in zip(SENTIMENTS, values, strict=True)]
        leaving = sum(days.counts[period, "level", level] for level in CHURN_LEVELS[1:])
        share = _percent(values[0], sum(values))
        body.append([days.label(period), _n(sum(values)), *map(_n, values), share, _n(leaving)])
    head = [days.unit, "texts", *SENTIMENTS, "negative share", "leaving"]
    return Figure(
        "sentiment-time",
        f"Sentiment by {days.unit}",
        charts.sentiment_over_time(rows, days.unit),
        Table(f"Texts by {days.unit} and sentiment", head, body),
        _partial(days),
    )


def _themes(result: Aggregate, days: Timeline, codes: list[str], order: list[str]) -> Figure:
    shown = [code for code in codes if code != UNDETERMINED]
    names = {code: LANGUAGE_NAMES[code] for code in shown}
    scored = result.total("sentiment")
    rows, body = [], []
    for theme in order:
        values = [result.total("theme", theme, code) for code in shown]
        rows += [(display_name(theme), names[code], value) for code, value in zip(shown, values, strict=True)]
        total = sum(values)
        body.append([display_name(theme), _n(total), _percent(total, scored), *map(_n, values), _change(days, theme)])
    head = ["theme", "texts", "of all texts", *names.values(), "change"]
    note = "A text may complain about several themes."
    compared = days.compared()
    if compared:
        head[-1] = f"change, {days.label(compared[0])} to {days.label(compared[1])}"
        note += f" The change is in percentage points of the texts of the {days.unit}. {_partial(days)}"
    else:
        head.pop()
        body = [row[:-1] for row in body]
    return Figure(
        "themes",
        "Complaint themes",
        charts.themes(rows, list(names.values()), [display_name(theme) for theme in order]),
        Table("Texts that complain, by theme", head, body),
        note,
    )


def _change(days: Timeline, theme: str) -> str:
    compared = days.compared()
    if not compared:
        return ""
    if not all(map(days.scored, compared)):
        return "no texts"
    before, after = (100 * days.share(period, theme) for period in compared)
    return f"{after - before:+.1f} pp ({before:.0f} → {after:.0f} %)"


def _themes_over_time(days: Timeline, order: list[str]) -> Figure:
    shown = [display_name(theme) for theme in order]
    rows = [
        (days.label(period), name, round(days.share(period, theme), 4))
        for period in days.periods
        for theme, name in zip(order, shown, strict=True)
    ]
    latest = days.periods[-_SHOWN_PERIODS:]
    body = [
        [name, *(_n(days.counts[period, "theme", theme]) for period in latest)]
        for theme, name in zip(order, shown, strict=True)
    ]
    return Figure(
        "themes-time",
        f"Themes by {days.unit}",
        charts.themes_over_time(rows, shown, days.unit),
        Table(f"Texts by theme and {days.unit}, the latest {len(latest)}", ["theme", *map(days.label, latest)], body),
        _partial(days),
    )


def _ratings(result: Aggregate) -> Figure:
    by_rating: Counter[tuple[int, str]] = Counter()
    for (rating, _, sentiment), number in result.ratings.items():
        by_rating[rating, sentiment] += number
    scale = scale_of([result.highest_rating])
    rows, body = [], []
    for rating in sorted({rating for rating, _ in by_rating}, reverse=True):
        values = [by_rating[rating, name] for name in SENTIMENTS]
        rows += [(f"{rating}", name, value) for name, value in zip(SENTIMENTS, values, strict=True)]
        body.append([f"{rating} of {scale}", _n(sum(values)), *map(_n, values), _percent(values[0], sum(values))])
    return Figure(
        "ratings",
        "Ratings against sentiment",
        charts.ratings_against_sentiment(rows),
        Table("Texts by rating and sentiment", ["rating", "texts", *SENTIMENTS, "negative share"], body),
        "Sentiment is that of the words; the rating was not read for it.",
    )


def _kinds(result: Aggregate) -> list[Figure]:
    levels = CHURN_LEVELS[:0:-1]
    totals = {name: sum(result.total(f"kind {level}", name) for level in levels) for name in CHURN_KINDS}
    order = _ranked(CHURN_KINDS, totals)
    if not order:
        return []
    rows = [(display_name(name), level, result.total(f"kind {level}", name)) for name in order for level in levels]
    body = [
        [display_name(name), _n(totals[name]), *(_n(result.total(f"kind {level}", name)) for level in levels)]
        for name in order
    ]
    return [
        Figure(
            "kinds",
            "Signs of leaving",
            charts.kinds(rows, [display_name(name) for name in order]),
            Table("Texts by sign and level", ["sign", "texts", *levels], body),
            "high: leaving is stated; medium: an ultimatum, fading or giving up, or two signs; low: one weak sign.",
        )
    ]


def _leavers(result: Aggregate, where: str) -> list[Leaver]:
    found = [Person.from_json(fields) for fields in result.store.people(where, MOST_LISTED)]
    return [Leaver(person, [result.store.parts(row) for row in person.quotes]) for person in found]


def _examples(result: Aggregate, theme: str) -> list[Quote]:
    """Return the clearest complaints about a theme, the languages in turn."""
    best = [result.examples[theme, code].rows() for code in LANGUAGES if (theme, code) in result.examples]
    turns = [rows[turn] for turn in range(max(map(len, best), default=0)) for rows in best if turn < len(rows)]
    return [_quote(row) for row in turns[:_PER_THEME]]


def _against(result: Aggregate) -> list[Quote]:
    """Return texts whose words contradict the stars, the surest of each sort in turn."""
    scale = scale_of([result.highest_rating])
    kept: list[tuple[float, ScoredRow, str]] = []
    for (rating, sentiment), best in result.against.items():
        if (sentiment == "negative" and is_high(rating, scale)) or (sentiment == "positive" and is_low(rating, scale)):
            note = f"rated {rating} of {scale}, the words are {sentiment}"
            kept += [(max(row.negative, row.positive), row, note) for row in best.rows()]
    kept.sort(key=lambda item: (-item[0], item[1].number))
    return [_quote(row, note) for _, row, note in kept[:_AGAINST]]


def _quote(row: ScoredRow, note: str = "") -> Quote:
    parts = excerpt(row.text, row.phrases)
    return Quote(row.id, row.language, row.sentiment, row.level, row.kinds, row.themes, parts, note)


def _ranked(names: Iterable[str], totals: dict[str, int]) -> list[str]:
    return sorted((name for name in names if totals[name]), key=lambda name: -totals[name])


def _partial(days: Timeline) -> str:
    if not days.last_is_partial:
        return ""
    return f"The data ends on {shown_day(days.last)}, before the last {days.unit} does."


def _n(number: int) -> str:
    return f"{number:,}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"
