"""Dates: every way of writing them that exports have, and no guess where two readings are possible."""

from datetime import UTC, date, datetime

import pytest

pytest.importorskip("jdatetime", reason="needs the report extra")

from sentiment_kit.report.dates import DateColumn, read_date

DAY = date(2024, 1, 31)


def column(*values):
    dates = DateColumn()
    return dates, [dates.add(value) for value in values]


def days(dates, stamps, order=None, until=None):
    decision = dates.decide(order, until)
    found = [stamp and decision.day(stamp) for stamp in stamps]
    return [day and date.fromordinal(day).isoformat() for day in found], decision


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-31",
        " 2024-01-31 ",
        "2024-01-31T23:30:00+09:00",
        "2024-01-31 00:10:00 UTC",
        "2024-01-31T23:59:59.999Z",
        "2024/01/31",
        "2024/1/31 8:05",
        "2024.01.31",
        "2024年1月31日",
        "2024年01月31日（水）10時30分",
        "２０２４年１月３１日",
        "令和6年1月31日",
        "31.01.2024",
        "31.01.2024 10:00",
        "31/01/2024",
        "01/31/2024",
        "31-Jan-2024",
        "31 January 2024",
        "January 31, 2024",
        "Jan 31st, 2024",
        "Wed, 31 Jan 2024 10:00:00 +0000",
        "31 січня 2024 р.",
        "20240131",
        "20240131T101500Z",
        "1706659200",
        1706659200,
        1706659200.5,
        1706659200000,
        "1402/11/11",
        "۱۴۰۲/۱۱/۱۱",
        "۱۱ بهمن ۱۴۰۲",
        DAY,
        datetime(2024, 1, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_one_day_in_many_ways(value):
    stamp = read_date(value)
    assert stamp is not None
    assert stamp.readings() == {DAY.toordinal()}


@pytest.mark.parametrize(
    "value",
    ["yesterday", "n/a", "2024", "31/31/2024", "2024-02-30", "30.02.2024", "2024-13-01", "12", 5, True, "1403/13/01"]
    + ["0001-01-01", "9999-12-31", "45322", "10:30", "3 of 5", "2024-01-31garbage", "1/2/3/2024", "二〇二四年"],
)
def test_what_is_no_date_is_not_guessed(value):
    assert read_date(value) is None


def test_jalali_leap_day_and_order():
    assert read_date("1403/12/30").readings() == {date(2025, 3, 20).toordinal()}
    assert read_date("1402/12/30") is None  # not a leap year


def test_one_certain_date_decides_for_its_column():
    assert days(*column("03/04/2024", "13/04/2024"))[0] == ["2024-04-03", "2024-04-13"]
    assert days(*column("03/04/2024", "04/13/2024"))[0] == ["2024-03-04", "2024-04-13"]
    assert days(*column("24/04/03", "24/12/31"))[0] == [None, None]  # 2024, or the 24th


def test_a_column_in_which_nothing_decides_is_left_unread_and_counted():
    found, decision = days(*column("03/04/2024", "2024-01-31", "05/05/2024", "03/04/2024"))
    assert found == [None, "2024-01-31", "2024-05-05", None]
    assert (decision.order, decision.ambiguous) == (None, 2)


def test_a_mixed_column_reads_only_what_is_certain():
    found, decision = days(*column("13/04/2024", "04/13/2024", "03/04/2024"))
    assert found == ["2024-04-13", "2024-04-13", None]
    assert decision.ambiguous == 1


def test_the_user_decides():
    values = ("03/04/2024", "13/04/2024")
    assert days(*column(*values), "mdy")[0] == ["2024-03-04", "2024-04-13"]
    assert days(*column(*values), "dmy")[0] == ["2024-04-03", "2024-04-13"]


def test_dots_are_day_first_unless_the_column_says_otherwise():
    assert days(*column("03.04.2024"))[0] == ["2024-04-03"]
    assert days(*column("03.04.2024", "04.13.2024"))[0] == ["2024-03-04", "2024-04-13"]


def test_two_digits_of_the_year():
    assert days(*column("31.01.24"))[0] == ["2024-01-31"]
    assert days(*column("05.01.24"))[0] == ["2024-01-05"]
    assert days(*column("1/2/24"))[0] == [None]
    assert days(*column("1/31/99"))[0] == ["1999-01-31"]


def test_counts_of_what_was_left_out():
    dates, stamps = column("2024-01-31", "", None, float("nan"), "soon", "2030-01-01")
    decision = dates.decide(None, date(2025, 1, 1))
    assert (dates.missing, dates.unreadable, dates.examples, decision.late) == (3, 1, ["soon"], 1)
    assert decision.day(stamps[5]) is None
