"""Demand signals: the asks of a window, grouped, counted by people and put in order.

Requests come first, then purchase intent (asks of type "wants": "I need a coffee"), which is kept
in signals of its own, so that what people buy anyway does not crowd out what they miss; what one
person alone asked for stands below both, again requests first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, cast

import pandas as pd

from earful.facts import Facts
from earful.records import (
    DAYPARTS,
    SENTIMENTS,
    Coverage,
    DemandSignal,
    Estimate,
    Grade,
    ItemCount,
    Ladder,
    Quote,
    RequestType,
)
from earful.settings import Settings
from earful.store.memory import Memory, MemoryUpdate
from earful.taxonomy import Ruling
from earful.validation import ReadingCounts
from reports.arrangement import Listing, Standing
from reports.established import TOO_FEW, Findings
from reports.estimates import Estimator, Prevalence, unmeasured
from reports.exposure import Exposure
from reports.grouping import NO_GROUP
from reports.growth import Growth
from reports.history import History
from reports.hours import Hours, hours_record, signal_hours
from reports.identity import Change
from reports.launches import Launched, launch_effects
from reports.moments import moments_of
from reports.over_time import OverTime, over_time
from reports.over_time_record import history_record, past_record, rounded
from reports.phrases import content, phrase, words_of
from reports.placement import place_asks
from reports.quotes import Candidate, choose
from reports.ranking import Score, ranking
from reports.rollups import (
    WEEKLY_PRECISIONS,
    Rollups,
    Window,
    open_tables,
    people_basis,
    roll_up,
)
from reports.say_want import SayWant, say_want
from reports.share_of_voice import ShareOfVoice, shares_of_voice
from reports.trends import UNKNOWN
from reports.tuples import DemandTuple, demand_tuples, tuple_record

EVIDENCE_COLUMNS = (
    "signal",
    "uid",
    "person",
    "item",
    "passage",
    "type",
    "strength",
    "moment",
    "source",
    "place",
    "url",
    "created_at",
    "solicited",
    "lang",
    "sentiment",
)


@dataclass(frozen=True, slots=True)
class ListedSignal(DemandSignal):
    """A signal as a report lists it: what the taxonomy decided about it, and what its weeks tell.

    One that is "ignored" is counted like any other and stands at the end, out of the ranking; one
    that is "pinned" is listed even where nobody asks for it. ``past`` is the last quarter beside
    its own past (``seasonal``: the same quarter of earlier years), None where that was not tested;
    there is a ``history`` of three people or more. ``hours`` are None where none is known, and
    ``tuples`` hold what x moment x place x condition.
    """

    standing: Standing = "ranked"
    owner: str = ""
    past: Growth | None = None
    seasonal: bool = False
    history: History | None = None
    hours: Hours | None = None
    tuples: tuple[DemandTuple, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What people ask for in a window, and all that is needed to judge it.

    ``ladder`` is that of all comments of the window, asking or not. ``asks`` is the evidence, one
    row per ask that counts, columns ``EVIDENCE_COLUMNS`` (``signal`` is the id, ``item`` as the
    signal shows it, ``passage`` the words within their sentence), by signal and date.

    ``rung`` is where on the ladder it is counted. Below "people" each comment counts for itself as
    if it were a person, in grades as well, and the ladder of a signal ends at that rung; ``ladder``
    and those in ``rollups`` are whole at any.

    ``heard`` are the weeks that were listened to, ``findings`` the tests of all signals against
    their own past. ``learned`` is what is to be remembered of the signals, ``changes`` what became
    of those that were remembered.

    ``asking`` are the people who ask for anything, ``prevalence`` the same by source and language
    (empty where nothing was measured of the models). ``launches`` tell what came of those in the
    settings, the newest first. ``say_want`` sets surveys against the open, None where there is but
    one of them; ``voice`` sets brands beside the competitors that they name.
    """

    title: str
    window: Window
    generated_at: datetime
    coverage: tuple[Coverage, ...]
    ladder: Ladder
    signals: tuple[ListedSignal, ...]
    rollups: Rollups
    heard: Exposure
    findings: Findings
    asks: pd.DataFrame
    learned: MemoryUpdate
    asking: Estimate
    changes: tuple[Change, ...] = ()
    rung: str = "people"
    prevalence: tuple[Prevalence, ...] = ()
    launches: tuple[Launched, ...] = ()
    say_want: SayWant | None = None
    voice: tuple[ShareOfVoice, ...] = ()

    @property
    def ranked(self) -> tuple[ListedSignal, ...]:
        """All that the taxonomy does not ignore."""
        return tuple(s for s in self.signals if s.standing != "ignored")

    @property
    def ignored(self) -> tuple[ListedSignal, ...]:
        """What the taxonomy takes out of the ranking."""
        return tuple(s for s in self.signals if s.standing == "ignored")

    @property
    def shared(self) -> tuple[ListedSignal, ...]:
        """Requests of two people or more, most wanted first."""
        return tuple(s for s in self.ranked if s.people > 1 and s.type != "wants")


