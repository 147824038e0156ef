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
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from earful.records import DAYPARTS, DemandSignal, Ladder, Quote
from reports import (
    charts,
    hours_chart,
    launch_chart,
    launch_words,
    say_want_chart,
    share_of_voice_chart,
    timeline_charts,
    wording,
    wording_over_time,
)
from reports.atomic import replacing
from reports.demand import Demand, ListedSignal
from reports.json_values import iso
from reports.moments import moments_of
from reports.timeline import Timeline, timeline

name = "brief"
formats = ("html",)

FULL_CARDS = 10
CHARTED = 12
TREND_LINES = 6
TABLE_ROWS = 60
SINGLE_ROWS = 60
EVIDENCE_ROWS = 30
VOICES_PER_ITEM = 4
ITEMS = 8
MOMENTS = 10
WHOLE_DAY = 5
GAPS = 12
GAPS_A_SIDE = 6
TUPLES = 25
SOLICITED = 0.8
CATEGORY_SPLIT = ("request", "problem", "complaint", "question", "praise", "churn_risk")

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Voice:
    """Words that somebody said. ``url`` is a web address or None; ``lang`` may be ""."""

    uid: str
    quote: str
    source: str
    said_on: str
    url: str | None
    lang: str
    item: str
    moment: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A count in words and as a share of the largest beside it (0-100), and who is behind it."""

    name: str
    people: int
    width: float
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One signal in full."""

    rank: int
    signal: ListedSignal
    share: str
    note: str
    grade: str
    told: tuple[str, ...]
    line: Markup | None
    items: tuple[Bar, ...]
    more_items: int
    moments: tuple[Bar, ...]
    sources: tuple[Bar, ...]
    sentiments: tuple[Bar, ...]
    quotes: tuple[Voice, ...]
    evidence: tuple[Voice, ...]
    more_evidence: int


