"""Drawing of the share of voice: people who name each, over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from reports.charts import ACCENT, MUTED, WIDTH, drawing, markup, short, stacked
from reports.share_of_voice import ShareOfVoice
from reports.wording import people, percent

MOST = 6
_LONG = 30
"""Months from which on quarters are drawn."""
_LABELS = 8


def voices(told: ShareOfVoice, kind: str) -> Markup:
    """One strip a name, all of one height, in comments by month or quarter."""
    rows = [voice for voice in told.voices if voice.months][:MOST]
    months = sorted({month for voice in rows for month, _, _ in voice.months})
    unit = "Q" if len(pd.period_range(months[0], months[-1], freq="M")) > _LONG else "M"
    periods = pd.period_range(months[0], months[-1], freq=unit)
    counts = [
        pd.Series({pd.Period(month, "M"): comments for month, _, comments in voice.months})
        .groupby(lambda month: month.asfreq(unit))
        .sum()
        .reindex(periods, fill_value=0)
        .to_numpy()
        for voice in rows
    ]
    top = max(int(count.max()) for count in counts)
    with drawing(kind, WIDTH, 0.62 * len(rows) + 0.3) as figure:
        axes_list = stacked(figure, len(rows), left=0.24, right=0.8)
        for axes, voice, count in zip(axes_list, rows, counts, strict=True):
            colour = ACCENT if voice.own else MUTED
            edges = np.arange(len(periods) + 1)
            axes.stairs(count, edges, fill=True, color=colour, alpha=0.25, linewidth=0)
            axes.stairs(count, edges, baseline=None, color=colour, linewidth=1.3)
            axes.text(
                -0.02, 0.4, short(voice.name, 24), transform=axes.transAxes, ha="right",
                va="center", fontsize=10, weight="bold" if voice.own else "normal",
            )  # fmt: skip
            axes.text(
                1.02, 0.4, f"{percent(voice.people, told.people)} · {people(voice.people)}",
                transform=axes.transAxes, va="center", fontsize=9, color=colour,
            )  # fmt: skip
            axes.set_xlim(0, len(periods))
            axes.set_ylim(0, top * 1.1)
            axes.spines["left"].set_visible(False)
            axes.set_xticks([])
            axes.set_yticks([])
        every = -(-len(periods) // _LABELS)
        labels = [f"{period.start_time:%b %y}" for period in periods[::every]]
        axes_list[-1].set_xticks(np.arange(len(periods))[::every] + 0.5, labels, fontsize=8.5)
        return markup(
            figure,
            f"Of {people(told.people)} who name any: "
            + ", ".join(f"{voice.name} {percent(voice.people, told.people)}" for voice in rows),
            kind,
        )


def unit_words(told: ShareOfVoice) -> str:
    """ "month" or "quarter", as ``voices`` draws them."""
    months = sorted({month for voice in told.voices for month, _, _ in voice.months})
    return "quarter" if len(pd.period_range(months[0], months[-1], freq="M")) > _LONG else "month"