class AskRow(NamedTuple):
    """One ask as it is counted; the fields are those of ``reports.rollups.read_asks``."""

    uid: str
    person: str
    item: str
    passage: str
    type: RequestType
    strength: int
    moment: str | None
    source: str
    place: str | None
    url: str | None
    created_at: datetime | None
    precision: str | None
    sentiment: str | None
    score: float | None
    reach: int | None
    has_author: bool
    copy_of: str | None
    counted: bool

    @property
    def week(self) -> date | None:
        """The Monday of its week, None where the date is not known so well."""
        if self.created_at is None or self.precision not in WEEKLY_PRECISIONS:
            return None
        return (self.created_at - timedelta(days=self.created_at.weekday())).date()


def demand_signals(
    facts: Facts,
    window: Window,
    settings: Settings,
    coverage: Sequence[Coverage] = (),
    now: datetime | None = None,
    *,
    rung: str = "people",
    memory: Memory | None = None,
    ruling: Ruling | None = None,
    counts: ReadingCounts | None = None,
) -> Demand:
    """Everything a report tells, from the facts of one window, counted at one rung.

    Signals that are in ``memory`` keep their ids and names. ``ruling`` is the taxonomy that holds;
    without ``counts`` of how well comments are read, no estimate is made. Raises
    ``ConfigurationError`` where the settings' ranking cannot be read, or there is no such rung.
    """
    score = ranking(settings.report.ranking)
    tables = open_tables(facts, rung)
    rollups = roll_up(tables, window)
    placed = place_asks(tables, settings, memory)
    arranged = placed.arranged(ruling)
    listings = arranged.listings
    asks = placed.asks.assign(item=placed.grouping.item_of, group=arranged.listing_of)
    estimator = None if counts is None else Estimator.of(asks[asks["counted"]], counts)
    asks = asks[placed.rows_in(window)]
    counted = asks[asks["counted"].astype(bool)]
    estimates = {} if estimator is None else estimator.estimates(counted, counted["group"].tolist())
    ranked: list[tuple[tuple[object, ...], ListedSignal]] = []
    groups = _by_group(asks)
    for position, rows in groups.items():
        quotes = settings.report.quotes_per_signal
        signal = _signal(listings[position], rows, estimates.get(position), quotes)
        ranked.append((_order(signal, rows, score), signal))
    for position, listing in enumerate(listings):
        if listing.standing == "pinned" and position not in groups:
            ranked.append((_order(_unasked(listing), (), score), _unasked(listing)))
    ranked.sort(key=lambda entry: entry[0])
    heard_from = None if window.sources is None else set(window.sources)
    listened = tuple(c for c in coverage if heard_from is None or c.source in heard_from)
    ids = [listing.id for listing in listings]
    names = {listing.id: listing.name for listing in listings}
    ignored = {listing.id for listing in listings if listing.standing == "ignored"}
    counted = counted.assign(signal=[ids[group] for group in counted["group"]])
    told = over_time(counted, [signal.id for _, signal in ranked], rollups, listened, window)
    hours, tuples = signal_hours(counted, tables, window), demand_tuples(counted)
    signals = tuple(
        replace(
            _with_time(signal, told),
            hours=hours.get(signal.id),
            tuples=tuples.get(signal.id, ()),
        )
        for _, signal in ranked
    )
    return Demand(
        title=settings.report.title or f"What people ask for: {settings.project}",
        window=window,
        generated_at=now or datetime.now(UTC),
        coverage=listened,
        ladder=rollups.total,
        signals=signals,
        rollups=rollups,
        rung=rung,
        heard=told.heard,
        findings=told.findings,
        asks=_evidence(counted, signals),
        learned=placed.found.update,
        changes=placed.found.changes,
        asking=_asking(estimator, counted),
        prevalence=() if estimator is None else estimator.prevalence(counted),
        launches=launch_effects(
            settings.launch, names, counted, tables, window, told.heard, ignored
        ),
        say_want=say_want(
            counted, {one: names[one] for one in names if one not in ignored}, tables, window
        ),
        voice=shares_of_voice(settings.brand, tables, window),
    )


