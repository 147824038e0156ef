"""Clock times in the words of an ask, and the parts of the day that they fall in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from classify.cues import cues_of
from earful.records import DAYPARTS

_BEFORE = 48
"""Characters before a time in which the words that say of it "after" or "until" may stand."""
_BEHIND = 14
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_HALF_HOUR = 30
_HOUR = 60
_DAY = 24 * _HOUR
_LONGEST = 12 * _HOUR
"""A range as long as this is the whole day and names no part of it."""
_LEAST = 0.25
"""The share of a range that must fall in a part of the day for the range to name it."""
_SMALL_HOURS = 5  # "at night" from midnight on is the next day until then
_NOON = 12
_LATE = 10  # from this hour on a shop may open or close
_BREAKFAST_ENDS = 10 * _HOUR + 30  # where most counters change to lunch
_MOVED = {"after": 1, "close": 1, "from": 1, "span": 1, "before": -1, "until": -1, "stay": -1}
"""Half hours that the words before a time move it on or back by."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How one language tells the time: a ``clock`` table of moments.toml, compiled."""

    time: re.Pattern[str]
    before: tuple[tuple[str, re.Pattern[str]], ...]
    behind: tuple[tuple[str, re.Pattern[str]], ...]
    clear: re.Pattern[str]
    link: re.Pattern[str]
    morning_words: re.Pattern[str] | None
    numbers: Mapping[str, int]
    named: Mapping[str, int]
    halves: tuple[tuple[str, re.Pattern[str]], ...]
    twelve: bool
    cues: tuple[str, ...]
    words: frozenset[str]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Clock:
        """A clock from its table; raises ``KeyError`` where a part is missing."""
        morning = table.get("morning_words")
        return cls(
            time=re.compile(table["time"]),
            before=tuple(
                (name, re.compile(rf"(?:{words})\s*$"))
                for name, words in table.get("before", {}).items()
            ),
            behind=tuple(
                (name, re.compile(rf"^\s*(?:{words})"))
                for name, words in table.get("behind", {}).items()
            ),
            clear=re.compile(table["clear"]),
            link=re.compile(table["link"]),
            morning_words=re.compile(morning) if morning else None,
            numbers=table.get("numbers", {}),
            named=table.get("named", {}),
            halves=tuple((name, re.compile(words)) for name, words in table["halves"].items()),
            twelve=table["hours"] == 12,
            cues=tuple(table.get("cues") or cues_of(table["time"])),
            words=frozenset(
                word
                for name in (*table.get("numbers", ()), *table.get("named", ()))
                for word in _WORD.findall(name)
            ),
        )

    def may_tell(self, text: str) -> bool:
        """Whether ``text``, in lower case, holds what every time has: a digit, a mark, a word."""
        if self.cues:
            return any(cue in text for cue in self.cues)
        return _DIGIT.search(text) is not None or not self.words.isdisjoint(_WORD.findall(text))

    def told(self, text: str, near: str = "") -> list[tuple[int, int, list[str]]]:
        """The times in ``text``: where each begins and ends, and the parts of the day it falls in.

        ``text`` is in lower case. "After 10:30" wants what comes then and "before 8" what comes
        earlier, so they look half an hour on or back; so does "closes at 6", of which what is
        wanted comes after. A range names each part in which a quarter of it lies; one of twelve
        hours or more names none. ``near`` is "am" or "pm" where other words tell the half of the
        day; where nothing tells it, only hours that custom settles count ("closes at 9").
        """
        if not self.may_tell(text):
            return []
        times = [time for match in self.time.finditer(text) if (time := self._told(text, match))]
        if not near and self.morning_words and self.morning_words.search(text):
            near = "breakfast"
        found: list[tuple[int, int, list[str]]] = []
        at = 0
        while at < len(times):
            first = times[at]
            following = times[at + 1] if at + 1 < len(times) else None
            if following and self.link.fullmatch(text, first.end, following.start):
                if self._are_hours(text, first, following):
                    parts = self._across(first, following, near)
                    found.append((first.start, following.end, parts))
                at += 2
                continue
            at += 1
            if first.exact or self._is_hour(text, first):
                found.append((first.start, first.end, self._around(first, near)))
        return found

    def _told(self, text: str, match: re.Match[str]) -> _Time | None:
        groups = match.groupdict()
        word = groups.get("word") or ""
        digits = groups.get("hour") or ""
        hour = int(digits) if digits else self.named.get(word, self.numbers.get(word))
        if hour is None or hour > 24:
            return None
        minute = int(groups.get("minute") or groups.get("dotted") or 0)
        minute += _HALF_HOUR * (bool(groups.get("plus")) - bool(groups.get("minus")))
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        relation = _first(self.behind, text[match.end() : match.end() + _BEHIND])
        fixed = word in self.named or hour > 12 or digits.startswith("0")
        half = _first(self.halves, groups.get("half") or groups.get("lead") or "")
        return _Time(
            start=match.start(),
            end=match.end(),
            hour=hour,
            minute=minute,
            half="" if fixed else half,
            open=self.twelve and not fixed and not half,
            fixed=fixed,
            relation=relation or _first(self.before, before),
            exact=word in self.named
            or bool(half)
            or any(groups.get(name) for name in ("minute", "sure", "plus", "minus")),
        )

    def _is_hour(self, text: str, time: _Time) -> bool:
        """Whether a bare number is an hour, by the words before and behind it."""
        if time.relation in ("", "span") or (time.relation == "high" and time.hour <= _NOON):
            return False
        return time.hour < _DAY // _HOUR and self.clear.match(text, time.end) is not None

    def _are_hours(self, text: str, first: _Time, second: _Time) -> bool:
        if first.exact or second.exact:
            return True
        return first.relation in ("from", "span") and self.clear.match(text, second.end) is not None

    def _around(self, time: _Time, near: str) -> list[str]:
        hour = _hour(time, near)
        if hour is None:
            hour = _customary(time, near)
        if hour is None:
            return []
        moved = _MOVED.get(time.relation, 0) * _HALF_HOUR
        return [_part(hour * _HOUR + time.minute + moved)]

    def _across(self, first: _Time, second: _Time, near: str) -> list[str]:
        start, end = _hour(first, near), _hour(second, near)
        if start is None and end is None:
            start, end = _by_day(first.hour, second.hour, near)
        elif start is None and end is not None:
            # "2 to 5 pm" says it of both, "10 to 2 pm" of the second alone
            start = first.hour % 12 + (12 if end >= 12 else 0)
            start -= 12 if start > end else 0
        elif end is None and start is not None:
            end = second.hour % 12 + (12 if start >= 12 else 0)
        if start is None or end is None:
            return []
        begin, stop = start * _HOUR + first.minute, end * _HOUR + second.minute
        stop += _DAY if stop <= begin else 0
        if stop - begin >= _LONGEST:
            return []
        shares: dict[str, int] = {}
        for minute in range(begin, stop, _HALF_HOUR // 2):
            shares[_part(minute)] = shares.get(_part(minute), 0) + 1
        return [name for name, share in shares.items() if share >= _LEAST * sum(shares.values())]


@dataclass(frozen=True, slots=True)
class _Time:
    """A time in a text: ``open`` where nothing in it tells the half of the day, ``fixed`` where no
    other word can change the hour ("18:00", "midnight"); ``exact`` where it must be a time."""

    start: int
    end: int
    hour: int
    minute: int
    half: str
    open: bool
    fixed: bool
    relation: str
    exact: bool


def _hour(time: _Time, near: str) -> int | None:
    """The hour of 24, or None where no word tells which half of the day is meant."""
    if time.half:
        return _of_24(time.hour, time.half)
    if time.fixed or not near or near == "breakfast":
        return None if time.open else time.hour % 24
    return _of_24(time.hour, near)


def _of_24(hour: int, half: str) -> int:
    if half == "am":
        return hour % 12
    if half == "night" and (hour == 12 or hour < _SMALL_HOURS):
        return hour % 12
    if half == "dusk":  # counted from six in the evening on, as in Thai
        return (hour + 18) % 24
    return hour % 12 + 12


def _customary(time: _Time, near: str) -> int | None:
    """The hour that an open time means by custom: shops open in the morning and close at night."""
    hour, morning, noon = time.hour, time.hour % 12, time.hour % 12 + 12
    early = morning >= _SMALL_HOURS
    minute = hour * _HOUR + time.minute
    match time.relation:
        case _ if near == "breakfast":
            return morning if early else noon
        case "before":
            return morning if early else noon
        case "open":
            return morning if early and hour < _LATE else None
        case "close":
            return noon
        case "stay":
            return noon if early else None
        case "until":
            return noon if early and hour < _LATE else None
        case "after" if hour < _LATE or hour == 12:
            return noon
        case "after":
            return morning if minute >= _BREAKFAST_ENDS else None
    # 10:30 to 12:59: the times that breakfast ends at and lunch starts at
    return hour if time.minute and minute >= _BREAKFAST_ENDS else None


def _by_day(first: int, second: int, near: str) -> tuple[int | None, int | None]:
    """The hours of a range that nothing but ``near`` tells the half of the day of."""
    if near in ("am", "breakfast"):
        return first % 12, second
    if near:
        return _of_24(first, near), _of_24(second, near)
    if 7 <= first <= 11 and (second < first or second == 12):
        return first, second % 12 + 12
    if first == 12 or first <= _SMALL_HOURS:
        return first % 12 + 12, second % 12 + 12
    return None, None


def _part(minute: int) -> str:
    hour = minute // _HOUR % 24
    return next(name for name, (begin, end) in DAYPARTS.items() if begin <= hour < end)


def _first(named: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str:
    return next((name for name, pattern in named if pattern.search(text)), "") if text else ""
