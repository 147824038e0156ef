"""Drawing of a launch: who asks for it and who speaks of it, before and after."""

from __future__ import annotations

from datetime import date

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from reports.before_and_after import SPAN, BeforeAfter
from reports.charts import ACCENT, INK, MUTED, WARM, WIDTH, drawing, markup
from reports.launches import Launched

_BIN = 2
"""Weeks to a bar."""
_MARKS = (-26, -13, 0, 13, 26)


def launch(one: Launched, kind: str) -> Markup:
    """People a week, by two weeks listened to; dashed: had nothing changed. Empty where nobody
    listened."""
    rows = [("ask for it", one.asking), ("speak of it", one.speaking)]
    drawn = [(label, told) for label, told in rows if told.weeks]
    with drawing(kind, WIDTH, 1.25 * len(drawn) + 0.45) as figure:
        height = (1 - 0.45 / figure.get_figheight()) / max(1, len(drawn))
        for n, (label, told) in enumerate(drawn):
            axes = figure.add_axes((0.14, 1 - height * (n + 1) + 0.06, 0.82, height * 0.72))
            _side(axes, told, one.when)
            axes.text(
                -0.02, 0.45, label, transform=axes.transAxes, ha="right", va="center", fontsize=10
            )
            if n == len(drawn) - 1:
                labels = [f"{mark:+d} weeks" if mark else "launch" for mark in _MARKS]
                axes.set_xticks(_MARKS, labels, fontsize=8.5)
        words = "; ".join(f"{label}: {_in_words(told)}" for label, told in drawn)
        return markup(figure, f"{one.what}, people a week before and after it; {words}", kind)


def _side(axes: Axes, told: BeforeAfter, when: date) -> None:
    places = np.array([(week.monday - when).days / 7 for week in told.weeks])
    people = np.array([week.people for week in told.weeks], dtype=float)
    expected = np.array([week.expected for week in told.weeks])
    bars = np.floor(places / _BIN).astype(int)
    top = 1.0
    for bar in np.unique(bars):
        inside = bars == bar
        mean = people[inside].mean()
        left = bar * _BIN
        axes.bar(
            left, mean, width=_BIN * 0.9, align="edge", linewidth=0,
            color=ACCENT if left >= 0 else "#8fb3c2",
        )  # fmt: skip
        level = expected[inside].mean()
        if left >= 0:
            axes.plot([left, left + _BIN], [level, level], color=WARM, linewidth=1.4, dashes=(3, 2))
        top = max(top, mean, level)
    axes.axvline(0, color=INK, linewidth=1.0)
    axes.set_xlim(-SPAN, SPAN)
    axes.set_ylim(0, top * 1.2)
    axes.set_xticks([])
    axes.set_yticks([0, top], ["0", f"{top:.1f}".removesuffix(".0")], fontsize=7.5, color=MUTED)
    axes.spines["left"].set_visible(False)


def _in_words(told: BeforeAfter) -> str:
    return "not compared" if told.growth is None else (
        f"{told.growth.recent} after, {told.growth.expected:.0f} expected"
    )  # fmt: skip
