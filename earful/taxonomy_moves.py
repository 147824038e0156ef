"""What a taxonomy would change: signals that appear, vanish and are renamed, people that move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple


class CountedAsk(NamedTuple):
    """One ask that counts: its comment, who says it, and the ids of the signal that it is counted
    in before and after."""

    uid: str
    person: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A signal as a report lists it, with its figures over all time."""

    id: str
    name: str
    standing: str
    owner: str
    people: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Moving:
    """What moves from one signal to another. Who asks in several ways may stay in the first one as
    well, so people do not add up."""

    source: str
    target: str
    people: int
    mentions: int


@dataclass(frozen=True, slots=True)
class TaxonomyMoves:
    """Two taxonomies on one ledger.

    ``before`` and ``after`` are the signals that either report lists, by id, those that differ:
    an id that stands in one of them only appears or vanishes. ``moving`` is sorted by people,
    most first. ``still`` counts signals that stay as they are.
    """

    before: Mapping[str, Listed]
    after: Mapping[str, Listed]
    moving: tuple[Moving, ...]
    still: int

    @property
    def nothing(self) -> bool:
        """Whether both come to the same report."""
        return not (self.before or self.after)

    @property
    def appearing(self) -> list[Listed]:
        """Signals that are listed only after."""
        return [signal for key, signal in self.after.items() if key not in self.before]

    @property
    def vanishing(self) -> list[Listed]:
        """Signals that are listed only before."""
        return [signal for key, signal in self.before.items() if key not in self.after]

    @property
    def staying(self) -> list[tuple[Listed, Listed]]:
        """Signals that are listed before and after and change in between."""
        return [(was, self.after[key]) for key, was in self.before.items() if key in self.after]

    def name(self, identity: str) -> str:
        """What a signal is called after, else before."""
        return (self.after.get(identity) or self.before[identity]).name

    def record(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return {
            "appear": [asdict(signal) for signal in self.appearing],
            "vanish": [asdict(signal) for signal in self.vanishing],
            "change": [
                {"id": was.id, "before": _without_id(was), "after": _without_id(now)}
                for was, now in self.staying
            ],
            "move": [
                {
                    "from": {"id": move.source, "name": self.before[move.source].name},
                    "to": {"id": move.target, "name": self.name(move.target)},
                    "people": move.people,
                    "mentions": move.mentions,
                }
                for move in self.moving
            ],
            "still": self.still,
        }


def _without_id(signal: Listed) -> dict[str, Any]:
    return {key: value for key, value in asdict(signal).items() if key != "id"}


class Called(NamedTuple):
    """What a report says of a signal beside its figures."""

    name: str
    standing: str
    owner: str


def taxonomy_moves(
    asks: Iterable[CountedAsk], before: Mapping[str, Called], after: Mapping[str, Called]
) -> TaxonomyMoves:
    """Compare two reports over the same asks; ``before`` and ``after`` name the signals by id.

    A signal is listed where somebody asks for it, and where it is pinned.
    """
    rows = list(asks)
    old = _listed(before, [(ask.before, ask) for ask in rows])
    new = _listed(after, [(ask.after, ask) for ask in rows])
    same = {key for key in old.keys() & new.keys() if old[key] == new[key]}
    moving: dict[tuple[str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for ask in rows:
        if ask.before != ask.after:
            people, uids = moving[ask.before, ask.after]
            people.add(ask.person)
            uids.add(ask.uid)
    moves = [Moving(*ends, len(people), len(uids)) for ends, (people, uids) in moving.items()]
    # Two signals may change places without a figure changing.
    same -= {end for ends in moving for end in ends}
    return TaxonomyMoves(
        {key: signal for key, signal in old.items() if key not in same},
        {key: signal for key, signal in new.items() if key not in same},
        tuple(sorted(moves, key=lambda move: (-move.people, -move.mentions, move.source))),
        len(same),
    )


def _listed(
    called: Mapping[str, Called], rows: Sequence[tuple[str, CountedAsk]]
) -> dict[str, Listed]:
    people: dict[str, set[str]] = defaultdict(set)
    uids: dict[str, set[str]] = defaultdict(set)
    for identity, ask in rows:
        people[identity].add(ask.person)
        uids[identity].add(ask.uid)
    listed = [
        Listed(identity, *of, len(people[identity]), len(uids[identity]))
        for identity, of in called.items()
        if identity in people or of.standing == "pinned"
    ]
    listed.sort(key=lambda signal: (-signal.people, -signal.mentions, signal.name, signal.id))
    return {signal.id: signal for signal in listed}
