"""Sources into the ledger: what is new there, what was edited, what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from earful.errors import ConfigurationError, EarfulError, did_you_mean
from earful.pipeline.batches import Progress, no_progress
from earful.pipeline.connectors import connectors_of, make_connector
from earful.pipeline.retention import apply_retention
from earful.project import Project
from earful.settings import Source

if TYPE_CHECKING:
    from ingest.door import Refused
    from ingest.pull import Progress as PullProgress
    from ingest.pull import PullResult

# Before any platform that people write on.
BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)


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
    on_progress: Progress = no_progress,
) -> list[PullOutcome]:
    """Pull the sources named, or all; one that fails does not stop the others.

    A ``backfill`` reads what lies before, window by window backwards, without ``since`` down to
    the platform's beginning (see ``ingest.backfill``); the live cursor stays as it is.
    """
    from ingest.backfill import backfill_source
    from ingest.pull import pull_source

    sources = _chosen_sources(project, names)
    registry = connectors_of(project)
    door = project.door()
    outcomes = []
    with project.ledger(create=True) as ledger:
        for source in sources:
            try:
                if backfill:
                    result = backfill_source(
                        ledger,
                        partial(make_connector, registry, source),
                        door.admit,
                        since=since or BEGINNING,
                        until=until,
                        limit=limit,
                        on_progress=on_progress,
                    )
                else:
                    result = pull_source(
                        ledger,
                        make_connector(registry, source, ledger.cursor(source.name)),
                        door.admit,
                        since=since,
                        until=until,
                        limit=limit,
                        on_progress=_increments(on_progress),
                    )
                outcomes.append(
                    PullOutcome(
                        source.name, result, None, set_aside(project, result.refused, source.name)
                    )
                )
            except EarfulError as error:
                outcomes.append(PullOutcome(source.name, None, error))
        apply_retention(project, ledger)
    return outcomes


def set_aside(
    project: Project, refused: Iterable[Refused], name: str, *, append: bool = False
) -> Path | None:
    """Write what the door refused into ``rejects/``; the file, None where nothing was refused."""
    from ingest.files import Reject, write_rejects

    path = project.settings.root / "rejects" / f"{name}.csv"
    rejects = [Reject(0, refusal.reason, refusal.comment_uid) for refusal in refused]
    if not rejects:
        return None
    path.parent.mkdir(exist_ok=True)
    write_rejects(path, rejects, append=append)
    return path


def _increments(on_progress: Progress) -> Callable[[PullProgress], None]:
    """From the totals that the pull loop tells to the steps that a progress bar takes."""
    told = 0

    def advance(progress: PullProgress) -> None:
        nonlocal told
        on_progress(progress.read - told)
        told = progress.read

    return advance


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
