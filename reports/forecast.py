"""How many people will ask in the next 13 weeks, with an interval, if as much is heard as lately.

A Poisson regression of the weekly people, the comments heard as exposure: a level with a step at
every change point, a log-linear trend and, from two years on, two yearly harmonics. Its
coefficients are held back (ridge: a normal prior for each), so that few people make a flat
forecast and not a wild one. The interval is simulated: coefficients from their approximate normal
posterior, a common factor for the quarter with the over-dispersion that quarters showed beside the
fit (gamma, so that totals are negative binomial), and Poisson weeks. The regression is
scikit-learn's ``PoissonRegressor``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import PoissonRegressor

from reports.exposure import STRETCH, Exposure

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LEAST_PEOPLE = 20
LEAST_WEEKS = 52
SEASONAL_WEEKS = 104
HARMONICS = 2
WEEKS_A_YEAR = 365.2425 / 7
TREND_SPREAD = 0.5
"""Prior standard deviation of the logarithm of a year's growth: mostly within a factor of 2.7."""
SEASON_SPREAD = 0.5
STEP_SPREAD = 1.0
DRAWS = 1000
CONFIDENCE = 0.95
_SEED = 13

TOO_SHORT = f"less than {LEAST_WEEKS} weeks were listened to"
TOO_FEW = f"less than {LEAST_PEOPLE} people in the weeks listened to"
NOT_LISTENING = "none of its sources is listened to any more"


@dataclass(frozen=True, slots=True)
class Forecast:
    """People expected in the 13 weeks after the last one listened to, with a 95 % interval.

    Assumes per week the comments heard of ``comments`` (source: mean of the last 13 weeks).
    ``weeks`` holds (Monday, people, low, high) with an interval for each week by itself.
    ``seasonal`` is false where less than two years were heard: then no season is in it.
    """

    people: int
    low: int
    high: int
    weeks: tuple[tuple[date, float, int, int], ...]
    seasonal: bool
    comments: dict[str, float]


def forecast(
    people: Counts,
    expected: Floats,
    ahead: float,
    changes: Sequence[int],
    noise: float,
    dispersion: float,
    exposure: Exposure,
) -> Forecast | str:
    """The forecast of one signal, or why there is none.

    ``people`` and ``expected`` (under a constant rate) are weekly (W,), ``ahead`` is what is
    expected in a week to come, ``changes`` the weeks that begin a new level, ``noise`` the weeks'
    variance in Poisson variances, ``dispersion`` the least over-dispersion of a quarter.
    """
    known = np.flatnonzero(expected > 0)
    if ahead <= 0:
        return NOT_LISTENING
    if known.size < LEAST_WEEKS:
        return TOO_SHORT
    if people[known].sum() < LEAST_PEOPLE:
        return TOO_FEW
    seasonal = bool(known.size >= SEASONAL_WEEKS)
    end = exposure.end
    past = _columns(known, end, changes, seasonal)
    future = _columns(np.arange(end, end + STRETCH), end, changes, seasonal)
    weights = expected[known]
    model = PoissonRegressor(
        alpha=noise / weights.sum(), solver="newton-cholesky", max_iter=200, tol=1e-5
    )
    model.fit(past, people[known] / weights, sample_weight=weights)
    fitted = model.predict(past) * weights
    designed = np.hstack([np.ones((known.size, 1)), past])
    held_back = np.diag([0.0, *np.ones(past.shape[1])])
    information = designed.T @ (designed * fitted[:, None]) / noise + held_back
    spread = max(dispersion, _between_quarters(people[known], fitted, known, end))
    random = np.random.default_rng(_SEED)
    coefficients = random.multivariate_normal(
        np.array([model.intercept_, *model.coef_]), np.linalg.inv(information), DRAWS
    )
    # A quarter of the factor's variation is not the fit's to explain: gamma of mean 1.
    factor = random.gamma(1 / spread, spread, (DRAWS, 1)) if spread else np.ones((DRAWS, 1))
    logs = coefficients @ np.hstack([np.ones((STRETCH, 1)), future]).T
    drawn = random.poisson(ahead * np.exp(np.clip(logs, -30.0, 20.0)) * factor)
    tails = [(1 - CONFIDENCE) / 2, 0.5, (1 + CONFIDENCE) / 2]
    low, middle, high = np.quantile(drawn.sum(axis=1), tails, method="nearest").astype(int)
    lows, highs = np.quantile(drawn, tails[::2], axis=0, method="nearest").astype(int)
    means = ahead * np.exp(model.intercept_ + future @ model.coef_)
    weeks = tuple(
        (exposure.monday(end + n), float(means[n]), int(lows[n]), int(highs[n]))
        for n in range(STRETCH)
    )
    return Forecast(int(middle), int(low), int(high), weeks, seasonal, lately(exposure))


def lately(exposure: Exposure) -> dict[str, float]:
    """Comments heard per week, mean of the last 13 weeks, of the sources still listened to."""
    recent = slice(max(0, exposure.end - STRETCH), exposure.end)
    weeks = exposure.listened[:, recent].sum(axis=1)
    sums = exposure.comments[:, recent].sum(axis=1)
    usable = exposure.usable[:, :1].sum(axis=1)
    return {
        source: float(sums[n] / weeks[n])
        for n, source in enumerate(exposure.sources)
        if usable[n] and sums[n]
    }


def _columns(weeks: Counts, end: int, changes: Sequence[int], seasonal: bool) -> Floats:
    """The regressors of these weeks, each in units of its prior standard deviation."""
    columns = [TREND_SPREAD * (weeks - end) / WEEKS_A_YEAR]
    columns += [STEP_SPREAD * (weeks >= change) for change in changes]
    if seasonal:
        angle = 2 * np.pi * weeks / WEEKS_A_YEAR
        for n in range(1, HARMONICS + 1):
            columns += [SEASON_SPREAD * np.sin(n * angle), SEASON_SPREAD * np.cos(n * angle)]
    return np.stack(columns, axis=1).astype(np.float64)


def _between_quarters(people: Counts, fitted: Floats, weeks: Counts, end: int) -> float:
    """Over-dispersion of quarters beside the fit, by moments: E (y - f)^2 = f + phi f^2."""
    quarter = (end - 1 - weeks) // STRETCH
    seen, due = np.bincount(quarter, people), np.bincount(quarter, fitted)
    excess = float(((seen - due) ** 2 - due).sum())
    return max(0.0, excess / float((due**2).sum()))
