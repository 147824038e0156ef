"""Isso: comments below the pages of a website."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software.installing import pip, program

_CONFIG = """
[general]
dbpath = {folder}/comments.db
host = {url}/
latest-enabled = true
log-file = {folder}/log
[server]
listen = {url}
[guard]
enabled = false
"""


def is_installed() -> bool:
    """Whether it is here."""
    return Path(program("isso", "isso")).exists()


def install() -> None:
    """Put it into an environment of its own."""
    pip("isso", "isso==0.14.0")


@contextmanager
def serve() -> Iterator[str]:
    """A server that shows its newest comments to everybody; yields its address."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        config = folder / "isso.cfg"
        url = f"http://127.0.0.1:{port}"
        config.write_text(_CONFIG.format(folder=folder, url=url))
        command = [program("isso", "isso"), "-c", str(config), "run"]
        with running(command, port, folder / "log", folder):
            yield url
