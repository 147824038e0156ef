"""``earful report``, ``run`` and ``search``: what people ask for, and where they said so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earful.console import (
    ProjectOption,
    SinceOption,
    SourceOption,
    UntilOption,
    command_group,
    day_of,
    stdout,
)
from earful.progress import progress
from earful.signal_table import show_report

app = command_group()


@app.command(epilog="Example: earful report --since 2025-01-01 --source forum --format html,json")
def report(
    out: Annotated[Path | None, typer.Option(help="Default: out/ in the project folder.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="html,json,csv,xlsx,parquet or some of them; default: all."),
    ] = None,
    rung: Annotated[
        str,
        typer.Option(
            help="Where on the ladder to count: posts (all), copies (without them), spam (without"
            " that as well, adverts and brigades among it), people."
        ),
    ] = "people",
    project: ProjectOption = None,
) -> None:
    """Roll the tagged comments up into demand signals: out/brief.html, out/signals.*."""
    from earful.pipeline import make_report
    from earful.project import Project

    opened = Project.open(project)
    made = make_report(
        opened,
        out=out,
        since=day_of(since, "--since"),
        until=day_of(until, "--until"),
        sources=source or [],
        formats=[name.strip() for name in format_.split(",")] if format_ is not None else None,
        rung=rung,
    )
    show_report(stdout, made)


@app.command(epilog="Example: earful run")
def run(project: ProjectOption = None) -> None:
    """Pull all sources, tag what is new, write the reports."""
    from earful.pipeline import make_report, pull_sources, tag_ledger
    from earful.project import Project

    opened = Project.open(project)
    with progress("pulling") as advance:
        outcomes = pull_sources(opened, [], on_progress=advance)
    for outcome in outcomes:
        stdout.print(f"{outcome.source}: {outcome}", soft_wrap=True)
    with progress("tagging") as advance:
        stdout.print(f"{tag_ledger(opened, on_progress=advance)}", soft_wrap=True)
    made = make_report(opened)
    show_report(stdout, made)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


@app.command(epilog="Example: earful search 'all day' breakfast")
def search(
    words: Annotated[list[str], typer.Argument(help="All must occur; word* for beginnings.")],
    limit: Annotated[int, typer.Option(help="At most this many.", min=1, max=10_000)] = 20,
    project: ProjectOption = None,
) -> None:
    """Find comments by their words."""
    from earful.project import Project

    opened = Project.open(project)
    with opened.ledger() as ledger:
        hits = ledger.search(" ".join(f'"{w}"' if " " in w else w for w in words), limit)
    for hit in hits:
        day = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date"
        stdout.print(f"{hit.uid}  {day}  {hit.url or ''}", soft_wrap=True)
        stdout.print(f"    {' '.join(hit.snippet.split())}", soft_wrap=True)
    if not hits:
        stdout.print("Nothing found. A beginning can be searched with a star: breakf*")
