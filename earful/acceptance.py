"""Asking whether another model's tags shall count, with what would move before the eyes."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import typer
from rich.console import Console
from rich.table import Table

from earful.moves import Moves

MOST = 15
"""Signals that are listed; the others are counted."""


def accepted(console: Console, moves: Moves, *, yes: bool, preview: bool) -> bool:
    """Show what would move, and tell whether the new tags shall count: always with ``yes``, never
    with ``preview``, else as the person at the terminal says; where there is none, not."""
    show_moves(console, moves)
    if yes or preview:
        return yes
    if not sys.stdin.isatty():
        console.print("Not accepted: the old tags count. To accept: earful tag --all --yes")
        return False
    return typer.confirm("accept?", default=False)


def show_moves(console: Console, moves: Moves) -> None:
    """What would move, as tables."""
    console.print(f"now:  {moves.before}\nthen: {moves.after}", soft_wrap=True)
    if moves.nothing:
        console.print("Nothing would move.")
        return
    _show_counts(console, "comments by category", moves.categories)
    _show_counts(console, "comments by sentiment", moves.sentiments)
    if moves.signals:
        table = Table(box=None, pad_edge=False)
        table.add_column("what is asked for")
        for heading in ("people now", "then", ""):
            table.add_column(heading, justify="right" if heading else "left")
        for move in moves.signals[:MOST]:
            kind = "" if move.kind == "moved" else move.kind
            table.add_row(move.name, f"{move.before:,}", f"{move.after:,}", kind)
        console.print(table)
    more = len(moves.signals) - MOST
    others = f"{more:,} more move; " if more > 0 else ""
    console.print(f"{others}{moves.still:,} signals stay as they are.")


def _show_counts(console: Console, heading: str, counts: Mapping[str, tuple[int, int]]) -> None:
    if not counts:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(heading)
    table.add_column("now", justify="right")
    table.add_column("then", justify="right")
    for name, (before, after) in counts.items():
        table.add_row(name, f"{before:,}", f"{after:,}")
    console.print(table)
