"""Rows that could not become a comment: kept with their line and a reason, never dropped."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reject:
    """One row set aside.

    ``line`` is the first physical line of the record in its file (the row number for Parquet and
    Excel), ``raw`` the row as JSON: an object or a list of fields, or a string where the row could
    not be split into fields. ``table`` names the file, or the file inside an archive.
    """

    line: int
    reason: str
    raw: str
    table: str = ""


def write_rejects(path: Path, rejects: Iterable[Reject], *, append: bool = False) -> int:
    """Write ``rejects`` as CSV with the columns line, reason, raw, table; return how many.

    Rows are on the disk before the next one is asked for, so memory stays flat and a run that is
    killed loses none. Where there are none no file is made, and a file of an earlier run is left
    as it is; ``append`` goes on with it.
    """
    waiting = iter(rejects)
    first = next(waiting, None)
    if first is None:
        return 0
    count = 0
    with path.open("a" if append else "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if not file.tell():
            writer.writerow(["line", "reason", "raw", "table"])
        reject: Reject | None = first
        while reject is not None:
            writer.writerow([reject.line, reject.reason, reject.raw, reject.table])
            file.flush()
            count += 1
            reject = next(waiting, None)
    return count
