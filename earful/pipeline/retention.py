"""What is kept no longer, by the settings or by a platform's terms, leaves the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from earful.listening import days_by_terms as hook_days
from earful.pipeline.connectors import connectors_of
from earful.pipeline.current_facts import refresh_facts
from earful.project import Project
from earful.store import Ledger


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


def _days_by_terms(project: Project) -> dict[str, int]:
    """Source -> days, where a platform's terms let a copy be kept for so long only."""
    found = connectors_of(project).found
    days = hook_days(project)
    for source in project.settings.source:
        if source.connector in found:
            told = getattr(found[source.connector].connector, "retention_days", None)
            if told is not None:
                days[source.name] = told
    return days
