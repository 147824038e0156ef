"""Names that a signal keeps: the one place where the id and the name of a group are decided.

A group that is new gets an id made of a readable prefix, taken from its name, and a short hash of
its key. From then on the asks decide, not the words: a group goes on under the id of the
remembered signal whose people it holds, whatever wording leads it now.

Each remembered signal is at home in the group with most of its people. A group in which several
are at home goes on under the oldest of them that is not small beside the others; the others merge
into it, and stand by themselves again as soon as they have a group of their own. A group in which
none is at home is new, split from the signal that most of its people come from.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from earful.store.memory import ChangedSignal, NewSignal, RememberedSignal

_PREFIX_LENGTH = 40
_HASH_LENGTH = 4
SETTLED_BY = 2
"""People from whom on a name lasts: what one person asks for is no signal yet."""
SMALL = 3
"""An older signal gives its id up to one that has so many times its people."""


class Named(Protocol):
    """What an id is made from: a stable key and a name for people."""

    @property
    def key(self) -> str:
        """The canonical key; no two groups share one."""
        ...

    @property
    def name(self) -> str:
        """The name as people say it."""
        ...


class Wanted(Named, Protocol):
    """A group of asks."""

    @property
    def wants(self) -> bool:
        """Whether it is purchase intent."""
        ...


class Voice(NamedTuple):
    """One ask: the position of its group, who says it, and the number of the signal that it is
    remembered with, None where it is new."""

    group: int
    person: str
    signal: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a group is called for ever."""

    id: str
    name: str

    def __str__(self) -> str:
        return f"{self.name!r} ({self.id})" if self.name else self.id


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a signal since the last report; ``people`` are those it happened to.

    "merged": it goes on in ``other``; "revived": it was merged into ``other`` and stands by itself
    again; "split": it is new and these people come from ``other``; "moved": these people of it are
    counted in ``other`` now.
    """

    kind: Literal["merged", "revived", "split", "moved"]
    signal: Identity
    other: Identity
    people: int

    def __str__(self) -> str:
        one, other = self.signal, self.other
        who = "1 person" if self.people == 1 else f"{self.people:,} people"
        return {
            "merged": f"{one} was merged into {other}: {who}",
            "revived": f"{one}, merged into {other} before, stands by itself again: {who}",
            "split": f"{one} was split from {other}: {who}",
            "moved": f"{who} moved from {one} to {other}",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Identities:
    """``of`` has one identity per group, in the order given.

    ``home`` maps the number of a remembered signal to the group that holds most of its people.
    ``new`` and ``changed`` are what is to be remembered, ``changes`` what is to be told.
    """

    of: tuple[Identity, ...]
    home: Mapping[int, int]
    new: tuple[NewSignal, ...]
    changed: tuple[ChangedSignal, ...]
    changes: tuple[Change, ...]


def signal_ids(groups: Sequence[Named], taken: Iterable[str] = ()) -> list[str]:
    """One id per group, in the order given; longer hashes where short ones would meet one another
    or an id that is ``taken``."""
    ids: list[str] = []
    used = set(taken)
    for group in sorted(groups, key=lambda group: group.key):
        digest = hashlib.sha256(group.key.encode()).hexdigest()
        prefix = readable(group.name)
        length = _HASH_LENGTH
        while f"{prefix}-{digest[:length]}" in used:
            length += 1
        ids.append(f"{prefix}-{digest[:length]}")
        used.add(ids[-1])
    by_key = dict(zip(sorted(group.key for group in groups), ids, strict=True))
    return [by_key[group.key] for group in groups]


def readable(name: str) -> str:
    """The prefix of an id: the name in small ASCII letters and hyphens, else "signal"."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")
    return slug[:_PREFIX_LENGTH].rstrip("-") or "signal"


def identify(
    groups: Sequence[Wanted], voices: Iterable[Voice], remembered: Sequence[RememberedSignal] = ()
) -> Identities:
    """Match groups with the signals that are remembered, by the people whose asks they share."""
    return _Matching(groups, voices, remembered).result()


