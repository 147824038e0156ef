"""A signal in the shape of ``out/signals.json``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from earful.records import Ladder
from reports.demand import ListedSignal
from reports.hours import hours_record
from reports.over_time_record import history_record, past_record, rounded
from reports.tuples import tuple_record


def signal_record(signal: ListedSignal) -> dict[str, Any]:
    """A signal in the shape of ``out/signals.json``; dates as ISO text.

    ``standing`` and ``owner`` are there where the taxonomy decided them.
    """
    decided = {"standing": str(signal.standing), "owner": signal.owner}
    left = {"standing": "ranked", "owner": ""}
    return {
        "id": signal.id,
        "name": signal.name,
        "type": signal.type,
        "items": [
            {"item": entry.item, "people": entry.people, "mentions": entry.mentions}
            for entry in signal.items
        ],
        "people": signal.people,
        "mentions": signal.mentions,
        "ladder": ladder_record(signal.ladder),
        "estimate": asdict(signal.estimate),
        "grade": signal.grade,
        "first_seen": iso(signal.first_seen),
        "last_seen": iso(signal.last_seen),
        "series": [list(week) for week in signal.series],
        "trend": {
            "direction": signal.trend.direction,
            "ratio": rounded(signal.trend.ratio),
            "p": rounded(signal.trend.p),
            "low": rounded(signal.trend.low),
            "high": rounded(signal.trend.high),
        },
        "p": rounded(signal.p),
        "q": rounded(signal.q),
        "untested": signal.untested,
        "past": past_record(signal.past, signal.seasonal),
        "history": history_record(signal.history),
        "moments": signal.moments,
        "hours": hours_record(signal.hours),
        "tuples": [tuple_record(row) for row in signal.tuples],
        "sources": signal.sources,
        "places": signal.places,
        "sentiment": signal.sentiment,
        "strength": signal.strength,
        "quotes": [
            {
                "uid": quote.uid,
                "quote": quote.quote,
                "url": quote.url,
                "created_at": iso(quote.created_at),
            }
            for quote in signal.quotes
        ],
        "uids": list(signal.uids),
        **{key: value for key, value in decided.items() if value != left[key]},
    }


def ladder_record(ladder: Ladder) -> dict[str, Any]:
    """A ladder in the shape of ``out/signals.json``."""
    return {
        "posts": ladder.posts,
        "without_copies": ladder.without_copies,
        "without_spam": ladder.without_spam,
        "people": ladder.people,
        "people_basis": ladder.people_basis,
    }


def iso(moment: datetime | None) -> str | None:
    """A time as ISO text in UTC, to the second."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
