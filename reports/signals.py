"""Demand signals: what people ask for in a window, with everything that a report tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd

from earful.facts import Facts
from earful.records import Coverage, Estimate
from earful.ruling import Ruling
from earful.settings import Settings
from earful.store.memory import Memory
from earful.validation import ReadingCounts
from reports.counted_signals import counted_signals
from reports.demand import EVIDENCE_COLUMNS, Demand, ListedSignal
from reports.established import TOO_FEW
from reports.estimates import Estimator, unmeasured
from reports.fact_tables import Window
from reports.hours import signal_hours
from reports.launches import launch_effects
from reports.over_time import OverTime, over_time
from reports.rollups import roll_up
from reports.say_want import say_want
from reports.share_of_voice import shares_of_voice
from reports.tuples import demand_tuples


def demand_signals(
    facts: Facts,
    window: Window,
    settings: Settings,
    coverage: Sequence[Coverage] = (),
    now: datetime | None = None,
    *,
    rung: str = "people",
    memory: Memory | None = None,
    ruling: Ruling | None = None,
    counts: ReadingCounts | None = None,
) -> Demand:
    """Everything a report tells, from the facts of one window, counted at one rung.

    ``rung``, ``memory``, ``ruling`` and ``counts`` are those of ``counted_signals``, which says
    what is raised.
    """
    counted = counted_signals(
        facts, window, settings, rung=rung, memory=memory, ruling=ruling, counts=counts
    )
    asks, tables, estimator = counted.asks, counted.tables, counted.estimator
    rollups = roll_up(tables, window)
    listened = tuple(c for c in coverage if window.sources is None or c.source in window.sources)
    told = over_time(asks, [signal.id for signal in counted.signals], rollups, listened, window)
    hours, tuples = signal_hours(asks, tables, window), demand_tuples(asks)
    signals = tuple(
        replace(
            _with_time(signal, told), hours=hours.get(signal.id), tuples=tuples.get(signal.id, ())
        )
        for signal in counted.signals
    )
    names = {listing.id: listing.name for listing in counted.listings}
    ignored = {listing.id for listing in counted.listings if listing.standing == "ignored"}
    heeded = {one: name for one, name in names.items() if one not in ignored}
    return Demand(
        title=settings.report.title or f"What people ask for: {settings.project}",
        window=window,
        generated_at=now or datetime.now(UTC),
        coverage=listened,
        ladder=rollups.total,
        signals=signals,
        rollups=rollups,
        rung=rung,
        heard=told.heard,
        findings=told.findings,
        asks=_evidence(asks, signals),
        learned=counted.placed.found.update,
        changes=counted.placed.found.changes,
        asking=_asking(estimator, asks),
        prevalence=() if estimator is None else estimator.prevalence(asks),
        launches=launch_effects(settings.launch, names, asks, tables, window, told.heard, ignored),
        say_want=say_want(asks, heeded, tables, window),
        voice=shares_of_voice(settings.brand, tables, window),
    )


def _asking(estimator: Estimator | None, heard: pd.DataFrame) -> Estimate:
    """The people who ask for anything at all."""
    if estimator is None or heard.empty:
        return unmeasured(int(heard["person"].nunique()))
    return estimator.estimates(heard, [None] * len(heard), one_thing=False)[None]


def _with_time(signal: ListedSignal, told: OverTime) -> ListedSignal:
    """The signal with what its weeks tell, and the grade that they earn it."""
    evidence = told.findings.evidence.get(signal.id)
    if evidence is None:
        return replace(signal, trend=told.trends[signal.id], untested=TOO_FEW)
    return replace(
        signal,
        trend=told.trends[signal.id],
        grade="established" if evidence.established else signal.grade,
        p=evidence.p,
        q=evidence.q,
        untested=evidence.untested,
        past=evidence.growth,
        seasonal=evidence.seasonal,
        history=told.histories[signal.id],
    )


def _evidence(counted: pd.DataFrame, signals: Sequence[ListedSignal]) -> pd.DataFrame:
    rank = {signal.id: n for n, signal in enumerate(signals)}
    ordered = counted.assign(rank=counted["signal"].map(rank)).sort_values(
        ["rank", "created_at", "uid", "n"], kind="stable"
    )
    return ordered.loc[:, list(EVIDENCE_COLUMNS)].reset_index(drop=True)
