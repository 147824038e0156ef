"""What the ledger remembers of asks and signals, brought together with the asks of today.

An ask is known again by its comment and item. Where a comment was read anew and its item is worded
otherwise, it is the ask of that comment with a word in common.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import pandas as pd

from earful.store.memory import EMPTY, Memory, MemoryUpdate
from reports.grouping import NO_GROUP, Grouping
from reports.identity import Change, Identities, Identity, Voice, identify
from reports.phrases import content, phrase

FAR_MORE = 3
"""A wording that so many times the people use is proposed as a signal's name."""

_ASK = ["uid", "wording", "wants"]


@dataclass(frozen=True, slots=True)
class Rename:
    """A wording that has become far more common than the one that a signal is named by."""

    signal: Identity
    wording: str
    people: int
    people_of_name: int


@dataclass(frozen=True, slots=True)
class Recollection:
    """Who every group is, what is to be remembered of it, and what is to be told."""

    of: tuple[Identity, ...]
    update: MemoryUpdate
    changes: tuple[Change, ...]
    renames: tuple[Rename, ...]


def recollect(
    asks: pd.DataFrame,
    grouping: Grouping,
    memory: Memory | None = None,
    brand: re.Pattern[str] | None = None,
) -> Recollection:
    """Give the groups of ``asks`` the ids and names of the signals that are remembered.

    ``asks`` is what was grouped, with the column ``counted``: only what counts is remembered.
    """
    memory = memory or EMPTY
    said = _said(asks, grouping)
    said = said.merge(_remembered(memory), on=_ASK, how="left")
    found = identify(grouping.groups, _voices(said, memory, brand), memory.signals)
    return Recollection(
        found.of,
        MemoryUpdate(memory.version, found.new, found.changed, tuple(_unremembered(said, found))),
        found.changes,
        tuple(_renames(said, grouping, found, memory)),
    )


def _said(asks: pd.DataFrame, grouping: Grouping) -> pd.DataFrame:
    """Asks that count, once per comment and wording: uid, wording, wants, person, group."""
    tidy = {item: " ".join(item.split()) for item in asks["item"].unique()}
    counts = asks["counted"].to_numpy(dtype=bool) & (grouping.group_of != NO_GROUP)
    said = pd.DataFrame(
        {
            "uid": asks["uid"].astype("str"),
            "wording": asks["item"].map(tidy).astype("str"),
            "wants": (asks["type"] == "wants").astype(bool),
            "person": asks["person"],
            "group": grouping.group_of,
        }
    )
    counted: pd.DataFrame = said.loc[counts]
    return counted.drop_duplicates(_ASK)


def _remembered(memory: Memory) -> pd.DataFrame:
    known: pd.DataFrame = memory.asks.to_pandas().rename(columns={"item": "wording"})
    return known.astype({"uid": "str", "wording": "str", "wants": bool, "signal": "Int64"})


def _voices(said: pd.DataFrame, memory: Memory, brand: re.Pattern[str] | None) -> list[Voice]:
    reworded = _reworded(said, memory, brand)
    known = said["signal"].fillna(-1).astype(int).tolist()
    columns = (said[name].tolist() for name in (*_ASK, "person", "group"))
    return [
        Voice(group, person, signal if signal >= 0 else reworded.get((uid, wording, wants)))
        for uid, wording, wants, person, group, signal in zip(*columns, known, strict=True)
    ]


def _reworded(
    said: pd.DataFrame, memory: Memory, brand: re.Pattern[str] | None
) -> dict[tuple[str, str, bool], int]:
    """For asks that are not known: the signal of those that their comment no longer makes.

    Left out are asks where these belonged to several signals, or share no word with it.
    """
    new = said[said["signal"].isna()]
    known = _remembered(memory)
    known = known[known["uid"].isin(new["uid"])]
    if known.empty:
        return {}
    kept = pd.MultiIndex.from_frame(said.loc[said["signal"].notna(), _ASK])
    lost = known[~pd.MultiIndex.from_frame(known[_ASK]).isin(kept)]
    words = {
        wording: content(phrase(wording, brand).key)
        for wording in {*lost["wording"], *new["wording"]}
    }
    before: dict[tuple[str, bool], list[tuple[frozenset[str], int]]] = defaultdict(list)
    for uid, wording, wants, signal in lost[[*_ASK, "signal"]].itertuples(index=False):
        before[uid, wants].append((words[wording], signal))
    answer: dict[tuple[str, str, bool], int] = {}
    for uid, wording, wants in new[_ASK].itertuples(index=False):
        signals = {signal for others, signal in before[uid, wants] if others & words[wording]}
        if len(signals) == 1:
            answer[uid, wording, wants] = signals.pop()
    return answer


def _unremembered(said: pd.DataFrame, found: Identities) -> list[tuple[str, str, bool, str]]:
    """Asks that are new, or have left the group in which their signal is at home."""
    home = said["signal"].map(found.home)
    rows = said[said["signal"].isna() | (home != said["group"])]
    return [
        (uid, wording, bool(wants), found.of[group].id)
        for uid, wording, wants, group in rows[[*_ASK, "group"]].itertuples(index=False)
    ]


def _renames(
    said: pd.DataFrame, grouping: Grouping, found: Identities, memory: Memory
) -> list[Rename]:
    settled = {signal.id for signal in memory.signals if signal.settled}
    outgrown = [
        n
        for n, (group, identity) in enumerate(zip(grouping.groups, found.of, strict=True))
        if identity.id in settled and identity.name != group.name
    ]
    rows = said[said["group"].isin(outgrown)]
    people = rows.groupby(["group", "wording"])["person"].nunique().to_dict()
    renames = []
    for n in outgrown:
        identity, leading = found.of[n], grouping.groups[n].name
        now, before = (people.get((n, wording), 0) for wording in (leading, identity.name))
        if now >= FAR_MORE * max(before, 1):
            renames.append(Rename(identity, leading, now, before))
    return renames
