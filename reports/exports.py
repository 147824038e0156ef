"""The demand as data: ``signals.json`` for programs, csv, xlsx and parquet for tables.

The csv and xlsx files come with the items and the quotes beside the signals: as files of their
own and as sheets; the csv also with the hours things are wanted at, and the demand tuples.
``set-aside.csv`` opens the ladder: every comment that falls from a rung, and why. Text that a
spreadsheet would take for a formula is made harmless.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from earful.records import TIMESTAMP
from reports.atomic import replacing
from reports.demand import Demand
from reports.fact_tables import Window
from reports.frames import (
    NUMBERS,
    estimate_columns,
    hours_frame,
    items_frame,
    quotes_frame,
    series_frame,
    signals_frame,
    tuples_frame,
)
from reports.json_values import iso
from reports.launches import launch_record
from reports.over_time_record import findings_record, heard_record
from reports.say_want import say_want_record
from reports.share_of_voice import share_of_voice_record
from reports.signal_record import signal_record

name = "exports"
formats = ("json", "csv", "xlsx", "parquet")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SIGNALS_WITH_WEEKS = 100
"""The sheet of weeks is for drawing; ``signals.json`` has the weeks of every signal."""
LONGEST_CELL = 32_000
"""Excel refuses cells of more than 32,767 characters."""

_PARQUET_SCHEMA = pa.schema(
    [
        ("rank", pa.int32()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("type", pa.string()),
        ("grade", pa.string()),
        ("people", pa.int64()),
        ("estimate", pa.int64()),
        ("low", pa.int64()),
        ("high", pa.int64()),
        ("left_out", pa.int64()),
        ("why_not", pa.string()),
        ("mentions", pa.int64()),
        ("posts", pa.int64()),
        ("without_copies", pa.int64()),
        ("people_basis", pa.string()),
        ("strength", pa.float64()),
        ("first_seen", TIMESTAMP),
        ("last_seen", TIMESTAMP),
        ("trend", pa.string()),
        ("trend_ratio", pa.float64()),
        ("trend_p", pa.float64()),
        ("trend_low", pa.float64()),
        ("trend_high", pa.float64()),
        ("p", pa.float64()),
        ("q", pa.float64()),
        ("untested", pa.string()),
        ("past_ratio", pa.float64()),
        ("past_low", pa.float64()),
        ("past_high", pa.float64()),
        ("changed", pa.string()),
        ("peak_weekday", pa.string()),
        ("peak_month", pa.string()),
        ("forecast", pa.int64()),
        ("forecast_low", pa.int64()),
        ("forecast_high", pa.int64()),
        ("sentiment_negative", pa.int64()),
        ("sentiment_neutral", pa.int64()),
        ("sentiment_positive", pa.int64()),
        ("sentiment_mixed", pa.int64()),
        ("moments", pa.map_(pa.string(), pa.int64())),
        ("sources", pa.map_(pa.string(), pa.int64())),
        ("places", pa.map_(pa.string(), pa.int64())),
        (
            "items",
            pa.list_(
                pa.struct([("item", pa.string()), ("people", pa.int64()), ("mentions", pa.int64())])
            ),
        ),
        (
            "series",
            pa.list_(
                pa.struct([("week", pa.string()), ("people", pa.int64()), ("mentions", pa.int64())])
            ),
        ),
        (
            "quotes",
            pa.list_(
                pa.struct(
                    [
                        ("uid", pa.string()),
                        ("quote", pa.string()),
                        ("url", pa.string()),
                        ("created_at", TIMESTAMP),
                    ]
                )
            ),
        ),
        ("uids", pa.list_(pa.string())),
    ]
)


def write(
    demand: Demand,
    out_dir: Path,
    formats: Sequence[str],
    accuracy: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write each of ``formats`` that this report knows; tells the files."""
    written: list[Path] = []
    for wanted in formats:
        if wanted in _WRITERS:
            written += _WRITERS[wanted](demand, out_dir)
    return written