@dataclass(frozen=True, slots=True)
class Listened:
    """What was heard of one source, and how well it was listened to."""

    source: str
    ladder: Ladder
    first: str
    last: str
    undated: int
    coverage: str
    full: bool


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
    voices = _Voices(demand)
    shared = demand.shared
    wants = [s for s in demand.ranked if s.type == "wants" and s.people > 1]
    singles = [s for s in demand.ranked if s.people == 1]
    time = _timeline(demand)
    cards = [
        _card(n, signal, demand, voices, time) for n, signal in enumerate(shared[:FULL_CARDS], 1)
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
        **_trend_figure(demand, shared, time),
        **_moment_figure(shared),
        **_hours_figure(shared),
        **_say_want_figure(demand, voices),
        **_sentiment_figure(demand),
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
        "categories": _categories(demand),
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
        "listened": _listened(demand),
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


class _Voices:
    """The evidence of a demand, looked up by signal."""

    def __init__(self, demand: Demand) -> None:
        self._asks = demand.asks
        self._rows = demand.asks.groupby("signal", sort=False).indices
        self._by_uid = demand.asks.drop_duplicates("uid").set_index("uid")

    def of(self, signal: DemandSignal) -> pd.DataFrame:
        """The asks behind a signal, oldest first."""
        return self._asks.iloc[self._rows[signal.id]]

    def evidence(self, asks: pd.DataFrame, most: int) -> tuple[Voice, ...]:
        """One voice per comment, newest first."""
        newest = asks.drop_duplicates("uid").iloc[::-1].head(most)
        return tuple(self._voice(row) for row in newest.itertuples())

    def by_side(self, signal: DemandSignal, *, solicited: bool, most: int) -> tuple[Voice, ...]:
        """What was said of a signal when asked, or unasked."""
        asks = self.of(signal)
        return self.evidence(asks[asks["solicited"].astype(bool) == solicited], most)

    def quotes(self, signal: DemandSignal) -> tuple[Voice, ...]:
        """The chosen quotes of a signal."""
        return self.of_quotes(signal.quotes)

    def of_quotes(self, quotes: Sequence[Quote]) -> tuple[Voice, ...]:
        """Quotes with what is known of their comments."""
        return tuple(
            Voice(
                uid=quote.uid,
                quote=quote.quote,
                source=str(self._by_uid.at[quote.uid, "source"]),
                said_on=wording.day(quote.created_at),
                url=web_address(quote.url),
                lang=_text(self._by_uid.at[quote.uid, "lang"]),
                item="",
                moment="",
            )
            for quote in quotes
        )

    def solicited_share(self, signal: DemandSignal) -> float:
        """The share of its people who were asked in a survey."""
        people = self.of(signal).groupby("person")["solicited"].all()
        return float(people.mean())

    def _voice(self, row: Any) -> Voice:
        return Voice(
            uid=row.uid,
            quote=row.passage,
            source=row.source,
            said_on=wording.day(None if pd.isna(row.created_at) else row.created_at),
            url=web_address(_text(row.url)),
            lang=_text(row.lang),
            item=row.item,
            moment=", ".join(moments_of(_text(row.moment))),
        )


def web_address(url: str | None) -> str | None:
    """The address where it is one of the web, else None: a link must not run anything."""
    return url if url and url.lower().startswith(("https://", "http://")) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _card(
    rank: int,
    signal: ListedSignal,
    demand: Demand,
    voices: _Voices,
    time: Timeline | None,
) -> Card:
    asks = voices.of(signal)
    solicited = voices.solicited_share(signal)
    # A day with hardly anybody in it is told by the parts that somebody named.
    some = sum(signal.moments.get(part, 0) for part in DAYPARTS) >= WHOLE_DAY
    moments = {part: signal.moments.get(part, 0) for part in DAYPARTS} if some else {}
    moments |= dict(list(signal.moments.items())[:MOMENTS])
    items = {entry.item: entry.people for entry in signal.items}
    evidence = voices.evidence(asks, EVIDENCE_ROWS)
    return Card(
        rank=rank,
        signal=signal,
        share=wording.percent(signal.people, demand.ladder.people),
        note=_note(solicited),
        grade=wording_over_time.grade_words(signal, demand.findings),
        told=tuple(wording_over_time.sentences(signal)),
        line=None if time is None else timeline_charts.sparkline(signal, asks, time, demand.heard),
        items=_bars(
            dict(list(items.items())[:ITEMS]),
            {
                item: voices.evidence(asks[asks["item"] == item], VOICES_PER_ITEM)
                for item in list(items)[:ITEMS]
            },
        ),
        more_items=max(0, len(items) - ITEMS),
        moments=_bars(moments),
        sources=_bars(signal.sources),
        sentiments=_bars({name: n for name, n in signal.sentiment.items() if n}),
        quotes=voices.quotes(signal),
        evidence=evidence,
        more_evidence=signal.mentions - len(evidence),
    )


def _note(solicited: float) -> str:
    """What has to be known of a signal that people were asked about."""
    if solicited >= 1:
        return "All of them said so only when a survey asked."
    if solicited >= SOLICITED:
        return f"{wording.percent_of(solicited)} of them said so only when a survey asked."
    if solicited >= 1 - SOLICITED:
        return (
            f"{wording.percent_of(solicited)} of them were asked in a survey; the others said so"
            " unasked."
        )
    return ""


def _bars(
    counts: Mapping[str, int], voices: Mapping[str, tuple[Voice, ...]] | None = None
) -> tuple[Bar, ...]:
    largest = max(counts.values(), default=0) or 1
    return tuple(
        Bar(name, people, round(100 * people / largest, 1), (voices or {}).get(name, ()))
        for name, people in counts.items()
    )


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


def _trend_figure(
    demand: Demand, shared: Sequence[ListedSignal], time: Timeline | None
) -> dict[str, Any]:
    if time is None or not shared:
        return {"trend_chart": None}
    known = [s for s in shared if timeline_charts.told_by_growth(s.trend)][:CHARTED]
    return {
        "trend_chart": timeline_charts.trends(
            shared[:TREND_LINES], demand.asks, time, demand.heard
        ),
        "trend_unit": time.words,
        "growth_chart": timeline_charts.growth(known) if known else None,
        "moving": [s for s in shared if s.trend.direction in ("rising", "falling")],
        "established": [s for s in shared if s.grade == "established"],
    }


def _moment_figure(shared: Sequence[DemandSignal]) -> dict[str, Any]:
    timed = [s for s in shared if any(part in s.moments for part in DAYPARTS)][:CHARTED]
    if not timed:
        return {"moments_chart": None, "busiest": None}
    busiest = max(
        ((s, part, s.moments[part]) for s in timed for part in DAYPARTS if part in s.moments),
        key=lambda entry: entry[2],
    )
    return {"moments_chart": charts.moments_grid(timed), "busiest": busiest}


def _hours_figure(shared: Sequence[ListedSignal]) -> dict[str, Any]:
    """The hours of things of which people named a clock time or two people a part of the day."""
    timed = [s for s in shared if s.hours is not None and s.hours.people > 1]
    told = sorted(
        ((s, row) for s in shared for row in s.tuples if row.people > 1),
        key=lambda entry: -entry[1].people,
    )
    rows = hours_chart.rows_of(timed)[:CHARTED]
    return {
        "hours_chart": hours_chart.grid(rows) if rows else None,
        "hours_top": rows[0] if rows else None,
        "hours_local": all(s.hours.posted_local == s.hours.posted_people for s in timed if s.hours),
        "tuples": told[:TUPLES],
        "more_tuples": max(0, len(told) - TUPLES),
    }


def _say_want_figure(demand: Demand, voices: _Voices) -> dict[str, Any]:
    """The gaps beyond chance, those said when asked first."""
    told = demand.say_want
    if told is None:
        return {"say_want": None}
    named = {signal.id: signal for signal in demand.signals}
    said, wanted = told.of("said")[:GAPS_A_SIDE], told.of("wanted")[:GAPS_A_SIDE]
    return {
        "say_want": told,
        "say_want_chart": say_want_chart.gaps([*said, *wanted], told) if said or wanted else None,
        "said": said,
        "wanted": wanted,
        "gap_voices": [
            (gap, voices.by_side(named[gap.id], solicited=True, most=VOICES_PER_ITEM),
             voices.by_side(named[gap.id], solicited=False, most=VOICES_PER_ITEM))
            for gap in (*said, *wanted)
        ],
    }  # fmt: skip


def _sentiment_figure(demand: Demand) -> dict[str, Any]:
    months = demand.rollups.sentiments
    if months.empty:
        return {"sentiment_chart": None, "sentiment_unit": "", "moods": []}
    volume = months.groupby("source")["comments"].sum().sort_values(ascending=False, kind="stable")
    moods = []
    for source in volume.index[:6]:
        rows = months[months["source"] == source].groupby("name")["comments"].sum()
        total = int(rows.sum())
        moods.append(
            (
                source,
                total,
                {
                    kind: wording.percent(int(rows.get(kind, 0)), total)
                    for kind in ("negative", "neutral", "positive", "mixed")
                },
            )
        )
    return {
        "sentiment_chart": charts.sentiment(months, list(volume.index[:6])),
        "sentiment_unit": charts.UNIT_NAMES[charts.sentiment_unit(months)],
        "moods": moods,
    }


def _categories(demand: Demand) -> dict[str, Any] | None:
    """Per source: what share of the dated comments is in each category, and how it moved.

    The move compares the last year of the window with the time before, in points of a hundred.
    """
    rows = demand.rollups.categories
    months = demand.rollups.months
    if rows.empty or months.empty:
        return None
    border = months["start"].max() - pd.DateOffset(months=11)
    seen = [c for c in CATEGORY_SPLIT if c in set(rows["name"])]
    table = []
    for source, volume in months.groupby("source"):
        mine = rows[rows["source"] == source]
        total = int(volume["comments"].sum())
        recent = int(volume.loc[volume["start"] >= border, "comments"].sum())
        cells = []
        for category in seen:
            of = mine[mine["name"] == category]
            now = int(of.loc[of["month"] >= border, "comments"].sum())
            every = int(of["comments"].sum())
            moved = None
            if recent >= 20 and total - recent >= 20:
                moved = round(100 * (now / recent - (every - now) / (total - recent)))
            cells.append((wording.percent(every, total), every, moved))
        table.append((source, total, cells))
    return {"names": [name.replace("_", " ") for name in seen], "rows": table}


def _listened(demand: Demand) -> list[Listened]:
    ladders = demand.rollups.ladders()
    undated = demand.rollups.undated.set_index("source")["posts"].to_dict()
    frame = demand.rollups.ladder.set_index("source")
    found = []
    for source in sorted({*ladders, *(c.source for c in demand.coverage)}):
        windows = [c for c in demand.coverage if c.source == source]
        states = pd.Series([c.state for c in windows], dtype="str").value_counts()
        known = source in ladders
        found.append(
            Listened(
                source=source,
                ladder=ladders.get(source, Ladder(0, 0, 0, 0, "comments")),
                first=_day_of(frame.at[source, "first"]) if known else "nothing",
                last=_day_of(frame.at[source, "last"]) if known else "nothing",
                undated=int(undated.get(source, 0)),
                coverage=", ".join(
                    f"{state}" if n == 1 else f"{n} × {state}"
                    for state, n in sorted(states.items())
                )
                or "not recorded",
                full=bool(windows) and all(c.state in ("complete", "imported") for c in windows),
            )
        )
    return found


def _day_of(moment: Any) -> str:
    return "no date" if pd.isna(moment) else wording.day(moment)
