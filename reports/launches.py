"""What came of a launch: who asked before it and after, who speaks of it, what is still asked for.

A launch is an entry ``[[launch]]`` of the settings. Three questions are kept apart, because a good
launch answers them differently: people stop asking for what they now have, more people speak of
it, and what was left out is asked for all the more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from earful.records import Quote
from earful.settings import Launch
from reports.askers import known_to_the_week, with_days
from reports.before_and_after import SPAN, BeforeAfter, before_and_after
from reports.exposure import Exposure
from reports.fact_tables import FactTables, Window
from reports.json_values import rounded
from reports.naming import Named, comments_naming, first_heard
from reports.quotes import Candidate, choose, quote_record

QUOTES = 3
STILL_ASKED = 12
"""Rows of what is still asked for, of its own signals and of others each."""


@dataclass(frozen=True, slots=True)
class StillAsked:
    """A thing asked for since the launch; ``beside`` it by those who speak of it, or of it."""

    id: str
    name: str
    item: str
    people: int
    mentions: int
    beside: bool
    quotes: tuple[Quote, ...]
    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voices:
    """Who speaks of it. ``new`` are people (of ``authors`` after it) who never named it before,
    ``unheard`` those of them who were never heard with anything. Reach is a week's mean."""

    before: int
    after: int
    mentions_before: int
    mentions_after: int
    authors: int
    new: int
    unheard: int
    reach_before: float | None
    reach_after: float | None


@dataclass(frozen=True, slots=True)
class Launched:
    """What came of one launch.

    ``signals`` maps the ids found to their names, ``unknown`` says of the others what was meant.
    ``asked_before`` people had asked in the window, ``asked_again`` of them (authors only) after.
    """

    what: str
    when: date
    signals: dict[str, str]
    unknown: tuple[str, ...]
    asking: BeforeAfter
    speaking: BeforeAfter
    voices: Voices
    asked_before: int
    asked_after: int
    asked_again: int
    still: tuple[StillAsked, ...]


def launch_effects(
    launches: Sequence[Launch],
    names: Mapping[str, str],
    asks: pd.DataFrame,
    tables: FactTables,
    window: Window,
    heard: Exposure,
    ignored: Collection[str] = (),
) -> tuple[Launched, ...]:
    """What came of each launch, the newest first.

    ``names`` are those of all signals, by id; ``asks`` the asks that count in the window, with
    signal, uid, person, item, passage, source, url, created_at, precision, has_author, reach and
    score. ``ignored`` signals are not told beside a launch.
    """
    found = [_launched(launch, names, asks, tables, window, heard, ignored) for launch in launches]
    return tuple(sorted(found, key=lambda one: one.when, reverse=True))


def _launched(
    launch: Launch,
    names: Mapping[str, str],
    asks: pd.DataFrame,
    tables: FactTables,
    window: Window,
    heard: Exposure,
    ignored: Collection[str],
) -> Launched:
    ids, unknown = _signals(launch, names)
    signals = {one: names[one] for one in ids}
    named = Named(launch.words or (launch.what, *signals.values()))
    asked = asks[asks["signal"].isin(ids)]
    spoken = _spoken(comments_naming(tables, window, {launch.what: named}), asked)
    others = _without(spoken, heard)
    start = pd.Timestamp(launch.when, tz="UTC")
    before, after = (_people(asked, side, start) for side in (False, True))
    authors = set(asked.loc[asked["has_author"].astype(bool), "person"])
    return Launched(
        what=launch.what,
        when=launch.when,
        signals=signals,
        unknown=unknown,
        asking=before_and_after(with_days(asked), launch.when, others),
        speaking=before_and_after(with_days(spoken), launch.when, others),
        voices=_voices(spoken, launch.when, tables, window, heard),
        asked_before=len(before),
        asked_after=len(after),
        asked_again=len(before & after & authors),
        still=_still(asks[~asks["signal"].isin(set(ignored))], asked, spoken, names, start),
    )


def _signals(launch: Launch, names: Mapping[str, str]) -> tuple[list[str], tuple[str, ...]]:
    """The ids meant, and a sentence for each signal that there is not."""
    by_name = {name.casefold(): one for one, name in names.items()}
    ids, unknown = [], []
    for wanted in launch.signals:
        known = wanted if wanted in names else by_name.get(wanted.casefold())
        if known is not None:
            ids.append(known)
            continue
        close = get_close_matches(wanted.casefold(), by_name, n=1)
        guess = f" Did you mean “{names[by_name[close[0]]]}”?" if close else ""
        unknown.append(f"There is no signal “{wanted}”.{guess}")
    return list(dict.fromkeys(ids)), tuple(unknown)


_SPOKEN = ("uid", "person", "has_author", "source", "created_at", "precision", "reach")


