"""The spool: deliveries that were pushed to us, kept from the answer until they are processed.

A file of its own beside the ledger, for two reasons. A platform is answered within seconds, so it
must not wait while the ledger is being written; and the answer says that the delivery is safe, so
each one is on the disk (``synchronous = FULL``) before it is given.

What was delivered is somebody's words as they came. They are sealed with the project's key, so
that they never lie on the disk in the open, and removed once they are processed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Self

from earful.closing import Closing
from earful.errors import IntegrityError, TransientError
from earful.keys import Keyring
from earful.store.comments import to_ms

BUSY_SECONDS = 3.0
"""So long is another writer waited for; platforms want their answer within five seconds."""

_TABLES = """
    CREATE TABLE IF NOT EXISTS deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        hook TEXT NOT NULL,
        identity BLOB NOT NULL,
        received_at INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        body BLOB,
        UNIQUE (hook, identity)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, number)
        WHERE state != 'done';
    CREATE TABLE IF NOT EXISTS gone (
        uid TEXT PRIMARY KEY,
        since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that waits; ``number`` grows in the order in which they came."""

    number: int
    hook: str
    received_at: datetime
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AsideDelivery:
    """One that could not be mapped, and why. The reason never quotes it."""

    number: int
    hook: str
    received_at: datetime
    reason: str


class Spool(Closing):
    """Deliveries that wait, those that were set aside, and the identities of those that are done.

    May be shared between threads. Use as a context manager.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, keyring: Keyring) -> None:
        self._connection = connection
        self._path = path
        self._keyring = keyring
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path, keyring: Keyring) -> Self:
        """Open the spool at ``path``, made where there is none.

        Raises ``IntegrityError`` where the file is no spool.
        """
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise IntegrityError(
                f"this file is not a spool that can be read: {error}",
                where=str(path),
                next_step="Move it away; a new one is made. What waited in it is lost.",
            ) from error
        return cls(connection, path, keyring)

    def close(self) -> None:
        """Close the connection; the file stays consistent at any moment, also without this."""
        with self._lock:
            self._connection.close()

    def keep(self, hook: str, body: bytes, named: str | None, received_at: datetime) -> bool:
        """Store a delivery; it is on the disk when this returns. False where it was there already.

        ``named`` is the delivery's id, where the platform signs one; the others are told apart by
        their bytes, since an id that is not signed proves nothing. Raises ``TransientError``
        where it cannot be stored now.
        """
        identity = hashlib.blake2b(
            body if named is None else named.encode(),
            key=self._keyring.row_key,
            person=b"bytes" if named is None else b"name",
            digest_size=16,
        ).digest()
        sealed = self._keyring.seal_bytes(body)
        try:
            with self._lock:
                return bool(
                    self._connection.execute(
                        "INSERT INTO deliveries (hook, identity, received_at, state, body)"
                        " VALUES (?, ?, ?, 'waiting', ?) ON CONFLICT DO NOTHING",
                        (hook, identity, to_ms(received_at), sealed),
                    ).rowcount
                )
        except sqlite3.OperationalError as error:
            raise TransientError(
                f"the delivery cannot be stored: {error}",
                where=str(self._path),
                next_step="See whether the disk is full; the platform delivers it again.",
            ) from error

    def waiting(self, hooks: Iterable[str], limit: int) -> list[Delivery]:
        """The oldest that wait for these hooks. Those that our key does not open are set aside."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT number, hook, received_at, body FROM deliveries WHERE state = 'waiting'"
                " AND hook IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT ?",
                (json.dumps(list(hooks)), limit),
            ).fetchall()
        opened, closed = [], []
        for number, hook, received_at, body in rows:
            try:
                opened.append(
                    Delivery(number, hook, _moment(received_at), self._keyring.unseal_bytes(body))
                )
            except IntegrityError as error:
                closed.append((number, error.message))
        if closed:
            self.settle((), closed, ())
        return opened

    def settle(
        self,
        done: Iterable[int],
        aside: Iterable[tuple[int, str]],
        gone: Iterable[str],
    ) -> None:
        """Note in one transaction what became of deliveries.

        ``done`` are finished, and their words are removed; ``aside`` could not be mapped, with
        the reason; ``gone`` are uids of which a deletion was told.
        """
        now = to_ms(datetime.now(UTC))
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "UPDATE deliveries SET state = 'done', reason = NULL, body = NULL"
                    " WHERE number = ?",
                    [(number,) for number in done],
                )
                self._connection.executemany(
                    "UPDATE deliveries SET state = 'aside', reason = ?2 WHERE number = ?1", aside
                )
                self._connection.executemany(
                    "INSERT INTO gone VALUES (?, ?) ON CONFLICT DO NOTHING",
                    [(uid, now) for uid in gone],
                )
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def gone(self, uids: Sequence[str]) -> set[str]:
        """Those of the uids of which a deletion was told, also before the comment itself."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT uid FROM gone WHERE uid IN (SELECT value FROM json_each(?))",
                (json.dumps(list(uids)),),
            ).fetchall()
        return {row[0] for row in rows}

    def counts(self) -> dict[str, int]:
        """How many deliveries are "waiting", set "aside" and "done"."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT state, count(*) FROM deliveries GROUP BY state"
            ).fetchall()
        return {"waiting": 0, "aside": 0, "done": 0, **dict(rows)}

    def set_aside(self) -> list[AsideDelivery]:
        """What could not be mapped, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT number, hook, received_at, reason FROM deliveries WHERE state = 'aside'"
                " ORDER BY number"
            ).fetchall()
        return [AsideDelivery(number, hook, _moment(ms), why) for number, hook, ms, why in rows]

    def again(self, hooks: Iterable[str]) -> int:
        """Let what was set aside for these hooks wait again; tells how many."""
        with self._lock:
            return self._connection.execute(
                "UPDATE deliveries SET state = 'waiting', reason = NULL WHERE state = 'aside'"
                " AND hook IN (SELECT value FROM json_each(?))",
                (json.dumps(list(hooks)),),
            ).rowcount

    def erase_about(self, names: Iterable[str], hook: str | None = None) -> int:
        """Remove what waits or was set aside, of one hook or of all, and holds one of ``names`` as
        a value of its JSON.

        Tells how many went. What is no JSON, or is not opened by our key, stays.
        """
        wanted = {name.casefold() for name in names}
        with self._lock:
            rows = self._connection.execute(
                "SELECT number, body FROM deliveries WHERE body IS NOT NULL"
                " AND hook = coalesce(?, hook)",
                (hook,),
            ).fetchall()
            found = [(number,) for number, body in rows if not wanted.isdisjoint(self._told(body))]
            self._connection.executemany("DELETE FROM deliveries WHERE number = ?", found)
        return len(found)

    def _told(self, sealed: bytes) -> set[str]:
        try:
            told = json.loads(self._keyring.unseal_bytes(sealed))
        except (IntegrityError, ValueError, RecursionError):
            return set()
        return {value.casefold() for value in _values(told)}

    def forget(self, before: datetime) -> int:
        """Remove what is settled and came before a moment; tells how many were set aside."""
        ms = to_ms(before)
        with self._lock:
            self._connection.execute(
                "DELETE FROM deliveries WHERE state = 'done' AND received_at < ?", (ms,)
            )
            self._connection.execute("DELETE FROM gone WHERE since < ?", (ms,))
            return self._connection.execute(
                "DELETE FROM deliveries WHERE state = 'aside' AND received_at < ?", (ms,)
            ).rowcount


def _values(told: object) -> Iterator[str]:
    """Every text and number in a JSON value."""
    waiting = [told]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str | int) and not isinstance(one, bool):
            yield str(one)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