def _asking(estimator: Estimator | None, heard: pd.DataFrame) -> Estimate:
    """The people who ask for anything at all."""
    if estimator is None or heard.empty:
        return unmeasured(int(heard["person"].nunique()))
    return estimator.estimates(heard, [None] * len(heard), one_thing=False)[None]


def _by_group(asks: pd.DataFrame) -> dict[int, list[AskRow]]:
    """Rows of every group that has an ask that counts."""
    columns: list[list[Any]] = []
    for name in AskRow._fields:
        column = asks[name].astype(object)
        columns.append(column.where(column.notna(), None).tolist())
    dates = AskRow._fields.index("created_at")
    columns[dates] = [
        None if moment is None else moment.to_pydatetime().replace(tzinfo=UTC)
        for moment in columns[dates]
    ]
    groups: dict[int, list[AskRow]] = defaultdict(list)
    for group, *values in zip(asks["group"].tolist(), *columns, strict=True):
        if group != NO_GROUP:
            groups[group].append(AskRow(*values))
    return {n: rows for n, rows in groups.items() if any(row.counted for row in rows)}


def _order(signal: ListedSignal, rows: Sequence[AskRow], score: Score) -> tuple[object, ...]:
    """Sorts what two people or more ask for before the rest, requests before purchase intent, and
    what is ignored last."""
    reach = {row.uid: row.reach or 0 for row in rows if row.counted}
    columns = {
        "people": float(signal.people),
        "mentions": float(signal.mentions),
        "strength": signal.strength,
        "reach": float(sum(reach.values())),
    }
    return (
        signal.standing == "ignored",
        signal.people < 2,
        signal.type == "wants",
        -score(columns),
        -signal.people,
        -signal.mentions,
        -signal.strength,
        signal.name,
        signal.id,
    )


def _with_time(signal: ListedSignal, told: OverTime) -> ListedSignal:
    """The signal with what its weeks tell, and the grade that they earn it."""
    evidence = told.findings.evidence.get(signal.id)
    if evidence is None:
        return replace(signal, trend=told.trends[signal.id], untested=TOO_FEW)
    return replace(
        signal,
        trend=told.trends[signal.id],
        grade="established" if evidence.established else signal.grade,
        p=evidence.p,
        q=evidence.q,
        untested=evidence.untested,
        past=evidence.growth,
        seasonal=evidence.seasonal,
        history=told.histories[signal.id],
    )


def _signal(
    listing: Listing, rows: Sequence[AskRow], estimate: Estimate | None, quotes: int
) -> ListedSignal:
    """The signal as its comments are counted; its weeks are told by ``_with_time``."""
    counted = [row for row in rows if row.counted]
    people = {row.person for row in counted}
    uids = sorted({row.uid for row in counted})
    dates = sorted(row.created_at for row in counted if row.created_at is not None)
    with_author = {row.uid for row in counted if row.has_author}
    return ListedSignal(
        id=listing.id,
        name=listing.name,
        type=cast("RequestType", _most_common(row.type for row in counted)),
        items=_items(counted),
        people=len(people),
        mentions=len(uids),
        ladder=Ladder(
            posts=len({row.uid for row in rows}),
            without_copies=len({row.uid for row in rows if row.copy_of is None}),
            without_spam=len(uids),
            people=len(people),
            people_basis=people_basis(len(with_author), len(uids)),
        ),
        estimate=estimate or unmeasured(len(people)),
        grade=_grade(len(people)),
        first_seen=dates[0] if dates else None,
        last_seen=dates[-1] if dates else None,
        series=_series(counted),
        trend=UNKNOWN,
        moments=_people_by(
            (row.person, moment) for row in counted for moment in moments_of(row.moment)
        ),
        sources=_people_by((row.person, row.source) for row in counted),
        places=_people_by((row.person, row.place) for row in counted if row.place),
        sentiment=_sentiment(counted),
        strength=round(sum(row.strength for row in counted) / len(counted), 2),
        quotes=_quotes(listing.wording, counted, quotes),
        uids=tuple(uids),
        standing=listing.standing,
        owner=listing.owner,
    )


