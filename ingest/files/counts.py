"""Whole numbers as people and platforms write them: 1,240 and 1.2K and 3 people."""

from __future__ import annotations

import re

from ingest.files.values import Value, present

_GROUPED = re.compile(r"^[+]?\d{1,3}([.,\s\u00a0\u202f']\d{3})+$")
_SHORT = re.compile(r"^(\d+(?:[.,]\d+)?)\s*([KkMm]|천|만|万|tys\.?)$")
_PLAIN = re.compile(r"^[+-]?\d+(\.0+)?$")
_TIMES = {"k": 10**3, "m": 10**6, "천": 10**3, "만": 10**4, "万": 10**4, "t": 10**3}
_LARGEST = 2**62  # what a database column of 64 bits can hold, with room for a sum


def read_count(value: Value) -> int | None:
    """The number, or None where the cell holds none. Negative ones (net votes) stay negative."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else None
    text = present(value)
    if _PLAIN.match(text):
        number = int(text.split(".")[0]) if len(text) < 40 else _LARGEST
    elif _GROUPED.match(text):
        number = int(re.sub(r"\D", "", text)[:40])
    elif match := _SHORT.match(text):
        number = round(float(match[1].replace(",", ".")) * _TIMES[match[2][0].lower()])
    else:
        return None
    return number if abs(number) < _LARGEST else None
