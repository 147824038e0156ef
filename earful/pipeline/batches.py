"""Long work in batches: how many comments at a time, and who is told of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

BATCH = 1000

Progress = Callable[[int], None]
"""Called with the number of comments that were just dealt with."""

_T = TypeVar("_T")


def no_progress(_: int) -> None:
    """The progress that nobody follows."""


def in_batches(entries: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """The entries in lists of ``size``, the last one shorter."""
    iterator = iter(entries)
    while batch := list(islice(iterator, size)):
        yield batch
