"""The only wiring: how a comment travels from a source to a page.

Stages know the hall and not one another; here they meet. Every step can be stopped at any moment
and run again: batches are stored whole, and what is there already is not stored twice.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from earful.errors import ConfigurationError, DataError, EarfulError, did_you_mean
from earful.facts import Facts, build_facts
from earful.moves import Moves, compare_facts
from earful.project import Project, open_demo
from earful.records import Admitted, Comment, Coverage
from earful.settings import Source
from earful.store import Ledger, UpsertCount
from earful.tagging import languages_told, tag_batches
from earful.workers import over_batches

if TYPE_CHECKING:
    from classify.tagger import Tagger
    from ingest.connector import Connector
    from ingest.door import Refused
    from ingest.files import FileReading, Reject
    from ingest.pull import Progress as PullProgress
    from ingest.pull import PullResult
    from reports.signals import Demand

BATCH = 1000
# Before any platform that people write on.
BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)

Progress = Callable[[int], None]
"""Called with the number of comments that were just dealt with."""

_T = TypeVar("_T")


def _no_progress(_: int) -> None:
    pass


def _batches(entries: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(entries)
    while batch := list(islice(iterator, size)):
        yield batch


# Import


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of one file: ``rows`` were read, ``rejected`` of them set aside.

    ``passed_over`` entries were stored by an earlier import of the same file that was stopped.
    """

    rows: int
    counted: UpsertCount
    rejected: int
    rejects_file: Path | None
    notes: tuple[str, ...]
    passed_over: int = 0


def import_file(
    project: Project,
    reading: FileReading,
    *,
    path: Path,
    source: str,
    on_progress: Progress = _no_progress,
) -> ImportResult:
    """Bring one file's comments into the ledger; what cannot be read is set aside with a reason.

    The file of rows that were set aside is written along the way, redacted like the comments;
    one of an earlier import of the same file is replaced. An import that was stopped goes on
    behind what it stored, as long as the file and the way it is read are the same.
    """
    from ingest.files import write_rejects

    rejects_file = project.settings.root / "rejects" / f"{source}-{path.name}.csv"
    rejects_file.parent.mkdir(exist_ok=True)
    with project.ledger(create=True) as ledger:
        importing = _Import(ledger, project, reading, on_progress)
        if not importing.passed_over:
            rejects_file.unlink(missing_ok=True)
        rejected = write_rejects(
            rejects_file, importing.rejects(), append=importing.passed_over > 0
        )
        with ledger.transaction():
            ledger.drop_meta(importing.place)
            ledger.add_coverage(
                Coverage(source, importing.first, importing.last, "imported", path.name)
            )
        apply_retention(project, ledger)
    if not rejected:
        with suppress(OSError):  # other files' rejects may lie there
            rejects_file.parent.rmdir()
    return ImportResult(
        importing.rows,
        importing.counted,
        rejected,
        rejects_file if rejects_file.exists() else None,
        tuple(reading.notes),
        importing.passed_over,
    )


def load_admitting(project: Project) -> Callable[[list[Comment]], list[Admitted | Refused]]:
    """What a worker process lets comments in with: a door of its own."""
    return project.door().admit


