"""A demand is established where it beats its own past, and chance seldom looks like that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from weekly_counts import asking, listening, restless

from reports.established import (
    TOO_FEW,
    TOO_SHORT,
    UNDATED,
    Evidence,
    Findings,
    adjusted,
    beats_its_past,
)
from reports.growth import compare, excess_chance, growth
from reports.overdispersion import overdispersion


def steady(weeks: int, comments: int = 100, sources: int = 1) -> NDArray[np.int64]:
    return np.full((sources, weeks), comments)


def weekly(*people: tuple[int, int]) -> NDArray[np.int64]:
    """One signal in one source; (weeks, people a week) after one another."""
    return np.concatenate([np.full(weeks, count) for weeks, count in people])[None, None, :]


def judged(
    people: NDArray[np.int64], comments: NDArray[np.int64], gaps: NDArray[np.bool_] | None = None
) -> Evidence:
    """The evidence of the first signal."""
    return beats_its_past(asking(people), listening(comments, gaps)).evidence["s0"]


# The test


def test_without_overdispersion_it_is_the_exact_poisson_test() -> None:
    """Forty even signals vary no more than chance, so p is the binomial's upper tail."""
    people = np.repeat(weekly((52, 1), (13, 3)), 40, axis=0)
    findings = beats_its_past(asking(people), listening(steady(65)))
    assert findings.dispersion == 0
    first = findings.evidence["s0"]
    assert first.p == pytest.approx(stats.binom.sf(38, 39 + 52, 0.2))
    assert first.established
    assert first.growth is not None
    assert first.growth.ratio == pytest.approx(3.0)
    assert first.growth.expected == pytest.approx(13.0)
    assert "exact Poisson" in findings.words
    assert "40 of 40 demands" in findings.words
    assert "5 %" in findings.words


def test_louder_source_establishes_nothing() -> None:
    """Four times the asks among four times the comments is no change."""
    comments = np.concatenate([np.full(52, 50), np.full(13, 200)])[None, :]
    louder = judged(weekly((52, 1), (13, 4)), comments)
    assert not louder.established
    assert louder.growth is not None
    assert louder.growth.ratio == pytest.approx(1.0)
    assert judged(weekly((52, 1), (13, 4)), steady(65)).established


def test_new_source_and_dead_source_are_untested() -> None:
    """Half a year of a new source is too short a past; a dead one has no present."""
    people = weekly((80, 2))
    new, dead = np.zeros((1, 80), dtype=bool), np.zeros((1, 80), dtype=bool)
    new[0, :50] = True
    dead[0, 74:] = True
    assert judged(people, steady(80), new).untested == TOO_SHORT
    # A second source goes on, so that the report's end is not the dead one's.
    both = np.concatenate([people, np.zeros_like(people)], axis=1)
    gone = np.concatenate([dead, np.zeros_like(dead)])
    gone[0, 66:] = True
    assert judged(both, steady(80, sources=2), gone).untested == TOO_SHORT


def test_gap_is_no_quiet_past() -> None:
    """Half of the past unheard: the rate of the other half is what counts."""
    gaps = np.zeros((1, 78), dtype=bool)
    gaps[0, 13:39] = True
    people = np.where(gaps, 0, weekly((78, 2)))
    evidence = judged(people, steady(78), gaps)
    assert evidence.growth is not None
    assert evidence.growth.ratio == pytest.approx(1.0)
    assert not evidence.established


def test_season_that_comes_every_year_is_no_news() -> None:
    """Four times as many each fourth quarter: expected after two years of it, news after one."""
    year = [(39, 1), (13, 4)]
    long = judged(weekly(*year * 3), steady(156))
    assert long.seasonal
    assert not long.established
    assert long.growth is not None
    assert long.growth.ratio == pytest.approx(1.0)
    short = judged(weekly(*year), steady(52))
    assert not short.seasonal
    assert short.growth is not None
    assert short.growth.ratio == pytest.approx(4.0)
    beaten = judged(weekly(*year * 2, (39, 1), (13, 12)), steady(156))
    assert beaten.seasonal
    assert beaten.established


def test_what_cannot_be_tested_says_why() -> None:
    """Two people, or mentions without dates; an empty report has no findings and no error."""
    people = np.concatenate([weekly((64, 0), (1, 2)), weekly((65, 1))])
    findings = beats_its_past(asking(people), listening(steady(65)), np.array([1.0, 0.5]))
    assert [one.untested for one in findings.evidence.values()] == [TOO_FEW, UNDATED]
    assert findings.tested == 0
    assert "No demand was tested" in findings.words
    nothing = beats_its_past(asking(np.zeros((0, 0, 0), int)), listening(np.zeros((0, 0), int)))
    assert nothing.evidence == {}
    unheard = beats_its_past(asking(weekly((5, 1))), listening(steady(5), np.ones((1, 5), bool)))
    assert unheard.evidence["s0"].untested == TOO_SHORT


# How often it errs


def p_values(findings: Findings) -> NDArray[np.float64]:
    return np.array([one.p for one in findings.evidence.values() if one.p is not None])


