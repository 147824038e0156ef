"""``earful forget``, ``backup`` and ``doctor``: the ledger in order, and people's right to go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from earful.console import ProjectOption, command_group, stdout

app = command_group()


@app.command(epilog="Example: earful forget forum:import:f1042")
def forget(
    who: Annotated[
        str, typer.Argument(metavar="AUTHOR|UID", help="A handle, a pseudonym, or a comment's uid.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project: ProjectOption = None,
) -> None:
    """Erase a person or a comment from ledger, index and facts, and prove it."""
    from earful.forgetting import forget as erase
    from earful.project import Project

    opened = Project.open(project)
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Erase everything of {who!r}? This cannot be undone", abort=True)
    proof = erase(opened, who)
    stdout.print(f"{proof}", soft_wrap=True)
    if proof.leftovers:
        raise typer.Exit(1)


@app.command(epilog="Example: earful backup monday.db")
def backup(
    target: Annotated[Path, typer.Argument(help="The copy; must not exist yet.")],
    project: ProjectOption = None,
) -> None:
    """Copy the ledger, also while it is being written; the copy is one consistent moment."""
    from earful.project import Project

    with Project.open(project).ledger() as ledger:
        ledger.backup(target)
        count = ledger.count_comments()
    stdout.print(f"{target}: {count:,} comments", soft_wrap=True)


@app.command(epilog="Example: earful doctor")
def doctor(project: ProjectOption = None) -> None:
    """Tell what is installed, reachable, stale or shadowed, and check the ledger."""
    from earful.doctor import examine

    findings = examine(project)
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        table.add_row(finding.state, finding.what, finding.detail)
    stdout.print(table)
    for finding in findings:
        if finding.next_step:
            stdout.print(f"{finding.what}: {finding.next_step}", soft_wrap=True)
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)
