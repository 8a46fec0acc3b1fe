"""What is counted, kept and left out, in memory that does not grow with the rows."""

import csv
import tracemalloc
from datetime import date, timedelta

import pytest

pytest.importorskip("jdatetime", reason="needs the report extra")

from sentiment_kit.errors import FileFormatError
from sentiment_kit.report.aggregate import Best, aggregate
from sentiment_kit.report.build import write_report
from sentiment_kit.report.excerpts import excerpt
from sentiment_kit.report.people import Person, people
from sentiment_kit.report.ratings import read_rating
from sentiment_kit.report.rows import Phrase, Roles, check_columns, read_row
from sentiment_kit.report.store import CUSTOMERS, LEAVING, SILENT, Store
from sentiment_kit.report.timeline import timeline
from tests.report.tables import leaving, scored, unscored

ROLES = Roles("text", "id", "date", "rating", "customer")
START = date(2024, 1, 1)


def day(number):
    return (START + timedelta(days=number)).isoformat()


def persons(rows, roles=ROLES, today=None):
    with Store() as store:
        result = aggregate(rows, roles, store)
        decision = result.dates.decide()
        store.set_days(decision)
        last = timeline(result.cells, decision).last
        return list(people(store.texts(), today.toordinal() if today else last))


def test_totals():
    rows = [leaving("ja"), leaving("uk", "neutral"), scored(sentiment="positive"), unscored(), unscored()]
    rows.append(scored(language="und") | {"sk_sentiment": None, "sk_churn_level": None, "sk_churn_score": None})
    with Store() as store:
        result = aggregate(rows, Roles("text"), store)
    assert result.rows == 6
    assert result.errors == {"SK101: the text is empty": 2}
    assert (result.total("language"), result.total("sentiment")) == (4, 3)
    assert result.total("language", language="und") == 1
    assert result.total("theme", "delay", "ja") == 1
    assert result.total("kind high", "exit") == 2
    assert result.total("level", "none") == 1


def test_numbers_and_nothing_from_a_csv():
    row = {name: "" if value is None else str(value) for name, value in leaving("fa").items()}
    read = read_row(1, row, Roles("text"))
    assert (read.error, read.negative, read.level, read.themes) == (None, 0.9, "high", ("delay",))
    assert read.text[read.phrases[0].start : read.phrases[0].end] == "دیگه سفارش نمی‌دم"


def test_names_outside_the_taxonomy_are_left_out():
    row = scored(themes="delay;<b>;nonsense", level="high") | {"sk_language": "xx", "sk_sentiment": "angry"}
    read = read_row(1, row, Roles("text"))
    assert (read.themes, read.language, read.sentiment) == (("delay",), "und", "")


@pytest.mark.parametrize(
    "value", ["", "[", "{}", "[1]", '[{"kind": "exit"}]', '[{"kind":"x","text":"a","start":0}]', 7]
)
def test_phrases_that_are_none(value):
    assert read_row(1, scored() | {"sk_churn_phrases": value}, Roles("text")).phrases == ()


def test_a_phrase_that_has_moved_is_found_again():
    row = leaving("en")
    row["text"] = "'" + row["text"]
    (phrase,) = read_row(1, row, Roles("text")).phrases
    assert row["text"][phrase.start : phrase.end] == "won't be ordering here again"


def test_a_long_text_is_cut_around_its_phrases():
    text = "a " * 50_000 + "I will never come back" + " b" * 50_000
    start = text.index("never")
    parts = excerpt(text, (Phrase("exit", start, start + 5),))
    assert [part.text for part in parts if part.kind] == ["never"]
    assert sum(len(part.text) for part in parts) < 1000
    assert "200,022 characters" in parts[-1].text
    assert "".join(part.text for part in excerpt("short", ())) == "short"


@pytest.mark.parametrize(
    ("value", "rating"),
    [(4, 4), ("4.0", 4), ("４", 4), ("4,5", 4.5), ("★★★☆☆", 3), ("5 stars", 5), ("8/10", 4), ("FIVE", 5), ("-1", None)]
    + [("great", None), (True, None), (float("inf"), None), ("", None), ("200", None), ("4 of the 5 shops", None)],
)
def test_ratings(value, rating):
    assert read_rating(value) == rating


def test_best_keeps_each_text_once():
    best = Best(2)
    for number, (rank, text) in enumerate([(1, "a"), (3, "b"), (3, "b"), (2, "c"), (0, "d")]):
        best.add(rank, read_row(number, scored(text), Roles("text")))
    assert [row.text for row in best.rows()] == ["b", "c"]


