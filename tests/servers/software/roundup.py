"""Roundup: a tracker, with a limit of its own on calls."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software.installing import pip, program

PASSWORD = "sesame-9"
"""Of the user "admin"."""

# The server that comes with it refuses to run as root.
_SERVE = """
import sys
from wsgiref.simple_server import make_server
from roundup.cgi.wsgi_handler import RequestDispatcher
make_server("127.0.0.1", int(sys.argv[2]), RequestDispatcher(sys.argv[1])).serve_forever()
"""


def is_installed() -> bool:
    """Whether it is here."""
    return Path(program("roundup", "roundup-admin")).exists()


def install() -> None:
    """Put it into an environment of its own."""
    pip("roundup", "roundup==2.6.0")


@contextmanager
def serve(calls: int, seconds: int) -> Iterator[str]:
    """A tracker that answers so many ``calls`` in ``seconds``; yields its address."""
    with TemporaryDirectory() as name:
        home, port = Path(name) / "tracker", free_port()
        url = f"http://127.0.0.1:{port}"
        admin = [program("roundup", "roundup-admin"), "-i", str(home)]
        _run([*admin, "install", "classic", "sqlite"])
        config = home / "config.ini"
        settings = {
            ("tracker", "web"): f"{url}/",
            ("mail", "domain"): "localhost",
            ("mail", "host"): "localhost",
            ("web", "api_calls_per_interval"): str(calls),
            ("web", "api_interval_in_sec"): str(seconds),
        }
        text = config.read_text()
        for (section, key), value in settings.items():
            text = _set(text, section, key, value)
        config.write_text(text)
        _run([*admin, "initialise", PASSWORD])
        command = [program("roundup", "python"), "-c", _SERVE, str(home), str(port)]
        with running(command, port, home / "log"):
            yield url


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _set(text: str, section: str, key: str, value: str) -> str:
    """The configuration with a setting, which stands there as a comment or empty."""
    head, rest = re.split(rf"(?m)^\[{section}\]$", text, maxsplit=1)
    rest = re.sub(rf"(?m)^#?{key} = .*$", f"{key} = {value}", rest, count=1)
    return f"{head}[{section}]{rest}"