def _spoken(named: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """One row per comment that names the thing or asks for it."""
    parts = [frame.loc[:, list(_SPOKEN)] for frame in (named, asked) if len(frame)]
    if not parts:
        return asked.loc[:, list(_SPOKEN)]
    return pd.concat(parts).drop_duplicates("uid").sort_values("uid", ignore_index=True)


def _without(spoken: pd.DataFrame, heard: Exposure) -> Exposure:
    """What was heard beside the thing itself.

    A launch that is much spoken of makes more comments, and must not thin the rates it is
    measured by.
    """
    comments = heard.comments.copy()
    days = with_days(spoken)
    rows = pd.Index(list(heard.sources)).get_indexer(pd.Index(days["source"]))
    weeks = heard.week_of(days["day"])
    inside = (rows >= 0) & (weeks >= 0)
    np.subtract.at(comments, (rows[inside], weeks[inside]), 1)
    return replace(heard, comments=np.where(heard.listened, np.maximum(comments, 0), 0))


def _people(asked: pd.DataFrame, after: bool, start: pd.Timestamp) -> set[str]:
    dated = asked[asked["created_at"].notna()]
    return set(dated.loc[(dated["created_at"] >= start) == after, "person"])


def _voices(
    spoken: pd.DataFrame, when: date, tables: FactTables, window: Window, heard: Exposure
) -> Voices:
    known = known_to_the_week(spoken)
    start = pd.Timestamp(when, tz="UTC")
    late = known["created_at"] >= start
    before, after = known[~late], known[late]
    authors = set(after.loc[after["has_author"].astype(bool), "person"])
    new = authors - set(before["person"])
    first = first_heard(tables, window, sorted(new)) if new else {}
    return Voices(
        before=before["person"].nunique(),
        after=after["person"].nunique(),
        mentions_before=len(before),
        mentions_after=len(after),
        authors=len(authors),
        new=len(new),
        unheard=sum(first[person] >= start for person in new),
        reach_before=_reach(before, when - timedelta(weeks=SPAN), when, heard),
        reach_after=_reach(after, when, when + timedelta(weeks=SPAN), heard),
    )


def _reach(said: pd.DataFrame, since: date, until: date, heard: Exposure) -> float | None:
    """Mean reach of a week listened to, None where no platform tells any."""
    told = said[said["reach"].notna()]
    days = told["created_at"]
    inside = (days >= pd.Timestamp(since, tz="UTC")) & (days < pd.Timestamp(until, tz="UTC"))
    begin, end = np.datetime64(since, "D"), np.datetime64(until, "D")
    weeks = heard.listened.any(axis=0) & (heard.mondays >= begin) & (heard.mondays < end)
    if told.empty or not weeks.any():
        return None
    return float(told.loc[inside, "reach"].sum()) / int(weeks.sum())


def _still(
    asks: pd.DataFrame,
    asked: pd.DataFrame,
    spoken: pd.DataFrame,
    names: Mapping[str, str],
    start: pd.Timestamp,
) -> tuple[StillAsked, ...]:
    """What is asked for since: of the launch's signals by item, and beside them by signal."""
    own = asked[asked["created_at"] >= start]
    beside = asks[
        asks["uid"].isin(spoken["uid"])
        & ~asks["signal"].isin(set(asked["signal"]))
        & (asks["created_at"] >= start)
    ]
    rows = _still_by(own, ["signal", "item"], names, beside=False)
    return (*rows, *_still_by(beside, ["signal"], names, beside=True))


def _still_by(
    asks: pd.DataFrame, keys: list[str], names: Mapping[str, str], *, beside: bool
) -> list[StillAsked]:
    found = []
    for key, rows in asks.groupby(keys, sort=True):
        signal = str(key[0])
        found.append(
            StillAsked(
                id=signal,
                name=names[signal],
                item=names[signal] if beside else str(key[1]),
                people=rows["person"].nunique(),
                mentions=rows["uid"].nunique(),
                beside=beside,
                quotes=_quotes(rows, str(key[-1])),
                uids=tuple(sorted(rows["uid"].unique())),
            )
        )
    found.sort(key=lambda one: (-one.people, -one.mentions, one.name, one.item))
    return found[:STILL_ASKED]


def _quotes(rows: pd.DataFrame, item: str) -> tuple[Quote, ...]:
    first = rows.drop_duplicates("uid").set_index("uid")
    candidates = [
        Candidate(
            uid=str(uid),
            person=row["person"],
            source=row["source"],
            quote=row["passage"],
            created_at=_moment(row["created_at"]),
            typical=True,
            named=item in row["passage"].lower(),
            certainty=0.0 if pd.isna(row["score"]) else float(row["score"]),
        )
        for uid, row in first.iterrows()
    ]
    return tuple(
        Quote(one.uid, one.quote, _address(first.at[one.uid, "url"]), one.created_at)
        for one in choose(candidates, QUOTES)
    )


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime().astimezone(UTC)


def _address(value: object) -> str | None:
    return value if isinstance(value, str) else None


def launch_record(one: Launched) -> dict[str, Any]:
    """A launch in the shape of ``out/signals.json``."""
    voices = asdict(one.voices)
    for name in ("reach_before", "reach_after"):
        voices[name] = rounded(voices[name])
    return {
        "what": one.what,
        "when": one.when.isoformat(),
        "signals": [{"id": key, "name": name} for key, name in one.signals.items()],
        "unknown": list(one.unknown),
        "asking": _compared_record(one.asking)
        | {
            "people_before": one.asked_before,
            "people_after": one.asked_after,
            "asked_again": one.asked_again,
        },
        "speaking": _compared_record(one.speaking) | voices,
        "still_asked": [
            asdict(row)
            | {"quotes": [quote_record(quote) for quote in row.quotes], "uids": list(row.uids)}
            for row in one.still
        ],
    }


def _compared_record(told: BeforeAfter) -> dict[str, Any]:
    """``ratio`` is the rate after over the rate before; ``weeks`` [Monday, people, expected]."""
    grown = told.growth
    drift = told.drift
    return {
        "ratio": rounded(grown.ratio) if grown else None,
        "low": rounded(grown.low) if grown else None,
        "high": rounded(grown.high) if grown else None,
        "p": rounded(told.p),
        "compared_before": grown.earlier if grown else None,
        "compared_after": grown.recent if grown else None,
        "expected_after": rounded(grown.expected) if grown else None,
        "untested": told.untested,
        "weeks_before": told.weeks_before,
        "weeks_after": told.weeks_after,
        "drift_ratio": rounded(drift.ratio) if drift else None,
        "drift_p": rounded(told.drift_p),
        "weeks": [[w.monday.isoformat(), w.people, rounded(w.expected)] for w in told.weeks],
    }
