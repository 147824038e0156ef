"""The facts rolled up into demand signals, remembered, and written as reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from earful.errors import ConfigurationError, did_you_mean
from earful.pipeline.current_facts import tagged_facts
from earful.project import Project
from earful.store import Ledger

if TYPE_CHECKING:
    from reports.demand import Demand


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

    ``rung`` is where on the ladder is counted, one of ``reports.fact_tables.RUNGS``.
    """
    from classify.accuracy import measured_accuracy
    from earful.curating import applied_taxonomy, unapplied
    from earful.sampling import project_counts
    from reports.fact_tables import Window
    from reports.report import write_reports
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
