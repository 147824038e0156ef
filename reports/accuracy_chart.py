"""How well comments are read, on one page: a picture for those who have to rely on the numbers.

It takes plain figures (see ``accuracy_picture``), so that it knows nothing of how they were made.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names

from reports.charts import ACCENT, DRAWING_STYLE, INK, MUTED, RULE
from reports.wording import count

PAGE = (11.7, 8.3)
"""Inches: A4, lying."""
DOTS = 160
MOST_GROUPS = 8
_SECOND = "#8fb3c2"
_MEAN = "#b9c3cb"
_MARGIN, _HALF, _BOTTOM = 0.03, 0.475, 0.11
_LABEL_ROWS = 22.4
_FEW = 5
_NAMES = {"purchase_intent": "purchase intent", "churn_risk": "churn risk"}
# Names of domains may be in any script; what is not installed is left out.
_MORE_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans Arabic", "Noto Sans Thai")

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Bar:
    """One figure: ``value`` None where nothing supports it, ``note`` how much does."""

    name: str
    value: float | None
    interval: Figures | None
    note: str
    colour: str


def accuracy_picture(figures: Figures) -> bytes:
    """One page as PNG: F1 by label with intervals, reliability, F1 by domain and by language.

    ``figures`` is what ``earful eval --json`` writes: overall, sentiments, categories, macros,
    reliability, calibration, by_domain, by_lang, by_length, gold and model_version.
    """
    style: Any = {
        **DRAWING_STYLE,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "font.family": ["DejaVu Sans", *_installed(_MORE_FONTS)],
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=PAGE)
        _headline(figure, figures)
        _labels(figure, figures)
        _reliability(figure, figures)
        _groups(figure, figures)
        _footer(figure, figures)
        return _png(figure)


def _installed(fonts: Sequence[str]) -> list[str]:
    known = set(get_font_names())
    return [font for font in fonts if font in known]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    figure.set_dpi(DOTS)
    with warnings.catch_warnings():
        # A script without a font is drawn as boxes; that is no reason to fail.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def _headline(figure: Figure, figures: Figures) -> None:
    request = figures["categories"]["request"]
    comments = figures["overall"]["comments"]
    if request["support"] and request["called"]:
        said = (
            f"Of 100 requests {_of_hundred(request['recall'])} are found; of 100 comments called"
            f" a request {_of_hundred(request['precision'])} are one"
        )
    else:
        said = "How well comments are read"
    figure.text(_MARGIN, 0.945, said, fontsize=17, weight="bold")
    right = figures["overall"]["sentiment_accuracy"]
    parts = [
        f"Measured on {count(comments, 'labelled comment')}"
        + (f" of {_shown(figures['gold']['file'], 40)}" if figures.get("gold") else ""),
        f"sentiment right in {_of_hundred(right)} of 100",
    ]
    asks, compared = figures["overall"]["asks"], figures["overall"]["items_compared"]
    if asks and compared == asks:
        shares = figures["overall"]["item_word_match"]
        parts.append(f"the item of an ask in {_of_hundred(shares)} of 100")
    figure.text(_MARGIN, 0.908, "; ".join(parts) + ".", fontsize=11, color=MUTED)


def _of_hundred(share: float) -> str:
    return f"{100 * share:.0f}"


def _shown(name: str, longest: int) -> str:
    name = " ".join("".join(one if one.isprintable() else " " for one in name).split())
    name = _NAMES.get(name, name)
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def _labels(figure: Figure, figures: Figures) -> None:
    """The left half: a bar for every label, in the order of the codebook, the main ones dark."""
    left, width, right = 0.155, 0.215, 0.425
    _title(figure, _MARGIN, "F1 by label, with its 95 % interval")
    axes = figure.add_axes((left, _BOTTOM, width, 0.84 - _BOTTOM))
    edge, note = (_MARGIN - left) / width, (right - left) / width
    at = 0.0
    for title, bars in _sections(figures):
        axes.text(edge, at, title, weight="bold", va="center")
        if not at:
            axes.text(note, at, "in the gold", ha="right", va="center", fontsize=8, color=MUTED)
        for bar in bars:
            at += 1
            _bar(axes, at, bar, note)
        at += 1.4
    # As many rows whatever was measured, so that pages of two files can be laid side by side.
    _scale(axes, _LABEL_ROWS)


def _sections(figures: Figures) -> list[tuple[str, list[_Bar]]]:
    macros, overall, categories = figures["macros"], figures["overall"], figures["categories"]
    sentiments, main = figures["sentiments"], macros["main_categories"]["labels"]
    sections = [
        (
            "Sentiment",
            [
                *(_label(name, one, ACCENT) for name, one in sentiments.items()),
                _mean("mean without mixed", macros["sentiment"]),
            ],
        ),
        (
            "Main categories",
            [
                *(_label(name, categories[name], ACCENT) for name in main),
                _mean("mean", macros["main_categories"]),
            ],
        ),
        (
            "Further categories",
            [_label(name, one, _SECOND) for name, one in categories.items() if name not in main],
        ),
    ]
    if overall["asks"]:
        detection, bounds = overall["ask_detection"], overall["intervals"]["ask_char_f1"]
        asks = f"{overall['asks']:,}"
        sections.append(
            (
                "Asks",
                [
                    _label("comment has one", detection, ACCENT),
                    _Bar("quoted words", overall["ask_char_f1"], bounds, asks, ACCENT),
                ],
            )
        )
    return sections


def _label(name: str, measured: Figures, colour: str) -> _Bar:
    held = measured["support"]
    value = measured["f1"] if held else None
    return _Bar(_shown(name, 18), value, measured["interval"], f"{held:,}", colour)


def _mean(name: str, macro: Figures) -> _Bar:
    return _Bar(name, macro["f1"] if macro["averaged"] else None, macro["interval"], "", _MEAN)


def _bar(axes: Axes, at: float, bar: _Bar, note: float) -> None:
    axes.text(-0.04, at, bar.name, ha="right", va="center", fontsize=9)
    axes.text(note, at, bar.note, ha="right", va="center", fontsize=8, color=MUTED)
    if bar.value is None:
        axes.text(0.015, at, "none in the gold", va="center", fontsize=8, color=MUTED)
        return
    axes.barh(at, bar.value, height=0.7, color=bar.colour)
    end = _whisker(axes, at, bar.value, bar.interval)
    axes.text(end + 0.025, at, f"{bar.value:.2f}", va="center", fontsize=8.5)


def _whisker(axes: Axes, at: float, value: float, interval: Figures | None) -> float:
    """The interval as a line over the bar; tells where both end."""
    if not interval:
        return value
    ends = [interval["low"], interval["high"]]
    axes.plot(ends, [at, at], color="white", linewidth=2.3, solid_capstyle="butt")
    axes.plot(ends, [at, at], color=INK, linewidth=1.1, solid_capstyle="butt")
    return max(value, float(interval["high"]))


def _scale(axes: Axes, rows: float) -> None:
    """F1 from 0 to 1 across, ``rows`` down."""
    axes.set_xlim(0, 1.0)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xticks([0, 0.5, 1.0], ["0", "0.5", "1"], fontsize=8)
    axes.set_yticks([])
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.spines[["left", "bottom"]].set_visible(False)


def _title(figure: Figure, left: float, title: str, said: str = "", top: float = 0.86) -> None:
    figure.text(left, top, title, fontsize=11.5, weight="bold", va="bottom")
    figure.text(left, top - 0.005, said, fontsize=8.5, color=MUTED, va="top")


def _reliability(figure: Figure, figures: Figures) -> None:
    """Upper right: six small squares, given probability against the share that holds."""
    _title(
        figure,
        _HALF,
        "Are the probabilities right?",
        "Across: the probability given. Up: the share that holds. Pale dots: under five comments.",
    )
    width = 0.12
    height = width * PAGE[0] / PAGE[1]
    for n, name in enumerate(figures["macros"]["main_categories"]["labels"]):
        column, row = n % 3, n // 3
        axes = figure.add_axes((_HALF + 0.022 + column * 0.172, 0.64 - row * 0.222, width, height))
        _square(axes, [one for one in figures["reliability"][name] if one["comments"]])
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=7.5)
        axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=7.5)
        axes.set_title(_shown(name, 18), fontsize=9, loc="left", pad=5)
        off = f"off by {figures['calibration'][name]:.2f}"
        axes.set_title(off, fontsize=8, loc="right", pad=5, color=MUTED)


def _square(axes: Axes, bins: Sequence[Figures]) -> None:
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=1, zorder=1)
    comments = sum(one["comments"] for one in bins) or 1
    for one in bins:
        axes.scatter(
            one["confidence"],
            one["share"],
            s=14 + 150 * one["comments"] / comments,
            color=ACCENT if one["comments"] >= _FEW else _SECOND,
            linewidths=0,
            clip_on=False,
            zorder=3,
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _groups(figure: Figure, figures: Figures) -> None:
    """Lower right: F1 by domain and by language; by length where there is but one of either."""
    kinds = [
        (title, _largest_first(figures[field]))
        for title, field in (("domain", "by_domain"), ("language", "by_lang"))
        if len(figures[field]) > 1
    ]
    if len(kinds) < 2:
        kinds.append(("length in characters", figures["by_length"]))
    said = "Dark: requests. Pale: mean of the main categories."
    for (title, groups), left in zip(kinds, (_HALF, _HALF + 0.265), strict=False):
        _title(figure, left, f"F1 by {title}", said, top=0.345)
        said = ""
        _group_panel(figure.add_axes((left + 0.09, _BOTTOM, 0.115, 0.315 - _BOTTOM)), groups)


def _largest_first(groups: Mapping[str, Figures]) -> dict[str, Figures]:
    return dict(sorted(groups.items(), key=lambda group: -group[1]["comments"]))


def _group_panel(axes: Axes, groups: Mapping[str, Figures]) -> None:
    """The first groups, each with two bars."""
    rows = list(groups.items())[:MOST_GROUPS]
    for at, (name, one) in enumerate(rows):
        bounds = one["intervals"]
        request = one["request_f1"] if one["requests"] else None
        main = one["main_macro_f1"] if one["averaged"]["main_macro_f1"] else None
        _half_bar(axes, at - 0.2, request, bounds["request_f1"], ACCENT)
        _half_bar(axes, at + 0.2, main, bounds["main_macro_f1"], _SECOND)
        label = name.removesuffix(" characters").replace("up to ", "≤ ").replace("over ", "> ")
        axes.text(-0.06, at, _shown(label, 14), ha="right", va="center", fontsize=8.5)
        comments = f"{one['comments']:,}"
        axes.text(1.3, at, comments, ha="right", va="center", fontsize=7.5, color=MUTED)
    _scale(axes, max(len(rows), 5))
    if len(groups) > len(rows):
        smaller = f"and {len(groups) - len(rows)} smaller"
        axes.text(-0.78, -0.16, smaller, fontsize=7.5, color=MUTED, transform=axes.transAxes)


def _half_bar(
    axes: Axes, at: float, value: float | None, interval: Figures | None, colour: str
) -> None:
    if value is None:
        axes.text(0.02, at, "none in the gold", va="center", fontsize=6, color=MUTED)
        return
    axes.barh(at, value, height=0.36, color=colour)
    _whisker(axes, at, value, interval)


def _footer(figure: Figure, figures: Figures) -> None:
    told = (
        "Lines are 95 % bootstrap intervals over comments; none is drawn where fewer than five"
        " carry the label, or where all are right. Means are unweighted and of labels that the"
        " gold carries. Grey numbers count comments (asks for the quoted words)."
    )
    if figures.get("model_version"):
        told += f" Model {_shown(figures['model_version'], 60)}."
    lines = textwrap.wrap(told, 165)
    figure.text(_MARGIN, 0.025, "\n".join(lines), fontsize=8, color=MUTED, linespacing=1.5)
