"""The command line: the face of ``earful.pipeline``.

A module of commands is one group with an ``app``; here they are put together. Exit codes: 0 done,
1 the run failed, 2 called wrongly. Heavy imports wait until a command needs them, so that
``--help`` is quick.
"""

from __future__ import annotations

import os
import sys

from earful import (
    connector_command,
    demo_command,
    intake_commands,
    learning_commands,
    listen_command,
    report_commands,
    tag_command,
    taxonomy_command,
    upkeep_commands,
    watch_command,
)
from earful.console import command_group
from earful.errors import EarfulError
from earful.progress import stderr

DEBUG = "EARFUL_DEBUG"

app = command_group(
    "Hears what customers ask for: comments in, demand signals out, on your own machine."
)
# In the order in which ``earful --help`` lists them.
app.add_typer(intake_commands.app)
app.add_typer(listen_command.app)
app.add_typer(tag_command.app)
app.add_typer(report_commands.app)
app.add_typer(watch_command.app)
app.add_typer(learning_commands.app)
app.add_typer(upkeep_commands.app)
app.add_typer(demo_command.app)
app.add_typer(taxonomy_command.app, name="taxonomy")
app.add_typer(connector_command.app, name="connector")


def main() -> None:
    """The entry point of the ``earful`` command."""
    try:
        app()
    except EarfulError as error:
        stderr.print(f"earful: {error}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        stderr.print("Stopped. What was done is kept; the same command goes on from here.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (earful search ... | head): nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        stderr.print(f"earful: {where}{error.strerror or error}", soft_wrap=True)
        sys.exit(1)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        stderr.print(
            f"earful: this should not have happened: {type(error).__name__}: {error}\n"
            f"Nothing that was stored is lost. Run it again with {DEBUG}=1 to see where it failed,"
            " and report that.",
            soft_wrap=True,
        )
        sys.exit(1)