class _Matching:
    """One matching of groups with remembered signals."""

    def __init__(
        self,
        groups: Sequence[Wanted],
        voices: Iterable[Voice],
        remembered: Sequence[RememberedSignal],
    ) -> None:
        self.groups = groups
        self.known = {signal.number: signal for signal in remembered}
        self.crowds: dict[int, set[str]] = defaultdict(set)
        self.shares: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for voice in voices:
            self.crowds[voice.group].add(voice.person)
            if voice.signal is not None:
                self.shares[voice.signal][voice.group].add(voice.person)
        self.home = {number: self._home(parts) for number, parts in self.shares.items()}
        self.residents: dict[int, list[RememberedSignal]] = defaultdict(list)
        for number, group in sorted(self.home.items()):
            self.residents[group].append(self.known[number])
        self.keepers = {group: self._keeper(group) for group in self.residents}
        self.heirs = self._heirs()

    def _home(self, parts: Mapping[int, Set[str]]) -> int:
        """The group with most of a signal's people; the larger one where two are level."""
        return min(
            parts,
            key=lambda group: (
                -len(parts[group]),
                -len(self.crowds[group]),
                self.groups[group].key,
            ),
        )

    def _keeper(self, group: int) -> RememberedSignal:
        """The signal whose id a group goes on under."""
        residents = self.residents[group]
        # What was merged comes back only where none of those that stand is at home.
        standing = [signal for signal in residents if signal.merged_into is None] or residents
        people: dict[int, set[str]] = {signal.number: set() for signal in standing}
        for signal in residents:
            head = signal.number if signal.number in people else signal.merged_into
            if head in people:
                people[head] |= self.shares[signal.number][group]
        most = max(map(len, people.values()))
        fit = [signal for signal in standing if SMALL * len(people[signal.number]) > most]
        return min(fit, key=lambda signal: signal.number)

    def _heirs(self) -> dict[int, int]:
        """Number of each merged signal -> number of the one that stands for it, never merged."""
        heirs = {
            number: signal.merged_into
            for number, signal in self.known.items()
            if signal.merged_into is not None
        }
        for group, keeper in self.keepers.items():
            heirs.pop(keeper.number, None)
            for signal in self.residents[group]:
                if signal is not keeper:
                    heirs[signal.number] = keeper.number
        return {number: self._last(heirs, number) for number in heirs}

    @staticmethod
    def _last(heirs: Mapping[int, int], number: int) -> int:
        while number in heirs:
            number = heirs[number]
        return number

    def result(self) -> Identities:
        born = sorted(
            (group for group in range(len(self.groups)) if group not in self.keepers),
            key=lambda group: (-len(self.crowds[group]), self.groups[group].key),
        )
        ids = signal_ids(
            [self.groups[group] for group in born], (signal.id for signal in self.known.values())
        )
        named: dict[int, Identity] = {
            group: Identity(identity, self.groups[group].name)
            for group, identity in zip(born, ids, strict=True)
        }
        for group, keeper in self.keepers.items():
            named[group] = Identity(keeper.id, self._name(group, keeper))
        parents = dict(self._parents(born))
        return Identities(
            of=tuple(named[group] for group in range(len(self.groups))),
            home=self.home,
            new=tuple(
                NewSignal(
                    named[group].id,
                    id_words=named[group].name,
                    name=named[group].name,
                    settled=self._settles(group),
                    wants=self.groups[group].wants,
                    split_from=parents[group][0] if group in parents else None,
                )
                for group in born
            ),
            changed=tuple(self._changed(named)),
            changes=tuple(self._changes(named, parents)),
        )

    def _settles(self, group: int) -> bool:
        return len(self.crowds[group]) >= SETTLED_BY

    def _name(self, group: int, keeper: RememberedSignal) -> str:
        return keeper.name if keeper.settled else self.groups[group].name

    def _parents(self, born: Iterable[int]) -> Iterable[tuple[int, tuple[int, int]]]:
        """New groups whose people come from a signal: its number, and how many come from it."""
        people: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for number, parts in self.shares.items():
            for group, persons in parts.items():
                people[group][self.heirs.get(number, number)] |= persons
        for group in born:
            if from_whom := people.get(group):
                parent = min(from_whom, key=lambda number: (-len(from_whom[number]), number))
                yield group, (parent, len(from_whom[parent]))

    def _changed(self, named: Mapping[int, Identity]) -> Iterable[ChangedSignal]:
        standing = {keeper.number: group for group, keeper in self.keepers.items()}
        for number, signal in self.known.items():
            group = standing.get(number)
            name = signal.name if group is None else named[group].name
            settled = signal.settled or (group is not None and self._settles(group))
            heir = self.heirs.get(number)
            if (name, settled, heir) != (signal.name, signal.settled, signal.merged_into):
                into = None if heir is None else self.known[heir].id
                yield ChangedSignal(number, name, settled, into)

    def _changes(
        self, named: Mapping[int, Identity], parents: Mapping[int, tuple[int, int]]
    ) -> Iterable[Change]:
        called = {number: Identity(signal.id, signal.name) for number, signal in self.known.items()}
        called |= {keeper.number: named[group] for group, keeper in self.keepers.items()}
        for number, signal in self.known.items():
            heir = self.heirs.get(number)
            if heir == signal.merged_into or number not in self.home:
                continue
            people = len(self.shares[number][self.home[number]])
            if heir is not None:
                yield Change("merged", called[number], called[heir], people)
            elif signal.merged_into is not None:
                before = called[self.heirs.get(signal.merged_into, signal.merged_into)]
                yield Change("revived", called[number], before, people)
        for group, (parent, people) in parents.items():
            yield Change("split", named[group], called[parent], people)
        for number, parts in sorted(self.shares.items()):
            for group, persons in sorted(parts.items()):
                keeper = self.keepers.get(group)
                if keeper is None or keeper.number == self.heirs.get(number, number):
                    continue
                yield Change("moved", called[number], called[keeper.number], len(persons))
