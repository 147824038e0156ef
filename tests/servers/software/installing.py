"""Getting software from Debian, the Python Package Index and npm's registry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = Path(os.environ.get("EARFUL_SERVERS", "~/.cache/earful-tests")).expanduser()
"""What comes by pip or npm has an environment of its own in here."""


def program(environment: str, name: str) -> str:
    """A program of an environment."""
    return str(ENVIRONMENTS / environment / "bin" / name)


def pip(environment: str, *packages: str) -> None:
    """Install packages into an environment of their own."""
    folder = ENVIRONMENTS / environment
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "pip", "install", "-q", *packages], check=True)


def npm(environment: str, package: str, *, built: str) -> None:
    """Install a package into an environment of its own; ``built`` is compiled, since npm runs no
    scripts of packages unasked."""
    folder = ENVIRONMENTS / environment
    folder.mkdir(parents=True, exist_ok=True)
    for command in (["install", package], ["rebuild", built]):
        subprocess.run(["npm", "--prefix", folder, *command], check=True)


def apt(*packages: str) -> None:
    """Install packages of Debian; none of their services is started."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], check=True)
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=quiet)
