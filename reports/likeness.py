"""How close the vectors of two groups of asks must be for one group to be made of them.

Vectors alone do not tell near misses from wordings of one want, words alone know no synonyms and no
other language; so the words two groups share say what is demanded of their vectors. The levels were
chosen on the wants of every other trade of ``benchmarks/wants`` and the planted demand of the
standard scenario, that of sentences on part of BANKING77 (Casanueva et al. 2020).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from reports.linkage import linked
from reports.phrases import LONGER, content

Floats = npt.NDArray[np.float32]

LEVEL = 0.55
"""Between phrases of one language that share no word."""
FOREIGN_LEVEL = 0.43
"""Between two languages: a word that both have may be a name or a loan."""
DIFFERING_LEVEL = 0.85
"""Where both have a word in common and each has others: near misses, unless they are very close."""
TURNED_LEVEL = 0.80
"""Where both have the word that turns the wish, and no other: "better staff", "better tables"."""
PARTICULAR_LEVEL = 0.65
"""Where one has all the words of the other and further ones."""
HOURS_LEVEL = 0.39
"""Between a wish for more hours ("all-day breakfast") and one for a thing at another hour: it may
be the same thing ("breakfast at lunchtime"), or part of what is wanted all day."""
HOURS_LEVEL_OF_MANY = 0.55
"""The same where both are groups of ``MANY`` people: means of many asks lie closer than asks."""
MANY = 5
WHOLE_LEVEL = 0.68
"""Between groups that have met already, each taken as a whole: what single asks say beside the
point cancels out in their mean, so wholes of one want lie closer than asks of it."""
DIFFERING_WHOLES_LEVEL = 0.75
"""The same where both have a word in common and each has others, of which one is a manner of
speaking of few (``MANNER_OF``): what more people ask for by another word is another thing."""
MANNER_OF = 7
SENTENCE_LEVEL = 0.45
"""Where a whole sentence stands for an item, so that single words decide nothing."""
SENTENCE = 4
"""Words from which an item that is its whole quote is a sentence."""
NEVER = 2.0
CENTRED_BY = 300
"""With so many groups half of their mean is taken from each."""

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
    """What the asks of one group have in common: their words and the mean of their vectors."""

    def __init__(self, wants: bool, words: frozenset[str]) -> None:
        self.wants = wants
        self.words = words
        self.named = content(words)
        self.turns = words - self.named - {LONGER}
        self._sum: Floats | None = None
        self._people: set[str] = set()
        self._langs: Counter[str] = Counter()
        self._asks = self._hours = self._sentences = 0

    def hear(
        self,
        vector: npt.ArrayLike,
        person: str,
        lang: str | None,
        *,
        sentence: bool,
        hours: bool,
    ) -> None:
        """Take in one ask; see ``whole_sentences`` and ``wishes_hours``."""
        self._sentences += sentence
        row = np.asarray(vector, dtype=np.float32)
        self._sum = row if self._sum is None else self._sum + row
        self._people.add(person)
        self._asks += 1
        self._hours += hours
        if lang:
            self._langs[lang] += 1

    def take(self, other: Likeness) -> None:
        """Take in all that another group heard; the words stay those of this one."""
        self._sum = self.total + other.total
        self._people |= other._people
        self._langs.update(other._langs)
        self._asks += other._asks
        self._hours += other._hours
        self._sentences += other._sentences

    @property
    def people(self) -> int:
        """Distinct people who ask."""
        return len(self._people)

    def weight(self) -> tuple[int, list[str]]:
        """Sorts the most asked first, ties by the words themselves."""
        return -len(self._people), sorted(self.words)

    @property
    def total(self) -> Floats:
        """The sum of the asks' vectors."""
        assert self._sum is not None, "a group has asks"
        return self._sum

    @property
    def lang(self) -> str:
        """The language that most of the asks are in."""
        return min(self._langs, key=lambda lang: (-self._langs[lang], lang), default="")

    @property
    def sentence(self) -> bool:
        """Whether whole sentences stand for the items."""
        return 2 * self._sentences > self._asks

    @property
    def hours(self) -> bool:
        """Whether it is wished at other hours."""
        return LONGER in self.words or 2 * self._hours > self._asks


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


