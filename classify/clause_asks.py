"""Reading the languages but English: linear models find the clauses of asks, quotes and items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classify.clause_reader import ClauseModel, ClauseScores, Floats
from classify.clauses import Clause
from classify.items import plain_item, tidy
from classify.kinds import AskKinds
from classify.labels import ASK_GATES, CATEGORIES
from classify.quotes import QuoteBorders, Token, Window
from classify.reading import FoundAsk, Reading
from classify.windows import split_tokens, window_of
from classify.wishes import NO_WISH

MOST_ASKS = 8
SECOND_ASK = 0.35
"""The probability from which a further clause of a comment counts as an ask of its own."""
_GATES = [CATEGORIES.index(name) for name in ASK_GATES]
_TRAILING = frozenset(".,;:-…。、")
_WORD = re.compile(r"\w+")
_COURTESY = frozenset(
    ["please", "pls", "plz", "por", "favor", "proszę", "bitte", "svp", "stp", "부탁", *_TRAILING]
)


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
class _Quote:
    comment: int
    start: int
    end: int
    window: Clause
    item: str
    score: float


@dataclass(frozen=True, eq=False)
class AskModels:
    """All that is learned about asks; items are the part of the quote that ``items`` cuts out."""

    borders: QuoteBorders
    kinds: AskKinds
    items: QuoteBorders

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What has to be stored, by array name."""
        return {
            **self.kinds.arrays("kinds"),
            **self.borders.arrays("quote"),
            **self.items.arrays("item"),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> AskModels:
        """The models that ``arrays`` described."""
        return cls(
            QuoteBorders.from_arrays(arrays, "quote"),
            AskKinds.from_arrays(arrays, "kinds"),
            QuoteBorders.from_arrays(arrays, "item"),
        )


@dataclass(frozen=True, eq=False)
class LinearReader:
    """Reads comments with the clause model and the models of asks."""

    model: ClauseModel
    asks: AskModels

    def read(self, texts: Sequence[str]) -> Reading:
        """Tags of ``texts``, which may be empty or hold anything."""
        scores = self.model.read(texts)
        chosen = self.model.chosen(scores.categories)
        asks = self._asks(texts, scores, chosen)
        for at in np.flatnonzero(chosen[:, _GATES].any(axis=1)).tolist():
            if not asks[at] and NO_WISH.search(texts[at]):
                # good wishes and praise of what exists are no request, whatever the words weigh
                chosen[at, _GATES] = False
        return Reading(scores.categories, scores.sentiments, chosen, asks)

    def _asks(
        self, texts: Sequence[str], scores: ClauseScores, chosen: npt.NDArray[np.bool_]
    ) -> list[list[FoundAsk]]:
        places = np.flatnonzero(chosen[:, _GATES].any(axis=1)).tolist()
        gated = [
            Gated(
                texts[at],
                scores.clauses[at],
                likely,
                requests=bool(chosen[at, _GATES[0]]),
                wants=bool(chosen[at, _GATES[1]]),
            )
            for at, likely in zip(places, self.model.carrying(scores, texts, places), strict=True)
        ]
        asks: list[list[FoundAsk]] = [[] for _ in texts]
        for at, own in zip(places, find_asks(gated, self.asks), strict=True):
            asks[at] = own
        return asks


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


def find_asks(comments: Sequence[Gated], models: AskModels) -> list[list[FoundAsk]]:
    """The asks of each comment, in text order, none overlapping another."""
    picks = [
        _Pick(number, clause, window_of(gated.text, clause), score)
        for number, gated in enumerate(comments)
        for clause, score in picked_clauses(gated)
    ]
    found = _quoted(comments, picks, models)
    asks: list[list[FoundAsk]] = [[] for _ in comments]
    if not found:
        return asks
    words = [comments[one.comment].text[one.start : one.end] for one in found]
    around = [comments[one.comment].text[one.window.start : one.window.end] for one in found]
    for one, row in zip(found, models.kinds.scores(words, around), strict=True):
        gated = comments[one.comment]
        kind, strength = models.kinds.read(row, wants=gated.wants, requests=gated.requests)
        asks[one.comment].append(
            FoundAsk(
                one.start, one.end, one.window, one.item, False, kind, strength, True, one.score
            )
        )
    return asks


def _quoted(comments: Sequence[Gated], picks: Sequence[_Pick], models: AskModels) -> list[_Quote]:
    texts = [comments[pick.comment].text for pick in picks]
    seen = [split_tokens(text, pick.window) for text, pick in zip(texts, picks, strict=True)]
    usable = [at for at, tokens in enumerate(seen) if any(token.is_word for token in tokens)]
    borders = models.borders.quotes(
        [Window(seen[at], picks[at].clause.start, picks[at].clause.end) for at in usable]
    )
    found: list[_Quote] = []
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
        inner = Window(tokens[first : last + 1], start, end)
        begin, stop = models.items.quotes([inner])[0]
        item = tidy(texts[at][inner.tokens[begin].start : inner.tokens[stop].end])
        found.append(
            _Quote(
                pick.comment,
                start,
                end,
                pick.window,
                item or plain_item(texts[at][start:end]),
                pick.score,
            )
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