def signals_record(demand: Demand) -> dict[str, Any]:
    """The whole of ``signals.json``.

    Beyond the contract: ``title``, ``rung`` (where on the ladder is counted), the window's
    ``sources`` and its ``first_comment`` and ``last_comment``, the ladder of each source in
    ``sources``, ``undated`` (relevant comments without a date), ``unread`` (comments heard in a
    language that is not served), ``heard`` (the weeks that were listened to, and the gaps),
    ``test`` (what "established" rests on), ``asking`` (the people who ask for anything, as counted
    and estimated), ``unasked`` (what the taxonomy pins and nobody asks for), ``launches`` (what
    came of those in the settings), ``say_want`` (surveys against the open, None without both) and
    ``share_of_voice`` (brands beside their competitors).
    """
    rollups = demand.rollups
    return {
        "title": demand.title,
        "generated_at": iso(demand.generated_at),
        "window": _window_record(demand.window)
        | {
            "first_comment": _iso_or_none(rollups.ladder["first"].min()),
            "last_comment": _iso_or_none(rollups.ladder["last"].max()),
        },
        "coverage": [
            {
                "source": entry.source,
                "since": iso(entry.since),
                "until": iso(entry.until),
                "state": entry.state,
                "detail": entry.detail,
            }
            for entry in demand.coverage
        ],
        "rung": demand.rung,
        "ladder": asdict(demand.ladder),
        "sources": {source: asdict(ladder) for source, ladder in rollups.ladders().items()},
        "undated": rollups.undated_posts,
        "unread": rollups.unread(),
        "heard": heard_record(demand.heard),
        "test": findings_record(demand.findings),
        "asking": {
            "people": demand.asks["person"].nunique(),
            "estimate": asdict(demand.asking),
            "by_source_and_language": [asdict(entry) for entry in demand.prevalence],
        },
        "unasked": [
            {"id": signal.id, "name": signal.name, "owner": signal.owner}
            for signal in demand.signals
            if signal.people == 0
        ],
        "launches": [launch_record(one) for one in demand.launches],
        "say_want": say_want_record(demand.say_want),
        "share_of_voice": [share_of_voice_record(told) for told in demand.voice],
        "signals": [signal_record(signal) for signal in demand.signals if signal.people],
    }


def _window_record(window: Window) -> dict[str, Any]:
    return {
        "since": iso(window.since),
        "until": iso(window.until),
        "sources": None if window.sources is None else list(window.sources),
    }


def _iso_or_none(moment: Any) -> str | None:
    return None if pd.isna(moment) else iso(moment.to_pydatetime())


