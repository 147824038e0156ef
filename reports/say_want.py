"""What people say when asked against what they ask for unasked: the say-want gap.

The same signals are counted in surveys (comments that are ``solicited``) and in the open. Who is
asked wishes for something more readily than who is not, so a signal is measured as its share of the
people who ask for anything at all on the same side. Fisher's exact test (two-sided) compares the
shares, Benjamini and Hochberg's procedure holds the share of false gaps down over all signals
tested. The interval of the ratio is that of ``reports.growth``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from reports.established import RATE, adjusted
from reports.fact_tables import FactTables, Window, fetch, heard, in_window
from reports.growth import compare, growth
from reports.json_values import rounded

LEAST_PEOPLE = 3
"""Of a signal of fewer people, both sides together, nothing is tested."""
LEAST_ASKING = 20
"""People who ask for anything, on either side, below which the sides are not compared."""

Side = Literal["said", "wanted", "both"]


@dataclass(frozen=True, slots=True)
class Gap:
    """One signal on both sides.

    ``asked`` and ``unasked`` are people. ``ratio`` is the share when asked over the share unasked
    (None: nobody asks unasked), with a 95 % interval. ``side`` is "said" where it is said when
    asked more than chance explains, "wanted" where it is asked for unasked, else "both".
    """

    id: str
    name: str
    asked: int
    unasked: int
    ratio: float | None
    low: float
    high: float | None
    p: float
    q: float
    side: Side


@dataclass(frozen=True, slots=True)
class SayWant:
    """Both sides of a report; ``gaps`` are all signals tested, the surest first.

    ``heard_*`` are people heard at all, ``asking_*`` those who ask for anything. ``untested`` says
    why where nothing was compared.
    """

    heard_asked: int
    heard_unasked: int
    asking_asked: int
    asking_unasked: int
    gaps: tuple[Gap, ...]
    rate: float
    untested: str = ""

    def of(self, side: Side) -> tuple[Gap, ...]:
        """The gaps of one side."""
        return tuple(gap for gap in self.gaps if gap.side == side)


def say_want(
    asks: pd.DataFrame, names: Mapping[str, str], tables: FactTables, window: Window
) -> SayWant | None:
    """Compare surveys with the open; None where there is no survey, or nothing else.

    ``asks`` are those that count: signal, person, solicited. ``names`` are those of
    the signals to compare.
    """
    rows = heard(in_window(tables.comments, window))
    counts = fetch(rows.group_by("solicited").agg(people=rows.person.nunique())).to_pandas()
    people = dict(zip(counts["solicited"].tolist(), counts["people"].tolist(), strict=True))
    if len(people) < len((True, False)):
        return None
    solicited = asks["solicited"].astype(bool)
    total = [asks.loc[solicited == side, "person"].nunique() for side in (True, False)]
    untested = ""
    if min(total) < LEAST_ASKING:
        where = "a survey" if total[0] < LEAST_ASKING else "the open"
        untested = f"less than {LEAST_ASKING} people ask for anything in {where}"
    return SayWant(
        heard_asked=int(people[True]),
        heard_unasked=int(people[False]),
        asking_asked=total[0],
        asking_unasked=total[1],
        gaps=() if untested else _gaps(asks, solicited, total, names),
        rate=RATE,
        untested=untested,
    )


def _gaps(
    asks: pd.DataFrame, solicited: pd.Series[bool], total: list[int], names: Mapping[str, str]
) -> tuple[Gap, ...]:
    counted = [
        asks[solicited == side].groupby("signal")["person"].nunique() for side in (True, False)
    ]
    sides = [{str(one): int(count) for one, count in side.items()} for side in counted]
    ids = sorted(
        one
        for one in {*sides[0], *sides[1]} & set(names)
        if sides[0].get(one, 0) + sides[1].get(one, 0) >= LEAST_PEOPLE
    )
    if not ids:
        return ()
    asked, unasked = (np.array([side.get(one, 0) for one in ids]) for side in sides)
    p = np.array(
        [
            stats.fisher_exact([[a, total[0] - a], [b, total[1] - b]]).pvalue
            for a, b in zip(asked.tolist(), unasked.tolist(), strict=True)
        ]
    )
    q = adjusted(p)
    share = np.array([total[0] / sum(total)])
    ratios = growth(compare(asked[:, None], unasked[:, None], share))
    found = [
        Gap(
            id=one,
            name=names[one],
            asked=int(asked[n]),
            unasked=int(unasked[n]),
            ratio=ratios[n].ratio,
            low=ratios[n].low,
            high=ratios[n].high,
            p=float(p[n]),
            q=float(q[n]),
            side=_side(float(q[n]), asked[n] / total[0] > unasked[n] / total[1]),
        )
        for n, one in enumerate(ids)
    ]
    return tuple(sorted(found, key=lambda gap: (gap.p, -gap.asked - gap.unasked, gap.name)))


def _side(q: float, more_when_asked: bool) -> Side:
    if q > RATE:
        return "both"
    return "said" if more_when_asked else "wanted"


def say_want_record(told: SayWant | None) -> dict[str, Any] | None:
    """The gap in the shape of ``out/signals.json``."""
    if told is None:
        return None
    record = asdict(told)
    record["false_discovery_rate"] = record.pop("rate")
    for gap in record["gaps"]:
        gap |= {name: rounded(gap[name]) for name in ("ratio", "low", "high", "p", "q")}
    record["gaps"] = list(record["gaps"])
    return record
