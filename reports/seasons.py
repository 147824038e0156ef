"""Whether a demand keeps to the weekday or to the time of the year.

The people who ask are counted by season (weekday or month) and round (a stretch of 13 weeks, or a
year). Within a round they are expected to follow the comments heard; what the seasons differ by
beyond that is tested against how much the rounds differ among themselves, so that one loud May is
no season: an F test of counts whose variance is negative binomial, with the over-dispersion that
the rounds show (as in quasi-likelihood, McCullagh and Nelder 1989, chapter 9). A demand that
wanders has months that look like those beside them; the test's degrees of freedom are cut for that
(Greenhouse and Geisser 1959, the correlation taken as first-order autoregressive). A demand that
grows evenly is followed by its log-linear trend first, because otherwise every December would beat
every January.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from reports.askers import Askers
from reports.exposure import STRETCH, Exposure

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
EXPECTED = 5
"""People a season (mean) below which the test is not made."""
LEAST_YEARS = 2
_WEEKS_A_YEAR = 52
_STEPS = 25


@dataclass(frozen=True, slots=True)
class Season:
    """People by weekday or month, and their rate per comment heard, 1 on average.

    ``rates`` come with 95 % intervals (``lows``, ``highs``) that allow for over-dispersion; 0, 0
    and 0 for a season in which nothing was heard. ``q`` is ``p`` adjusted for all signals.
    """

    unit: Literal["weekday", "month"]
    names: tuple[str, ...]
    people: tuple[int, ...]
    rates: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    p: float
    q: float = 1.0

    @property
    def peak(self) -> str:
        """The season with the highest rate."""
        return self.names[int(np.argmax(self.rates))]


def by_weekday(askers: Askers, exposure: Exposure, days: pd.DataFrame) -> list[Season | None]:
    """The weekday test per signal; None where less than 35 people asked on a known day.

    ``days`` holds comments heard by source and day (source, start, comments), those whose day is
    known. Weekdays are those of UTC.
    """
    shape = (*exposure.listened.shape, len(WEEKDAYS))
    heard = np.zeros(shape)
    known = days.assign(
        row=pd.Index(list(exposure.sources)).get_indexer(pd.Index(days["source"])),
        week=exposure.week_of(days["start"]),
        weekday=days["start"].dt.day_of_week,
    )
    known = known[(known["row"] >= 0) & (known["week"] >= 0)]
    cells = tuple(known[name].to_numpy(dtype=np.int64) for name in ("row", "week", "weekday"))
    np.add.at(heard, cells, known["comments"].to_numpy())
    heard[~exposure.listened] = 0
    rounds = -(-shape[1] // STRETCH)
    padded = np.zeros((shape[0], rounds * STRETCH, shape[2]))
    padded[:, : shape[1]] = heard
    comments = padded.reshape(shape[0], rounds, STRETCH, shape[2]).sum(axis=2)
    asked = np.zeros((len(askers.signals), shape[0], rounds, shape[2]))
    rows = askers.counted[askers.counted["weekday"] >= 0]
    np.add.at(
        asked,
        (
            rows["signal"].to_numpy(),
            rows["source"].to_numpy(),
            rows["week"].to_numpy() // STRETCH,
            rows["weekday"].to_numpy(),
        ),
        1,
    )
    asked *= comments > 0
    whole = comments.sum(axis=2, keepdims=True)
    shares = np.divide(comments, whole, out=np.zeros_like(comments), where=whole > 0)
    expected = np.einsum("skj,kjd->sjd", asked.sum(axis=3), shares)
    return _test("weekday", WEEKDAYS, asked.sum(axis=1), expected)


def by_month(people: Counts, expected: Floats, exposure: Exposure) -> list[Season | None]:
    """The month test per signal; None below 60 people or two years listened to.

    ``people`` and ``expected`` under a constant rate are weekly (S, W). A week belongs to the
    month and year of its Thursday.
    """
    if not exposure.mondays.size:
        return [None] * len(people)
    thursdays = exposure.thursdays
    years = (thursdays.year - thursdays.year.min()).to_numpy()
    months = thursdays.month.to_numpy() - 1
    cell = years * len(MONTHS) + months
    count = (int(years.max()) + 1) * len(MONTHS)
    due = followed(people, expected)
    shape = (len(people), count // len(MONTHS), len(MONTHS))
    asked = _by_cell(np.where(due > 0, people, 0).astype(np.float64), cell, count).reshape(shape)
    level = _by_cell(due, cell, count).reshape(shape)
    whole = level.sum(axis=2, keepdims=True)
    shares = np.divide(level, whole, out=np.zeros_like(level), where=whole > 0)
    found = _test("month", MONTHS, asked, asked.sum(axis=2, keepdims=True) * shares)
    enough = (expected > 0).sum(axis=1) >= LEAST_YEARS * _WEEKS_A_YEAR
    return [one if long else None for one, long in zip(found, enough, strict=True)]


def followed(people: Counts, expected: Floats) -> Floats:
    """``expected`` (S, W) bent by the log-linear trend that fits the people best.

    A Poisson regression on time alone, by Newton's method; where it does not settle (all people in
    one corner), the trend is cut at a factor of about 20 a year.
    """
    weeks = people.shape[1]
    time = np.linspace(-0.5, 0.5, weeks) if weeks > 1 else np.zeros(weeks)
    steepest = 3.0 * weeks / _WEEKS_A_YEAR
    slope = np.zeros((len(people), 1))
    for _ in range(_STEPS):
        fitted = expected * np.exp(slope * time)
        total = np.maximum(fitted.sum(axis=1, keepdims=True), 1e-300)
        centre = (fitted * time).sum(axis=1, keepdims=True) / total
        spread = (fitted * (time - centre) ** 2).sum(axis=1, keepdims=True) / total
        asked = people.sum(axis=1, keepdims=True)
        score = (people * time).sum(axis=1, keepdims=True) - asked * centre
        step = np.divide(score, asked * spread, out=np.zeros_like(score), where=asked * spread > 0)
        slope = np.clip(slope + np.clip(step, -1.0, 1.0), -steepest, steepest)
    return np.asarray(expected * np.exp(slope * time))


def _by_cell(weekly: Floats, cell: NDArray[np.int64], count: int) -> Floats:
    sums = np.zeros((len(weekly), count))
    np.add.at(sums.T, cell, weekly.T)
    return sums


def _test(
    unit: Literal["weekday", "month"], names: tuple[str, ...], asked: Floats, expected: Floats
) -> list[Season | None]:
    """From people and their expectation (S, rounds, seasons), equal in sum within each round."""
    by_season, due = asked.sum(axis=1), expected.sum(axis=1)
    share = np.divide(
        expected,
        expected.sum(axis=2, keepdims=True),
        out=np.zeros_like(expected),
        where=expected > 0,
    )
    free = np.maximum(_ratio((expected * (1 - share)).sum(axis=1), due).sum(axis=1), 1e-9)
    rates = _ratio(by_season, due)
    fitted = expected * rates[:, None, :]
    cells = (expected > 0).sum(axis=(1, 2))
    fixed = (expected.sum(axis=2) > 0).sum(axis=1) + (due > 0).sum(axis=1) - 1
    left = np.maximum(cells - fixed, 1)
    phi, certain = _between_rounds(asked, fitted, left / np.maximum(cells, 1))
    kept = _independence(_ratio(asked - fitted, np.sqrt(fitted)))
    noise = 1 + phi[:, None] * _ratio((expected**2).sum(axis=1), due)
    square = (_ratio((by_season - due) ** 2, due) / noise).sum(axis=1)
    p = stats.f.sf(square / free, free * kept, np.maximum(certain * kept, 1.0))
    # The exact interval of a Poisson mean (Garwood 1936), with as many people as the noise leaves.
    counted = by_season / noise
    lows = np.where(counted > 0, special.gammaincinv(np.maximum(counted, 1e-9), 0.025), 0.0)
    highs = special.gammaincinv(counted + 1, 0.975)
    lows, highs = (_ratio(side * noise, due) for side in (lows, highs))
    enough = by_season.sum(axis=1) >= EXPECTED * len(names)
    return [
        Season(
            unit,
            names,
            tuple(by_season[n].astype(int).tolist()),
            tuple(rates[n].tolist()),
            tuple(lows[n].tolist()),
            tuple(highs[n].tolist()),
            float(p[n]),
        )
        if enough[n] and left[n] > 1
        else None
        for n in range(len(asked))
    ]


def _between_rounds(asked: Floats, fitted: Floats, free: Floats) -> tuple[Floats, Floats]:
    """Over-dispersion phi (S,) of the cells by moments, and the degrees of freedom behind it.

    ``free`` is the share of the cells that the fit left free. Cells of many people say most of
    phi: they count as so many equal ones as vary together like these (Satterthwaite 1946).
    """
    deviation = ((asked - fitted) ** 2).sum(axis=(1, 2)) / free
    phi = np.maximum(_ratio(deviation - fitted.sum(axis=(1, 2)), (fitted**2).sum(axis=(1, 2))), 0.0)
    variance = fitted + phi[:, None, None] * fitted**2
    equal = _ratio(variance.sum(axis=(1, 2)) ** 2, (variance**2).sum(axis=(1, 2)))
    return phi, equal * free


def _independence(residuals: Floats) -> Floats:
    """What is left of a degree of freedom (S,) where neighbours (S, rounds, seasons) go together.

    The correlation of neighbours is a signal's own or, where larger, that of all signals; taking
    out the mean of a round makes it smaller by about one in the number of seasons.
    """
    seasons = residuals.shape[2]
    together = (residuals[:, :, 1:] * residuals[:, :, :-1]).sum(axis=(1, 2))
    square = (residuals**2).sum(axis=(1, 2))
    own = _ratio(together, square)
    pooled = together.sum() / max(float(square.sum()), 1e-9)
    correlation = np.clip(np.maximum(own, pooled) + 1 / seasons, 0.0, 0.95)
    apart = np.abs(np.subtract.outer(np.arange(seasons), np.arange(seasons)))
    matrix = correlation[:, None, None] ** apart
    centred = matrix - matrix.mean(axis=1, keepdims=True)
    centred -= centred.mean(axis=2, keepdims=True)
    trace = np.trace(centred, axis1=1, axis2=2)
    return np.asarray(trace**2 / ((seasons - 1) * (centred**2).sum(axis=(1, 2))))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0))
