"""People who ask are counted once, in weeks that were listened to."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from weekly_counts import listening, week

from reports.askers import ASKED_COLUMNS, Askers, count_askers
from reports.exposure import STRETCH, Exposure

WEEKS = 40


def open_ears(gaps: dict[str, list[int]] | None = None) -> Exposure:
    """Sources "a" and "b" over 40 weeks."""
    missing = np.zeros((2, WEEKS), dtype=bool)
    for source, weeks in (gaps or {}).items():
        missing["ab".index(source), weeks] = True
    return listening(np.full((2, WEEKS), 10), missing)


def counted(said: list[tuple[str, str, str, date]], exposure: Exposure | None = None) -> Askers:
    frame = pd.DataFrame(said, columns=list(ASKED_COLUMNS[:4])).assign(to_the_day=True)
    frame["day"] = pd.to_datetime(frame["day"])
    return count_askers(frame, ["chai", "milk"], exposure or open_ears())


def test_person_counts_once_in_thirteen_weeks() -> None:
    """Who asks every week for half a year counts in the first week and 13 weeks later."""
    result = counted([("chai", "ann", "a", week(n)) for n in range(2, 28)])
    assert np.flatnonzero(result.people[0, 0]).tolist() == [2, 15]
    assert result.people.sum() == 2


def test_people_wishes_and_sources_are_told_apart() -> None:
    """Two people in a week are two; one person with two wishes counts for each."""
    result = counted(
        [
            ("chai", "ann", "a", week(3)),
            ("chai", "bo", "a", week(3) + timedelta(days=6)),
            ("milk", "ann", "b", week(4)),
            ("chai", "ann", "b", week(4)),
        ]
    )
    assert result.people[0, 0, 3] == 2
    assert result.people[1, 1, 4] == 1
    assert result.people.sum() == 3
    assert result.counted["weekday"].tolist() == [0, 6, 0]


def test_what_is_said_in_a_gap_counts_nowhere() -> None:
    """Nor does it use up the person's turn: the next ask, when listening again, counts."""
    said = [("chai", "ann", "a", week(5)), ("chai", "ann", "a", week(9))]
    result = counted(said, open_ears({"a": [5, 6]}))
    assert np.flatnonzero(result.people[0, 0]).tolist() == [9]


def test_unknown_names_and_days_are_left_out() -> None:
    """Other signals, sources without a week, and days outside the report."""
    said = [
        ("tea", "ann", "a", week(5)),
        ("chai", "ann", "z", week(5)),
        ("chai", "ann", "a", week(-1)),
        ("chai", "ann", "a", week(WEEKS)),
    ]
    assert counted(said).people.sum() == 0
    assert counted([]).people.shape == (2, 2, WEEKS)


def test_week_that_is_known_without_its_day_has_no_weekday() -> None:
    """The person counts, on no day in particular."""
    row = pd.DataFrame([("chai", "ann", "a", week(3), False)], columns=list(ASKED_COLUMNS))
    result = count_askers(row, ["chai"], open_ears())
    assert result.people.sum() == 1
    assert result.counted["weekday"].tolist() == [-1]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["chai", "milk"]),
            st.sampled_from(["ann", "bo", "cy"]),
            st.sampled_from("ab"),
            st.integers(0, 7 * WEEKS - 1).map(lambda n: week(0) + timedelta(days=n)),
        ),
        max_size=40,
    )
)
def test_no_thirteen_weeks_hold_a_person_twice(said: list[tuple[str, str, str, date]]) -> None:
    """And whoever asked is counted at least once, whatever the order of the rows."""
    result = counted(said)
    everybody = len({(signal, person) for signal, person, _, _ in said})
    assert result.people.sum() >= everybody
    per_week = result.people.sum(axis=1)
    for start in range(WEEKS - STRETCH + 1):
        assert (per_week[:, start : start + STRETCH].sum(axis=1) <= 3).all()
    assert np.array_equal(counted(said[::-1]).people, result.people)
