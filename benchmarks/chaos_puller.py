"""Pulls both boards of the fake platform again and again, until it is killed or nothing is left.

usage: python -m benchmarks.chaos_puller LEDGER ADDRESS (for-ever | until-quiet)
"""

from __future__ import annotations

import sys
import time
import tomllib
from pathlib import Path

from earful.errors import EarfulError, TransientError
from earful.keys import Keyring
from earful.settings import Settings
from earful.store import Ledger
from ingest.connector import Connector
from ingest.door import Door
from ingest.pull import pull_source
from ingest.rest.connector import connector_of
from ingest.rest.row import Row

ROWS = """
[changes]
name = "changes"
title = "a board that lists changes"
base = "http://127.0.0.1"
path = "/changes"
items = "comments"
instance = "changes"
edits = "listed"
deletions = "listed"
order = { by = "edited", first = "oldest", since = { parameter = "since", format = "unix" }, overlap = 20 }
paging = { kind = "page", parameter = "page", more = "more", size = 50 }
fields = { id = "id", text = "text", created = "created", edited = "edited", deleted = "deleted", author = "author" }
terms = { summary = "made up" }

[newest]
name = "newest"
title = "a board that lists what is new"
base = "http://127.0.0.1"
path = "/newest"
items = "comments"
instance = "newest"
edits = "looked up"
deletions = "looked up"
order = { by = "created", first = "newest", overlap = 20 }
paging = { kind = "cursor", parameter = "before", path = "next", size = 50 }
fields = { id = "id", text = "text", created = "created", edited = "edited", author = "author" }
look_up = { path = "/comments", parameters = { ids = "{ids}" }, items = "comments", at_once = 100, missing = "deleted", most = 100000 }
terms = { summary = "made up" }
"""  # noqa: E501
PATIENCE = {
    "attempts": 4,
    "wait_initial": 0.05,
    "wait_max": 0.3,
    "wait_jitter": 0.05,
    "longest_wait": 2,
}
EVERY = 100_000
"""All comments are looked at again, since any of them may change."""
READ_TIMEOUT = {"for-ever": 0.6, "until-quiet": 30.0}
"""Seconds that a reply is waited for: less than the platform lets some wait, and enough at last."""


def connector(row: str, address: str, ledger: Ledger, read_timeout: float) -> Connector:
    """The connector of a board, from where the ledger's cursor stands."""
    made = connector_of(Row.model_validate(tomllib.loads(ROWS)[row]))
    patience = {**PATIENCE, "read_timeout": read_timeout}
    options = {"base_url": address, "allow_private": True, "patience": patience}
    return made(row, options, ledger.cursor(row))


def pull_once(
    ledger: Ledger, door: Door, address: str, read_timeout: float
) -> tuple[int, list[EarfulError]]:
    """Pull each board; how many comments were news, and how the pulls failed that did."""
    news = 0
    errors: list[EarfulError] = []
    for row in tomllib.loads(ROWS):
        try:
            made = connector(row, address, ledger, read_timeout)
            result = pull_source(ledger, made, door.admit, batch_size=20, recheck_limit=EVERY)
            news += result.added + result.revised + result.deleted
        except EarfulError as error:
            errors.append(error)
    return news, errors


def main(ledger_path: str, address: str, how: str) -> int:
    """Exit 0 once two rounds running brought nothing; says "pulling" first, then every failure."""
    door = Door(Settings(), Keyring(bytes(32)))
    quiet = 0
    with Ledger.open(Path(ledger_path)) as ledger:
        print("pulling", flush=True)
        while quiet < 2:
            news, errors = pull_once(ledger, door, address, READ_TIMEOUT[how])
            for error in errors:
                kind = "transient" if isinstance(error, TransientError) else "final"
                print(f"{kind}: {error.message}", flush=True)
            quiet = quiet + 1 if how == "until-quiet" and not news and not errors else 0
            time.sleep(0.05)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
