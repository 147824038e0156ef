"""Drawing of the say-want gap: shares when asked to the left, unasked to the right."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reports.charts import ACCENT, INK, MUTED, WARM, WIDTH, drawing, markup, short
from reports.say_want import Gap, SayWant
from reports.wording import percent

_NAMES = 0.34


def gaps(rows: Sequence[Gap], told: SayWant, kind: str = "say-want") -> Markup:
    """One line per signal; the label holds the share and the people."""
    with drawing(kind, WIDTH, 0.34 * len(rows) + 0.4) as figure:
        top = 1.0 - 0.4 / figure.get_figheight()
        axes = figure.add_axes((_NAMES, 0.0, 1 - _NAMES, top))
        axes.axis("off")
        shares = [(r.asked / told.asking_asked, r.unasked / told.asking_unasked) for r in rows]
        largest = max(max(pair) for pair in shares) or 1.0
        for n, (row, (asked, unasked)) in enumerate(zip(rows, shares, strict=True)):
            axes.barh(n, -asked, color=WARM, height=0.62)
            axes.barh(n, unasked, color=ACCENT, height=0.62)
            axes.text(
                -asked - largest * 0.03, n, _label(row.asked, told.asking_asked), ha="right",
                va="center", fontsize=9,
            )  # fmt: skip
            axes.text(
                unasked + largest * 0.03, n, _label(row.unasked, told.asking_unasked), ha="left",
                va="center", fontsize=9,
            )  # fmt: skip
            axes.text(
                -0.02, n, short(row.name), transform=axes.get_yaxis_transform(), ha="right",
                va="center", fontsize=10,
            )  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.text(-largest * 0.03, -0.95, "when asked", ha="right", fontsize=9, color=MUTED)
        axes.text(largest * 0.03, -0.95, "unasked", ha="left", fontsize=9, color=MUTED)
        axes.set_xlim(-largest * 1.55, largest * 1.55)
        axes.set_ylim(len(rows) - 0.5, -0.6)
        return markup(
            figure,
            "Share of those who ask for anything, when asked and unasked: "
            + "; ".join(
                f"{row.name} {_label(row.asked, told.asking_asked)} and"
                f" {_label(row.unasked, told.asking_unasked)}"
                for row in rows
            ),
            kind,
        )


def _label(part: int, whole: int) -> str:
    return f"{percent(part, whole)} ({part:,})"
