"""The asks of a window, with the words around them and what their comments tell."""

from __future__ import annotations

import ibis.expr.types as ir
import pandas as pd

from earful.facts import CORRECTED
from earful.records import reading
from reports.fact_tables import FactTables, Window, fetch, in_window
from reports.quotes import in_context

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


def _passage(title: str | None, text: str, start: int, end: int, quote: str) -> str:
    whole = reading(title, text)
    # Offsets of other words than these (a comment changed by hand) are of no use.
    return in_context(whole, start, end) if whole[start:end] == quote else quote
