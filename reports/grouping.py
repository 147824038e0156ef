"""Asks for the same thing, brought together under one name.

Words decide first: asks with the same key (see ``reports.phrases``) form a group, unless the key
says too little ("driver"), a misspelt key joins the right one, and a particular ("egg stack after
10:30") joins the general ("all-day breakfast") where enough people tie the two. Then groups meet
whose vectors have the same neighbours, whatever their words and languages (see
``reports.likeness``). Every ask has a group, if need be of its own. The result does not depend on
the order of the rows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from reports.likeness import Likeness, alike, shared_by, whole_sentences, wishes_hours
from reports.phrases import LONGER, MODIFIERS, Phrase, bare, content, names_nothing, phrase
from reports.vouching import FEWEST, says_too_little, voices

NO_GROUP = -1
TIED_PEOPLE = 2
TIED_SHARE = 0.2
"""A particular joins the general where this many people tie them, and this share of its own."""
MOST_GENERALS = 50
MISSPELT_AT_MOST = 1 / 3
"""A spelling joins another one letter away that at least three times as many people use."""


class Key(NamedTuple):
    """Whether it is a want of an existing thing (type "wants"), and the words that are asked for.

    ``alone`` is the uid of the comment where the words say too little to tell asks by.
    """

    wants: bool
    words: frozenset[str]
    alone: str = ""

    def __str__(self) -> str:
        """A stable name, one for each key."""
        own = ["wants"] if self.wants else []
        return " ".join([*own, *sorted(self.words), *([f"@{self.alone}"] if self.alone else [])])

    def rank(self) -> tuple[bool, list[str], str, bool]:
        """Sorts those of which the words say enough first."""
        return bool(self.alone), sorted(self.words), self.alone, self.wants


@dataclass(frozen=True, slots=True)
class Group:
    """Asks for one thing. ``key`` is stable and unique, ``wants`` tells purchase intent."""

    key: str
    name: str
    wants: bool


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Where every ask belongs, by row of the frame that was given.

    ``group_of`` holds positions in ``groups``, or ``NO_GROUP`` for asks that do not count (copies,
    spam) and say what nobody else said. ``item_of`` holds each ask's item as its group shows it.
    """

    groups: tuple[Group, ...]
    group_of: npt.NDArray[np.int64]
    item_of: npt.NDArray[np.object_]


def group_asks(asks: pd.DataFrame, brand: re.Pattern[str] | None = None) -> Grouping:
    """Group the asks in a frame with the columns uid, person, item, type and quote.

    Rows whose column ``counted`` is false (all count where it is absent) take no part in forming
    groups; they join the group that their words lead to. Purchase intent ("wants") is grouped
    apart from requests. Names that ``brand`` finds do not tell items apart (see
    ``reports.phrases.brand_names``).
    """
    rows = len(asks)
    counted = (
        asks["counted"].to_numpy(dtype=bool) if "counted" in asks else np.ones(rows, dtype=bool)
    )
    forms = {item: phrase(item, brand) for item in asks["item"].unique()}
    items = asks["item"].tolist()
    wants = (asks["type"] == "wants").tolist()
    keys = _keys(asks, wants, forms, counted)
    census = _Census(keys, items, asks["person"].tolist(), counted)
    parent = _spellings(census, forms, wants, items, counted)
    _heads(census, parent, forms, wants, items)
    _generals(census, parent, asks["quote"].tolist(), counted)
    if "vector" in asks:
        _other_words(census, parent, asks, counted)
    leaders = {key: _root(parent, key) for key in census.people}
    return _assemble(census, leaders, keys, items, counted)


def _keys(
    asks: pd.DataFrame,
    wants: Sequence[bool],
    forms: dict[str, Phrase],
    counted: npt.NDArray[np.bool_],
) -> list[Key]:
    """The key of every ask. What names nothing ("it back") is the same as nothing else, and what
    says too little is not the same because of it: each such ask stands alone."""
    keys = [
        Key(w, frozenset(), uid) if names_nothing(forms[item].key) else Key(w, forms[item].key)
        for w, item, uid in zip(wants, asks["item"], asks["uid"], strict=True)
    ]
    if "vector" not in asks:
        return keys
    little = _little(keys, asks, np.flatnonzero(comparable(asks, counted)))
    return [
        key._replace(alone=uid) if key in little else key
        for key, uid in zip(keys, asks["uid"], strict=True)
    ]


