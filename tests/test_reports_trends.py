"""A trend is told of weeks that were listened to, with an interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from weekly_counts import listening, week

from earful.records import Trend
from reports.trends import UNKNOWN, Halves, beyond_chance, grown, halves_listened, trend


def compared(gaps: dict[int, range] | None = None, weeks: int = 30) -> Halves:
    """Halves of sources "a" and "b" with ten comments a week; gaps by source."""
    missing = np.zeros((2, weeks), dtype=bool)
    for source, columns in (gaps or {}).items():
        missing[source, list(columns)] = True
    return halves_listened(listening(np.full((2, weeks), 10), missing))


def test_halves_end_with_the_last_week_listened_to() -> None:
    """Thirteen weeks each, gaps left out."""
    halves = compared({0: range(28, 30), 1: range(26, 30)})
    assert (halves.earlier, halves.recent, halves.end) == (week(2), week(15), week(28))
    assert halves.exposure == {"a": (130, 130), "b": (130, 110)}
    assert halves.half_of(week(20), "b") == 1
    assert halves.half_of(week(26), "b") is None
    assert halves.half_of(week(26), "a") == 1
    assert halves.half_of(week(14), "b") == 0


@pytest.mark.parametrize("deaf", [range(20, 30), range(4, 12)])
def test_source_that_was_hardly_heard_in_a_half_says_nothing(deaf: range) -> None:
    """Neither a dead source nor one that joins is a change of demand."""
    halves = compared({1: deaf})
    assert trend({"b": (20, 2)}, halves) == UNKNOWN
    assert grown({"b": (20, 2)}, halves) is None
    assert trend({"a": (10, 10), "b": (20, 2)}, halves).ratio == pytest.approx(1.0)
    assert trend({"a": (10, 10)}, compared(weeks=20)) == UNKNOWN
    assert trend({"a": (10, 10)}, compared({0: range(30), 1: range(30)})) == UNKNOWN


def test_ratio_has_the_interval_of_the_exact_test() -> None:
    """Clopper and Pearson's interval, as odds; the two agree about chance."""
    halves = compared()
    found = grown({"a": (4, 16)}, halves)
    assert found is not None
    assert found.ratio == trend({"a": (4, 16)}, halves).ratio
    ends = stats.binomtest(16, 20, 0.5).proportion_ci()
    assert found.low == pytest.approx(ends.low / (1 - ends.low))
    assert found.high == pytest.approx(ends.high / (1 - ends.high))
    assert grown({"a": (0, 0)}, halves) is None


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 1))
def test_restless_demand_needs_more_to_rise(before: int, after: int, phi: float) -> None:
    """Over-dispersion makes the interval wider and p no smaller than chance alone has it."""
    halves = compared()
    people = {"a": (before, after)}
    calm, restless = trend(people, halves), trend(people, halves, dispersion=phi)
    assert calm.ratio == restless.ratio
    assert calm.p is not None
    assert restless.p is not None
    assert restless.p >= calm.p - 1e-9
    narrow, wide = grown(people, halves), grown(people, halves, phi)
    assert narrow is not None
    assert wide is not None
    assert wide.low <= narrow.low
    assert wide.high >= narrow.high  # type: ignore[operator]


def test_one_of_many_is_no_trend() -> None:
    """p = 0.03 counts alone and not among twenty; what is beyond doubt stays, unknown too."""
    rising, steady = Trend("rising", 2.0, 0.03), Trend("steady", 1.0, 0.6)
    assert beyond_chance([rising]) == [rising]
    sure = Trend("falling", 0.1, 1e-6)
    kept = beyond_chance([rising, sure, UNKNOWN, *[steady] * 18])
    assert kept[0] == Trend("steady", 2.0, 0.03)
    assert kept[1:3] == [sure, UNKNOWN]
    assert beyond_chance([]) == []
