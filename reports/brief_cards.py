"""A signal in full, as the brief shows it on a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from earful.records import DAYPARTS
from reports import timeline_charts, wording, wording_over_time
from reports.brief_voices import Voice, Voices
from reports.demand import Demand, ListedSignal
from reports.timeline import Timeline

EVIDENCE_ROWS = 30
VOICES_PER_ITEM = 4
ITEMS = 8
MOMENTS = 10
WHOLE_DAY = 5
SOLICITED = 0.8


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


def card(
    rank: int,
    signal: ListedSignal,
    demand: Demand,
    voices: Voices,
    time: Timeline | None,
) -> Card:
    """The card of a signal; without a ``time`` axis it has no line."""
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
