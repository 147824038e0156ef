"""Drawing of the hours: things by the hour they are wanted at, and by the hour people post at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from reports.charts import ACCENT, INK, MUTED, WARM, WIDTH, drawing, markup, short
from reports.demand import ListedSignal
from reports.hours import HOURS, busiest
from reports.wording import people

_EVERY = 6
_LONGEST = 22
_LEAST = 2
"""People of a row, so that no line is one person's."""


@dataclass(frozen=True, slots=True)
class HourRow:
    """One thing: an item of a signal, or a signal of which no item has people enough."""

    name: str
    signal: str
    requested: tuple[int, ...]
    posted: tuple[int, ...]

    @property
    def words(self) -> str:
        """The hours most people want it at, in a sentence."""
        hours = busiest(self.requested)
        begin = int(hours[0])
        end = begin
        while end + 1 in hours:
            end += 1
        return (
            f"{self.name[:1].upper()}{self.name[1:]} is wanted most from {begin} to {end + 1} h, by"
            f" {people(max(self.requested))}."
        )


def rows_of(signals: Sequence[ListedSignal]) -> list[HourRow]:
    """The rows of a grid, most people first; ``signals`` have hours."""
    rows = []
    for signal in signals:
        if signal.hours is None:
            continue
        items = {n: c for n, c in signal.hours.items.items() if max(c) >= _LEAST}
        if not items and max(signal.hours.requested) >= _LEAST:
            items = {signal.name: signal.hours.requested}
        rows += [HourRow(n, signal.name, c, signal.hours.posted) for n, c in items.items()]
    return sorted(rows, key=lambda row: (-max(row.requested), row.name))


def grid(rows: Sequence[HourRow], kind: str = "hours") -> Markup:
    """Two grids of 24 hours: requested in the accent, posted in the colour against it."""
    with drawing(kind, WIDTH, 0.27 * len(rows) + 0.5) as figure:
        top = 1.0 - 0.5 / figure.get_figheight()
        left = figure.add_axes((0.25, 0.0, 0.43, top))
        right = figure.add_axes((0.71, 0.0, 0.27, top))
        _cells(left, np.array([row.requested for row in rows]), ACCENT, "wanted at")
        _cells(right, np.array([row.posted for row in rows]), WARM, "posted at")
        for n, row in enumerate(rows):
            left.text(-1.2, n, short(row.name, _LONGEST), ha="right", va="center", fontsize=9.5)
        return markup(
            figure,
            "People by the hour they want it at: " + " ".join(row.words for row in rows),
            kind,
        )


def _cells(axes: Axes, counts: np.typing.NDArray[np.int64], colour: str, title: str) -> None:
    """Shades of each row's own largest count, which stands in its cell where there is room."""
    axes.axis("off")
    shades = mpl.colors.LinearSegmentedColormap.from_list(title, ["#ffffff", colour])
    for n, row in enumerate(counts):
        largest = row.max() or 1
        for hour, count in enumerate(row):
            axes.add_patch(
                mpl.patches.Rectangle(
                    (hour - 0.47, n - 0.43), 0.94, 0.86, linewidth=0,
                    facecolor=shades(0.1 + 0.9 * count / largest) if count else "#f6f8f9",
                )
            )  # fmt: skip
        if row.any():
            place = int(row.argmax())
            axes.text(
                place, n, f"{row[place]:,}", ha="center", va="center", fontsize=6.5, color="white"
            )
    for hour in range(0, HOURS + 1, _EVERY):
        axes.text(hour - 0.5, -0.75, f"{hour}", ha="center", va="center", fontsize=8, color=MUTED)
    axes.text(HOURS / 2 - 0.5, -1.35, title, ha="center", va="center", fontsize=9, color=INK)
    axes.set_xlim(-0.5, HOURS - 0.5)
    axes.set_ylim(len(counts) - 0.5, -0.5)
