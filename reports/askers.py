"""Who asked when: different people by signal, source and week.

A person counts once in any 13 weeks: asking every day for a month is one person who asks, and so
neither a rise nor a wave. Asks in a gap of the source count nowhere, because nobody can tell how
many others were missed beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.exposure import STRETCH, Exposure
from reports.fact_tables import DAILY_PRECISIONS, WEEKLY_PRECISIONS

ASKED_COLUMNS = ("signal", "person", "source", "day", "to_the_day")


@dataclass(frozen=True, slots=True, eq=False)
class Askers:
    """People who asked, of shape (S, K, W): signal, source, week, in the order of their names.

    ``counted`` holds one row per person counted: signal, source and week as positions in
    ``people``, and weekday (0 is Monday, -1 where only the week is known).
    """

    signals: tuple[str, ...]
    people: NDArray[np.int64]
    counted: pd.DataFrame


def known_to_the_week(said: pd.DataFrame) -> pd.DataFrame:
    """The rows (created_at, precision) whose date is known to the week."""
    return said[said["created_at"].notna() & said["precision"].isin(WEEKLY_PRECISIONS)]


def with_days(said: pd.DataFrame) -> pd.DataFrame:
    """Those rows with ``day`` (midnight in UTC, without a zone) and ``to_the_day``, whether it is
    known that well."""
    known = known_to_the_week(said)
    return known.assign(
        day=pd.to_datetime(known["created_at"], utc=True).dt.tz_localize(None).dt.normalize(),
        to_the_day=known["precision"].isin(DAILY_PRECISIONS),
    )


def count_askers(asked: pd.DataFrame, signals: Sequence[str], exposure: Exposure) -> Askers:
    """Count the people behind ``signals``.

    ``asked`` has one row per ask that counts (no copy, no spam) with a date known to the week,
    columns ``ASKED_COLUMNS``: ``signal`` the id, ``day`` a date, ``to_the_day`` whether it is known
    that well.
    """
    weekday = pd.to_datetime(asked["day"]).dt.day_of_week.to_numpy()
    rows = pd.DataFrame(
        {
            "signal": pd.Index(list(signals)).get_indexer(pd.Index(asked["signal"])),
            "person": pd.factorize(asked["person"])[0],
            "source": pd.Index(list(exposure.sources)).get_indexer(pd.Index(asked["source"])),
            "week": exposure.week_of(asked["day"]),
            "weekday": np.where(asked["to_the_day"].astype(bool), weekday, -1),
        }
    )
    rows = rows[(rows[["signal", "source", "week"]] >= 0).all(axis=1)]
    rows = rows[exposure.listened[rows["source"].to_numpy(), rows["week"].to_numpy()]]
    rows = rows.sort_values(["signal", "person", "week", "weekday", "source"], ignore_index=True)
    rows = rows[_first_in_a_stretch(rows)].drop(columns="person").reset_index(drop=True)
    people = np.zeros((len(signals), *exposure.listened.shape), dtype=np.int64)
    np.add.at(people, tuple(rows[name].to_numpy() for name in ("signal", "source", "week")), 1)
    return Askers(tuple(signals), people, rows)


def _first_in_a_stretch(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows come 13 weeks or more after the person's last one that counts."""
    counts: list[bool] = []
    asker, since = (-1, -1), 0
    for signal, person, week in zip(
        rows["signal"].tolist(), rows["person"].tolist(), rows["week"].tolist(), strict=True
    ):
        new = (signal, person) != asker or week - since >= STRETCH
        if new:
            asker, since = (signal, person), week
        counts.append(new)
    return np.array(counts, dtype=bool)
