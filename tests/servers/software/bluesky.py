"""Bluesky's development network: directory, personal data server and AppView in one process.

It needs a PostgreSQL and a Redis, which are its own as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from servers.real import free_port, running
from servers.software import postgres
from servers.software.installing import ENVIRONMENTS, apt, npm

_FOLDER = ENVIRONMENTS / "bluesky"
_BUILT = _FOLDER / "node_modules/better-sqlite3/build/Release/better_sqlite3.node"

# What listens on the second port starts last, so that it tells when everything is there.
_NETWORK = """
const [pds, last, log] = process.argv.slice(1)
require("@atproto/dev-env").TestNetwork.create({
  pds: { port: Number(pds) },
  introspect: { port: Number(last) },
}).catch((error) => {
  require("node:fs").writeFileSync(log, String(error.stack))
  process.exit(1)
})
"""


def is_installed() -> bool:
    """Whether it is here, with its databases."""
    network = _FOLDER / "node_modules/@atproto/dev-env/package.json"
    programs = all(shutil.which(name) for name in ("node", "redis-server"))
    return network.exists() and _BUILT.exists() and programs and postgres.is_installed()


def install() -> None:
    """Put it into a folder of its own, and install Debian's PostgreSQL, Redis and npm."""
    postgres.install()
    packages = [name for name in ("redis-server", "npm") if shutil.which(name) is None]
    if packages:
        apt(*packages)
    npm("bluesky", "@atproto/dev-env@0.3.215", built="better-sqlite3")


@contextmanager
def serve() -> Iterator[str]:
    """A network without people; yields the address of the server that accounts are made at."""
    with TemporaryDirectory() as name:
        folder, port, last = Path(name), free_port(), free_port()
        with postgres.serve(folder) as database, _redis(folder) as redis:
            environment = {
                **os.environ,
                "DB_POSTGRES_URL": f"postgresql://postgres@127.0.0.1:{database}/postgres",
                "DB_POSTGRES_SCHEMA": "kayaks",
                "REDIS_HOST": f"127.0.0.1:{redis}",
                "TMPDIR": name,
            }
            log = folder / "network.log"
            command = ["node", "-e", _NETWORK, str(port), str(last), str(log)]
            with running(command, last, log, _FOLDER, environment):
                yield f"http://127.0.0.1:{port}"


@contextmanager
def _redis(folder: Path) -> Iterator[int]:
    port, log = free_port(), folder / "redis.log"
    where = ["--bind", "127.0.0.1", "--port", str(port), "--logfile", str(log)]
    with running(["redis-server", *where, "--save", ""], port, log, folder):
        yield port
