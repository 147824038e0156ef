"""MariaDB, which WordPress and MediaWiki keep their pages in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.real import free_port, running

PASSWORD = "sesame-9"
"""Of the user "site", who may do everything in the database "site"."""

_SITE = f"""
CREATE DATABASE site;
CREATE USER 'site'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO 'site'@'127.0.0.1';
"""


@contextmanager
def serve(folder: Path) -> Iterator[int]:
    """A database in ``folder``; yields its port."""
    data, port = folder / "database", free_port()
    data.mkdir()
    folder.chmod(0o755)
    shutil.chown(data, "mysql", "mysql")
    made = ["mariadb-install-db", "--user=mysql", f"--datadir={data}", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True)
    socket = data / "socket"
    where = [f"--datadir={data}", f"--socket={socket}", f"--log-error={data}/log"]
    command = ["mariadbd", "--no-defaults", "--user=mysql", *where, "--bind-address=127.0.0.1"]
    with running([*command, f"--port={port}"], port, data / "log"):
        client = ["mariadb", "--no-defaults", "--user=root", f"--socket={socket}"]
        subprocess.run(client, check=True, capture_output=True, input=_SITE.encode())
        yield port
