"""The other languages' pieces of words: which are kept, how they are looked up and read."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import srsly
from e5_file import WIDTH, small_e5
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classify.answers import Answers, Tokens
from classify.language import language_of
from classify.lookup import Lookup
from classify.network import EMBEDDED_INPUTS, INPUTS, Network, Specials
from classify.pointed_items import PointedWords, tidied
from classify.quoting import Quote, quotes
from classify.training.e5 import E5, read_e5, unigram_tokenizer
from classify.training.examples import other_marks
from classify.training.vocabulary import (
    Vocabulary,
    full_tokenizer,
    kept_pieces,
    listed_words,
    longer_by,
    piece_counts,
    script_of,
    shares,
    special_pieces,
)
from classify.training.word_lists import word_rates
from earful.errors import DataError, IntegrityError

WORDS = [
    "▁",
    "▁the",
    "▁쿠폰",
    "쿠",
    "폰",
    "▁мир",
    "м",
    "ส้ม",
    "ส",
    "✨",
    "▁rare",
    "▁rarer",
    "営業",
    "営",
]


@pytest.fixture
def e5(tmp_path: Path) -> E5:
    return small_e5(tmp_path / "small.bin", WORDS)


def test_the_file_is_read_as_it_was_written(e5: E5, tmp_path: Path) -> None:
    """Pieces, specials, shape and weights come back; a row is sixteen steps about zero."""
    assert e5.pieces[:5] == ("<s>", "<pad>", "</s>", "<unk>", "▁")
    assert e5.specials == Specials(0, 2, 1)
    rows = e5.rows(np.array([4, 2]))
    assert rows.shape == (2, WIDTH)
    steps = rows / np.float32(np.float16(0.05))
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    assert steps.min() >= -8
    assert steps.max() <= 7
    np.testing.assert_array_equal(rows[1], e5.rows(np.array([2]))[0])
    weights = e5.encoder_weights()
    assert weights["encoder.layer.1.output.dense.weight"].shape == (WIDTH, 2 * WIDTH)
    with pytest.raises(IntegrityError, match="SHA-256"):
        read_e5(tmp_path / "small.bin")


def test_what_is_kept(e5: E5) -> None:
    """Specials, single characters of the scripts served and kana stay; the rest makes room by what
    it is worth, then by its likelihood, and a script that no language served uses goes."""
    worth = np.zeros(len(e5.pieces), np.float32)
    worth[e5.pieces.index("▁rarer")] = 0.1
    worth[e5.pieces.index("▁мир")] = 0.9
    kept = kept_pieces(e5.pieces, e5.scores, worth, special_pieces(e5), most=13)
    held = {e5.pieces[number] for number in kept}
    always = {"<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁", "쿠", "폰", "ส", "✨", "営"}
    assert always <= held
    assert held - always == {"▁rarer", "▁the"}
    assert (np.diff(kept) > 0).all()
    again = kept_pieces(e5.pieces, e5.scores, worth, special_pieces(e5), most=13)
    np.testing.assert_array_equal(kept, again)


def test_every_language_counts_the_same() -> None:
    """What a piece is worth is its share of each language's tokens, however much text there is."""
    much, little = np.array([900.0, 100, 0], np.float32), np.array([0.0, 1, 1], np.float32)
    np.testing.assert_allclose(shares({"ko": much, "hi": little}), [0.9, 0.6, 0.5], rtol=1e-6)


def test_words_of_lists_are_counted_by_their_frequency(tmp_path: Path) -> None:
    """The first bucket behind the header holds words as frequent as can be; each next one is a
    hundredth of a power of ten less. Latin words count half with a capital letter."""
    buckets = [{"format": "cB", "version": 1}, ["la"], *[[]] * 199, ["sopa"], *[[]] * 600, ["raro"]]
    content = gzip.compress(srsly.msgpack_dumps(buckets))
    (tmp_path / "small_es.msgpack.gz").write_bytes(content)
    (tmp_path / "small_ko.msgpack.gz").write_bytes(content)
    assert list(word_rates(tmp_path, "es", 10.0)) == [("la", 1e7), ("sopa", 1e5)]
    assert [word for word, _ in word_rates(tmp_path, "es", 0.0)] == ["la", "sopa", "raro"]
    listed = dict(listed_words(tmp_path, "es"))
    assert listed == {"la": 5e5, "La": 5e5, "sopa": 5e3, "Sopa": 5e3}
    assert dict(listed_words(tmp_path, "ko")) == {"la": 1e6, "sopa": 1e4}
    with pytest.raises(DataError, match="'xx'"):
        next(word_rates(tmp_path, "xx", 1.0))


