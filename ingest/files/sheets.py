"""Parquet files, batch by batch, and Excel workbooks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from earful.errors import ConfigurationError, DataError, did_you_mean
from ingest.files.streams import Limits, Member, check_workbook, read_whole
from ingest.files.values import Value, flatten

PARQUET_MAGIC = b"PAR1"
_BATCH_ROWS = 1024


def read_parquet(member: Member, limits: Limits) -> Iterator[tuple[int, dict[str, Value]]]:
    """Rows with their number, from 1. A plain file is read in batches and never held whole."""
    source: Any = member.path if member.path else pa.BufferReader(read_whole(member, limits))
    try:
        with pq.ParquetFile(source, pre_buffer=False) as file:
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                for record in batch.to_pylist():
                    number += 1
                    yield number, flatten(record)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"not a readable Parquet file ({error})",
            where=member.name,
            next_step="Fetch or export the file again.",
        ) from error


def parquet_columns(member: Member, limits: Limits) -> list[str]:
    """The columns that the schema names, inner fields as dotted names."""
    source: Any = member.path if member.path else pa.BufferReader(read_whole(member, limits))
    try:
        schema = pq.read_schema(source)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"not a readable Parquet file ({error})",
            where=member.name,
            next_step="Fetch or export the file again.",
        ) from error
    return [name for field in schema for name in _names(field, "")]


def _names(field: Any, prefix: str) -> list[str]:
    if pa.types.is_struct(field.type):
        inner = [field.type.field(index) for index in range(field.type.num_fields)]
        return [name for one in inner for name in _names(one, f"{prefix}{field.name}.")]
    return [f"{prefix}{field.name}"]


def read_sheet(
    member: Member, limits: Limits, sheet: str | None, notes: list[str]
) -> Iterator[tuple[int, list[Value]]]:
    """Rows of one sheet with the numbers that a spreadsheet program shows; empty rows left out.

    ``sheet`` names it; without a name it is the first that holds anything, said in ``notes``.
    """
    data: BinaryIO = (
        member.path.open("rb") if member.path else io.BytesIO(read_whole(member, limits))
    )
    with data:
        check_workbook(data, member.name, limits)
        try:
            book = CalamineWorkbook.from_filelike(data)
        except CalamineError as error:
            raise DataError(
                f"not a readable workbook ({error})",
                where=member.name,
                next_step="Save it again as .xlsx without a password, or as CSV.",
            ) from error
        if sheet is not None and sheet not in book.sheet_names:
            raise ConfigurationError(
                f"there is no sheet {sheet!r}",
                where=member.name,
                next_step=did_you_mean(sheet, book.sheet_names),
            )
        for name in [sheet] if sheet is not None else book.sheet_names:
            page = book.get_sheet_by_name(name)
            if not page.total_height:
                continue
            if len(book.sheet_names) > 1:
                notes.append(f"Read the sheet {name!r} of {member.name}.")
            first = page.start[0] + 1 if page.start else 1
            for number, cells in enumerate(page.to_python(skip_empty_area=True), first):
                row: list[Value] = [_cell(cell) for cell in cells]
                if any(cell not in (None, "") for cell in row):
                    yield number, row
            return


def _cell(cell: Any) -> Value:
    return cell if isinstance(cell, Value) else str(cell)
