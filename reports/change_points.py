"""When a demand changed its level: the best cut of its weeks into stretches of one rate.

Weekly people are Poisson with a rate per expected person that is constant within a stretch; the
cut maximises twice the log-likelihood, divided by the noise of the weeks (quasi-Poisson, McCullagh
and Nelder 1989), minus a penalty per change. The best cut is found exactly by dynamic programming
(optimal partitioning, Jackson et al. 2005). PELT (Killick et al. 2012) finds the same cut and only
skips starts that cannot win; over a few hundred weeks it is quicker to try all of them at once for
all signals. The penalty is three times the logarithm of the number of weeks (the modified BIC of
Zhang and Siegmund 2007): one for the place of the change, two for its size and the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SHORTEST = 4
"""Weeks that a level must last."""
PENALTY = 3.0
LEAST_PEOPLE = 20
"""With fewer people no change is looked for."""
PRIOR_PAIRS = 20.0
"""Pairs of weeks without extra noise that are added to a signal's own."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Change:
    """From the week of ``week`` on the rate per comment heard was ``ratio`` times that before.

    "Before" reaches back to the change before, ``ratio`` to the change after. ``ratio`` is None
    where nobody asked before. ``low`` and ``high`` hold a 95 % interval of the ratio, given the
    week; ``high`` None where it has no end.
    """

    week: date
    ratio: float | None
    low: float
    high: float | None


def weekly_noise(people: Counts, expected: Floats) -> Floats:
    """How many times the Poisson variance the weeks of a signal (S, W) have; 1 at least.

    Two weeks that follow one another share a rate, so given their sum the first is binomial; the
    mean of Pearson's X^2 over all such pairs is not moved by changes of the level. It is shrunk
    towards 1 by ``PRIOR_PAIRS``.
    """
    both = people[:, :-1] + people[:, 1:]
    weight = expected[:, :-1] + expected[:, 1:]
    pair = (both > 0) & (expected[:, :-1] > 0) & (expected[:, 1:] > 0)
    share = np.divide(expected[:, :-1], weight, out=np.full(weight.shape, 0.5), where=pair)
    variance = both * share * (1 - share)
    square = np.divide(
        (people[:, :-1] - both * share) ** 2, variance, out=np.zeros(weight.shape), where=pair
    )
    pairs = pair.sum(axis=1)
    return np.asarray(np.maximum(1.0, (square.sum(axis=1) + PRIOR_PAIRS) / (pairs + PRIOR_PAIRS)))


def change_points(people: Counts, expected: Floats, noise: Floats) -> list[list[int]]:
    """The positions of the weeks that begin a new level, per signal (S, W), oldest first.

    ``expected`` are the people that a constant rate would bring, 0 in weeks that count nothing.
    """
    found: list[list[int]] = []
    for start in range(0, len(people), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        found += _cut(people[part], expected[part], noise[part])
    return found


def _cut(people: Counts, expected: Floats, noise: Floats) -> list[list[int]]:
    signals, weeks = people.shape
    known = expected > 0
    start = np.zeros((signals, 1))
    seen = np.hstack([start, np.cumsum(np.where(known, people, 0), axis=1)])
    due = np.hstack([start, np.cumsum(expected, axis=1)])
    lasted = np.hstack([start, np.cumsum(known, axis=1)])
    penalty = PENALTY * np.log(np.maximum(lasted[:, -1:], 2.0))
    # best[:, t]: of the weeks before t; the first level costs no penalty.
    best = np.full((signals, weeks + 1), -np.inf)
    best[:, :1] = penalty * -1
    origin = np.zeros((signals, weeks + 1), dtype=np.int64)
    for end in range(1, weeks + 1):
        counts = seen[:, end : end + 1] - seen[:, :end]
        rate = np.divide(
            counts,
            due[:, end : end + 1] - due[:, :end],
            out=np.ones_like(counts),
            where=counts > 0,
        )
        gain = 2 * special.xlogy(counts, rate) / noise[:, None]
        long_enough = lasted[:, end : end + 1] - lasted[:, :end] >= SHORTEST
        score = np.where(long_enough, best[:, :end] + gain, -np.inf)
        origin[:, end] = score.argmax(axis=1)
        best[:, end] = score.max(axis=1)
        # The same penalty is owed by every level that begins here.
        best[:, end] -= penalty[:, 0] if end < weeks else 0.0
    return [_trace(row) for row in origin]


def _trace(origin: Counts) -> list[int]:
    cuts: list[int] = []
    at = int(origin[-1])
    while at > 0:
        cuts.append(at)
        at = int(origin[at])
    return cuts[::-1]
