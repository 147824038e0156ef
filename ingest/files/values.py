"""One cell of a table, whatever the format it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Value = str | int | float | bool | datetime | date | None

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "nil", "-", "--", "?", "\\n", "(null)"}
)
"""What exports write for "nothing here", in lower case. Not used for texts: "none" is an answer."""

_NESTING = 4
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def as_written(value: Value) -> str:
    """The cell as text: "" for nothing, 5 for 5.0, ISO 8601 for dates, true or false."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def present(value: Value) -> str:
    """The cell as trimmed text, or "" where it is one of the ways to write nothing."""
    text = value.strip() if isinstance(value, str) else as_written(value).strip()
    return "" if len(text) <= 6 and text.lower() in MISSING else text


def flatten(record: Mapping[str, Any]) -> dict[str, Value]:
    """A nested record as one flat row: inner objects become dotted names, lists become JSON."""
    row: dict[str, Value] = {}
    _flatten_into(row, record, "", _NESTING)
    return row


def _flatten_into(
    row: dict[str, Value], record: Mapping[str, Any], prefix: str, levels: int
) -> None:
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, str):
            row[name] = value
        elif isinstance(value, Mapping) and levels > 0:
            _flatten_into(row, value, f"{name}.", levels - 1)
        else:
            row[name] = _plain(value)


def _plain(value: Any) -> Value:
    if value is None or isinstance(value, str | int | float | datetime | date):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def clean_text(text: str) -> tuple[str, int]:
    """``text`` without NUL, and with lone surrogates as U+FFFD; the second is how many were hit.

    Neither can be stored: SQLite cuts at the one and UTF-8 has no form for the other.
    """
    hits = 0
    if "\x00" in text:
        hits = text.count("\x00")
        text = text.replace("\x00", "")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text, surrogates = _SURROGATE.subn("\ufffd", text)
            hits += surrogates
    return text, hits


def as_json(row: Mapping[str, Value] | list[str] | str) -> str:
    """A row, or what there is of it, as one line of JSON that can always be encoded."""
    content = json.dumps(row, ensure_ascii=False, default=str)
    return _SURROGATE.sub("\ufffd", content)
