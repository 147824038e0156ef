"""What reports say month after month: ids that stay, alarms without a cause, delays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.planted.arriving import reports
from benchmarks.planted.feed import Feed
from benchmarks.planted.found import Found, found_in
from benchmarks.planted.given import Encoder, demand_of, write_facts
from benchmarks.planted.matching import Matching
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import ReadAsk, Reader, read
from benchmarks.planted.scenario import Growth, Scenario
from benchmarks.planted.tides import Tides

MONTH = 4.345
"""Weeks of a month, on average."""
MONTHS_BEFORE = 8
"""Reports begin when there is something to compare with."""
DIRECTIONS = ("rising", "falling")


def month_ends(tides: Tides, first: int = MONTHS_BEFORE) -> list[datetime]:
    """The ends of the months of a scenario, from the ``first`` on."""
    months = int(tides.scenario.weeks / MONTH)
    return [tides.start_of(0) + timedelta(weeks=n * MONTH) for n in range(first, months + 1)]


@dataclass(slots=True)
class Stability:
    """What became of signals of two people or more from one report to the next.

    ``kept`` of ``signals`` have the same id where most of their comments went; weighted by people
    ``kept_people`` of ``people``. ``top_kept`` of ``top`` are those of the first 20.
    """

    signals: int = 0
    kept: int = 0
    people: int = 0
    kept_people: int = 0
    top: int = 0
    top_kept: int = 0

    def compare(self, before: Sequence[Found], after: Sequence[Found]) -> None:
        """Count one step from a report to the next."""
        home = {uid: signal.id for signal in after for uid in signal.uids}
        shared = [s for s in before if s.people > 1 and s.type != "wants"]
        for rank, signal in enumerate(shared):
            places = [home.get(uid, "") for uid in sorted(signal.uids)]
            most = max(sorted(set(places)), key=places.count)
            self.signals += 1
            self.people += signal.people
            self.top += rank < 20
            if most == signal.id:
                self.kept += 1
                self.kept_people += signal.people
                self.top_kept += rank < 20


def stability(feed: Feed, asks: Sequence[ReadAsk], folder: Path, encoder: Encoder) -> Stability:
    """Stability of ids while a feed arrives a month at a time."""
    told = Stability()
    before: list[Found] | None = None
    for _, after in reports(feed, asks, month_ends(feed.tides), folder, encoder):
        if before is not None:
            told.compare(before, after)
        before = after
    return told


@dataclass(slots=True)
class Alarms:
    """What monthly reports newly call rising or falling, or established, where nothing changed.

    Where no demand changes none beats its own past, so whatever is established is a false alarm.
    ``tested`` counts the shared signals of all reports together.
    """

    months: int = 0
    tested: int = 0
    trends: int = 0
    established: int = 0
    told: list[str] = field(default_factory=list)


def alarms(feed: Feed, asks: Sequence[ReadAsk], folder: Path, encoder: Encoder) -> Alarms:
    """False alarms on a feed in which no item is asked for more, or less, over time."""
    counted = Alarms()
    known: set[tuple[str, str]] = set()
    for month, matching in enumerate(_matchings(feed, asks, folder, encoder)):
        called: set[tuple[str, str]] = set()
        for signal in matching.shared:
            counted.tested += 1
            if signal.direction in DIRECTIONS:
                called.add((signal.id, signal.direction))
            if signal.grade == "established":
                called.add((signal.id, "established"))
        for signal_id, what in sorted(called - known):
            counted.trends += what in DIRECTIONS
            counted.established += what == "established"
            counted.told.append(f"month {MONTHS_BEFORE + month}: {signal_id} {what}")
        known = called
        counted.months += 1
    return counted


def _matchings(
    feed: Feed, asks: Sequence[ReadAsk], folder: Path, encoder: Encoder
) -> Iterator[Matching]:
    for moment in month_ends(feed.tides):
        yield matching_at(feed, asks, moment, folder, encoder)


def matching_at(
    feed: Feed, asks: Sequence[ReadAsk], moment: datetime, folder: Path, encoder: Encoder
) -> Matching:
    """What a report made at ``moment`` finds."""
    known = feed.known_at(moment)
    heard = [ask for ask in asks if ask.row.arrives < moment]
    facts = write_facts(known, heard, folder, encoder)
    return Matching(known, tuple(found_in(demand_of(known, facts).signals)))


@dataclass(frozen=True, slots=True)
class Delay:
    """Weeks from the growth of an item to the first weekly report that calls it rising.

    ``weekly`` people asked before; ``weeks`` is None where nothing was noticed in time, and
    ``before`` tells that it was called rising when the growth began.
    """

    item: str
    weekly: float
    factor: float
    weeks: int | None
    before: bool


def delays(
    scenario: Scenario,
    items: Sequence[str],
    factor: float,
    seed: int,
    reader: Reader,
    folder: Path,
    encoder: Encoder,
    every: int = 2,
) -> list[Delay]:
    """Grow some items from the middle of a scenario on, and report every ``every`` weeks."""
    begin = scenario.weeks // 2 + scenario.weeks // 8
    growth = tuple(Growth(item=item, week=begin, factor=factor) for item in items)
    feed = plant(scenario.model_copy(update={"growth": growth}), seed)
    asks = read(feed, reader)
    waiting = set(items)
    noticed: dict[str, int] = {}
    for week in range(begin, scenario.weeks + 1, every):
        matching = matching_at(feed, asks, feed.tides.start_of(week), folder, encoder)
        rising = {
            fate.label
            for fate in matching.fates
            if fate.signal is not None and fate.signal.direction == "rising"
        }
        for item in sorted(waiting & rising):
            noticed[item] = week - begin
        waiting -= rising
        if not waiting:
            break
    return [
        Delay(
            item,
            round(_weekly(feed, item, begin), 2),
            factor,
            noticed.get(item),
            noticed.get(item) == 0,
        )
        for item in items
    ]


def _weekly(feed: Feed, item: str, weeks: int) -> float:
    before = feed.known_at(feed.tides.start_of(weeks))
    return len(before.people.get(item, ())) / weeks
