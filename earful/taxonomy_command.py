"""``earful taxonomy``: what people decide about signals, seen before it counts."""

from __future__ import annotations

import getpass
import json
import sys
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from earful.console import ProjectOption, command_group, stdout
from earful.errors import ConfigurationError

if TYPE_CHECKING:
    from earful.curating import Applied, Proposal
    from earful.labelling_terminal import Keys
    from earful.suggesting import Side, Suggestion, Suggestions
    from earful.taxonomy import Entry
    from earful.taxonomy_moves import Listed

app = command_group(
    "Rename, merge, split, pin and ignore signals: taxonomy.toml, seen before it counts."
)
QUOTE_WIDTH = 100
LISTED = 20
"""Pairs of signals that 'suggest' shows unless told."""
MOST = 40
"""Lines of a table that are shown; --json has them all."""


@app.command(epilog="Example: earful taxonomy init")
def init(
    print_: Annotated[bool, typer.Option("--print", help="Show it, write nothing.")] = False,
    project: ProjectOption = None,
) -> None:
    """Write a commented taxonomy.toml into the project folder."""
    from earful.curating import write_template
    from earful.project import Project
    from earful.taxonomy import TEMPLATE

    if print_:
        stdout.print(TEMPLATE, end="", soft_wrap=True)
        return
    stdout.print(f"Made {write_template(Project.open(project))}", soft_wrap=True)


@app.command(epilog="Example: earful taxonomy diff --json")
def diff(
    json_: Annotated[bool, typer.Option("--json", help="As JSON, complete.")] = False,
    project: ProjectOption = None,
) -> None:
    """Show which counts, people and signals taxonomy.toml would move. Changes nothing."""
    from earful.curating import proposal
    from earful.project import Project

    proposed = proposal(Project.open(project))
    if json_:
        stdout.print(json.dumps(proposed.record(), ensure_ascii=False, indent=1), soft_wrap=True)
        return
    show_proposal(stdout, proposed)
    if not proposed.same:
        stdout.print("To make it hold: earful taxonomy apply")


