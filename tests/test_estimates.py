"""Estimates of people hold the truth as often as they say; what was not measured has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.estimates import left_out, made_up, trial
from benchmarks.quantified_world import World
from classify.accuracy import reading_counts
from earful.records import Estimate
from earful.validation import ReadingCounts, Validation
from reports import wording
from reports.estimates import Estimator
from reports.shifts import shifted, updated

WORLD = World(0.2, 0.2)
CLEAN = World(0.0, 0.0)


def counts(**more: object) -> ReadingCounts:
    """What was measured of English in a made-up world."""
    return ReadingCounts(WORLD.validation(np.random.default_rng(5)), **more)  # type: ignore[arg-type]


def asks(people: int, **more: object) -> pd.DataFrame:
    """One ask each of so many people, of middling score."""
    names = [f"{more.get('source', 'forum')}/{n}" for n in range(people)]
    known = {"source": "forum", "lang": "en", "score": 0.7, "solicited": False, "checked": False}
    return pd.DataFrame({"person": names, "uid": names}).assign(**{**known, **more})


def estimate(rows: pd.DataFrame, known: ReadingCounts) -> Estimate:
    """Of one signal that all rows are of."""
    return Estimator.of(rows, known).estimates(rows, [0] * len(rows))[0]


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """In made-up worlds nineteen of twenty intervals do, give or take what few worlds allow, and
    the estimates are nearer to the truth than the counts."""
    tried = trial(list(made_up(24, draws=400)))
    assert 0.88 <= tried.coverage <= 0.99
    assert tried.error < tried.error_of_counts


@pytest.mark.slow
def test_intervals_hold_the_truth_over_200_runs() -> None:
    """Between 90 and 98 % of the intervals hold it, of all signals and of the larger ones."""
    tried = trial(list(made_up(200)))
    assert 0.90 <= tried.coverage <= 0.98
    assert 0.90 <= tried.coverage_large <= 0.98


def test_labelled_streams_are_estimated_from_the_others() -> None:
    """Of six real streams, each left out in turn, at least five lie in their intervals, and taken
    together the estimates are about as near as the counts, whose errors of both kinds cancel."""
    shipped = reading_counts()
    assert shipped is not None
    whole = [outcome for name, outcome in left_out(shipped) if not name.endswith(" item")]
    assert len(whole) == 6
    assert sum(one.low <= true <= one.high for true, _, one in whole) >= 5
    assert sum(abs(one.people - true) for true, _, one in whole) < 1.25 * sum(
        abs(counted - true) for true, counted, _ in whole
    )


def test_order_and_repetition_change_nothing() -> None:
    """The same asks in another order, or two quotes for one thing in a comment, are the same."""
    rows = asks(30)
    assert estimate(rows, counts()) == estimate(rows.iloc[::-1], counts())
    assert estimate(rows, counts()).people == estimate(pd.concat([rows, rows]), counts()).people


def test_a_loud_person_is_one_person() -> None:
    """Twenty comments of one person make that person sure, and no more than one."""
    loud = asks(20, person="loud")
    found = estimate(loud, counts())
    assert (found.people, found.low, found.high) == (1, 1, 1)


def test_low_scores_count_less_than_high_ones() -> None:
    """What was read unsurely stands in the comment less often."""
    assert estimate(asks(50, score=0.4), counts()).people < 0.8 * (
        estimate(asks(50, score=0.95), counts()).people
    )


def test_no_estimate_where_nothing_was_measured() -> None:
    """A language without labels has none, and the reason names it; no number is printed."""
    found = estimate(asks(12, lang="th"), counts())
    assert (found.measured, found.people, found.left_out) == (False, 12, 12)
    words = wording.estimate_words(found)
    assert "'th'" in words
    assert "12" not in words


def test_people_of_unmeasured_languages_are_left_out_and_told() -> None:
    """The estimate is of those who can be estimated; the others are counted beside it."""
    mixed = pd.concat([asks(40), asks(7, lang="th", source="shop")])
    found, english = estimate(mixed, counts()), estimate(asks(40), counts())
    assert found.measured
    assert found.left_out == 7
    assert found.people == pytest.approx(english.people, abs=4)
    assert "Not in it: 7 people counted" in wording.estimate_words(found)


def test_a_survey_has_no_estimate_without_labels_of_its_own() -> None:
    """No labelled stream is of answers; twenty labels of the survey's own are enough."""
    answers = asks(60, source="survey", solicited=True)
    assert not estimate(answers, counts()).measured
    found = estimate(answers, counts(own=own("survey", asks=25, right=25)))
    assert found.measured
    assert found.people > 55


