"""Misago: a forum, on a PostgreSQL of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software import postgres
from servers.software.installing import pip, program

_SETTINGS = """
from devproject.settings import *
DEBUG = False
DATABASES["default"].update(NAME="postgres", USER="postgres", HOST="127.0.0.1", PORT={port})
CELERY_TASK_ALWAYS_EAGER = True
"""

_WORDS = """
from django.utils import timezone
from misago.categories.models import Category
from misago.threads.checksums import update_post_checksum
from misago.threads.models import Post, Thread
from misago.threads.test import post_thread, reply_thread
"""


def is_installed() -> bool:
    """Whether it is here, and PostgreSQL."""
    return Path(program("misago", "django-admin")).exists() and postgres.is_installed()


def install() -> None:
    """Put it into an environment of its own, and install Debian's PostgreSQL."""
    postgres.install()
    pip("misago", "misago==0.39.6", "setuptools<81")


@dataclass(frozen=True)
class Forum:
    """A running forum; ``folder`` holds its settings."""

    url: str
    folder: Path

    def run(self, code: str) -> str:
        """Run Python within the forum; what it prints."""
        return self.manage("shell", "-c", f"{_WORDS}\n{code}").strip()

    def manage(self, *command: str) -> str:
        """A command of Django's."""
        admin = [program("misago", "django-admin"), *command]
        environment = _environment(self.folder)
        return subprocess.run(
            admin, check=True, capture_output=True, env=environment, text=True
        ).stdout


@contextmanager
def serve() -> Iterator[Forum]:
    """A forum without threads."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with postgres.serve(folder) as database:
            (folder / "forum_settings.py").write_text(_SETTINGS.format(port=database))
            forum = Forum(f"http://127.0.0.1:{port}", folder)
            forum.manage("migrate")
            command = [program("misago", "django-admin"), "runserver", "--noreload"]
            command.append(f"127.0.0.1:{port}")
            with running(command, port, folder / "log", environment=_environment(folder)):
                yield forum


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "forum_settings"}
