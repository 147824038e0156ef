"""Rollups over the facts, written once in Ibis and run here by DuckDB in process.

Every function takes and gives Ibis tables, so that the same rollups run over the same Parquet
layout on another engine; ``roll_up`` runs them all and answers with pandas frames. All times are
UTC. Three rungs lead from posts to people: every relevant comment of the window, those that copy
no other, and of these the ones that are not spam. What is counted further on is *heard*: the
last rung, unless a report is made at a lower one, where more comments count and each for itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from earful.errors import ConfigurationError, did_you_mean
from earful.facts import CORRECTED, Facts
from earful.records import Ladder, reading
from reports.quotes import in_context

WEEKLY_PRECISIONS = ("second", "minute", "day", "week")
"""Dates known well enough to be put into a week."""
DAILY_PRECISIONS = ("second", "minute", "day")
"""Dates known well enough to be put into a day."""
MONTHLY_PRECISIONS = (*WEEKLY_PRECISIONS, "month")
"""Dates known well enough to be put into a month."""

RUNGS = ("posts", "copies", "spam", "people")
"""Where a report can count: all posts; without copies; without spam; the people left."""
SET_ASIDE_COLUMNS = (
    "uid", "source", "created_at", "rung", "reason", "copy_of", "spam_score", "url", "text",
)  # fmt: skip
SHOWN = 300
"""Characters of a comment that was set aside that are shown."""

ASKS_PER_BATCH = 20_000

ASK_COLUMNS = (
    "uid",
    "n",
    "quote",
    "start",
    "end",
    "item",
    "type",
    "strength",
    "moment",
    "place_words",
    "explicit",
    "score",
    "vector",
    "vector_version",
    "source",
    "person",
    "created_at",
    "place",
    "url",
    "solicited",
    "lang",
    "sentiment",
    "reach",
)


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
class Rollups:
    """What was heard, as pandas frames; ``ladder`` and ``total`` hold the rungs.

    ``ladder``: source, posts, without_copies, without_spam, people, authors (heard comments with
    an author), first and last (dates); one row per source. ``days``, ``weeks`` and ``months``:
    source, start (the day, Monday or first of the month), comments, people, asks. ``sentiments``
    and ``categories``: source, month, name, comments. ``languages``: lang, comments, unread.
    ``undated``: source, posts (all relevant comments without a date, in the window or not),
    coarse (dated, but not to the week). ``set_aside``: every comment of the window that is copy or
    spam, columns ``SET_ASIDE_COLUMNS`` (``rung`` is the one it falls from on, "copies" or "spam";
    ``text`` is its beginning).
    """

    total: Ladder
    ladder: pd.DataFrame
    days: pd.DataFrame
    weeks: pd.DataFrame
    months: pd.DataFrame
    sentiments: pd.DataFrame
    categories: pd.DataFrame
    languages: pd.DataFrame
    undated: pd.DataFrame
    set_aside: pd.DataFrame

    @property
    def undated_posts(self) -> int:
        """Relevant comments without a date."""
        return int(self.undated["posts"].sum())

    def unread(self) -> dict[str, int]:
        """Comments heard but not read, by language, most first."""
        counts = dict(
            zip(self.languages["lang"].tolist(), self.languages["unread"].tolist(), strict=True)
        )
        return {str(lang): int(count) for lang, count in counts.items() if count}

    def ladders(self) -> dict[str, Ladder]:
        """The ladder of every source, by name."""
        return {str(row["source"]): to_ladder(row) for _, row in self.ladder.iterrows()}


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


def ladder_by_source(comments: ir.Table) -> ir.Table:
    """One row per source with its rungs; see ``Rollups.ladder``."""
    return comments.group_by("source").agg(**_rungs(comments)).order_by("source")


def ladder_in_total(comments: ir.Table) -> ir.Table:
    """One row with the rungs over all sources; a person is counted once."""
    return comments.agg(**_rungs(comments))


def _rungs(comments: ir.Table) -> dict[str, Any]:
    original = comments.copy_of.isnull()
    counted = original & ~comments.spam
    return {
        "posts": comments.count(),
        "without_copies": original.cast("int64").sum().coalesce(0),
        "without_spam": counted.cast("int64").sum().coalesce(0),
        "people": comments.person.nunique(where=counted),
        "authors": (counted & comments.has_author).cast("int64").sum().coalesce(0),
        "first": comments.created_at.min(),
        "last": comments.created_at.max(),
    }


def series(comments: ir.Table, asks: ir.Table, unit: str, precisions: Sequence[str]) -> ir.Table:
    """Heard comments, their people and their asks by source and start of the ``unit``.

    ``unit`` is "D", "W" (ISO weeks, from Monday) or "M"; dates known worse than ``precisions`` are
    left out.
    """
    dated = _dated(comments, precisions)
    dated = dated.mutate(start=dated.created_at.truncate(unit).date())
    asked = asks.group_by("uid").agg(asks=asks.count())
    joined = dated.left_join(asked, "uid").select("source", "start", "person", "asks")
    return (
        joined.group_by(["source", "start"])
        .agg(
            comments=joined.count(),
            people=joined.person.nunique(),
            asks=joined.asks.sum().coalesce(0),
        )
        .order_by(["source", "start"])
    )


def sentiments_by_month(comments: ir.Table) -> ir.Table:
    """Heard comments by source, month and sentiment; those in languages not read are left out."""
    dated = _dated(comments, MONTHLY_PRECISIONS)
    dated = dated.filter(dated.sentiment.notnull())
    rows = dated.select("source", month=dated.created_at.truncate("M").date(), name=dated.sentiment)
    return _count_by(rows, ["source", "month", "name"])


def categories_by_month(comments: ir.Table) -> ir.Table:
    """Heard comments by source, month and category; a comment may be in several."""
    dated = _dated(comments, MONTHLY_PRECISIONS)
    rows = dated.select(
        "source", month=dated.created_at.truncate("M").date(), name=dated.categories.unnest()
    )
    return _count_by(rows, ["source", "month", "name"])


def languages(comments: ir.Table) -> ir.Table:
    """Heard comments by language, and how many of them were not read."""
    rows = comments.mutate(
        lang=comments.lang.coalesce("und"), unread=(~comments.read.coalesce(True)).cast("int64")
    )
    return (
        rows.group_by("lang")
        .agg(comments=rows.count(), unread=rows.unread.sum())
        .order_by([ibis.desc("comments"), "lang"])
    )


def undated_by_source(comments: ir.Table) -> ir.Table:
    """Relevant comments without a date, and those whose date is not known to the week."""
    undated = comments.created_at.isnull()
    coarse = ~undated & ~comments.created_precision.isin(WEEKLY_PRECISIONS)
    return (
        comments.group_by("source")
        .agg(
            posts=undated.cast("int64").sum(),
            coarse=coarse.coalesce(False).cast("int64").sum(),
        )
        .order_by("source")
    )


def set_aside(comments: ir.Table) -> ir.Table:
    """The comments that are copy or spam; see ``Rollups.set_aside``."""
    copy = comments.copy_of.notnull()
    rows = comments.filter(copy | comments.spam)
    copy = rows.copy_of.notnull()
    return (
        rows.mutate(
            rung=ibis.ifelse(copy, "copies", "spam"),
            reason=ibis.ifelse(copy, rows.copy_reason, rows.spam_reason),
            text=rows.text.substr(0, SHOWN),
        )
        .order_by(["rung", "source", "created_at", "uid"])
        .select(*SET_ASIDE_COLUMNS)
    )


def asks_with_dates(asks: ir.Table, comments: ir.Table) -> ir.Table:
    """Asks with what the comment knows of its date and author.

    Adds ``precision``, ``has_author``, the comment's ``title`` and ``text``, ``checked``: whether a
    person said that the ask stands there, and ``counted``: whether it is neither copy nor spam.
    """
    known = comments.select(
        "uid",
        "has_author",
        "title",
        "text",
        precision=comments.created_precision,
        checked=(comments.model_version == CORRECTED).coalesce(False),
    )
    joined = asks.inner_join(known, "uid")
    return joined.select(
        *ASK_COLUMNS,
        "precision",
        "has_author",
        "title",
        "text",
        "copy_of",
        "checked",
        counted=joined.copy_of.isnull() & ~joined.spam,
    ).order_by(["uid", "n"])


def _dated(comments: ir.Table, precisions: Sequence[str]) -> ir.Table:
    return comments.filter(
        comments.created_at.notnull() & comments.created_precision.isin(list(precisions))
    )


def _count_by(rows: ir.Table, columns: list[str]) -> ir.Table:
    return rows.group_by(columns).agg(comments=rows.count()).order_by(columns)


def to_ladder(rungs: pd.Series[Any]) -> Ladder:
    """One row of ``ladder_by_source`` or ``ladder_in_total`` as a record."""
    return Ladder(
        posts=int(rungs["posts"]),
        without_copies=int(rungs["without_copies"]),
        without_spam=int(rungs["without_spam"]),
        people=int(rungs["people"]),
        people_basis=people_basis(int(rungs["authors"]), int(rungs["without_spam"])),
    )


def people_basis(with_author: int, comments: int) -> str:
    """Whether people are authors, comments (where the source names no author), or both mixed."""
    if with_author == comments:
        return "authors"
    return "mixed" if with_author else "comments"


def roll_up(tables: FactTables, window: Window) -> Rollups:
    """Every rollup of the window, run and brought home as frames."""
    posts = in_window(tables.posts, window)
    counted = heard(in_window(tables.comments, window))
    asks = heard(in_window(tables.asks, window))
    anytime = in_window(tables.comments, Window(sources=window.sources))
    return Rollups(
        total=to_ladder(_run(ladder_in_total(posts)).iloc[0]),
        ladder=_run(ladder_by_source(posts)),
        days=_run(series(counted, asks, "D", DAILY_PRECISIONS)),
        weeks=_run(series(counted, asks, "W", WEEKLY_PRECISIONS)),
        months=_run(series(counted, asks, "M", MONTHLY_PRECISIONS)),
        sentiments=_run(sentiments_by_month(counted)),
        categories=_run(categories_by_month(counted)),
        languages=_run(languages(counted)),
        undated=_run(undated_by_source(anytime)),
        set_aside=_run(set_aside(posts)),
    )


@contextmanager
def _old_names() -> Iterator[None]:
    """Ibis 12 still calls DuckDB 2 by a name that DuckDB is about to drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        yield


