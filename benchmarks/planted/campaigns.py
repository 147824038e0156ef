"""What brigades and loud persons do to the ranking: one feed with them, and the same without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.planted.feed import BRIGADE, LOUD, Feed
from benchmarks.planted.given import Encoder
from benchmarks.planted.matching import Matching
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import Reader, read
from benchmarks.planted.runs import Told, matching_of
from benchmarks.planted.scenario import Scenario

CAMPAIGNS = (BRIGADE, LOUD)


@dataclass(slots=True)
class Effect:
    """Over runs: pairs of items whose order ``swapped`` of all ``pairs``, items whose people
    ``moved``, and campaigns that reached the ``shared`` signals (those of two people or more)."""

    runs: int = 0
    pairs: int = 0
    swapped: int = 0
    items: int = 0
    moved: int = 0
    shared: int = 0


def without_campaigns(feed: Feed) -> Feed:
    """The feed as if nobody had campaigned."""
    rows = tuple(row for row in feed.rows if row.story not in CAMPAIGNS)
    return Feed(feed.scenario, feed.seed, rows)


def effect(scenario: Scenario, reader: Reader, seeds: Iterable[int], encoder: Encoder,
           tell: Told) -> Effect:  # fmt: skip
    """Compare the reports on both feeds, seed by seed."""
    told = Effect()
    for seed in seeds:
        feed = plant(scenario, seed)
        with TemporaryDirectory() as folder:
            loud, calm = (
                matching_of(one, read(one, reader), Path(folder) / name, encoder)
                for name, one in (("loud", feed), ("calm", without_campaigns(feed)))
            )
        compare(loud, calm, told)
        tell(f"{scenario.name}, seed {seed}: {told.swapped} of {told.pairs} pairs of items swapped")
    return told


def compare(loud: Matching, calm: Matching, told: Effect) -> None:
    """Count what differs between the report ``loud`` with campaigns and the one without."""
    places = [_places(loud), _places(calm)]
    both = sorted(places[0].keys() & places[1].keys())
    for first, second in combinations(both, 2):
        told.pairs += 1
        told.swapped += len({one[first][0] < one[second][0] for one in places}) > 1
    for label in both:
        told.items += 1
        told.moved += places[0][label][1] != places[1][label][1]
    told.runs += 1
    told.shared += sum(
        signal.people > 1 and _campaigned(loud, signal.uids) for signal in loud.signals
    )


def _places(matching: Matching) -> dict[str, tuple[int, int]]:
    """Label -> the place in the report and the people of its signal."""
    order = {signal.id: place for place, signal in enumerate(matching.signals)}
    return {
        fate.label: (order[fate.signal.id], fate.signal.people)
        for fate in matching.fates
        if fate.signal is not None
    }


def _campaigned(matching: Matching, uids: Iterable[str]) -> bool:
    """Whether most of a signal's comments are of campaigns."""
    stories = [matching.feed.by_uid[uid].story for uid in uids]
    return 2 * sum(story in CAMPAIGNS for story in stories) > len(stories)
