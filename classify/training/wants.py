"""Wants in many wordings, and comments that ask for nothing, written to be learned from.

They teach the ask encoder which asks are for one thing, and the network of English what asking
looks like when it is not said with the words of asking.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classify.language import ENGLISH
from classify.training.corpus import LABELS
from classify.vectors import ask_text

WANTS = LABELS / "wants.tsv"
"""Trades, their wants, and wordings of each, in columns as the module's classes name them; ``near``
are wants of the trade that are easily taken for this one."""
MORE_WANTS = LABELS / "more_wants.tsv"
"""The same of other trades, from which vectors of asks have learned and the network of English has
not."""
NOTHING = "-"
"""The item of a comment that asks for nothing."""
NO_ASKS = LABELS / "no_asks.tsv"
"""Comments that ask for nothing, though a careless reader may think so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One wording of a want: the thing wanted as this comment puts it, and the words that ask."""

    said: str
    quote: str
    lang: str = ENGLISH

    @property
    def text(self) -> str:
        """What an encoder of asks reads of it."""
        return ask_text(self.said, self.quote)


Trade = Mapping[str, Sequence[Asked]]
"""The wants of one invented brand, each with its wordings."""


def read_wants(path: Path = WANTS) -> list[Trade]:
    """All trades; what asks for nothing is left out."""
    trades: dict[str, dict[str, list[Asked]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(path):
        if row["item"] != NOTHING:
            asked = Asked(row["said"], row["quote"], row["lang"])
            trades[row["trade"]][row["item"]].append(asked)
    return [dict(wants) for wants in trades.values()]


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table by the names of its columns. A tab parts columns, and quotation marks are
    text: comments are full of them."""
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


@dataclass(frozen=True, slots=True)
class PartlyLabelled:
    """A comment of which nothing is known but whether it asks.

    ``said`` is the thing it asks for in its own words, empty where it asks for nothing.
    """

    lang: str
    text: str
    said: str = ""


def read_partly_labelled(wants: Path = WANTS, no_asks: Path = NO_ASKS) -> list[PartlyLabelled]:
    """Every wording of a want, and the comments that ask for nothing."""
    return [
        *(PartlyLabelled(row["lang"], row["quote"], row["said"]) for row in read_rows(wants)),
        *(PartlyLabelled(row["lang"], row["text"]) for row in read_rows(no_asks)),
    ]


def heard(asked: Asked, chance: random.Random) -> Asked:
    """The wording as a reader may get it: mostly right, at times with a wrong item or none."""
    drawn = chance.random()
    if drawn < 0.6:
        return asked
    if drawn < 0.8:
        words = asked.quote.split()
        first = chance.randrange(len(words))
        return replace(asked, said=" ".join(words[first : first + chance.randint(2, 4)]))
    if drawn < 0.9:
        return replace(asked, said=asked.quote)
    return replace(asked, quote=asked.said)
