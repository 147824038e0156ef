"""Which comments of a project to label so that the estimate of who asks narrows most.

A stratum is worth labelling by how much of what is not known of the total lies in it: many
comments, of which it is uncertain how many ask. The labels go, a few at a time, to the stratum that
would take most variance off the total if they came out as expected (Neyman 1934, with what is known
already as prior).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from reports.estimates import Estimator
from reports.reading_rates import FEWEST_LABELS, Cell
from reports.shifts import Floats, updated

STEP = 5
"""Labels that are given out at a time."""

Place = tuple[Cell, bool, int]
"""A source and language, whether an ask was read, and the band of its score (see
``earful.validation``)."""


@dataclass(frozen=True, slots=True)
class PlannedLabels:
    """``labels`` of the comments at ``place``."""

    place: Place
    labels: int


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """What to label, most labels first. ``before`` and ``after`` are the width of the interval of
    all asks as a share of their number, now and with these labels, if they come out as expected."""

    parts: tuple[PlannedLabels, ...]
    before: float
    after: float


def plan_labels(estimator: Estimator, waiting: Mapping[Place, int], labels: int) -> LabelPlan:
    """Spread ``labels`` over the comments that wait at each place.

    A source that has no estimate for want of labels is given enough for one first. ``waiting`` must
    hold the places of the quiet comments that ``estimator`` was made with.
    """
    strata = _strata(estimator, waiting)
    given = dict.fromkeys(strata, 0)
    left = labels
    for cell in sorted(set(estimator.missing) & set(estimator.here)):
        places = [place for place in strata if place[0] == cell]
        if sum(waiting[place] for place in places) < FEWEST_LABELS:
            continue
        # What was read as asking first, then the larger group.
        for place in sorted(places, key=lambda place: (not place[1], -waiting[place])):
            wanted = (
                FEWEST_LABELS
                - estimator.labels[cell]
                - sum(n for p, n in given.items() if p[0] == cell)
            )
            given[place] = max(0, min(wanted, waiting[place], left))
            left -= given[place]
    known = {
        place: stratum.after(n) if n else stratum.draws
        for (place, stratum), n in zip(strata.items(), given.values(), strict=True)
    }
    before = np.sum([stratum.draws for stratum in strata.values()], axis=0)
    total = np.sum(list(known.values()), axis=0)
    offers = {place: _offer(strata[place], given[place], waiting[place]) for place in strata}
    while left > 0:
        gains = {
            place: float(total.var() - (total - known[place] + draws).var())
            for place, (n, draws) in offers.items()
            if given[place] < n <= given[place] + left
        }
        if not gains:
            break
        best = max(gains, key=lambda place: (gains[place], place))
        taken, draws = offers[best]
        total = total - known[best] + draws
        left -= taken - given[best]
        given[best], known[best] = taken, draws
        offers[best] = _offer(strata[best], taken, waiting[best])
    parts = [PlannedLabels(place, n) for place, n in given.items() if n]
    parts.sort(key=lambda part: (-part.labels, part.place))
    return LabelPlan(tuple(parts), _width(before), _width(total))


@dataclass(frozen=True, slots=True, eq=False)
class _Stratum:
    """``size`` asks or comments; ``rates`` (draws,) of them ask, for ``weight`` things each."""

    size: float
    rates: Floats
    weight: float = 1.0

    @property
    def draws(self) -> Floats:
        """Those that ask, as far as is known now."""
        return self.size * self.rates * self.weight

    def after(self, labels: int) -> Floats:
        """The same after so many labels that come out as expected: they are certain then."""
        mean = float(self.rates.mean())
        rates = updated(self.rates, float(labels), labels * mean)
        rest = max(self.size - labels, 0.0)
        return np.asarray((min(labels, self.size) * mean + rest * rates) * self.weight)


def _strata(estimator: Estimator, waiting: Mapping[Place, int]) -> dict[Place, _Stratum]:
    found: dict[Place, _Stratum] = {}
    for cell, here in sorted(estimator.here.items()):
        for band, size in enumerate(here.read.tolist()):
            found[cell, True, band] = _Stratum(size, expit(here.precision[band]))
        for band, size in enumerate(here.quiet.tolist()):
            beside = estimator.rates.beside[cell[1]]
            found[cell, False, band] = _Stratum(size, here.gaps[band], beside)
    return {place: one for place, one in found.items() if one.size and waiting.get(place)}


def _offer(stratum: _Stratum, given: int, waiting: int) -> tuple[int, Floats]:
    labels = min(given + STEP, waiting)
    return labels, stratum.after(labels)


def _width(total: Floats) -> float:
    if not total.any():
        return 0.0
    low, middle, high = np.percentile(total, (2.5, 50.0, 97.5))
    return float((high - low) / middle)
