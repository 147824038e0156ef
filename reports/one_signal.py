"""One signal from its asks: people, items, weeks, moments, moods and quotes, counted row by row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, cast

from earful.records import (
    DAYPARTS,
    SENTIMENTS,
    Estimate,
    Grade,
    ItemCount,
    Ladder,
    Quote,
    RequestType,
)
from reports.arrangement import Listing
from reports.demand import ListedSignal
from reports.estimates import unmeasured
from reports.fact_tables import WEEKLY_PRECISIONS
from reports.moments import moments_of
from reports.phrases import content, phrase, words_of
from reports.quotes import Candidate, choose
from reports.rollups import people_basis
from reports.trends import UNKNOWN


class AskRow(NamedTuple):
    """One ask as it is counted; the fields are those of ``reports.asks.read_asks``."""

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


def count_signal(
    listing: Listing, rows: Sequence[AskRow], estimate: Estimate | None, quotes: int
) -> ListedSignal:
    """The signal as its comments are counted; its weeks are not told yet."""
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


def unasked_signal(listing: Listing) -> ListedSignal:
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
