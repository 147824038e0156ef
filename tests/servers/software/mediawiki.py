"""MediaWiki, as Debian ships it: without the extensions that give discussions an interface."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software import mariadb
from servers.software.installing import apt

_SHARED = Path("/usr/share/mediawiki")
PASSWORD = "sesame-9-sesame"
"""Of the administrator "Ada"."""

_SETTINGS = """
$wgRateLimits = [];
$wgJobRunRate = 0;
$wgGroupPermissions['sysop']['deleterevision'] = true;
"""


def is_installed() -> bool:
    """Whether it is here, and what it needs."""
    return _SHARED.exists() and all(map(shutil.which, ("php", "mariadbd")))


def install() -> None:
    """Install Debian's packages."""
    apt(
        "mediawiki", "php-cli", "php-mysql", "php-mbstring", "php-xml", "php-intl", "mariadb-server"
    )


@dataclass(frozen=True)
class Wiki:
    """A running wiki; ``api`` is the address of its interface, ``folder`` holds its program."""

    api: str
    folder: Path

    def run_jobs(self) -> None:
        """What the wiki leaves for later is done now, such as marking edits as reverted."""
        command = ["php", "maintenance/runJobs.php"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)


@contextmanager
def serve() -> Iterator[Wiki]:
    """An empty wiki in which everybody may write."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with mariadb.serve(folder) as database:
            home = folder / "wiki"
            shutil.copytree(_SHARED, home, ignore=lambda *_: ["LocalSettings.php", "images"])
            (home / "images").mkdir()
            url = f"http://127.0.0.1:{port}"
            given = {
                "dbserver": f"127.0.0.1:{database}",
                "dbname": "site",
                "dbuser": "site",
                "dbpass": mariadb.PASSWORD,
                "server": url,
                "scriptpath": "",
                "pass": PASSWORD,
            }
            options = [f"--{option}={value}" for option, value in given.items()]
            command = ["php", "maintenance/install.php", *options, "Paddles", "Ada"]
            subprocess.run(command, cwd=home, check=True, capture_output=True)
            with (home / "LocalSettings.php").open("a") as settings:
                settings.write(_SETTINGS)
            with running(["php", "-S", f"127.0.0.1:{port}"], port, folder / "log", home):
                yield Wiki(f"{url}/api.php", home)
