"""Relevance follows the words of the settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from earful.records import Comment
from earful.settings import Brand
from ingest.relevance import Relevance, brand_words

BRAND = Brand(
    name="Bramble's",
    names=("Bramble Café", "브램블"),
    products=("Big Fern",),
    misspellings=("brambel",),
    competitors=("Nettle & Co",),
    exclusions=("bramble's bush",),
)
COMMENT = Comment(source="forum", instance="a", native_id="1", text="")


@pytest.mark.parametrize(
    ("text", "relevant"),
    [
        ("I love BRAMBLE’S fries", True),
        ("a big-fern, please", True),
        ("the bigfern is gone", True),
        ("Brambel rocks", True),
        ("nettle & co is better", True),
        ("#brambel", True),
        ("브램블은 맛있어요", True),
        ("brambelina the cat", False),
        ("cut down Bramble's bush", False),
        ("Bramble's bush near Bramble's counter", True),
        ("nothing of the kind", False),
    ],
)
def test_words_are_matched_on_their_borders(text: str, relevant: bool) -> None:
    """Case, apostrophes, hyphens and Korean particles do not matter; longer words do not match."""
    assert Relevance([BRAND]).relevant(replace(COMMENT, text=text)) is relevant


def test_without_brands_everything_is_relevant() -> None:
    """Who names nothing to listen for listens to everything."""
    assert Relevance([]).relevant(replace(COMMENT, text="anything"))


def test_only_the_sources_named_are_put_to_the_test() -> None:
    """A page of the brand's own is about the brand; a search result has to name it."""
    relevance = Relevance([BRAND.model_copy(update={"sources": ("search",)})])
    assert relevance.relevant(replace(COMMENT, source="own_page", text="too salty"))
    assert not relevance.relevant(replace(COMMENT, source="search", text="too salty"))


def test_title_and_product_count() -> None:
    """A comment is about what its title or its product names, too."""
    assert Relevance([BRAND]).relevant(replace(COMMENT, title="Big Fern", text="too salty"))
    assert Relevance([BRAND]).relevant(replace(COMMENT, product="Big Fern", text="too salty"))


def test_brand_words_are_all_words_once() -> None:
    """What redaction must leave alone is every word of every brand."""
    words = brand_words([BRAND, BRAND])
    assert len(words) == len(set(words)) == 6
