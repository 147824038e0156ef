"""How the sentiment behaves where its answer is known by construction: negation, names, typos.

The tests are of the kind of CheckList (Ribeiro et al. 2020): a minimum functionality test has one
right answer; an invariance test changes what must not matter; a directional test adds what may move
the sentiment one way only.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classify.answers import Floats
from classify.labels import SENTIMENTS
from classify.network import Reads
from classify.network_reader import Calibration
from earful.errors import DataError

FILE = Path("robustness") / "sentiment_behaviour.csv"
FAIRNESS = "Fairness"
TOLERANCE = 0.1
"""Change of the score by which a directional test is not failed yet, as in the paper."""
_NEGATIVE, _POSITIVE = (SENTIMENTS.index(name) for name in ("negative", "positive"))
_MORE_NEGATIVE = "must not become more negative"
_MORE_POSITIVE = "must not become more positive"
_LESS_SURE = "must not be less confident"


@dataclass(frozen=True, slots=True)
class Case:
    """One text of a test; those of one ``group`` are compared with its first."""

    test: str
    kind: str
    capability: str
    group: str
    place: int
    text: str
    expected: str


@dataclass(frozen=True, slots=True)
class PassRate:
    """The share of ``cases`` of a capability (or of a fairness test) that were passed."""

    cases: int
    passed: float


def read_cases(data: Path) -> list[Case]:
    """The tests under ``data``. Raises ``DataError`` where they are missing."""
    path = data / FILE
    if not path.is_file():
        raise DataError(
            "the behaviour tests of sentiment are missing",
            where=str(path),
            next_step="Name the folder of the shared data with --data.",
        )
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Case(
                row["test"],
                row["type"],
                row["capability"],
                row["group_id"],
                int(row["item_in_group"]),
                row["text"],
                row["expected"],
            )
            for row in csv.DictReader(lines)
        ]


def measure_behaviour(
    network: Reads, calibration: Calibration, cases: Sequence[Case]
) -> dict[str, PassRate]:
    """Pass rates by capability, those of fairness by the group of people that is named."""
    texts = list(dict.fromkeys(case.text for case in cases))
    answers = network.read(texts)
    likely = calibration.sentiments(np.stack([one.sentiments for one in answers]))
    read = dict(zip(texts, likely, strict=True))
    groups: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.test, case.group].append(case)
    passed: defaultdict[str, list[bool]] = defaultdict(list)
    for (test, _), group in groups.items():
        first = min(group, key=lambda case: case.place)
        name = first.capability if first.capability != FAIRNESS else test
        if first.kind == "MFT":
            passed[name] += [_is(case.expected, read[case.text]) for case in group]
        elif first.kind == "INV" or first.place == 0:
            # which text is the first does not matter where all must be read alike
            passed[name] += [
                _follows(case, read[first.text], read[case.text])
                for case in group
                if case is not first
            ]
    return {
        name: PassRate(len(own), float(np.mean(own))) for name, own in sorted(passed.items()) if own
    }


def _is(expected: str, likely: Floats) -> bool:
    called = SENTIMENTS[int(likely.argmax())]
    return called != "negative" if expected == "not_negative" else called == expected


def _follows(case: Case, before: Floats, after: Floats) -> bool:
    if case.kind == "INV":
        return bool(before.argmax() == after.argmax())
    was, now = (float(one[_POSITIVE] - one[_NEGATIVE]) for one in (before, after))
    if _MORE_NEGATIVE in case.expected:
        return now >= was - TOLERANCE
    if _MORE_POSITIVE in case.expected:
        return now <= was + TOLERANCE
    surer = abs(now) - abs(was)
    # the others, of softening words and of what "used to" be, must not be read as stronger
    return surer >= -TOLERANCE if _LESS_SURE in case.expected else surer <= TOLERANCE