Demand = Callable[["_Compared", "_Compared"], float]


def like_groups(groups: Sequence[Likeness]) -> Iterator[tuple[int, int]]:
    """Pairs (follower, leader) of places in ``groups``, which stand most asked first: groups whose
    asks are alike on average."""
    return _pairs(groups, min(HOURS_LEVEL, SENTENCE_LEVEL), demanded)


def like_wholes(groups: Sequence[Likeness]) -> Iterator[tuple[int, int]]:
    """The same pairs, of groups that are alike as wholes."""
    return _pairs(groups, WHOLE_LEVEL, demanded_of_wholes)


def _pairs(groups: Sequence[Likeness], lowest: float, demand: Demand) -> Iterator[tuple[int, int]]:
    if len(groups) < 2:
        return
    sets = [_Compared(group) for group in groups]
    vectors = unit(np.stack([group.total for group in groups]))
    found = linked(
        unit(vectors - shared_by(vectors)),
        [group.people for group in groups],
        lowest,
        lambda one, other: demand(sets[one], sets[other]),
    )
    for place, leader in enumerate(found.tolist()):
        if leader != place:
            yield place, leader


def shared_by(vectors: Floats) -> Floats:
    """What all of them, of length one, have in common, being of one trade, (dim,): as much of it
    as there are enough of them to tell."""
    return np.asarray(vectors.sum(axis=0) / (len(vectors) + CENTRED_BY), dtype=np.float32)


def unit(rows: Floats) -> Floats:
    """Rows brought to length one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


class _Compared:
    """What is asked of a group again and again, worked out once."""

    __slots__ = (
        *("hours", "lang", "named", "numbers", "people", "sentence", "turns", "wants", "words"),
    )

    def __init__(self, group: Likeness) -> None:
        self.wants, self.words, self.named, self.turns = (
            group.wants,
            group.words,
            group.named,
            group.turns,
        )
        self.lang, self.hours = group.lang, group.hours
        self.sentence = group.sentence
        self.people = group.people
        self.numbers = {word for word in group.named if any(map(str.isdigit, word))}


def demanded(one: _Compared, other: _Compared) -> float:
    """The cosine from which two groups are one, ``NEVER`` where they are two whatever they are."""
    if one.wants != other.wants:
        return NEVER
    if one.sentence or other.sentence:
        return SENTENCE_LEVEL
    whole, part = (one, other) if LONGER in one.words else (other, one)
    shared = one.named & other.named
    if LONGER in whole.words and part.hours and (not shared or whole.named <= part.named):
        both_many = min(one.people, other.people) >= MANY
        return HOURS_LEVEL_OF_MANY if both_many else HOURS_LEVEL
    if one.numbers != other.numbers:
        return NEVER
    if one.lang != other.lang:
        return FOREIGN_LEVEL
    if one.turns != other.turns:
        return NEVER
    if not shared:
        return TURNED_LEVEL if one.turns else LEVEL
    return DIFFERING_LEVEL if one.named - shared and other.named - shared else PARTICULAR_LEVEL


def demanded_of_wholes(one: _Compared, other: _Compared) -> float:
    """The same for groups taken as wholes; two of one person each are no more than their asks, and
    sentences have met by all that they say."""
    if one.sentence or other.sentence:
        return NEVER
    level = max(demanded(one, other), WHOLE_LEVEL)
    fewer, more = sorted((one.people, other.people))
    if level != DIFFERING_LEVEL or more == 1:
        return level
    return DIFFERING_WHOLES_LEVEL if fewer <= MANNER_OF else NEVER