def _little(keys: Sequence[Key], asks: pd.DataFrame, positions: npt.NDArray[np.int64]) -> set[Key]:
    """The keys that say too little to tell asks by, as far as the asks at ``positions`` show."""
    by_key: dict[Key, list[int]] = defaultdict(list)
    for position in positions.tolist():
        # two words name a thing, whatever is wanted of it
        if not keys[position].alone and len(content(keys[position].words)) == 1:
            by_key[keys[position]].append(position)
    several = {key: own for key, own in by_key.items() if len(own) >= FEWEST}
    if not several:
        return set()
    vectors, persons = asks["vector"].tolist(), asks["person"].tolist()
    heard = asks["quote"].iloc[positions].nunique()
    shared = shared_by(np.stack([vectors[at] for at in positions.tolist()]), heard)
    return {
        key
        for key, own in several.items()
        if says_too_little(voices([vectors[at] for at in own], [persons[at] for at in own], shared))
    }


class _Census:
    """Who says what: distinct people by key, and by key and wording. Only asks that count."""

    def __init__(
        self,
        keys: Sequence[Key],
        items: Sequence[str],
        persons: Sequence[str],
        counted: npt.NDArray[np.bool_],
    ) -> None:
        self.people: dict[Key, set[str]] = defaultdict(set)
        self.wordings: dict[Key, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.keys = keys
        self.persons = persons
        for position in np.flatnonzero(counted).tolist():
            key, person = keys[position], persons[position]
            self.people[key].add(person)
            self.wordings[key][" ".join(items[position].split())].add(person)

    def weight(self, key: Key) -> tuple[int, tuple[bool, list[str], str, bool]]:
        """Sorts the most asked first, ties by the words themselves."""
        return -len(self.people[key]), key.rank()

    def ranked(self) -> list[Key]:
        return sorted(self.people, key=self.weight)

    def name(self, key: Key) -> str:
        """The wording that most people use, the shorter one where two are level."""
        wordings = self.wordings[key]
        return min(wordings, key=lambda words: (-len(wordings[words]), len(words), words))


def _root(parent: dict[Key, Key], key: Key) -> Key:
    while key in parent:
        key = parent[key]
    return key


def _spellings(
    census: _Census,
    forms: dict[str, Phrase],
    wants: Sequence[bool],
    items: Sequence[str],
    counted: npt.NDArray[np.bool_],
) -> dict[Key, Key]:
    """Keys that are another key's misspelling, or the same words split otherwise."""
    squashed: dict[Hashable, list[Key]] = defaultdict(list)
    seen: set[tuple[Key, str]] = set()
    for position in np.flatnonzero(counted).tolist():
        key, item = census.keys[position], items[position]
        if (key, item) not in seen and not key.alone:
            seen.add((key, item))
            squashed[key.wants, forms[item].squashed].append(key)
    parent: dict[Key, Key] = {}
    for same in squashed.values():
        leader, *others = sorted(set(same), key=census.weight)
        for other in others:
            parent.setdefault(other, leader)
    marks: dict[Hashable, Key] = {}
    for key in census.ranked():
        if key in parent or key.alone:
            continue
        own = list(_letter_marks(key))
        found = [marks[mark] for mark in own if mark in marks]
        better = [
            other
            for other in found
            if len(census.people[key]) <= MISSPELT_AT_MOST * len(census.people[other])
        ]
        if better:
            parent[key] = min(better, key=census.weight)
        else:
            for mark in own:
                marks.setdefault(mark, key)
    return parent


def _letter_marks(key: Key) -> Iterable[Hashable]:
    """What two keys share that differ by one letter in one long word (deletion neighbourhood).

    Symmetric delete spelling correction, as in SymSpell. Words with digits, short words, first
    letters and modifiers never count as misspelt.
    """
    for word in sorted(key.words):
        if len(word) < 5 or not word.isalpha() or word in MODIFIERS:
            continue
        rest = key.words - {word}
        yield key.wants, rest, word
        for cut in range(1, len(word)):
            yield key.wants, rest, word[:cut] + word[cut + 1 :]


def _heads(
    census: _Census,
    parent: dict[Key, Key],
    forms: dict[str, Phrase],
    wants: Sequence[bool],
    items: Sequence[str],
) -> None:
    """Items that say where or for whom ("oat milk for coffee") join the same item without it,
    where somebody asks for just that.
    """
    for wanted, item in sorted(set(zip(wants, items, strict=True))):
        form = forms[item]
        key = Key(wanted, form.key)
        if form.head is None or key in parent or key not in census.people:
            continue
        head = Key(wanted, form.head)
        if head in census.people and _root(parent, head) != key:
            parent[key] = head


def _generals(
    census: _Census,
    parent: dict[Key, Key],
    quotes: Sequence[str],
    counted: npt.NDArray[np.bool_],
) -> None:
    """Particulars that join a general, where both wish for more hours.

    Words alone do not say that an egg stack is a breakfast. People do: those who ask for both in
    one breath, or name the general in the quote that asks for the particular.
    """
    asked: dict[str, set[Key]] = defaultdict(set)
    quoted: dict[str, list[tuple[Key, str]]] = defaultdict(list)
    for position in np.flatnonzero(counted).tolist():
        key = _root(parent, census.keys[position])
        if LONGER in key.words:
            person = census.persons[position]
            asked[person].add(key)
            quoted[person].append((key, quotes[position].casefold()))
    everyone: dict[Key, set[str]] = defaultdict(set)
    for person, keys in asked.items():
        for key in keys:
            everyone[key].add(person)
    order = sorted(everyone, key=lambda key: (-len(everyone[key]), key.rank()))
    generals: dict[bool, list[Key]] = {True: [], False: []}
    for key in order:
        ties: Counter[Key] = Counter()
        for person in everyone[key]:
            said = [quote for asked_key, quote in quoted[person] if asked_key == key]
            for general in generals[key.wants]:
                ties[general] += general in asked[person] or _names(said, general)
        # The first of the most tied, and so the most asked of them.
        best = max(generals[key.wants], key=lambda general: ties[general], default=None)
        if best and ties[best] >= max(TIED_PEOPLE, TIED_SHARE * len(everyone[key])):
            parent[key] = best
        elif len(generals[key.wants]) < MOST_GENERALS:
            generals[key.wants].append(key)


def _names(quotes: Sequence[str], general: Key) -> bool:
    thing = content(general.words)
    return bool(thing) and any(all(word in quote for word in thing) for quote in quotes)


def _other_words(
    census: _Census, parent: dict[Key, Key], asks: pd.DataFrame, counted: npt.NDArray[np.bool_]
) -> None:
    """Groups that say the same in other words or another language, by the asks' vectors.

    Asks whose vectors are not ``comparable`` stay where their words put them.
    """
    usable = comparable(asks, counted)
    groups: dict[Key, Likeness] = {}
    positions = np.flatnonzero(usable)
    rows = asks.iloc[positions]
    langs = rows["lang"].tolist() if "lang" in rows else [None] * len(rows)
    heard = zip(
        positions.tolist(),
        rows["vector"],
        rows["quote"],
        langs,
        whole_sentences(rows).tolist(),
        wishes_hours(rows).tolist(),
        strict=True,
    )
    for position, vector, quote, lang, sentence, hours in heard:
        key = _root(parent, census.keys[position])
        group = groups.setdefault(key, Likeness(key.wants, key.words))
        person, untold = census.persons[position], sentence or not key.words
        group.hear(vector, person, quote, lang, sentence=untold, hours=hours)
    leading = sorted(groups, key=lambda key: (-groups[key].people, key.rank()))
    for key, leader in zip(leading, alike([groups[key] for key in leading]).tolist(), strict=True):
        if key != leading[leader]:
            parent[key] = leading[leader]


def comparable(asks: pd.DataFrame, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of the asks that count have a vector of the encoder that made most of them.

    Others were made before the encoder was changed and not read again since.
    """
    version = asks.loc[counted, "vector_version"].mode()
    newest = asks["vector_version"] == (version.iloc[0] if len(version) else "")
    filled = asks["vector"].map(lambda vector: vector is not None and len(vector) > 0)
    return np.asarray(counted & newest & filled.astype(bool), dtype=np.bool_)


def _vague_names(census: _Census, leaders: dict[Key, Key]) -> dict[Key, str]:
    """What groups are called, by their leader, where more people use one word that says too little
    than the words that lead: it is what they say, and no stranger than one person's wording."""
    saying: dict[Key, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for key, leader in leaders.items():
        if key.alone and key.words and not leader.alone:
            saying[leader][census.name(key)] |= census.people[key]
    found: dict[Key, str] = {}
    for leader, wordings in saying.items():
        best = min(wordings, key=lambda words: (-len(wordings[words]), len(words), words))
        if len(wordings[best]) > len(census.people[leader]):
            found[leader] = best
    return found


def _assemble(
    census: _Census,
    leaders: dict[Key, Key],
    keys: Sequence[Key],
    items: Sequence[str],
    counted: npt.NDArray[np.bool_],
) -> Grouping:
    order = sorted(set(leaders.values()), key=lambda key: (key.wants, key.rank()))
    place = {leader: n for n, leader in enumerate(order)}
    vague = _vague_names(census, leaders)
    groups = tuple(Group(str(key), vague.get(key) or census.name(key), key.wants) for key in order)
    shown: dict[Key, str] = {}
    for key, leader in leaders.items():
        name = census.name(key)
        shown[key] = name if key == leader or LONGER not in leader.words else bare(name)
    group_of = np.array(
        [place[leaders[key]] if key in leaders else NO_GROUP for key in keys], dtype=np.int64
    )
    item_of = np.array(
        [shown.get(key, item) for key, item in zip(keys, items, strict=True)], dtype=object
    )
    return Grouping(groups, group_of, item_of)
