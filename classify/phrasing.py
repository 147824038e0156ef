"""What an ask is for, in words, where no shared name stands for it: the part that differs between
English, whose words are weighed, and the other languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from spacy.tokens import Doc

from classify import english
from classify.answers import Answers, Tokens
from classify.ask_words import far_words, near_words
from classify.clauses import Clause
from classify.item_model import ItemModel
from classify.items import plain_item, worded
from classify.quoting import Quote
from classify.wishes import EXPLICIT

MOST_NEAR, MOST_FAR = 5, 4
"""Words of an item from the sentence of the quote, and from elsewhere in the comment."""
_PLENTY = 0.7
"""The worth of an item from which no other is sought elsewhere."""
_DOUBT = 0.85
"""What an item from elsewhere counts: the words of the sentence itself are the safer guess."""

Asking = tuple[int, Quote, Clause]
"""The place of a comment among those read, a quote in it, and the sentence around the quote."""


class Phrasing(Protocol):
    """How a language words its asks."""

    def explicit(self, quote: str) -> bool:
        """Whether the words of a quote say a want outright."""
        ...

    def items(
        self, texts: Sequence[str], answers: Sequence[Answers], asking: Sequence[Asking]
    ) -> list[str]:
        """What each quote asks for, in order; never empty."""
        ...


class WeighedWords:
    """English: the words that ``model`` takes for the item's, in the sentence of the quote or,
    where that says too little ("please fix this"), in the rest of the comment.

    Only the sentences of asks get parts of speech, from a spaCy pipeline.
    """

    def __init__(self, pipeline: str, model: ItemModel) -> None:
        self._pipeline = pipeline
        self._model = model

    def explicit(self, quote: str) -> bool:
        """Whether a wish word stands in the quote."""
        return bool(EXPLICIT.search(quote))

    def items(
        self, texts: Sequence[str], answers: Sequence[Answers], asking: Sequence[Asking]
    ) -> list[str]:
        """The words that best make an item; what is left of the quote where there are none."""
        with english.passing(self._pipeline):
            docs = english.tagged(
                self._pipeline, [texts[at][around.start : around.end] for at, _, around in asking]
            )
            return [
                self._item(texts[at], answers[at].tokens, quote, around, doc)
                or plain_item(texts[at][quote.start : quote.end])
                for (at, quote, around), doc in zip(asking, docs, strict=True)
            ]

    def _item(self, text: str, tokens: Tokens, quote: Quote, around: Clause, doc: Doc) -> str:
        near = near_words(text, doc, around, (quote.start, quote.end), tokens)
        if near is None:
            return ""
        likely = self._model.near_words(near.sentence)
        here = worded(text, near.places, likely, MOST_NEAR)
        if here.worth >= _PLENTY:
            return here.phrase
        far = far_words(text, around, tokens)
        if far is None:
            return here.phrase
        there = worded(text, far.places, self._model.far_words(far.elsewhere), MOST_FAR)
        return there.phrase if _DOUBT * there.worth > here.worth else here.phrase
