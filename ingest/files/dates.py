"""Dates in the many ways that exports write them, with how well each is known.

Fast patterns come first; ``dateparser``, which knows many languages and is slow, comes last.
Whether 3/4/2024 is in March or in April is decided once for a column, never row by row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

from dateparser.date import DateDataParser

from earful.records import DatePrecision
from ingest.files.values import Value, as_written

Order = Literal["DMY", "MDY"]
EARLIEST_YEAR = 1980
"""Nothing that can be imported was written before; epoch 0 and 1900-01-00 are lost dates."""

UTC = timezone.utc  # noqa: UP017 - one name for the zone, used as a tzinfo all over
_CACHE_SIZE = 200_000
_PATIENCE = 60
_LONGEST = 60
_LANGUAGES = [
    "en", "es", "fr", "de", "it", "pt", "nl", "pl", "cs", "ro", "hu", "ru", "uk", "tr", "el", "sv",
    "da", "nb", "fi", "ja", "ko", "zh", "th", "vi", "id", "ar", "he", "hi",
]  # fmt: skip

_CLOCK = (
    r"(?:[T ,]+(?:at\s+)?(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?"
)
_ZONE = r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_YMD = re.compile(
    r"^(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})\s*[.日일]?" + _CLOCK + _ZONE + "$"
)
_YEAR_MONTH = re.compile(r"^(\d{4})[-/.](\d{1,2})$")
_TWO_FIRST = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})" + _CLOCK + _ZONE + "$")
_MONTH_NAMES = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
         "aug august", "sep sept september", "oct october", "nov november", "dec december"),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_MONTH_FIRST = re.compile(
    "^"
    + _WEEKDAY
    + r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})"
    + _CLOCK
    + _ZONE
    + "$",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    "^"
    + _WEEKDAY
    + r"(\d{1,2})(?:st|nd|rd|th)?[\s/-]+([a-z]{3,9})\.?,?[\s/-]+(\d{4}|\d{2})"
    + _CLOCK
    + _ZONE
    + "$",
    re.IGNORECASE,
)
_TWITTER = re.compile(
    r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ([+-]\d{4}|UTC|GMT) (\d{4})$"
)
_AGO = re.compile(
    r"^(?:edited\s+|about\s+)?(an?|one|\d{1,3})\s*"
    r"(seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mo|years?|yrs?|y)"
    r"\s+ago$",
    re.IGNORECASE,
)
_LAST = re.compile(r"^last\s+(week|month|year)$", re.IGNORECASE)
_NUMBER = re.compile(r"^\d{4,19}(\.\d+)?$")
_DIGITS = re.compile(r"\d")


class DateReading(NamedTuple):
    """One cell read as a date.

    ``when`` is in UTC, None where there is no date; ``problem`` then says why, and is "" for an
    empty cell. ``local_offset`` is the writer's offset in minutes, None where the cell tells none.
    """

    when: datetime | None
    precision: DatePrecision
    local_offset: int | None = None
    problem: str = ""
    naive: bool = False
    relative: bool = False


NO_DATE = DateReading(None, "none")


class DateReader:
    """Reads the cells of one column.

    ``as_of`` is what relative dates count from and ``ceiling`` the last moment that is possible;
    a date more than a day later is no date. ``order`` says how 3/4/2024 is read.
    ``zero_is_local`` tells that an offset of zero is a place, not merely UTC.
    """

    def __init__(
        self,
        *,
        as_of: datetime,
        ceiling: datetime,
        order: Order = "MDY",
        zero_is_local: bool = False,
    ) -> None:
        self.as_of = _aware(as_of)
        self.ceiling = _aware(ceiling) + timedelta(days=1)
        self.order: Order = order
        self.zero_is_local = zero_is_local
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self._cache: dict[str, DateReading] = {}
        self._slow: list[tuple[bool, Any]] = []
        self._tried = 0
        self._understood = 0

    def read(self, value: Value) -> DateReading:
        """The cell as a date; never raises. What could not be read is counted, with examples."""
        if isinstance(value, datetime | date):
            reading = self._checked(_of_object(value))
            text = ""
        else:
            text = as_written(value).strip()
            if not text:
                return NO_DATE
            cached = self._cache.get(text)
            if cached is None:
                if len(self._cache) >= _CACHE_SIZE:
                    self._cache.clear()
                cached = self._cache[text] = self._checked(self._parse(text))
            reading = cached
        if reading.problem:
            self.counts[reading.problem] += 1
            shown = self.examples.setdefault(reading.problem, [])
            if len(shown) < 3 and text not in shown:
                shown.append(text or as_written(value))
        elif reading.naive:
            self.counts["naive"] += 1
        if reading.relative:
            self.counts["relative"] += 1
        return reading

    def notes(self, column: str) -> list[str]:
        """What happened to the dates of ``column``, in sentences."""
        told = []
        for problem, meaning in (
            ("unreadable", "could not be read as a date"),
            ("future", "lie in the future"),
            ("too early", f"lie before {EARLIEST_YEAR}"),
        ):
            if count := self.counts[problem]:
                shown = ", ".join(repr(example) for example in self.examples[problem])
                told.append(
                    f"{count} cells of {column} {meaning} ({shown}); these rows are kept without "
                    "a date."
                )
        if count := self.counts["naive"]:
            told.append(f"{count} times in {column} name no time zone and were taken as UTC.")
        if count := self.counts["relative"]:
            told.append(
                f"{count} dates in {column} are relative and were counted from "
                f"{self.as_of:%Y-%m-%d}."
            )
        if count := self.counts["swapped"]:
            told.append(
                f"{count} different dates in {column} fit only the other order of day and month "
                "and were read so; the order of the others is less sure for it."
            )
        return told

    def _checked(self, reading: DateReading) -> DateReading:
        if reading.when is None:
            return reading
        if reading.when > self.ceiling:
            return DateReading(None, "none", problem="future")
        if reading.when.year < EARLIEST_YEAR:
            return DateReading(None, "none", problem="too early")
        if reading.local_offset == 0 and not self.zero_is_local:
            return reading._replace(local_offset=None)
        return reading

    def _parse(self, text: str) -> DateReading:
        quick = read_quickly(text, self.order)
        if quick is not None:
            return quick
        swapped = read_quickly(text, "MDY" if self.order == "DMY" else "DMY")
        if swapped is not None:
            self.counts["swapped"] += 1
            return swapped
        relative = _relative(text, self.as_of)
        if relative is not None:
            return relative
        return self._slowly(text)

    def _slowly(self, text: str) -> DateReading:
        unreadable = DateReading(None, "none", problem="unreadable")
        if len(text) > _LONGEST or text.isdigit():
            return unreadable
        # A column of something else would cost milliseconds a cell, for nothing.
        if self._tried >= _PATIENCE and self._understood * 4 < self._tried:
            return unreadable
        self._tried += 1
        for relative, parser in self._parsers():
            try:
                found = parser.get_date_data(text)
            except (ValueError, OverflowError, TypeError, RecursionError):
                continue
            when: datetime | None = found.date_obj
            if when is None:
                continue
            self._understood += 1
            if relative:
                return _counted_back(when.replace(tzinfo=None), found.period, text)
            return _written(when, _precision_of(found.period, text))
        return unreadable

    def _parsers(self) -> list[tuple[bool, Any]]:
        """One parser of written dates and one of relative ones, made when first needed."""
        if not self._slow:
            kinds = ((False, ["absolute-time", "no-spaces-time"]), (True, ["relative-time"]))
            self._slow = [
                (
                    relative,
                    DateDataParser(
                        languages=_LANGUAGES,
                        settings={
                            "PARSERS": parsers,
                            "RELATIVE_BASE": self.as_of.replace(tzinfo=None),
                            "DATE_ORDER": self.order,
                            "PREFER_DATES_FROM": "past",
                            "REQUIRE_PARTS": ["year"],
                            "RETURN_TIME_AS_PERIOD": True,
                        },
                    ),
                )
                for relative, parsers in kinds
            ]
        return self._slow


def _precision_of(period: str, text: str) -> DatePrecision:
    if period == "time":
        return "second" if re.search(r"\d:\d\d:\d\d", text) else "minute"
    known: dict[str, DatePrecision] = {"week": "week", "month": "month", "year": "year"}
    return known.get(period, "day")


def _written(when: datetime, precision: DatePrecision) -> DateReading:
    if precision == "month":
        when = when.replace(day=1)
    elif precision == "year":
        when = when.replace(month=1, day=1)
    if precision in ("month", "year", "day"):
        when = when.replace(hour=0, minute=0, second=0, microsecond=0)
    return _in_utc(when, precision)


def _counted_back(when: datetime, period: str, text: str) -> DateReading:
    """A relative date; hours ago are known to the day only, since ``as_of`` is no exact time."""
    precision: DatePrecision = "day" if period == "time" else _precision_of(period, text)
    day = when.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    return DateReading(day, precision, relative=True)


def read_quickly(text: str, order: Order) -> DateReading | None:
    """``text`` as a date by one of the fast patterns, or None where none fits.

    A pattern that fits an impossible date (31/2/2024) is None as well.
    """
    try:
        for reads in _FAST:
            reading = reads(text, order)
            if reading is not None:
                return reading
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _iso(text: str, _order: Order) -> DateReading | None:
    if len(text) < 8 or not text[:4].isdigit() or text.isdigit():
        return None
    if text[4] == text[7:8] == "-":  # what the standard library reads itself, and fast
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            parts = 0 if len(text) == 10 else text[11:19].count(":")
            return _in_utc(when, ("day", "minute", "second")[parts])
    match = _YMD.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, half, zone = match.groups()
    return _build(int(year), int(month), int(day), hour, minute, second, half, zone)


def _year_month(text: str, _order: Order) -> DateReading | None:
    match = _YEAR_MONTH.match(text)
    if match is None:
        return None
    return DateReading(datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC), "month")


def _numbers_first(text: str, order: Order) -> DateReading | None:
    match = _TWO_FIRST.match(text)
    if match is None:
        return None
    one, two, year, hour, minute, second, half, zone = match.groups()
    day, month = (one, two) if order == "DMY" else (two, one)
    return _build(_full_year(year), int(month), int(day), hour, minute, second, half, zone)


def _named_month(text: str, _order: Order) -> DateReading | None:
    match = _MONTH_FIRST.match(text)
    if match is not None:
        name, day, year, *clock = match.groups()
    else:
        match = _DAY_FIRST.match(text)
        if match is None:
            return None
        day, name, year, *clock = match.groups()
    month = _MONTH_NAMES.get(name.lower())
    if month is None:
        return None
    return _build(_full_year(year), month, int(day), *clock)


def _full_year(year: str) -> int:
    """Two digits stand for 1970 to 2069."""
    if len(year) == 4:
        return int(year)
    return int(year) + (1900 if int(year) >= 70 else 2000)


def _twitter(text: str, _order: Order) -> DateReading | None:
    match = _TWITTER.match(text)
    if match is None:
        return None
    name, day, hour, minute, second, zone, year = match.groups()
    month = _MONTH_NAMES[name.lower()]
    return _build(int(year), month, int(day), hour, minute, second, None, zone)


def _mail(text: str, _order: Order) -> DateReading | None:
    if len(text) < 16 or not text[0].isalpha() or ":" not in text or "," not in text[:5]:
        return None
    try:
        return _in_utc(parsedate_to_datetime(text), "second")
    except TypeError:
        return None


def _number(text: str, _order: Order) -> DateReading | None:
    """Epoch seconds to nanoseconds, 20240131, 20240131093000, a year, or a serial of Excel."""
    if _NUMBER.match(text) is None:
        return None
    digits = text.split(".")[0]
    if len(digits) == 4 and "." not in text and 1900 <= int(digits) <= 2100:
        return DateReading(datetime(int(digits), 1, 1, tzinfo=UTC), "year")
    if len(digits) == 8 and digits[:2] in ("19", "20"):
        return _build(int(digits[:4]), int(digits[4:6]), int(digits[6:]), None, None, None)
    if len(digits) == 14 and digits[:2] in ("19", "20"):
        clock = (digits[8:10], digits[10:12], digits[12:])
        return _build(int(digits[:4]), int(digits[4:6]), int(digits[6:8]), *clock)
    if len(digits) == 5:
        return _excel_serial(float(text))
    scale = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
    unit = scale.get(len(digits))
    if unit is None:
        return None
    return DateReading(datetime.fromtimestamp(float(text) / unit, tz=UTC), "second")


def _excel_serial(serial: float) -> DateReading | None:
    """Days since 1899-12-30, as spreadsheets count (ECMA-376 part 1, 18.17.4)."""
    if not 29_000 <= serial <= 73_000:
        return None
    when = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=serial)
    when = (when + timedelta(microseconds=500_000)).replace(microsecond=0)
    return DateReading(when, "day" if serial == int(serial) else "second", naive=serial % 1 != 0)


_FAST: tuple[Callable[[str, Order], DateReading | None], ...] = (
    _iso,
    _number,
    _numbers_first,
    _named_month,
    _twitter,
    _mail,
    _year_month,
)


def _build(
    year: int,
    month: int,
    day: int,
    hour: str | None,
    minute: str | None,
    second: str | None,
    half: str | None = None,
    zone: str | None = None,
) -> DateReading:
    if hour is None or minute is None:
        return DateReading(datetime(year, month, day, tzinfo=UTC), "day")
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    when = datetime(year, month, day, hours, int(minute), int(second or 0))
    if zone:
        when = when.replace(tzinfo=timezone(timedelta(minutes=_zone_minutes(zone))))
    return _in_utc(when, "second" if second else "minute")


def _zone_minutes(zone: str) -> int:
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:4] or 0)
    return -minutes if zone[0] == "-" else minutes


def _in_utc(when: datetime, precision: DatePrecision) -> DateReading:
    offset = when.utcoffset()
    if offset is None:
        naive = precision in ("second", "minute")
        return DateReading(when.replace(tzinfo=UTC), precision, naive=naive)
    minutes = int(offset.total_seconds() // 60)
    return DateReading(when.astimezone(UTC), precision, local_offset=minutes)


def _of_object(value: datetime | date) -> DateReading:
    if not isinstance(value, datetime):
        return DateReading(datetime(value.year, value.month, value.day, tzinfo=UTC), "day")
    whole = datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second,
        value.microsecond, value.tzinfo,
    )  # fmt: skip
    midnight = not (whole.hour or whole.minute or whole.second or whole.microsecond)
    return _in_utc(whole, "day" if midnight and whole.tzinfo is None else "second")


def _aware(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _relative(text: str, as_of: datetime) -> DateReading | None:
    """English relative dates, the commonest by far; other languages are left to dateparser."""
    lowered = text.lower()
    naive = as_of.replace(tzinfo=None)
    if lowered in ("today", "just now", "now", "moments ago"):
        return _counted_back(naive, "day", text)
    if lowered == "yesterday":
        return _counted_back(naive - timedelta(days=1), "day", text)
    if match := _LAST.match(text):
        count, unit = 1, match[1].lower()
    elif match := _AGO.match(text):
        count = int(match[1]) if match[1].isdigit() else 1
        unit = match[2].lower()
    else:
        return None
    if unit.startswith("mo"):
        return _counted_back(months_before(naive, count), "month", text)
    if unit.startswith("y"):
        return _counted_back(months_before(naive, 12 * count), "year", text)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[unit[0]]
    period = "week" if unit[0] == "w" else "day"
    return _counted_back(naive - timedelta(seconds=seconds * count), period, text)


def months_before(when: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last day of that month where there is none."""
    index = when.year * 12 + when.month - 1 - months
    year, month = divmod(index, 12)
    following = datetime(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return when.replace(year=year, month=month + 1, day=min(when.day, last))


def looks_relative(text: str) -> bool:
    """Whether ``text`` is an English relative date ("3 months ago", "yesterday")."""
    return _relative(text, datetime(2020, 1, 1, tzinfo=UTC)) is not None


def decide_order(samples: Sequence[str], ceiling: datetime) -> tuple[Order, str]:
    """Day first or month first for a column, and why, in words; "" where nothing had to be decided.

    A number above 12 decides. Failing that, the order that puts fewer dates into the future, and
    then the one under which the dates lie closer together; failing all, the usual one for the
    sign between the numbers.
    """
    pairs = [match for text in samples if (match := _TWO_FIRST.match(text.strip()))]
    if not pairs:
        return "MDY", ""
    day_first = sum(int(match[1]) > 12 for match in pairs)
    month_first = sum(int(match[2]) > 12 for match in pairs)
    if day_first != month_first:
        order: Order = "DMY" if day_first > month_first else "MDY"
        count = max(day_first, month_first)
        return order, f"{_in_words(order)}: {count} of {len(pairs)} dates fit no other order"
    read = {order: _whens(pairs, order) for order in ("DMY", "MDY")}
    late = {order: sum(when > ceiling for when in whens) for order, whens in read.items()}
    if late["DMY"] != late["MDY"]:
        order = "DMY" if late["DMY"] < late["MDY"] else "MDY"
        return order, f"{_in_words(order)}: the other order puts dates into the future"
    spread = {order: max(whens) - min(whens) for order, whens in read.items() if len(whens) > 1}
    if len(spread) == 2 and min(spread.values()) * 2 < max(spread.values()):
        order = "DMY" if spread["DMY"] < spread["MDY"] else "MDY"
        return order, f"{_in_words(order)}: the dates then lie closer together"
    slashes = sum("/" in match[0] for match in pairs) * 2 > len(pairs)
    order = "MDY" if slashes else "DMY"
    return order, f"{_in_words(order)}: nothing in the first rows tells, so by custom"


def _in_words(order: Order) -> str:
    return "day before month" if order == "DMY" else "month before day"


def _whens(pairs: Iterable[re.Match[str]], order: Order) -> list[datetime]:
    readings = (read_quickly(match[0], order) for match in pairs)
    return [reading.when for reading in readings if reading and reading.when]


def offsets_vary(samples: Iterable[str]) -> bool:
    """Whether the sample holds offsets other than zero, so that zero is a place like any other."""
    readings = (read_quickly(text.strip(), "MDY") for text in samples)
    return any(reading is not None and reading.local_offset for reading in readings)


def date_shape(text: str) -> Literal["exact", "ambiguous", "relative", "bare", ""]:
    """How ``text`` looks as a date: "bare" is a number that may be one, "" is no date."""
    text = text.strip()
    if not text or len(text) > _LONGEST or not _DIGITS.search(text):
        return "relative" if looks_relative(text) else ""
    if _TWO_FIRST.match(text):
        either = read_quickly(text, "DMY") or read_quickly(text, "MDY")
        return "ambiguous" if either else ""
    if _NUMBER.match(text):
        return "bare" if read_quickly(text, "MDY") else ""
    if read_quickly(text, "MDY"):
        return "exact"
    return "relative" if looks_relative(text) else ""
