"""The one way in for a file of comments: recognised by its content, or read as the user says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from earful.errors import ConfigurationError, did_you_mean
from ingest.files.exports import EXPORTS
from ingest.files.exports.export import Opened
from ingest.files.exports.known import SHAPES
from ingest.files.exports.reading import ExportReading, claimed, recognise
from ingest.files.reading import FileReading
from ingest.files.tables import TableReading

TABLE = "table"
"""The kind of a file that is no platform's export."""

KINDS = (*EXPORTS, *(shape.name for shape in SHAPES), TABLE)
"""What a user may call a file."""


def read_comments(
    path: Path,
    *,
    source: str,
    export: str | None = None,
    mapping: Mapping[str, str] | None = None,
    as_of: datetime | None = None,
    solicited: bool = False,
    limit: int | None = None,
    sheet: str | None = None,
    secret: bytes = b"",
    instance: str | None = None,
) -> FileReading:
    """Read ``path`` as comments: an export of a platform (see ``ingest.files.exports``), else a
    table (CSV, TSV, JSON, JSONL, Parquet, Excel); plain, .gz, .zst or .zip.

    ``export`` names the kind of export, or "table"; without it the content tells. ``instance`` is
    the part of uids that an export does not tell (the workspace of Slack). What follows is for
    tables. ``mapping`` overrides the guess (see ``parse_map``), and says that the file is one.
    ``as_of`` is what "3 months ago" counts from, by default the day the file was last changed.
    ``limit`` stops after so many rows. ``secret`` keys the names of comments that have no id; give
    the project's, so that nobody can try authors against them. Raises ``ConfigurationError`` where
    the file, a column or the sheet is not there or no column holds text, and ``DataError`` where
    the file cannot be read.
    """
    if export is None:
        opened = Opened.of(path, instance=instance)
        if not mapping and (parts := recognise(opened)):
            return ExportReading(opened, parts, source=source, limit=limit)
    elif export in EXPORTS:
        opened = Opened.of(path, instance=instance)
        return ExportReading(opened, claimed(opened, export), source=source, limit=limit)
    elif export not in KINDS:
        raise ConfigurationError(
            f"there is no kind of export {export!r}",
            where="--export",
            next_step=did_you_mean(export, KINDS),
        )
    return TableReading(
        path,
        source=source,
        mapping=mapping,
        as_of=as_of,
        solicited=solicited,
        limit=limit,
        sheet=sheet,
        secret=secret,
        shape=None if export == TABLE else export,
        guessing=export != TABLE,
    )
