"""How far a rate that was measured elsewhere may be off here, and what labels from here change.

A rate measured on some streams holds for another one only up to a shift, taken on the logit scale
as normal with a standard deviation that the streams' own differences tell: a random effect, whose
predictive spread for a new stream is what an interval needs (Higgins, Thompson and Spiegelhalter
2009). The deviation itself is drawn from its posterior, not fixed, as few streams tell little of it
(half-normal prior, Gelman 2006). Labels from here, drawn at random within a stratum, change the
rate of that stratum as binomial counts change a beta distribution.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, expit, log_expit, logit, ndtri

Floats = npt.NDArray[np.float64]

DRAWS = 1000
"""Draws of what cannot be known; the ends of an interval are percentiles of them."""
DEVIATIONS = np.linspace(0.05, 2.0, 40)
"""Standard deviations of a shift, in logits, among which the data choose; from next to none to one
that turns one rate in two into one in seven."""
PRIOR_DEVIATION = 0.5
"""Scale of the half-normal prior of the deviation."""
LEAST, MOST = 1e-6, 1 - 1e-6
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())


def logits(rates: npt.ArrayLike) -> Floats:
    """Logits of rates, 0 and 1 moved in a little."""
    return np.asarray(logit(np.clip(np.asarray(rates, dtype=float), LEAST, MOST)))


def deviation_weights(expected: Floats, tried: Floats, held: Floats) -> Floats:
    """The posterior weights (len(DEVIATIONS),) of the deviation of shifts between groups.

    All three are (groups, bands): of ``tried`` cases ``held`` hold, where ``expected`` is the rate
    that was measured outside the group. A group's shift is integrated out by Gauss-Hermite
    quadrature; without groups the prior remains.
    """
    weights = -0.5 * (DEVIATIONS / PRIOR_DEVIATION) ** 2
    moved = logits(expected)[..., None] + (DEVIATIONS[:, None] * _NODES).ravel()
    likely = held[..., None] * log_expit(moved) + (tried - held)[..., None] * log_expit(-moved)
    by_node = likely.sum(axis=1).reshape(len(expected), len(DEVIATIONS), len(_NODES))
    weights += np.logaddexp.reduce(by_node + _LOG_WEIGHTS, axis=2).sum(axis=0)
    weights = np.exp(weights - weights.max())
    return np.asarray(weights / weights.sum())


def draw_deviations(random: np.random.Generator, weights: Floats, draws: int) -> Floats:
    """Deviations (draws,) by their posterior ``weights``."""
    return random.choice(DEVIATIONS, size=draws, p=weights)


def shifted(rates: Floats, shifts: Floats) -> Floats:
    """Rates moved by shifts in logits; the two broadcast."""
    return np.asarray(expit(logits(rates) + shifts))


def updated(rates: Floats, tried: float, held: float) -> Floats:
    """Draws of the rate of one stratum (draws,) after ``held`` of ``tried`` labels drawn from it.

    The draws so far are taken as a beta distribution of their mean and variance, which binomial
    counts turn into another. Each draw keeps its rank, so that strata that moved together still do.
    """
    if not tried:
        return rates
    mean = float(np.clip(rates.mean(), 1e-4, 1 - 1e-4))
    # The size of the binomial sample that these draws are worth.
    strength = max(mean * (1 - mean) / max(float(rates.var()), 1e-9) - 1, 0.5)
    ranks = (rates.argsort(kind="stable").argsort() + 0.5) / len(rates)
    moved = betaincinv(mean * strength + held, (1 - mean) * strength + tried - held, ranks)
    return np.asarray(np.clip(moved, LEAST, MOST))


def normal_scores(random: np.random.Generator, count: int, draws: int) -> Floats:
    """Standard normal numbers (count, draws); every row is spread evenly, in an order of its own.

    Stratified draws give steadier percentiles than independent ones (McKay et al. 1979).
    """
    even = np.asarray(ndtri((np.arange(draws) + 0.5) / draws))
    return random.permuted(np.broadcast_to(even, (count, draws)), axis=1)
