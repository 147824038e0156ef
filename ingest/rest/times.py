"""Moments as platforms write them, read and written."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DOT_AFTER_DAY = re.compile(r"^(\d{4}-\d\d-\d\d)\.(?=\d)")
_MILLISECONDS_FROM = 1e11


def read_moment(value: Any, form: str | None = None, zone: str | None = None) -> datetime | None:
    """A moment in UTC; None for null, false, an empty text and what is no moment.

    Without ``form`` numbers are seconds since 1970 (milliseconds where they are large), texts
    are ISO 8601 (also with a dot between day and time) or a mail date. A time that names no
    zone is in ``zone``, by default UTC.
    """
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        moment = _moment(value, form)
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _moment(value: Any, form: str | None) -> datetime | None:
    if form is not None and "%" in form:
        return datetime.strptime(str(value), form)
    if isinstance(value, int | float) or _NUMBER.fullmatch(str(value)):
        number = float(value)
        large = form is None and abs(number) >= _MILLISECONDS_FROM
        if not math.isfinite(number):
            return None
        return datetime.fromtimestamp(
            number / 1000 if large or form == "milliseconds" else number, UTC
        )
    text = _DOT_AFTER_DAY.sub(r"\1T", str(value).strip())
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def write_second(second: int, form: str) -> str | int:
    """A second since 1970 as a parameter: "iso" (with Z), "unix", "milliseconds" or a pattern."""
    if form == "unix":
        return second
    if form == "milliseconds":
        return second * 1000
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if form == "iso" else form)