def _run(expression: ir.Table) -> pd.DataFrame:
    frame: pd.DataFrame = fetch(expression).to_pandas()
    for column in ("start", "month"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column])
    return frame


def fetch(expression: ir.Table) -> pa.Table:
    """Run a query over the facts and bring its rows home."""
    with _old_names():
        return expression.to_pyarrow()


def read_asks(tables: FactTables, window: Window) -> pd.DataFrame:
    """The relevant asks of the window, copies and spam among them (``counted`` false), by uid, n.

    Columns: those of ``ASK_COLUMNS``, precision, has_author, copy_of, checked, counted, and
    ``passage``: the quote within its sentence where it is short. ``vector`` holds one array a row,
    empty where the ask has none. The comments' texts only pass through.
    """
    rows = asks_with_dates(in_window(tables.asks, window), tables.comments)
    table = fetch(rows)
    passages: list[str] = []
    for batch in table.select(["title", "text", "start", "end", "quote"]).to_batches(
        ASKS_PER_BATCH
    ):
        passages += map(_passage, *(column.to_pylist() for column in batch.columns))
    frame: pd.DataFrame = table.drop_columns(["title", "text"]).to_pandas()
    return frame.assign(passage=pd.Series(passages, index=frame.index, dtype="str"))


def _passage(title: str | None, text: str, start: int, end: int, quote: str) -> str:
    whole = reading(title, text)
    # Offsets of other words than these (a comment changed by hand) are of no use.
    return in_context(whole, start, end) if whole[start:end] == quote else quote
