"""The mails of an mbox file (RFC 4155 and its kin), with the bytes at which each one stands.

The standard library's mailbox reads the whole file before it gives the first mail and does not
tell offsets, which are what a pull goes on from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_SEPARATOR = b"From "
_ESCAPED = re.compile(rb"^>(>*From )")
_DATE = re.compile(rb"\w{3} (\w{3} [ \d]\d \d\d:\d\d:\d\d)(?: \w+)? (\d{4})")


@dataclass(frozen=True, slots=True)
class Boxed:
    """One mail at bytes ``[start, end)`` of its file; ``raw`` is cut after ``most`` bytes."""

    start: int
    end: int
    received: datetime | None
    raw: bytes


def mails(path: Path, start: int, most: int) -> Iterator[Boxed]:
    """The mails from byte ``start`` on, which is where one begins. Raises ``OSError``."""
    with path.open("rb") as file:
        file.seek(start)
        head, parts, size, after_blank, position = b"", list[bytes](), 0, True, start
        for line in file:
            if after_blank and line.startswith(_SEPARATOR):
                if head:
                    yield Boxed(start, position, _received(head), b"".join(parts))
                head, parts, size, start = line, [], 0, position
            elif head and size < most:
                parts.append(_ESCAPED.sub(rb"\1", line)[: most - size])
                size += len(parts[-1])
            after_blank = not line.strip()
            position += len(line)
        if head:
            yield Boxed(start, position, _received(head), b"".join(parts))


def _received(head: bytes) -> datetime | None:
    found = _DATE.search(head)
    if found is None:
        return None
    try:
        told = datetime.strptime(b" ".join(found.groups()).decode("ascii"), "%b %d %H:%M:%S %Y")
    except ValueError:
        return None
    return told.replace(tzinfo=UTC)
