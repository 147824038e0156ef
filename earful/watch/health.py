"""Whether the watch is well, and if not, why: the answer of ``/healthz``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from earful.settings import Watch
from earful.watch.status import Snapshot, SourceStatus


def reasons(seen: Snapshot, settings: Watch) -> list[str]:
    """What is wrong, in sentences; empty where all is well."""
    found = []
    for source in seen.sources:
        silent_for = (seen.now - (source.last_success or source.since)).total_seconds()
        if silent_for > settings.stale_after + settings.waits(source.name)[1]:
            why = f": {source.reason}" if source.reason else ""
            found.append(f"{source.name}: no pull has succeeded for {silent_for:,.0f} s{why}")
        elif source.failures >= settings.failures:
            found.append(f"{source.name}: {source.failures} pulls have failed: {source.reason}")
    behind = seen.tags.behind(seen.now)
    if behind > settings.lag_after:
        why = f": {seen.tags.reason}" if seen.tags.reason else ""
        found.append(f"tags: {seen.tags.untagged:,} comments wait, {behind:,.0f} s behind{why}")
    return found


def health(seen: Snapshot, settings: Watch) -> dict[str, Any]:
    """The whole answer: status ("well" or "unwell"), the reasons, and how each part does."""
    found = reasons(seen, settings)
    return {
        "status": "unwell" if found else "well",
        "reasons": found,
        "sources": {source.name: _told(source) for source in seen.sources},
        "tags": {
            "model_version": seen.tags.model_version,
            "untagged": seen.tags.untagged,
            "seconds_behind": round(seen.tags.behind(seen.now), 1),
            "skipped": seen.tags.skipped,
            "skip_reason": seen.tags.skip_reason,
        },
        "last_report": _iso(seen.last_report),
        "alerts": [" ".join(filter(None, key)) for key in seen.open_alerts],
    }


def _told(source: SourceStatus) -> dict[str, Any]:
    return {
        "state": source.state,
        "last_success": _iso(source.last_success),
        "next_pull": _iso(source.next_pull),
        "failures": source.failures,
        "reason": source.reason,
        "coverage": source.coverage,
        "detail": source.detail,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
