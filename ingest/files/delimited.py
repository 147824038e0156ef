"""Tables in text: which delimiter, which quotes, and records that no stray quote can swallow.

The ``csv`` module reads the records, strictly. Where it minds, the record is read again line by
line: a quote that is never closed costs the one row that holds it, not the rest of the file.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.files.rejects import Reject
from ingest.files.values import as_json

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
MAX_RECORD = 64 << 20
"""Characters of one record; a quoted field longer than this counts as never closed."""

_NO_DELIMITER = "\x1f"
_PROBE = "\x00\x00probe\n"
_UNCLOSED = "a quote opened in this row is not closed before the next row begins"
_SEP_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates its fields. ``delimiter`` is "" where there is only one column."""

    delimiter: str
    quoted: bool = True
    backslash: bool = False

    @property
    def said(self) -> str:
        """The dialect in words."""
        between = f"separated by {NAMES.get(self.delimiter, repr(self.delimiter))}"
        base = between if self.delimiter else "one column"
        if not self.quoted:
            return f"{base}, quotes are part of the text"
        return f"{base}, quotes escaped by a backslash" if self.backslash else base

    def reader(self, lines: Iterator[str], *, strict: bool) -> Iterator[list[str]]:
        """A ``csv`` reader of this dialect, its field size limit raised to ``MAX_RECORD``."""
        if csv.field_size_limit() < MAX_RECORD:
            csv.field_size_limit(MAX_RECORD)
        options: dict[str, Any] = {"delimiter": self.delimiter or _NO_DELIMITER, "strict": strict}
        if not self.quoted:
            options["quoting"] = csv.QUOTE_NONE
        elif self.backslash:
            options.update(escapechar="\\", doublequote=False)
        return csv.reader(lines, **options)


class _Overlong(Exception):  # noqa: N818 - never leaves this module
    """The record at hand grew past ``MAX_RECORD``."""


class _Feed:
    """Physical lines, counted, with those of the record at hand kept so they can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.record: list[str] = []
        self._size = 0
        self.line = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.record.append(line)
        self._size += len(line)
        self.line += 1
        if self._size > MAX_RECORD and len(self.record) > 1:
            raise _Overlong
        return line

    def begin(self) -> None:
        self.record = []
        self._size = 0

    def read_again_after_first(self) -> str:
        """Hand back all lines of the record but the first, which is returned."""
        first, *rest = self.record
        self._again.extendleft(reversed(rest))
        self.line -= len(rest)
        return first


def read_records(
    lines: Iterator[str], dialect: Dialect, columns: int | None = None
) -> Iterator[tuple[int, list[str] | Reject]]:
    """Records with the number of their first physical line; blank lines are passed over.

    ``columns`` (the first record's, unless given) is used to tell a text of several lines from
    rows that an unclosed quote ran together.
    """
    feed = _Feed(lines)
    reader = dialect.reader(feed, strict=True)
    while True:
        feed.begin()
        start = feed.line + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, _Overlong):
            swallowed = True
        else:
            swallowed = len(feed.record) > 3 and _holds_rows(feed.record, dialect, columns)
        if swallowed:
            first = feed.read_again_after_first()
            reader = dialect.reader(feed, strict=True)
            loose = _read_one_line(first, dialect)
            if loose is None:
                yield start, Reject(start, _UNCLOSED, as_json(first.rstrip("\r\n")))
                continue
            row = loose
        if not row:
            continue
        if columns is None:
            columns = len(row)
        yield start, row


def _read_one_line(line: str, dialect: Dialect) -> list[str] | None:
    """The fields of a line with sloppy quotes, or None where a quote stays open at its end."""
    reader: Any = dialect.reader(iter([line if line.endswith("\n") else line + "\n", _PROBE]),
                                 strict=False)  # fmt: skip
    try:
        row: list[str] = next(reader)
    except csv.Error:
        return None
    return row if reader.line_num == 1 else None


def _holds_rows(record: Sequence[str], dialect: Dialect, columns: int | None) -> bool:
    """Whether the lines inside a quoted text are whole rows of the table themselves."""
    if not columns or columns < 3:
        return False
    return all(line.count(dialect.delimiter) == columns - 1 for line in record[1:-1])


def detect_dialect(sample: Sequence[str], *, prefer: str | None = None) -> Dialect:
    """The dialect under which the most rows of ``sample`` have as many fields as the first.

    ``sample`` holds physical lines from the start of the file; ``prefer`` (a delimiter, from the
    file's name) wins ties. A file in which nothing separates the first line has one column.
    """
    found: list[tuple[float, bool, int, Dialect]] = []
    for delimiter in DELIMITERS:
        for dialect in _variants(delimiter, sample):
            share, width = _fit(sample, dialect)
            if width > 1:
                found.append((share, delimiter == prefer, width, dialect))
    if not found:
        return Dialect("")
    best = max(found, key=lambda fit: fit[:3])
    plain = next(fit for fit in found if fit[3].delimiter == best[3].delimiter)
    # Unusual quoting has to earn its place: it explains rows that the usual one cannot.
    return best[3] if best[0] > plain[0] + 0.02 else plain[3]


def sep_line(line: str) -> str | None:
    """The delimiter that Excel's ``sep=;`` line names, or None for any other line."""
    match = _SEP_LINE.match(line.strip("\ufeff\r\n"))
    return match.group(1) if match else None


def _variants(delimiter: str, sample: Sequence[str]) -> list[Dialect]:
    dialects = [Dialect(delimiter)]
    if any('\\"' in line for line in sample):
        dialects.append(Dialect(delimiter, backslash=True))
    # Only dumps of databases, by tab or pipe, leave quotes bare; elsewhere one is an accident.
    bare = delimiter in "\t|" and not sample[0].startswith('"')
    if bare and any('"' in line for line in sample):
        dialects.append(Dialect(delimiter, quoted=False))
    return dialects


def _fit(sample: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """Share of characters in rows that fit the first row's width, and that width.

    Characters, not rows: reading a long quoted text without its quotes makes many short rows.
    """
    width, fitting, total = 0, 0, 0
    for _, row in read_records(iter(sample), dialect):
        if isinstance(row, Reject):
            total += len(row.raw)
            continue
        size = sum(map(len, row)) + len(row)
        if not width:
            width = len(row)
            continue
        total += size
        if len(row) == width:
            fitting += size
    return (fitting / total if total else 1.0), width
