"""What the weeks of a signal tell, in sentences for the page."""

from __future__ import annotations

from datetime import date

from earful.records import Trend
from reports.demand import ListedSignal
from reports.established import RATE, Findings
from reports.exposure import Exposure
from reports.history import History
from reports.seasons import Season
from reports.wording import count, listing, people

_MOST_CHANGES = 3


def grade_words(signal: ListedSignal, findings: Findings) -> str:
    """The grade in words, with the error rate where it rests on a test."""
    if signal.grade == "established" and signal.q is not None:
        return (
            f"beats its own past beyond chance, at a false discovery rate of"
            f" {100 * findings.rate:g} % (q {_small(signal.q)})"
        )
    if signal.people == 0:
        return "nobody asks"
    return {
        "coincidence": "one person: may be a coincidence",
        "pattern": "two people: a pattern",
    }.get(signal.grade, "three people or more")


def sentences(signal: ListedSignal) -> list[str]:
    """Its past, its changes, its seasons and its next quarter, each where there is one to tell."""
    history = signal.history
    told = [_past(signal)]
    if history is not None:
        told += [_changes(history), *map(_season, (history.weekday, history.month))]
        told.append(_forecast(history))
    return [sentence for sentence in told if sentence]


def _past(signal: ListedSignal) -> str:
    past = signal.past
    if past is None:
        return f"Not tested against its past: {signal.untested}." if signal.untested else ""
    against = "the same quarter of earlier years" if signal.seasonal else "its whole past"
    text = (
        f"{people(past.recent)} in the last 13 weeks; at the rate of {against} it would be"
        f" {past.expected:.0f}"
    )
    if past.ratio is not None:
        text += f" ({interval(past.ratio, past.low, past.high)})"
    if past.recent <= past.expected:
        return f"{text}: no more than before."
    beyond = "beyond chance" if signal.grade == "established" else "not beyond chance"
    return f"{text}: {beyond} (q {_small(signal.q or 0.0)})."


def interval(ratio: float, low: float | None, high: float | None) -> str:
    """ "×2.1, 1.3 to 3.4"; an open end is "or more"."""
    if low is None:
        return f"×{_ratio(ratio)}"
    ends = f"{_ratio(low)} or more" if high is None else f"{_ratio(low)} to {_ratio(high)}"
    return f"×{_ratio(ratio)}, {ends}"


def _changes(history: History) -> str:
    parts = []
    for change in history.changes[-_MOST_CHANGES:]:
        when = _day(change.week)
        if change.ratio is None:
            parts.append(f"began in the week of {when}")
        elif change.ratio == 0:
            parts.append(f"stopped in the week of {when}")
        else:
            moved = "rose" if change.ratio > 1 else "fell"
            size = interval(change.ratio, change.low, change.high)
            parts.append(f"{moved} in the week of {when} ({size})")
    if not parts:
        return ""
    earlier = len(history.changes) - len(parts)
    more = f" {count(earlier, 'earlier change is', 'earlier changes are')} in signals.json."
    return f"Its level {listing(parts)}.{more if earlier else ''}"


def _season(season: Season | None) -> str:
    if season is None or season.q > RATE:
        return ""
    top = season.names.index(season.peak)
    size = interval(season.rates[top], season.lows[top], season.highs[top])
    return f"Most on {season.peak}s ({size} of its mean)." if season.unit == "weekday" else (
        f"Most in {season.peak} ({size} of its mean), year after year."
    )  # fmt: skip


def _forecast(history: History) -> str:
    coming = history.forecast
    if coming is None:
        return f"No forecast: {history.no_forecast}." if history.no_forecast else ""
    season = "" if coming.seasonal else ", without a season (too few years)"
    return (
        f"Next 13 weeks: {people(coming.people)}, {coming.low:,} to {coming.high:,} (95 %), if as"
        f" much is heard as lately{season}."
    )


def gap_sentences(heard: Exposure, most: int) -> tuple[list[str], int]:
    """The gaps in words, and how many more there are."""
    return heard.words[:most], max(0, len(heard.words) - most)


def _day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"


def _ratio(value: float) -> str:
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.2f}" if 0 < value < 0.1 else f"{value:.1f}"


def _small(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"


def times(trend: Trend) -> str:
    """Growth for a row of a drawing: "×2.1 (1.3 to 3.4)", "new", "none lately", "not known"."""
    if trend.direction == "unknown":
        return "not known"
    if trend.p is None:
        return "none asked"
    if trend.ratio is None:
        return "none before"
    if trend.ratio == 0:
        return "none lately"
    if trend.low is None:
        return f"×{_ratio(trend.ratio)}"
    ends = "or more" if trend.high is None else f"to {_ratio(trend.high)}"
    return f"×{_ratio(trend.ratio)} ({_ratio(trend.low)} {ends})"
