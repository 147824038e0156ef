"""A platform's export, read file by file and record by record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from earful.errors import ConfigurationError
from earful.records import Comment
from ingest.files.exports import EXPORTS
from ingest.files.exports.export import Entry, Export, LeftOut, Opened, Reader
from ingest.files.reading import FileReading
from ingest.files.rejects import Reject
from ingest.files.streams import BrokenStream, Member
from ingest.files.values import as_json

Part = tuple[Export, list[Member]]
"""One kind of export, and the files of that kind."""

_SHOWN = 5


class ExportReading(FileReading):
    """The comments of one export, or of several kinds in one archive (a Google Takeout)."""

    recounts = True

    def __init__(
        self, opened: Opened, parts: list[Part], *, source: str, limit: int | None = None
    ) -> None:
        super().__init__(opened.path, source=source, limit=limit)
        self._opened = opened
        self._parts = parts

    def describe(self) -> list[str]:
        """The kinds of export, with how many files are read of each."""
        return [
            f"recognised: {export.title}"
            + (f", {len(members):,} files" if len(members) > 1 else "")
            for export, members in self._parts
        ]

    def __iter__(self) -> Iterator[Comment | Reject]:
        self.rows = self.comments = self.rejected = 0
        self.notes = []
        left_out: Counter[str] = Counter()
        deleted = 0
        for entry in self._entries():
            if isinstance(entry, LeftOut):
                left_out[entry.reason] += 1
                continue
            if isinstance(entry, Reject):
                self.rejected += 1
            else:
                self.comments += 1
                deleted += entry.deleted
            yield entry
        self.notes = [*self.notes, *dict.fromkeys(self._opened.notes), *self._not_read()]
        if deleted:
            self.notes.append(f"{deleted:,} had been deleted at the source; their words are gone.")
        self.notes += [f"Left out: {count:,} {reason}." for reason, count in left_out.items()]
        self.notes.append(
            f"{self.rows:,} records: {self.comments:,} comments, {sum(left_out.values()):,} left"
            f" out, {self.rejected:,} set aside."
        )

    def _entries(self) -> Iterator[Entry]:
        for export, members in self._parts:
            read = export.reader(self._opened, members, self.source)
            for member in members:
                for entry in self._until_broken(read, member):
                    if self.is_full:
                        return
                    self.rows += 1
                    yield entry

    def _until_broken(self, read: Reader, member: Member) -> Iterator[Entry]:
        """The records of a file, and a reject where its bytes break off."""
        count = 0
        try:
            for entry in read(member):
                count += 1
                yield entry
        except BrokenStream as error:
            self.notes.append(
                f"{member.name} could be read up to record {count:,} only: {error.message}."
            )
            yield Reject(0, error.message, as_json(""), member.name)

    def _not_read(self) -> list[str]:
        chosen = {member.name for _, members in self._parts for member in members}
        others = [one.name for one in self._opened.members if one.name not in chosen]
        if not others:
            return []
        shown = ", ".join(name.rpartition("::")[2] for name in others[:_SHOWN])
        more = ", ..." if len(others) > _SHOWN else ""
        return [
            f"{len(others):,} files of the archive hold no comments of this kind: {shown}{more}"
        ]


def recognise(opened: Opened) -> list[Part]:
    """The kinds of export that are in a file, none where it is something else.

    A file is of one kind: who claims it first has it.
    """
    parts: list[Part] = []
    free = opened
    for export in EXPORTS.values():
        if found := export.claims(free):
            parts.append((export, found))
            free = free.without({member.name for member in found})
            if export.whole:
                break
    return parts


def claimed(opened: Opened, name: str) -> list[Part]:
    """The files of ``opened`` that are of the kind ``name``, as the user says.

    A single file is believed to be it, also where its beginning does not look so. Raises
    ``ConfigurationError`` where there is none.
    """
    export = EXPORTS[name]
    found = export.claims(opened)
    if not found and not opened.is_archive and not export.whole:
        found = opened.members
    if found:
        return [(export, found)]
    raise ConfigurationError(
        f"nothing in it is {export.title}",
        where=str(opened.path),
        next_step="Leave --export away to have the file recognised by its content.",
    )
