"""What a taxonomy decides about the signals that there are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from earful.errors import ConfigurationError
from earful.taxonomy import Taxonomy, normal, refusal


@dataclass(frozen=True, slots=True)
class KnownSignal:
    """A signal that an entry can speak of. ``names`` are all that it goes by; ``merged_into`` names
    the signal that it is a part of now."""

    id: str
    names: tuple[str, ...]
    wants: bool
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A taxonomy and the signals that it speaks of.

    ``spoken_of`` maps an id or name, as an entry has it, to its signal; what entries make
    themselves is missing in it, and so is what is ``gone``: nobody asks for it any more.
    """

    taxonomy: Taxonomy
    spoken_of: Mapping[str, KnownSignal]
    gone: tuple[str, ...] = ()

    @property
    def signals(self) -> Mapping[str, KnownSignal]:
        """Those that are there now; others have become a part of another one and may come back."""
        return {
            reference: signal
            for reference, signal in self.spoken_of.items()
            if signal.merged_into is None
        }

    @property
    def waiting(self) -> tuple[str, ...]:
        """Tells of entries that speak of a signal that is not there now."""
        return (
            *(
                f"{reference}: it is a part of {signal.merged_into} now"
                for reference, signal in self.spoken_of.items()
                if signal.merged_into is not None
            ),
            *(f"{reference}: nobody asks for it any more" for reference in self.gone),
        )


# Bringing entries and signals together


def bind(taxonomy: Taxonomy, known: Iterable[KnownSignal], path: Path) -> Ruling:
    """A taxonomy that was read from ``path``, with the signals that it speaks of.

    What is merged or told apart and has become a part of another signal since has to wait: merges
    are answered by the hundred, and signals grow together. Raises ``ConfigurationError`` for what
    no signal is called, what several are called, an entry about a part of another signal, and what
    is decided twice.
    """
    lookup = _Lookup(known)
    # What is new, and the part of a split, is known from the file itself.
    made = {normal(part) for entry in taxonomy.signal for part in entry.split}
    made |= {normal(entry.reference) for entry in taxonomy.signal if entry.new}
    spoken_of: dict[str, KnownSignal] = {}
    decided: dict[str, int] = {}
    for n, entry in enumerate(taxonomy.signal):
        refuse = partial(refusal, path, n, entry.reference)
        is_made = entry.name is not None and normal(entry.name) in made
        told_apart = [one for one in entry.apart if normal(one) not in made]
        references = (() if is_made else (entry.reference,), entry.merge, told_apart)
        try:
            own, merged, apart = ({one: lookup.find(one) for one in each} for each in references)
        except ConfigurationError as error:
            raise refuse(error.message, error.next_step) from error
        for message, next_step in (
            *_contradictions(own.values(), merged.values(), apart),
            *_decided_before((*own.values(), *merged.values()), n, decided),
        ):
            raise refuse(message, next_step)
        spoken_of |= own | merged | apart
    return Ruling(taxonomy, spoken_of)


def _contradictions(
    own: Iterable[KnownSignal], merged: Iterable[KnownSignal], apart: Mapping[str, KnownSignal]
) -> Iterator[tuple[str, str]]:
    """Why an entry cannot decide this; ``own`` is its signal, none where the file makes that."""
    within = {signal.id for signal in merged}
    for signal in own:
        if signal.merged_into is not None:
            yield (
                f"the signal {signal.id!r} is a part of {signal.merged_into!r} now",
                "Speak of that one.",
            )
        if signal.id in within:
            yield "a signal cannot be merged into itself", "Remove it from merge."
        within.add(signal.id)
    for reference, signal in apart.items():
        if signal.id in within:
            yield (
                f"{reference!r} is told apart from this signal and is a part of it",
                "Remove it from apart, or from merge.",
            )


def _decided_before(
    signals: Iterable[KnownSignal], n: int, decided: dict[str, int]
) -> Iterator[tuple[str, str]]:
    """Signals of entry ``n`` that an earlier one decides about; ``decided`` maps their ids to the
    first entry of each."""
    for signal in signals:
        first = decided.setdefault(signal.id, n)
        if first != n:
            yield (
                f"entry {first + 1} decides about the same signal, {signal.id}",
                "A signal has one entry, and one that is merged has none.",
            )


class _Lookup:
    """Signals by id and by name."""

    def __init__(self, known: Iterable[KnownSignal]) -> None:
        self._by_id = {signal.id: signal for signal in known}
        self._by_name: dict[str, list[KnownSignal]] = defaultdict(list)
        for signal in self._by_id.values():
            if signal.merged_into is None:
                for name in dict.fromkeys(map(normal, signal.names)):
                    self._by_name[name].append(signal)

    def find(self, reference: str) -> KnownSignal:
        """The signal of this id, else of this name; of a request and a purchase the request."""
        found = self._by_id.get(reference)
        if found is not None:
            return found
        named = self._by_name.get(normal(reference), [])
        chosen = [signal for signal in named if not signal.wants] or named
        if not chosen:
            raise ConfigurationError(
                f"no signal is called {reference!r}", next_step=self._guess(reference)
            )
        if len(chosen) > 1:
            raise ConfigurationError(
                f"{len(chosen)} signals are called {reference!r}",
                next_step=f"Name one by its id: {', '.join(s.id for s in chosen)}.",
            )
        return chosen[0]

    def _guess(self, reference: str) -> str:
        # There may be thousands of signals: only a guess is shown, not the list.
        known = {*self._by_id, *self._by_name}
        close = get_close_matches(reference, known, n=1) or get_close_matches(
            normal(reference), known, n=1
        )
        return (
            (f"Did you mean {close[0]!r}? " if close else "")
            + "Ids and names stand in out/signals.csv after 'earful report'. To make a signal that"
            " is not there yet, add: new = true"
        )


# Keeping


def to_json(ruling: Ruling, numbers: Mapping[str, int]) -> str:
    """An applied taxonomy as it is stored; ``numbers`` maps ids to what signals are remembered by.

    Numbers, because an id is given up where its words are erased.
    """
    return json.dumps(
        {
            "taxonomy": ruling.taxonomy.model_dump(mode="json", exclude_defaults=True),
            "signals": {
                reference: numbers[signal.id] for reference, signal in ruling.spoken_of.items()
            },
        },
        ensure_ascii=False,
    )


def from_json(content: str, known: Mapping[int, KnownSignal]) -> Ruling:
    """The inverse of ``to_json``: what of it can hold now, and what has to wait."""
    stored = json.loads(content)
    taxonomy = Taxonomy.model_validate(stored["taxonomy"])
    spoken_of: dict[str, KnownSignal] = {}
    gone = []
    for reference, number in stored["signals"].items():
        if number in known:
            spoken_of[reference] = known[number]
        else:
            gone.append(reference)
    return Ruling(taxonomy, spoken_of, tuple(gone))
