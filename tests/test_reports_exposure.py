"""Only what was listened to counts: a gap is no demand that falls, its end none that rises."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weekly_counts import listening, noon, rollup, week

from earful.records import Coverage
from reports.exposure import Exposure, exposure_of
from reports.fact_tables import Window

BUSY = [30, 28, 33, 31, 29, 30, 32, 27, 31, 30, 29, 33]


def heard(exposure: Exposure, source: str = "forum") -> list[int]:
    """The numbers of the weeks that a source was listened to in."""
    row = exposure.sources.index(source)
    return np.flatnonzero(exposure.listened[row]).tolist()


def pulled(since: int, until: int, state: str = "complete") -> Coverage:
    """Weeks ``since`` up to and without ``until``."""
    begin, end = (noon(week(n)) - timedelta(hours=12) for n in (since, until))
    return Coverage("forum", begin, end, state)  # type: ignore[arg-type]


def test_without_records_the_edges_of_a_source_do_not_count() -> None:
    """Nobody knows on which day of its first week listening began, or of its last it ended."""
    exposure = exposure_of(rollup(forum=BUSY))
    assert heard(exposure) == list(range(1, 11))
    assert exposure.comments[0].tolist() == [0, *BUSY[1:11], 0]
    assert exposure.end == 11
    assert exposure.words == []


def test_complete_window_makes_its_whole_weeks_count() -> None:
    """The week that a pull ended in the middle of is no whole week."""
    until = noon(week(11))
    exposure = exposure_of(rollup(forum=BUSY), [Coverage("forum", None, until, "complete")])
    assert heard(exposure) == list(range(11))
    assert heard(exposure_of(rollup(forum=BUSY), [pulled(0, 12)])) == list(range(12))


def test_new_source_is_no_source_that_was_silent() -> None:
    """Before its first comment a source was not heard yet."""
    exposure = exposure_of(rollup(forum=BUSY, reviews=[0] * 5 + [9] * 7))
    assert heard(exposure, "reviews") == list(range(6, 11))
    (gap,) = [gap for gap in exposure.gaps if gap.reason == "before"]
    assert (gap.source, gap.since, gap.until) == (
        "reviews", week(0), week(5) - timedelta(days=1),
    )  # fmt: skip
    assert exposure.words == ["reviews: not heard yet 2020-01-06 to 2020-02-09"]


@pytest.mark.parametrize("state", ["capped", "failed"])
def test_broken_pull_makes_a_gap_until_a_whole_one_mends_it(state: str) -> None:
    """Every week that it touches is in doubt; a complete pull of the same time takes that away."""
    broken = [pulled(0, 4), pulled(4, 6, state), pulled(6, 12)]
    exposure = exposure_of(rollup(forum=BUSY), broken)
    assert heard(exposure) == [0, 1, 2, 3, *range(6, 12)]
    assert [gap.reason for gap in exposure.gaps] == [state]
    mended = exposure_of(rollup(forum=BUSY), [*broken, pulled(3, 7)])
    assert heard(mended) == list(range(12))


def test_pull_that_failed_at_once_spoils_its_week() -> None:
    """Its window has no length; the weeks after the last good pull are not listened to."""
    failed = Coverage("forum", noon(week(8)), noon(week(8)), "failed")
    exposure = exposure_of(rollup(forum=BUSY[:8]), [pulled(0, 7), failed])
    assert heard(exposure) == list(range(7))
    assert exposure.words == [
        "forum: not listened to 2020-02-24 to 2020-03-01",
        "forum: a pull failed 2020-03-02 to 2020-03-08",
    ]


def test_comments_outside_every_window_came_by_the_way() -> None:
    """Old comments that a thread brought along are no time that was listened to."""
    comments = [2, 0, 1, 0, *BUSY]
    exposure = exposure_of(rollup(forum=comments), [pulled(4, 16)])
    assert heard(exposure) == list(range(4, 16))
    assert [gap.reason for gap in exposure.gaps] == ["not_listened"]


def test_backfill_makes_the_past_heard_and_today_no_louder() -> None:
    """Comments count in the week they were written in, whenever they arrived."""
    before = exposure_of(rollup(forum=[0] * 8 + BUSY), [pulled(8, 20)])
    after = exposure_of(rollup(forum=[25] * 8 + BUSY), [pulled(8, 20), pulled(0, 8)])
    assert heard(after) == list(range(20))
    assert np.array_equal(after.comments[0, -12:], before.comments[0])
    half_done = exposure_of(
        rollup(forum=[0] * 4 + [25] * 4 + BUSY), [pulled(8, 20), pulled(4, 6, "failed")]
    )
    assert not set(heard(half_done)) & {0, 1, 2, 3}


def test_files_month_by_month_follow_one_another() -> None:
    """Between the last comment of one file and the first of the next lies no gap."""

    def file(first: int, last: int) -> Coverage:
        return Coverage(
            "forum", noon(week(first) + timedelta(days=1)), noon(week(last)), "imported"
        )

    sparse = [2, 1, 3, 2, 1, 2, 2, 1, 3, 2, 2, 1]
    exposure = exposure_of(rollup(forum=sparse), [file(0, 4), file(4, 8), file(8, 11)])
    assert heard(exposure) == list(range(1, 11))
    # A hundred a day do not stop for a week by chance.
    busy = [700, 700, 700, 700, 0, 700, 700, 700, 700, 700, 700, 700]
    assert not set(heard(exposure_of(rollup(forum=busy), [file(0, 4), file(5, 11)]))) & {4, 5}


def test_file_without_dates_says_nothing_of_time() -> None:
    """Its window is unknown, and the comments of other files count by themselves."""
    undated = Coverage("forum", None, None, "imported")
    assert heard(exposure_of(rollup(forum=BUSY), [undated])) == list(range(1, 11))


def test_dead_connector_is_silent_and_a_quiet_source_is_quiet() -> None:
    """Thirty a week do not become none; two a week may, for a week, but not for months."""
    dead = exposure_of(rollup(forum=[*BUSY[:6], 0, 0, 0, *BUSY[:4]]), [pulled(0, 13)])
    assert dead.words == ["forum: nothing heard 2020-02-17 to 2020-03-08"]
    few = [2, 1, 3, 2, 1, 2, 0, 2, 1, 3, 2, 1]
    assert heard(exposure_of(rollup(forum=few), [pulled(0, 12)])) == list(range(12))
    long = exposure_of(rollup(forum=[*few, *[0] * 9, *few]), [pulled(0, 33)])
    assert [gap.reason for gap in long.gaps] == ["silent"]
    # A source of bursts (mean 5, most weeks none) may hold its breath.
    bursts = [30, 0, 0, 0, 30, 0, 0, 30, 0, 0, 30]
    assert heard(exposure_of(rollup(forum=bursts), [pulled(0, 11)])) == list(range(11))


def test_source_that_died_is_told_up_to_the_last_pull() -> None:
    """Pulls that bring nothing go on after the last comment."""
    exposure = exposure_of(rollup(forum=BUSY), [pulled(0, 18)])
    assert exposure.mondays.size == 18
    assert exposure.end == 12
    assert exposure.words == ["forum: nothing heard 2020-03-30 to 2020-05-10"]


def test_report_window_cuts_its_first_and_last_week() -> None:
    """A week that the report shows half of is no whole week."""
    window = Window(since=noon(week(2)), until=noon(week(9)))
    shown = rollup(forum=[0, 0, *BUSY[2:10]])
    exposure = exposure_of(shown, [pulled(0, 30)], window)
    assert exposure.mondays.size == 8
    assert [exposure.monday(n) for n in heard(exposure)] == [week(n) for n in range(3, 9)]


def test_nothing_heard_gives_an_empty_exposure() -> None:
    """No weeks, no gaps, no error."""
    exposure = exposure_of(rollup(), [pulled(0, 3)])
    assert (exposure.end, exposure.gaps, exposure.sources) == (0, (), ())
    assert exposure.stretches(exposure.comments).shape == (0, 0)
    assert exposure.week_of(pd.Series(pd.to_datetime(["2020-01-06"]))).tolist() == [-1]


def test_stretches_are_counted_back_from_the_newest_week_listened_to() -> None:
    """The newest 13 weeks come first; a stretch that was hardly listened to is left out."""
    gaps = np.zeros((1, 42), dtype=bool)
    gaps[0, 40:] = True
    gaps[0, 14:21] = True
    exposure = listening(np.ones((1, 42), dtype=np.int64), gaps)
    assert exposure.end == 40
    assert exposure.stretches(exposure.comments).tolist() == [[13, 0, 13, 0]]
    assert exposure.usable.tolist() == [[True, False, True, False]]


def test_drawing_is_told_where_nothing_was_heard() -> None:
    """A time that one of the sources heard is no gap of the picture."""
    gaps = np.zeros((2, 10), dtype=bool)
    gaps[0, 3:7] = True
    gaps[1, 5:10] = True
    exposure = listening(np.ones((2, 10), dtype=np.int64), gaps)
    assert exposure.unheard("ab") == [(week(5), week(7) - timedelta(days=1))]
    assert exposure.unheard("b") == [(week(5), week(10) - timedelta(days=1))]


def test_days_find_their_week() -> None:
    """Sunday belongs to the week before; days outside and missing ones to none."""
    exposure = listening(np.ones((1, 4), dtype=np.int64))
    days = pd.to_datetime(["2020-01-06", "2020-01-12", "2020-01-13", "2020-02-03", None])
    assert exposure.week_of(pd.Series(days)).tolist() == [0, 0, 1, -1, -1]


states = st.sampled_from(["complete", "capped", "failed", "imported"])


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=40).filter(any),
    st.lists(st.tuples(st.integers(-5, 45), st.integers(0, 20), states), max_size=6),
)
def test_gaps_and_listened_weeks_share_out_the_time(
    comments: list[int], windows: list[tuple[int, int, str]]
) -> None:
    """Whatever was recorded: every week is either listened to or in exactly one gap, never both."""
    coverage = [pulled(since, since + length, state) for since, length, state in windows]
    exposure = exposure_of(rollup(forum=comments), coverage)
    told = np.zeros(exposure.mondays.size, dtype=int)
    for gap in exposure.gaps:
        assert gap.since.weekday() == 0
        assert gap.until.weekday() == 6
        first = (gap.since - exposure.monday(0)).days // 7
        told[first : first + (gap.until - gap.since).days // 7 + 1] += 1
    assert np.array_equal(told, 1 - exposure.listened[0])
    assert not exposure.comments[~exposure.listened].any()