@app.command(epilog="Example: earful taxonomy apply --by ann")
def apply(
    by: Annotated[str | None, typer.Option(help="Who decides. Default: your user name.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project: ProjectOption = None,
) -> None:
    """Let taxonomy.toml, as it is now, hold for every report from now on."""
    from earful.curating import apply_proposal, proposal
    from earful.project import Project

    opened = Project.open(project)
    proposed = proposal(opened)
    show_proposal(stdout, proposed)
    if proposed.same:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError(
                "there is nobody to ask, so nothing is applied",
                next_step="To apply without being asked: earful taxonomy apply --yes",
            )
        typer.confirm("apply?", default=False, abort=True)
    apply_proposal(opened, proposed, by or _user())
    stdout.print("Applied: it holds from the next report on.")


@app.command(epilog="Example: earful taxonomy show")
def show(project: ProjectOption = None) -> None:
    """Show the taxonomy that holds, and which signals were merged or split by themselves."""
    from earful.curating import applied_taxonomy, unapplied
    from earful.project import Project

    opened = Project.open(project)
    with opened.ledger() as ledger:
        memory = ledger.signal_memory()
        applied = applied_taxonomy(ledger, memory)
    show_applied(stdout, applied)
    by_number = {signal.number: signal for signal in memory.signals}
    for signal in memory.signals:
        for what, number in (
            ("merged into", signal.merged_into),
            ("split from", signal.split_from),
        ):
            if number is not None:
                other = by_number[number].id
                stdout.print(f"{signal.id}: {what} {other} by what people say", soft_wrap=True)
    stdout.print(f"{len(memory.signals):,} signals are remembered.")
    if unapplied(opened, applied):
        stdout.print("taxonomy.toml says something else. To see what: earful taxonomy diff")


@app.command(epilog="Example: earful taxonomy suggest --ask")
def suggest(
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask about one pair after the other, and write answers.")
    ] = False,
    most: Annotated[
        int | None, typer.Option(min=1, help="Pairs that are shown, 20 unless told.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Show signals that may be one, or answer which are; answers go into taxonomy.toml.

    What moves most people, and most likely, comes first. Nothing counts before 'apply'.
    """
    from earful.labelling_terminal import keys_of
    from earful.project import Project
    from earful.suggesting import Suggestions

    if ask and (json_ or most is not None):
        raise ConfigurationError(
            "--ask goes through all pairs with you, so it has no --json and no --most",
            where="earful taxonomy suggest",
            next_step="Leave them out, or leave --ask out to see a list.",
        )
    suggestions = Suggestions(Project.open(project))
    if ask:
        answer_suggestions(stdout, keys_of(stdout), suggestions)
        return
    listed = list(suggestions.listed(most or LISTED))
    if json_:
        records = [suggestion.record() for suggestion in listed]
        stdout.print(json.dumps(records, ensure_ascii=False, indent=1), soft_wrap=True)
        return
    if not listed:
        stdout.print("No two signals are likely to be one.")
        return
    for suggestion in listed:
        _show_suggestion(stdout, suggestion, quotes=1)
    stdout.print("\nTo answer: earful taxonomy suggest --ask")


def answer_suggestions(console: Console, keys: Keys, suggestions: Suggestions) -> None:
    """Ask about pairs until none is left or the person stops."""
    from earful.labelling_terminal import STOP

    same = different = 0
    shown: Suggestion | None = None
    while (suggestion := suggestions.current) is not None:
        if suggestion != shown:
            _show_suggestion(console, suggestion, quotes=3)
            shown = suggestion
        key = keys.key()
        if key == "y" and not suggestions.can_merge:
            console.print("Both have an entry with decisions: put them together by hand.")
            suggestions.skip()
        elif key == "y":
            suggestions.same()
            same += 1
        elif key == "n":
            suggestions.different()
            different += 1
        elif key == "k":
            suggestions.skip()
        elif key == STOP:
            break
        else:
            console.print("y: one and the same   n: two things   k: skip   q: stop")
    else:
        console.print("No further pair is likely enough to ask about.")
    console.print(f"{same:,} merged, {different:,} told apart in taxonomy.toml.")
    if same:
        console.print("To see what would move: earful taxonomy diff")


def _show_suggestion(console: Console, suggestion: Suggestion, quotes: int) -> None:
    console.print("\nOne and the same?")
    for side in (suggestion.one, suggestion.other):
        console.print(Text("  ").append(side.name, style="bold").append(f"  {_people(side)}"))
        for quote in side.quotes[:quotes]:
            console.print(Text(f"    {_shortened(quote)}"), soft_wrap=True)


def _people(side: Side) -> str:
    return "1 person" if side.people == 1 else f"{side.people:,} people"


def _shortened(quote: str) -> str:
    return shorten(" ".join(quote.split()), QUOTE_WIDTH, placeholder=" ...")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in a container
        return "unknown"


def show_applied(console: Console, applied: Applied | None) -> None:
    """The taxonomy that holds, an entry a line."""
    if applied is None:
        console.print("No taxonomy was applied yet. Make a commented one: earful taxonomy init")
        return
    console.print(f"Applied {applied.at:%Y-%m-%d %H:%M} UTC by {applied.by}:", soft_wrap=True)
    for entry in applied.ruling.taxonomy.signal:
        console.print(f"  {entry.reference}: {_decisions(entry)}", soft_wrap=True)
    for line in applied.ruling.waiting:
        console.print(f"  waits: {line}", soft_wrap=True)


def _decisions(entry: Entry) -> str:
    parts = ["new"] if entry.new else []
    parts += [f"called {entry.rename!r}"] if entry.rename else []
    parts += [f"takes in {one!r}" for one in entry.merge]
    parts += [f"is not {one!r}" for one in entry.apart]
    parts += [f"takes the item {item!r}" for item in entry.aliases]
    parts += [
        f"gives {', '.join(map(repr, items))} to {part!r}" for part, items in entry.split.items()
    ]
    parts += ["pinned"] if entry.pin else []
    parts += ["ignored"] if entry.ignore else []
    parts += [f"owned by {entry.owner}"] if entry.owner else []
    return "; ".join(parts)


def show_proposal(console: Console, proposed: Proposal) -> None:
    """What the file would change, as tables."""
    holds = proposed.applied
    since = f"what {holds.by} applied on {holds.at:%Y-%m-%d}" if holds else "no taxonomy"
    console.print(f"now:  {since}\nthen: {proposed.path}", soft_wrap=True)
    moves = proposed.moves
    if moves.nothing:
        console.print("Nothing would move." if not proposed.same else "It holds already.")
    changed = [
        *(("appears", None, now) for now in moves.appearing),
        *(("vanishes", was, None) for was in moves.vanishing),
        *(("", was, now) for was, now in moves.staying),
    ]
    if changed:
        console.print(_signal_table(changed))
    if moves.moving:
        console.print(_move_table(proposed))
    if changed:
        console.print(f"{moves.still:,} signals stay as they are.")
    for rename in proposed.renames:
        console.print(
            f"{rename.signal}: {rename.people:,} people say {rename.wording!r},"
            f" {rename.people_of_name:,} say it as it is called. You may set:"
            f" rename = {json.dumps(rename.wording, ensure_ascii=False)}",
            soft_wrap=True,
        )
    for item in proposed.unsaid:
        console.print(f"nobody asks for {item!r}, which the file names", soft_wrap=True)
    for line in proposed.waiting:
        console.print(f"waits: {line}", soft_wrap=True)


def _signal_table(changed: list[tuple[str, Listed | None, Listed | None]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("signal")
    for heading in ("people now", "then", "posts now", "then"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for kind, was, now in changed[:MOST]:
        named = now or was
        assert named is not None
        figures = [
            "" if one is None else f"{figure:,}"
            for before, after in (
                (was and was.people, now and now.people),
                (was and was.mentions, now and now.mentions),
            )
            for one, figure in ((was, before), (now, after))
        ]
        table.add_row(named.name, *figures, kind or _difference(was, now))
    if len(changed) > MOST:
        table.add_row(f"... {len(changed) - MOST:,} more: --json")
    return table


def _difference(was: Listed | None, now: Listed | None) -> str:
    """What changes of a signal beside its figures."""
    if was is None or now is None:
        return ""
    parts = [f"was called {was.name!r}"] if was.name != now.name else []
    parts += [f"{was.standing} > {now.standing}"] if was.standing != now.standing else []
    if was.owner != now.owner:
        parts.append(f"owner: {was.owner or 'nobody'} > {now.owner or 'nobody'}")
    return "; ".join(parts)


def _move_table(proposed: Proposal) -> Table:
    moves = proposed.moves
    table = Table(box=None, pad_edge=False)
    for heading in ("from", "to"):
        table.add_column(heading)
    for heading in ("people move", "posts"):
        table.add_column(heading, justify="right")
    for move in moves.moving[:MOST]:
        source = moves.before[move.source].name
        table.add_row(source, moves.name(move.target), f"{move.people:,}", f"{move.mentions:,}")
    if len(moves.moving) > MOST:
        table.add_row(f"... {len(moves.moving) - MOST:,} more: --json")
    return table
