"""The facts as tables: opened at a rung of the ladder, cut to a window, fetched.

Ibis tables throughout, so that the same queries run over the same Parquet layout on another
engine; here DuckDB runs them in process. All times are UTC.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from earful.errors import ConfigurationError, did_you_mean
from earful.facts import Facts

WEEKLY_PRECISIONS = ("second", "minute", "day", "week")
"""Dates known well enough to be put into a week."""
DAILY_PRECISIONS = ("second", "minute", "day")
"""Dates known well enough to be put into a day."""
MONTHLY_PRECISIONS = (*WEEKLY_PRECISIONS, "month")
"""Dates known well enough to be put into a month."""

RUNGS = ("posts", "copies", "spam", "people")
"""Where a report can count: all posts; without copies; without spam; the people left."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a report looks at: comments with ``since <= created_at < until``, of these sources.

    ``None`` leaves a side open; ``sources`` None means all. Comments without a date belong to a
    window that is open on both sides, and to no other, because nobody knows where they fall.
    """

    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise ConfigurationError(
                    f"the window's border {moment.isoformat()} has no time zone",
                    next_step="Give an aware time, or use Window.of_days.",
                )
        if self.since and self.until and self.since >= self.until:
            raise ConfigurationError(
                f"the window ends ({self.until.isoformat()}) before it begins"
                f" ({self.since.isoformat()})",
                next_step="Swap --since and --until.",
            )

    @classmethod
    def of_days(
        cls,
        since: date | None = None,
        until: date | None = None,
        sources: Sequence[str] | None = None,
    ) -> Window:
        """Whole days in UTC, both named days included."""
        return cls(
            None if since is None else datetime.combine(since, time.min, UTC),
            None if until is None else datetime.combine(until + timedelta(days=1), time.min, UTC),
            None if sources is None else tuple(sources),
        )

    @property
    def bounded(self) -> bool:
        """Whether a date is needed to belong to the window."""
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True, eq=False)
class FactTables:
    """Both facts as Ibis tables of one connection, as they count at a rung.

    ``posts`` are the comments as they are, from which the whole ladder is told.
    """

    comments: ir.Table
    asks: ir.Table
    posts: ir.Table


def open_tables(facts: Facts, rung: str = "people") -> FactTables:
    """The facts in an in-process DuckDB, pinned to UTC, that never goes to the network.

    Raises ``ConfigurationError`` where there is no such ``rung``.
    """
    if rung not in RUNGS:
        raise ConfigurationError(
            f"the ladder has no rung {rung!r}", where="--rung", next_step=did_you_mean(rung, RUNGS)
        )
    connection = ibis.duckdb.connect(
        autoinstall_known_extensions=False, allow_community_extensions=False
    )
    connection.raw_sql("SET TimeZone = 'UTC'")
    with _old_names():
        comments = connection.read_parquet(str(facts.comments), table_name="comments")
        asks = connection.read_parquet(str(facts.asks), table_name="asks")
        nobody = comments.mutate(has_author=False)
        return FactTables(
            comments if rung == "people" else at_rung(nobody, rung), at_rung(asks, rung), comments
        )


def at_rung(rows: ir.Table, rung: str) -> ir.Table:
    """Comments or asks as they count at a rung: below the last, each comment for itself."""
    if rung == "people":
        return rows
    rows = rows.mutate(person=rows.uid)
    if rung in ("posts", "copies"):
        rows = rows.mutate(spam=ibis.literal(False))
    return rows.mutate(copy_of=ibis.null("string")) if rung == "posts" else rows


def in_window(table: ir.Table, window: Window) -> ir.Table:
    """The relevant rows of ``table`` (comments or asks) that belong to the window."""
    rows = table.filter(table.relevant)
    if window.sources is not None:
        rows = rows.filter(rows.source.isin(window.sources))
    if window.since is not None:
        rows = rows.filter(rows.created_at >= _instant(window.since))
    if window.until is not None:
        rows = rows.filter(rows.created_at < _instant(window.until))
    return rows


def _instant(moment: datetime) -> ir.TimestampScalar:
    return ibis.timestamp(moment.astimezone(UTC).isoformat()).cast("timestamp('UTC')")


def heard(rows: ir.Table) -> ir.Table:
    """What counts: neither copy nor spam."""
    return rows.filter(rows.copy_of.isnull() & ~rows.spam)


def fetch(expression: ir.Table) -> pa.Table:
    """Run a query over the facts and bring its rows home."""
    with _old_names():
        return expression.to_pyarrow()


@contextmanager
def _old_names() -> Iterator[None]:
    """Ibis 12 still calls DuckDB 2 by a name that DuckDB is about to drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        yield
