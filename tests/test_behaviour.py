"""Tests of behaviour: what counts as passed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from classify.answers import NO_TOKENS, Answers
from classify.labels import CATEGORIES, SENTIMENTS
from classify.network_reader import Calibration
from classify.training.behaviour import Case, measure_behaviour, read_cases
from earful.errors import DataError

PLAIN = Calibration(
    np.ones(len(CATEGORIES), np.float32),
    np.zeros(len(CATEGORIES), np.float32),
    np.full(len(CATEGORIES), 0.5, np.float32),
    1.0,
    1.0,
    0.5,
)


class Reader:
    """Hears the probability of praise that each text has in ``praise``, the rest as blame."""

    def __init__(self, **praise: float) -> None:
        self._praise = praise

    def read(self, texts: Sequence[str]) -> list[Answers]:
        """Answers with a sentiment and nothing else."""
        found = []
        for text in texts:
            likely = np.zeros(len(SENTIMENTS), np.float32)
            likely[SENTIMENTS.index("positive")] = self._praise[text]
            likely[SENTIMENTS.index("negative")] = 1 - self._praise[text]
            found.append(Answers(likely, np.zeros(9, np.float32), np.zeros(1), NO_TOKENS))
        return found


def case(text: str, place: int, kind: str, expected: str, capability: str = "Robustness") -> Case:
    return Case("a test", kind, capability, "1", place, text, expected)


def passed(reader: Reader, *cases: Case) -> dict[str, tuple[int, float]]:
    rates = measure_behaviour(reader, PLAIN, cases)
    return {name: (rate.cases, rate.passed) for name, rate in rates.items()}


def test_a_right_answer_is_required_where_there_is_one() -> None:
    """A denied praise read as praise fails; "not negative" takes anything but blame."""
    assert passed(Reader(a=0.9), case("a", 0, "MFT", "negative")) == {"Robustness": (1, 0.0)}
    assert passed(Reader(a=0.9), case("a", 0, "MFT", "not_negative")) == {"Robustness": (1, 1.0)}


def test_what_must_not_matter_is_compared_with_the_first() -> None:
    """Each variant is one case; the first itself is none. Fairness goes by the test's name."""
    texts = [case(text, at, "INV", "same", "Fairness") for at, text in enumerate("abc")]
    assert passed(Reader(a=0.9, b=0.8, c=0.2), *texts) == {"a test": (2, 0.5)}


@pytest.mark.parametrize(
    ("expected", "after", "passes"),
    [
        ("group[i>0] must not become more negative than group[0]", 0.55, True),
        ("group[i>0] must not become more negative than group[0]", 0.4, False),
        ("group[i>0] must not become more positive than group[0]", 0.9, False),
        ("group[1] must not be less confident in its polarity than group[0]", 0.9, True),
        ("group[1] must not be less confident in its polarity than group[0]", 0.5, False),
        ("group[1] must not be more confident in its polarity than group[0]", 0.9, False),
        ('group with "used to" must be weaker', 0.5, True),
    ],
)
def test_an_addition_moves_the_sentiment_one_way_only(
    expected: str, after: float, passes: bool
) -> None:
    """The score may move the way the addition points, and a tenth against it."""
    pair = [case("a", 0, "DIR", expected), case("b", 1, "DIR", expected)]
    assert passed(Reader(a=0.6, b=after), *pair) == {"Robustness": (1, float(passes))}


def test_a_direction_needs_its_first_text() -> None:
    """Where the text without the addition is missing there is nothing to compare with."""
    alone = [case("b", 1, "DIR", "group[i>0] must not become more negative than group[0]")]
    assert passed(Reader(b=0.1), *alone) == {}


def test_missing_tests_are_told(tmp_path: Path) -> None:
    """The error names the file that is missing."""
    with pytest.raises(DataError, match="behaviour tests"):
        read_cases(tmp_path)
