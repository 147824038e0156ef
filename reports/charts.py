"""Every drawing, as inline SVG: the same bytes for the same numbers, text as text.

One accent colour carries the finding, grey the rest; labels stand at what they name. The
functions answer with markup that is safe to put into a page, with a title for screen readers.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from earful.records import DAYPARTS, DemandSignal, Ladder

ACCENT = "#0b5d7a"
INK = "#1b242d"
MUTED = "#5a6672"
RULE = "#d5dbe1"
PALE = "#e8eef2"
WARM = "#b4541a"
"""Stands against the accent for every kind of colour blindness (blue against orange)."""

DRAWING_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.parse_math": False,
}
"""Matplotlib's settings for every drawing, so that pages and pictures look alike."""
WIDTH = 7.6
_LONGEST_NAME = 34


@contextmanager
def drawing(kind: str, width: float, height: float) -> Iterator[Figure]:
    """A figure of ``width`` x ``height`` inches whose ids depend on ``kind`` alone."""
    style: Any = {**DRAWING_STYLE, "svg.hashsalt": kind}
    with mpl.rc_context(style):
        yield Figure(figsize=(width, height))


def markup(figure: Figure, title: str, kind: str) -> Markup:
    """The figure as one ``svg`` element, without what belongs to files only."""
    buffer = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    with warnings.catch_warnings():
        # Text stays text: the reader's fonts draw what the measuring font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        canvas.print_svg(buffer, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    svg = _HEAD.sub("", buffer.getvalue(), count=1)
    # Ids are unique within a drawing only, and a page holds many.
    prefix = re.sub(r"[^a-z0-9]+", "-", kind.lower())
    body = _TAG.sub(lambda tag: _REFERENCE.sub(rf"\g<1>{prefix}-", tag[0]), svg)
    width, height = figure.get_size_inches() * 72
    # S704: what people wrote is in the text nodes, which matplotlib escapes, and in the title.
    return Markup(  # noqa: S704
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width:g} {height:g}"'
        f' role="img" class="chart" style="max-width:{width * 4 / 3:.0f}px"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>{body}'
    )


_HEAD = re.compile(
    # The declaration and the root, the metadata, and a style sheet that would speak to the page.
    r"\A.*?<svg[^>]*>\s*(?:<metadata>.*?</metadata>\s*)?(?:<defs>\s*<style[^>]*>.*?</style>\s*</defs>)?",
    re.DOTALL,
)
_TAG = re.compile(r"<[^<>]+>")
_REFERENCE = re.compile(r'(\bid="|xlink:href="#|url\(#)')


