"""Share of voice: who speaks of the brand and of the competitors in its settings, and in what mood.

Only what is named counts: a comment that means a competitor without its name is not seen, and one
on a page of the brand's own that does not name it neither. A comment that names two counts for
both. The mood is that of the comment, not toward the one named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import pandas as pd
from scipy import stats

from earful.records import SENTIMENTS
from earful.settings import Brand
from reports.fact_tables import MONTHLY_PRECISIONS, FactTables, Window
from reports.growth import CONFIDENCE
from reports.json_values import rounded
from reports.naming import Named, comments_naming


@dataclass(frozen=True, slots=True)
class Voice:
    """One name. ``share`` is that of the people who name any of them, with a 95 % interval.

    ``months`` hold (first of the month, people, comments), ``sentiment`` comments that were read,
    ``sources`` people, ``beside`` the people who name the brand as well (for a competitor).
    """

    name: str
    own: bool
    people: int
    comments: int
    share: float
    low: float
    high: float
    beside: int
    sentiment: dict[str, int]
    sources: dict[str, int]
    months: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class ShareOfVoice:
    """One brand beside its competitors, most people first; ``people`` name any of them."""

    brand: str
    people: int
    comments: int
    voices: tuple[Voice, ...]


def shares_of_voice(
    brands: Sequence[Brand], tables: FactTables, window: Window
) -> tuple[ShareOfVoice, ...]:
    """One for every brand with competitors, where somebody names one of them."""
    found = []
    for brand in brands:
        if not brand.competitors:
            continue
        things = {
            brand.name: Named((brand.name, *brand.names, *brand.misspellings), brand.exclusions)
        } | {rival: Named((rival,)) for rival in brand.competitors if rival != brand.name}
        said = comments_naming(tables, window, things)
        if said["thing"].nunique() and set(said["thing"]) != {brand.name}:
            found.append(_share(brand.name, list(things), said))
    return tuple(found)


def _share(brand: str, names: Sequence[str], said: pd.DataFrame) -> ShareOfVoice:
    people = said["person"].nunique()
    own = set(said.loc[said["thing"] == brand, "person"])
    voices = [_voice(name, brand, said[said["thing"] == name], people, own) for name in names]
    voices.sort(key=lambda voice: (-voice.people, not voice.own, voice.name))
    return ShareOfVoice(brand, people, said["uid"].nunique(), tuple(voices))


def _voice(name: str, brand: str, said: pd.DataFrame, people: int, own: set[str]) -> Voice:
    named = set(said["person"])
    low, high = wilson(len(named), people)
    by_source = (
        said.groupby("source")["person"].nunique().sort_values(ascending=False, kind="stable")
    )
    moods = said["sentiment"].value_counts()
    return Voice(
        name=name,
        own=name == brand,
        people=len(named),
        comments=len(said),
        share=len(named) / people,
        low=low,
        high=high,
        beside=0 if name == brand else len(named & own),
        sentiment={mood: int(moods.get(mood, 0)) for mood in SENTIMENTS},
        sources={str(source): int(count) for source, count in by_source.items()},
        months=_months(said),
    )


def _months(said: pd.DataFrame) -> tuple[tuple[str, int, int], ...]:
    known = said[said["created_at"].notna() & said["precision"].isin(MONTHLY_PRECISIONS)]
    if known.empty:
        return ()
    by_month = known.groupby(known["created_at"].dt.strftime("%Y-%m-01"))
    people, comments = by_month["person"].nunique(), by_month["uid"].nunique()
    return tuple(
        (str(month), count, mentions)
        for month, count, mentions in zip(
            people.index, people.tolist(), comments.tolist(), strict=True
        )
    )


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not whole:
        return 0.0, 1.0
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    share, scale = part / whole, 1 + z**2 / whole
    middle = (share + z**2 / (2 * whole)) / scale
    half = z * sqrt(share * (1 - share) / whole + z**2 / (4 * whole**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def share_of_voice_record(told: ShareOfVoice) -> dict[str, Any]:
    """The shares in the shape of ``out/signals.json``."""
    return {
        "brand": told.brand,
        "people": told.people,
        "comments": told.comments,
        "voices": [
            {
                "name": voice.name,
                "own": voice.own,
                "people": voice.people,
                "comments": voice.comments,
                "share": rounded(voice.share),
                "low": rounded(voice.low),
                "high": rounded(voice.high),
                "beside": voice.beside,
                "sentiment": voice.sentiment,
                "sources": voice.sources,
                "months": [list(month) for month in voice.months],
            }
            for voice in told.voices
        ],
    }
