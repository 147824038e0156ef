"""N-grams by hash arithmetic agree with the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from classify.ngrams import NgramSpace, encode, fit_block, normalise

TEXTS = [
    "Bring back the plum fizz, please!",
    "The plum fizz was lovely, wasn't it?",
    "Please open at 6 am @BrambleBurger http://example.org/x",
    "아침 메뉴를 다시 팔아 주세요",
    "sooooooo slow today",
]


@pytest.mark.parametrize("words", [True, False])
def test_rows_are_those_of_scikit_learn(words: bool) -> None:
    """The TF-IDF rows have the inner products of scikit-learn's word and char_wb vectorisers."""
    shape = (
        {"token_pattern": r"\S+", "ngram_range": (1, 2)}
        if words
        else {"analyzer": "char_wb", "ngram_range": (2, 5)}
    )
    expected = TfidfVectorizer(preprocessor=normalise, sublinear_tf=True, **shape)
    theirs = expected.fit_transform(TEXTS)
    block = fit_block(TEXTS, words=words, min_rows=1, most=10_000)
    ours = block.matrix(encode(TEXTS))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose((ours @ ours.T).toarray(), (theirs @ theirs.T).toarray(), atol=0.002)


def test_addresses_handles_and_numbers_are_made_alike() -> None:
    """Two comments that differ in link, handle and digits alone read the same."""
    one = normalise("See https://a.example/1 @anna 10:30")
    assert one == normalise("see www.b.example @ben 11:45")
    assert one == "see zurl zuser 00 : 00"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_any_text_gives_one_row_of_unit_length_or_none(texts: list[str]) -> None:
    """Whatever the characters, there is a row per text, each block of length one or empty."""
    blocks = [fit_block(TEXTS, words=words, min_rows=1, most=10_000) for words in (True, False)]
    space = NgramSpace(*blocks)
    rows = space.matrix(texts)
    assert rows.shape == (len(texts), space.size)
    lengths = rows.multiply(rows).sum(axis=1) if texts else np.zeros(0)
    for length in np.asarray(lengths).ravel():
        assert min(abs(length - whole) for whole in (0, 1, 2)) < 1e-4
