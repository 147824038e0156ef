"""What an ask is for, in words, where no shared name stands for it: the part that differs between
English, which is parsed, and the languages that are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from classify import english
from classify.answers import Answers
from classify.clauses import Clause
from classify.items import best_phrase, is_vague, plain_item, tidy
from classify.quoting import Quote, elsewhere, pointed
from classify.wishes import EXPLICIT

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


class ParsedEnglish:
    """English: phrases of the sentences of asks, and of no others, parsed by a spaCy pipeline."""

    def __init__(self, pipeline: str) -> None:
        self._pipeline = pipeline

    def explicit(self, quote: str) -> bool:
        """Whether a wish word stands in the quote."""
        return bool(EXPLICIT.search(quote))

    def items(
        self, texts: Sequence[str], answers: Sequence[Answers], asking: Sequence[Asking]
    ) -> list[str]:
        """The phrase that best covers what the network points at."""
        items: list[str] = []
        docs = english.parsed(
            self._pipeline, [texts[at][around.start : around.end] for at, _, around in asking]
        )
        for (at, quote, around), doc in zip(asking, docs, strict=True):
            places = [
                (around.start + word.idx, around.start + word.idx + len(word)) for word in doc
            ]
            inside = [
                number
                for number, (start, end) in enumerate(places)
                if start < quote.end and end > quote.start
            ]
            likely = pointed(answers[at].tokens, places)
            phrase = best_phrase(doc, inside[0], inside[-1], likely) if inside else ""
            if is_vague(phrase):
                found = [other for of, other, _ in asking if of == at]
                phrase = tidy(elsewhere(texts[at], answers[at].tokens, found)) or phrase
            items.append(phrase or plain_item(texts[at][quote.start : quote.end]))
        return items
