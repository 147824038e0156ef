"""HyperKitty: the archive of mailing lists, filled from mboxes; Mailman itself is not needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software.installing import pip, program

LIST = "paddlers@lists.example"

_SETTINGS = """
from hyperkitty.tests.settings_test import *
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{folder}/archive.db"}}}}
HAYSTACK_CONNECTIONS = {{"default": {{"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}}}
WSGI_APPLICATION = None
ALLOWED_HOSTS = ["127.0.0.1"]
MAILMAN_REST_API_URL = "http://127.0.0.1:9"
"""


def is_installed() -> bool:
    """Whether it is here."""
    return Path(program("hyperkitty", "django-admin")).exists()


def install() -> None:
    """Put it into an environment of its own."""
    pip("hyperkitty", "hyperkitty==1.3.12", "django<5", "setuptools<81")


@dataclass(frozen=True)
class Archive:
    """A running archive; ``url`` is where HyperKitty lies."""

    url: str
    folder: Path

    def add(self, *mails: bytes) -> None:
        """Mails arrive at the list."""
        mbox = self.folder / "list.mbox"
        mbox.write_bytes(b"".join(b"From ada Sun Jun 15 10:00:00 2025\n%b\n" % m for m in mails))
        self.manage("hyperkitty_import", "-l", LIST, "--no-sync-mailman", str(mbox))

    def delete(self, message_id: str) -> None:
        """A moderator takes a mail away."""
        wanted = f"Email.objects.get(message_id={message_id!r}).delete()"
        self.manage("shell", "-c", f"from hyperkitty.models import Email; {wanted}")

    def manage(self, *command: str) -> None:
        """A command of Django's."""
        admin = [program("hyperkitty", "django-admin"), *command]
        subprocess.run(admin, check=True, capture_output=True, env=_environment(self.folder))


@contextmanager
def serve() -> Iterator[Archive]:
    """An empty archive."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "archive_settings.py").write_text(_SETTINGS.format(folder=folder))
        archive = Archive(f"http://127.0.0.1:{port}", folder)
        archive.manage("migrate")
        command = [program("hyperkitty", "django-admin"), "runserver", "--noreload"]
        command.append(f"127.0.0.1:{port}")
        with running(command, port, folder / "log", environment=_environment(folder)):
            yield archive


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": "archive_settings",
    }
