"""Getting software from Debian and from the Python Package Index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = Path(os.environ.get("EARFUL_SERVERS", "~/.cache/earful-tests")).expanduser()
"""Every piece of software in Python has an environment of its own in here."""


def program(environment: str, name: str) -> str:
    """A program of an environment."""
    return str(ENVIRONMENTS / environment / "bin" / name)


def pip(environment: str, *packages: str) -> None:
    """Install packages into an environment of their own."""
    folder = ENVIRONMENTS / environment
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "pip", "install", "-q", *packages], check=True)


def apt(*packages: str) -> None:
    """Install packages of Debian; none of their services is started."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], check=True)
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=quiet)
