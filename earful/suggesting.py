"""Signals that may be one, proposed to a person whose answers go into ``taxonomy.toml``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from earful.curating import bound, changed_meanwhile, taxonomy_path
from earful.project import Project
from earful.ruling import Ruling
from earful.taxonomy import Taxonomy, read_taxonomy
from earful.taxonomy_file import TaxonomyFile

if TYPE_CHECKING:
    from reports.arrangement import Arrangement
    from reports.placement import Placement
    from reports.resemblance import Resemblance

QUOTES = 3


@dataclass(frozen=True, slots=True)
class Side:
    """One of two signals: its people over all time, and words of some of them."""

    id: str
    name: str
    people: int
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two signals that may be one, and how likely; ``one`` has more people."""

    one: Side
    other: Side
    chance: float

    def record(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


class Suggestions:
    """A pass over the signals as the file arranges them, whether it is applied or not.

    ``current`` is the pair to decide about, None where none is left. Raises ``DataError`` where
    nothing is tagged yet, ``ConfigurationError`` where the file cannot be read or bound.
    """

    def __init__(self, project: Project) -> None:
        from reports.resemblance import Resemblances

        path = taxonomy_path(project)
        taxonomy = read_taxonomy(path) if path.is_file() else Taxonomy()
        now = bound(project, taxonomy, vectors=True)
        by_id = {signal.id: signal for signal in now.known}
        listings = now.after.listings
        wants = np.array([listing.wants for listing in listings], dtype=bool)
        self._project, self._update = project, now.placed.found.update
        self._remembered = False
        self._file = TaxonomyFile(path, now.ruling.spoken_of)
        self._home = _homes(now.placed, now.after, by_id)
        self._asks = now.placed.asks[["item", "passage"]]
        self._signals = {at: by_id[one.id] for at, one in enumerate(listings) if one.id in by_id}
        self._names = {at: one.name for at, one in enumerate(listings)}
        self._pairs = Resemblances.between(now.placed.asks, self._home, wants)
        for one, other in self._told_apart(now.ruling):
            self._pairs.bar(one, other)
        self._best: Resemblance | None = self._pairs.best()

    @property
    def current(self) -> Suggestion | None:
        """The pair that is proposed now."""
        if self._best is None:
            return None
        one, other = self._pair
        return Suggestion(self._side(one), self._side(other), self._best.chance)

    @property
    def _pair(self) -> tuple[int, int]:
        assert self._best is not None, "a pair is proposed"
        return self._best.one, self._best.other

    def same(self) -> None:
        """The two are one: the smaller becomes a part of the larger, unless more is decided about
        the smaller one only. Where both bear decisions, ``can_merge`` is false."""
        one, other = self._pair
        kept, gone = (other, one) if self._file.decided(self._signals[other]) else (one, other)
        self._remember()
        self._file.merge(self._signals[kept], self._signals[gone])
        self._home[self._home == other] = one
        self._signals[one], self._names[one] = self._signals[kept], self._names[kept]
        self._pairs.join(one, other)
        self._best = self._pairs.best()

    @property
    def can_merge(self) -> bool:
        """Whether one of the two may give up its entry in the file."""
        return not all(self._file.decided(self._signals[place]) for place in self._pair)

    def different(self) -> None:
        """The two are not one, and are not proposed again."""
        one, other = self._pair
        self._remember()
        self._file.tell_apart(self._signals[one], self._signals[other])
        self.skip()

    def skip(self) -> None:
        """Nothing is said of the two now."""
        self._pairs.bar(*self._pair)
        self._best = self._pairs.best()

    def listed(self, most: int) -> Iterator[Suggestion]:
        """The next ``most`` pairs, with nothing said of any."""
        for _ in range(most):
            suggestion = self.current
            if suggestion is None:
                return
            yield suggestion
            self.skip()

    def _remember(self) -> None:
        """Let the ledger know the signals before the file speaks of them by their ids."""
        if self._remembered:
            return
        with self._project.ledger() as ledger:
            self._remembered = ledger.remember_signals(self._update, datetime.now(UTC))
        if not self._remembered:
            raise changed_meanwhile(taxonomy_path(self._project), "earful taxonomy suggest --ask")

    def _told_apart(self, ruling: Ruling) -> Iterator[tuple[int, int]]:
        """Pairs of listings that the file tells apart, whatever they have become a part of."""
        spoken = ruling.spoken_of
        into = {
            spoken[reference].id: spoken[entry.reference].id
            for entry in ruling.taxonomy.signal
            for reference in entry.merge
            if entry.reference in spoken
        }
        place_of = {signal.id: place for place, signal in self._signals.items()}

        def place(reference: str) -> int | None:
            signal = spoken.get(reference)
            if signal is None:  # which the file makes itself
                return None
            own = signal.merged_into or signal.id
            return place_of.get(into.get(own, own))

        for entry in ruling.taxonomy.signal:
            for reference in entry.apart:
                one, other = place(entry.reference), place(reference)
                if one is not None and other is not None and one != other:
                    yield one, other

    def _side(self, place: int) -> Side:
        asks = self._asks[self._home == place]
        items = [item for item, _ in Counter(asks["item"]).most_common(QUOTES)]
        quotes = tuple(asks.loc[asks["item"] == item, "passage"].iloc[0] for item in items)
        return Side(self._signals[place].id, self._names[place], self._pairs.people(place), quotes)


def _homes(placed: Placement, arranged: Arrangement, known: Container[str]) -> Any:
    """For every ask the listing that it is counted in, ``NO_GROUP`` where it takes no part: it does
    not count, has no vector that can be compared, or is in a signal that is ignored or that the
    file makes itself, which a person has parted from others already."""
    from reports.grouping import NO_GROUP, comparable

    counted = placed.asks["counted"].to_numpy(dtype=bool)
    home = np.where(comparable(placed.asks, counted), arranged.listing_of, NO_GROUP)
    aside = [one.standing == "ignored" or one.id not in known for one in arranged.listings]
    home[np.isin(home, np.flatnonzero(aside))] = NO_GROUP
    return home
