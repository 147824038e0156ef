"""Drawings over time: who asked, where nobody listened, what comes next, and what grows.

Hatched stretches were not listened to; there the line breaks. The pale box at the right is the
forecast with its 95 % interval, per stretch as long as those of the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from earful.records import Trend
from reports.charts import (
    ACCENT,
    INK,
    MUTED,
    RULE,
    WARM,
    WIDTH,
    drawing,
    markup,
    short,
    stacked,
)
from reports.demand import ListedSignal
from reports.exposure import STRETCH, Exposure
from reports.forecast import Forecast
from reports.timeline import Timeline
from reports.wording_over_time import times

LOWEST_TOP = 4
"""A line of one or two people must not look like a wave."""
_QUARTER = 7 * STRETCH
_MONTHS_APART = (1, 2, 3, 6, 12)
_LABELS = 9
_STEEPEST = 16.0
"""Ratios beyond this, up or down, are drawn at the edge."""


def trends(
    signals: Sequence[ListedSignal],
    asks: pd.DataFrame,
    time: Timeline,
    heard: Exposure,
    kind: str = "trends",
) -> Markup:
    """One line per signal on a shared time axis: people who asked, per stretch.

    ``asks`` is ``Demand.asks``. Each line has its own height; its highest point is labelled.
    """
    rows = list(signals)
    ahead = any(_forecast(signal) for signal in rows)
    with drawing(kind, WIDTH, 0.78 * len(rows) + 0.3) as figure:
        axes_list = stacked(figure, len(rows), left=0.34, right=0.985)
        for axes, signal in zip(axes_list, rows, strict=True):
            _line(axes, signal, asks[asks["signal"] == signal.id], time, heard, ahead=ahead)
            axes.text(
                -0.02, 0.45, short(signal.name), transform=axes.transAxes, ha="right",
                va="center", fontsize=10,
            )  # fmt: skip
        _dates(axes_list[-1], time)
        return markup(
            figure,
            f"People who ask, per {time.words}, for " + ", ".join(s.name for s in rows),
            kind,
        )


def sparkline(signal: ListedSignal, asks: pd.DataFrame, time: Timeline, heard: Exposure) -> Markup:
    """A small line of one signal over the whole window; ``asks`` are its own."""
    kind = f"line-{signal.id}"
    with drawing(kind, 4.3, 1.15) as figure:
        axes = figure.add_axes((0.01, 0.18, 0.98, 0.7))
        most = _line(axes, signal, asks, time, heard, ahead=_forecast(signal) is not None)
        _dates(axes, time, most=5)
        words = f"People who ask for {signal.name} per {time.words}: at most {most:,}"
        if coming := _forecast(signal):
            words += f"; in the next 13 weeks {coming.low:,} to {coming.high:,}"
        return markup(figure, words, kind)


def _forecast(signal: ListedSignal) -> Forecast | None:
    return signal.history.forecast if signal.history else None


def _line(
    axes: Axes,
    signal: ListedSignal,
    asks: pd.DataFrame,
    time: Timeline,
    heard: Exposure,
    *,
    ahead: bool,
) -> int:
    """Draw one signal; tells the most people of a stretch that is shown."""
    edges = time.edges
    gaps = time.gaps(heard, signal.sources)
    people = np.where(time.shown(gaps), time.people(asks), np.nan)
    axes.stairs(people, edges, fill=True, color=ACCENT, alpha=0.16, linewidth=0)
    axes.stairs(people, edges, baseline=None, color=ACCENT, linewidth=1.4)
    for begin, end in gaps:
        axes.axvspan(begin, end, facecolor="none", edgecolor=RULE, hatch="/////", linewidth=0)
    known = np.flatnonzero(~np.isnan(people))
    most = _label_peak(axes, people, edges) if known.size else 0
    top = float(max(most, LOWEST_TOP))
    coming = _forecast(signal)
    if coming is not None:
        top = max(top, _draw_forecast(axes, coming, time))
    axes.set_xlim(0, int(edges[-1]) + (_QUARTER if ahead else 0))
    axes.set_ylim(0, top * 1.16)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xticks([])
    return most


def _label_peak(axes: Axes, people: NDArray[np.float64], edges: NDArray[np.int64]) -> int:
    peak = int(np.nanargmax(people))
    most = int(people[peak])
    centre = (edges[peak] + edges[peak + 1]) / 2
    axes.text(
        centre, most * 1.03, f"{most:,}", ha="center", va="bottom", fontsize=8.5, color=INK
    )  # fmt: skip
    return most


def _draw_forecast(axes: Axes, coming: Forecast, time: Timeline) -> float:
    """The next 13 weeks at the level that they bring per stretch; tells the upper end."""
    share = time.weeks / STRETCH
    begin = int(time.edges[-1])
    axes.add_patch(
        mpl.patches.Rectangle(
            (begin, coming.low * share), _QUARTER, (coming.high - coming.low) * share,
            facecolor=WARM, alpha=0.16, linewidth=0,
        )
    )  # fmt: skip
    level = coming.people * share
    axes.plot([begin, begin + _QUARTER], [level, level], color=WARM, linewidth=1.4, dashes=(3, 2))
    return coming.high * share


def _dates(axes: Axes, time: Timeline, most: int = _LABELS) -> None:
    """Years below the axis, or months where the span is short."""
    months = pd.date_range(time.start, time.end, freq="MS")
    years = [month for month in months if month.month == 1]
    if len(years) >= 3:
        every = -(-len(years) // most)
        marks = [(month, str(month.year)) for month in years[::every]]
    else:
        every = next((n for n in _MONTHS_APART if len(months) / n <= most), _MONTHS_APART[-1])
        marks = [(month, f"{month:%b %y}") for month in months if (month.month - 1) % every == 0]
    if not marks:
        first: date = time.start
        marks = [(pd.Timestamp(first), f"{first.day} {first:%b %y}")]
    places = [time.day(month.date()) for month, _ in marks]
    axes.set_xticks(places, [label for _, label in marks], fontsize=8.5)
    for place, label in zip(places, axes.get_xticklabels(), strict=True):
        if place < 0.05 * time.edges[-1]:
            label.set_horizontalalignment("left")


def growth(signals: Sequence[ListedSignal], kind: str = "growth") -> Markup:
    """How the last 13 weeks stand to the 13 before, with 95 % intervals, on a ratio scale.

    ``signals`` are those of which ``told_by_growth`` holds.
    """
    rows = list(signals)
    with drawing(kind, WIDTH, 0.32 * len(rows) + 0.42) as figure:
        top = 1.0 - 0.42 / figure.get_figheight()
        axes = figure.add_axes((0.34, 0.0, 0.43, top))
        axes.set_xscale("log", base=2)
        axes.axvline(1, color=MUTED, linewidth=0.8)
        for ratio in (0.25, 0.5, 2, 4):
            axes.axvline(ratio, color=RULE, linewidth=0.6)
        for ratio, label in ((0.25, "÷4"), (0.5, "÷2"), (1, "same"), (2, "×2"), (4, "×4")):
            axes.text(ratio, -0.78, label, ha="center", va="center", fontsize=8, color=MUTED)
        for n, signal in enumerate(rows):
            _interval(axes, n, signal.trend)
            axes.text(
                -0.02, n, short(signal.name), transform=axes.get_yaxis_transform(), ha="right",
                va="center", fontsize=10,
            )  # fmt: skip
            axes.text(
                1.03, n, times(signal.trend), transform=axes.get_yaxis_transform(), va="center",
                fontsize=9, color=_colour(signal.trend.direction),
                weight="bold" if signal.trend.direction in ("rising", "falling") else "normal",
            )  # fmt: skip
        axes.set_xlim(1 / _STEEPEST, _STEEPEST)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.axis("off")
        return markup(
            figure,
            "Growth of the last 13 weeks over the 13 before: "
            + "; ".join(f"{signal.name} {times(signal.trend)}" for signal in rows),
            kind,
        )


def told_by_growth(trend: Trend) -> bool:
    """Whether the interval of a growth says anything: whether it ends within the drawing."""
    if trend.low is None:
        return False
    return trend.low > 1 / _STEEPEST or (trend.high is not None and trend.high < _STEEPEST)


def _interval(axes: Axes, row: int, trend: Trend) -> None:
    colour = _colour(trend.direction)
    high = _STEEPEST if trend.high is None else trend.high
    ends = np.clip([trend.low or 0.0, high], 1 / _STEEPEST, _STEEPEST)
    axes.plot(ends, [row, row], color=colour, linewidth=1.6, solid_capstyle="butt")
    if trend.ratio:
        place = float(np.clip(trend.ratio, 1 / _STEEPEST, _STEEPEST))
        axes.plot([place], [row], color=colour, marker="o", markersize=5.5, clip_on=False)


def _colour(direction: str) -> str:
    return {"rising": ACCENT, "falling": WARM}.get(direction, MUTED)
