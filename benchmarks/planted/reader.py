"""What a reader makes of a feed: a perfect one, or one that misses, invents and blurs.

A reader errs as classifiers do: what it invents, it invents of the same sentence each time, so
that its errors can gather in one signal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.planted.feed import BACKGROUND, Feed, Row
from earful.records import RequestType

_CLAUSE = re.compile(r"[^.!?,\n]+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
FALSE_WORDS = 3
BLURRED_WORDS = 4


@dataclass(frozen=True, slots=True)
class Reader:
    """How well is read. ``recall`` of the asks are found, ``precision`` of what is found is an ask.

    ``blurred`` of the items are the first words of the quote instead of the thing wanted. Who
    ``names`` items calls each by one name, whatever its words: then nothing is left to group.
    """

    name: str
    recall: float = 1.0
    precision: float = 1.0
    blurred: float = 0.0
    names: bool = False


PERFECT = Reader("perfect")
NAMING = Reader("naming", names=True)
IMPERFECT = Reader("imperfect", recall=0.79, precision=0.85, blurred=0.2)
"""As good as the shipped reader was on English comments when this was written."""
READERS = {reader.name: reader for reader in (PERFECT, NAMING, IMPERFECT)}


@dataclass(frozen=True, slots=True)
class ReadAsk:
    """One ask as it was read. ``plain`` are the words that vectors are made of: the quote before
    anybody's habits, so that a sentence has to be encoded once only."""

    row: Row
    item: str
    type: RequestType
    quote: str
    plain: str
    start: int
    end: int
    strength: int
    moment: str


def read(feed: Feed, reader: Reader) -> list[ReadAsk]:
    """Everything that the reader takes for an ask, by uid and place; equal for equal feeds."""
    rng = Random(f"{feed.scenario.name} {feed.seed} {reader.name}")
    right = [
        ask for row in feed.rows for ask in _asks(feed, row, reader, rng)
        if reader.recall == 1 or rng.random() < reader.recall
    ]  # fmt: skip
    invented = round(len(right) * (1 / reader.precision - 1))
    idle = [row for row in feed.rows if row.story == BACKGROUND and row.remark != "advert"]
    wrong = [_invented(row) for row in rng.sample(idle, min(invented, len(idle)))]
    return sorted(right + wrong, key=lambda ask: (ask.row.uid, ask.start))


def _asks(feed: Feed, row: Row, reader: Reader, rng: Random) -> Iterator[ReadAsk]:
    for asked in row.asks:
        known = feed.items.get(asked.item)
        item = known.name if reader.names and known else asked.said
        if reader.blurred and rng.random() < reader.blurred:
            item = " ".join(_WORD.findall(asked.plain.lower())[:BLURRED_WORDS])
        kind: RequestType = known.type if known else "change"
        yield ReadAsk(
            row, item, kind, row.text[asked.start : asked.end], asked.plain,
            asked.start, asked.end, asked.strength, asked.moment,
        )  # fmt: skip


def _invented(row: Row) -> ReadAsk:
    clause = max(_CLAUSE.finditer(row.text), key=lambda found: (len(found[0]), -found.start()))
    quote = clause[0].strip()
    start = row.text.index(quote)
    item = " ".join(_WORD.findall(quote.lower())[-FALSE_WORDS:]) or "this"
    return ReadAsk(row, item, "change", quote, quote, start, start + len(quote), 2, "")
