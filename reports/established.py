"""Which demands beat their own past beyond chance, with the share of false ones held down.

The people who asked in the last 13 weeks stand against those of the past, both per comment heard
and in weeks that were listened to. The past is the same quarter of earlier years where a source
was listened to in two of them or more (so that a season is no news), and else all that was heard
of it before. The test is that of ``reports.growth``: exact and conditional, beta-binomial with the
over-dispersion of ``reports.overdispersion``, and binomial (exact Poisson) where there is none.

One-sided p-values of all signals tested in a report go through the procedure of Benjamini and
Hochberg (1995): among the demands it calls established the expected share of false ones is at most
``rate``, also under the positive dependence of signals that share sources (Benjamini and Yekutieli
2001). Signals are chosen for testing by their people in both times together, which under no
change tells nothing of when they asked (independent filtering, Bourgon et al. 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.askers import Askers
from reports.exposure import STRETCHES_A_YEAR, Exposure
from reports.growth import Growth, compare, excess_chance, growth
from reports.overdispersion import effective, overdispersion

RATE = 0.05
"""The false discovery rate."""
LEAST_PEOPLE = 3
"""Two are a pattern: no count of theirs is more."""
LEAST_PAST = 2
"""Past stretches of 13 weeks that a source must have been listened to; and earlier years."""
DATED_SHARE = 0.9
"""A signal is untested where a smaller share of its mentions has a date known to the week."""

TOO_FEW = f"less than {LEAST_PEOPLE} people in the weeks compared"
TOO_SHORT = "its sources were not listened to long enough before"
UNDATED = "too few of its mentions have a date"

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a signal's last 13 weeks stand against its own past.

    ``p`` and ``q`` (p adjusted for all signals of the report) are None, ``growth`` is None and
    ``untested`` says why where no test was made. ``seasonal``: against the same quarter of earlier
    years, at least in the source that most of its people asked in.
    """

    p: float | None
    q: float | None
    established: bool
    growth: Growth | None
    seasonal: bool
    untested: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """The evidence of every signal, by id, and what the tests of a report have in common.

    ``dispersion`` is the over-dispersion over all signals (0: Poisson) and ``own`` that of each.
    ``sources`` were compared, those in ``seasonal`` with the same quarter of earlier years.
    """

    evidence: dict[str, Evidence]
    rate: float
    dispersion: float
    own: dict[str, float]
    sources: tuple[str, ...]
    seasonal: tuple[str, ...]

    @property
    def tested(self) -> int:
        """How many signals were tested."""
        return sum(one.p is not None for one in self.evidence.values())

    @property
    def established(self) -> int:
        """How many beat their past."""
        return sum(one.established for one in self.evidence.values())

    @property
    def words(self) -> str:
        """The test, what it found and its error rate, in two sentences for a page."""
        if not self.tested:
            return f"No demand was tested against its past: {TOO_SHORT}."
        test = "an exact Poisson test"
        if self.dispersion:
            spread = f"{100 * self.dispersion**0.5:.0f} %"
            test = f"a negative binomial test (quarters vary by {spread} beyond chance)"
        return (
            f"{self.tested:,} of {len(self.evidence):,} demands were tested against their own past"
            f" with {test}, per comment heard; {self.established:,} beat it. The false discovery"
            f" rate is held at {100 * self.rate:g} %: of all that are called established, no"
            " larger share is expected to be chance."
        )


def beats_its_past(
    askers: Askers,
    exposure: Exposure,
    dated: NDArray[np.float64] | None = None,
    rate: float = RATE,
) -> Findings:
    """Test every signal of ``askers``.

    ``dated`` (S,) is the share of each signal's mentions whose date is known to the week.
    """
    people = exposure.stretches(askers.people)
    comments = exposure.stretches(exposure.comments).astype(np.float64)
    compared, seasonal = _baselines(exposure.usable & (comments > 0))
    past = np.zeros_like(comments)
    same_quarter = np.arange(comments.shape[1]) % STRETCHES_A_YEAR == 0
    past[compared] = comments[compared]
    past[seasonal] = np.where(same_quarter, past[seasonal], 0)
    past[:, :1] = 0
    noise = overdispersion(people[:, compared, 1:], comments[compared, 1:], seasonal[compared])
    recent = np.where(compared, people[:, :, :1].sum(axis=2), 0)
    earlier = np.where(past > 0, people, 0)
    heard = past.sum(axis=1) + comments[:, :1].sum(axis=1)
    share = np.where(compared, comments[:, :1].sum(axis=1) / np.maximum(heard, 1), 0.0)
    rates = earlier.sum(axis=2) / np.maximum(past.sum(axis=1), 1)
    spread = noise.own * (1 + 1 / effective(rates @ past))
    comparison = compare(recent, earlier.sum(axis=2), share, spread)
    reasons = np.where(comparison.total < LEAST_PEOPLE, TOO_FEW, "").astype(object)
    anywhere = people[:, compared].sum(axis=(1, 2))
    reasons[anywhere == 0] = TOO_SHORT
    if dated is not None:
        reasons[np.asarray(dated) < DATED_SHARE] = UNDATED
    tested = reasons == ""
    p = excess_chance(comparison)
    q = np.ones(len(p))
    q[tested] = adjusted(p[tested])
    with_season = (people.sum(axis=2) * np.where(seasonal, 1, -1)).sum(axis=1) > 0
    evidence = {
        signal: Evidence(float(p[n]), float(q[n]), bool(q[n] <= rate), grown, bool(with_season[n]))
        if tested[n]
        else Evidence(None, None, False, None, False, str(reasons[n]))
        for n, (signal, grown) in enumerate(zip(askers.signals, growth(comparison), strict=True))
    }
    return Findings(
        evidence,
        rate,
        noise.pooled,
        dict(zip(askers.signals, noise.own.tolist(), strict=True)),
        tuple(name for name, on in zip(exposure.sources, compared, strict=True) if on),
        tuple(name for name, on in zip(exposure.sources, seasonal, strict=True) if on),
    )


def _baselines(usable: Mask) -> tuple[Mask, Mask]:
    """Which sources (K,) are compared at all, and which with the same quarter of earlier years."""
    if not usable.size:
        return np.zeros(len(usable), bool), np.zeros(len(usable), bool)
    compared = usable[:, 0] & (usable[:, 1:].sum(axis=1) >= LEAST_PAST)
    years = usable[:, STRETCHES_A_YEAR::STRETCHES_A_YEAR].sum(axis=1)
    return compared, compared & (years >= LEAST_PAST)


def adjusted(p: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values, in the order given."""
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
