"""The frame of the house: packaging and documents tell the truth."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from conftest import ROOT


def test_a_built_wheel_holds_every_package_and_its_data(tmp_path: Path) -> None:
    """What is imported from the checkout is also in the wheel: packages, templates, the model."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    shutil.rmtree(ROOT / "build", ignore_errors=True)  # setuptools builds inside the tree
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = set()
    for package in ("earful", "ingest", "classify", "reports"):
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                wanted.add(path.relative_to(ROOT).as_posix())
    assert wanted - held == set()


def test_the_command_line_reference_is_up_to_date() -> None:
    """docs/cli.md is what ``earful --help`` says; renew it with python docs/generate_cli.py."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from generate_cli import TARGET, reference
    finally:
        sys.path.pop(0)
    assert TARGET.read_text(encoding="utf-8") == reference()


def test_links_in_the_documents_lead_somewhere() -> None:
    """Every relative link and picture in a Markdown file exists."""
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_dependency_is_pinned() -> None:
    """constraints.txt pins each library that setup.cfg names, so that installs are alike."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = setup["options"]["install_requires"] + setup["options.extras_require"]["dev"]
    constraints = (ROOT / "constraints.txt").read_text().splitlines()

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[\[<>=!~ ;#]", line)[0].lower().replace("_", "-") for line in lines}

    assert names(named.split("\n")) - names(constraints) == set()
