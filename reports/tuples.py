"""The demand tuple: what is wanted, at which moment, at which place, on which condition.

An ask that ties its thing to none of the three is in the signal's count and in no tuple.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from reports.conditions import condition_of
from reports.moments import whole_moments


@dataclass(frozen=True, slots=True)
class DemandTuple:
    """One combination and the people who asked for it; "" where nothing was said of a part."""

    item: str
    moment: str
    place: str
    condition: str
    people: int
    mentions: int
    uids: tuple[str, ...]


_PARTS = ["item", "moment", "place", "condition"]


def demand_tuples(asks: pd.DataFrame) -> dict[str, tuple[DemandTuple, ...]]:
    """The tuples of every signal that has any, most people first.

    ``asks`` are those that count: signal, uid, person, item, passage, moment, place, place_words,
    lang. The place is the one the words name, else the one the comment is of.
    """
    rows = []
    columns = (
        "signal",
        "uid",
        "person",
        "item",
        "passage",
        "moment",
        "place",
        "place_words",
        "lang",
    )
    for signal, uid, person, item, words, moment, at, named, lang in zip(
        *(asks[name].astype(object).where(asks[name].notna(), "").tolist() for name in columns),
        strict=True,
    ):
        place = " ".join((named or at).lower().split())
        condition = condition_of(words, item, lang)
        moments = whole_moments(moment) or [""]
        if moments != [""] or place or condition:
            rows += [(signal, uid, person, item, one, place, condition) for one in moments]
    frame = pd.DataFrame(rows, columns=["signal", "uid", "person", *_PARTS])
    found: dict[str, list[DemandTuple]] = {}
    for key, some in frame.groupby(["signal", *_PARTS], sort=True):
        signal, item, moment, place, condition = map(str, key)
        uids = tuple(sorted(some["uid"].unique()))
        found.setdefault(signal, []).append(
            DemandTuple(item, moment, place, condition, some["person"].nunique(), len(uids), uids)
        )
    return {
        signal: tuple(sorted(rows, key=lambda row: (-row.people, -row.mentions)))
        for signal, rows in found.items()
    }
