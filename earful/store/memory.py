"""The memory of signals: which ask was put into which signal, so that ids and names last.

A signal keeps its id and name here while the words that lead its group change. Every ask that was
counted is remembered with its signal, by comment and item. The words are people's words, so they
go with them: a remembered ask goes with its comment, a signal with its last ask, and a name or an
id made of words that no remembered ask holds any more is replaced (see the triggers of
``earful.store.schema``).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from earful.store.comments import to_ms

ASKS_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.string(), nullable=False),
        pa.field("item", pa.string(), nullable=False),
        pa.field("wants", pa.bool_(), nullable=False),
        pa.field("signal", pa.int64(), nullable=False),
    ]
)
"""Remembered asks; ``item`` with single blanks, ``signal`` the number of a remembered signal."""

_VERSION = "signal_memory"


@dataclass(frozen=True, slots=True)
class RememberedSignal:
    """A signal as it was last known. ``number`` grows with age and is never given twice.

    ``name`` is empty where its words were erased, and ``settled`` once it shall last: from the
    second person on. ``wants`` tells purchase intent. ``split_from`` and ``merged_into`` are
    numbers of other signals; one that is merged keeps the asks that it had.
    """

    number: int
    id: str
    name: str
    settled: bool
    wants: bool
    since: datetime
    split_from: int | None = None
    merged_into: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """All that is remembered, oldest signal first; ``asks`` has the columns of ``ASKS_SCHEMA``.

    ``version`` grows with every ``save``.
    """

    version: int
    signals: tuple[RememberedSignal, ...]
    asks: pa.Table


@dataclass(frozen=True, slots=True)
class NewSignal:
    """A signal that is to be remembered. ``id_words`` is the wording that the id is made of."""

    id: str
    id_words: str
    name: str
    settled: bool
    wants: bool
    split_from: int | None


@dataclass(frozen=True, slots=True)
class ChangedSignal:
    """What is new of a remembered signal: its name, and the id of the one that it merged into."""

    number: int
    name: str
    settled: bool
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class MemoryUpdate:
    """What one report learned about signals since ``version`` of the memory.

    ``asks`` are (uid, item, wants, id of the signal): those that are new or have moved.
    """

    version: int
    new: tuple[NewSignal, ...]
    changed: tuple[ChangedSignal, ...]
    asks: tuple[tuple[str, str, bool, str], ...]

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.new or self.changed or self.asks)


EMPTY = Memory(0, (), ASKS_SCHEMA.empty_table())
"""The memory of a ledger that has made no report yet."""


def read(connection: sqlite3.Connection) -> Memory:
    """The memory as it is now, in one consistent read."""
    connection.execute("BEGIN")
    try:
        version = _version(connection)
        signals = connection.execute(
            "SELECT number, id, name, settled, wants, since, split_from, merged_into"
            " FROM signals ORDER BY number"
        ).fetchall()
        asks = connection.execute("SELECT uid, item, wants, signal FROM signal_asks").fetchall()
    finally:
        connection.execute("COMMIT")
    columns = zip(*asks, strict=True) if asks else ((), (), (), ())
    uids, items, wants, numbers = columns
    return Memory(
        version,
        tuple(
            RememberedSignal(
                *(number, identity, name, bool(settled), bool(want)),
                datetime.fromtimestamp(since / 1000, UTC),
                *(split_from, merged_into),
            )
            for number, identity, name, settled, want, since, split_from, merged_into in signals
        ),
        pa.table([uids, items, [bool(want) for want in wants], numbers], schema=ASKS_SCHEMA),
    )


def save(connection: sqlite3.Connection, update: MemoryUpdate, at: datetime) -> bool:
    """Store what was learned, inside the caller's transaction.

    False, and nothing is stored, where another report has stored something since ``update`` was
    made. What was erased in the meantime is not remembered again.
    """
    if _version(connection) != update.version:
        return False
    connection.executemany(
        "INSERT INTO signals (id, id_words, name, settled, wants, since, split_from)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT number FROM signals WHERE number = ?7))",
        [
            (new.id, new.id_words, new.name, new.settled, new.wants, to_ms(at), new.split_from)
            for new in update.new
        ],
    )
    connection.executemany(
        "INSERT INTO signal_asks (uid, item, wants, signal)"
        " SELECT c.uid, ?2, ?3, s.number FROM comments c, signals s"
        " WHERE c.uid = ?1 AND c.deleted = 0 AND s.id = ?4"
        " ON CONFLICT (uid, item, wants) DO UPDATE SET signal = excluded.signal",
        update.asks,
    )
    _without_what_was_erased(connection, [(new.id,) for new in update.new])
    connection.executemany(
        "UPDATE signals SET merged_into = (SELECT number FROM signals WHERE id = ?2)"
        " WHERE number = ?1",
        [(changed.number, changed.merged_into) for changed in update.changed],
    )
    connection.executemany(
        "UPDATE signals SET name = ?2, settled = ?3 WHERE number = ?1"
        " AND EXISTS (SELECT 1 FROM signal_asks WHERE item = ?2)",
        [(changed.number, changed.name, changed.settled) for changed in update.changed],
    )
    connection.execute(
        "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_VERSION, str(update.version + 1)),
    )
    return True


def _without_what_was_erased(connection: sqlite3.Connection, new: list[tuple[str]]) -> None:
    """Take out of new signals the words of comments that were erased since they were counted."""
    connection.executemany(
        "DELETE FROM signals WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM signal_asks WHERE signal = signals.number)",
        new,
    )
    connection.executemany(
        "UPDATE signals SET name = '', settled = 0 WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM signal_asks WHERE item = signals.name)",
        new,
    )
    connection.executemany(
        "UPDATE signals SET id = 'signal-n' || number, id_words = '' WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM signal_asks WHERE item = signals.id_words)",
        new,
    )


def _version(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_VERSION,)).fetchone()
    return 0 if row is None else int(row[0])
