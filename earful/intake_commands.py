"""``earful init``, ``import`` and ``pull``: a project, and the comments that come into it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earful.console import (
    ProjectOption,
    SinceOption,
    UntilOption,
    command_group,
    day_of,
    stdout,
)
from earful.progress import progress

if TYPE_CHECKING:
    from earful.store import UpsertCount

app = command_group()


@app.command(epilog="Example: earful init shop && cd shop")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if missing.")] = Path(),
    name: Annotated[str | None, typer.Option(help="The project's name.")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="A connector to be set up, like bluesky; may be given several times."),
    ] = None,
) -> None:
    """Make a project folder: earful.toml with comments, and a key. Nothing is sent anywhere."""
    from earful.project import make_project

    made = make_project(folder, name, source or ())
    stdout.print(f"Made {made.settings_path}", soft_wrap=True)
    stdout.print(f"The project's key lies in {made.key_path}; keep a copy.", soft_wrap=True)
    stdout.print(
        "Next: name what is listened for in earful.toml, then: earful import FILE --source NAME",
        soft_wrap=True,
    )


@app.command(
    name="import",
    epilog="Example: earful import reviews.csv.gz --source shop --map text=body,created_at=when",
)
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="An export of a platform, or csv, tsv, json, jsonl, parquet, xlsx; plain, .gz,"
            " .zip or .zst."
        ),
    ],
    source: Annotated[str, typer.Option(help="What these comments are called in uids, reports.")],
    map_: Annotated[
        str | None,
        typer.Option(
            "--map", help="field=column,...; what is not named is guessed. See docs/importing.md."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The day '3 months ago' counts from. Default: the file's own date."),
    ] = None,
    solicited: Annotated[
        bool, typer.Option("--solicited", help="These people were asked: a survey.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="Read this many rows only.", min=1)] = None,
    export: Annotated[
        str | None,
        typer.Option(
            help="What the file is: reddit, slack, ... (docs/exports.md), or table."
            " Default: its content tells."
        ),
    ] = None,
    instance: Annotated[
        str | None, typer.Option(help="The workspace of an export of Slack, as in its address.")
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Bring files into the ledger. The same file twice adds nothing."""
    from earful.pipeline import import_file
    from earful.project import Project
    from earful.settings import check_source_name
    from ingest.files import parse_map, read_comments

    check_source_name(source)
    opened = Project.open(project)
    mapping = parse_map(map_) if map_ else None
    for path in files:
        reading = read_comments(
            path,
            source=source,
            export=export,
            instance=instance,
            mapping=mapping,
            as_of=day_of(as_of, "--as-of"),
            solicited=solicited,
            limit=limit,
            secret=opened.keyring.row_key,
        )
        stdout.print(f"{path}:", soft_wrap=True)
        for line in reading.describe():
            stdout.print(f"  {line}", soft_wrap=True)
        with progress(f"reading {path.name}") as advance:
            result = import_file(opened, reading, path=path, source=source, on_progress=advance)
        shown = set(reading.describe())
        for note in (note for note in result.notes if note not in shown):
            stdout.print(f"  note: {note}", soft_wrap=True)
        if result.passed_over:
            stdout.print(
                f"  went on behind {result.passed_over:,} rows of an import that was stopped",
                soft_wrap=True,
            )
        stdout.print(f"  {_counts(result.rows, result.counted)}", soft_wrap=True)
        if result.rejects_file:
            stdout.print(
                f"  {result.rejected:,} rows set aside with the reason in {result.rejects_file}",
                soft_wrap=True,
            )


def _counts(rows: int, counted: UpsertCount) -> str:
    parts = [f"{rows:,} rows read", f"{counted.added:,} new", f"{counted.revised:,} changed"]
    parts.append(f"{counted.unchanged:,} already there")
    if counted.deleted:
        parts.append(f"{counted.deleted:,} deleted at the source")
    if counted.forgotten:
        parts.append(f"{counted.forgotten:,} of people who were forgotten, left out")
    return ", ".join(parts)


@app.command(epilog="Example: earful pull hn --since 2025-01-01")
def pull(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Default: all of them.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int | None, typer.Option(help="At most this many per source.", min=1)] = None,
    backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Fetch the past, backwards, with a cursor of its own."),
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Pull what is new from the sources of earful.toml, and follow edits and deletions."""
    from earful.pipeline import pull_sources
    from earful.project import Project

    opened = Project.open(project)
    failed = False
    with progress("pulling") as advance:
        outcomes = pull_sources(
            opened,
            sources or [],
            since=day_of(since, "--since"),
            until=day_of(until, "--until"),
            limit=limit,
            backfill=backfill,
            on_progress=advance,
        )
    for outcome in outcomes:
        failed = failed or outcome.error is not None
        stdout.print(f"{outcome.source}: {outcome}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)
