"""The words that make an item: how they are weighed, chosen, put together and learned."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify import english
from classify.answers import Answers, Tokens
from classify.ask_words import far_words, near_words
from classify.clauses import Clause
from classify.item_model import (
    FAR_FEATURES,
    NEAR_FEATURES,
    ItemModel,
    far_features,
    near_features,
)
from classify.items import worded
from classify.phrasing import WeighedWords
from classify.quoting import Quote
from classify.shipped import read_artifact
from classify.tagger import ITEMS
from classify.training.corpus import LabelledAsk, LabelledComment
from classify.training.fit_items import fit_items, item_fold, word_odds
from classify.windows import window_of

PARSER = english.DEFAULT_PIPELINE


def read(text: str, *pointed: str) -> Tokens:
    """What a network would read that points at some words and at no other."""
    places = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    spans = np.full((len(places), 3), 0.05, np.float32)
    for at, (start, end) in enumerate(places):
        if text[start:end] in pointed:
            spans[at, 2] = 0.9
    n = len(places)
    return Tokens(
        np.array(places, np.int32).reshape(-1, 2),
        spans,
        np.zeros((n, 9), np.float32),
        np.zeros((n, 3), np.float32),
        np.zeros((n, 1), np.float32),
    )


def answers(tokens: Tokens) -> Answers:
    """A comment of which only the tokens matter."""
    return Answers(
        np.zeros(4, np.float32), np.zeros(9, np.float32), np.zeros(0, np.float32), tokens
    )


def item(text: str, quote: str, *pointed: str) -> str:
    """The item of a quote, by the shipped model."""
    start = text.index(quote)
    found = Quote(start, start + len(quote), 0, 0, 1.0, "change", 2, 0, 0.0)
    around = window_of(text, Clause(found.start, found.end))
    model = ItemModel.from_arrays(read_artifact().parts[ITEMS])
    words = WeighedWords(PARSER, model)
    return words.items([text], [answers(read(text, *pointed))], [(0, found, around)])[0]


def places_of(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+", text)]


def test_the_likeliest_words_make_the_item_in_the_order_of_the_text() -> None:
    """Unlikely words stay out; the preposition between two words and the hyphen are kept."""
    text = "please give us a walk-in freezer with shelves"
    likely = np.array([0.0, 0.1, 0, 0, 0.8, 0.8, 0.9, 0, 0.7], np.float32)
    found = worded(text, places_of(text), likely, 5)
    assert found.phrase == "walk-in freezer with shelves"
    assert 0.5 < found.worth < 1


def test_a_word_said_twice_counts_once() -> None:
    """The likelier of two mentions is taken, the other takes no room."""
    text = "refills: we want free refills"
    found = worded(text, places_of(text), np.array([0.8, 0, 0, 0.7, 0.9], np.float32), 5)
    assert found.phrase == "free refills"


@given(st.text(max_size=60), st.integers(1, 6))
def test_any_text_can_be_worded(text: str, most: int) -> None:
    """No text makes it fail, and an item never has more words than allowed but for links."""
    places = places_of(text)
    found = worded(text, places, np.linspace(0, 1, len(places), dtype=np.float32), most)
    assert 0 <= found.worth <= 1
    assert len(found.phrase.split()) <= 2 * most
    assert bool(found.phrase) or found.worth == 0


def test_the_item_is_found_in_the_quote() -> None:
    """What is asked for is named, without the words of asking."""
    text = "Decent gym. Could you please put a water fountain next to the lockers?"
    quote = "Could you please put a water fountain next to the lockers"
    assert "water fountain" in item(text, quote, "water", "fountain")


def test_what_please_fix_this_means_stands_elsewhere() -> None:
    """Where the sentence of the quote names nothing, the rest of the comment does."""
    text = "Since Monday the barcode scanner freezes all the time. Please fix this!"
    found = item(text, "Please fix this", "barcode", "scanner")
    assert "barcode scanner" in found


def test_words_around_and_elsewhere_do_not_overlap() -> None:
    """Every word of a comment is near the quote or far from it; those of the quote are marked."""
    text = "Bad day. I want tea, please. Thanks a lot"
    around, tokens = Clause(9, 28), read(text)
    doc = english.tagged(PARSER, [text[9:28]])[0]
    near, far = near_words(text, doc, around, (9, 19), tokens), far_words(text, around, tokens)
    assert near is not None
    assert far is not None
    assert list(near.sentence.words) == ["i", "want", "tea", "please"]
    assert near.sentence.quoted.tolist() == [True, True, True, False]
    assert near.sentence.wish == 1
    assert list(far.elsewhere.words) == ["bad", "day", "thanks", "a", "lot"]
    assert far.elsewhere.distance.tolist() == [-6, -2, 1, 8, 10]
    assert near_words(text, doc, around, (19, 20), tokens) is None
    assert far_words("I want tea", Clause(0, 10), read("I want tea")) is None


def test_features_are_numbers_of_a_fixed_width() -> None:
    """Any words, known or not, have as many finite features as the model has weights."""
    text = "Bad day. I want tea, please."
    doc = english.tagged(PARSER, [text[9:]])[0]
    near = near_words(text, doc, Clause(9, 28), (9, 19), read(text, "tea"))
    far = far_words(text, Clause(9, 28), read(text))
    assert near is not None
    assert far is not None
    rows = near_features(near.sentence, {"tea": 2.0})
    assert rows.shape == (4, NEAR_FEATURES)
    assert np.isfinite(rows).all()
    others = far_features(far.elsewhere, {})
    assert others.shape == (2, FAR_FEATURES)
    assert np.isfinite(others).all()


def test_the_model_is_kept_as_numbers() -> None:
    """What is stored gives the same weights, and odds as exact as half precision is."""
    weights = np.arange(NEAR_FEATURES + 1, dtype=np.float32)
    model = ItemModel({"tea": 1.25, "app": -2.5}, weights, weights[: FAR_FEATURES + 1])
    again = ItemModel.from_arrays(model.arrays())
    assert again.odds == model.odds
    np.testing.assert_array_equal(again.near, model.near)
    np.testing.assert_array_equal(again.far, model.far)


def labelled(number: int, thing: str) -> LabelledComment:
    text = f"No {thing}. Some option for {thing} please"
    ask = LabelledAsk(5 + len(thing), len(text) - 7, thing, "new_offering", 2, "")
    return LabelledComment(f"u{number}", "cafe", "en", text, "neutral", ("request",), (ask,))


THINGS = ("oat milk", "ramps", "bike racks", "lemon tea", "night buses", "shade", "soup", "salsa")


def test_words_that_readers_keep_have_higher_odds() -> None:
    """A word of every item is likelier than the usual one, a word of no item less likely."""
    odds = word_odds([labelled(at, "oat milk") for at in range(4)])
    assert odds["oat"] > 0 > odds["option"]
    assert "ramp" not in word_odds([labelled(0, "ramps")])


def test_what_readers_write_is_learned() -> None:
    """Learned on a few folds, the model takes the things and leaves the words of asking."""
    comments = [labelled(at, thing) for at, thing in enumerate(THINGS * 2)]
    folds = [
        item_fold(
            part,
            {one.uid: answers(read(one.text, *one.asks[0].item.split())) for one in part},
            PARSER,
        )
        for part in (comments[::2], comments[1::2])
    ]
    model = fit_items(folds, ())
    near = folds[0].asks[0].near
    likely = dict(zip(near.sentence.words, model.near_words(near.sentence).tolist(), strict=True))
    assert likely["oat"] > 0.5 > likely["option"]
    blind = replace(near.sentence, pointed=np.full(len(near.places), 0.05, np.float32))
    unsure = dict(zip(blind.words, model.near_words(blind).tolist(), strict=True))
    assert unsure["oat"] < likely["oat"]


def test_rules_alone_word_an_item() -> None:
    """Where no pipeline tells parts of speech, the words pointed at still make the item."""
    text = "Please add a wheelchair ramp"
    model = ItemModel.from_arrays(read_artifact().parts[ITEMS])
    found = Quote(0, len(text), 0, 4, 1.0, "new_offering", 2, 0, 0.0)
    asking = [(0, found, Clause(0, len(text)))]
    tokens = read(text, "wheelchair", "ramp")
    words = WeighedWords(english.RULES_ONLY, model)
    assert words.items([text], [answers(tokens)], asking) == ["wheelchair ramp"]


@pytest.mark.parametrize("text", ["...", "please", "🙏🙏"])
def test_a_quote_without_a_thing_still_has_an_item(text: str) -> None:
    """An item is never empty."""
    assert item(text, text)


def test_words_apart_are_taken_only_where_they_are_likely() -> None:
    """A phrase is a run of words; a word from elsewhere joins it only where it is likely itself."""
    text = "a button in the app so that we can switch accounts"
    places = [match.span() for match in re.finditer(r"\w+", text)]
    likely = np.full(len(places), 0.05, np.float32)
    likely[[1, 10]] = 0.9, 0.8
    assert worded(text, places, likely, 5).phrase == "button accounts"
    likely[10] = 0.4
    assert worded(text, places, likely, 5).phrase == "button"