class _Import:
    """One file on its way into the ledger, batch by batch, and what was counted.

    ``place`` is where the ledger keeps how far an import of this file has come: a reading gives
    the same entries in the same order each time, so their number is enough.
    """

    def __init__(
        self, ledger: Ledger, project: Project, reading: FileReading, on_progress: Progress
    ) -> None:
        self._ledger = ledger
        self._project = project
        self._reading = reading
        self._on_progress = on_progress
        self.place = f"import {reading.mark()}"
        stopped = json.loads(ledger.get_meta(self.place) or "{}")
        self.passed_over: int = stopped.get("entries", 0)
        self.rows = 0
        self.counted = UpsertCount()
        self.first, self.last = (
            datetime.fromisoformat(told) if (told := stopped.get(edge)) else None
            for edge in ("first", "last")
        )

    def rejects(self) -> Iterator[Reject]:
        """Store the comments; yield what could not be stored, before the rest of its batch is."""
        from ingest.files import Reject

        entries = islice(self._reading, self.passed_over, None)

        door = self._project.door()
        unreadable: deque[list[Reject]] = deque()

        def readable() -> Iterator[list[Comment]]:
            for batch in _batches(entries, BATCH):
                unreadable.append([entry for entry in batch if isinstance(entry, Reject)])
                yield [entry for entry in batch if isinstance(entry, Comment)]

        for answers in over_batches(partial(load_admitting, self._project), readable()):
            apart = unreadable.popleft()
            words = door.redacted([reject.raw for reject in apart])
            for reject, raw in zip(apart, words, strict=True):
                yield replace(reject, raw=raw)
            admitted, refused = _sort(answers)
            for refusal in refused:
                yield Reject(0, refusal.reason, refusal.comment_uid)
            self._widen([row.comment.created_at for row in admitted])
            self.rows += len(answers) + len(apart)
            with self._ledger.transaction():
                self.counted += self._ledger.upsert(
                    admitted, datetime.now(UTC), recounted=self._reading.recounts
                )
                self._ledger.set_meta(self.place, self._come_to())
            self._on_progress(len(answers) + len(apart))

    def _come_to(self) -> str:
        told: dict[str, object] = {"entries": self.passed_over + self.rows}
        told |= {
            edge: when.isoformat()
            for edge, when in (("first", self.first), ("last", self.last))
            if when is not None
        }
        return json.dumps(told)

    def _widen(self, dates: Iterable[datetime | None]) -> None:
        known = [date for date in (*dates, self.first, self.last) if date is not None]
        if known:
            self.first, self.last = min(known), max(known)


def _sort(entries: Iterable[Admitted | Refused]) -> tuple[list[Admitted], list[Refused]]:
    admitted: list[Admitted] = []
    refused: list[Refused] = []
    for entry in entries:
        if isinstance(entry, Admitted):
            admitted.append(entry)
        else:
            refused.append(entry)
    return admitted, refused


# Pull


@dataclass(frozen=True, slots=True)
class PullOutcome:
    """How the pull of one source ended; ``error`` says why where it failed."""

    source: str
    result: PullResult[Refused] | None
    error: EarfulError | None
    rejects_file: Path | None = None

    def __str__(self) -> str:
        if self.result is None:
            return str(self.error)
        result = self.result
        told = (
            f"{result.added:,} new, {result.revised:,} edited, {result.deleted:,} deleted there,"
            f" {result.unchanged:,} already there; {result.coverage.state}"
        )
        if result.coverage.detail:
            told += f": {result.coverage.detail}"
        if self.rejects_file:
            told += f"\n{len(result.refused):,} set aside with the reason in {self.rejects_file}"
        return told