def test_scripts_are_told_apart() -> None:
    """A piece counts as of the script that any of its letters has; foreign ones are "other"."""
    found = [
        script_of(piece) for piece in ("▁que", "ツ", "営業", "맛", "ส้ม", "में", "من", "▁12", "мир")
    ]
    expected = "latin kana han hangul thai devanagari arabic signs other".split()  # noqa: SIM905
    assert found == expected


def test_pruning_loses_no_word_that_was_counted(e5: E5) -> None:
    """Texts made of kept pieces are read in as many tokens as before; others in more."""
    full = full_tokenizer(e5)
    texts = ["the 쿠폰", "쿠폰 the the", "쿠폰"]
    counts = piece_counts(full, texts)
    assert counts[e5.pieces.index("▁쿠폰")] == 3
    kept = kept_pieces(e5.pieces, e5.scores, counts, special_pieces(e5), most=1)
    # single characters alone are kept beyond the limit
    few = Vocabulary(e5, kept)
    cost = longer_by(full, few.tokenizer, texts)
    assert cost["longer"] > 0
    enough = Vocabulary(e5, kept_pieces(e5.pieces, e5.scores, counts, special_pieces(e5), most=16))
    assert longer_by(full, enough.tokenizer, texts) == {"longer": 0.0, "unknown": 0.0}
    place = enough.tokenizer.token_to_id("▁쿠폰")
    old = e5.rows(np.array([e5.pieces.index("▁쿠폰")]))
    np.testing.assert_allclose(enough.lookup.rows(np.array([place])), old, atol=0.4 / 127)


def test_tokens_stand_where_their_letters_stand() -> None:
    """White space belongs to no token, an emoji without a piece is read as its word, a wave dash
    keeps its width and full-width letters do not."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁good", "▁ok", "～", "✨"]
    scores = np.array([0, 0, 0, 0, -3, -3, -3, -3, -3], np.float32)
    tokenizer = unigram_tokenizer(pieces, scores, Specials(0, 2, 1), 3, {"good": "👍✨"})
    encoding = tokenizer.encode("  ｏｋ\n👍 ✨～", add_special_tokens=False)
    assert encoding.tokens == ["▁ok", "▁good", "▁", "✨", "～"]
    assert encoding.offsets == [(2, 4), (5, 6), (7, 8), (7, 8), (8, 9)]
    assert tokenizer.encode("ok").ids == [0, 6, 2]


@given(hnp.arrays(np.float32, (5, 8), elements=st.floats(-50, 50, width=32, allow_subnormal=False)))
def test_a_table_comes_back_near_enough(rows: np.ndarray[Any, Any]) -> None:
    """Within half a step of the row's own scale, also after a trip through arrays and a pickle."""
    lookup = Lookup.from_arrays(pickle.loads(pickle.dumps(Lookup.of(rows))).arrays())
    found = lookup.rows(np.array([[0, 1], [4, 3]]))
    assert found.shape == (2, 2, 8)
    assert found.dtype == np.float32
    steps = np.abs(rows).max(axis=1) / 127
    error = np.abs(found - rows[[[0, 1], [4, 3]]]).max(axis=-1)
    assert (error <= 0.51 * steps[[[0, 1], [4, 3]]] + 1e-6).all()


