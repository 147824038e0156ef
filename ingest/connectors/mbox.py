"""Mails in an mbox file: an archive of a mailing list, an export, or a spool that still grows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from earful.errors import ConfigurationError
from earful.records import Comment, Coverage
from ingest.connector import Need, Options, read_options, require_needs
from ingest.mail.comments import INSTANCE, MailComments
from ingest.mail.mbox import Boxed, mails
from ingest.mail.server import HEAD_SIZE
from ingest.stretches import cover, uncovered
from ingest.walks import moment_of

_HEAD = 1024
"""Bytes by which a file is known to be the one read before, not another in its place."""


class MboxOptions(Options):
    """Options of an mbox source: the ``path`` of the file."""

    path: str


class Mbox:
    """The mails of one file, in its order. The cursor holds the bytes that were read."""

    name: ClassVar[str] = "mbox"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("path", "option", "an mbox file", "Export one from a mail program or a list."),
    )
    follows_edits: ClassVar[bool] = False
    follows_deletions: ClassVar[bool] = False
    backfills: ClassVar[bool] = True

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.instance = INSTANCE
        require_needs(self.needs, source, options)
        self.options = read_options(MboxOptions, source, options)
        self.cursor: dict[str, Any] = dict(cursor or {})
        self._coverage = Coverage(source, datetime.now(UTC), datetime.now(UTC), "complete")

    @property
    def coverage(self) -> Coverage:
        """The time asked for, once the file was read to its end."""
        return self._coverage

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield mails written in ``[since, until)``, and undated ones, that were not read yet."""
        target = until or datetime.now(UTC)
        self._coverage = Coverage(self.source, target, target, "complete")
        yield from islice(self._new(since, target), limit)

    def _is_the_same(self, path: Path) -> bool:
        """Whether the file begins as it did; it may have grown since."""
        known = self.cursor.get("head")
        return known is None or list(_head(path, known[0])) == known

    def _new(self, since: datetime | None, until: datetime) -> Iterator[Comment]:
        path = Path(self.options.path)
        reader = MailComments(self.source)
        try:
            known = self.cursor if self._is_the_same(path) else {}
            head = _head(path, _HEAD)
            start = known.get("floor", 0) if since is None else math.ceil(since.timestamp())
            floor = min(start, known.get("floor", start))
            read = [(first, last) for first, last in known.get("read", ())]
            gaps = uncovered(read, 0, path.stat().st_size)
            for mail in _mails_from(path, gaps[0][0]) if gaps else ():
                if not uncovered(read, mail.start, mail.end):
                    continue
                comment = reader.read(mail.raw, mail.received, path.stem)
                if comment is not None and not _within(comment.created_at, start, until):
                    continue
                read = list(cover(read, mail.start, mail.end))
                self.cursor = {"head": list(head), "floor": floor, "read": [list(s) for s in read]}
                if comment is not None:
                    yield comment
        except OSError as error:
            raise ConfigurationError(
                f"the file cannot be read ({error.strerror})",
                where=f"source {self.source!r}, {path}",
                next_step="Correct 'path' in the source's options.",
            ) from error
        self._coverage = Coverage(
            self.source,
            moment_of(start) if start else None,
            until,
            "complete",
            reader.told(),
        )


def _mails_from(path: Path, start: int) -> Iterator[Boxed]:
    with path.open("rb") as file:
        file.seek(start)
        yield from mails(file, start, HEAD_SIZE)


def _head(path: Path, size: int) -> tuple[int, str]:
    """How many bytes a file begins with, ``size`` at most, and a digest of them."""
    with path.open("rb") as file:
        raw = file.read(size)
    return len(raw), blake2b(raw, digest_size=8).hexdigest()


def _within(created: datetime | None, start: int, until: datetime) -> bool:
    return created is None or (created.timestamp() >= start and created < until)
