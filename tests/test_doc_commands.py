"""What the README says to type is what there is."""

from __future__ import annotations

import re

from conftest import ROOT
from typer.main import get_command

from earful.cli import app


def test_commands_in_the_documents_exist() -> None:
    """Every ``earful COMMAND`` in a Markdown file is a command of the command line."""
    known = get_command(app).commands
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for named in re.findall(r"`earful ([a-z]+)", page.read_text(encoding="utf-8")):
            assert named in known, f"{page.name} speaks of 'earful {named}'"


def test_make_targets_of_the_documents_exist() -> None:
    """Every ``make TARGET`` in the documents is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"(?m)^make ([a-z]+)", text)) <= targets
        assert set(re.findall(r"`make ([a-z]+)`", text)) <= targets
