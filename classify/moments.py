"""When and where a thing is wanted, as far as the words say so."""

from __future__ import annotations

import re

from earful.records import DAYPARTS

_MERIDIEM = r"(?:a\.?m\b\.?|p\.?m\b\.?)"
_CLOCK = re.compile(
    rf"\b(?:at|after|past|until|till|til|before|by|from|around|beyond|since|later than)\s+"
    rf"(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?\s*(?P<half>{_MERIDIEM})?(?!\s*(?:%|\w))"
    rf"|\b(?P<hour2>1[0-2]|0?[1-9])(?:[:.](?P<minute2>[0-5]\d))?\s*(?P<half2>{_MERIDIEM})"
    r"|\b(?P<hour3>[01]?\d|2[0-3]):(?P<minute3>[0-5]\d)\b",
    re.IGNORECASE,
)

_PARTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for name, words in (
        ("overnight", r"overnight|night ?shifts?|middle of the night|graveyard shift|small hours"),
        ("midday", r"midday|noon|lunch ?time|(?:at|for|during|past|after) lunch"),
        ("afternoon", r"afternoons?"),
        ("evening", r"evenings?|dinner ?time|(?:at|for|during) dinner"),
        ("night", r"late[ -]?nights?|at night|nights?|midnight"),
        ("morning", r"mornings?|(?:at|for|during) breakfast time"),
    )
)
_DAY = re.compile(
    r"\b(?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays?)\b", re.IGNORECASE
)
_SEASON = re.compile(
    r"\b(?:in|during|for|over|this|next|by|before|all|every)\s+(?:the\s+)?"
    r"(?P<season>summer|winter|spring|autumn|fall|lent|ramadan|christmas|easter|halloween"
    r"|thanksgiving|new year|holidays|the game|birthdays?|exams?)\b",
    re.IGNORECASE,
)
_VISIT = re.compile(
    r"\b(?:yesterday|last (?:night|week|month|year|time|\w+day)|this (?:morning|afternoon|evening)"
    r"|tonight i|ago|went|visited|came|was there|were there|we waited|i waited|ordered|tried)\b",
    re.IGNORECASE,
)
"""Words that date the visit, not the want."""

_PLACE = re.compile(
    r"\b(?:in|at|to|near|around|for)\s+(?P<place>(?:the\s+)?[A-Z][\w'’-]+(?:\s+(?:of\s+)?[A-Z][\w'’-]+){0,3})"
)
_NO_PLACE = re.compile(
    r"^(?:the\s+)?(?:i|android|iphone|ios|windows|mac|chrome|firefox|monday|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|am|pm|christmas|easter|english|app|xbox|ps3|ps4|pc)\b",
    re.IGNORECASE,
)


def moment_of(quote: str) -> str:
    """The moment that the words of an ask tie it to: a daypart, else a day, season or occasion.

    Empty where they name none, or where they date a visit ("was there last night").
    """
    if _VISIT.search(quote):
        return ""
    day = _DAY.search(quote)
    part = _clock_part(quote) or next((name for name, words in _PARTS if words.search(quote)), "")
    if part:
        return part
    if day:
        return day.group("day").lower().removesuffix("s")
    season = _SEASON.search(quote)
    return season.group("season").lower() if season else ""


def _clock_part(quote: str) -> str:
    for match in _CLOCK.finditer(quote):
        hour = next(
            int(match.group(name)) for name in ("hour", "hour2", "hour3") if match.group(name)
        )
        minute = next(
            (int(match.group(n)) for n in ("minute", "minute2", "minute3") if match.group(n)), 0
        )
        half = (match.group("half") or match.group("half2") or "").lower().replace(".", "")
        named = match.group("hour") is not None
        if named and not half and match.group("minute") is None and not 1 <= hour <= 24:
            continue
        if half == "pm" and hour < 12:
            hour += 12
        elif half == "am" and hour == 12:
            hour = 0
        words = quote[max(0, match.start() - 14) : match.end()]
        late = bool(re.search(r"\b(?:after|past|beyond|later than)\b", words, re.IGNORECASE))
        # "after 10:30" wants what comes then: half an hour on, the part of the day has changed
        return _part(((hour * 60 + minute + (30 if late else 0)) // 60) % 24)
    return ""


def _part(hour: int) -> str:
    return next(name for name, (begin, end) in DAYPARTS.items() if begin <= hour < end)


def place_words_of(text: str) -> str:
    """The words that name where it is wanted ("Fresno"), empty where none do."""
    for match in _PLACE.finditer(text):
        place = match.group("place")
        if not _NO_PLACE.match(place):
            return place
    return ""
