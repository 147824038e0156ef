"""Labelled comments as what the network learns from: token numbers and a target per head."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from classify.clauses import Clause
from classify.evaluation import item_words
from classify.labels import CATEGORIES, SENTIMENTS, STRENGTHS, TYPES
from classify.network import offsets_of, word_mark
from classify.pointed_items import FUNCTION_WORDS
from classify.training.corpus import LabelledAsk, LabelledComment, Opinion, Reported
from classify.training.taught import Taught
from classify.training.wants import PartlyLabelled
from classify.windows import split_tokens

UNKNOWN = -1
"""The target of a head that a text has no label for; it adds nothing to the loss."""
LONGEST = 192
"""Tokens of a text that are learned from; what stands behind them is left out."""
SHARED_BY = 6
"""Asks that must share an item before it counts as a shared name."""
ORIGINS = ("Bug", "Feature", "UserExperience", "Rating")
"""The classes of the app reviews by Maalej et al. 2016, an auxiliary head in training only."""

RENAMED = {
    "dine-in": "indoor dining",
    "dine-in seating": "indoor dining",
    "better staff training": "staff training",
    "24-hour service": "24-hour opening",
    "accurate opening hours": "correct opening hours",
    "human support": "human customer support",
    "human cashiers": "ordering with a cashier",
    "staffed counter ordering": "ordering with a cashier",
    "reachable customer service": "reachable customer support",
    "customer support contact": "reachable customer support",
    "customer service contact": "reachable customer support",
    "new management": "better management",
    "new managers": "better management",
    "new staff": "better staff",
    "previous app version": "previous version",
}
"""Wordings of the labelled items -> the one name of the codebook."""

Codes = npt.NDArray[np.int64]
ItemMarks = Callable[[str, str, Codes], npt.NDArray[np.bool_]]
"""A text, an item and the places of n tokens (n, 2) -> which tokens carry the item, (n,)."""
_SENTENCE_END = re.compile(r"[.?!]\s+\S|[。？！](?=.)")
_WORD = re.compile(r"\w+(?:['’]\w+)?")


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A text of n tokens with its targets.

    ``spans`` (n, 3) says of each token whether it lies in a quote, begins one, or belongs to the
    item; ``types``, ``strengths`` and ``names`` (n,) hold classes inside quotes, else ``UNKNOWN``.
    A category (9,) is 1 where it holds, 0 where not, and NaN where nobody looked for it;
    ``asks_known`` is False where nobody looked for asks. ``taught`` is what a teacher answers.
    """

    ids: Codes
    sentiment: int
    categories: npt.NDArray[np.float32]
    spans: npt.NDArray[np.float32]
    types: Codes
    strengths: Codes
    names: Codes
    asks_known: bool
    origin: int = UNKNOWN
    taught: Taught | None = None


def shared_names(comments: Iterable[LabelledComment]) -> tuple[str, ...]:
    """Items of many asks, under the codebook's names, sorted."""
    count = Counter(common_name(ask.item) for comment in comments for ask in comment.asks)
    return tuple(sorted(name for name, asks in count.items() if asks >= SHARED_BY))


def common_name(item: str) -> str:
    """The codebook's name of an item, or the item itself."""
    return RENAMED.get(item, item)


