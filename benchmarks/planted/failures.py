"""Where grouping fails, in words: items in pieces, and signals that mix items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.planted.found import Found
from benchmarks.planted.matching import Fate, Matching

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that was not found; ``lost`` counts people outside its signal and strangers in it."""

    fate: Fate
    lost: int
    told: str


def worst(matching: Matching, most: int = 5) -> list[Failure]:
    """The items that went wrong for most people, with examples of what went where."""
    failures = [_failure(matching, fate) for fate in matching.fates if not fate.found]
    return sorted(failures, key=lambda failure: (-failure.lost, failure.fate.label))[:most]


def _failure(matching: Matching, fate: Fate) -> Failure:
    outside = fate.people - round(fate.held * fate.people)
    strangers = 0
    if fate.signal is not None:
        persons = matching.persons[fate.signal.id]
        strangers = len(persons[""] - persons[fate.label])
    lines = [
        f"{fate.label}: {fate.people} people; its largest signal holds {fate.held:.0%} of them"
        f" and is {fate.purity:.0%} pure",
        *_pieces(matching, fate),
    ]
    return Failure(fate, outside + strangers, "\n".join(lines))


def _pieces(matching: Matching, fate: Fate) -> Iterator[str]:
    holding = [
        (len(matching.persons[signal.id].get(fate.label, ())), signal)
        for signal in matching.signals
        if fate.label in matching.persons[signal.id]
    ]
    holding.sort(key=lambda entry: (-entry[0], entry[1].id))
    for count, signal in holding[: 2 * EXAMPLES]:
        main = matching.mainly(signal)
        about = "" if main == fate.label else f", mainly {main}"
        yield f"  {count} in {signal.name!r} ({signal.people} people{about})"
        yield from (f"      {words}" for words in _words(matching, fate, signal))
    rest = holding[2 * EXAMPLES :]
    if rest:
        yield f"  {sum(count for count, _ in rest)} more in {len(rest)} other signals"


def _words(matching: Matching, fate: Fate, signal: Found) -> list[str]:
    """Words of the item in a signal, as the writers have them."""
    feed = matching.feed
    said = {
        row.text[asked.start : asked.end]
        for uid in sorted(signal.uids)
        if (row := feed.by_uid.get(uid)) is not None
        for asked in row.asks
        if feed.label(asked.item) == fate.label
    }
    return sorted(said, key=lambda words: (len(words), words))[:EXAMPLES]
