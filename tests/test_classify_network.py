"""Reading with the network: windows, quotes, items pointed at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from classify.answers import NO_TOKENS, Tokens
from classify.labels import CATEGORIES, STRENGTHS, TYPES
from classify.network import Network
from classify.pieces import WINDOW
from classify.quoting import MOST_ASKS, pointed, quotes
from classify.shipped import read_artifact
from classify.tagger import GRAPH, TOKENIZER

REQUEST = CATEGORIES.index("request")


@pytest.fixture(scope="module")
def network() -> Network:
    files = read_artifact().files
    return Network(files[GRAPH], files[TOKENIZER].read_text("utf-8"))


def test_a_long_comment_is_read_to_its_end(network: Network) -> None:
    """A wish behind a thousand words is found at its place, and the tokens run in order."""
    rant = "The queue moved along and we talked about the weather and the match. " * 80
    wish = "Please add a vegan wrap to the menu."
    (answer,) = network.read([rant + wish])
    offsets = answer.tokens.offsets
    assert len(offsets) > 2 * WINDOW
    assert (np.diff(offsets[:, 0]) >= 0).all()
    inside = offsets[:, 0] >= len(rant)
    assert answer.tokens.spans[inside, 0].max() > 0.5
    assert answer.categories[REQUEST] > network.read([rant])[0].categories[REQUEST]


def test_company_changes_next_to_nothing(network: Network) -> None:
    """Padding beside longer comments moves no decision: int8 rounding is all there is."""
    texts = [
        "add a dark mode",
        "ok",
        "",
        "The app crashed twice while I was paying for the tickets",
    ]
    for together, alone in zip(
        network.read(texts), [network.read([t])[0] for t in texts], strict=True
    ):
        np.testing.assert_allclose(together.categories, alone.categories, atol=0.6)
        assert together.sentiments.sum() == pytest.approx(1, abs=1e-3)


def tokens(text: str, likely: Sequence[float], begins: Sequence[int] = ()) -> Tokens:
    """The words of ``text`` as tokens with these probabilities to lie in a quote."""
    places, start = [], 0
    for word in text.split(" "):
        places.append((start, start + len(word)))
        start += len(word) + 1
    spans = np.zeros((len(places), 3), np.float32)
    spans[:, 0] = likely
    spans[list(begins), 1] = 0.9
    types = np.full((len(places), len(TYPES)), 0.01, np.float32)
    types[:, TYPES.index("change")] = 0.5
    types[:, TYPES.index("wants")] = 0.4
    strengths = np.full((len(places), len(STRENGTHS)), 0.2, np.float32)
    strengths[:, 1] = 0.6
    return Tokens(
        np.array(places, np.int32), spans, types, strengths, np.ones((len(places), 1), np.float32)
    )


def quoted(text: str, read: Tokens, wants: bool = False) -> list[str]:
    return [text[q.start : q.end] for q in quotes(text, read, 0.5, requests=True, wants=wants)]


def test_two_wishes_are_two_quotes() -> None:
    """A sure beginning inside a run starts another quote; a small gap does not."""
    text = "add dark mode and let us sort playlists please"
    sure = [0.9] * 8 + [0.1]
    assert quoted(text, tokens(text, sure)) == ["add dark mode and let us sort playlists"]
    assert quoted(text, tokens(text, sure, begins=[0, 4])) == [
        "add dark mode and",
        "let us sort playlists",
    ]
    gap = [0.9, 0.9, 0.9, 0.2, 0.9, 0.9, 0.9, 0.9, 0.1]
    assert quoted(text, tokens(text, gap)) == ["add dark mode and let us sort playlists"]


def test_an_unsure_ask_is_still_quoted() -> None:
    """Where the comment asks and no token is sure, the best stretch is the quote."""
    text = "they stop at eleven which is sad"
    read = tokens(text, [0.3, 0.4, 0.4, 0.35, 0.05, 0.05, 0.05])
    assert quoted(text, read) == ["they stop at eleven"]
    assert quoted("", NO_TOKENS) == []


def test_quotes_are_whole_words_without_marks() -> None:
    """Word pieces are made whole; marks at the borders are left out."""
    text = "(unsubscribing should work)."
    places = [(0, 1), (1, 3), (3, 14), (15, 21), (22, 26), (26, 27), (27, 28)]
    base = tokens("a b c d e f g", [0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9])
    read = Tokens(np.array(places, np.int32), base.spans, base.types, base.strengths, base.names)
    assert quoted(text, read) == ["unsubscribing should work"]


def test_a_request_is_no_want() -> None:
    """The type `wants` is for comments with a purchase intent only, and then for those alone."""
    text = "give me chips"
    read = tokens(text, [0.9] * 3)
    (found,) = quotes(text, read, 0.5, requests=True, wants=False)
    assert (found.type, found.strength) == ("change", 2)
    (found,) = quotes(text, read, 0.5, requests=False, wants=True)
    assert found.type == "wants"


def test_there_are_no_more_asks_than_a_reader_lists() -> None:
    """Of many quotes the surest stay, in text order."""
    text = " ".join(["want", "this", "one", "now", "x", "x", "x"] * 12)
    likely = [0.9, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0] * 12
    read = tokens(text, likely)
    found = quotes(text, read, 0.5, requests=True, wants=False)
    assert len(found) == MOST_ASKS
    assert [q.start for q in found] == sorted(q.start for q in found)


def test_words_are_pointed_at_through_their_pieces() -> None:
    """A word has the highest probability among its pieces; what no token covers has none."""
    read = tokens("ab cd", [0.9, 0.9])
    read.spans[:, 2] = [0.2, 0.8]
    assert pointed(read, [(0, 2), (3, 5), (0, 5), (7, 9)]).tolist() == pytest.approx(
        [0.2, 0.8, 0.8, 0.0]
    )
