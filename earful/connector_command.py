"""``earful connector``: which platforms can be pulled, and what is wrong with a row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from earful.console import ProjectOption, command_group, stdout

app = command_group(
    "See which platforms can be pulled, and add one by a row (docs/adding-a-connector.md)."
)


@app.command(
    name="check",
    epilog="Example: earful connector check connectors/forum.toml --try --option server=a.example",
)
def check(
    file: Annotated[Path, typer.Argument(help="A row: a TOML file that describes a platform.")],
    try_: Annotated[
        bool, typer.Option("--try", help="Ask the platform and show three comments; store nothing.")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="With --try: name=value, lists with commas; may be given again."
            " Default: the options of the project's source that uses the row."
        ),
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Explain what is wrong with a row: the file, the key, and what would be valid."""
    from earful.connector_check import check_row, try_row

    stdout.print(f"{check_row(file)}", soft_wrap=True)
    if try_:
        stdout.print(f"\n{try_row(file, option or [], project)}", soft_wrap=True)


@app.command(name="list", epilog="Example: earful connector list")
def list_(project: ProjectOption = None) -> None:
    """List the connectors that are found: shipped ones, the project's own, installed ones."""
    from earful.connector_check import list_connectors

    table = Table(box=None, show_header=False, pad_edge=False)
    for name, about, origin in list_connectors(project):
        table.add_row(name, about, origin)
    stdout.print(table)
