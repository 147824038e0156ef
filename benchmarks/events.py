"""Known events found again in real streams: when people spoke up, how many, and what was found.

Run from the checkout on projects that ``python benchmarks/streams.py reddit mcdonalds --keep
FOLDER`` left: ``python -m benchmarks.events --projects FOLDER``. Writes benchmarks/events.json and
docs/events.png; the figures stand in docs/results.md.

An event is looked for in the channels it belongs to. *Spoke of it* are people whose comment has one
of its words; *asked or complained* are those of them whose comment earful tagged as a request, a
problem or a complaint. Rates of two stretches are compared by the exact conditional test of two
Poisson counts, with the people heard as exposure (Przyborowski and Wilenski 1940). The streams name
no authors: comments stand for people.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import binomtest

from reports.charts import ACCENT, DRAWING_STYLE, INK, MUTED, RULE, WARM

HERE = Path(__file__).resolve().parent
RESULT = HERE / "events.json"
PICTURE = HERE.parent / "docs" / "events.png"
ASKING = frozenset({"request", "problem", "complaint"})
COLUMNS = ["uid", "channel", "created_at", "title", "text", "copy_of", "spam", "categories"]
MOST_SIGNALS = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one day to before another."""

    name: str
    first: str
    end: str


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, where people would speak of it, and in what words.

    Its stretches are compared each with the one before it. ``marks`` are days of public record;
    ``step`` is the width of a bar, as pandas names periods.
    """

    key: str
    title: str
    stream: str
    channels: tuple[str, ...]
    words: str
    stretches: tuple[Stretch, ...]
    marks: tuple[tuple[str, str], ...]
    step: str = "M"


EVENTS = (
    Event(
        "xbox",
        "Xbox One: always online, used games",
        "reddit",
        ("xbox", "xbox360", "xboxone"),
        r"always[\s-]?on|\bdrm\b|used games?|24[\s-]?hours? check",
        (
            Stretch("before", "2012-11-01", "2013-05-21"),
            Stretch("announced", "2013-05-21", "2013-06-20"),
            Stretch("taken back", "2013-06-20", "2013-08-15"),
        ),
        (("2013-05-21", "announced"), ("2013-06-19", "taken back")),
    ),
    Event(
        "simcity",
        "SimCity: always online",
        "reddit",
        ("SimCity",),
        r"always[\s-]?on|offline|\bservers?\b|\bdrm\b|single[\s-]?player|\bconnect",
        (
            Stretch("before", "2012-11-01", "2013-03-05"),
            Stretch("launch", "2013-03-05", "2013-04-01"),
            Stretch("after", "2013-04-01", "2013-08-15"),
        ),
        (("2013-03-05", "launch"),),
    ),
    Event(
        "start_button",
        "Windows 8: the missing Start button",
        "reddit",
        ("windows8", "windows"),
        r"start[\s-]?(?:button|menu)|boot to (?:the )?desktop",
        (
            Stretch("before", "2012-03-01", "2012-10-26"),
            Stretch("without it", "2012-10-26", "2013-05-30"),
            Stretch("8.1 announced", "2013-05-30", "2013-08-15"),
        ),
        (("2012-10-26", "Windows 8"), ("2013-05-30", "8.1 announced")),
    ),
    Event(
        "netflix",
        "Netflix: profiles",
        "reddit",
        ("netflix",),
        r"\bprofiles?\b|separate (?:queue|account)s?|own queue",
        (
            Stretch("before", "2012-03-01", "2013-08-01"),
            Stretch("launched", "2013-08-01", "2013-08-15"),
        ),
        (("2013-08-01", "launched"),),
    ),
    Event(
        "horses",
        "Minecraft: horses",
        "reddit",
        ("Minecraft", "minecraftsuggestions"),
        r"\bhorses?\b",
        (
            Stretch("before", "2012-09-01", "2013-04-01"),
            Stretch("in snapshots", "2013-04-01", "2013-07-01"),
            Stretch("launched", "2013-07-01", "2013-08-15"),
        ),
        (("2013-07-01", "launched"),),
    ),
    Event(
        "breakfast",
        "McDonald's: breakfast all day",
        "mcdonalds",
        (),
        r"all[\s-]?day breakfast|breakfast all day|breakfast (?:after|until|till|past)"
        r"|(?:stop|end|quit)\w* (?:serving |selling )?breakfast",
        (
            Stretch("served all day", "2015-10-06", "2020-03-25"),
            Stretch("dropped", "2020-03-25", "2025-01-01"),
        ),
        (("2015-10-06", "served all day"), ("2020-03-25", "dropped")),
        "Y",
    ),
)


def main() -> None:
    """Count, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=Path, required=True, help="folder of kept projects")
    chosen = parser.parse_args()
    streams = {
        name: (heard(chosen.projects / name), signals(chosen.projects / name))
        for name in {event.stream for event in EVENTS}
    }
    found = {event.key: measured(event, *streams[event.stream]) for event in EVENTS}
    RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draw(found, PICTURE)
    for key, one in found.items():
        print(key, json.dumps({name: one[name] for name in ("stretches", "signals")}, indent=1))


