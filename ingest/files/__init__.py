"""Files of comments: exports of platforms and any table become ``Comment`` records."""

from ingest.files.columns import Choice, ColumnGuess, guess_columns
from ingest.files.formats import Row, Table, open_table, open_tables, write_rows
from ingest.files.mapping import parse_map
from ingest.files.opening import read_comments
from ingest.files.reading import FileReading
from ingest.files.rejects import Reject, write_rejects

__all__ = [
    "Choice",
    "ColumnGuess",
    "FileReading",
    "Reject",
    "Row",
    "Table",
    "guess_columns",
    "open_table",
    "open_tables",
    "parse_map",
    "read_comments",
    "write_rejects",
    "write_rows",
]
