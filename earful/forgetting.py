"""Erasing a person or a comment everywhere in the project, and proving it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from earful.errors import DataError
from earful.pipeline import refresh_facts
from earful.project import Project
from earful.store import Erasure, Ledger, Spool

# Shorter texts ("good") stand in other people's comments too and prove nothing.
WORDS_THAT_TELL = 5
CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Proof:
    """What was erased, where was looked for it afterwards, and what was still found.

    ``deliveries`` had been pushed and were not in the ledger yet. ``leftovers`` names files of the
    project that still hold the uid, the pseudonym or the words; ``older_reports`` files in ``out/``
    that were made before and are the reader's to remake.
    """

    comments: int
    people: int
    files: int
    bytes: int
    leftovers: tuple[str, ...]
    older_reports: tuple[str, ...]
    deliveries: int = 0

    def __str__(self) -> str:
        lines = [
            f"Erased {self.comments:,} comments of {self.people:,} people."
            if self.people
            else f"Erased {self.comments:,} comments.",
            *(
                [f"Erased {self.deliveries:,} deliveries that waited or were set aside."]
                if self.deliveries
                else []
            ),
            f"Searched {self.files:,} files ({self.bytes:,} bytes) for what they held: "
            + ("nothing is left." if not self.leftovers else "still there:"),
        ]
        lines += [f"  {leftover}" for leftover in self.leftovers]
        if self.older_reports:
            lines.append("Reports made before still hold it; remake them with 'earful report':")
            lines += [f"  {report}" for report in self.older_reports]
        return "\n".join(lines)


def forget(project: Project, who: str) -> Proof:
    """Erase ``who``, a uid, a pseudonym or a handle, and search the project's files for the rest.

    A handle is looked for in every source that has authors. Raises ``DataError`` where nobody
    and nothing of that name is known.
    """
    delivered = _erase_deliveries(project, who)
    with project.ledger() as ledger:
        with ledger.transaction():
            erased = _erase(project, ledger, who)
        if not erased.uids and not erased.author_keys and not delivered:
            raise DataError(
                f"nothing in the ledger is known as {who!r}",
                next_step="Give a uid (source:instance:id), a pseudonym, or the handle exactly as "
                "the platform writes it; 'earful search' shows uids.",
            )
        ledger.scrub()
        refresh_facts(project, ledger)
        # The facts' build wrote to the ledger again; leave no log behind.
        ledger.scrub()
        shared = {words for words in erased.words if ledger.says(words)}
    return _prove(project, erased, shared, delivered)


def _erase_deliveries(project: Project, who: str) -> int:
    """Remove what was pushed to us and is not in the ledger yet; tells how many deliveries."""
    if not project.settings.spool_path.exists():
        return 0
    handle = who.removeprefix("@")
    with Spool.open(project.settings.spool_path, project.keyring) as spool:
        erased = spool.erase_about({who, handle, f"@{handle}"})
        match who.split(":", 2):
            case hook, _, native_id:
                # The id that one platform gave means something else to all others.
                erased += spool.erase_about({native_id}, hook)
    return erased


def _erase(project: Project, ledger: Ledger, who: str) -> Erasure:
    by_uid = ledger.forget_uids([who])
    if by_uid.uids:
        return by_uid
    handle = who.removeprefix("@")
    keys = [who] + [
        project.keyring.pseudonym(source, instance, name)
        for source, instance in ledger.author_scopes()
        for name in dict.fromkeys((who, handle))
    ]
    return ledger.forget_authors(keys)


def _prove(project: Project, erased: Erasure, shared: set[str], delivered: int) -> Proof:
    """Search every file; ``shared`` are words that other people's comments hold as well."""
    needles = [needle.encode() for needle in (*erased.uids, *erased.author_keys)]
    needles += [
        words.encode()
        for words in erased.words
        if len(words.split()) >= WORDS_THAT_TELL and words not in shared
    ]
    root = project.settings.root
    leftovers: list[str] = []
    reports: list[str] = []
    files = size = 0
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        files += 1
        size += path.stat().st_size
        if not _holds(path, needles, erased):
            continue
        name = str(path.relative_to(root))
        (reports if path.relative_to(root).parts[0] == "out" else leftovers).append(name)
    return Proof(
        len(erased.uids),
        len(erased.author_keys),
        files,
        size,
        tuple(leftovers),
        tuple(reports),
        delivered,
    )


def _holds(path: Path, needles: list[bytes], erased: Erasure) -> bool:
    if path.suffix == ".parquet":
        # Parquet is compressed: its bytes would hide what its rows hold.
        table = pq.read_table(path)
        return "uid" in table.column_names and bool(
            pc.any(pc.is_in(table["uid"], value_set=pc.cast(list(erased.uids), "string"))).as_py()
        )
    if not needles:
        return False
    overlap = max(map(len, needles))
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(CHUNK):
            window = tail + chunk
            if any(needle in window for needle in needles):
                return True
            tail = window[-overlap:]
    return False
