"""The parts of an ask: clauses, items, vectors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.clauses import clauses
from classify.items import canonical, plain_item, tidy
from classify.shipped import read_artifact
from classify.tagger import ask_encoder
from classify.vectors import VectorEncoder
from classify.windows import split_tokens, window_of


@given(st.text())
def test_clauses_are_slices_in_order(text: str) -> None:
    """Clauses never overlap, hold a letter or digit, and have no white space at their borders."""
    end = 0
    for clause in clauses(text):
        piece = text[clause.start : clause.end]
        assert clause.start >= end
        assert piece == piece.strip()
        assert any(character.isalnum() for character in piece)
        end = clause.end


@given(st.text(alphabet="ab .!?,\n", max_size=600))
def test_a_window_holds_its_clause(text: str) -> None:
    """A window reaches at least as far as its clause on both sides; its tokens lie inside."""
    for clause in clauses(text):
        window = window_of(text, clause)
        assert window.start <= clause.start < clause.end <= window.end <= len(text)
        for token in split_tokens(text, window):
            assert text[token.start : token.end] == token.text
            assert window.start <= token.start < token.end <= window.end


def test_clauses_part_sentences_and_turns() -> None:
    """A comment is cut where sentences end and where another thought begins."""
    text = "Nice place, but please add a ramp. We'd come daily!"
    pieces = [text[clause.start : clause.end] for clause in clauses(text)]
    assert pieces == ["Nice place,", "but please add a ramp.", "We'd come daily!"]


@pytest.mark.parametrize(
    ("quote", "name"),
    [
        ("I wish they served pancakes all day", "all-day breakfast"),
        ("they need to hire more people working nights", "more staff"),
        ("the crew need proper training", "staff training"),
        ("please stay open 24 hours", "24-hour opening"),
        ("just let me talk to a real person", "human customer support"),
        ("I want my money back", "refund"),
        ("please reopen the dining room", "indoor dining"),
        ("somebody ought to retrain this crew", "staff training"),
        ("two more people at the counter", "more staff"),
        ("we got nothing but an endless bot", "human customer support"),
        ("there is no way to reach a soul", "reachable customer support"),
        ("this hotel is cash only", "card payment"),
        ("they don't take cash any more", "cash payment"),
        ("please switch it back to the way it was", "previous version"),
        ("could you book us on a later flight", "rebooking"),
        ("please locate my suitcase", "help with lost baggage"),
        ("somebody should mop the floor", "cleaner restaurant"),
        ("the toilets are filthy", "cleaner restrooms"),
        ("open the bathrooms for customers", "restroom access"),
        ("hire servers who speak English", "english-speaking staff"),
        ("let me order on foot at night", "walk-up drive-thru service"),
        ("I wish it were cheaper", "lower price"),
        ("add a dark mode", ""),
        ("hire the homeless", ""),
        ("an update of the train timetable", ""),
        ("a bag of chips with every meal", ""),
    ],
)
def test_recurring_items_get_one_name(quote: str, name: str) -> None:
    """Wordings of one thing share the codebook's name; other things keep their own."""
    assert canonical(quote) == name


def test_items_are_tidy() -> None:
    """No articles, pronouns or marks at the borders, and never an empty item from a rule."""
    assert tidy("The “Dark Mode”!") == "dark mode"
    assert tidy("it") == ""
    assert tidy("serve porridge") == "porridge"
    assert plain_item("please add a vegan wrap") == "vegan wrap"
    assert plain_item("it") == "it"
    assert plain_item("???") != ""


@pytest.fixture(scope="module")
def encoder() -> VectorEncoder:
    """The shipped encoder of asks."""
    return ask_encoder(read_artifact())


def test_vectors_bring_like_asks_together(encoder: VectorEncoder) -> None:
    """Two wordings of one want lie closer than two wants, in one language and across languages;
    every vector has length one, also that of an ask without letters."""
    vectors = encoder.encode(
        [
            "all-day breakfast",
            "breakfast all day",
            "하루 종일 아침 메뉴",
            "śniadania cały dzień",
            "refund",
            "",
        ],
        [
            "serve breakfast after 11:30",
            "I want breakfast at noon",
            "아침 메뉴 하루 종일 팔아주세요",
            "czemu śniadania tylko rano? chcę cały dzień",
            "give me a refund",
            "???",
        ],
    )
    assert vectors.shape == (6, encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = vectors @ vectors.T
    assert likeness[:4, :4].min() > 0.25
    assert likeness[:4, 4].max() < 0.15


def test_vectors_do_not_depend_on_their_company(encoder: VectorEncoder) -> None:
    """An ask alone, among others, or read in another process has one vector."""
    items = ["night bus", "a very much longer wish for a night bus to the harbour", "dark mode"]
    together = encoder.encode(items, items)
    again = pickle.loads(pickle.dumps(encoder))
    for row, item in enumerate(items):
        assert float(together[row] @ again.encode([item], [item])[0]) > 0.999
    assert encoder.encode([], []).shape == (0, encoder.dim)
