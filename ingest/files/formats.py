"""Any file that comments come in, as tables of rows: CSV, TSV, JSON, JSONL, Parquet, Excel.

Each may be plain or in .gz, .zst or .zip. What the file really is decides, before its name does.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeGuard

import pyarrow as pa
import pyarrow.parquet as pq

from earful.errors import ConfigurationError, DataError
from ingest.files.delimited import Dialect, detect_dialect, read_records, sep_line
from ingest.files.encodings import DecodedText
from ingest.files.jsontext import read_json_document, read_json_lines
from ingest.files.rejects import Reject
from ingest.files.sheets import PARQUET_MAGIC, parquet_columns, read_parquet, read_sheet
from ingest.files.streams import ZIP, BrokenStream, Limits, Member, first_bytes, members
from ingest.files.synonyms import is_known_name
from ingest.files.values import Value, as_json, as_written, flatten

SAMPLE_ROWS = 2_000
SAMPLE_CHARACTERS = 4 << 20
_DELIMITED = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|", ".txt": None}
_SHEETS = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
_JSON_LINES = (".jsonl", ".ndjson", ".jl")
KNOWN = (*_DELIMITED, ".json", *_JSON_LINES, *_PARQUET, *_SHEETS)
_DATA_CELL = re.compile(
    r"^[-+]?\d+([.,:/\-]\d+)*([ T]\d{1,2}:\d\d.*)?$|^https?://|^\d+ \w+ ago$", re.IGNORECASE
)
_BATCH_ROWS = 1_000
_ROWS_BELOW_THE_HEADER = 20


class Row(NamedTuple):
    """One row: the number of its first line in the file, and column -> cell."""

    line: int
    values: dict[str, Value]


@dataclass
class Table:
    """One table, read once, front to back, with memory that does not grow.

    ``columns`` are those of the header or schema, for JSON those of the first rows. ``sample``
    holds the first rows, which iteration gives again. ``notes`` says in sentences what was
    decided and met, and is complete when the iteration is. ``rejected`` counts rows set aside.
    """

    name: str
    format: str
    columns: tuple[str, ...]
    sample: list[Row]
    notes: list[str]
    rejected: int = 0
    _records: Iterator[Row | Reject] = field(default_factory=lambda: iter(()), repr=False)

    def records(self) -> Iterator[Row | Reject]:
        """Every row in order, good or set aside."""
        for record in self._records:
            if isinstance(record, Reject):
                self.rejected += 1
            yield record

    def __iter__(self) -> Iterator[Row]:
        """The good rows as (line, column -> cell)."""
        return (record for record in self.records() if isinstance(record, Row))


def open_tables(
    path: Path, *, sheet: str | None = None, limits: Limits | None = None
) -> Iterator[Table]:
    """Every table in ``path``, one after the other: one for a file, several for an archive.

    ``sheet`` names the sheet of a workbook. Raises ``ConfigurationError`` where there is no such
    file or sheet, and ``DataError`` where nothing in it can be read as a table.
    """
    limits = limits or Limits()
    notes: list[str] = []
    found = list(members(path, limits, notes))
    in_archive = bool(found) and "::" in found[0].name
    if in_archive:
        tables = [one for one in found if _suffix(one) in KNOWN and _suffix(one) != ".txt"]
        chosen = tables or [one for one in found if _suffix(one) == ".txt"]
        left = [one.name for one in found if one not in chosen]
        if left:
            notes.append(f"Left out, as they are no tables: {', '.join(left[:5])}.")
        found = chosen
    if not found:
        raise DataError(
            "holds no table",
            where=str(path),
            next_step=f"Tables are files that end in {', '.join(KNOWN)}. {' '.join(notes)}".strip(),
        )
    for member in found:
        table = open_member(member, limits, sheet)
        table.notes[:0] = notes
        notes = []
        yield table


def open_table(path: Path, *, sheet: str | None = None) -> Table:
    """The one table in ``path``.

    Raises as ``open_tables`` does, and ``DataError`` where an archive holds more than one.
    """
    tables = open_tables(path, sheet=sheet)
    table = next(tables)
    if next(tables, None) is not None:
        raise DataError(
            "holds more than one table",
            where=str(path),
            next_step="Unpack it and name the file that is meant.",
        )
    return table


def write_rows(
    path: Path, rows: Iterable[Mapping[str, Any]], *, schema: pa.Schema | None = None
) -> int:
    """Write ``rows`` to a .jsonl, .jsonl.gz or .parquet file; return how many.

    The file appears under its name when it is complete. For Parquet the types are those of
    ``schema``, else of the first thousand rows.
    """
    name = path.name.lower()
    part = path.with_name(path.name + ".part")
    try:
        if name.endswith((".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")):
            count = _write_json_lines(part, rows, packed=name.endswith(".gz"))
        elif name.endswith(_PARQUET):
            count = _write_parquet(part, rows, schema)
        else:
            raise ConfigurationError(
                "rows are written as .jsonl, .jsonl.gz or .parquet",
                where=str(path),
                next_step="Give the output file one of these endings.",
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _write_json_lines(part: Path, rows: Iterable[Mapping[str, Any]], *, packed: bool) -> int:
    count = 0
    with (
        gzip.open(part, "wt", encoding="utf-8") if packed else part.open("w", encoding="utf-8")
    ) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            count += 1
    return count


def _write_parquet(part: Path, rows: Iterable[Mapping[str, Any]], schema: pa.Schema | None) -> int:
    waiting = iter(rows)
    first = list(islice(waiting, _BATCH_ROWS))
    schema = schema or pa.Table.from_pylist(first).schema
    count = 0
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        batch = first
        while batch:
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
            count += len(batch)
            batch = list(islice(waiting, _BATCH_ROWS))
    return count


def _suffix(member: Member) -> str:
    return PurePosixPath(member.stem).suffix.lower()


def open_member(member: Member, limits: Limits, sheet: str | None = None) -> Table:
    """One readable thing as a table; raises as ``open_tables`` does."""
    head = first_bytes(member, 4096)
    suffix = _suffix(member)
    if head.startswith(PARQUET_MAGIC):
        return _parquet_table(member, limits)
    if head.startswith(ZIP) or suffix in _SHEETS:
        return _sheet_table(member, sheet, limits)
    if suffix in _PARQUET:
        raise DataError(
            "not a Parquet file, whatever its name",
            where=member.name,
            next_step="Fetch or export the file again.",
        )
    text = DecodedText(member.open())
    if suffix in _JSON_LINES:
        return _json_table(member, text, lines=True)
    if suffix not in _DELIMITED or not suffix:
        chunks = text.chunks()
        first = next(chunks, "")
        opening = first.lstrip(" \t\r\n\ufeff")[:1]
        if suffix == ".json" or opening in ("{", "["):
            lines = opening == "{" and _is_json_lines(first)
            text.close()
            return _json_table(member, DecodedText(member.open()), lines=lines)
        text.close()
        text = DecodedText(member.open())
    if _is_binary(head):
        text.close()
        raise DataError(
            "not a table that can be read: it is neither text, Parquet nor Excel",
            where=member.name,
            next_step=f"Save it as one of {', '.join(KNOWN)}.",
        )
    return _delimited_table(member, text, _DELIMITED.get(suffix))


def _is_binary(head: bytes) -> bool:
    """NUL beside other characters that no text holds; NUL alone may be UTF-16 or a stray."""
    return 0 in head and sum(head.count(byte) for byte in range(1, 9)) > 0.02 * len(head)


def _is_json_lines(first: str) -> bool:
    """Whether the first two lines are each an object, or the only line is one."""
    lines = [line for line in first.splitlines() if line.strip()][:2]
    if len(lines) < 2:
        return False
    try:
        return all(isinstance(json.loads(line), dict) for line in lines[:1]) and lines[
            1
        ].lstrip().startswith("{")
    except ValueError:
        return False


def _table(
    member: Member,
    format_name: str,
    columns: Iterable[str] | None,
    records: Iterator[Row | Reject],
    notes: list[str],
    text: DecodedText | None = None,
) -> Table:
    """A table whose first rows are read ahead, as its sample."""
    guarded = _until_broken(records, member.name, notes, text)
    ahead: list[Row | Reject] = []
    size = 0
    for record in guarded:
        ahead.append(record)
        if isinstance(record, Row):
            size += sum(len(value) for value in record.values.values() if isinstance(value, str))
        else:
            size += len(record.raw)
        if len(ahead) >= SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
            break
    sample = [record for record in ahead if isinstance(record, Row)]
    if columns is None:
        columns = dict.fromkeys(name for row in sample for name in row.values)
    return Table(
        name=member.name,
        format=format_name,
        columns=tuple(columns),
        sample=sample,
        notes=notes,
        _records=chain(ahead, guarded),
    )


def _until_broken(
    records: Iterator[Row | Reject], name: str, notes: list[str], text: DecodedText | None
) -> Iterator[Row | Reject]:
    """Name the table in every reject; end with a reject where the bytes break off."""
    line = 0
    try:
        for record in records:
            line = record.line
            if isinstance(record, Reject):
                record = Reject(record.line, record.reason, record.raw, name)
            yield record
    except BrokenStream as error:
        notes.append(f"{name} could be read up to line {line} only: {error.message}.")
        yield Reject(line + 1, error.message, as_json(""), name)
    finally:
        if text is not None:
            notes.extend(text.notes())
            text.close()


def _parquet_table(member: Member, limits: Limits) -> Table:
    columns = parquet_columns(member, limits)
    records = (Row(number, values) for number, values in read_parquet(member, limits))
    return _table(member, "Parquet", columns, iter(records), [])


def _sheet_table(member: Member, sheet: str | None, limits: Limits) -> Table:
    notes: list[str] = []
    rows = read_sheet(member, limits, sheet, notes)
    ahead = list(islice(rows, 20))
    filled = [sum(cell not in (None, "") for cell in cells) for _, cells in ahead]
    # Sheets often open with a title over the table; the header is the first row of several cells.
    top = next((index for index, cells in enumerate(filled) if cells > 1), 0)
    if top:
        notes.append(f"The first {top} rows of {member.name} stand above the table's header.")
    if not ahead:
        return _table(member, "Excel", [], iter(()), notes)
    header = [as_written(cell) for cell in ahead[top][1]]
    while header and not header[-1].strip():
        header.pop()
    columns = _unique(header, notes, member.name)

    def records() -> Iterator[Row | Reject]:
        for number, cells in chain(ahead[top + 1 :], rows):
            yield Row(number, dict(zip(columns, cells, strict=False)))

    return _table(member, "Excel", columns, records(), notes)


def _json_table(member: Member, text: DecodedText, *, lines: bool) -> Table:
    notes: list[str] = []
    if lines:
        parsed = read_json_lines(text.lines())
    else:
        parsed = read_json_document(text.chunks(), member.name, notes)
    records: Iterator[Row | Reject] = (
        record if isinstance(record, Reject) else Row(line, flatten(record))
        for line, record in parsed
    )
    return _table(member, "JSON lines" if lines else "JSON", None, records, notes, text)


def _delimited_table(member: Member, text: DecodedText, prefer: str | None) -> Table:
    notes: list[str] = []
    lines = text.lines()
    skipped = 0
    sample: list[str] = []
    size = 0
    for line in lines:
        sample.append(line)
        size += len(line)
        if size > SAMPLE_CHARACTERS // 8 and len(sample) > 20:
            break
    while sample and not sample[0].strip("\ufeff\r\n"):
        sample.pop(0)
        skipped += 1
    if not sample:
        return _table(member, "CSV", [], iter(()), notes, text)
    named = sep_line(sample[0])
    if named:
        sample.pop(0)
        skipped += 1
    # The last line of the sample may be half of a quoted text: it takes no part in the decision.
    whole = sample[:-1] if size > SAMPLE_CHARACTERS // 8 else sample
    dialect = Dialect(named) if named else detect_dialect(whole, prefer=prefer)
    numbered = read_records(chain(sample, lines), dialect)
    first = next(numbered, None)
    if first is None:
        return _table(member, "CSV", [], iter(()), notes, text)
    start, header = first
    if isinstance(header, Reject):
        text.close()
        raise DataError(
            f"the header cannot be read: {header.reason}",
            where=f"{member.name}, line {start + skipped}",
            next_step="Correct the quotes in the first line.",
        )
    notes.append(f"{member.name} is text, {dialect.said}.")
    rest: Iterator[tuple[int, list[str] | Reject]] = numbered
    if _is_data(header):
        rest = chain([(start, list(header))], numbered)
        header = [f"column {number}" for number in range(1, len(header) + 1)]
        notes.append(f"{member.name} has no header; its columns are called {header[0]!r} and on.")
    columns = _unique(header, notes, member.name)
    ahead = list(islice(rest, _ROWS_BELOW_THE_HEADER))
    # Commas behind the last heading are an exporter's habit, unless something stands below them.
    while len(columns) > 1 and not header[len(columns) - 1].strip():
        if any(len(f) >= len(columns) and f[len(columns) - 1] for _, f in ahead if _is_row(f)):
            break
        columns.pop()
    records = _checked(chain(ahead, rest), columns, len(header), skipped)
    return _table(member, "CSV", columns, records, notes, text)


def _is_row(fields: list[str] | Reject) -> TypeGuard[list[str]]:
    return isinstance(fields, list)


def _checked(
    records: Iterator[tuple[int, list[str] | Reject]],
    columns: list[str],
    width: int,
    skipped: int,
) -> Iterator[Row | Reject]:
    """Rows of the header's width; shorter and longer ones are set aside."""
    for start, fields in records:
        line = start + skipped
        if isinstance(fields, Reject):
            yield Reject(line, fields.reason, fields.raw)
        elif len(fields) == width or (len(fields) > width and not any(fields[width:])):
            yield Row(line, dict(zip(columns, fields, strict=False)))
        else:
            word = "short" if len(fields) < width else "long"
            reason = f"the row is too {word}: {len(fields)} fields where the header has {width}"
            yield Reject(line, reason, as_json(fields))


def _is_data(header: list[str]) -> bool:
    """Whether the first row is no header: it holds a number, date or address, and no known name."""
    if any(is_known_name(name) for name in header):
        return False
    return any(_DATA_CELL.match(cell.strip()) for cell in header)


def _unique(header: list[str], notes: list[str], name: str) -> list[str]:
    """Column names, trimmed, each once: doubles are numbered and empty ones named by position."""
    seen: set[str] = set()
    columns: list[str] = []
    doubled: list[str] = []
    for position, cell in enumerate(header, 1):
        base = cell.strip(" \t\r\n\ufeff") or f"column {position}"
        column, count = base, 1
        while column in seen:
            count += 1
            column = f"{base} ({count})"
        if count > 1:
            doubled.append(column)
        seen.add(column)
        columns.append(column)
    if doubled:
        notes.append(f"{name} names columns twice; the later ones are called {', '.join(doubled)}.")
    return columns
