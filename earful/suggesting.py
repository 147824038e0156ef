"""Signals that may be one, proposed to a person whose answers go into ``taxonomy.toml``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earful.curating import NO_TAXONOMY, applied_taxonomy, known_now, taxonomy_path
from earful.pipeline import tagged_facts
from earful.project import Project
from earful.taxonomy import KnownSignal, Taxonomy, bind, normal, read_taxonomy
from earful.taxonomy_file import TaxonomyFile

if TYPE_CHECKING:
    from reports.arrangement import Arrangement
    from reports.placement import Placement
    from reports.resemblance import Resemblance, Resemblances

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
    nothing is tagged yet, ``ConfigurationError`` where the file cannot be read.
    """

    def __init__(self, project: Project) -> None:
        from reports.fact_tables import open_tables
        from reports.grouping import NO_GROUP
        from reports.placement import place_asks

        path = taxonomy_path(project)
        taxonomy = read_taxonomy(path) if path.is_file() else Taxonomy()
        with project.ledger() as ledger:
            facts = tagged_facts(project, ledger)
            memory = ledger.signal_memory()
            applied = applied_taxonomy(ledger, memory)
        placed = place_asks(open_tables(facts), project.settings, memory, vectors=True)
        holds = applied.ruling if applied else NO_TAXONOMY
        known = known_now(placed, memory, placed.arranged(holds))
        ruling = bind(taxonomy, known, path)
        arranged = placed.arranged(ruling)
        by_id = {signal.id: signal for signal in known}
        self._file = TaxonomyFile(path, ruling.signals)
        self._asks = placed.asks
        self._home = _homes(placed, arranged, by_id)
        people: dict[int, set[str]] = defaultdict(set)
        for place, person in zip(self._home.tolist(), placed.asks["person"], strict=True):
            people[place].add(person)
        people.pop(NO_GROUP, None)
        self._places, self._people = sorted(people), people
        self._signals = {place: by_id[arranged.listings[place].id] for place in self._places}
        self._names = {place: arranged.listings[place].name for place in self._places}
        self._pairs = self._resemblances()
        for one, other in self._told_apart(taxonomy, known):
            self._pairs.part(one, other)
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
        return self._places[self._best.one], self._places[self._best.other]

    def same(self) -> None:
        """The two are one: the smaller becomes a part of the larger, unless more is decided about
        the smaller one only. Where both bear decisions, ``can_merge`` is false."""
        one, other = self._pair
        kept, gone = (other, one) if self._file.settled(self._signals[other]) else (one, other)
        self._file.merge(self._signals[kept], self._signals[gone])
        self._home[self._home == other] = one
        self._people[one] |= self._people.pop(other)
        self._signals[one], self._names[one] = self._signals[kept], self._names[kept]
        assert self._best is not None
        self._pairs.join(self._best.one, self._best.other)
        self._best = self._pairs.best()

    @property
    def can_merge(self) -> bool:
        """Whether one of the two may give up its entry in the file."""
        return not all(self._file.settled(self._signals[place]) for place in self._pair)

    def different(self) -> None:
        """The two are not one, and are not proposed again."""
        one, other = self._pair
        self._file.part(self._signals[one], self._signals[other])
        self.skip()

    def skip(self) -> None:
        """Nothing is said of the two now."""
        assert self._best is not None
        self._pairs.part(self._best.one, self._best.other)
        self._best = self._pairs.best()

    def listed(self, most: int) -> Iterator[Suggestion]:
        """The next ``most`` pairs, with nothing said of any."""
        for _ in range(most):
            suggestion = self.current
            if suggestion is None:
                return
            yield suggestion
            self.skip()

    def _resemblances(self) -> Resemblances:
        from reports.resemblance import Resemblances

        rows = np.flatnonzero(self._home >= 0)
        vectors = np.stack(self._asks["vector"].iloc[rows].to_list()) if len(rows) else None
        dim = 0 if vectors is None else vectors.shape[1]
        sums = np.zeros((len(self._places), dim), np.float32)
        if vectors is not None:
            np.add.at(sums, np.searchsorted(self._places, self._home[rows]), vectors)
        wants = np.array([self._signals[place].wants for place in self._places], dtype=bool)
        return Resemblances(sums, [self._people[place] for place in self._places], wants)

    def _told_apart(
        self, taxonomy: Taxonomy, known: list[KnownSignal]
    ) -> Iterator[tuple[int, int]]:
        """Pairs of rows that the file tells apart, whatever they have become a part of since."""
        ids = {normal(name): signal.id for signal in known for name in (*signal.names, signal.id)}
        into = {
            ids.get(normal(one)): ids.get(normal(entry.reference))
            for entry in taxonomy.signal
            for one in entry.merge
        }
        row_of = {self._signals[place].id: row for row, place in enumerate(self._places)}
        for entry in taxonomy.signal:
            for reference in entry.apart:
                pair = [ids.get(normal(one)) for one in (entry.reference, reference)]
                rows = [row_of.get(into.get(one, one) or "") for one in pair]
                if rows[0] is not None and rows[1] is not None and rows[0] != rows[1]:
                    yield rows[0], rows[1]

    def _side(self, place: int) -> Side:
        asks = self._asks[self._home == place]
        items = [item for item, _ in Counter(asks["item"]).most_common(QUOTES)]
        quotes = tuple(asks.loc[asks["item"] == item, "passage"].iloc[0] for item in items)
        return Side(self._signals[place].id, self._names[place], len(self._people[place]), quotes)


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
