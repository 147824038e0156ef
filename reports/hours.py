"""At which hour a thing is wanted, by the words of those who ask; and at which hour they post.

A moment that names a part of the day is wanted at all its hours, as the codebook fixes them. Where
the words name a clock time that fits that part ("after 10:30", "until 11 pm", "14 bis 16 Uhr"), the
hours are those from it, up to it, between both or its own. What people post at lunch they may want
at midnight, so the two are never mixed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earful.records import DAYPARTS
from reports.fact_tables import FactTables, Window, fetch, heard, in_window
from reports.moments import moments_of

HOURS = 24
HOURLY_PRECISIONS = ("second", "minute")
"""Dates known well enough to be put into an hour."""
_HOUR = 60
_NEAR = _HOUR
"""Minutes before a part of the day that "after" may name: "after 10:30" is wanted at midday."""
_EXACT = re.compile(
    r"(?<![\d:.,£$€#/-])(?P<hour>\d{1,2})(?:[:.h](?P<minute>[0-5]\d))?"
    r"\s?(?P<half>[ap]\.?\s?m\b\.?|uhr\b|h\b|시|時|点)?(?![\d%€£$]|[.,:]\d)"
)
_LINK = re.compile(r"\s*(?:-|–|—|~|to|till?|until|and|bis|und|à|et|a|y|do|i|から|부터)\s*")
_AFTER = re.compile(
    r"\b(?:after|past|from|since|beyond|later than|clos\w+(?: at| by)?|stop\w*(?: \w+)?(?: at| by)?"
    r"|ends?(?: at)?|nach|ab|apr[eè]s|[aà] partir d[eao]s?|d[eè]s|despu[eé]s de(?: las?)?"
    r"|desde(?: las?)?|depois d[aeo]s?|ap[oó]s(?: as)?|po|od|dopo(?: le)?|dalle)\s*$"
)
_UNTIL = re.compile(
    r"\b(?:before|until|till?|by|up to|vor|bis|avant|jusqu'[aà]|antes d[aeo]s?(?: las?)?"
    r"|hasta(?: las?)?|at[eé](?: as)?|przed|do|prima delle|fino alle)\s*$"
)
_AT = re.compile(r"\b(?:at|around|about|um|gegen|vers|[aà]|a las|[aà]s|alle|o)\s*$")
_AFTER_BEHIND = re.compile(r"^\s*(?:이후|넘어|부터|以降|過ぎ|から)")
_UNTIL_BEHIND = re.compile(r"^\s*(?:까지|이전|まで|以前)")
_COUNTED = re.compile(
    r"^\s*(?:st|nd|rd|th|x|years?|months?|weeks?|days?|hours?|hrs?|min\w*|times?|people|bucks|"
    r"dollars|euros?|pounds|percent|km|miles|items?|pieces?|orders?)\b"
)


@dataclass(frozen=True, slots=True)
class Hours:
    """A signal by hour, 0 to 23; each tuple holds 24 counts of people.

    ``requested``: people whose words want it at that hour (``people`` of them in all, who count in
    each hour they name), by item in ``items``. ``posted``: people by the hour they wrote at,
    where the date is known so well (``posted_people``): their own hour for those in
    ``posted_local``, else in UTC. ``by_clock`` people named a clock time.
    """

    requested: tuple[int, ...]
    people: int
    by_clock: int
    items: dict[str, tuple[int, ...]]
    posted: tuple[int, ...]
    posted_people: int
    posted_local: int


@dataclass(frozen=True, slots=True)
class _Clock:
    """A clock time in words: minutes of the day that it may mean, and what stands around it."""

    start: int
    end: int
    minutes: tuple[int, ...]
    relation: str


def hours_of(moment: str | None, words: str = "") -> tuple[tuple[int, ...], bool]:
    """The hours that an ask wants its thing at, and whether a clock time said so.

    ``words`` are the ask's own. A moment that names no part of the day has the hours of the clock
    times in it, if any.
    """
    parts = [part for part in moments_of(moment) if part in DAYPARTS]
    told = _clocks(moment or "") if not parts else _clocks(words)
    if not parts:
        parts = _parts_of(told)
    found: set[int] = set()
    by_clock = False
    for part in parts:
        narrowed = _narrowed(part, told, words if told and moment is not None else "")
        by_clock |= narrowed is not None
        begin, end = DAYPARTS[part]
        found |= set(range(begin, end)) if narrowed is None else narrowed
    return tuple(sorted(found)), by_clock


def _clocks(words: str) -> list[_Clock]:
    text = words.lower()
    found: list[_Clock] = []
    for match in _EXACT.finditer(text):
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        before, behind = text[: match.start()], text[match.end() :]
        relation = _relation(before, behind)
        linked = bool(found) and _LINK.fullmatch(text[found[-1].end : match.start()]) is not None
        exact = match["minute"] is not None or match["half"] is not None
        follows = _LINK.match(behind) is not None and behind.lstrip(" -–—~")[:1].isdigit()
        if hour > HOURS or _COUNTED.match(behind):
            continue
        if not (exact or relation or linked or follows):
            continue
        half = (match["half"] or "")[:1]
        hours = {hour % HOURS} if hour > 12 or half in ("u", "h", "시", "時", "点") else {
            "a": {hour % 12}, "p": {hour % 12 + 12}
        }.get(half, {hour % 12, hour % 12 + 12})  # fmt: skip
        minutes = tuple(sorted(one * _HOUR + minute for one in hours))
        found.append(_Clock(match.start(), match.end(), minutes, "linked" if linked else relation))
    return found


def _relation(before: str, behind: str) -> str:
    if _AFTER.search(before) or _AFTER_BEHIND.match(behind):
        return "after"
    if _UNTIL.search(before) or _UNTIL_BEHIND.match(behind):
        return "until"
    return "at" if _AT.search(before) else ""


def _parts_of(told: Sequence[_Clock]) -> list[str]:
    """The parts of the day of times that stand alone; half an hour on or back, as they look."""
    moved = {"after": 30, "until": -30}
    parts = []
    for clock in told:
        # Shops open from five: an hour without its half is of the day.
        day = [minute for minute in clock.minutes if minute >= 5 * _HOUR] or clock.minutes
        hour = (day[0] + moved.get(clock.relation, 0)) // _HOUR % HOURS
        parts += [name for name, (begin, end) in DAYPARTS.items() if begin <= hour < end]
    return list(dict.fromkeys(parts))


def _narrowed(part: str, told: Sequence[_Clock], words: str) -> set[int] | None:
    """The hours of a part of the day that clock times leave; None where none fits it."""
    begin, end = DAYPARTS[part]
    for n, clock in enumerate(told):
        following = told[n + 1] if n + 1 < len(told) else None
        if following is not None and following.relation == "linked":
            span = _between(clock, following, begin, end)
            if span:
                return span
            continue
        if clock.relation == "linked":
            continue
        for minute in clock.minutes:
            if clock.relation == "after" and begin * _HOUR - _NEAR <= minute < end * _HOUR:
                return set(range(minute // _HOUR, end))
            if clock.relation == "until" and begin * _HOUR < minute <= end * _HOUR + _NEAR:
                return set(range(begin, min(-(-minute // _HOUR), HOURS)))
            if clock.relation in ("at", "") and begin * _HOUR <= minute < end * _HOUR:
                return {minute // _HOUR}
    return None


def _between(first: _Clock, last: _Clock, begin: int, end: int) -> set[int]:
    """The hours of a range within a part of the day, by the shortest reading of it that fits."""
    best: set[int] = set()
    shortest = HOURS * _HOUR
    for start in first.minutes:
        for stop in last.minutes:
            length = (stop - start) % (HOURS * _HOUR)
            hours = {
                minute // _HOUR % HOURS for minute in range(start, start + length, _HOUR // 2)
            } & set(range(begin, end))
            if hours and 0 < length < shortest:
                best, shortest = hours, length
    return best


def signal_hours(asks: pd.DataFrame, tables: FactTables, window: Window) -> dict[str, Hours]:
    """The hours of every signal that some are known of.

    ``asks`` are those that count: signal, uid, person, item, passage, moment, created_at,
    precision.
    """
    wanted, posted = _requested(asks), _posted(asks, tables, window)
    requested, wrote = _by_hour(wanted, "signal"), _by_hour(posted, "signal")
    by_item: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for (signal, item), counts in _by_hour(wanted, "signal", "item").items():
        by_item[signal][item] = counts
    people, by_clock = _people(wanted), _people(wanted[wanted["by_clock"]])
    posted_people, posted_local = _people(posted), _people(posted[posted["local"]])
    nobody = (0,) * HOURS
    return {
        signal: Hours(
            requested=requested.get((signal,), nobody),
            people=people[signal],
            by_clock=by_clock[signal],
            items=by_item[signal],
            posted=wrote.get((signal,), nobody),
            posted_people=posted_people[signal],
            posted_local=posted_local[signal],
        )
        for (signal,) in dict.fromkeys([*requested, *wrote])
    }


def _requested(asks: pd.DataFrame) -> pd.DataFrame:
    """One row per ask and hour: signal, person, item, hour, by_clock."""
    rows = []
    named = asks[asks["moment"].notna() & (asks["moment"] != "")]
    columns = ("signal", "person", "item", "moment", "passage")
    for signal, person, item, moment, words in zip(
        *(named[name].tolist() for name in columns), strict=True
    ):
        hours, by_clock = hours_of(moment, words)
        rows += [(signal, person, item, hour, by_clock) for hour in hours]
    return pd.DataFrame(rows, columns=["signal", "person", "item", "hour", "by_clock"]).astype(
        {"hour": "int64", "by_clock": "bool"}
    )


def _posted(asks: pd.DataFrame, tables: FactTables, window: Window) -> pd.DataFrame:
    """One row per ask whose date is known to the hour: signal, person, hour, local."""
    known = asks[asks["created_at"].notna() & asks["precision"].isin(HOURLY_PRECISIONS)]
    rows = heard(in_window(tables.comments, window))
    rows = rows.filter(rows.local_offset.notnull())
    offsets = fetch(rows.select("uid", "local_offset")).to_pandas().set_index("uid")["local_offset"]
    own = known["uid"].map(offsets.to_dict()).astype("float64")
    when = known["created_at"] + pd.to_timedelta(own.fillna(0), unit="min")
    return pd.DataFrame(
        {
            "signal": known["signal"],
            "person": known["person"],
            "hour": when.dt.hour.astype("int64"),
            "local": own.notna(),
        }
    )


def _by_hour(rows: pd.DataFrame, *keys: str) -> dict[tuple[str, ...], tuple[int, ...]]:
    """People by hour, for every combination of ``keys`` that there is."""
    people = rows.groupby([*keys, "hour"])["person"].nunique()
    counts: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * HOURS)
    for (*key, hour), count in zip(people.index.tolist(), people.tolist(), strict=True):
        counts[tuple(key)][hour] = count
    return {key: tuple(by_hour) for key, by_hour in counts.items()}


def _people(rows: pd.DataFrame) -> Counter[str]:
    """People by signal."""
    people = rows.groupby("signal")["person"].nunique()
    return Counter(dict(zip(people.index.tolist(), people.tolist(), strict=True)))


def busiest(counts: Iterable[int]) -> NDArray[np.int64]:
    """The hours with the most people, none where nobody is."""
    hours = np.array(list(counts), dtype=np.int64)
    return np.flatnonzero(hours == hours.max()) if hours.any() else np.array([], dtype=np.int64)