def short(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name as a label: a capital first, cut where it is long."""
    name = name[:1].upper() + name[1:]
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def ladder(rungs: Ladder, kind: str = "ladder") -> Markup:
    """The way from posts to people as bars of falling length."""
    last = {"authors": "people", "comments": "comments (no authors)"}.get(
        rungs.people_basis, "people (some known by comment only)"
    )
    names = ["posts", "without copies", "without spam", last]
    counts = [rungs.posts, rungs.without_copies, rungs.without_spam, rungs.people]
    with drawing(kind, WIDTH, 1.75) as figure:
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.axis("off")
        longest = max(counts) or 1
        for n, (name, count) in enumerate(zip(names, counts, strict=True)):
            final = n == len(names) - 1
            axes.barh(n, count / longest, color=ACCENT if final else PALE, height=0.72)
            lost = counts[n - 1] - count if n else 0
            axes.text(
                0.012,
                n,
                f"{count:,} {name}",
                va="center",
                color="white" if final else INK,
                weight="bold" if final else "normal",
                fontsize=11,
            )
            if lost:
                what = ("", "copies", "spam", "same people again")[n]
                axes.text(1.02, n, f"− {lost:,} {what}", va="center", color=MUTED)
        axes.set_xlim(0, 1.5)
        axes.set_ylim(len(names) - 0.4, -0.6)
        return markup(
            figure,
            "From posts to people: "
            + ", ".join(f"{c:,} {n}" for c, n in zip(counts, names, strict=True)),
            kind,
        )


def top_signals(signals: Sequence[DemandSignal], kind: str = "top") -> Markup:
    """Signals as ranked bars of people, with the interval of the estimate where it is of all."""
    rows = list(signals)
    with drawing(kind, WIDTH, 0.32 * len(rows) + 0.15) as figure:
        axes = figure.add_axes((0.34, 0.0, 0.66, 1.0))
        axes.axis("off")
        longest = max(max(signal.estimate.high, signal.people) for signal in rows)
        for n, signal in enumerate(rows):
            axes.barh(n, signal.people, color=ACCENT if n < 3 else "#8fb3c2", height=0.66)
            edge = signal.people
            if signal.estimate.low < signal.estimate.high and not signal.estimate.left_out:
                axes.plot(
                    [signal.estimate.low, signal.estimate.high], [n, n], color=INK, linewidth=1.2
                )
                edge = max(edge, signal.estimate.high)
            axes.text(edge + longest * 0.012, n, f"{signal.people:,}", va="center", fontsize=10)
            axes.text(-longest * 0.015, n, short(signal.name), va="center", ha="right", fontsize=10)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set_xlim(0, longest * 1.12)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        return markup(
            figure,
            "People by what they ask for: "
            + ", ".join(f"{signal.name} {signal.people:,}" for signal in rows),
            kind,
        )


UNIT_NAMES = {"M": "month", "Q": "quarter"}


def stacked(figure: Figure, count: int, left: float, right: float) -> list[Axes]:
    """``count`` axes one above the other, with room for labels below the last."""
    height = 1.0 - 0.3 / figure.get_figheight()
    return [
        figure.add_axes(
            (left, 1.0 - height * (n + 1) / count + 0.012, right - left, height / count * 0.72)
        )
        for n in range(count)
    ]


def _years(axes: Axes, first: date, last: date, unit: str) -> None:
    """Labels under the lowest axes: years, or months where the span is short."""
    periods = pd.period_range(pd.Period(first, unit), pd.Period(last, unit))
    starts = [period.start_time for period in periods]
    labels: dict[int, str] = {}
    spans_years = (last - first).days > 500
    before: object = None
    for n, start in enumerate(starts):
        mark = start.year if spans_years else (start.year, start.month)
        if mark != before:
            labels[n] = str(start.year) if spans_years else f"{start:%b %y}"
        before = mark
    every = max(1, -(-len(labels) // 12))
    kept = list(labels.items())[::every]
    axes.set_xticks([n for n, _ in kept], [label for _, label in kept], fontsize=8.5)


def moments_grid(signals: Sequence[DemandSignal], kind: str = "moments") -> Markup:
    """Signals by daypart: people whose words name that part of the day."""
    rows = list(signals)
    dayparts = list(DAYPARTS)
    counts = np.array([[s.moments.get(part, 0) for part in dayparts] for s in rows])
    with drawing(kind, WIDTH, 0.34 * len(rows) + 0.5) as figure:
        top = 1.0 - 0.5 / figure.get_figheight()
        axes = figure.add_axes((0.34, 0.0, 0.66, top))
        axes.axis("off")
        shades = mpl.colors.LinearSegmentedColormap.from_list("accent", ["#ffffff", ACCENT])
        largest = counts.max() or 1
        for row in range(len(rows)):
            axes.text(-0.6, row, short(rows[row].name), ha="right", va="center", fontsize=10)
            for column in range(len(dayparts)):
                count = counts[row, column]
                share = count / largest
                axes.add_patch(
                    mpl.patches.Rectangle(
                        (column - 0.48, row - 0.45),
                        0.96,
                        0.9,
                        facecolor=shades(0.06 + 0.94 * share) if count else "#f6f8f9",
                        linewidth=0,
                    )
                )
                axes.text(
                    column, row, f"{count:,}" if count else "·", ha="center", va="center",
                    color="white" if share > 0.45 else INK if count else "#9aa5af",
                )  # fmt: skip
        for column, part in enumerate(dayparts):
            begin, end = DAYPARTS[part]
            axes.text(column, -1.08, part, ha="center", va="center", fontsize=9.5)
            axes.text(
                column, -0.62, f"{begin}–{end} h", ha="center", va="center", fontsize=7.5,
                color=MUTED,
            )  # fmt: skip
        axes.set_xlim(-0.5, len(dayparts) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        return markup(
            figure,
            "People by wish and time of day: "
            + "; ".join(
                f"{s.name}: "
                + (", ".join(f"{p} {s.moments[p]}" for p in dayparts if p in s.moments) or "none")
                for s in rows
            ),
            kind,
        )


def sentiment(months: pd.DataFrame, sources: Sequence[str], kind: str = "sentiment") -> Markup:
    """Share of negative and of positive comments over time, one strip per source.

    ``months`` is ``Rollups.sentiments``. Where a source is thin, months are taken together to
    quarters, and a period with fewer than five comments is left empty.
    """
    unit = sentiment_unit(months)
    first, last = months["month"].min().date(), months["month"].max().date()
    periods = pd.period_range(pd.Period(first, unit), pd.Period(last, unit))
    with drawing(kind, WIDTH, 1.05 * len(sources) + 0.3) as figure:
        axes_list = stacked(figure, len(sources), left=0.05, right=0.83)
        drawn = []
        for axes, source in zip(axes_list, sources, strict=True):
            rows = months[months["source"] == source]
            table = (
                rows.groupby([rows["month"].dt.to_period(unit), "name"])["comments"]
                .sum()
                .unstack(fill_value=0)
                .reindex(periods, fill_value=0)
            )
            total = table.sum(axis=1)
            shares = {
                name: (table.get(name, total * 0) / total).where(total >= THIN_PERIOD) * 100
                for name in ("negative", "positive")
            }
            drawn.append((axes, source, shares))
        top = _top_share([share for *_, shares in drawn for share in shares.values()])
        for axes, source, shares in drawn:
            _shares(axes, shares, top)
            axes.text(0.0, 1.04, source, transform=axes.transAxes, va="bottom", weight="bold")
        _years(axes_list[-1], first, last, unit)
        return markup(
            figure,
            f"Share of negative and positive comments by {UNIT_NAMES[unit]} and source",
            kind,
        )


THIN_PERIOD = 5


def sentiment_unit(months: pd.DataFrame) -> str:
    """Quarters where the usual month of the usual source has fewer than 20 comments."""
    volume = months.groupby(["source", "month"])["comments"].sum()
    span = (months["month"].max() - months["month"].min()).days
    return "Q" if span > 360 and float(volume.median()) < 20 else "M"


def _top_share(shares: Sequence[pd.Series[Any]]) -> float:
    """One top for all strips, so that they can be compared: 25, 50 or 100 %."""
    highest = max((float(share.max()) for share in shares if share.notna().any()), default=0.0)
    return next((top for top in (25.0, 50.0) if highest <= top), 100.0)


def _shares(axes: Axes, shares: Mapping[str, pd.Series[Any]], top: float) -> None:
    ends: list[tuple[float, str, str]] = []
    for name, colour in (("negative", WARM), ("positive", ACCENT)):
        y = shares[name].to_numpy(dtype=float)
        axes.plot(np.arange(len(y)), y, color=colour, linewidth=1.5, marker="o", markersize=2.2)
        known = np.flatnonzero(~np.isnan(y))
        if known.size:
            ends.append((float(y[known[-1]]), name, colour))
    ends.sort()
    placed = -100.0
    for value, name, colour in ends:
        placed = max(100 * value / top, placed + 24)
        axes.text(
            1.01, placed / 100, f"{value:.0f} % {name}", color=colour, fontsize=9, va="center",
            transform=axes.transAxes,
        )  # fmt: skip
    length = len(next(iter(shares.values())))
    axes.set_xlim(-0.5, max(length - 0.5, 0.5))
    axes.set_ylim(-top * 0.03, top * 1.03)
    axes.set_yticks([0, top / 2, top], ["0", f"{top / 2:g}", f"{top:g} %"], fontsize=7.5)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.spines["left"].set_visible(False)
    axes.set_xticks([])


def plot_series(series: pd.DataFrame) -> Figure:
    """Draw ``reports.frames.series_frame`` rows of a few signals for a notebook.

    One row per signal over a shared time, people by quarter (the sum of the weeks'), with zero
    where nobody asked; each row has its own height, and its highest quarter is labelled.
    """
    names = list(dict.fromkeys(series["name"]))
    quarter = series["week"].dt.to_period("Q")
    quarters = pd.period_range(quarter.min(), quarter.max(), freq="Q")
    figure = Figure(figsize=(WIDTH, 0.9 * len(names) + 0.5), layout="constrained")
    rows = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(rows, names, strict=True):
        own = series["name"] == name
        people = series[own].groupby(quarter[own])["people"].sum().reindex(quarters, fill_value=0)
        starts = people.index.to_timestamp()
        axes.fill_between(starts, people.to_numpy(), step="post", color=ACCENT, alpha=0.15)
        axes.step(starts, people.to_numpy(), where="post", color=ACCENT, linewidth=1.4)
        top = int(people.to_numpy().argmax())
        axes.annotate(
            str(people.iloc[top]), (starts[top], people.iloc[top]), fontsize=8, va="bottom"
        )
        axes.set_ylim(0, 1.3 * max(1, people.max()))
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
    return figure
