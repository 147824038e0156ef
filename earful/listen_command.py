"""``earful listen`` and ``earful deliveries``: what platforms push, taken in and looked after."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer
from rich.table import Table

from earful.console import ProjectOption, command_group, stdout

app = command_group()


@app.command(epilog="Example: earful listen --port 8377")
def listen(
    host: Annotated[
        str, typer.Option(help="The address to listen at; a reverse proxy stands before it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8377,
    project: ProjectOption = None,
) -> None:
    """Take in what platforms push to the hooks of earful.toml, until it is stopped."""
    from earful.listening import Listener
    from earful.project import Project

    stop = threading.Event()
    listening = Listener(Project.open(project), host, port, _say)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    with listening as listener:
        for name, hook in listener.hooks.items():
            _say(f"{hook.row.title}: POST {listener.url}/hooks/{name}")
        while not stop.wait(0.5):
            if listener.failure is not None:
                raise listener.failure
        _say("Stopping: what came in is kept.")


@app.command(epilog="Example: earful deliveries --again")
def deliveries(
    again: Annotated[
        bool, typer.Option("--again", help="Process what was set aside, once the row is mended.")
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Show deliveries that could not be mapped, and why; or process them again."""
    from earful.listening import open_spool, process_deliveries
    from earful.project import Project

    opened = Project.open(project)
    if again:
        _say(str(process_deliveries(opened, again=True)))
    with open_spool(opened) as spool:
        counts, aside = spool.counts(), spool.set_aside()
    _say(
        f"{counts['waiting']:,} waiting, {counts['aside']:,} set aside,"
        f" {counts['done']:,} processed"
    )
    if not aside:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "hook", "received", "why"):
        table.add_column(heading, overflow="fold")
    for one in aside:
        table.add_row(str(one.number), one.hook, f"{one.received_at:%Y-%m-%d %H:%M:%S}", one.reason)
    stdout.print(table)
    _say("When the row is mended: earful deliveries --again")


def _say(line: str) -> None:
    stdout.print(line, soft_wrap=True)
