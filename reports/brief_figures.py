"""The figures of the brief: each a picture with the rows that stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from earful.records import DAYPARTS, DemandSignal
from reports import charts, hours_chart, say_want_chart, timeline_charts, wording
from reports.brief_voices import Voices
from reports.demand import Demand, ListedSignal
from reports.timeline import Timeline

CHARTED = 12
TREND_LINES = 6
VOICES_PER_SIDE = 4
GAPS_A_SIDE = 6
TUPLES = 25
CATEGORY_SPLIT = ("request", "problem", "complaint", "question", "praise", "churn_risk")


def trend_figure(
    demand: Demand, shared: Sequence[ListedSignal], time: Timeline | None
) -> dict[str, Any]:
    """The lines of the first signals, and how all of them grow."""
    if time is None or not shared:
        return {"trend_chart": None}
    known = [s for s in shared if timeline_charts.told_by_growth(s.trend)][:CHARTED]
    return {
        "trend_chart": timeline_charts.trends(
            shared[:TREND_LINES], demand.asks, time, demand.heard
        ),
        "trend_unit": time.words,
        "growth_chart": timeline_charts.growth(known) if known else None,
        "moving": [s for s in shared if s.trend.direction in ("rising", "falling")],
        "established": [s for s in shared if s.grade == "established"],
    }


def moment_figure(shared: Sequence[DemandSignal]) -> dict[str, Any]:
    """Signals by part of the day, and the cell with the most people."""
    timed = [s for s in shared if any(part in s.moments for part in DAYPARTS)][:CHARTED]
    if not timed:
        return {"moments_chart": None, "busiest": None}
    busiest = max(
        ((s, part, s.moments[part]) for s in timed for part in DAYPARTS if part in s.moments),
        key=lambda entry: entry[2],
    )
    return {"moments_chart": charts.moments_grid(timed), "busiest": busiest}


def hours_figure(shared: Sequence[ListedSignal]) -> dict[str, Any]:
    """The hours of things of which people named a clock time or two people a part of the day."""
    timed = [s for s in shared if s.hours is not None and s.hours.people > 1]
    told = sorted(
        ((s, row) for s in shared for row in s.tuples if row.people > 1),
        key=lambda entry: -entry[1].people,
    )
    rows = hours_chart.rows_of(timed)[:CHARTED]
    return {
        "hours_chart": hours_chart.grid(rows) if rows else None,
        "hours_top": rows[0] if rows else None,
        "hours_local": all(s.hours.posted_local == s.hours.posted_people for s in timed if s.hours),
        "tuples": told[:TUPLES],
        "more_tuples": max(0, len(told) - TUPLES),
    }


def say_want_figure(demand: Demand, voices: Voices) -> dict[str, Any]:
    """The gaps beyond chance, those said when asked first."""
    told = demand.say_want
    if told is None:
        return {"say_want": None}
    named = {signal.id: signal for signal in demand.signals}
    said, wanted = told.of("said")[:GAPS_A_SIDE], told.of("wanted")[:GAPS_A_SIDE]
    return {
        "say_want": told,
        "say_want_chart": say_want_chart.gaps([*said, *wanted], told) if said or wanted else None,
        "said": said,
        "wanted": wanted,
        "gap_voices": [
            (gap, voices.by_side(named[gap.id], solicited=True, most=VOICES_PER_SIDE),
             voices.by_side(named[gap.id], solicited=False, most=VOICES_PER_SIDE))
            for gap in (*said, *wanted)
        ],
    }  # fmt: skip


def sentiment_figure(demand: Demand) -> dict[str, Any]:
    """Moods over time of the sources with the most comments."""
    months = demand.rollups.sentiments
    if months.empty:
        return {"sentiment_chart": None, "sentiment_unit": "", "moods": []}
    volume = months.groupby("source")["comments"].sum().sort_values(ascending=False, kind="stable")
    moods = []
    for source in volume.index[:6]:
        rows = months[months["source"] == source].groupby("name")["comments"].sum()
        total = int(rows.sum())
        moods.append(
            (
                source,
                total,
                {
                    kind: wording.percent(int(rows.get(kind, 0)), total)
                    for kind in ("negative", "neutral", "positive", "mixed")
                },
            )
        )
    return {
        "sentiment_chart": charts.sentiment(months, list(volume.index[:6])),
        "sentiment_unit": charts.UNIT_NAMES[charts.sentiment_unit(months)],
        "moods": moods,
    }


def categories(demand: Demand) -> dict[str, Any] | None:
    """Per source: what share of the dated comments is in each category, and how it moved.

    The move compares the last year of the window with the time before, in points of a hundred.
    """
    rows = demand.rollups.categories
    months = demand.rollups.months
    if rows.empty or months.empty:
        return None
    border = months["start"].max() - pd.DateOffset(months=11)
    seen = [c for c in CATEGORY_SPLIT if c in set(rows["name"])]
    table = []
    for source, volume in months.groupby("source"):
        mine = rows[rows["source"] == source]
        total = int(volume["comments"].sum())
        recent = int(volume.loc[volume["start"] >= border, "comments"].sum())
        cells = []
        for category in seen:
            of = mine[mine["name"] == category]
            now = int(of.loc[of["month"] >= border, "comments"].sum())
            every = int(of["comments"].sum())
            moved = None
            if recent >= 20 and total - recent >= 20:
                moved = round(100 * (now / recent - (every - now) / (total - recent)))
            cells.append((wording.percent(every, total), every, moved))
        table.append((source, total, cells))
    return {"names": [name.replace("_", " ") for name in seen], "rows": table}
