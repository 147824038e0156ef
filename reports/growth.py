"""How many times the earlier rate the recent one is, with an interval, and how likely by chance.

Given that N people asked in both times together, those of the recent time are binomial with the
share of comments that was heard in it where the rate did not change (the conditional test for two
Poisson rates, Przyborowski and Wilenski 1940). Where rates vary beyond Poisson they are
beta-binomial with the same share (exact for negative binomials of one dispersion and equal
exposure, as in the exact test of Robinson and Smyth 2008; unequal exposure by matching the
variance). Over several sources the share is the mean of theirs, weighted by people; the binomial
of a mean share varies no less than the sum of binomials, so that the test errs on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Growth:
    """The recent rate over the earlier one, each per comment heard, with a 95 % interval.

    ``ratio`` is None where nobody asked earlier, ``high`` where there is no upper end: there, and
    where so few asked earlier and rates vary so much that the interval has none. ``low`` is 0 where
    nobody asked lately. ``expected`` is how many the earlier rate would have brought lately.
    """

    recent: int
    earlier: int
    expected: float
    ratio: float | None
    low: float
    high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Per signal (S,): people ``recent`` of ``total``, the share of them that no change explains.

    ``correlation`` is the beta-binomial's: 0 where counts are Poisson.
    """

    recent: Counts
    total: Counts
    share: Floats
    correlation: Floats


def compare(
    recent: Counts, earlier: Counts, share: Floats, spread: Floats | float = 0.0
) -> Comparison:
    """Put two times side by side, per signal and source (S, K).

    ``share`` (K,) or (S, K) is the part of the comments of both times that was heard lately; a
    source heard in only one of them (0, 1) says nothing and is left out. ``spread`` (S,) is the
    squared coefficient of variation of the ratio of both rates beyond Poisson.
    """
    useful = (share > 0) & (share < 1)
    recent, earlier = np.where(useful, recent, 0), np.where(useful, earlier, 0)
    both = recent + earlier
    total = both.sum(axis=1)
    mean = np.divide(
        (both * share).sum(axis=1), total, out=np.full(len(total), 0.5), where=total > 0
    )
    extra = mean * (1 - mean) * spread
    return Comparison(recent.sum(axis=1), total, mean, extra / (1 + extra))


def with_weekly_noise(comparison: Comparison, noise: Floats | float) -> Comparison:
    """The comparison of weeks that have ``noise`` (S,) times the variance of Poisson: as if every
    1 / noise of a person had been seen."""
    correlation = (noise - 1) / np.maximum(comparison.total - 1, noise)
    return replace(comparison, correlation=correlation)


def excess_chance(comparison: Comparison) -> Floats:
    """One-sided p (S,): as many recent people or more although the rate did not change."""
    c = comparison
    p = np.asarray(stats.binom.sf(c.recent - 1, c.total, c.share), dtype=np.float64)
    for row in np.flatnonzero((c.correlation > 0) & (c.recent > 0)):
        p[row] = _beta_binomial_tail(
            int(c.recent[row]), int(c.total[row]), float(c.share[row]), float(c.correlation[row])
        )
    return np.minimum(p, 1.0)


def _beta_binomial_tail(least: int, total: int, share: float, correlation: float) -> float:
    concentration = 1 / correlation - 1
    a, b = concentration * share, concentration * (1 - share)
    k = np.arange(least, total + 1)
    ways = special.gammaln(total + 1) - special.gammaln(k + 1) - special.gammaln(total - k + 1)
    return float(np.exp(ways + special.betaln(k + a, total - k + b) - special.betaln(a, b)).sum())


def growth(comparison: Comparison) -> list[Growth]:
    """The ratio of the rates and its interval, per signal.

    Clopper and Pearson's interval for the recent share, as odds over the odds of no change; under
    over-dispersion with the effective number of people N / (1 + (N - 1) rho) (Korn and Graubard
    1998).
    """
    c = comparison
    inflation = 1 + np.maximum(c.total - 1, 0) * c.correlation
    recent, earlier = c.recent / inflation, (c.total - c.recent) / inflation
    tail = (1 - CONFIDENCE) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(recent > 0, special.betaincinv(recent, earlier + 1, tail), 0.0)
        high = np.where(earlier > 0, special.betaincinv(recent + 1, earlier, 1 - tail), 1.0)
        odds = c.share / (1 - c.share)
        lows, highs = low / (1 - low) / odds, high / (1 - high) / odds
    found = []
    for n in range(len(c.total)):
        before, after = int(c.total[n] - c.recent[n]), int(c.recent[n])
        found.append(
            Growth(
                recent=after,
                earlier=before,
                expected=float(before * odds[n]),
                ratio=after / (before * float(odds[n])) if before else None,
                low=float(lows[n]),
                high=float(highs[n]) if before and np.isfinite(highs[n]) else None,
            )
        )
    return found
