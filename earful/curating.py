"""Curating signals: what ``earful taxonomy`` does with the file, the ledger and the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earful.errors import ConfigurationError, DataError
from earful.pipeline import tagged_facts
from earful.project import Project
from earful.ruling import KnownSignal, Ruling, bind, from_json, to_json
from earful.store import Ledger
from earful.store.memory import Memory, MemoryUpdate
from earful.store.taxonomies import StoredTaxonomy
from earful.taxonomy import FILE_NAME, TEMPLATE, Taxonomy, read_taxonomy
from earful.taxonomy_moves import Called, CountedAsk, TaxonomyMoves, taxonomy_moves

if TYPE_CHECKING:
    from reports.arrangement import Arrangement
    from reports.placement import Placement
    from reports.recollection import Rename

NO_TAXONOMY = Ruling(Taxonomy(), {})


def taxonomy_path(project: Project) -> Path:
    """Where the taxonomy of a project is written."""
    return project.settings.root / FILE_NAME


def write_template(project: Project) -> Path:
    """Write a commented taxonomy. Raises ``ConfigurationError`` where there is one already."""
    path = taxonomy_path(project)
    if path.exists():
        raise ConfigurationError(
            "there is a taxonomy already", where=str(path), next_step="Edit that one."
        )
    path.write_text(TEMPLATE, encoding="utf-8")
    return path


# What holds


@dataclass(frozen=True, slots=True)
class Applied:
    """The taxonomy that holds: who applied it, when, and what it speaks of now."""

    by: str
    at: datetime
    ruling: Ruling


def applied_taxonomy(ledger: Ledger, memory: Memory) -> Applied | None:
    """The taxonomy that holds for reports, with the signals that it speaks of in ``memory``."""
    stored = ledger.taxonomy()
    if stored is None:
        return None
    known = dict(zip((s.number for s in memory.signals), _known_in(memory), strict=True))
    return Applied(stored.by, stored.at, from_json(stored.content, known))


def _known_in(memory: Memory, update: MemoryUpdate | None = None) -> list[KnownSignal]:
    """The signals that are remembered, in their order, as they are after an ``update``."""
    ids = {signal.number: signal.id for signal in memory.signals}
    heirs = {s.number: ids[s.merged_into] for s in memory.signals if s.merged_into is not None}
    for changed in update.changed if update else ():
        heirs.pop(changed.number, None)
        if changed.merged_into is not None:
            heirs[changed.number] = changed.merged_into
    return [
        KnownSignal(s.id, (s.name or s.id,), s.wants, heirs.get(s.number)) for s in memory.signals
    ]


def unapplied(project: Project, applied: Applied | None) -> bool:
    """Whether the file says something else than what holds; a file that is wrong does."""
    path = taxonomy_path(project)
    if not path.is_file():
        return False
    try:
        taxonomy = read_taxonomy(path)
    except ConfigurationError:
        return True
    return taxonomy != (applied.ruling if applied else NO_TAXONOMY).taxonomy


# What would move


@dataclass(frozen=True, slots=True)
class Proposal:
    """The file beside what holds. ``renames`` are names that people have outgrown, ``unsaid`` items
    of the file that nobody asks for, ``learned`` what is new of the signals themselves."""

    path: Path
    applied: Applied | None
    ruling: Ruling
    moves: TaxonomyMoves
    renames: tuple[Rename, ...]
    unsaid: tuple[str, ...]
    learned: MemoryUpdate

    @property
    def waiting(self) -> tuple[str, ...]:
        """Entries, of the file or applied, that speak of a signal that is not there now."""
        applied = self.applied.ruling.waiting if self.applied else ()
        return tuple(dict.fromkeys((*self.ruling.waiting, *applied)))

    @property
    def same(self) -> bool:
        """Whether the file decides what holds already."""
        holds = self.applied.ruling if self.applied else NO_TAXONOMY
        return self.ruling.taxonomy == holds.taxonomy

    def record(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return {
            "file": str(self.path),
            "applied": None
            if self.applied is None
            else {"by": self.applied.by, "at": self.applied.at.isoformat(timespec="seconds")},
            **self.moves.record(),
            "propose": [
                {
                    "id": rename.signal.id,
                    "name": rename.signal.name,
                    "rename": rename.wording,
                    "people": rename.people,
                    "people_of_name": rename.people_of_name,
                }
                for rename in self.renames
            ],
            "unsaid": list(self.unsaid),
            "waiting": list(self.waiting),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """The file and the signals as they are now, whether it is applied or not.

    ``before`` is what holds, ``after`` what would hold; ``known`` is every signal that an entry may
    speak of.
    """

    path: Path
    applied: Applied | None
    known: Sequence[KnownSignal]
    ruling: Ruling
    placed: Placement
    before: Arrangement
    after: Arrangement


def bound(project: Project, taxonomy: Taxonomy, *, vectors: bool = False) -> Bound:
    """``taxonomy``, which was read from the project's file, bound to the signals of now, whose asks
    keep their ``vectors`` where they are wanted.

    Raises ``ConfigurationError`` where it speaks of unknown signals or sends an item to two places,
    ``DataError`` where nothing is tagged yet.
    """
    from reports.arrangement import require_one_place
    from reports.fact_tables import open_tables
    from reports.placement import place_asks

    path = taxonomy_path(project)
    with project.ledger() as ledger:
        facts = tagged_facts(project, ledger)
        memory = ledger.signal_memory()
        applied = applied_taxonomy(ledger, memory)
    placed = place_asks(open_tables(facts), project.settings, memory, vectors=vectors)
    before = placed.arranged(applied.ruling if applied else NO_TAXONOMY)
    known = known_now(placed, memory, before)
    ruling = bind(taxonomy, known, path)
    require_one_place(ruling, placed.brand, str(path))
    return Bound(path, applied, known, ruling, placed, before, placed.arranged(ruling))


def proposal(project: Project) -> Proposal:
    """What the file would change of the report if it was applied; nothing is written.

    Raises ``ConfigurationError`` where the file cannot be read or speaks of unknown signals,
    ``DataError`` where nothing is tagged yet.
    """
    now = bound(project, read_taxonomy(taxonomy_path(project)))
    before, after, found = now.before, now.after, now.placed.found
    return Proposal(
        now.path,
        now.applied,
        now.ruling,
        taxonomy_moves(_counted(now.placed, before, after), _called(before), _called(after)),
        found.renames,
        after.unsaid,
        found.update,
    )


def apply_proposal(project: Project, agreed: Proposal, by: str) -> None:
    """Let the file, as it was shown, hold for every report from now on.

    Raises ``DataError`` where the signals changed since it was shown.
    """
    now = datetime.now(UTC)
    with project.ledger() as ledger:
        # What is applied is kept by the numbers of signals, so they are remembered first.
        stored = ledger.remember_signals(agreed.learned, now)
        numbers = {signal.id: signal.number for signal in ledger.signal_memory().signals}
        if not stored or any(s.id not in numbers for s in agreed.ruling.spoken_of.values()):
            raise changed_meanwhile(agreed.path, "earful taxonomy diff")
        ledger.apply_taxonomy(StoredTaxonomy(now, by, to_json(agreed.ruling, numbers)))


def changed_meanwhile(path: Path, again: str) -> DataError:
    """The error for signals that are not those any more that were shown; ``again`` shows them."""
    return DataError(
        "the signals have changed in the meantime, so nothing is decided",
        where=str(path),
        next_step=f"Look again: {again}",
    )


def known_now(placed: Placement, memory: Memory, before: Arrangement) -> list[KnownSignal]:
    """Every signal that an entry may speak of, under all names that it goes by."""
    shown = {listing.id: listing.name for listing in before.listings}
    known = {signal.id: signal for signal in _known_in(memory, placed.found.update)}
    for identity, group in zip(placed.found.of, placed.grouping.groups, strict=True):
        names = dict.fromkeys((identity.name, shown.get(identity.id, identity.name)))
        known[identity.id] = KnownSignal(identity.id, tuple(names), group.wants)
    return list(known.values())


def _called(arranged: Arrangement) -> Mapping[str, Called]:
    return {
        listing.id: Called(listing.name, listing.standing, listing.owner)
        for listing in arranged.listings
    }


def _counted(placed: Placement, before: Arrangement, after: Arrangement) -> list[CountedAsk]:
    rows = placed.asks["counted"].to_numpy(dtype=bool)
    return [
        CountedAsk(uid, person, before.listings[old].id, after.listings[new].id)
        for uid, person, old, new in zip(
            placed.asks.loc[rows, "uid"].tolist(),
            placed.asks.loc[rows, "person"].tolist(),
            before.listing_of[rows].tolist(),
            after.listing_of[rows].tolist(),
            strict=True,
        )
    ]
