"""What another model version would change: signals that grow, shrink, come and go."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq

from earful.facts import Facts
from earful.records import DemandSignal

LEAST_PEOPLE = 2
"""What one person asks for is no signal yet, so its coming and going is no news."""
_SAME = 0.5
"""The share of comments in common from which two signals of different ids are one, renamed."""


@dataclass(frozen=True, slots=True)
class Move:
    """A signal whose people change from ``before`` to ``after``."""

    name: str
    before: int
    after: int

    @property
    def kind(self) -> Literal["born", "gone", "moved"]:
        """A signal takes two people: with fewer before it is born, with fewer after it is gone."""
        if self.before < LEAST_PEOPLE:
            return "born"
        return "gone" if self.after < LEAST_PEOPLE else "moved"


@dataclass(frozen=True, slots=True)
class Moves:
    """Two readings of one ledger, by model version ``before`` and ``after``.

    ``signals`` lists those that move, largest move first, ``still`` counts the others.
    ``categories`` and ``sentiments`` map a label to comments before and after, where they differ.
    """

    before: str
    after: str
    signals: tuple[Move, ...]
    still: int
    categories: Mapping[str, tuple[int, int]]
    sentiments: Mapping[str, tuple[int, int]]

    @property
    def nothing(self) -> bool:
        """Whether both readings come to the same figures."""
        return not (self.signals or self.categories or self.sentiments)


def compare_facts(
    before: Facts, after: Facts, old: Sequence[DemandSignal], new: Sequence[DemandSignal]
) -> Moves:
    """What moves between two builds of facts, and between the signals that they give."""
    moves, still = signal_moves(old, new)
    return Moves(
        before.manifest.model_version,
        after.manifest.model_version,
        tuple(moves),
        still,
        _differing(_counts(before, "categories"), _counts(after, "categories")),
        _differing(_counts(before, "sentiment"), _counts(after, "sentiment")),
    )


def signal_moves(
    old: Sequence[DemandSignal], new: Sequence[DemandSignal]
) -> tuple[list[Move], int]:
    """The signals whose people change, largest change first, and how many stay as they are.

    A signal is the same where its id is, else where more than half of the comments are.
    """
    moves, still = [], 0
    for was, now in _pairs(old, new):
        named = now or was
        before, after = (0 if signal is None else signal.people for signal in (was, now))
        if named is None or max(before, after) < LEAST_PEOPLE:
            continue
        if before == after:
            still += 1
        else:
            moves.append(Move(named.name, before, after))
    moves.sort(key=lambda move: (-abs(move.after - move.before), -move.before, move.name))
    return moves, still


def _pairs(
    old: Sequence[DemandSignal], new: Sequence[DemandSignal]
) -> Iterator[tuple[DemandSignal | None, DemandSignal | None]]:
    left = {signal.id: signal for signal in old}
    same = [(left.pop(signal.id, None), signal) for signal in new]
    owners: dict[str, list[str]] = defaultdict(list)
    for signal in left.values():
        for uid in signal.uids:
            owners[uid].append(signal.id)
    for was, now in same:
        if was is None:
            shared = Counter(owner for uid in now.uids for owner in owners.get(uid, ()))
            for owner, count in shared.most_common(1):
                every = len(now.uids) + len(left[owner].uids) - count if owner in left else 0
                if every and count / every > _SAME:
                    was = left.pop(owner)
        yield was, now
    yield from ((signal, None) for signal in left.values())


def _counts(facts: Facts, column: str) -> dict[str, int]:
    """Comments by the values of a column, which may hold several each."""
    values = pq.read_table(facts.comments, columns=[column]).column(column)
    if column == "categories":
        values = pc.list_flatten(values)
    counted = pc.value_counts(values)
    return {row["values"]: row["counts"] for row in counted.to_pylist() if row["values"]}


def _differing(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    pairs = {name: (before.get(name, 0), after.get(name, 0)) for name in {**before, **after}}
    return {name: pair for name, pair in sorted(pairs.items()) if pair[0] != pair[1]}
