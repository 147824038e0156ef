"""PostgreSQL, which Misago and Bluesky keep their posts in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.real import free_port, running
from servers.software.installing import apt


def is_installed() -> bool:
    """Whether it is here."""
    return _programs() is not None


def install() -> None:
    """Install Debian's, unless one is here."""
    if not is_installed():
        apt("postgresql")


@contextmanager
def serve(folder: Path) -> Iterator[int]:
    """A database "postgres" in ``folder`` where the user of that name may do everything; yields
    its port."""
    programs = _programs()
    assert programs is not None
    data, port = folder / "database", free_port()
    data.mkdir()
    folder.chmod(0o755)
    shutil.chown(data, "postgres", "postgres")
    # It refuses to run as root.
    as_its_user = ["runuser", "-u", "postgres", "--"]
    made = [str(programs / "initdb"), "-D", str(data), "--auth=trust", "--encoding=UTF8"]
    subprocess.run([*as_its_user, *made], check=True, capture_output=True, cwd=folder)
    options = ["-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data)]
    command = [*as_its_user, str(programs / "postgres"), *options]
    with running(command, port, folder / "log", folder):
        yield port


def _programs() -> Path | None:
    """The folder of the newest one's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None
