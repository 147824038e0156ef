"""The facts of the ledger as it is now: copies and brigades are marked before they are built."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from earful.errors import DataError
from earful.facts import Facts, build_facts
from earful.project import Project
from earful.store import Ledger


@dataclass(frozen=True, slots=True)
class SetAside:
    """How many comments are marked as copies, and how many of the others as of a brigade."""

    copies: int
    brigades: int


def mark_who_counts(ledger: Ledger) -> SetAside:
    """Mark copies and brigades, where the ledger has changed since the last time."""
    from ingest.brigades import BrigadeRow, find_brigades
    from ingest.copies import CopyRow, find_copies

    known = json.loads(ledger.get_meta("who_counts") or '{"changes": -1}')
    if known["changes"] == ledger.changes():
        return SetAside(known["copies"], known["brigades"])
    with ledger.transaction():
        copies = find_copies(CopyRow(*row) for row in ledger.copy_rows())
        set_copies = ledger.save_copies((c.uid, c.copy_of, c.reason) for c in copies)
        brigades = find_brigades(BrigadeRow(*row) for row in ledger.brigade_rows())
        set_aside = SetAside(
            set_copies, ledger.save_brigades((b.uid, b.voice, b.reason) for b in brigades)
        )
        # This transaction is itself a change: the marks hold for the state that it leaves.
        marked = {"changes": ledger.changes() + 1, **asdict(set_aside)}
        ledger.set_meta("who_counts", json.dumps(marked))
    return set_aside


def refresh_facts(project: Project, ledger: Ledger) -> Facts:
    """The facts of the ledger as it is now."""
    mark_who_counts(ledger)
    settings = project.settings
    return build_facts(ledger, settings.facts_path, settings.classify.spam_threshold)


def tagged_facts(project: Project, ledger: Ledger) -> Facts:
    """The facts of the ledger as it is now; ``DataError`` where no comment is tagged."""
    facts = refresh_facts(project, ledger)
    if facts.manifest.comments == 0:
        raise DataError(
            "no comment is tagged yet, so there is nothing to report",
            where=str(project.settings.ledger_path),
            next_step="Run: earful tag",
        )
    return facts
