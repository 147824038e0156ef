"""A signal in the shape of ``out/signals.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reports.demand import ListedSignal
from reports.json_values import iso, rounded
from reports.over_time_record import history_record, past_record
from reports.quotes import quote_record


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
        "items": [asdict(entry) for entry in signal.items],
        "people": signal.people,
        "mentions": signal.mentions,
        "ladder": asdict(signal.ladder),
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
        "hours": None if signal.hours is None else asdict(signal.hours),
        "tuples": [asdict(row) | {"uids": list(row.uids)} for row in signal.tuples],
        "sources": signal.sources,
        "places": signal.places,
        "sentiment": signal.sentiment,
        "strength": signal.strength,
        "quotes": [quote_record(quote) for quote in signal.quotes],
        "uids": list(signal.uids),
        **{key: value for key, value in decided.items() if value != left[key]},
    }
