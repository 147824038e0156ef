"""The mails of an mbox file (RFC 4155 and its kin), with the place at which each one stands.

A mail begins at a line "From " after an empty one; the ">" that protects such lines inside a mail
is taken away again (the variant mboxrd). The standard library's mailbox reads the whole file before
it gives the first mail and does not tell offsets, which are what a pull goes on from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

_SEPARATOR = b"From "
_ESCAPED = re.compile(rb"^>(>*From )")
_DATE = re.compile(rb"\w{3} (\w{3} [ \d]\d \d\d:\d\d:\d\d)(?: (\w+|[+-]\d{4}))? (\d{4})")


@dataclass(frozen=True, slots=True)
class Boxed:
    """One mail at bytes ``[start, end)`` of its file; ``raw`` is cut after ``most`` bytes.

    ``line`` is where it begins, counted from 1 where the reading began.
    """

    start: int
    end: int
    line: int
    received: datetime | None
    raw: bytes


def mails(file: BinaryIO, start: int, most: int) -> Iterator[Boxed]:
    """The mails from here on, which is byte ``start`` of the file, where one begins.

    Lines longer than ``most`` are read in pieces, so that memory stays bounded.
    """
    head, parts, size = b"", list[bytes](), 0
    begun_at, position, number, begun_on = start, start, 0, 0
    after_blank, whole_line = True, True
    while line := file.readline(most):
        number += whole_line
        if whole_line and after_blank and line.startswith(_SEPARATOR):
            if head:
                yield Boxed(begun_at, position, begun_on, _received(head), b"".join(parts))
            head, parts, size, begun_at, begun_on = line, [], 0, position, number
        elif head and size < most:
            parts.append((_ESCAPED.sub(rb"\1", line) if whole_line else line)[: most - size])
            size += len(parts[-1])
        after_blank = whole_line and not line.strip()
        whole_line = line.endswith(b"\n")
        position += len(line)
    if head:
        yield Boxed(begun_at, position, begun_on, _received(head), b"".join(parts))


def _received(head: bytes) -> datetime | None:
    found = _DATE.search(head)
    if found is None:
        return None
    day, zone, year = (part.decode("ascii") if part else "" for part in found.groups())
    offset = zone if zone[:1] in ("+", "-") else "+0000"
    try:
        told = datetime.strptime(f"{day} {offset} {year}", "%b %d %H:%M:%S %z %Y")
        return told.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
