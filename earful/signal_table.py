"""A report on the terminal: the top of the list, and what has to be known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from earful.pipeline import ReportResult
    from earful.records import Estimate
    from reports.demand import Demand

MOST = 10
"""Signals, and notes, that are shown."""


def show_report(console: Console, made: ReportResult) -> None:
    """The signals, what became of those that were known, and the files."""
    show_signals(console, made.demand)
    _show_notes(console, made.notes)
    for path in made.files:
        console.print(str(path), soft_wrap=True)


def show_signals(console: Console, demand: Demand) -> None:
    """The top of the list, as a table; a figure that is no estimate is not shown as one."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what is asked for", "people", "estimate", "posts", "grade", "trend"):
        numbers = heading in ("", "people", "estimate", "posts")
        table.add_column(heading, justify="right" if numbers else "left")
    shown = [signal for signal in demand.ranked if signal.grade != "coincidence"][:MOST]
    for rank, signal in enumerate(shown, 1):
        table.add_row(
            str(rank),
            signal.name,
            f"{signal.people:,}",
            _range(signal.estimate),
            f"{signal.mentions:,}",
            signal.grade,
            signal.trend.direction,
        )
    console.print(table)
    ladder = demand.ladder
    console.print(
        f"{ladder.posts:,} posts > {ladder.without_copies:,} without copies >"
        f" {ladder.without_spam:,} without spam > {ladder.people:,} people"
        f" (counted by {ladder.people_basis})"
    )
    if demand.rung != "people":
        console.print(
            f"Counted at the rung {demand.rung}: each comment counts as if it were a person."
        )


def _range(estimate: Estimate) -> str:
    """The range of an estimate; who is in none of it is told beside it."""
    if not estimate.measured:
        return ""
    beside = f" (+{estimate.left_out:,} not measured)" if estimate.left_out else ""
    return f"{estimate.low:,} to {estimate.high:,}{beside}"


def _show_notes(console: Console, notes: Sequence[str]) -> None:
    """What became of signals that were known; it shall not happen unnoticed."""
    for note in notes[:MOST]:
        console.print(f"note: {note}", soft_wrap=True)
    if len(notes) > MOST:
        console.print(f"note: {len(notes) - MOST:,} more of that kind; see 'earful taxonomy show'")
