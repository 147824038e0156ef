"""Known events found again: who is counted, in which stretch, and how rates are compared."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.events import EVENTS, Event, Stretch, compared, draw, measured

TEA = Event(
    "tea",
    "Tea: the missing biscuit",
    "shop",
    ("counter",),
    r"biscuits?",
    (
        Stretch("with biscuits", "2020-01-01", "2020-03-01"),
        Stretch("without", "2020-03-01", "2020-05-01"),
    ),
    (("2020-03-01", "taken away"),),
)


def comments() -> pd.DataFrame:
    """Twenty comments a month at the counter, half of them on biscuits since March; as many
    elsewhere that are not this event's."""
    rows = []
    for month in range(1, 6):
        for n in range(20):
            about = month >= 3 and n % 2 == 0
            rows.append(
                {
                    "uid": f"c{month}-{n}",
                    "channel": "counter",
                    "created_at": pd.Timestamp(2020, month, n + 1, tz="UTC"),
                    "title": "Where are the BISCUITS?" if about else "A cup of tea",
                    "text": None,
                    "categories": ["request"] if about and n % 4 == 0 else None,
                }
            )
    here = pd.DataFrame(rows)
    away = here.assign(channel="kitchen", uid="k" + here["uid"], title="biscuit")
    return pd.concat([here, away], ignore_index=True)


def test_people_are_counted_by_stretch_and_by_month() -> None:
    """Only the event's channels and days count; who asks is among those who speak of it."""
    found = measured(TEA, comments(), [{"name": "biscuits", "people": 9, "uids": ["c3-0", "c4-0"]}])
    before, after = found["stretches"]
    assert (before["heard"], before["spoke"], before["asked"]) == (40, 0, 0)
    assert (after["heard"], after["spoke"], after["asked"]) == (40, 20, 10)
    assert after["spoke_against_before"]["p"] < 0.001
    assert after["spoke_against_before"]["low"] > 1
    assert found["bars"][2] == ["2020-03", 20, 10, 5]
    assert len(found["bars"]) == 4, "May lies beyond the last stretch"
    assert found["signals"]["largest"] == [{"name": "biscuits", "people": 9, "of_the_event": 2}]


@pytest.mark.parametrize(
    ("after", "before", "ratio"),
    [((30, 300), (10, 1000), 10.0), ((5, 100), (5, 100), 1.0), ((0, 10), (0, 10), None)],
)
def test_rates_are_compared_with_the_people_heard(
    after: tuple[int, int], before: tuple[int, int], ratio: float | None
) -> None:
    """Ten times the rate is told from equal rates; of nobody nothing is told."""
    now, then = ({"spoke": count, "heard": heard} for count, heard in (after, before))
    found = compared(now, then, "spoke")
    assert found.ratio == ratio
    if ratio is not None:
        assert found.low is not None
        assert found.high is not None
        assert found.low < ratio < found.high
        assert (found.p < 0.001) == (ratio > 1)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    """One panel for each event, months without anybody among them."""
    rows = comments()
    rows = rows[rows["created_at"].dt.month != 2]
    found = measured(TEA, rows, [])
    draw({event.key: found for event in EVENTS}, tmp_path / "events.png")
    assert (tmp_path / "events.png").stat().st_size > 10_000
