"""Redmine: a tracker, from the database that Debian's package fills."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software.installing import apt

KEY = "5e5a3e9" + "0" * 33
"""The API key of the administrator."""

_SHARED = Path("/usr/share/redmine")
_FILLED = Path("/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default")
_GEMS = Path("/usr/share/rubygems-integration/all")


def is_installed() -> bool:
    """Whether it is here, with its database and what starts it."""
    there = (_SHARED / "config.ru").exists() and _FILLED.exists()
    return there and shutil.which("bundle") is not None


def install() -> None:
    """Install Debian's packages."""
    apt("ruby-bundler")
    os.environ.update(_bundler())
    apt("redmine", "redmine-sqlite", "ruby-sqlite3")


@contextmanager
def serve() -> Iterator[str]:
    """A tracker without projects, with its REST interface switched on; yields its address."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        database = folder / "redmine.sqlite3"
        shutil.copy(_FILLED, database)
        with sqlite3.connect(database) as inside:
            inside.execute("UPDATE users SET must_change_passwd = 0 WHERE login = 'admin'")
            setting = "INSERT INTO settings (name, value, updated_on) VALUES (?, ?, datetime())"
            inside.execute(setting, ("rest_api_enabled", "1"))
            key = (
                "INSERT INTO tokens (user_id, action, value, created_on, updated_on)"
                " SELECT id, 'api', ?, datetime(), datetime() FROM users WHERE login = 'admin'"
            )
            inside.execute(key, (KEY,))
        inside.close()
        [webrick] = (_GEMS / "gems").glob("webrick-*")
        environment = {
            **os.environ,
            **_bundler(),
            "RUBYLIB": str(webrick / "lib"),
            "RAILS_ENV": "production",
            "DATABASE_URL": f"sqlite3:{database}",
        }
        rails = ["bundle", "exec", "rails", "server", "-u", "webrick", "-b", "127.0.0.1"]
        command = [*rails, "-p", str(port), "-P", str(folder / "pid")]
        with running(command, port, folder / "log", _SHARED, environment):
            yield f"http://127.0.0.1:{port}"


def _bundler() -> dict[str, str]:
    """Ruby prefers the newer bundler of its own, which does not know Debian's gems."""
    found = sorted((_GEMS / "specifications").glob("bundler-*.gemspec"))
    return {"BUNDLER_VERSION": found[-1].stem.partition("-")[2]} if found else {}