class Recorder:
    """Stands for the session: keeps its inputs and answers nothing but zeros."""

    def __init__(self) -> None:
        self.inputs: Mapping[str, np.ndarray[Any, Any]] = {}

    def run(
        self, outputs: Sequence[str], inputs: Mapping[str, np.ndarray[Any, Any]]
    ) -> list[np.ndarray[Any, Any]]:
        """Zeros of each output's shape."""
        self.inputs = inputs
        count, width = inputs["mask"].shape
        sizes = {"sentiments": 4, "categories": 9, "vectors": 8}
        sizes |= {"spans": 3, "types": 9, "strengths": 3, "names": 1}
        whole = ("sentiments", "categories", "vectors")
        return [
            np.zeros((count, sizes[o]) if o in whole else (count, width, sizes[o]), np.float32)
            for o in outputs
        ]


def recorded(network: Network, texts: Sequence[str]) -> tuple[Recorder, list[Answers]]:
    session = Recorder()
    network.__dict__["_session"] = session
    return session, network.read(texts)


def test_a_network_reads_rows_or_numbers(e5: E5) -> None:
    """With a table the graph is given rows of it, begun, ended and padded by the specials told;
    without one, the numbers."""
    words = Vocabulary(e5, np.arange(len(e5.pieces)))
    tokenizer = words.tokenizer.to_str()
    network = Network(b"", tokenizer, words.specials, words.lookup)
    session, answers = recorded(network, ["the 쿠폰", "the"])
    assert tuple(session.inputs) == EMBEDDED_INPUTS
    the, coupon = (words.tokenizer.token_to_id(piece) for piece in ("▁the", "▁쿠폰"))
    ids = np.array([[0, the, 2, 1], [0, the, coupon, 2]])
    np.testing.assert_array_equal(session.inputs["embeddings"], words.lookup.rows(ids))
    assert session.inputs["mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert answers[0].tokens.offsets.tolist() == [[0, 3], [4, 6]]
    session, _ = recorded(Network(b"", tokenizer, words.specials), ["the"])
    assert tuple(session.inputs) == INPUTS
    assert session.inputs["ids"].tolist() == [[0, the, 2]]
    thawed = pickle.loads(pickle.dumps(network))
    session, _ = recorded(thawed, ["the"])
    np.testing.assert_array_equal(session.inputs["embeddings"], words.lookup.rows(ids[:1, :3]))


def test_the_mark_of_a_word_takes_no_room(e5: E5) -> None:
    """Where the mark is a token of its own it lies on no character, so no quote can end in it."""
    words = Vocabulary(e5, np.arange(len(e5.pieces)))
    _, (answer,) = recorded(
        Network(b"", words.tokenizer.to_str(), words.specials, words.lookup), ["the 営業"]
    )
    assert answer.tokens.offsets.tolist() == [[0, 3], [4, 4], [4, 6]]


def read_tokens(
    places: Sequence[tuple[int, int]], quoted: Sequence[int], item: Sequence[int]
) -> Tokens:
    """Tokens at ``places``, those numbered in ``quoted`` in a quote, in ``item`` in the item."""
    count = len(places)
    spans = np.full((count, 3), 0.05, np.float32)
    spans[list(quoted), 0] = 0.9
    spans[list(item), 2] = 0.9
    return Tokens(
        np.array(places, np.int32),
        spans,
        np.full((count, 9), 0.1, np.float32),
        np.full((count, 3), 0.3, np.float32),
        np.ones((count, 1), np.float32),
    )


def quoted_words(text: str, tokens: Tokens) -> list[str]:
    return [text[q.start : q.end] for q in quotes(text, tokens, 0.5, requests=True, wants=False)]


def test_a_sentence_without_spaces_is_not_swallowed() -> None:
    """Japanese and Thai quotes keep the borders of their tokens; Korean ones take whole words."""
    text = "高いので値下げしてください本当に"
    places = [(0, 4), (4, 7), (7, 13), (13, 16)]
    assert quoted_words(text, read_tokens(places, [1, 2], [])) == ["値下げしてください"]
    text = "수저통을 갖다놔주세요"
    places = [(0, 3), (3, 4), (5, 8), (8, 11)]
    assert quoted_words(text, read_tokens(places, [0, 1, 2], [])) == [text]


def test_vowel_signs_are_parts_of_words() -> None:
    """A Hindi word that ends in a vowel sign is neither cut nor robbed of it."""
    text = "नई बोली लाओ।"
    assert not text[6].isalnum()
    places = [(0, 2), (3, 5), (5, 7), (8, 11), (11, 12)]
    assert quoted_words(text, read_tokens(places, [0, 1], [])) == ["नई बोली"]


def test_a_full_stop_in_the_last_piece_is_left_out() -> None:
    """Some tokenizers have the end of a sentence and its mark in one piece."""
    text = "쿠폰 돌려주세요."
    assert quoted_words(text, read_tokens([(0, 2), (3, 9)], [0, 1], [])) == ["쿠폰 돌려주세요"]


def item(text: str, tokens: Tokens) -> str:
    (quote,) = quotes(text, tokens, 0.5, requests=True, wants=False)
    answer = Answers(
        np.zeros(4, np.float32), np.zeros(9, np.float32), np.zeros(8, np.float32), tokens
    )
    (found,) = PointedWords().items([text], [answer], [(0, quote, None)])  # type: ignore[list-item]
    return found


def test_items_are_the_words_pointed_at() -> None:
    """With small words between them, without particles, articles and marks around them."""
    text = "Devuelvan la sopa de tomate"
    places = [(0, 9), (10, 12), (13, 17), (18, 20), (21, 27)]
    assert item(text, read_tokens(places, range(5), [2, 4])) == "sopa de tomate"
    assert item(text, read_tokens(places, range(5), [1, 2])) == "sopa"
    text = "수저통을 갖다놔주세요"
    assert item(text, read_tokens([(0, 3), (3, 4), (5, 11)], range(3), [0])) == "수저통"
    text = "値下げしてください"
    assert item(text, read_tokens([(0, 3), (3, 9)], range(2), [0])) == "値下げ"


def test_an_item_that_is_not_pointed_at_is_the_quote() -> None:
    """Without courtesy; an item is never empty."""
    text = "proszę otwórzcie wcześniej"
    places = [(0, 6), (7, 16), (17, 26)]
    assert item(text, read_tokens(places, range(3), [])) == "otwórzcie wcześniej"
    assert item("bitte", read_tokens([(0, 5)], [0], [])) == "bitte"
    assert tidied("«Les Chips» de la") == "chips"


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        ("쿠폰 돌려주세요", True),
        ("Chciałabym zapłacić kartą", True),
        ("値下げしてほしい", True),
        ("solo hay caja los martes", False),
        ("Nur Barzahlung", False),
    ],
)
def test_a_want_is_said_or_implied(quote: str, said: bool) -> None:
    """Wish words of each language make an ask explicit."""
    assert PointedWords().explicit(quote) is said