def _unasked(listing: Listing) -> ListedSignal:
    """A signal that is listed although nobody asks for it."""
    return ListedSignal(
        id=listing.id,
        name=listing.name,
        type="wants" if listing.wants else "new_offering",
        items=(),
        people=0,
        mentions=0,
        ladder=Ladder(0, 0, 0, 0, people_basis(0, 0)),
        estimate=Estimate(0, 0, 0),
        grade="coincidence",
        first_seen=None,
        last_seen=None,
        series=(),
        trend=UNKNOWN,
        moments={},
        sources={},
        places={},
        sentiment=dict.fromkeys(SENTIMENTS, 0),
        strength=0.0,
        quotes=(),
        uids=(),
        standing=listing.standing,
        owner=listing.owner,
    )


def _grade(people: int) -> Grade:
    """By distinct people, as the codebook has it; "established" takes the test of their weeks."""
    return "coincidence" if people == 1 else "pattern" if people == 2 else "trend"


def _most_common(values: Iterable[str]) -> str:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _people_by(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Distinct people per name, most first; dayparts in the order of the day before all else."""
    people: dict[str, set[str]] = defaultdict(set)
    for person, name in pairs:
        people[name].add(person)
    dayparts = list(DAYPARTS)

    def order(name: str) -> tuple[int, int, str]:
        return (
            dayparts.index(name) if name in DAYPARTS else len(dayparts),
            -len(people[name]),
            name,
        )

    return {name: len(people[name]) for name in sorted(people, key=order)}


def _items(rows: Sequence[AskRow]) -> tuple[ItemCount, ...]:
    people: dict[str, set[str]] = defaultdict(set)
    uids: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        people[row.item].add(row.person)
        uids[row.item].add(row.uid)
    counts = [ItemCount(item, len(people[item]), len(uids[item])) for item in people]
    return tuple(sorted(counts, key=lambda count: (-count.people, -count.mentions, count.item)))


def _series(rows: Sequence[AskRow]) -> tuple[tuple[str, int, int], ...]:
    people: dict[date, set[str]] = defaultdict(set)
    uids: dict[date, set[str]] = defaultdict(set)
    for row in rows:
        if (week := row.week) is not None:
            people[week].add(row.person)
            uids[week].add(row.uid)
    return tuple((week.isoformat(), len(people[week]), len(uids[week])) for week in sorted(people))


def _sentiment(rows: Sequence[AskRow]) -> dict[str, int]:
    """People by sentiment; each counts once, with their latest comment that was read."""
    latest: dict[str, tuple[datetime, str, str]] = {}
    for row in rows:
        if row.sentiment is not None:
            moment = row.created_at or datetime.min.replace(tzinfo=UTC)
            said = (moment, row.uid, row.sentiment)
            latest[row.person] = max(said, latest.get(row.person, said))
    counts = Counter(sentiment for _, _, sentiment in latest.values())
    return {name: counts[name] for name in SENTIMENTS}


def _quotes(name: str, rows: Sequence[AskRow], wanted: int) -> tuple[Quote, ...]:
    thing = content(phrase(name).key)
    by_words: dict[tuple[str, str], AskRow] = {}
    typical: set[tuple[str, str]] = set()
    for row in rows:
        by_words.setdefault((row.uid, row.passage), row)
        if row.item == name:
            typical.add((row.uid, row.passage))
    candidates = [
        Candidate(
            uid=row.uid,
            person=row.person,
            source=row.source,
            quote=row.passage,
            created_at=row.created_at,
            typical=words in typical,
            named=thing <= words_of(row.passage),
            certainty=row.score or 0.0,
        )
        for words, row in by_words.items()
    ]
    return tuple(
        Quote(c.uid, c.quote, by_words[c.uid, c.quote].url, c.created_at)
        for c in choose(candidates, wanted)
    )


def _evidence(counted: pd.DataFrame, signals: Sequence[ListedSignal]) -> pd.DataFrame:
    rank = {signal.id: n for n, signal in enumerate(signals)}
    ordered = counted.assign(rank=counted["signal"].map(rank)).sort_values(
        ["rank", "created_at", "uid", "n"], kind="stable"
    )
    return ordered.loc[:, list(EVIDENCE_COLUMNS)].reset_index(drop=True)


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
