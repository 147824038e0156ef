"""What every reading of a file of comments has, whatever the file is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from earful.records import Comment
from ingest.files.rejects import Reject

_OPENING = 1 << 16


class FileReading(ABC):
    """Comments and set-aside rows of one file; iterate it, then read ``notes``.

    ``notes`` says in sentences what was decided and met; it is complete after an iteration, and
    each iteration reads the file anew, with the same entries in the same order. ``rows``,
    ``comments`` and ``rejected`` count the last one. ``recounts`` tells that the file repeats
    what a platform showed at some earlier time, so that what was seen since goes before it.
    """

    recounts: bool = False

    def __init__(self, path: Path, *, source: str, limit: int | None = None) -> None:
        self.path = path
        self.source = source
        self.limit = limit
        self.notes: list[str] = []
        self.rows = self.comments = self.rejected = 0

    @abstractmethod
    def describe(self) -> list[str]:
        """What the file was taken for, a line each, known before it is read."""

    @abstractmethod
    def __iter__(self) -> Iterator[Comment | Reject]:
        """Read the file from its beginning."""

    @property
    def is_full(self) -> bool:
        """Whether as many rows were read as the caller wants."""
        return self.limit is not None and self.rows >= self.limit

    def mark(self) -> str:
        """Names the file as it is now and how it is read: same mark, same entries."""
        told = self.path.stat()
        with self.path.open("rb") as file:
            opening = file.read(_OPENING)
        how = (told.st_size, told.st_mtime_ns, self.source, self.limit, self.describe())
        return blake2b(opening + repr(how).encode(), digest_size=16).hexdigest()