@pytest.mark.parametrize("weeks", [200, 70])
def test_no_change_seldom_looks_like_one(weeks: int) -> None:
    """1,000 restless demands: p < 0.05 for 5 % at most, 8 % allowed; hardly one established."""
    askers, exposure = restless(seed=weeks, signals=1000, weeks=weeks)
    findings = beats_its_past(askers, exposure)
    p = p_values(findings)
    assert p.size > 600
    assert (p < 0.05).mean() <= 0.08
    assert (p < 0.01).mean() <= 0.02
    assert findings.established <= 2
    assert findings.dispersion > 0


def test_false_discoveries_stay_rare_and_doublings_are_found() -> None:
    """Of 1,000 demands 100 grow: of those called established 10 % at most do not (rate 5 %).

    Fourfold growth of demands that 20 people or more a quarter ask for is mostly seen.
    """
    lift = np.where(np.arange(1000) < 100, 4.0, 1.0)
    askers, exposure = restless(seed=11, signals=1000, lift=lift)
    evidence = list(beats_its_past(askers, exposure).evidence.values())
    called = np.array([one.established for one in evidence])
    assert called[:100].sum() >= 15
    assert called[100:].sum() <= 0.1 * called.sum()
    loud = [
        one.established
        for one in evidence[:100]
        if one.growth is not None and one.growth.expected >= 20
    ]
    assert np.mean(loud) >= 0.6


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_benjamini_and_hochbergs(p: list[float]) -> None:
    """As scipy has it."""
    assert adjusted(np.array(p)) == pytest.approx(stats.false_discovery_control(p))


# Over-dispersion


@pytest.mark.parametrize(("phi", "low", "high"), [(0.0, 0.0, 0.01), (0.2, 0.14, 0.26)])
def test_overdispersion_is_found_again(phi: float, low: float, high: float) -> None:
    """Of negative binomial quarters with unequal exposure, with and without seasons."""
    random = np.random.default_rng(3)
    comments = np.exp(random.normal(6, 0.5, (2, 12)))
    rate = random.uniform(2, 30, (500, 1, 1)) * comments / comments.mean()
    noise = random.gamma(1 / phi, phi, (500, 1, 12)) if phi else 1.0
    people = random.poisson(rate * noise)
    for seasonal in (np.zeros(2, bool), np.ones(2, bool)):
        found = overdispersion(people, comments, seasonal)
        assert low <= found.pooled <= high
        assert (found.own >= found.pooled).all()


def test_few_signals_are_not_trusted_to_be_poisson() -> None:
    """One even signal is no proof that there is no over-dispersion."""
    found = overdispersion(np.full((1, 1, 4), 9), np.full((1, 4), 50.0), np.zeros(1, bool))
    assert 0.03 < found.pooled < 0.05


# Growth


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.05, 0.95), st.sampled_from([0.0, 0.3]))
def test_interval_holds_the_ratio(recent: int, earlier: int, share: float, spread: float) -> None:
    """Without over-dispersion it is Clopper and Pearson's; with it, it is wider."""
    shares = np.array([share])
    counts = np.array([[recent]]), np.array([[earlier]])
    (found,) = growth(compare(*counts, shares, spread))
    (exact,) = growth(compare(*counts, shares))
    odds = share / (1 - share)
    if recent + earlier:
        ends = stats.binomtest(recent, recent + earlier, share).proportion_ci()
        assert exact.low == pytest.approx(ends.low / (1 - ends.low) / odds, abs=1e-9)
        if earlier:
            assert exact.high == pytest.approx(ends.high / (1 - ends.high) / odds)
    if earlier:
        assert found.ratio is not None
        assert found.high is not None
        assert found.low <= found.ratio <= found.high
        assert found.high >= exact.high - 1e-9  # type: ignore[operator]
    else:
        assert (found.ratio, found.high) == (None, None)
    assert found.low <= exact.low + 1e-9


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.1, 0.9), st.floats(0.01, 2))
def test_chance_is_the_beta_binomials_upper_tail(
    recent: int, earlier: int, share: float, spread: float
) -> None:
    """As scipy has it, for the concentration that the spread of the two rates means."""
    comparison = compare(np.array([[recent]]), np.array([[earlier]]), np.array([share]), spread)
    size = 1 / (share * (1 - share) * spread)
    exact = stats.betabinom.sf(recent - 1, recent + earlier, size * share, size * (1 - share))
    assert excess_chance(comparison)[0] == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_an_interval_without_an_upper_end_says_so() -> None:
    """Where one person asked earlier and rates vary wildly, any growth is possible: the end is told
    as missing, and no number that JSON cannot hold."""
    (found,) = growth(compare(np.array([[30]]), np.array([[1]]), np.array([0.3]), 20.0))
    assert found.ratio == pytest.approx(70)
    assert 0 < found.low < 1
    assert found.high is None


def test_source_heard_at_one_time_only_is_left_out() -> None:
    """Its people neither rise nor fall."""
    (found,) = growth(compare(np.array([[5, 30]]), np.array([[5, 0]]), np.array([0.5, 1.0])))
    assert (found.recent, found.earlier, found.ratio) == (5, 5, pytest.approx(1.0))
