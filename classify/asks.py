"""Finding the asks of comments: the clauses that carry them, the quotes, and what they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc

from classify import english
from classify.clauses import Clause
from classify.evaluation import item_words
from classify.items import (
    ItemRanker,
    candidates,
    canonical,
    canonical_names,
    plain_item,
    tidy,
)
from classify.kinds import AskKinds
from classify.moments import moment_of, place_words_of
from classify.products import Products
from classify.quotes import QuoteBorders, Token, Window
from classify.reader import Floats
from classify.vectors import AskEncoder
from classify.windows import split_tokens, window_of
from classify.wishes import EXPLICIT, NO_WISH
from earful.records import Ask

MOST_ASKS = 8
SECOND_ASK = 0.35
"""The probability from which a further clause of a comment counts as an ask of its own."""
_TRAILING = frozenset(".,;:-…。、")
_WORD = re.compile(r"\w+")
_COURTESY = frozenset(
    ["please", "pls", "plz", "por", "favor", "proszę", "bitte", "svp", "stp", "부탁", *_TRAILING]
)
SURE_NAME = 0.5
"""The probability from which an item takes the shared name."""


@dataclass(frozen=True, slots=True)
class Gated:
    """A comment that may hold asks: its clauses, the probability of each, and what was decided."""

    text: str
    clauses: Sequence[Clause]
    likely: Floats
    requests: bool
    wants: bool


@dataclass(frozen=True, slots=True)
class _Pick:
    comment: int
    clause: Clause
    window: Clause
    score: float


@dataclass(frozen=True, slots=True)
class _Found:
    comment: int
    start: int
    end: int
    window: Clause
    item: str
    score: float


@dataclass(frozen=True, eq=False)
class AskModels:
    """All that is learned about asks of one language group.

    Items of English are phrases that ``ranker`` chooses, those of the other languages the part of
    the quote that ``item_borders`` cut out.
    """

    borders: QuoteBorders
    kinds: AskKinds
    ranker: ItemRanker | None = None
    item_borders: QuoteBorders | None = None

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name; the shared names are stored as settings."""
        arrays = {**self.kinds.arrays("kinds"), **self.borders.arrays("quote")}
        if self.ranker is not None:
            arrays["ranker"] = self.ranker.weights.astype(np.float16)
        if self.item_borders is not None:
            arrays |= self.item_borders.arrays("item")
        return arrays

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[np.generic]], names: Sequence[str]
    ) -> AskModels:
        """The models that ``arrays`` described."""

        ranker = None
        if "ranker" in arrays:
            ranker = ItemRanker(np.ascontiguousarray(arrays["ranker"], dtype=np.float32))
        return cls(
            QuoteBorders.from_arrays(arrays, "quote"),
            AskKinds.from_arrays(arrays, "kinds", names),
            ranker,
            QuoteBorders.from_arrays(arrays, "item") if "item_borders" in arrays else None,
        )


def picked_clauses(gated: Gated) -> list[tuple[Clause, float]]:
    """The clauses that carry the asks: the likeliest, and further likely ones, in text order.

    What only looks like a wish is passed over; nothing is left where nothing else was there.
    """
    order = sorted(range(len(gated.clauses)), key=lambda at: -float(gated.likely[at]))
    chosen: list[int] = []
    for at in order:
        clause = gated.clauses[at]
        if len(chosen) == MOST_ASKS or (chosen and gated.likely[at] < SECOND_ASK):
            break
        if NO_WISH.search(gated.text, clause.start, clause.end) or _says_nothing(
            gated.text[clause.start : clause.end]
        ):
            continue
        chosen.append(at)
    return [(gated.clauses[at], float(gated.likely[at])) for at in sorted(chosen)]


def _says_nothing(piece: str) -> bool:
    """Whether there is no word but those of courtesy."""
    return all(word in _COURTESY for word in _WORD.findall(piece.lower()))


