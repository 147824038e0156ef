"""Dates, time zones, ratings and counts as files write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from dateparser.date import DateDataParser
from hypothesis import given
from hypothesis import strategies as st

from ingest.files.counts import read_count
from ingest.files.dates import DateReader, decide_order, months_before
from ingest.files.offsets import OffsetReader
from ingest.files.ratings import decide_scale

AS_OF = datetime(2024, 6, 20, 12, tzinfo=UTC)


def reader(**options: object) -> DateReader:
    return DateReader(**({"as_of": AS_OF, "ceiling": AS_OF} | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "expected", "precision"),
    [
        ("2015-02-24T19:35:52Z", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("2015-02-24 19:35", datetime(2015, 2, 24, 19, 35), "minute"),
        ("2015-02-24", datetime(2015, 2, 24), "day"),
        ("2015-02", datetime(2015, 2, 1), "month"),
        ("2015", datetime(2015, 1, 1), "year"),
        ("20150224", datetime(2015, 2, 24), "day"),
        ("2013-07-12T22:33:27.916000", datetime(2013, 7, 12, 22, 33, 27, 916000), "second"),
        ("Tue, 24 Feb 2015 11:35:52 -0800", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("Tue Feb 24 11:35:52 -0800 2015", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("2015-02-24 11:35:52 -0800", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("1424806552", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("1424806552.0", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("1424806552000", datetime(2015, 2, 24, 19, 35, 52), "second"),
        ("18-12-2023 17:17", datetime(2023, 12, 18, 17, 17), "minute"),
        ("2/21/15 0:36", datetime(2015, 2, 21, 0, 36), "minute"),
        ("Nov 30, 2014, 4:26PM", datetime(2014, 11, 30, 16, 26), "minute"),
        ("Jan 5, 2020 12:05 am", datetime(2020, 1, 5, 0, 5), "minute"),
        ("11/Dec/07 19:31", datetime(2007, 12, 11, 19, 31), "minute"),
        ("30 November 2014", datetime(2014, 11, 30), "day"),
        ("2021년 3월 5일", datetime(2021, 3, 5), "day"),
        ("2021. 3. 5.", datetime(2021, 3, 5), "day"),
        ("42059", datetime(2015, 2, 24), "day"),
        ("42059.5", datetime(2015, 2, 24, 12), "second"),
        ("12 marca 2021", datetime(2021, 3, 12), "day"),
        ("5 stycznia 2020 14:30", datetime(2020, 1, 5, 14, 30), "minute"),
        ("14 de enero de 2020", datetime(2020, 1, 14), "day"),
        ("3 months ago", datetime(2024, 3, 20), "month"),
        ("a week ago", datetime(2024, 6, 13), "week"),
        ("4 years ago", datetime(2020, 6, 20), "year"),
        ("yesterday", datetime(2024, 6, 19), "day"),
        ("21 hours ago", datetime(2024, 6, 19), "day"),
        ("3개월 전", datetime(2024, 3, 20), "month"),
        ("2 tygodnie temu", datetime(2024, 6, 6), "week"),
        ("hace 2 años", datetime(2022, 6, 20), "year"),
    ],
)
def test_dates_are_read_in_many_forms(written: str, expected: datetime, precision: str) -> None:
    """Each form gives the moment in UTC and says how well it is known."""
    reading = reader().read(written)
    assert (reading.when, reading.precision) == (expected.replace(tzinfo=UTC), precision)


def test_offsets_are_kept_and_naive_times_are_said_to_be_utc() -> None:
    """An offset becomes minutes; a time without one counts as UTC and is counted."""
    dates = reader()
    assert dates.read("2015-02-24 11:35:52 -0800").local_offset == -480
    assert dates.read("2015-02-24T11:35:52+05:30").local_offset == 330
    assert dates.read("2015-02-24T11:35:52Z").local_offset is None
    dates.read("2015-02-24 11:35")
    assert "1 times in at name no time zone" in " ".join(dates.notes("at"))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2031-01-01", "future"),
        ("1900-01-01", "too early"),
        ("31/02/2020", "unreadable"),
        ("soon, I hope", "unreadable"),
        ("0", "unreadable"),
    ],
)
def test_impossible_dates_are_no_dates(written: str, problem: str) -> None:
    """A date that cannot be is None, counted, and shown as an example."""
    dates = reader()
    reading = dates.read(written)
    assert (reading.when, reading.problem) == (None, problem)
    assert repr(written) in " ".join(dates.notes("date"))


def test_objects_of_excel_and_parquet_are_dates() -> None:
    """Typed cells need no parsing; midnight without a zone is a day."""
    dates = reader()
    assert dates.read(date(2020, 5, 1)).precision == "day"
    assert dates.read(datetime(2020, 5, 1)).precision == "day"
    assert dates.read(datetime(2020, 5, 1, 9, 30)).when == datetime(2020, 5, 1, 9, 30, tzinfo=UTC)


def test_the_order_of_day_and_month_is_decided_for_the_column() -> None:
    """One number above twelve decides for every row, the ambiguous ones included."""
    order, why = decide_order(["03/04/2024", "25/04/2024"], AS_OF)
    assert order == "DMY"
    assert "1 of 2" in why
    assert reader(order=order).read("03/04/2024").when == datetime(2024, 4, 3, tzinfo=UTC)
    assert decide_order(["2/3/15 0:36", "2/21/15 0:36"], AS_OF)[0] == "MDY"


def test_the_future_decides_where_no_number_does() -> None:
    """11/06/2024 is the eleventh of June in a file of June 2024."""
    order, why = decide_order(["11/06/2024", "12/06/2024"], AS_OF)
    assert order == "DMY"
    assert "future" in why


def test_a_date_that_fits_only_the_other_order_is_said() -> None:
    """It is read, and the doubt that it casts on the column is told."""
    dates = reader(order="MDY")
    assert dates.read("25/04/2024").when == datetime(2024, 4, 25, tzinfo=UTC)
    assert "fit only the other order" in " ".join(dates.notes("date"))


@given(st.datetimes(datetime(1981, 1, 1), datetime(2024, 6, 1)), st.integers(-56, 56))
def test_iso_dates_survive(when: datetime, quarters: int) -> None:
    """What isoformat writes is read back to the same moment and offset."""
    offset = timedelta(minutes=15 * quarters)
    aware = when.replace(tzinfo=timezone(offset))
    reading = reader(zero_is_local=True).read(aware.isoformat())
    assert reading.when == aware
    assert reading.local_offset == 15 * quarters


@given(st.datetimes(datetime(1981, 1, 1), datetime(2024, 6, 1)), st.integers(0, 500))
def test_months_before_lands_in_the_right_month(when: datetime, months: int) -> None:
    """So many months lie between the two, whatever the day."""
    earlier = months_before(when, months)
    assert (when.year - earlier.year) * 12 + when.month - earlier.month == months
    assert earlier.day <= when.day


def test_a_column_of_rubbish_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of unreadable cells must not each cost a slow attempt."""
    attempts = 0
    slow = DateDataParser.get_date_data

    def counted(*arguments: object, **named: object) -> object:
        nonlocal attempts
        attempts += 1
        return slow(*arguments, **named)

    monkeypatch.setattr(DateDataParser, "get_date_data", counted)
    dates = reader()
    for number in range(10_000):
        assert dates.read(f"ref {number} b").when is None
    assert dates.counts["unreadable"] == 10_000
    assert 0 < attempts < 1_000


