"""How much more the people who ask vary from quarter to quarter than chance alone explains.

People in a stretch of 13 weeks are taken as negative binomial: Poisson around a rate that itself
varies, with the squared coefficient of variation phi (variance = mean + phi mean^2). Stretches are
used, not weeks, because what moves a demand (news, weather, a thread that goes round) lasts longer
than a week, and weeks that move together would make phi look small.

Given the sum N of a signal's stretches, their counts are multinomial under Poisson, and under the
negative binomial their variance is 1 + (N - 1) rho times that, rho = phi / (phi + J), J the number
of stretches (Mosimann 1962, the Dirichlet-multinomial; for unequal exposure J is the inverse sum
of squared shares, and X^2 grows by that much J - 1 times). phi is the value that brings Pearson's
X^2, so standardised, to its expectation (the moment estimator of Breslow 1984). With a seasonal
baseline only stretches of the same quarter of the year are compared with one another, so that a
season is no over-dispersion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.exposure import STRETCHES_A_YEAR

Floats = NDArray[np.float64]

CERTAIN = 30.0
"""Degrees of freedom from which on the estimate over all signals stands alone."""
ASSUMED = 0.05
"""phi to begin with where a report holds too few signals: quarters vary by 22 %."""
SHRINKAGE = 10.0
"""Degrees of freedom that the estimate over all signals weighs beside a signal's own."""
_LARGEST = 20.0
_HALVINGS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Overdispersion:
    """phi over all signals, and of each (S,). ``freedom`` is what the estimate rests on."""

    pooled: float
    own: Floats
    freedom: float


def overdispersion(
    people: NDArray[np.int64], comments: Floats, seasonal: NDArray[np.bool_]
) -> Overdispersion:
    """Estimate phi from past stretches, the newest first.

    ``people`` (S, K, J), ``comments`` heard (K, J), ``seasonal`` (K,) where a source is compared
    within the quarter of the year. A signal's phi is never below that of all signals together and
    above it where its own past says so, shrunk (the cautious "maximum" rule of Anders and Huber
    2010). All are 0, and every test exact Poisson, where the past varies no more than chance.
    """
    # Position 0 is the stretch right before the newest one, which lies a quarter later.
    quarter = (1 + np.arange(comments.shape[1])) % STRETCHES_A_YEAR
    found: list[tuple[Floats, Floats, Floats, Floats]] = []
    for season in [*range(STRETCHES_A_YEAR), None]:
        rows = ~seasonal if season is None else seasonal
        columns = np.ones(quarter.size, bool) if season is None else quarter == season
        found.append(_stratum(people[:, rows][:, :, columns], comments[rows][:, columns]))
    strata = tuple(np.stack(part, axis=1) for part in zip(*found, strict=True))
    by_signal = strata[1].sum(axis=1)
    everything = float(by_signal.sum())
    together = float(_solve(*(part.reshape(1, -1) for part in strata))[0])
    weight = min(1.0, everything / CERTAIN)
    pooled = weight * together + (1 - weight) * ASSUMED
    own = _solve(*strata)
    shrunk = (SHRINKAGE * pooled + by_signal * own) / (SHRINKAGE + by_signal)
    return Overdispersion(pooled, np.maximum(pooled, shrunk), everything)


def _stratum(people: NDArray[np.int64], comments: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """X^2, its expectation under Poisson, N and the effective number of stretches, per signal."""
    by_source = people.sum(axis=2).astype(np.float64)
    heard = comments.sum(axis=1, keepdims=True)
    shares = np.divide(comments, heard, out=np.zeros_like(comments), where=heard > 0)
    expected = by_source @ shares
    variance = by_source @ (shares * (1 - shares))
    deviation = (people.sum(axis=1) - expected) ** 2
    some = expected > 0
    square = np.divide(deviation, expected, out=np.zeros_like(expected), where=some).sum(axis=1)
    freedom = np.divide(variance, expected, out=np.zeros_like(expected), where=some).sum(axis=1)
    total = by_source.sum(axis=1)
    return square, freedom, total, effective(expected)


def effective(expected: Floats) -> Floats:
    """The number of equal stretches that vary together like these (S, J); 1 where all is 0."""
    squares = (expected**2).sum(axis=1)
    sums = expected.sum(axis=1) ** 2
    return np.asarray(np.divide(sums, squares, out=np.ones_like(sums), where=squares > 0))


def _solve(square: Floats, freedom: Floats, total: Floats, stretches: Floats) -> Floats:
    """phi per row of strata (rows, strata) by bisection; 0 where there is no over-dispersion."""
    target = freedom.sum(axis=1)

    growing = np.maximum(total - 1, 0) * np.maximum(stretches - 1, 0)
    per_freedom = np.divide(growing, freedom, out=np.zeros_like(growing), where=freedom > 0)

    def excess(phi: Floats) -> Floats:
        inflated = 1 + per_freedom * phi[:, None] / (phi[:, None] + stretches)
        return np.asarray((square / inflated).sum(axis=1) - target)

    low, high = np.zeros(len(target)), np.full(len(target), _LARGEST)
    none = excess(low) <= 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        over = excess(middle) > 0
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(none, 0.0, (low + high) / 2)