def find_asks(
    comments: Sequence[Gated],
    models: AskModels,
    encoder: AskEncoder,
    pipeline: str | None,
    products: Products,
) -> list[list[Ask]]:
    """The asks of each comment, in text order, none overlapping another.

    ``pipeline`` is the spaCy pipeline for English; None reads by words and marks alone.
    ``products`` are names that an item takes where the ask has one of them.
    """
    picks = [
        _Pick(number, clause, window_of(gated.text, clause), score)
        for number, gated in enumerate(comments)
        for clause, score in picked_clauses(gated)
    ]
    found = _quoted(comments, picks, models, pipeline)
    quotes = [comments[one.comment].text[one.start : one.end] for one in found]
    windows = [comments[one.comment].text[one.window.start : one.window.end] for one in found]
    asks: list[list[Ask]] = [[] for _ in comments]
    if not found:
        return asks
    scores = models.kinds.scores(quotes, windows)
    for one, quote, around, row in zip(found, quotes, windows, scores, strict=True):
        gated = comments[one.comment]
        kind, strength, name, likely = models.kinds.read(
            row, wants=gated.wants, requests=gated.requests
        )
        item = one.item
        if pipeline is not None and likely >= SURE_NAME and _fits(name, quote):
            item = name
        item = products.item(item, quote, gated.text)
        if pipeline is not None:
            item = canonical(quote) or item
        asks[one.comment].append(
            Ask(
                quote=quote,
                start=one.start,
                end=one.end,
                item=item,
                type=kind,  # type: ignore[arg-type]  # one of TYPES, which are the RequestTypes
                strength=strength,
                moment=moment_of(quote),
                place_words=place_words_of(around),
                explicit=bool(EXPLICIT.search(quote)) or pipeline is None,
                score=round(one.score, 4),
            )
        )
    return _with_vectors(asks, encoder)


def _fits(name: str, quote: str) -> bool:
    """Whether a shared name may stand for these words.

    The names of the codebook stand for many wordings; any other must have a word in common with
    the quote, or it would be a guess from another trade.
    """
    of_the_codebook = any(name == shared for shared, _ in canonical_names())
    return of_the_codebook or bool(item_words(name) & item_words(quote))


def _quoted(
    comments: Sequence[Gated], picks: Sequence[_Pick], models: AskModels, pipeline: str | None
) -> list[_Found]:
    texts = [comments[pick.comment].text for pick in picks]
    if pipeline is None:
        docs: list[Doc | None] = [None] * len(picks)
        seen = [split_tokens(text, pick.window) for text, pick in zip(texts, picks, strict=True)]
    else:
        read = english.parsed(
            pipeline,
            [t[pick.window.start : pick.window.end] for t, pick in zip(texts, picks, strict=True)],
        )
        seen = [
            english.tokens(pipeline, doc, pick.window.start)
            for doc, pick in zip(read, picks, strict=True)
        ]
        docs = [*read]
    usable = [at for at, tokens in enumerate(seen) if any(token.is_word for token in tokens)]
    borders = models.borders.quotes(
        [Window(seen[at], picks[at].clause.start, picks[at].clause.end) for at in usable]
    )
    found: list[_Found] = []
    for at, border in zip(usable, borders, strict=True):
        pick, tokens = picks[at], seen[at]
        first, last = border
        if all(token.text.lower() in _COURTESY for token in tokens[first : last + 1]):
            # "please" alone says nothing: then the whole clause is the quote
            first, last = _tokens_of(tokens, pick.clause)
        while last > first and tokens[last].text in _TRAILING:
            last -= 1
        start, end = tokens[first].start, tokens[last].end
        if found and found[-1].comment == pick.comment and start < found[-1].end:
            continue
        quote = texts[at][start:end]
        item = ""
        doc = docs[at]
        if doc is not None and models.ranker is not None:
            place = {pick.window.start + word.idx: word.i for word in doc}
            item = models.ranker.best(
                candidates(doc, place[tokens[first].start], place[tokens[last].start])
            )
        elif models.item_borders is not None:
            inner = Window(tokens[first : last + 1], start, end)
            begin, stop = models.item_borders.quotes([inner])[0]
            item = tidy(texts[at][inner.tokens[begin].start : inner.tokens[stop].end])
        found.append(
            _Found(pick.comment, start, end, pick.window, item or plain_item(quote), pick.score)
        )
    return found


def _tokens_of(tokens: Sequence[Token], clause: Clause) -> tuple[int, int]:
    """The first and the last token that lie in a clause."""
    within = [
        place
        for place, token in enumerate(tokens)
        if token.start < clause.end and token.end > clause.start
    ]
    return within[0], within[-1]


def _with_vectors(asks: list[list[Ask]], encoder: AskEncoder) -> list[list[Ask]]:
    every = [ask for found in asks for ask in found]
    vectors = iter(encoder.encode([ask.item for ask in every], [ask.quote for ask in every]))
    return [
        [
            replace(ask, vector=tuple(next(vectors).tolist()), vector_version=encoder.version)
            for ask in found
        ]
        for found in asks
    ]
