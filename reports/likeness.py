"""How alike groups of asks are, and which of them are for one thing.

Vectors alone do not tell near misses from wordings of one want, words alone know no synonyms and no
other language. What is said beside the point goes first: each group is drawn toward those around it
(see ``reports.neighbours``). Where there are many groups, those for one thing have the same
neighbours; where there are few, their cosine must do. Groups that have a word in common and differ
in another must be more alike than others. What has met is more plainly one thing or another than
its parts were: things that are alike as wholes become one.

The levels were chosen on the planted demand of the scenario standard and on wants in many wordings
(``benchmarks.wants``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from reports.linkage import linked
from reports.neighbours import (
    CIRCLES,
    drawn_together,
    meeting,
    nearest,
    shared_neighbours,
    unit,
)
from reports.phrases import LONGER, content
from reports.vouching import unlike

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

LEVEL = 0.40
"""The share of neighbours in common from which groups are one, on average of their members."""
DIFFERING = 0.15
"""How much more it must be where both have a word in common and each has others."""
FLOOR = 0.2
"""The cosine below which nothing is a neighbour."""
COSINE, FOREIGN_COSINE, DIFFERING_COSINE = 0.64, 0.54, 0.92
"""Cosines that tell as much as ``LEVEL``: between phrases of one language, of two, and where both
have a word in common and each has others."""
HOURS_COSINE = 0.38
"""The same between a wish for more hours ("all-day breakfast") and one for a thing at another hour:
it may be the same thing ("breakfast at lunchtime"), or part of what is wanted all day."""
NEVER = 2.0
WHOLE_FLOOR, WHOLE_COSINE = 0.66, 0.76
"""The least of both between wholes, each the mean of what many said: what single asks say beside
the point cancels out in it, so that other things' means lie closer than other things' asks."""
CENTRED_BY = 300
"""With so many wordings half of their mean is taken from each."""
SENTENCE = 4
"""Words from which an item that is its whole quote is a sentence."""

_OTHER_HOURS = re.compile(
    r"\b(?:morning|noon|midday|afternoon|evening|night|midnight|breakfast\s?time|lunch\s?time"
    r"|dinner\s?time|all\s+day|any\s?time|half\s+past|\d{1,2}\s*(?::\d\d|[ap]\.?m\b)"
    r"|ca(?:ły|łą)\s+(?:dzień|dobę)|popołudni\w*|wiecz[oó]r\w*|todo\s+el\s+día|por\s+la\s+tarde"
    r"|den\s+ganzen\s+tag|ganztägig|ganztags|nachmittags?|abends|toute\s+la\s+journée"
    r"|après[\s-]midi|le\s+soir|o\s+dia\s+todo|tutto\s+il\s+giorno)"
    r"|하루\s?종일|온종일|24시간|오후|저녁|一日中|終日|午後",
    re.IGNORECASE,
)


class Likeness:
    """What the asks of one group have in common: their words and the mean of their vectors.

    All are heard before anything is told of them.
    """

    def __init__(self, wants: bool, words: frozenset[str]) -> None:
        self.wants = wants
        self.words = words
        self.named = content(words)
        self.turns = words - self.named - {LONGER}
        self.numbers = {word for word in self.named if any(map(str.isdigit, word))}
        self._said: dict[str, list[Floats]] = {}
        self._wordings: set[str] = set()
        self._langs: Counter[str] = Counter()
        self._asks = self._hours = self._sentences = 0

    def hear(
        self,
        vector: npt.ArrayLike,
        person: str,
        words: str,
        lang: str | None,
        *,
        sentence: bool,
        hours: bool,
    ) -> None:
        """Take in one ask; see ``whole_sentences`` and ``wishes_hours``."""
        self._sentences += sentence
        self._hours += hours
        self._said.setdefault(person, []).append(np.asarray(vector, dtype=np.float32))
        self._wordings.add(words)
        self._asks += 1
        if lang:
            self._langs[lang] += 1

    @property
    def persons(self) -> Collection[str]:
        """Who asks, each once."""
        return self._said.keys()

    @property
    def people(self) -> int:
        """Distinct people who ask."""
        return len(self._said)

    @property
    def wordings(self) -> int:
        """Distinct words in which it is asked for."""
        return len(self._wordings)

    @cached_property
    def total(self) -> Floats:
        """The sum of what each person says, the mean of that person's asks: one who asks forty
        times weighs no more than another."""
        said = [np.mean(own, axis=0) for own in self._said.values()]
        return np.asarray(np.sum(said, axis=0), dtype=np.float32)

    @cached_property
    def lang(self) -> str:
        """The language that most of the asks are in."""
        return min(self._langs, key=lambda lang: (-self._langs[lang], lang), default="")

    @cached_property
    def sentence(self) -> bool:
        """Whether whole sentences stand for the items, so that single words decide nothing."""
        return 2 * self._sentences > self._asks

    @cached_property
    def hours(self) -> bool:
        """Whether it is wished at other hours."""
        return LONGER in self.words or 2 * self._hours > self._asks


def alike(groups: Sequence[Likeness]) -> Places:
    """For each of ``groups``, which stand most asked first, the place of the one that leads those
    for the same thing, (n,)."""
    if len(groups) < 2:
        return np.arange(len(groups))
    things = _Things(groups)
    table = likeness(groups, things.vectors, things.wordings, FLOOR)
    home = linked(table, things.people, LEVEL)
    while True:
        leaders, own = np.unique(home, return_inverse=True)
        wholes = [groups[leader] for leader in leaders.tolist()]
        vectors = unit(things.sums(own))
        table = likeness(wholes, vectors, things.heard(own), WHOLE_FLOOR, WHOLE_COSINE)
        met = linked(table, np.bincount(own, things.people), LEVEL)
        if (met == np.arange(len(leaders))).all():
            return _vouched(groups, things, home)
        home = things.led(leaders[met][own])


def _vouched(groups: Sequence[Likeness], things: _Things, home: Places) -> Places:
    """The same things without the groups that their own vectors do not vouch for; those that wish
    for hours are held together by that."""
    order = np.argsort(home, kind="stable")
    leaders, begins = np.unique(home[order], return_index=True)
    weights = np.sqrt(things.people, dtype=np.float32)
    apart = home.copy()
    for leader, within in zip(leaders.tolist(), np.split(order, begins[1:]), strict=True):
        if len(within) == 1 or any(LONGER in groups[at].words for at in within.tolist()):
            continue
        leaving = within[unlike(things.own[within], weights[within])]
        apart[leaving] = leaving
        if leader in leaving and len(leaving) < len(within):
            staying = np.setdiff1d(within, leaving)
            apart[staying] = staying.min()
    return apart


def likeness(
    groups: Sequence[Likeness],
    vectors: Floats,
    wordings: Places,
    floor: float,
    cosine: float = 0.0,
) -> sparse.csr_matrix:
    """(n, n): how alike groups with ``vectors`` (n, dim) in so many ``wordings`` (n,) are, on the
    scale of ``LEVEL``; zero where they are two whatever their vectors, and where neither is near
    the other nor anything to both.

    ``floor`` is the cosine of a neighbour, ``cosine`` the least that tells as much as ``LEVEL``.
    """
    near = nearest(vectors, CIRCLES[-1], floor)
    one, other, shared = meeting(near, shared_neighbours(near, wordings))
    cosines = np.einsum("nd,nd->n", vectors[one], vectors[other])
    demanded = np.array(
        [
            _demanded(groups[i], groups[j])
            for i, j in zip(one.tolist(), other.tolist(), strict=True)
        ],
        np.float32,
    ).reshape(-1, 2)
    by_cosine = LEVEL + cosines - np.maximum(demanded[:, 1], cosine)
    value = np.maximum(shared - demanded[:, 0], by_cosine)
    told = reliability(wordings)
    known = (value > 0) & (cosines >= np.sqrt(told[one] * told[other]))
    half = sparse.csr_matrix((value[known], (one[known], other[known])), shape=(len(near),) * 2)
    return (half + half.T).tocsr()


def reliability(wordings: Places) -> Floats:
    """The cosine of two means of so many asks for one thing, of which any two have the cosine
    ``FLOOR``, as far as ``WHOLE_FLOOR``: what each says beside the point cancels out (Spearman 1910
    and Brown 1910)."""
    likely = wordings * FLOOR / (1 + (wordings - 1) * FLOOR)
    return np.minimum(likely, WHOLE_FLOOR).astype(np.float32)


def _demanded(one: Likeness, other: Likeness) -> tuple[float, float]:
    """What two groups need beyond ``LEVEL`` in neighbours, and as their cosine."""
    if one.wants != other.wants:
        return NEVER, NEVER
    if one.sentence or other.sentence:
        return 0.0, FOREIGN_COSINE
    shared = one.named & other.named
    whole, part = (one, other) if LONGER in one.words else (other, one)
    if LONGER in whole.words and part.hours and (not shared or whole.named <= part.named):
        return 0.0, HOURS_COSINE
    if one.lang != other.lang:
        return 0.0, FOREIGN_COSINE
    if one.numbers != other.numbers:
        return NEVER, NEVER
    if one.turns != other.turns:
        return DIFFERING if shared else 0.0, NEVER
    if shared and one.named - shared and other.named - shared:
        return DIFFERING, DIFFERING_COSINE
    return 0.0, COSINE


class _Things:
    """Groups as they come together to things; a thing is known by the place of its leader, the
    first of its most asked groups, in ``home`` (n,).

    ``own`` (n, dim) are the groups' vectors without what all share, of length one, ``vectors`` the
    same drawn together.
    """

    def __init__(self, groups: Sequence[Likeness]) -> None:
        vectors = unit(np.stack([group.total for group in groups]))
        self.people = np.array([group.people for group in groups])
        self.wordings = np.array([group.wordings for group in groups])
        weights, heard = one_voice_each(groups), int(self.wordings.sum())
        self.own = unit(vectors - shared_by(vectors, heard, weights))
        self.vectors = drawn_together(self.own, self.wordings)
        # many who use the same words are one more voice, but not as many
        self._weighed = self.vectors * np.sqrt(self.people)[:, None].astype(np.float32)

    def sums(self, own: Places) -> Floats:
        """The vectors of the things, (things, dim), by the number ``own`` (n,) of each group's."""
        sums = np.zeros((int(own.max()) + 1, self.vectors.shape[1]), np.float32)
        np.add.at(sums, own, self._weighed)
        return sums

    def heard(self, own: Places) -> Places:
        """In how many wordings each of the things is asked for, (things,)."""
        return np.bincount(own, self.wordings).astype(np.int64)

    def led(self, home: Places) -> Places:
        """The same things, each under its leader."""
        order = np.lexsort((np.arange(len(home)), -self.people, home))
        things, first = np.unique(home[order], return_index=True)
        return np.asarray(order[first][np.searchsorted(things, home)], dtype=np.int64)


