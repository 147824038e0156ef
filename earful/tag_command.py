"""``earful tag``: the model reads, and a person decides which version's tags count."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earful.console import ProjectOption, command_group, day_of, stdout
from earful.errors import ConfigurationError
from earful.progress import progress

app = command_group()


@app.command(epilog="Example: earful tag --input reviews.csv --output tagged.jsonl")
def tag(
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Read every comment anew. With another model, show what would move, and ask.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: accept what moves.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="With --all: show what would move, keep the old tags.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Only comments that came in since this day (2025-01-31).")
    ] = None,
    input_: Annotated[
        Path | None,
        typer.Option(
            "--input", help="Tag this file (csv, jsonl, parquet, ...), no project needed."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where its tags go: .jsonl or .parquet.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="The file's column to read.")] = "text",
    id_column: Annotated[str, typer.Option(help="The file's column that names a row.")] = "id",
    project: ProjectOption = None,
) -> None:
    """Tag what is new, or was tagged by an older model; or tag a file, statelessly."""
    if (input_ is None) != (output is None):
        raise ConfigurationError(
            "--input and --output go together",
            next_step="Example: earful tag --input reviews.csv --output tagged.jsonl",
        )
    if input_ is not None and output is not None:
        from earful.tagging import tag_file

        with progress("tagging") as advance:
            file_result = tag_file(
                input_, output, text_column=text_column, id_column=id_column, on_progress=advance
            )
        stdout.print(f"{file_result}", soft_wrap=True)
        return
    if (yes or preview) and (not all_ or (yes and preview)):
        raise ConfigurationError(
            "--yes and --preview go with --all, one of them",
            next_step="Example: earful tag --all --preview",
        )
    from earful.acceptance import accepted
    from earful.pipeline import accept_tags, tag_ledger
    from earful.project import Project

    opened = Project.open(project)
    with progress("tagging") as advance:
        result = tag_ledger(
            opened,
            everything=all_,
            since=day_of(since, "--since"),
            on_progress=advance,
            beside=True,
            preview=preview,
        )
    stdout.print(f"{result}", soft_wrap=True)
    if result.moves is not None and accepted(stdout, result.moves, yes=yes, preview=preview):
        accept_tags(opened, result.model_version)
        stdout.print("Accepted: the new tags count.")
    elif preview and result.moves is None:
        stdout.print("The model is the one whose tags count: nothing would move.")