def test_a_customer_is_followed_over_time():
    rows = [scored(sentiment="positive", customer="C1", date=day(30 * month)) for month in range(4)]
    rows += [leaving(customer="C1", date=day(120)), scored(customer="C2", date=day(400), sentiment="positive")]
    rows.reverse()  # exports are often newest first
    one, two = persons(rows)
    assert (one.customer, one.texts, one.complaints, one.theme, one.trend_name) == ("C1", 5, 1, "delay", "worse")
    assert (one.rhythm, one.days_quiet, one.quiet, one.level) == (30, 280, True, "high")
    assert one.since == date.fromisoformat(day(120)).toordinal()
    assert one.signs == [(one.since, ["exit"])]
    assert one.risk > 0.93
    assert (two.rhythm, two.quiet, two.level, two.trend) == (None, False, "none", None)


def test_quiet_after_a_complaint_is_a_sign_of_its_own_only_against_their_own_rhythm():
    def last_text(gap, sentiment):
        rows = [scored(customer="C", date=day(gap * number)) for number in range(3)]
        rows.append(scored(customer="C", date=day(gap * 3), sentiment=sentiment))
        (person,) = persons(rows, today=START + timedelta(days=gap * 3 + 50))
        return person.quiet, person.level

    assert last_text(10, "negative") == (True, "medium")
    assert last_text(10, "positive") == (False, "none")
    assert last_text(40, "negative") == (False, "none")


def test_placeholders_are_no_customer():
    rows = [leaving(customer=name, date=day(0)) for name in ("", None, "guest", "Anonymous", "匿名", "-")]
    assert [person.customer for person in persons(rows)] == [None] * 6


def test_silent_means_leaving_without_a_negative_text_of_leaving():
    rows = [leaving(sentiment="neutral", customer="kind"), leaving(customer="angry")]
    rows.append(scored(sentiment="negative", customer="kind"))
    assert {person.customer: person.silent for person in persons(rows)} == {"kind": True, "angry": False}


def test_people_survive_the_store():
    (person,) = persons([leaving(customer="C", date=day(3))])
    with Store() as store:
        store.add_people([person.record()])
        assert [Person.from_json(fields) for fields in store.people(CUSTOMERS)] == [person]
        assert (store.count(LEAVING), store.count(SILENT)) == (1, 0)


def test_weeks_for_a_short_span_and_months_for_a_long_one():
    def shown(*numbers):
        with Store() as store:
            result = aggregate([scored(date=day(number)) for number in numbers], ROLES, store)
        found = timeline(result.cells, result.dates.decide())
        return found.unit, [found.label(period) for period in found.periods]

    assert shown(0, 20) == ("week", ["2024-01-01", "2024-01-08", "2024-01-15"])
    assert shown(0, 130) == ("month", ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"])
    assert shown() == ("month", [])


def test_a_last_period_cut_short_is_not_compared():
    with Store() as store:
        result = aggregate([scored(date=day(number)) for number in range(0, 186, 5)], ROLES, store)
    found = timeline(result.cells, result.dates.decide())
    assert found.last_is_partial
    assert [found.label(period) for period in found.compared()] == ["2024-05", "2024-06"]


def test_a_table_that_was_not_scored_is_refused():
    with pytest.raises(FileFormatError, match=r"SK241.*sentiment-kit score"):
        check_columns(["text", "date"], Roles("text"))
    with pytest.raises(FileFormatError, match="SK242.*'when'.*'text'"):
        check_columns(list(scored()), Roles("text", date="when"))


def test_csv_files_are_complete_ordered_and_safe(tmp_path):
    rows = [leaving(customer=f"C{number}", id=str(number), date=day(number)) for number in range(400)]
    rows.append(leaving("fa", "neutral", customer='=HYPERLINK("http://x")', id="-2+3", date=day(5)))
    rows.append(scored(customer="calm", date=day(6)))
    leave, customers = tmp_path / "l.csv", tmp_path / "c.csv"
    totals = write_report(rows, ROLES, tmp_path / "r.html", leaving=leave, customers=customers)
    assert (totals.leaving, totals.silent, totals.customers) == (401, 1, 402)
    with leave.open(encoding="utf-8-sig", newline="") as stream:
        listed = list(csv.DictReader(stream))
    with customers.open(encoding="utf-8-sig", newline="") as stream:
        known = list(csv.DictReader(stream))
    assert (len(listed), len(known)) == (401, 402)
    assert [float(row["risk"]) for row in known] == sorted((float(row["risk"]) for row in known), reverse=True)
    (formula,) = [row for row in listed if "HYPERLINK" in row["customer"]]
    assert (formula["customer"][0], formula["id"], formula["silent"]) == ("'", "'-2+3", "yes")
    assert "⟦دیگه سفارش نمی‌دم⟧" in formula["words"]
    assert not list(tmp_path.glob(".*"))


def test_memory_does_not_grow_with_the_rows():
    def peak(number):
        rows = (leaving(customer=f"C{row // 3}", date=day(row % 30), rating=row % 5 + 1) for row in range(number))
        tracemalloc.start()
        with Store() as store:
            result = aggregate(rows, ROLES, store)
            store.set_days(result.dates.decide())
            store.add_people(person.record() for person in people(store.texts(), None))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1500)  # what is loaded and cached once
    assert peak(6000) < 1.2 * peak(1500)