def own(source: str, asks: int = 0, right: int = 0, comments: int = 0, asking: int = 0):
    """Counts of a project's own labels, of asks of middling score and of quiet comments."""
    read = [(source, "en", -1, 2, asks, right)] if asks else []
    quiet = [(source, "en", 1, comments, asking)] if comments else []
    return Validation(
        pd.DataFrame(read, columns=["source", "lang", "item", "band", "asks", "right"]),
        pd.DataFrame(columns=["source", "lang", "item", "asks", "found"]),
        pd.DataFrame(quiet, columns=["source", "lang", "band", "comments", "asking"]),
    )


def width(found: Estimate) -> int:
    return found.high - found.low


def test_labels_of_ones_own_correct_and_narrow() -> None:
    """Where half of the labelled asks are wrong, the estimate goes down and its range with it."""
    plain, labelled = (
        estimate(asks(400), counts(own=one)) for one in (None, own("forum", asks=80, right=40))
    )
    assert labelled.people < 0.9 * plain.people
    assert width(labelled) < width(plain)


def test_quiet_comments_that_were_labelled_tell_what_is_missed() -> None:
    """Where none of them asks, fewer are missed; where many do, more."""
    quiet = pd.DataFrame([("forum", "en", 1, 1000)], columns=["source", "lang", "band", "comments"])
    shipped = CLEAN.validation(np.random.default_rng(5))
    spoken = pd.DataFrame(
        [("s0", "en", 1, 300, 30)], columns=["source", "lang", "band", "comments", "asking"]
    )
    shipped = Validation(shipped.read, shipped.asked, spoken)
    none, plain, many = (
        estimate(asks(300), ReadingCounts(shipped, own("forum", comments=60, asking=n), quiet))
        if n is not None
        else estimate(asks(300), ReadingCounts(shipped))
        for n in (0, None, 25)
    )
    assert none.people < plain.people < many.people


def test_who_was_read_by_a_person_is_certain() -> None:
    """A checked ask needs no estimate, and is neither scaled up nor down."""
    found = estimate(asks(9, checked=True), counts())
    assert (found.people, found.low, found.high, found.left_out) == (9, 9, 9, 0)
    assert estimate(pd.concat([asks(9, checked=True), asks(3, source="x")]), counts()).low >= 9


def test_prevalence_is_told_by_source_and_language() -> None:
    """Every source and language has the people counted, an estimate or a reason, and its labels."""
    rows = pd.concat([asks(30), asks(5, lang="th"), asks(20, source="app", uid="one comment")])
    known = counts(own=own("forum", asks=10, right=8))
    app, english, thai = Estimator.of(rows, known).prevalence(rows)
    assert (app.source, app.counted, app.labels) == ("app", 20, 0)
    assert (english.lang, english.counted, english.labels) == ("en", 30, 10)
    assert english.estimate.low < english.estimate.people < english.estimate.high
    assert not thai.estimate.measured


def test_figures_are_shown_as_an_executive_reads_them() -> None:
    """With its range, thousands parted, no digit that is not known; small numbers as they are."""
    assert wording.interval(Estimate(31187, 29814, 32655)) == "31,200 people (29,800 to 32,700)"
    assert wording.interval(Estimate(1, 0, 999)) == "1 person (0 to 999)"


def test_labels_update_a_rate_as_binomial_counts_do() -> None:
    """Draws of a beta distribution become those of it with the counts added, in their order."""
    random = np.random.default_rng(1)
    before = random.beta(20, 20, 4000)
    after = updated(before, 60.0, 54.0)
    expected = np.quantile(random.beta(74, 26, 4000), [0.05, 0.5, 0.95])
    assert np.quantile(after, [0.05, 0.5, 0.95]) == pytest.approx(expected, abs=0.01)
    assert np.array_equal(before.argsort(), after.argsort())
    assert shifted(np.array([0.5]), np.array([0.0])) == pytest.approx(0.5)
