"""Writes docs/cli.md from the command line itself. Run with: python docs/generate_cli.py"""

from __future__ import annotations

from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from earful.cli import app

TARGET = Path(__file__).with_name("cli.md")


def reference() -> str:
    """The help of every command, as Markdown."""
    runner = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"})

    def help_of(*names: str) -> str:
        output = runner.invoke(app, [*names, "--help"], prog_name="earful").output
        return "\n".join(line.rstrip() for line in output.strip().splitlines())

    commands: list[list[str]] = []
    for name, command in get_command(app).commands.items():
        commands += [[name], *([name, inner] for inner in getattr(command, "commands", ()))]
    parts = [
        "# The command line",
        "Generated from `earful --help` by `python docs/generate_cli.py`; a test compares the two.",
        f"```\n{help_of()}\n```",
    ]
    parts += [f"## earful {' '.join(names)}\n\n```\n{help_of(*names)}\n```" for names in commands]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