def heard(project: Path) -> pd.DataFrame:
    """The comments of a project that count as people, and what was tagged in them."""
    manifest = json.loads((project / "facts" / "manifest.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(
        project / "facts" / manifest["folder"] / "comments.parquet", columns=COLUMNS
    )
    counted = table[table["copy_of"].isna() & ~table["spam"].fillna(False).astype(bool)]
    return counted[counted["created_at"].notna()]


def signals(project: Path) -> list[dict[str, Any]]:
    """The signals of a project's report, the first most asked."""
    report = json.loads((project / "out" / "signals.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = report["signals"]
    return found


def measured(
    event: Event, comments: pd.DataFrame, listed: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """An event's people by stretch and by bar, and the signals that most of its askers are in."""
    rows = comments
    if event.channels:
        rows = rows[
            rows["channel"].isin([f"r/{one}" for one in event.channels] + list(event.channels))
        ]
    days = rows["created_at"].dt.tz_localize(None)
    within = (days >= event.stretches[0].first) & (days < event.stretches[-1].end)
    rows, days = rows[within], days[within]
    words = rows["title"].fillna("") + " " + rows["text"].fillna("")
    speaks = words.str.contains(event.words, case=False, regex=True)
    asks = speaks & rows["categories"].map(
        lambda held: bool(ASKING & set(held)), na_action="ignore"
    ).eq(True)
    counts = pd.DataFrame({"heard": 1, "spoke": speaks, "asked": asks}).astype(int)
    stretches: list[dict[str, Any]] = []
    for stretch in event.stretches:
        inside = counts[(days >= stretch.first) & (days < stretch.end)].sum()
        stretches.append({"name": stretch.name, **{name: int(inside[name]) for name in counts}})
    for before, after in pairwise(stretches):
        for name in ("spoke", "asked"):
            after[f"{name}_against_before"] = asdict(compared(after, before, name))
    bars = counts.groupby(days.dt.to_period(event.step)).sum()
    return {
        "title": event.title,
        "stretches": stretches,
        "bars": [
            [str(period), *map(int, row)]
            for period, row in zip(bars.index, bars.to_numpy(), strict=True)
        ],
        "step": event.step,
        "marks": event.marks,
        "signals": _signals_of(set(rows["uid"][speaks]), listed),
    }


def _asking(categories: Collection[str] | None) -> bool:
    return categories is not None and not ASKING.isdisjoint(categories)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One rate over another with its 95 % interval, None where nothing tells; and how likely counts
    so far apart are where the rates are equal."""

    ratio: float | None
    low: float | None
    high: float | None
    p: float


def compared(after: dict[str, Any], before: dict[str, Any], name: str) -> Ratio:
    """The rates of ``name`` among those heard in two stretches."""
    count, total = after[name], after[name] + before[name]
    exposure = after["heard"] / max(1, before["heard"])
    if not total or not exposure:
        return Ratio(None, None, None, 1.0)
    test = binomtest(count, total, exposure / (1 + exposure))
    interval = test.proportion_ci(0.95, "exact")
    rate, low, high = (
        None if share == 1 else round(share / (1 - share) / exposure, 2)
        for share in (count / total, interval.low, interval.high)
    )
    return Ratio(rate, low, high, float(f"{test.pvalue:.2g}"))


def _signals_of(uids: set[str], listed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """In how many signals those ``uids`` are that ask, and the ones that hold most of them."""
    held = [(len(uids & set(one["uids"])), one) for one in listed]
    shared = [(count, one) for count, one in held if count]
    largest = sorted(shared, key=lambda pair: (-pair[0], pair[1]["name"]))[:MOST_SIGNALS]
    return {
        "comments_with_a_signal": len(uids & {uid for one in listed for uid in one["uids"]}),
        "signals": len(shared),
        "largest": [
            {"name": one["name"], "people": one["people"], "of_the_event": count}
            for count, one in largest
        ],
    }


def draw(found: dict[str, dict[str, Any]], target: Path) -> None:
    """One panel an event: of a hundred people heard, who spoke of it and who asked."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with mpl.rc_context({**DRAWING_STYLE, "figure.facecolor": "white"}):
        figure, axes = plt.subplots(3, 2, figsize=(12, 9.6), dpi=130)
        for axis, one in zip(axes.ravel(), found.values(), strict=True):
            _panel(axis, one)
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="lower center", ncols=2, frameon=False
        )
        figure.tight_layout(rect=(0, 0.03, 1, 1), h_pad=2.2, w_pad=2.0)
        figure.savefig(target, metadata={"Software": None}, facecolor="white")
        plt.close(figure)


def _panel(axis: Axes, one: dict[str, Any]) -> None:
    periods = pd.PeriodIndex([bar[0] for bar in one["bars"]], freq=one["step"])
    every = pd.period_range(periods[0], periods[-1], freq=one["step"])
    counts = pd.DataFrame(
        [bar[1:] for bar in one["bars"]], index=periods, columns=["heard", "spoke", "asked"]
    )
    counts = counts.reindex(every, fill_value=0)
    rates = counts[["spoke", "asked"]].div(counts["heard"].clip(lower=1), axis=0) * 100
    axis.bar(range(len(every)), rates["spoke"], 0.82, color=RULE, label="spoke of it")
    axis.bar(range(len(every)), rates["asked"], 0.82, color=ACCENT, label="asked or complained")
    top = max(1.0, float(rates["spoke"].max())) * 1.32
    axis.set_ylim(0, top)
    for number, (day, what) in enumerate(one["marks"]):
        period = pd.Period(day, freq=one["step"])
        begin, end = period.start_time, period.end_time
        at = every.get_indexer([period])[0] + (pd.Timestamp(day) - begin) / (end - begin) - 0.5
        axis.axvline(at, color=WARM, linewidth=1)
        axis.annotate(
            what,
            (at, top * (1 - 0.09 * number)),
            (4, -2),
            textcoords="offset points",
            va="top",
            color=WARM,
            fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )
    step = -(-len(every) // (8 if one["step"] == "Y" else 5))
    names = [period.strftime("%Y" if one["step"] == "Y" else "%b %Y") for period in every]
    axis.set_xticks(range(0, len(every), step), names[::step], fontsize=8)
    axis.set_title(one["title"], loc="left", color=INK, fontweight="bold", fontsize=11, pad=18)
    axis.text(0, 1.025, _words(one), transform=axis.transAxes, color=MUTED, fontsize=8.5)
    axis.set_ylabel("of 100 people heard", fontsize=8.5)


def _words(one: dict[str, Any]) -> str:
    parts = [f"{row['name']}: {row['spoke']} of {row['heard']:,}" for row in one["stretches"]]
    return "people who spoke of it, " + "; ".join(parts)


if __name__ == "__main__":
    main()