def _write_json(demand: Demand, out_dir: Path) -> list[Path]:
    path = out_dir / "signals.json"
    record = signals_record(demand)
    signals = record.pop("signals")
    with replacing(path) as draft, draft.open("w", encoding="utf-8") as file:
        # One signal a line: quick to write, and it can be read and compared by eye.
        file.write(_json(record)[:-1] + ', "signals": [')
        for n, signal in enumerate(signals):
            file.write((",\n" if n else "\n") + _json(signal))
        file.write("\n]}\n")
    return [path]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _write_csv(demand: Demand, out_dir: Path) -> list[Path]:
    frames = {
        "signals.csv": signals_frame(demand),
        "signals-items.csv": items_frame(demand),
        "signals-quotes.csv": quotes_frame(demand),
        "signals-hours.csv": hours_frame(demand),
        "signals-tuples.csv": tuples_frame(demand),
        "set-aside.csv": demand.rollups.set_aside,
    }
    paths = []
    for file_name, frame in frames.items():
        path = out_dir / file_name
        with replacing(path) as draft:
            # With a byte order mark, without which Excel takes UTF-8 for another encoding.
            _harmless(frame).to_csv(draft, index=False, encoding="utf-8-sig")
        paths.append(path)
    return paths


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that begins like a formula gets an apostrophe in front (OWASP, CSV injection)."""
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(
                lambda value: (
                    f"'{value}"
                    if isinstance(value, str) and value.startswith(FORMULA_STARTS)
                    else value
                )
            )
    return safe


def _write_xlsx(demand: Demand, out_dir: Path) -> list[Path]:
    path = out_dir / "signals.xlsx"
    about = pd.DataFrame(
        [
            ("title", demand.title),
            ("generated at (UTC)", iso(demand.generated_at)),
            ("window from (UTC)", iso(demand.window.since) or "open"),
            ("window to, exclusive (UTC)", iso(demand.window.until) or "open"),
            ("counted at the rung", demand.rung),
            *asdict(demand.ladder).items(),
            ("comments without a date", demand.rollups.undated_posts),
            ("established", demand.findings.words),
            ("not listened to", "; ".join(demand.heard.words) or "no gap"),
        ],
        columns=["what", "value"],
    )
    sheets = {
        "Signals": signals_frame(demand),
        "Items": items_frame(demand),
        "Quotes": quotes_frame(demand),
        "Weeks": series_frame(demand, most=SIGNALS_WITH_WEEKS),
        "About": about,
    }
    # Strings stay strings: neither formulas nor links are made of what people wrote. Rows are
    # written as they come and not kept.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    with replacing(path) as draft, xlsxwriter.Workbook(str(draft), options) as book:
        heading = book.add_format({"bold": True, "bottom": 1})
        for sheet_name, frame in sheets.items():
            _write_sheet(book.add_worksheet(sheet_name), heading, frame)
    return [path]


def _write_sheet(sheet: Worksheet, heading: Format, frame: pd.DataFrame) -> None:
    """A frame as a sheet under a heading that stays; times are UTC, cells cut to Excel's limit."""
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(frame.columns):
        sheet.set_column(position, position, _width(frame, column))
        sheet.write_string(0, position, column, heading)
    columns = [_cells(frame[column]) for column in frame.columns]
    for line, row in enumerate(zip(*columns, strict=True), 1):
        for position, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, position, value[:LONGEST_CELL])
            elif isinstance(value, datetime):
                sheet.write_datetime(line, position, value)
            elif value is not None:
                sheet.write_number(line, position, value)


def _cells(column: pd.Series[Any]) -> list[Any]:
    """Values as Excel knows them: text, numbers, times without a zone, None."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    values = column.astype(object)
    return values.where(values.notna(), None).tolist()


def _width(frame: pd.DataFrame, column: str) -> float:
    longest = frame[column].head(200).astype(str).str.len().max() if len(frame) else 0
    return float(min(60, max(len(column), longest) + 2))


def _write_parquet(demand: Demand, out_dir: Path) -> list[Path]:
    path = out_dir / "signals.parquet"
    flat = signals_frame(demand).to_dict("records")
    rows = []
    for row, signal in zip(flat, demand.signals, strict=True):
        rows.append(
            {
                **{str(key): value for key, value in row.items()},
                **estimate_columns(signal.estimate),
                "first_seen": signal.first_seen,
                "last_seen": signal.last_seen,
                **{name: _or_none(row[name]) for name in NUMBERS},
                "moments": list(signal.moments.items()),
                "sources": list(signal.sources.items()),
                "places": list(signal.places.items()),
                "items": [asdict(entry) for entry in signal.items],
                "series": [
                    {"week": week, "people": people, "mentions": mentions}
                    for week, people, mentions in signal.series
                ],
                "quotes": [asdict(quote) for quote in signal.quotes],
                "uids": signal.uids,
            }
        )
    with replacing(path) as draft:
        pq.write_table(pa.Table.from_pylist(rows, schema=_PARQUET_SCHEMA), draft)
    return [path]


def _or_none(value: float) -> float | None:
    return None if pd.isna(value) else value


_WRITERS: dict[str, Callable[[Demand, Path], list[Path]]] = {
    "json": _write_json,
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "parquet": _write_parquet,
}
