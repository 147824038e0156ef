"""Made-up weeks for the tests of what changes over time: comments heard and people who ask."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.askers import Askers
from reports.exposure import Exposure

FIRST = date(2020, 1, 6)
"""A Monday."""


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def week(number: int) -> date:
    """The Monday that many weeks after ``FIRST``."""
    return FIRST + timedelta(weeks=number)


def rollup(**comments: list[int]) -> pd.DataFrame:
    """A weekly rollup from the comments of each source, zeros left out as in the real one."""
    rows = [
        {"source": source, "start": pd.Timestamp(week(n)), "comments": count}
        for source, counts in comments.items()
        for n, count in enumerate(counts)
        if count
    ]
    return pd.DataFrame(rows, columns=["source", "start", "comments"])


def listening(comments: NDArray[np.int64], gaps: NDArray[np.bool_] | None = None) -> Exposure:
    """An exposure of sources "a", "b" and so on; ``comments`` (K, W), ``gaps`` where not heard."""
    listened = np.ones(comments.shape, dtype=bool) if gaps is None else ~gaps
    mondays = np.datetime64(FIRST) + np.arange(comments.shape[1]) * np.timedelta64(7, "D")
    sources = tuple("abcdefgh"[: len(comments)])
    return Exposure(sources, mondays, np.where(listened, comments, 0), listened, ())


def asking(people: NDArray[np.int64]) -> Askers:
    """Askers of signals "s0", "s1" and so on, without their days; ``people`` (S, K, W)."""
    nobody = pd.DataFrame({name: [] for name in ("signal", "source", "week", "weekday")}, dtype=int)
    return Askers(tuple(f"s{n}" for n in range(len(people))), people, nobody)


def restless(
    seed: int,
    signals: int,
    weeks: int = 200,
    sources: int = 3,
    lift: NDArray[np.float64] | None = None,
) -> tuple[Askers, Exposure]:
    """Demands that do not change, in a world that does; ``lift`` (S,) is put on the last 13 weeks.

    Sources differ 100-fold and wander; the last one joins half-way; the first is deaf for a
    quarter. Rates run from one person in 20 weeks to seven a week, and vary by the week (phi 0.3)
    and by stretches of about two months (30 %).
    """
    random = np.random.default_rng(seed)
    wander = np.cumsum(random.normal(0, 0.08, (sources, weeks)), axis=1)
    level = np.exp(random.normal(4.5, 1.0, (sources, 1)) + wander)
    comments = random.poisson(level * np.exp(random.normal(0, 0.3, (sources, weeks))))
    gaps = np.zeros(comments.shape, dtype=bool)
    gaps[0, weeks // 3 : weeks // 3 + 13] = True
    gaps[-1, : weeks // 2] = True
    exposure = listening(comments, gaps)
    loud = np.exp(random.uniform(-3.0, 2.0, (signals, 1, 1)))
    mix = random.dirichlet(np.ones(sources), signals)[:, :, None]
    rate = loud * mix * exposure.comments / np.maximum(exposure.comments.mean(axis=1), 1)[:, None]
    memory, spread = 0.9, 0.3
    slow = np.zeros((signals, 1, weeks))
    slow[:, :, 0] = random.normal(0, spread, (signals, 1))
    for n in range(1, weeks):
        fresh = random.normal(0, spread * (1 - memory**2) ** 0.5, (signals, 1))
        slow[:, :, n] = memory * slow[:, :, n - 1] + fresh
    noise = random.gamma(1 / 0.3, 0.3, (signals, 1, weeks)) * np.exp(slow - spread**2 / 2)
    rate = rate * noise
    if lift is not None:
        rate[:, :, -13:] *= lift[:, None, None]
    return asking(random.poisson(rate)), exposure