def test_inflected_words_of_an_item_are_marked() -> None:
    """Endings and particles do not hide a word; small words alone mark nothing."""
    text = "Dodajcie płatności kartą do aplikacji"
    offsets = np.array([(0, 8), (9, 18), (19, 24), (25, 27), (28, 37)])
    marked = other_marks(text, "płatność kartą do", offsets)
    assert marked.tolist() == [False, True, True, False, False]
    text = "ショート動画の保存がしたい"
    offsets = np.array([(0, 4), (4, 7), (7, 10), (10, 13)])
    assert other_marks(text, "動画の保存", offsets).tolist() == [False, True, True, False]


def test_the_languages_served_decide_on_short_texts() -> None:
    """A short text is believed to be in a language where that language is read."""
    text = "non funziona niente"
    assert language_of(text, None, ("ko",)) == "en"
    assert language_of(text, None, ("it",)) == "it"


def test_specials_come_back_from_settings() -> None:
    """The numbers are stored as plain settings; BERT's are the default."""
    assert Specials.from_settings(Specials(0, 2, 1).settings()) == Specials(0, 2, 1)
    assert Specials() == Specials(101, 102, 0)


def test_a_quote_has_its_place(e5: E5) -> None:
    """A quote names the tokens that it is made of."""
    text = "쿠폰 돌려주세요."
    (quote,) = quotes(
        text, read_tokens([(0, 2), (3, 9)], [0, 1], []), 0.5, requests=True, wants=False
    )
    assert isinstance(quote, Quote)
    assert (quote.first, quote.last, quote.end) == (0, 1, 8)
