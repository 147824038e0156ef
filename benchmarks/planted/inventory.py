"""How many sentences a set of brands has, and what it takes to be a fair test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.planted.feed import ORDINARY, Feed
from benchmarks.planted.given import copies
from benchmarks.planted.sentences import REMARKS, Brand, Item

BRANDS, LABELS, NEAR = 2, 30, 5
"""What a set has at least: brands, things wanted, and near misses in each brand."""
LANGUAGES = ("en", "ko", "pl", "es", "de")
IN_ALL_LANGUAGES = 10
"""Items that are asked for in all five languages."""
IN_ENGLISH, IN_OTHERS, OF_A_PARTICULAR = 10, 3, 4
"""Sentences of an item in English and in each other language, and of a particular in English."""
DIFFERENT_OPENINGS = 0.9
"""The share of an item's sentences that begin with two words of their own."""

ALIKE = 0.01
"""The share of honest asks that may look like copies: people who are lost are no test of counting.
"""


def inventory(brands: Sequence[Brand]) -> str:
    """A line per item: its sentences by language."""
    lines = []
    for brand in brands:
        lines.append(f"{brand.name}: {len(brand.near)} near misses, {len(brand.remarks)} remarks,"
                     f" {len(brand.asides)} asides, {len(brand.causes)} causes")  # fmt: skip
        for item in brand.items:
            counts = sentences(brand, item)
            shown = " ".join(f"{lang} {counts[lang]}" for lang in sorted(counts))
            lines.append(f"  {item.key}: {shown}" + (f" ({item.theme})" if item.theme else ""))
    return "\n".join(lines)


def sentences(brand: Brand, item: Item) -> Counter[str]:
    """Language -> sentences that ask for this item alone."""
    return Counter(one.lang for one in brand.wordings if one.items == (item.key,))


def shortcomings(brands: Sequence[Brand]) -> list[str]:
    """What is missing, in words; empty where the set is fit."""
    return list(_shortcomings(brands))


def alike(feed: Feed) -> float:
    """The share of honest asks that the rule of who counts takes for copies.

    It grows where an item has few sentences for the people that a scenario gives it.
    """
    honest = {row.uid for row in feed.rows if row.story == ORDINARY}
    return len(honest & copies(feed.rows).keys()) / max(1, len(honest))


def _shortcomings(brands: Sequence[Brand]) -> Iterator[str]:
    if len(brands) < BRANDS:
        yield f"{len(brands)} brands, of at least {BRANDS}"
    labels = {item.label for brand in brands for item in brand.items}
    if len(labels) < LABELS:
        yield f"{len(labels)} things to ask for, of at least {LABELS}"
    everywhere = 0
    for brand in brands:
        if len(brand.near) < NEAR:
            yield f"{brand.key}: {len(brand.near)} near misses, of at least {NEAR}"
        for kind in set(REMARKS) - {remark.kind for remark in brand.remarks}:
            yield f"{brand.key}: no remark of the kind {kind}"
        for kind in {"brigade", "loud"} - {cause.kind for cause in brand.causes}:
            yield f"{brand.key}: no cause of a {kind}"
        asking = {wording.text for wording in brand.wordings}
        for remark in brand.remarks:
            if remark.text in asking:
                yield f"{brand.key}: asks for something and is a remark: {remark.text}"
        for item in brand.items:
            counts = sentences(brand, item)
            least = OF_A_PARTICULAR if item.theme else IN_ENGLISH
            if counts["en"] < least:
                yield f"{item.key}: {counts['en']} sentences in English, of at least {least}"
            everywhere += all(counts[lang] >= IN_OTHERS for lang in LANGUAGES[1:])
            texts = [
                " ".join(re.sub(r"\W+", " ", one.text.casefold()).split())
                for one in brand.wordings
                if one.items == (item.key,)
            ]
            if len(set(texts)) < len(texts):
                yield f"{item.key}: a sentence stands there twice"
            openings = {" ".join(text.split()[:2]) for text in texts}
            if len(openings) < DIFFERENT_OPENINGS * len(texts):
                yield f"{item.key}: too many sentences begin alike"
    if everywhere < IN_ALL_LANGUAGES:
        yield (
            f"{everywhere} items have {IN_OTHERS} sentences in each of {', '.join(LANGUAGES[1:])},"
            f" of at least {IN_ALL_LANGUAGES}"
        )