def pull_sources(
    project: Project,
    names: list[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    backfill: bool = False,
    on_progress: Progress = _no_progress,
) -> list[PullOutcome]:
    """Pull the sources named, or all; one that fails does not stop the others.

    A ``backfill`` reads what lies before, window by window backwards, without ``since`` down to
    the platform's beginning (see ``ingest.backfill``); the live cursor stays as it is.
    """
    from ingest.backfill import backfill_source
    from ingest.pull import pull_source

    sources = _chosen_sources(project, names)
    door = project.door()
    outcomes = []
    with project.ledger(create=True) as ledger:
        for source in sources:
            try:
                if backfill:
                    result = backfill_source(
                        ledger,
                        partial(make_connector, project, source),
                        door.admit,
                        since=since or BEGINNING,
                        until=until,
                        limit=limit,
                        on_progress=on_progress,
                    )
                else:
                    result = pull_source(
                        ledger,
                        make_connector(project, source, ledger.cursor(source.name)),
                        door.admit,
                        since=since,
                        until=until,
                        limit=limit,
                        on_progress=_increments(on_progress),
                    )
                outcomes.append(
                    PullOutcome(
                        source.name, result, None, _set_aside(project, source.name, result.refused)
                    )
                )
            except EarfulError as error:
                outcomes.append(PullOutcome(source.name, None, error))
        apply_retention(project, ledger)
    return outcomes


def _set_aside(project: Project, source: str, refused: Iterable[Refused]) -> Path | None:
    from ingest.files import Reject, write_rejects

    rejects = [Reject(0, refusal.reason, refusal.comment_uid) for refusal in refused]
    if not rejects:
        return None
    path = project.settings.root / "rejects" / f"{source}.csv"
    path.parent.mkdir(exist_ok=True)
    write_rejects(path, rejects)
    return path


def _increments(on_progress: Progress) -> Callable[[PullProgress], None]:
    """From the totals that the pull loop tells to the steps that a progress bar takes."""
    told = 0

    def advance(progress: PullProgress) -> None:
        nonlocal told
        on_progress(progress.read - told)
        told = progress.read

    return advance


def make_connector(project: Project, source: Source, cursor: dict[str, object] | None) -> Connector:
    """The connector of a source, found among the shipped, the project's and the installed ones."""
    from ingest.registry import discover

    found = discover([project.settings.root / "connectors"])
    return found.connector(source.connector)(source.name, source.options, cursor)


def _chosen_sources(project: Project, names: list[str]) -> list[Source]:
    by_name = {source.name: source for source in project.settings.source}
    if not by_name:
        raise ConfigurationError(
            "no source to pull",
            where=str(project.settings.root / "earful.toml"),
            next_step="Add a [[source]], as the comments in the file show; "
            "files come in with 'earful import'.",
        )
    for name in names:
        if name not in by_name:
            raise ConfigurationError(
                f"there is no source {name!r} in earful.toml",
                next_step=did_you_mean(name, by_name),
            )
    return [by_name[name] for name in names] if names else list(by_name.values())


def _days_by_terms(project: Project) -> dict[str, int]:
    """Source -> days, where a platform's terms let a copy be kept for so long only."""
    from ingest.registry import discover

    found = discover([project.settings.root / "connectors"]).found
    days = {}
    for source in project.settings.source:
        if source.connector in found:
            told = getattr(found[source.connector].connector, "retention_days", None)
            if told is not None:
                days[source.name] = told
    return days


def apply_retention(project: Project, ledger: Ledger) -> int:
    """Erase what is kept no longer, by the settings or a platform's terms; tells how many went."""
    rules = project.settings.retention
    now = datetime.now(UTC)
    kept = _days_by_terms(project)
    for source, days in rules.sources.items():
        kept[source] = min(days, kept.get(source, days))
    days_of: list[tuple[str | None, int]] = [*kept.items()]
    if rules.comments_days is not None:
        days_of.append((None, rules.comments_days))
    if not days_of and rules.raw_days is None:
        return 0
    with ledger.transaction():
        if rules.raw_days is not None:
            ledger.drop_raw(now - timedelta(days=rules.raw_days))
        erased = sum(
            len(ledger.erase_older(source, now - timedelta(days=days)).uids)
            for source, days in days_of
        )
    if erased:
        ledger.scrub()
        refresh_facts(project, ledger)
    return erased


# Tag


CURRENT, WAITING = "model_version", "waiting_version"
"""Of the ledger's notes: the model version whose tags count, and one that is not accepted yet."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """How many comments are marked as copies, and how many of the others as of a brigade."""

    copies: int
    brigades: int


@dataclass(frozen=True, slots=True)
class TagResult:
    """How many comments were read, by which model, and how many copies are known now.

    ``waiting`` tells that the tags of this version do not count yet beside those of another, and
    ``moves`` what would move if they did, where everything was read for that.
    """

    model_version: str
    tagged: int
    unread: int
    asks: int
    set_aside: SetAside
    waiting: bool = False
    moves: Moves | None = None
    languages: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        unread = f", {self.unread:,} in languages that are not served" if self.unread else ""
        waiting = ""
        if self.waiting and self.moves is None:
            waiting = "\nWhat it says of older comments waits to be accepted: earful tag --all"
        aside = f"{self.set_aside.copies:,} copies"
        if self.set_aside.brigades:
            aside += f" and {self.set_aside.brigades:,} comments of brigades"
        return (
            f"{self.tagged:,} comments tagged by {self.model_version}: {self.asks:,} asks{unread};"
            f" {aside} in the ledger{languages_told(self.languages)}{waiting}"
        )


def tagger_loading(project: Project, *, heads: bool = True) -> Callable[[], Tagger]:
    """What loads the tagger of the project's settings, with the ``heads`` that are in use; it can
    be given to worker processes."""
    from classify.heads_folder import HeadsFolder
    from classify.products import Products
    from classify.tagger import Tagger

    settings = project.settings
    categories = (
        settings.root / settings.classify.categories if settings.classify.categories else None
    )
    products = Products(
        (product for brand in settings.brand for product in brand.products),
        (name for brand in settings.brand for name in (*brand.names, *brand.misspellings)),
    )
    return partial(
        Tagger.load,
        categories,
        settings.classify.spacy_pipeline,
        products=products,
        heads=HeadsFolder(settings.heads_path).load() if heads else None,
    )


def tag_ledger(
    project: Project,
    *,
    everything: bool = False,
    since: datetime | None = None,
    on_progress: Progress = _no_progress,
    beside: bool = False,
    preview: bool = False,
) -> TagResult:
    """Read what this model has not read yet (or ``everything`` anew), then renew the facts.

    Where ``everything`` is read by another version than the one whose tags count, ``beside`` keeps
    the old tags in force, and the result tells what would move; ``accept_tags`` goes over to the
    new ones. Without it they count at once. A ``preview`` reads nothing anew that the version has
    read already.
    """
    load = tagger_loading(project)
    tagger = load()
    tagged = unread = asks = 0
    languages: Counter[str] = Counter()
    with project.ledger() as ledger:
        current = ledger.get_meta(CURRENT)
        beside = beside and everything and current not in (None, tagger.model_version)
        waiting = beside or ledger.get_meta(WAITING) == tagger.model_version
        if everything and not beside and not preview:
            with ledger.transaction():
                ledger.drop_tags(tagger.model_version, since)
        if not waiting and current != tagger.model_version:
            _make_current(ledger, tagger.model_version)
        batches = ledger.untagged(tagger.model_version, since, BATCH)
        for tags in tag_batches(batches, load):
            with ledger.transaction():
                ledger.save_tags(tags)
            tagged += tags.num_rows
            read = tags.column("read").to_pylist()
            unread += read.count(False)
            languages.update(
                lang for lang, own in zip(tags.column("lang").to_pylist(), read, strict=True) if own
            )
            asks += sum(len(of_one) for of_one in tags.column("asks").to_pylist())
            on_progress(tags.num_rows)
        encode_corrections(ledger, tagger)
        set_aside = mark_who_counts(ledger)
        if beside:
            with ledger.transaction():
                ledger.set_meta(WAITING, tagger.model_version)
        refresh_facts(project, ledger)
        moves = what_would_move(project, ledger, tagger.model_version) if beside else None
    return TagResult(
        tagger.model_version, tagged, unread, asks, set_aside, waiting, moves, languages
    )


def accept_tags(project: Project, version: str) -> None:
    """From now on the tags of a model version count, which were read beside those of another."""
    with project.ledger() as ledger:
        _make_current(ledger, version)
        refresh_facts(project, ledger)


def _make_current(ledger: Ledger, version: str) -> None:
    with ledger.transaction():
        ledger.set_meta(CURRENT, version)
        ledger.set_meta(WAITING, "")


def what_would_move(project: Project, ledger: Ledger, version: str) -> Moves:
    """What the reports would say otherwise if the tags of ``version`` counted."""
    from earful.curating import applied_taxonomy
    from reports.rollups import Window
    from reports.signals import demand_signals

    settings = project.settings
    memory = ledger.signal_memory()
    applied = applied_taxonomy(ledger, memory)
    signals = partial(demand_signals, memory=memory, ruling=applied.ruling if applied else None)
    threshold = settings.classify.spam_threshold
    before = refresh_facts(project, ledger)
    # Named like a folder of facts, so that the next build clears away what a killed run left.
    aside = settings.facts_path / f"facts-of-{os.getpid()}"
    try:
        after = build_facts(ledger, aside, threshold, version)
        return compare_facts(
            before,
            after,
            signals(before, Window(), settings).signals,
            signals(after, Window(), settings).signals,
        )
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def encode_corrections(ledger: Ledger, tagger: Tagger) -> None:
    """Vectors for the asks of people's corrections, where this tagger's encoder made none yet."""
    for number, items, quotes in ledger.unencoded_corrections(tagger.vector_version):
        vectors = tagger.ask_vectors(items, quotes).tolist()
        with ledger.transaction():
            ledger.encode_correction(number, vectors, tagger.vector_version)


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


# Report


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What was found, and the files that tell it.

    ``notes`` tell what became of signals that were known, and whether the taxonomy's file waits.
    """

    demand: Demand
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def brief(self) -> Path | None:
        """The page for executives, where it was among the formats."""
        return next((path for path in self.files if path.suffix == ".html"), None)


def make_report(
    project: Project,
    *,
    out: Path | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sources: list[str] | None = None,
    formats: list[str] | None = None,
    rung: str = "people",
) -> ReportResult:
    """Roll the facts up into demand signals and write the reports into ``out``.

    ``rung`` is where on the ladder is counted, one of ``reports.rollups.RUNGS``.
    """
    from classify.accuracy import measured_accuracy
    from earful.curating import applied_taxonomy, unapplied
    from earful.sampling import project_counts
    from reports.report import write_reports
    from reports.rollups import Window
    from reports.signals import demand_signals

    settings = project.settings
    window = Window(since, until, tuple(sources) if sources else None)
    with project.ledger() as ledger:
        require_known_sources(ledger, sources or [])
        facts = tagged_facts(project, ledger)
        coverage = ledger.coverage()
        counts = project_counts(ledger, settings.classify.spam_threshold)
        stored = False
        while not stored:  # again where another report has just stored what it learned
            memory = ledger.signal_memory()
            applied = applied_taxonomy(ledger, memory)
            ruling = applied.ruling if applied else None
            demand = demand_signals(
                facts,
                window,
                settings,
                coverage,
                rung=rung,
                memory=memory,
                ruling=ruling,
                # what is estimated are people
                counts=counts if rung == "people" else None,
            )
            # where comments count as people, who makes up a signal is another question
            stored = rung != "people" or ledger.remember_signals(
                demand.learned, demand.generated_at
            )
    files = write_reports(demand, out or settings.root / "out", formats, measured_accuracy())
    notes = [*map(str, demand.changes), *(ruling.waiting if ruling else ())]
    if unapplied(project, applied):
        notes.append("taxonomy.toml says something else than what holds: earful taxonomy diff")
    return ReportResult(demand, tuple(files), tuple(notes))


def require_known_sources(ledger: Ledger, names: Sequence[str]) -> None:
    """Raise ``ConfigurationError`` where no comment comes from one of these sources."""
    known = ledger.sources()
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"no comment comes from a source {name!r}", next_step=did_you_mean(name, known)
            )


# Demo


def run_demo(folder: Path, say: Callable[[str], None]) -> ReportResult:
    """Import, tag and report the made-up feed in a project of its own; ``say`` tells the steps."""
    from earful.demo import FEED, demo_path
    from ingest.files import read_comments

    project = open_demo(folder, demo_path("earful.toml"))
    for file in FEED:
        path = demo_path(file.name)
        reading = read_comments(
            path, source=file.source, solicited=file.solicited, secret=project.keyring.row_key
        )
        result = import_file(project, reading, path=path, source=file.source)
        say(f"{file.name}: {result.rows:,} rows, {result.counted.added:,} new")
    say(str(tag_ledger(project)))
    return make_report(project)
