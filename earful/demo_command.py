"""``earful demo``: all of it, on comments that ship with earful."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earful.console import command_group, stdout
from earful.signal_table import show_signals

app = command_group()


@app.command(epilog="Example: earful demo")
def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the demo's project is made.")
    ] = Path("out/demo"),
) -> None:
    """Run all of it on a made-up five-year feed that ships with earful, offline."""
    from earful.pipeline import run_demo

    made = run_demo(folder, say=lambda line: stdout.print(line, soft_wrap=True))
    show_signals(stdout, made.demand)
    stdout.print(f"Open the brief: {made.brief}", soft_wrap=True)
