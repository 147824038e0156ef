"""The writer's offset from UTC, out of a column that names a zone or an offset."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.files.values import Value, present

_OFFSET = re.compile(r"^(?:UTC|GMT)?\s*([+-])(0?\d|1[0-4])(?::(\d{2}))?$", re.IGNORECASE)
_FOUR_DIGITS = re.compile(r"^([+-])(0\d|1[0-4])([0-5]\d)$")
_SPOKEN = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "atlantic time (canada)": "America/Halifax",
    "arizona": "America/Phoenix",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "indiana (east)": "America/Indiana/Indianapolis",
    "mexico city": "America/Mexico_City",
    "bogota": "America/Bogota",
    "lima": "America/Lima",
    "quito": "America/Guayaquil",
    "caracas": "America/Caracas",
    "santiago": "America/Santiago",
    "brasilia": "America/Sao_Paulo",
    "buenos aires": "America/Argentina/Buenos_Aires",
    "london": "Europe/London",
    "edinburgh": "Europe/London",
    "dublin": "Europe/Dublin",
    "lisbon": "Europe/Lisbon",
    "madrid": "Europe/Madrid",
    "paris": "Europe/Paris",
    "amsterdam": "Europe/Amsterdam",
    "berlin": "Europe/Berlin",
    "rome": "Europe/Rome",
    "stockholm": "Europe/Stockholm",
    "warsaw": "Europe/Warsaw",
    "athens": "Europe/Athens",
    "istanbul": "Europe/Istanbul",
    "moscow": "Europe/Moscow",
    "jerusalem": "Asia/Jerusalem",
    "abu dhabi": "Asia/Dubai",
    "new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "bangkok": "Asia/Bangkok",
    "jakarta": "Asia/Jakarta",
    "singapore": "Asia/Singapore",
    "hong kong": "Asia/Hong_Kong",
    "beijing": "Asia/Shanghai",
    "taipei": "Asia/Taipei",
    "seoul": "Asia/Seoul",
    "tokyo": "Asia/Tokyo",
    "sydney": "Australia/Sydney",
    "melbourne": "Australia/Melbourne",
    "auckland": "Pacific/Auckland",
}
"""Names of zones as the web framework Rails shows them (ActiveSupport::TimeZone), the commonest."""

_FURTHEST_MINUTES = 14 * 60


class OffsetReader:
    """Reads zone names, "+09:00", minutes or seconds; ``unread`` counts cells that say none."""

    def __init__(self) -> None:
        self.unread = 0
        self._zones: dict[str, ZoneInfo | None] = {}

    def read(self, value: Value, when: datetime | None) -> int | None:
        """Minutes east of UTC at ``when`` (now, where there is no date), None where not told."""
        text = present(value)
        if not text:
            return None
        minutes = _minutes(text)
        if minutes is None and (zone := self._zone(text)) is not None:
            offset = (when or datetime.now(zone)).astimezone(zone).utcoffset()
            minutes = int(offset.total_seconds() // 60) if offset is not None else None
        if minutes is None or abs(minutes) > _FURTHEST_MINUTES:
            self.unread += 1
            return None
        return minutes

    def _zone(self, name: str) -> ZoneInfo | None:
        if name not in self._zones:
            try:
                self._zones[name] = ZoneInfo(_SPOKEN.get(name.lower(), name))
            except (ZoneInfoNotFoundError, ValueError, OSError):
                self._zones[name] = None
        return self._zones[name]


def _minutes(text: str) -> int | None:
    if match := _OFFSET.match(text) or _FOUR_DIGITS.match(text):
        sign = -1 if match[1] == "-" else 1
        return sign * (int(match[2]) * 60 + int(match[3] or 0))
    if text.upper() in ("UTC", "GMT", "Z"):
        return 0
    try:
        number = int(text)
    except ValueError:
        return None
    # Twitter tells seconds, most others minutes; no offset in minutes is larger than 840.
    return number // 60 if abs(number) > _FURTHEST_MINUTES else number
