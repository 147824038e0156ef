"""What commands share: the console they print to, common options, and how they are grouped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from earful.errors import ConfigurationError

# File names and comments are shown as they are: brackets in them are no markup.
stdout = Console(highlight=False, markup=False)

EARLIEST_YEAR, LATEST_YEAR = 1970, 2200

ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        envvar="EARFUL_PROJECT",
        help="The project folder, or any folder inside it. Default: the working folder.",
    ),
]
SinceOption = Annotated[
    str | None, typer.Option(help="From this day on (2025-01-31), UTC, the day included.")
]
UntilOption = Annotated[
    str | None, typer.Option(help="Up to this day (2025-12-31), UTC, the day left out.")
]
SourceOption = Annotated[
    list[str] | None, typer.Option(help="Only this source; may be given again.")
]


def command_group(about: str | None = None) -> typer.Typer:
    """Commands that belong together; ``about`` is the help of a group that has a name."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=about,
    )


def day_of(text: str | None, option: str) -> datetime | None:
    """The day that an option names, in UTC where it names no zone; None where it was not given.

    Raises ``ConfigurationError`` for what is no date, or no day that comments are from.
    """
    if text is None:
        return None
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no date", where=option, next_step="Write it as 2025-01-31."
        ) from error
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ConfigurationError(
            f"{text!r} is no day that comments are from",
            where=option,
            next_step=f"Give a year from {EARLIEST_YEAR} to {LATEST_YEAR}.",
        )
    return day if day.tzinfo else day.replace(tzinfo=UTC)
