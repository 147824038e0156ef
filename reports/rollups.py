"""Rollups over the facts, written once in Ibis.

Every function takes and gives Ibis tables; ``roll_up`` runs them all and answers with pandas
frames. Three rungs lead from posts to people: every relevant comment of the window, those that copy
no other, and of these the ones that are not spam. What is counted further on is *heard*: the
last rung, unless a report is made at a lower one, where more comments count and each for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from earful.records import Ladder
from reports.fact_tables import (
    DAILY_PRECISIONS,
    MONTHLY_PRECISIONS,
    WEEKLY_PRECISIONS,
    FactTables,
    Window,
    fetch,
    heard,
    in_window,
)

SET_ASIDE_COLUMNS = (
    "uid", "source", "created_at", "rung", "reason", "copy_of", "spam_score", "url", "text",
)  # fmt: skip
SHOWN = 300
"""Characters of a comment that was set aside that are shown."""


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


def _run(expression: ir.Table) -> pd.DataFrame:
    frame: pd.DataFrame = fetch(expression).to_pandas()
    for column in ("start", "month"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column])
    return frame
