"""What the weeks of the signals tell, in the shapes of ``out/signals.json``; dates as ISO text."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports.established import Findings
from reports.exposure import Exposure
from reports.forecast import Forecast
from reports.growth import Growth
from reports.history import History
from reports.json_values import rounded
from reports.seasons import Season


def heard_record(heard: Exposure) -> dict[str, Any]:
    """``weeks`` by source, [Monday, comments] of those listened to; ``gaps``, those that were not,
    for which ``reason``."""
    return {
        "weeks": {
            source: [
                [heard.monday(int(week)).isoformat(), int(comments[week])]
                for week in np.flatnonzero(listened)
            ]
            for source, comments, listened in zip(
                heard.sources, heard.comments, heard.listened, strict=True
            )
        },
        "gaps": [
            {
                "source": gap.source,
                "since": gap.since.isoformat(),
                "until": gap.until.isoformat(),
                "reason": gap.reason,
            }
            for gap in heard.gaps
        ],
    }


def findings_record(findings: Findings) -> dict[str, Any]:
    """The test that "established" rests on, with its error rate."""
    return {
        "tested": findings.tested,
        "established": findings.established,
        "false_discovery_rate": findings.rate,
        "overdispersion": rounded(findings.dispersion),
        "sources": list(findings.sources),
        "seasonal_sources": list(findings.seasonal),
        "words": findings.words,
    }


def past_record(past: Growth | None, seasonal: bool) -> dict[str, Any] | None:
    """The last 13 weeks beside the signal's own past; None where it was not tested."""
    if past is None:
        return None
    return {
        "people": past.recent,
        "expected": rounded(past.expected),
        "ratio": rounded(past.ratio),
        "low": rounded(past.low),
        "high": rounded(past.high),
        "against": "the same quarter of earlier years" if seasonal else "all weeks before",
    }


def history_record(history: History | None) -> dict[str, Any] | None:
    """Changes of level, seasons and the forecast of a signal."""
    if history is None:
        return None
    return {
        "changes": [
            {
                "week": change.week.isoformat(),
                "ratio": rounded(change.ratio),
                "low": rounded(change.low),
                "high": rounded(change.high),
            }
            for change in history.changes
        ],
        "weekday": _season_record(history.weekday),
        "month": _season_record(history.month),
        "forecast": _forecast_record(history.forecast),
        "no_forecast": history.no_forecast,
    }


def _season_record(season: Season | None) -> dict[str, Any] | None:
    """``rates`` are per comment heard, 1 on average."""
    if season is None:
        return None
    return {
        "p": rounded(season.p),
        "q": rounded(season.q),
        "peak": season.peak,
        "rates": [
            {
                "name": name,
                "people": people,
                "rate": rounded(rate),
                "low": rounded(low),
                "high": rounded(high),
            }
            for name, people, rate, low, high in zip(
                season.names, season.people, season.rates, season.lows, season.highs, strict=True
            )
        ],
    }


def _forecast_record(forecast: Forecast | None) -> dict[str, Any] | None:
    """``weeks`` holds [Monday, people, low, high], ``comments`` what is taken as heard a week."""
    if forecast is None:
        return None
    return {
        "people": forecast.people,
        "low": forecast.low,
        "high": forecast.high,
        "seasonal": forecast.seasonal,
        "comments": {source: rounded(count) for source, count in forecast.comments.items()},
        "weeks": [
            [monday.isoformat(), rounded(people), low, high]
            for monday, people, low, high in forecast.weeks
        ],
    }
