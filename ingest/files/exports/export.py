"""What an export is: a platform's own file, told by its content and read without guessing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from earful.records import Comment
from ingest.files.encodings import DecodedText
from ingest.files.jsontext import read_json_document
from ingest.files.rejects import Reject
from ingest.files.streams import Limits, Member, first_bytes, members
from ingest.files.values import as_json

OPENING_BYTES = 1 << 18
"""How much of a file is looked at to tell what it is."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that is no comment, by design. ``reason`` names its kind, in the plural."""

    reason: str


_SHOWN_OF_BYTES = 4096
_MOST_OPENINGS = 256

Record = TypeVar("Record")
"""What a file of an export holds one after the other: an object of JSON, a mail."""

Entry = Comment | Reject | LeftOut
"""What one record of an export becomes."""

Reader = Callable[[Member], Iterator[Entry]]
"""Reads one file of an export, record by record."""


@dataclass
class Opened:
    """The readable things in one file: itself, or what its archive holds.

    ``notes`` gathers sentences for the person who imports. ``instance`` is the part of uids that
    an export does not tell, as the user says it.
    """

    path: Path
    limits: Limits
    members: list[Member]
    notes: list[str]
    instance: str | None = None
    _openings: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, path: Path, limits: Limits | None = None, *, instance: str | None = None) -> Opened:
        """Look into ``path``; raises as ``ingest.files.streams.members`` does."""
        limits = limits or Limits()
        notes: list[str] = []
        return cls(path, limits, list(members(path, limits, notes)), notes, instance)

    @property
    def is_archive(self) -> bool:
        """Whether there may be several files inside."""
        return any("::" in member.name for member in self.members)

    def without(self, names: set[str]) -> Opened:
        """The same file with these members passed over."""
        rest = [member for member in self.members if member.name not in names]
        return Opened(self.path, self.limits, rest, self.notes, self.instance, self._openings)

    def opening(self, member: Member) -> bytes:
        """The first bytes of a member, unpacked, without a byte order mark."""
        opening = self._openings.get(member.name)
        if opening is None:
            opening = first_bytes(member, OPENING_BYTES).removeprefix(b"\xef\xbb\xbf")
            if len(self._openings) < _MOST_OPENINGS:
                self._openings[member.name] = opening
        return opening

    def json_values(self, member: Member) -> list[dict[str, Any]]:
        """The objects of a small JSON list, broken ones left out."""
        with member.open() as stream:
            found = read_json_document(DecodedText(stream).chunks(), member.name, [])
            return [record for _, record in found if isinstance(record, dict)]


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of export.

    ``name`` is what ``--export`` takes, ``title`` what people read. ``claims`` picks the members
    that are of this kind, none where the file is something else. ``reader`` makes what reads
    them, given the name of the source. ``whole`` tells that the kind claims a whole archive, in
    which nothing else is looked for.
    """

    name: str
    title: str
    claims: Callable[[Opened], list[Member]]
    reader: Callable[[Opened, Sequence[Member], str], Reader]
    whole: bool = False


def inner_path(member: Member) -> PurePosixPath:
    """The path of a member inside its archive, its name outside of one."""
    return PurePosixPath(member.name.rpartition("::")[2])


def mapped(
    line: int, record: Record | Reject, table: str, to_entry: Callable[[Record], Entry]
) -> Entry:
    """What ``to_entry`` makes of a record; set aside where it has not the shape it should have."""
    if isinstance(record, Reject):
        return Reject(record.line, record.reason, record.raw, table)
    try:
        return to_entry(record)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        reason = f"has not the shape of a record of this export ({_told(error)})"
        return Reject(line, reason, _raw(record), table)


def _raw(record: Any) -> str:
    if isinstance(record, bytes):
        return as_json(record[:_SHOWN_OF_BYTES].decode("utf-8", "replace"))
    return as_json(record)


def _told(error: Exception) -> str:
    # Other messages may quote the record, which nothing unredacted may do.
    return f"{error} is missing" if isinstance(error, KeyError) else type(error).__name__
