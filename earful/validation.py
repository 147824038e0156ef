"""What is known of how well asks are read, as counts: labels of careful readers against tags.

The same counts are made of the labelled comments that were held back when the shipped models were
built, and of a project's own comments that a person read, so that either can tell what the other
lacks. They hold no words of anybody, and they add up: a band of the model's score, how many asks
were read there, and how many of them stand in the comment.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earful.errors import DataError

ASK_EDGES = (0.0, 0.5, 0.65, 0.8, 0.9, 1.0)
"""Bands of the score of an ask."""
QUIET_EDGES = (0.0, 0.05, 0.1, 0.2, 0.35, 1.0)
"""Bands of the probability that a comment asks in which no ask was read; fine near 0, where most
of a raw stream lies."""
SAID_ONCE = -1
"""Stands for the item of an ask that no other ask of the same tally shares."""
_WORD = re.compile(r"\w+")
_NOT_TELLING = frozenset(
    ("a", "an", "and", "better", "for", "in", "more", "new", "of", "on", "the", "to", "with")
)

# Of each table: what its rows are of, and what was counted.
_TABLES = {
    "read": (("source", "lang", "item", "band"), ("asks", "right")),
    "asked": (("source", "lang", "item"), ("asks", "found")),
    "quiet": (("source", "lang", "band"), ("comments", "asking")),
}

Labelled = Mapping[str, Any]
Bands = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ReadAsk:
    """An ask that a model read; ``right`` where a true ask overlaps it or is for the same thing."""

    item: str
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class TrueAsk:
    """An ask that stands in a comment; ``found`` where one that was read overlaps it or is for the
    same thing."""

    item: str
    found: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One comment as a model read it and as it is; ``likely`` is the model's probability that it
    asks for something."""

    source: str
    lang: str
    likely: float
    read: tuple[ReadAsk, ...]
    asked: tuple[TrueAsk, ...]


def likely_to_ask(scores: Mapping[str, float]) -> float:
    """The probability that a comment asks for something, a request or a wish to buy, from its
    scores by category."""
    return 1.0 - (1.0 - scores.get("request", 0.0)) * (1.0 - scores.get("purchase_intent", 0.0))


def bands(scores: npt.ArrayLike, edges: Sequence[float]) -> Bands:
    """The band of each score: the place of the last edge that it reaches."""
    places = np.searchsorted(edges, np.asarray(scores, dtype=float), side="right") - 1
    return np.clip(places, 0, len(edges) - 2)


def compare(
    source: str, lang: str, truth: Sequence[Labelled], read: Sequence[Labelled], likely: float
) -> Compared:
    """What a reader's asks say of a model's asks in the same words.

    An ask of either is a mapping with start, end and item; one that was read has a score.
    """
    return Compared(
        source,
        lang,
        likely,
        tuple(
            ReadAsk(ask["item"], float(ask["score"]), any(_same(ask, other) for other in truth))
            for ask in read
        ),
        tuple(TrueAsk(ask["item"], any(_same(ask, other) for other in read)) for ask in truth),
    )


