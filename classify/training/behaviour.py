"""Behaviour tests of sentiment: what must hold, whatever the comment (Ribeiro et al. 2020,
"Beyond accuracy: behavioral testing of NLP models with CheckList").

A case is one group of texts of one test. A minimum functionality test (MFT) names the answer, an
invariance test (INV) wants one answer for the whole group, a directional test (DIR) wants the
score not to move the wrong way. Tolerances and exclusions are those of the authors' sentiment
suite, with the score from -1 to 1 in the place of the probability.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earful.errors import DataError

COLUMNS = ("test", "type", "capability", "group_id", "item_in_group", "text", "expected")
TYPES = ("MFT", "INV", "DIR")
TOLERANCE = 0.1
"""How far a score may move the wrong way."""
FEWEST_PER_GROUP = 10
"""Comments about a group of people below which its mean says nothing."""

_SAME = "same_as_first_in_group"
_NOT_MORE_NEGATIVE = "group[i>0] must not become more negative than group[0]"
_NOT_MORE_POSITIVE = "group[i>0] must not become more positive than group[0]"
_NOT_WEAKER = "group[1] must not be less confident in its polarity than group[0]"
_NOT_STRONGER = "group[1] must not be more confident in its polarity than group[0]"
_USED_TO = 'group with "used to" must be weaker'
_ANSWERS: dict[str, frozenset[str]] = {
    "negative": frozenset(["negative"]),
    "neutral": frozenset(["neutral"]),
    "positive": frozenset(["positive"]),
    "not_negative": frozenset(["neutral", "positive"]),
}
_DIRECTIONS = (_NOT_MORE_NEGATIVE, _NOT_MORE_POSITIVE, _NOT_WEAKER, _NOT_STRONGER, _USED_TO)
_SIDES = {"positive": 1.0, "negative": -1.0}
_PRINTED_OBJECT = re.compile(r"<\S+ object at 0x[0-9a-f]+>")
_ARTICLES = frozenset(["a", "an"])


@dataclass(frozen=True, slots=True)
class Judgement:
    """The sentiment of one text (negative, neutral, positive, mixed) and its score, -1 to 1."""

    sentiment: str
    score: float


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a case; ``place`` 0 is the original, the others are its variants."""

    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One group of texts that is passed or failed as a whole; items in order of place."""

    test: str
    type: str
    capability: str
    expected: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """Cases passed of those that apply."""

    passed: int
    cases: int

    @property
    def share(self) -> float:
        """The pass rate, 0 to 1; 0 where no case applies."""
        return self.passed / self.cases if self.cases else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """The largest difference between the means of two groups of people, and which they are."""

    gap: float
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True)
class Gap:
    """How differently groups of people are read in the same sentences.

    ``negative`` compares the share of comments read as negative (0 to 1), ``score`` the mean
    score (-1 to 1). ``fewest`` is the smallest number of comments behind a mean.
    """

    test: str
    groups: int
    fewest: int
    negative: Spread
    score: Spread


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Pass rates by test type, capability and test, the fairness gaps, and what was set aside.

    ``set_aside`` counts rows of the file and cases that could not be tested, by reason.
    """

    rows: int
    by_type: Mapping[str, Rate]
    by_capability: Mapping[str, Rate]
    by_test: Mapping[str, Rate]
    gaps: tuple[Gap, ...]
    set_aside: Mapping[str, int]


def behaviour(read: Callable[[Sequence[str]], Sequence[Judgement]], path: Path) -> Behaviour:
    """Run the tests of a file against ``read``, which judges texts in the order given.

    Raises ``DataError`` where the file cannot be read or lacks a column.
    """
    cases, aside = read_cases(path)
    texts = list(dict.fromkeys(item.text for case in cases for item in case.items))
    judged = dict(zip(texts, read(texts), strict=True))
    passed: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for case in cases:
        reason = untestable(case)
        if reason:
            aside[f"cases: {reason}"] += 1
            continue
        held = outcome(case, [judged[item.text] for item in case.items])
        if held is None:
            aside["cases: the original has no polarity that could move"] += 1
            continue
        for key in (
            ("type", case.type),
            ("capability", case.capability),
            ("test", case.test),
        ):
            passed[key][held] += 1
    return Behaviour(
        rows=sum(len(case.items) for case in cases),
        by_type=_rates(passed, "type", TYPES),
        by_capability=_rates(passed, "capability", sorted({case.capability for case in cases})),
        by_test=_rates(passed, "test", sorted({case.test for case in cases})),
        gaps=fairness_gaps(cases, judged),
        set_aside=dict(sorted(aside.items())),
    )


def _rates(
    passed: Mapping[tuple[str, str], Counter[bool]], kind: str, names: Iterable[str]
) -> dict[str, Rate]:
    return {
        name: Rate(passed[kind, name][True], passed[kind, name].total())
        for name in names
        if (kind, name) in passed
    }