def one_voice_each(groups: Sequence[Likeness]) -> Floats:
    """How much each of the groups tells of what all share, (n,): 1 where somebody asks for it and
    nothing else, less where all who ask are loud elsewhere too."""
    asked = Counter(person for group in groups for person in group.persons)
    voices = [sum(1 / asked[person] for person in group.persons) for group in groups]
    return np.minimum(voices, 1.0).astype(np.float32)


def shared_by(vectors: Floats, wordings: int, weights: Floats | None = None) -> Floats:
    """What all of them, of length one, have in common by their ``weights`` (n,), being of one
    trade, (dim,): as much of it as the ``wordings`` that they stand for are enough to tell."""
    weighed = np.ones(len(vectors), np.float32) if weights is None else weights
    mean = weighed @ vectors / max(1.0, weighed.sum())
    return np.asarray(mean * wordings / (wordings + CENTRED_BY), dtype=np.float32)


def whole_sentences(asks: pd.DataFrame) -> pd.Series:
    """Which asks have no item apart from a quote of several words."""
    several = asks["item"].str.count(r"\S+") >= SENTENCE
    found: pd.Series = (asks["item"] == asks["quote"]) & several
    return found


def wishes_hours(asks: pd.DataFrame) -> pd.Series:
    """Which asks want an existing thing at another time: their type says so, and their moment or
    their words name one."""
    timed = asks["quote"].str.contains(_OTHER_HOURS)
    if "moment" in asks:
        timed |= asks["moment"].fillna("").astype(bool)
    found: pd.Series = timed & (asks["type"] == "availability")
    return found
