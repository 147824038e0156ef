"""Ratings on a scale from 0 to 1, the scale decided once for a column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ingest.files.values import Value, present

_FRACTION = re.compile(
    r"^([\d.,]+)\s*(?:/|out of|of|von|de|sur|su|z|na)\s*(\d+)(?:\s*\w+)?$", re.IGNORECASE
)
_STARS = re.compile(
    r"^([\d.,]+)[\s-]*(?:stars?|sterne?|estrellas?|[eé]toiles?|stelle|gwiazd\w*|점|星|★|⭐)\W*$",
    re.IGNORECASE,
)
_GLYPHS = re.compile(r"^([★⭐]\ufe0f?)*[☆✩]*$")
_PERCENT = re.compile(r"^([\d.,]+)\s*%$")
_NUMBER = re.compile(r"^-?\d+([.,]\d+)?$")
_WORDS = {
    **dict.fromkeys(
        ("true", "yes", "recommended", "recommends", "positive", "up", "thumbs up", "like",
         "liked", "promoter", "y", "👍"), 1.0),
    **dict.fromkeys(
        ("false", "no", "not recommended", "does not recommend", "negative", "down",
         "thumbs down", "dislike", "disliked", "detractor", "n", "👎"), 0.0),
    **dict.fromkeys(("neutral", "passive", "mixed"), 0.5),
}  # fmt: skip

Form = Literal["fraction", "stars", "percent", "number", "word"]


@dataclass(frozen=True, slots=True)
class RatingScale:
    """From ``low`` (becomes 0) to ``high`` (becomes 1); ``why`` says how it was decided.

    Forms that carry their own top ("4/5", "80%", "recommended") keep it.
    """

    low: float
    high: float
    why: str

    def read(self, value: Value) -> tuple[float | None, str | None]:
        """The rating between 0 and 1 and what was written; None where it is off the scale."""
        written = present(value)
        parsed = _parse(written)
        if parsed is None:
            return None, written or None
        number, form, top = parsed
        if form == "word":
            return number, written
        low, high = self.low, self.high
        if form == "percent":
            low, high = 0.0, 100.0
        elif form == "fraction" and top is not None:
            low, high = (0.0 if top > 10 else min(self.low, 1.0)), top
        if not low <= number <= high or high <= low:
            return None, written
        return (number - low) / (high - low), written


def decide_scale(samples: Iterable[Value]) -> RatingScale | None:
    """The scale of a column by what stands in it, None where it holds no ratings.

    Stars are 1 to 5 unless more are seen. Of bare numbers the least and the largest decide:
    0 and 1 only, 0 to 1, -1 to 1, 1 (or 0) to 5, 1 (or 0) to 10, 0 to 100.
    """
    written = [text for value in samples if (text := present(value))]
    parsed = [
        rating
        for text in written
        if (rating := _parse(text)) is not None and rating[0] == rating[0]
    ]
    if not parsed or len(parsed) < 0.8 * len(written):
        return None
    counted = [(number, form, top) for number, form, top in parsed if form != "word"]
    if not counted:
        return RatingScale(0, 1, "words: recommended is 1, not recommended is 0")
    numbers = [number for number, _, _ in counted]
    least, largest = min(numbers), max(numbers)
    forms = {form for _, form, _ in counted}
    low = 0.0 if least < 1 else 1.0
    if forms == {"percent"}:
        return RatingScale(0, 100, "per cent")
    if forms == {"fraction"}:
        tops = {top for _, _, top in counted if top}
        top = max(tops)
        return RatingScale(low if top <= 10 else 0.0, top, f"out of {top:g}")
    if "stars" in forms and largest <= 5:
        return RatingScale(low, 5, f"{low:g} to 5 stars")
    return _scale_of_numbers(numbers, least, largest, low)


def _scale_of_numbers(
    numbers: list[float], least: float, largest: float, low: float
) -> RatingScale | None:
    if least < 0:
        if least >= -1 and largest <= 1:
            return RatingScale(-1, 1, "-1 to 1")
        return None
    if largest <= 1 and (least < 1 or len(numbers) < 2):
        whole = all(number in (0, 1) for number in numbers)
        return RatingScale(0, 1, "yes or no, as 1 or 0" if whole else "0 to 1")
    for high in (5, 10, 100):
        if largest <= high:
            bottom = 0.0 if high == 100 else low
            return RatingScale(
                bottom,
                high,
                f"{bottom:g} to {high}, as the largest of the first rows is {largest:g}",
            )
    return None


def _parse(text: str) -> tuple[float, Form, float | None] | None:
    """Number, form and own top of one written rating."""
    if not text:
        return None
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered], "word", None
    if _NUMBER.match(text):
        return _float(text), "number", None
    if match := _STARS.match(text):
        return _float(match[1]), "stars", None
    if match := _FRACTION.match(text):
        top = float(match[2])
        return (_float(match[1]), "fraction", top) if top > 0 else None
    if match := _PERCENT.match(text):
        return _float(match[1]), "percent", None
    if _GLYPHS.match(text):
        return float(sum(text.count(star) for star in "★⭐")), "stars", None
    return None


def _float(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")  # "1.2.3": on no scale