def _same(one: Labelled, other: Labelled) -> bool:
    """Whether two asks of one comment are the same: their quotes overlap, or, as a want is often
    said twice, their items share a word."""
    overlap = one["start"] < other["end"] and other["start"] < one["end"]
    return bool(overlap or set(_words(one["item"])) & set(_words(other["item"])))


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Counts of compared comments; every frame has one row for what its first columns name.

    ``read``: source, lang, item, band (of ``ASK_EDGES``), asks, right. ``asked``: source, lang,
    item, asks, found. ``quiet``, of comments in which no ask was read: source, lang, band (of
    ``QUIET_EDGES``), comments, asking (those that do ask). An item is a number that asks with the
    same words share, ``SAID_ONCE`` where one stands alone.
    """

    read: pd.DataFrame
    asked: pd.DataFrame
    quiet: pd.DataFrame

    @classmethod
    def of(cls, comments: Iterable[Compared]) -> Validation:
        """The counts of compared comments; there may be none."""
        everything = list(comments)
        shared = _shared_items(everything)
        read, asked, quiet = (defaultdict[Any, list[int]](lambda: [0, 0]) for _ in _TABLES)
        for one in everything:
            where = one.source, one.lang
            for words, score, right in _once((ask.item, ask.score, ask.right) for ask in one.read):
                item = shared.get(words, SAID_ONCE)
                _add(read[(*where, item, int(bands(score, ASK_EDGES)))], right)
            for words, _, found in _once((ask.item, 1.0, ask.found) for ask in one.asked):
                _add(asked[(*where, shared.get(words, SAID_ONCE))], found)
            if not one.read:
                _add(quiet[(*where, int(bands(one.likely, QUIET_EDGES)))], bool(one.asked))
        return cls(
            *(
                _frame(name, sorted((*key, *counts) for key, counts in rows.items()))
                for name, rows in zip(_TABLES, (read, asked, quiet), strict=True)
            )
        )

    def beside(self, other: Validation) -> Validation:
        """These counts and those of ``other``, whose items are others than these."""
        most = max(_most(self.read), _most(self.asked))
        frames = []
        for name in _TABLES:
            own, further = getattr(self, name), getattr(other, name).copy()
            if "item" in further:
                shared = further["item"] != SAID_ONCE
                further.loc[shared, "item"] += most + 1
            frames.append(pd.concat([own, further], ignore_index=True))
        return Validation(*frames)

    def without(self, lang: str) -> Validation:
        """These counts without those of comments in ``lang``."""
        tables = (getattr(self, name) for name in _TABLES)
        return Validation(
            *(table[table["lang"] != lang].reset_index(drop=True) for table in tables)
        )

    def record(self) -> dict[str, dict[str, list[Any]]]:
        """As plain data that ``of_record`` reads, column by column."""
        return {
            name: {column: getattr(self, name)[column].tolist() for column in (*keys, *counts)}
            for name, (keys, counts) in _TABLES.items()
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any], where: str = "") -> Validation:
        """The counts that ``record`` gave; ``DataError`` for anything else."""
        try:
            frames = []
            for name, (keys, counts) in _TABLES.items():
                columns = [record[name][column] for column in (*keys, *counts)]
                frames.append(_frame(name, list(zip(*columns, strict=True))))
            return cls(*frames)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"these are no counts of compared comments: {error!r}",
                where=where,
                next_step="Build the models again, or install earful again.",
            ) from error


@dataclass(frozen=True, slots=True, eq=False)
class ReadingCounts:
    """All that tells how well the comments of a project are read.

    ``shipped`` counts the labelled comments that came with the models, ``own`` those of the project
    that were drawn at random and labelled. ``quiet`` has the project's comments in which no ask was
    read and that nobody labelled: source, lang, band (of ``QUIET_EDGES``), comments; None where
    they were not counted, as they need not be where nothing was labelled.
    """

    shipped: Validation
    own: Validation | None = None
    quiet: pd.DataFrame | None = None


def _frame(name: str, rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    keys, counts = _TABLES[name]
    frame = pd.DataFrame(list(rows), columns=[*keys, *counts])
    whole = dict.fromkeys((*keys[2:], *counts), "int64")
    return frame.astype({"source": "str", "lang": "str", **whole})


def _most(table: pd.DataFrame) -> int:
    """The highest number of an item."""
    return int(table["item"].max()) if len(table) else SAID_ONCE


def _add(counts: list[int], held: bool) -> None:
    counts[0] += 1
    counts[1] += held


def _words(item: str) -> tuple[str, ...]:
    """The telling words of an item without a plural s; all of them where none tells."""
    found = {word.rstrip("s") for word in _WORD.findall(item.lower())}
    return tuple(sorted(found - _NOT_TELLING or found))


def _once(
    asks: Iterable[tuple[str, float, bool]],
) -> list[tuple[tuple[str, ...], float, bool]]:
    """Each thing of a comment once: its words, its best score, and whether any of it is right."""
    found: dict[tuple[str, ...], tuple[float, bool]] = {}
    for item, score, right in asks:
        words = _words(item)
        before, was = found.get(words, (0.0, False))
        found[words] = max(before, score), was or right
    return [(words, score, right) for words, (score, right) in found.items()]


def _shared_items(comments: Iterable[Compared]) -> dict[tuple[str, ...], int]:
    """A number for every item that two comments or more have, read or true."""
    times = Counter[tuple[str, ...]]()
    for one in comments:
        items = [ask.item for ask in one.read] + [ask.item for ask in one.asked]
        times.update({_words(item) for item in items})
    return {words: at for at, words in enumerate(sorted(w for w, n in times.items() if n > 1))}
