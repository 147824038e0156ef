"""The n-grams that the models of added categories are made of."""

from __future__ import annotations

from collections.abc import Sequence

from classify.ngrams import Block, NgramSpace, fit_block
from classify.training.corpus import LabelledComment


def fit_words(comments: Sequence[LabelledComment]) -> NgramSpace:
    """Word and character n-grams of the items and quotes of all languages."""
    asks = [(comment, ask) for comment in comments for ask in comment.asks]
    texts = [ask.item for _, ask in asks]
    texts += [comment.text[ask.start : ask.end] for comment, ask in asks]
    word = fit_block(texts, words=True, min_rows=2, most=12_000)
    character = fit_block(texts, words=False, min_rows=3, most=18_000)
    return NgramSpace(Block(word.keys, word.idf, True), Block(character.keys, character.idf, False))
