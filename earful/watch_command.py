"""``earful watch``: the command line of listening for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from earful.console import ProjectOption, command_group
from earful.errors import ConfigurationError

LOG_FORMATS = ("text", "json")

app = command_group()


@app.command(epilog="Example: earful watch --listen 9464 --log-format json")
def watch(
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="[HOST:]PORT",
            help="Serve /metrics and /healthz there; a port alone is on 127.0.0.1. Default: off.",
        ),
    ] = None,
    log_format: Annotated[
        str, typer.Option(help="text, or json: one object a line, on standard error.")
    ] = "text",
    project: ProjectOption = None,
) -> None:
    """Pull, tag and report for ever, each source at its own pace, with alerts (docs/watch.md)."""
    from earful.credentials import credential
    from earful.project import Project
    from earful.watch.logs import ALERT_URL, Secrets, start_logging
    from earful.watch.server import read_address
    from earful.watch.watcher import Outside, Watcher

    address = read_address(listen) if listen is not None else None
    opened = Project.open(project)
    secrets = Secrets.of_project(opened)
    if log_format == "json":
        start_logging("json", secrets)
    elif log_format == "text":
        start_logging("text", secrets)
    else:
        raise ConfigurationError(
            f"there is no log format {log_format!r}",
            where="--log-format",
            next_step=f"Valid: {', '.join(LOG_FORMATS)}.",
        )
    Watcher(opened, secrets, Outside(address, credential(ALERT_URL))).run()
