"""Do the intervals of estimated people hold the truth as often as they say, and are they nearer?

Run from the checkout: ``python -m benchmarks.estimates``; prints the figures and writes
benchmarks/estimates.json. Two trials: made-up worlds whose truth is known (see
``benchmarks.quantified_world``), and the labelled streams that came with the models, each left out
in turn, estimated from the others as if it were a project, and compared with its labels.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quantified_world import World
from classify.accuracy import reading_counts
from earful.records import Estimate
from earful.validation import ASK_EDGES, SAID_ONCE, ReadingCounts, Validation
from reports.estimates import Estimator

RESULT = Path(__file__).resolve().parent / "estimates.json"
PEOPLE = [3, 8, 15, 20, 40, 60, 200, 900]
"""People who truly ask, by signal, in a made-up project."""
LARGE = 15
"""From so many on errors are told as shares."""
SEED = 7
FIXED = {"all alike": (0.0, 0.0), "some": (0.3, 0.3), "much": (0.6, 0.4)}


@dataclass(frozen=True, slots=True)
class Trial:
    """Estimates against the truth. ``coverage`` is the share of intervals that hold it; the errors
    are medians, of the estimate and of the plain count, as shares of the truth, of the signals of
    ``LARGE`` people and more; ``width`` is the median interval's, as a share likewise."""

    estimates: int
    coverage: float
    coverage_large: float
    error: float
    error_of_counts: float
    width: float


Outcome = tuple[int, int, Estimate]
"""People who truly ask, people counted, and the estimate."""


def trial(outcomes: list[Outcome]) -> Trial:
    """The figures of a trial."""
    inside = np.array([one.low <= true <= one.high for true, _, one in outcomes])
    large = np.array([true >= LARGE for true, _, _ in outcomes])
    shares = np.array(
        [
            (abs(one.people - true), abs(counted - true), one.high - one.low)
            for true, counted, one in outcomes
        ]
    ) / np.maximum([[true] for true, _, _ in outcomes], 1)
    error, error_of_counts, width = np.median(shares[large], axis=0)
    return Trial(
        len(outcomes),
        *(round(float(share), 3) for share in (inside.mean(), inside[large].mean())),
        *(round(float(share), 3) for share in (error, error_of_counts, width)),
    )


def made_up(runs: int, world: World | None = None, draws: int = 1000) -> Iterator[Outcome]:
    """The signals of so many made-up projects, each of a world of its own where none is named."""
    for run in range(runs):
        random = np.random.default_rng([SEED, run])
        here = world or World.drawn(random)
        shipped = here.validation(random)
        asks, truth = here.project(random, PEOPLE)
        estimator = Estimator.of(asks, ReadingCounts(shipped), draws)
        found = estimator.estimates(asks, asks["signal"].tolist())
        counted = asks.groupby("signal")["person"].nunique()
        for signal in counted.index:
            yield truth[signal], int(counted[signal]), found[signal]


def left_out(validation: Validation, lang: str = "en") -> Iterator[tuple[str, Outcome]]:
    """Every stream of a language estimated from all others: first all its asks, then each item that
    recurs in it."""
    for stream in sorted(validation.asked.loc[validation.asked["lang"] == lang, "source"].unique()):
        others = Validation(*(table[table["source"] != stream] for table in _tables(validation)))
        read, asked, _ = (table[table["source"] == stream] for table in _tables(validation))
        rows = read.loc[read.index.repeat(read["asks"]), ["item", "band"]].reset_index(drop=True)
        asks = pd.DataFrame(
            {
                "person": rows.index.astype(str),
                "uid": rows.index.astype(str),
                "score": np.array(ASK_EDGES)[rows["band"]],
                "source": stream,
                "lang": lang,
                "solicited": False,
                "checked": False,
            }
        )
        estimator = Estimator.of(asks, ReadingCounts(others))
        whole = estimator.estimates(asks, [None] * len(asks), one_thing=False)[None]
        yield stream, (int(asked["asks"].sum()), len(asks), whole)
        true = asked.groupby("item")["asks"].sum()
        items = estimator.estimates(asks, rows["item"].tolist())
        for item, counted in rows["item"].value_counts().sort_index().items():
            if item != SAID_ONCE:
                yield f"{stream} item", (int(true.get(item, 0)), int(counted), items[item])


def _tables(validation: Validation) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return validation.read, validation.asked, validation.quiet


def main() -> None:
    """Run both trials, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs  # of each fixed world a quarter
    worlds = {"drawn": trial(list(made_up(runs)))}
    for name, deviations in FIXED.items():
        worlds[name] = trial(list(made_up(max(1, runs // 4), World(*deviations))))
    shipped = reading_counts()
    assert shipped is not None  # the models in the checkout are measured
    outcomes = list(left_out(shipped))
    streams = {
        name: {"true": true, "counted": counted, "estimate": asdict(one)}
        for name, (true, counted, one) in outcomes
        if not name.endswith(" item")
    }
    items = [outcome for name, outcome in outcomes if name.endswith(" item")]
    held = [one.low <= true <= one.high for true, _, one in items]
    figures = {
        "runs": runs,
        "worlds": {name: asdict(one) for name, one in worlds.items()},
        "streams": streams,
        "items": {"estimates": len(items), "coverage": round(float(np.mean(held)), 3)},
    }
    RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
