"""The asks of a window, grouped, counted by people into signals, and put in order.

Requests come first, then purchase intent (asks of type "wants": "I need a coffee"), which is kept
in signals of its own, so that what people buy anyway does not crowd out what they miss; what one
person alone asked for stands below both, again requests first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import pandas as pd

from earful.facts import Facts
from earful.ruling import Ruling
from earful.settings import Settings
from earful.store.memory import Memory
from earful.validation import ReadingCounts
from reports.arrangement import Listing
from reports.demand import ListedSignal
from reports.estimates import Estimator
from reports.fact_tables import FactTables, Window, open_tables
from reports.grouping import NO_GROUP
from reports.one_signal import AskRow, count_signal, unasked_signal
from reports.placement import Placement, place_asks
from reports.ranking import Score, ranking


@dataclass(frozen=True, slots=True, eq=False)
class CountedSignals:
    """The signals of a window, in order, without what their weeks tell.

    ``asks`` are those that count, one row each, as ``reports.asks.read_asks`` gives them, with
    ``signal`` (the id) and ``item`` as the signal shows it. ``listings`` are all signals there are,
    asked for in the window or not; ``estimator`` is None where nothing was measured of the models.
    """

    signals: tuple[ListedSignal, ...]
    asks: pd.DataFrame
    listings: tuple[Listing, ...]
    placed: Placement
    tables: FactTables
    estimator: Estimator | None


def counted_signals(
    facts: Facts,
    window: Window,
    settings: Settings,
    *,
    rung: str = "people",
    memory: Memory | None = None,
    ruling: Ruling | None = None,
    counts: ReadingCounts | None = None,
) -> CountedSignals:
    """Who asks for what in one window of the facts, counted at one rung.

    Signals that are in ``memory`` keep their ids and names. ``ruling`` is the taxonomy that holds;
    without ``counts`` of how well comments are read, no estimate is made. Raises
    ``ConfigurationError`` where the settings' ranking cannot be read, or there is no such rung.
    """
    score = ranking(settings.report.ranking)
    tables = open_tables(facts, rung)
    placed = place_asks(tables, settings, memory)
    arranged = placed.arranged(ruling)
    listings = arranged.listings
    asks = placed.asks.assign(item=placed.grouping.item_of, group=arranged.listing_of)
    estimator = None if counts is None else Estimator.of(asks[asks["counted"]], counts)
    asks = asks[placed.rows_in(window)]
    counted = asks[asks["counted"].astype(bool)]
    estimates = {} if estimator is None else estimator.estimates(counted, counted["group"].tolist())
    quotes = settings.report.quotes_per_signal
    ranked: list[tuple[tuple[object, ...], ListedSignal]] = []
    groups = _by_group(asks)
    for position, rows in groups.items():
        signal = count_signal(listings[position], rows, estimates.get(position), quotes)
        ranked.append((_order(signal, rows, score), signal))
    for position, listing in enumerate(listings):
        if listing.standing == "pinned" and position not in groups:
            signal = unasked_signal(listing)
            ranked.append((_order(signal, (), score), signal))
    ranked.sort(key=lambda entry: entry[0])
    ids = [listing.id for listing in listings]
    return CountedSignals(
        signals=tuple(signal for _, signal in ranked),
        asks=counted.assign(signal=[ids[group] for group in counted["group"]]),
        listings=listings,
        placed=placed,
        tables=tables,
        estimator=estimator,
    )


def _by_group(asks: pd.DataFrame) -> dict[int, list[AskRow]]:
    """Rows of every group that has an ask that counts."""
    columns: list[list[Any]] = []
    for name in AskRow._fields:
        column = asks[name].astype(object)
        columns.append(column.where(column.notna(), None).tolist())
    dates = AskRow._fields.index("created_at")
    columns[dates] = [
        None if moment is None else moment.to_pydatetime().replace(tzinfo=UTC)
        for moment in columns[dates]
    ]
    groups: dict[int, list[AskRow]] = defaultdict(list)
    for group, *values in zip(asks["group"].tolist(), *columns, strict=True):
        if group != NO_GROUP:
            groups[group].append(AskRow(*values))
    return {n: rows for n, rows in groups.items() if any(row.counted for row in rows)}


def _order(signal: ListedSignal, rows: Sequence[AskRow], score: Score) -> tuple[object, ...]:
    """Sorts what two people or more ask for before the rest, requests before purchase intent, and
    what is ignored last."""
    reach = {row.uid: row.reach or 0 for row in rows if row.counted}
    columns = {
        "people": float(signal.people),
        "mentions": float(signal.mentions),
        "strength": signal.strength,
        "reach": float(sum(reach.values())),
    }
    return (
        signal.standing == "ignored",
        signal.people < 2,
        signal.type == "wants",
        -score(columns),
        -signal.people,
        -signal.mentions,
        -signal.strength,
        signal.name,
        signal.id,
    )