@pytest.mark.parametrize(
    ("samples", "cell", "expected"),
    [
        (["1 star", "4 stars"], "4 stars", 0.75),
        (["4/5", "2/5"], "4/5", 0.75),
        (["80%", "20%"], "80%", 0.8),
        (["1", "3", "5"], "1", 0.0),
        (["1", "9", "10"], "10", 1.0),
        (["0", "9", "10"], "9", 0.9),
        (["True", "False"], "True", 1.0),
        (["Recommended", "Not Recommended"], "Not Recommended", 0.0),
        (["★★★☆☆", "★★★★★"], "★★★☆☆", 0.5),
        (["4.5 out of 5 stars"], "4.5 out of 5 stars", 0.875),
        (["20", "95"], "95", 0.95),
        (["0", "1", "1"], "1", 1.0),
        (["0.2", "0.9"], "0.9", 0.9),
    ],
)
def test_ratings_are_put_on_one_scale(samples: list[str], cell: str, expected: float) -> None:
    """The worst that a scale allows is 0, the best 1, and the original is kept."""
    scale = decide_scale(samples)
    assert scale is not None
    rating, original = scale.read(cell)
    assert rating == pytest.approx(expected)
    assert original == cell


def test_what_is_off_the_scale_is_no_rating() -> None:
    """A 9 among one to five is left out, not stretched over the scale."""
    scale = decide_scale(["1", "5"])
    assert scale is not None
    assert scale.read("9") == (None, "9")
    assert decide_scale(["12", "4000"]) is None
    assert decide_scale(["good", "bad"]) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1,240", 1240),
        ("1.2K", 1200),
        ("3만", 30000),
        ("-5", -5),
        ("7.0", 7),
        ("many", None),
        ("", None),
        ("9" * 60, None),
    ],
)
def test_counts(written: str, expected: int | None) -> None:
    """Grouped and shortened numbers are whole numbers; the rest is none."""
    assert read_count(written) == expected


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("Eastern Time (US & Canada)", -300),
        ("Asia/Seoul", 540),
        ("+05:30", 330),
        ("-18000", -300),
        ("-300", -300),
        ("the moon", None),
    ],
)
def test_zones_give_the_offset_of_the_day(written: str, minutes: int | None) -> None:
    """Names, offsets, minutes and seconds all become minutes, in winter here."""
    assert OffsetReader().read(written, datetime(2015, 2, 24, tzinfo=UTC)) == minutes