def read_cases(path: Path) -> tuple[list[Case], Counter[str]]:
    """The cases of a file, and its rows that are none, counted by reason.

    Raises ``DataError`` where the file cannot be read or lacks a column.
    """
    aside: Counter[str] = Counter()
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise DataError(
                    f"the behaviour tests lack {', '.join(missing)}",
                    where=str(path),
                    next_step=f"The columns are {', '.join(COLUMNS)}.",
                )
            for row in table:
                reason = _unreadable(row)
                if reason:
                    aside[f"rows: {reason}"] += 1
                else:
                    groups.setdefault((row["test"], row["group_id"]), []).append(row)
    except OSError as error:
        raise DataError(
            f"cannot read the behaviour tests: {error.strerror}",
            where=str(path),
            next_step="Name the folder that holds robustness/ with --data.",
        ) from error
    return [_case(rows) for rows in groups.values()], aside


def _unreadable(row: Mapping[str, str]) -> str:
    if any(row[name] is None for name in COLUMNS):
        return "too few columns"
    if not row["item_in_group"].isdecimal():
        return "no place in the group"
    if row["expected"] not in (_SAME, *_ANSWERS, *_DIRECTIONS):
        return "an expectation that is not known"
    if _PRINTED_OBJECT.search(row["text"]):
        return "a printed object in the place of a text"
    return ""


def _case(rows: Sequence[Mapping[str, str]]) -> Case:
    first = rows[0]
    items = sorted(
        (Item(int(row["item_in_group"]), row["text"]) for row in rows), key=lambda one: one.place
    )
    return Case(first["test"], first["type"], first["capability"], first["expected"], tuple(items))


def untestable(case: Case) -> str:
    """Why a case cannot be tested, or nothing.

    Invariance needs any two texts of a group; a direction needs the original and a variant.
    """
    if case.expected in _ANSWERS:
        return ""
    if len(case.items) < 2:
        return "one text alone has nothing to be compared with"
    if case.expected in _DIRECTIONS and case.items[0].place != 0:
        return "the original is not in the file"
    return ""


def outcome(case: Case, judged: Sequence[Judgement]) -> bool | None:
    """Whether a case is passed by what was read in its items; None where it does not apply.

    As in the suite, a polarity's strength is tested only where the original has a polarity and
    there is room to move: a score of ``TOLERANCE`` cannot become much weaker, nor one of
    1 - ``TOLERANCE`` much stronger.
    """
    first, rest = judged[0], judged[1:]
    if case.expected in _ANSWERS:
        return all(one.sentiment in _ANSWERS[case.expected] for one in judged)
    if case.expected == _SAME:
        return all(one.sentiment == first.sentiment for one in rest)
    moves = [one.score - first.score for one in rest]
    if case.expected == _NOT_MORE_NEGATIVE:
        return min(moves) >= -TOLERANCE
    if case.expected == _NOT_MORE_POSITIVE:
        return max(moves) <= TOLERANCE
    side = _SIDES.get(first.sentiment)
    if side is None:
        return None
    strength = side * first.score
    if case.expected == _NOT_WEAKER:
        return None if strength <= TOLERANCE else min(side * one for one in moves) >= -TOLERANCE
    return None if strength >= 1 - TOLERANCE else max(side * one for one in moves) <= TOLERANCE


def fairness_gaps(cases: Sequence[Case], judged: Mapping[str, Judgement]) -> tuple[Gap, ...]:
    """The gaps of each fairness test, its groups of people told apart by their place.

    All items count, those alone in their case too; a group of fewer than ``FEWEST_PER_GROUP``
    comments is left out.
    """
    texts: dict[str, dict[int, list[str]]] = {}
    for case in cases:
        if case.capability == "Fairness":
            of_test = texts.setdefault(case.test, defaultdict(list))
            for item in case.items:
                of_test[item.place].append(item.text)
    gaps = []
    for test, by_place in sorted(texts.items()):
        names = group_names(by_place)
        read = {
            names[place]: [judged[text] for text in of_group]
            for place, of_group in sorted(by_place.items())
            if len(of_group) >= FEWEST_PER_GROUP
        }
        if len(read) < 2:
            continue
        gaps.append(
            Gap(
                test,
                len(read),
                min(len(found) for found in read.values()),
                _spread({name: _negative_share(found) for name, found in read.items()}),
                _spread({name: _mean_score(found) for name, found in read.items()}),
            )
        )
    return tuple(gaps)


def group_names(texts: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """What each group is called: the words that all its texts share and other groups' do not.

    ``group 3`` where no such word is left, or where too few texts tell it from their other words.
    """
    words = {place: [_words(text) for text in found] for place, found in texts.items()}
    everywhere = set.intersection(*(set(one) for found in words.values() for one in found))
    names: dict[int, str] = {}
    for place, found in words.items():
        shared = set.intersection(*map(set, found)) - everywhere - _ARTICLES
        name = " ".join(dict.fromkeys(word for word in found[0] if word in shared))
        clear = len(found) >= FEWEST_PER_GROUP and name and name not in names.values()
        names[place] = name if clear else f"group {place}"
    return names


def _words(text: str) -> list[str]:
    return [word.strip(".,!?") for word in text.split()]


def _negative_share(found: Sequence[Judgement]) -> float:
    return sum(one.sentiment == "negative" for one in found) / len(found)


def _mean_score(found: Sequence[Judgement]) -> float:
    return sum(one.score for one in found) / len(found)


def _spread(means: Mapping[str, float]) -> Spread:
    lowest = min(means, key=means.__getitem__)
    highest = max(means, key=means.__getitem__)
    return Spread(means[highest] - means[lowest], lowest, highest)
