"""What stands in a column, measured on the first rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.files.counts import read_count
from ingest.files.dates import date_shape
from ingest.files.values import Value, as_written, present

_URL = re.compile(r"^(https?://|www\.|/r/|/u/)\S+$")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$")
_COUNTER = re.compile(r"^(\D*)(\d+)$")
_CONTENT_SAMPLE = 500
_DATE_SAMPLE = 100
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_CHARACTERS_PER_WORD = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares run from 0 to 1 over the cells that are filled; ``filled`` is over all rows.

    ``words`` is the mean number of words in a cell, ``wordy`` the share of cells that hold at
    least one word, ``dates`` the share that look like dates, of which ``exact`` are unambiguous
    and ``relative`` relative. ``counts_from`` is the first number where the cells count 1, 2, 3 or
    User_0, User_1, and None elsewhere.
    """

    name: str
    rows: int
    filled: float
    distinct: float
    words: float
    wordy: float
    numbers: float
    urls: float
    codes: float
    dates: float
    exact: float
    ambiguous: float
    relative: float
    counts_from: int | None
    values: tuple[Value, ...]

    @property
    def unique(self) -> bool:
        """Filled in every row and never the same twice."""
        return self.rows > 1 and self.filled == 1.0 and self.distinct == 1.0


def profile(name: str, cells: Sequence[Value]) -> Profile:
    """Measure one column; ``cells`` are its first rows, in order."""
    every = [text for cell in cells if (text := present(cell))]
    written = every[:_CONTENT_SAMPLE]
    total = len(written) or 1
    shapes = [date_shape(text) for text in written[:_DATE_SAMPLE]]
    shown = len(shapes) or 1

    def share(hits: int) -> float:
        return hits / total

    counts = [_count_words(text) for text in written]
    return Profile(
        name=name,
        rows=len(cells),
        filled=len(every) / (len(cells) or 1),
        distinct=len(set(every)) / (len(every) or 1),
        words=sum(counts) / total,
        wordy=share(sum(count > 0 for count in counts)),
        numbers=share(sum(read_count(text) is not None or _is_float(text) for text in written)),
        urls=share(sum(_URL.match(text) is not None for text in written)),
        codes=share(sum(_CODE.match(text) is not None for text in written)),
        dates=sum(shape != "" for shape in shapes) / shown,
        exact=sum(shape in ("exact", "bare") for shape in shapes) / shown,
        ambiguous=sum(shape == "ambiguous" for shape in shapes) / shown,
        relative=sum(shape == "relative" for shape in shapes) / shown,
        counts_from=_counts_up([as_written(cell).strip() for cell in cells]),
        values=tuple(cells),
    )


def _count_words(text: str) -> int:
    unspaced = len(_UNSPACED.findall(text))
    spaced = sum(_WORDS.search(part) is not None for part in text.split())
    return spaced + unspaced // _CHARACTERS_PER_WORD


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _counts_up(cells: Sequence[str]) -> int | None:
    """The first number, where each cell is one more than the one before it, else None."""
    matches = [match for cell in cells if (match := _COUNTER.match(cell)) and len(match[2]) < 19]
    if len(matches) < 3 or len(matches) != len(cells) or len({match[1] for match in matches}) > 1:
        return None
    steps = [int(after[2]) - int(before[2]) for before, after in pairwise(matches)]
    if min(steps) < 1 or steps.count(1) < 0.9 * len(steps):
        return None
    return int(matches[0][2])
