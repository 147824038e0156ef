"""The brief: one page for an executive, in a file of its own that asks nothing of any network.

It goes question by question: a figure with its denominator, the words behind it one click below,
and a conclusion with its boundary. How much is embedded is limited; the page says how much more
``signals.json`` holds.

``accuracy``, where given, is what was measured of the model, on what:
``{"model": str, "figures": [{"name", "value", "low", "high", "on"}]}``; ``low`` and ``high`` may
be absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from reports import (
    charts,
    launch_chart,
    launch_words,
    share_of_voice_chart,
    wording,
    wording_over_time,
)
from reports.atomic import replacing
from reports.brief_cards import card
from reports.brief_figures import (
    CHARTED,
    categories,
    hours_figure,
    moment_figure,
    say_want_figure,
    sentiment_figure,
    trend_figure,
)
from reports.brief_sources import listened_to
from reports.brief_voices import Voices
from reports.demand import Demand
from reports.json_values import iso
from reports.timeline import Timeline, timeline

name = "brief"
formats = ("html",)

FULL_CARDS = 10
TABLE_ROWS = 60
SINGLE_ROWS = 60
GAPS = 12

TEMPLATES = Path(__file__).parent / "templates"


def write(
    demand: Demand,
    out_dir: Path,
    formats: Sequence[str],
    accuracy: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write ``brief.html``."""
    path = out_dir / "brief.html"
    page = render(demand, accuracy)
    with replacing(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return [path]


def render(demand: Demand, accuracy: Mapping[str, Any] | None = None) -> str:
    """The page as HTML. Everything that people wrote is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        words=wording, over_time=wording_over_time, launch_words=launch_words, iso=iso
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    template = environment.get_template("brief.html.jinja")
    return template.render(_content(demand, accuracy))


def _content(demand: Demand, accuracy: Mapping[str, Any] | None) -> dict[str, Any]:
    voices = Voices(demand)
    shared = demand.shared
    wants = [s for s in demand.ranked if s.type == "wants" and s.people > 1]
    singles = [s for s in demand.ranked if s.people == 1]
    time = _timeline(demand)
    cards = [
        card(n, signal, demand, voices, time) for n, signal in enumerate(shared[:FULL_CARDS], 1)
    ]
    shown_gaps, more_gaps = wording_over_time.gap_sentences(demand.heard, GAPS)
    rest = shared[FULL_CARDS : FULL_CARDS + TABLE_ROWS]
    first, last = _first_and_last(demand)
    return {
        "demand": demand,
        "window": wording.window_words(demand.window, first, last),
        "generated_on": wording.day(demand.generated_at),
        "answer": wording.answer(shared, demand.ladder),
        "shared_count": len(shared),
        "single_count": len(singles),
        "asking": demand.asks["person"].nunique(),
        "ladder_chart": charts.ladder(demand.ladder),
        "top_chart": charts.top_signals(shared[:CHARTED]) if shared else None,
        "charted": min(CHARTED, len(shared)),
        **trend_figure(demand, shared, time),
        **moment_figure(shared),
        **hours_figure(shared),
        **say_want_figure(demand, voices),
        **sentiment_figure(demand),
        "spoken_of": [
            (
                told,
                share_of_voice_chart.voices(told, f"voice-{n}"),
                share_of_voice_chart.unit_words(told),
            )
            if any(voice.months for voice in told.voices)
            else (told, None, "")
            for n, told in enumerate(demand.voice)
        ],
        "categories": categories(demand),
        "cards": cards,
        "launches": [
            (
                one,
                launch_chart.launch(one, f"launch-{n}")
                if one.asking.weeks or one.speaking.weeks
                else None,
                [(row, voices.of_quotes(row.quotes)) for row in one.still],
            )
            for n, one in enumerate(demand.launches)
        ],
        "rest": [(s, voices.quotes(s)) for s in rest],
        "more_rest": len(shared) - len(cards) - len(rest),
        "wants": [(s, voices.quotes(s)) for s in wants[:TABLE_ROWS]],
        "more_wants": max(0, len(wants) - TABLE_ROWS),
        "singles": [(s, voices.quotes(s)[:1]) for s in singles[:SINGLE_ROWS]],
        "more_singles": max(0, len(singles) - SINGLE_ROWS),
        "listened": listened_to(demand),
        "pinned": [(s, voices.quotes(s)) for s in demand.ranked if s.standing == "pinned"],
        "ignored": [(s, voices.quotes(s)) for s in demand.ignored],
        "gaps": shown_gaps,
        "more_gaps": more_gaps,
        "failures": [c for c in demand.coverage if c.state in ("failed", "capped")],
        "unread": list(demand.rollups.unread().items()),
        "languages": [
            (str(row.lang), row.comments) for row in demand.rollups.languages.itertuples()
        ],
        "undated": demand.rollups.undated_posts,
        "coarse": int(demand.rollups.undated["coarse"].sum()),
        "accuracy": accuracy,
        "conclusion": wording.conclusion(
            shared, demand.ladder, voices.solicited_share(shared[0]) if shared else 0.0
        ),
    }  # fmt: skip


def _first_and_last(demand: Demand) -> tuple[datetime | None, datetime | None]:
    ladder = demand.rollups.ladder
    first, last = ladder["first"].min(), ladder["last"].max()
    return (
        None if pd.isna(first) else first.to_pydatetime(),
        None if pd.isna(last) else last.to_pydatetime(),
    )


def _timeline(demand: Demand) -> Timeline | None:
    """The time axis from the first to the last comment; None where no comment has a date."""
    first, last = _first_and_last(demand)
    if first is None or last is None:
        return None
    return timeline(first.date(), last.date(), demand.heard)
