"""Which comments name a thing: a launch, a brand, a competitor. Only what is named counts.

Words are matched without regard to case and on word borders, in title and text. A space in them
matches a space, a hyphen, a dot or nothing ("all-day breakfast", "all day breakfast"), and a plural
s may follow. Scripts without spaces have no borders, and Korean glues particles to a word's end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from reports.fact_tables import FactTables, Window, fetch, heard, in_window

NAMING_COLUMNS = (
    *("thing", "uid", "person", "has_author", "source", "created_at", "precision", "reach"),
    "sentiment",
)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_LATIN_END = re.compile(r"[a-z]$")
_GAP = r"[\s\-_.]*"
_EDGE = r"[^\p{L}\p{N}]"


@dataclass(frozen=True, slots=True)
class Named:
    """The words that name a thing, and phrases in which they mean something else."""

    words: tuple[str, ...]
    exclusions: tuple[str, ...] = ()


def comments_naming(
    tables: FactTables, window: Window, things: Mapping[str, Named]
) -> pd.DataFrame:
    """One row per thing and heard comment of the window that names it: ``NAMING_COLUMNS``."""
    rows = heard(in_window(tables.comments, window))
    text = _folded(rows)
    frames: list[pd.DataFrame] = []
    for thing, named in things.items():
        pattern = pattern_of(named.words)
        if not pattern:
            continue
        read = text
        if excluded := pattern_of(named.exclusions):
            read = text.re_replace(excluded, " ")
        found = rows.filter(read.re_search(pattern))
        frames.append(
            fetch(
                found.select(
                    *("uid", "person", "has_author", "source", "created_at", "reach", "sentiment"),
                    thing=ibis.literal(thing),
                    precision=found.created_precision,
                ).order_by("uid")
            ).to_pandas()
        )
    if not frames:
        return pd.DataFrame(columns=list(NAMING_COLUMNS))
    found = pd.concat(frames, ignore_index=True)
    return found.loc[:, list(NAMING_COLUMNS)]


def first_heard(
    tables: FactTables, window: Window, people: Sequence[str]
) -> dict[str, pd.Timestamp]:
    """When each of ``people`` was first heard with anything at all, where a date is known."""
    rows = heard(in_window(tables.comments, window))
    rows = rows.filter(rows.created_at.notnull())
    frame = fetch(rows.group_by("person").agg(first=rows.created_at.min())).to_pandas()
    wanted = frame[frame["person"].isin(set(people))]
    return dict(zip(wanted["person"].tolist(), wanted["first"].tolist(), strict=True))


def pattern_of(words: Sequence[str]) -> str:
    """A pattern, in RE2's syntax, that finds any of the words in folded text; "" for none."""
    folded = sorted({_plain(word) for word in words} - {""}, key=lambda word: (-len(word), word))
    return "|".join(map(_bordered, folded))


def _bordered(word: str) -> str:
    inner = _GAP.join(re.escape(part) for part in re.split(r"[\s\-_.]+", word) if part)
    if not inner:
        return re.escape(word)
    if _LATIN_END.search(word):
        inner += "s?"
    before = "" if _UNSPACED.match(word[0]) else f"(?:^|{_EDGE})"
    glued = _UNSPACED.match(word[-1]) or _HANGUL.match(word[-1])
    return f"{before}{inner}" + ("" if glued else f"(?:$|{_EDGE})")


def _plain(word: str) -> str:
    return word.strip().lower().replace("’", "'")


def _folded(rows: ir.Table) -> ir.StringValue:
    whole = rows.title.coalesce("") + ibis.literal("\n") + rows.text
    return whole.lower().replace("’", "'")