class ExampleMaker:
    """Makes examples with one tokenizer and one list of shared names.

    ``marks`` finds an item's words in a comment, English ones unless told.
    """

    def __init__(
        self, tokenizer: Tokenizer, names: Sequence[str], marks: ItemMarks | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._mark = word_mark(tokenizer)
        self._marks = marks or english_marks
        self._name_code = {name: code for code, name in enumerate(names, 1)}

    def comment(self, comment: LabelledComment, text: str | None = None) -> Example:
        """A labelled comment; ``text`` is a misspelt version of the same length."""
        words = comment.text if text is None else text
        ids, offsets = self._tokens(words)
        spans = np.zeros((len(ids), 3), np.float32)
        types, strengths, names = np.full((3, len(ids)), UNKNOWN, np.int64)
        for ask in comment.asks:
            within = (offsets[:, 0] < ask.end) & (offsets[:, 1] > ask.start)
            within &= offsets[:, 1] > offsets[:, 0]
            places = np.flatnonzero(within)
            if not places.size:
                continue
            spans[places, 0] = 1
            spans[places[0], 1] = 1
            spans[_of_item(comment.text, ask, offsets, within, self._marks), 2] = 1
            types[places] = TYPES.index(ask.type)
            strengths[places] = STRENGTHS.index(ask.strength)
            names[places] = self._name_code.get(common_name(ask.item), 0)
        held = np.array([name in comment.categories for name in CATEGORIES], np.float32)
        sentiment = SENTIMENTS.index(comment.sentiment)
        return Example(ids, sentiment, held, spans, types, strengths, names, True)

    def opinion(self, opinion: Opinion) -> Example:
        """A text with nothing but a sentiment."""
        return self.bare(opinion.text, sentiment=SENTIMENTS.index(opinion.sentiment))

    def reported(self, review: Reported) -> Example:
        """An app review with the class of its report."""
        return self.bare(review.text, origin=ORIGINS.index(review.label))

    def partly(self, comment: PartlyLabelled) -> Example:
        """A comment of which is known whether it asks; a quote of one sentence is known too."""
        ids, offsets = self._tokens(comment.text)
        nothing = np.full(len(ids), UNKNOWN, np.int64)
        spans = np.zeros((len(ids), 3), np.float32)
        categories = np.full(len(CATEGORIES), np.nan, np.float32)
        categories[CATEGORIES.index("request")] = float(bool(comment.said))
        if comment.said:
            places = np.flatnonzero(offsets[:, 1] > offsets[:, 0])
            spans[places, 0] = 1
            spans[places[:1], 1] = 1
            spans[self._marks(comment.text, comment.said, offsets), 2] = 1
        else:
            categories[CATEGORIES.index("purchase_intent")] = 0
        quoted = not comment.said or _SENTENCE_END.search(comment.text) is None
        return Example(ids, UNKNOWN, categories, spans, nothing, nothing, nothing, quoted)

    def bare(self, text: str, sentiment: int = UNKNOWN, origin: int = UNKNOWN) -> Example:
        """A text of which at most these two are known."""
        ids, _ = self._tokens(text)
        nothing = np.full(len(ids), UNKNOWN, np.int64)
        spans = np.zeros((len(ids), 3), np.float32)
        unknown = np.full(len(CATEGORIES), np.nan, np.float32)
        return Example(ids, sentiment, unknown, spans, nothing, nothing, nothing, False, origin)

    def _tokens(self, text: str) -> tuple[Codes, Codes]:
        encoding = self._tokenizer.encode(text)
        ids, offsets = encoding.ids[:LONGEST], offsets_of(encoding, self._mark)[:LONGEST]
        return np.array(ids, np.int64), np.array(offsets, np.int64).reshape(-1, 2)


def _of_item(
    text: str,
    ask: LabelledAsk,
    offsets: Codes,
    within: npt.NDArray[np.bool_],
    marks: ItemMarks,
) -> Codes:
    """The tokens that carry the item's words: in the quote, else anywhere in the comment."""
    named = marks(text, ask.item, offsets) & (offsets[:, 1] > offsets[:, 0])
    return np.flatnonzero(named & within if (named & within).any() else named)


def english_marks(text: str, item: str, offsets: Codes) -> npt.NDArray[np.bool_]:
    """Which tokens (n,) lie in a word of the item."""
    wanted = {_stem(word) for word in item_words(item)}
    named = np.zeros(len(offsets), dtype=bool)
    for match in _WORD.finditer(text):
        if _stem(match.group().lower()) in wanted:
            named |= (offsets[:, 0] >= match.start()) & (offsets[:, 1] <= match.end())
    return named


def other_marks(text: str, item: str, offsets: Codes) -> npt.NDArray[np.bool_]:
    """The same in the other languages: words inflect at their end, and a token may reach beyond
    one where there are no spaces."""
    words = [token.text.lower() for token in split_tokens(item, Clause(0, len(item)))]
    telling = [word for word in words if word not in FUNCTION_WORDS and word[0].isalnum()]
    wanted = {_other_stem(word) for word in telling}
    named = np.zeros(len(offsets), dtype=bool)
    for token in split_tokens(text, Clause(0, len(text))):
        if token.is_word and _other_stem(token.text.lower()) in wanted:
            named |= (offsets[:, 0] < token.end) & (offsets[:, 1] > token.start)
    return named


def _other_stem(word: str) -> str:
    """Enough of a word to know it inflected: five letters, three of Thai, two of Korean or
    Japanese."""
    if word >= "\u3000":
        return word[:2]
    return word[:3] if "\u0e00" <= word[0] <= "\u0e7f" else word[:5]


def _stem(word: str) -> str:
    """A word cut so that most inflections of it meet."""
    cut = word.rstrip("s")
    return cut[:6] if len(cut) > 6 else cut


def misspelt(text: str, chance: random.Random) -> str:
    """``text`` as a hasty writer types it, of the same length: letters swapped, marks left out."""
    kind = chance.random()
    if len(text) < 12 or kind > 0.2:
        return text
    if kind < 0.06:
        return re.sub(r"[.,!?;:]", " ", text)
    letters = list(text)
    for _ in range(max(1, len(letters) // 60)):
        at = chance.randrange(1, len(letters) - 1)
        if letters[at].isalpha() and letters[at + 1].isalpha():
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)
