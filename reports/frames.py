"""What a notebook asks for, as pandas frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from earful.records import Estimate
from reports.demand import Demand, ListedSignal
from reports.established import RATE
from reports.history import History
from reports.seasons import Season


def signals_frame(demand: Demand) -> pd.DataFrame:
    """One row per signal, in the order of demand, with flat columns.

    Columns: rank, id, name, type, grade, people, estimate (people), its low and high (none where
    nothing was measured), left_out, why_not, mentions, posts, strength, first_seen, last_seen,
    trend, trend_ratio, trend_p, trend_low, trend_high (the last 13 weeks over the 13 before), p, q,
    untested, past_ratio, past_low, past_high (over the signal's own past), changed (Mondays),
    peak_weekday, peak_month (where beyond chance), forecast, forecast_low, forecast_high (people in
    the next 13 weeks), one ``sentiment_*`` per sentiment (people), and the maps of moments,
    sources, places and items as text such as "forum: 12, reviews: 3".
    """
    rows = []
    for rank, signal in enumerate(demand.signals, 1):
        rows.append(
            {
                "rank": rank,
                "id": signal.id,
                "name": signal.name,
                "type": signal.type,
                "grade": signal.grade,
                "people": signal.people,
                **estimate_columns(signal.estimate),
                "mentions": signal.mentions,
                "posts": signal.ladder.posts,
                "without_copies": signal.ladder.without_copies,
                "people_basis": signal.ladder.people_basis,
                "strength": signal.strength,
                "first_seen": signal.first_seen,
                "last_seen": signal.last_seen,
                "trend": signal.trend.direction,
                "trend_ratio": signal.trend.ratio,
                "trend_p": signal.trend.p,
                "trend_low": signal.trend.low,
                "trend_high": signal.trend.high,
                **_against_its_past(signal),
                **_told_by_its_weeks(signal.history),
                **{f"sentiment_{name}": count for name, count in signal.sentiment.items()},
                "moments": listed(signal.moments),
                "sources": listed(signal.sources),
                "places": listed(signal.places),
                "items": listed({entry.item: entry.people for entry in signal.items}),
            }
        )
    frame = pd.DataFrame(rows, columns=None if rows else list(_COLUMNS))
    for column in ("first_seen", "last_seen"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[ms, UTC]")
    for column in ("strength", *NUMBERS):
        frame[column] = frame[column].astype("float64")
    for column in ("estimate", "low", "high"):
        frame[column] = frame[column].astype("Int64")
    return frame


def _against_its_past(signal: ListedSignal) -> dict[str, object]:
    return {
        "p": signal.p,
        "q": signal.q,
        "untested": signal.untested,
        "past_ratio": signal.past.ratio if signal.past else None,
        "past_low": signal.past.low if signal.past else None,
        "past_high": signal.past.high if signal.past else None,
    }


def _told_by_its_weeks(history: History | None) -> dict[str, object]:
    coming = history.forecast if history else None
    return {
        "changed": ", ".join(str(change.week) for change in history.changes) if history else "",
        "peak_weekday": peak_of(history.weekday) if history else "",
        "peak_month": peak_of(history.month) if history else "",
        "forecast": coming.people if coming else None,
        "forecast_low": coming.low if coming else None,
        "forecast_high": coming.high if coming else None,
    }


def peak_of(season: Season | None) -> str:
    """The season with the highest rate, "" where the seasons differ by no more than chance."""
    return season.peak if season is not None and season.q <= RATE else ""


NUMBERS = (
    *("trend_ratio", "trend_p", "trend_low", "trend_high", "p", "q"),
    *("past_ratio", "past_low", "past_high", "forecast", "forecast_low", "forecast_high"),
)
"""Columns of ``signals_frame`` that may be empty."""


def estimate_columns(estimate: Estimate) -> dict[str, Any]:
    """An estimate as flat values; one that is none has no numbers."""
    told = estimate.measured
    return {
        "estimate": estimate.people if told else None,
        "low": estimate.low if told else None,
        "high": estimate.high if told else None,
        "left_out": estimate.left_out,
        "why_not": estimate.why_not,
    }


_COLUMNS = (
    *("rank", "id", "name", "type", "grade", "people", "estimate", "low", "high", "left_out"),
    *("why_not", "mentions", "posts"),
    *("without_copies", "people_basis", "strength", "first_seen", "last_seen", "trend"),
    *("trend_ratio", "trend_p", "trend_low", "trend_high", "p", "q", "untested"),
    *("past_ratio", "past_low", "past_high", "changed", "peak_weekday", "peak_month"),
    *("forecast", "forecast_low", "forecast_high", "sentiment_negative", "sentiment_neutral"),
    *("sentiment_positive", "sentiment_mixed", "moments", "sources", "places", "items"),
)


def items_frame(demand: Demand) -> pd.DataFrame:
    """One row per signal and item: id, name, item, people, mentions."""
    return pd.DataFrame(
        [
            (signal.id, signal.name, entry.item, entry.people, entry.mentions)
            for signal in demand.signals
            for entry in signal.items
        ],
        columns=["id", "name", "item", "people", "mentions"],
    )


def quotes_frame(demand: Demand) -> pd.DataFrame:
    """One row per signal and quote: id, name, uid, quote, url, created_at."""
    frame = pd.DataFrame(
        [
            (signal.id, signal.name, quote.uid, quote.quote, quote.url, quote.created_at)
            for signal in demand.signals
            for quote in signal.quotes
        ],
        columns=["id", "name", "uid", "quote", "url", "created_at"],
    )
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True).astype(
        "datetime64[ms, UTC]"
    )
    return frame


def tuples_frame(demand: Demand) -> pd.DataFrame:
    """One row per demand tuple: id, name, item, moment, place, condition, people, mentions."""
    return pd.DataFrame(
        [
            (
                *(signal.id, signal.name, row.item, row.moment, row.place, row.condition),
                *(row.people, row.mentions),
            )
            for signal in demand.signals
            for row in signal.tuples
        ],
        columns=["id", "name", "item", "moment", "place", "condition", "people", "mentions"],
    )


def hours_frame(demand: Demand) -> pd.DataFrame:
    """One row per signal, item and hour (0 to 23) that anybody wants it at: people.

    Columns: id, name, item, hour, people.
    """
    return pd.DataFrame(
        [
            (signal.id, signal.name, item, hour, people)
            for signal in demand.signals
            if signal.hours is not None
            for item, counts in signal.hours.items.items()
            for hour, people in enumerate(counts)
            if people
        ],
        columns=["id", "name", "item", "hour", "people"],
    )


def series_frame(demand: Demand, most: int | None = None) -> pd.DataFrame:
    """One row per signal and week: id, name, week (Monday), people, mentions.

    ``most`` keeps to the first so many signals.
    """
    frame = pd.DataFrame(
        [
            (signal.id, signal.name, week, people, mentions)
            for signal in demand.signals[:most]
            for week, people, mentions in signal.series
        ],
        columns=["id", "name", "week", "people", "mentions"],
    )
    frame["week"] = pd.to_datetime(frame["week"])
    return frame


def listed(counts: dict[str, int]) -> str:
    """A map of names to counts as one line of text."""
    return ", ".join(f"{name}: {count}" for name, count in counts.items())
