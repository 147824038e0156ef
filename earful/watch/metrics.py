"""The state of the watch as Prometheus reads it (text format 0.0.4).

Written by hand: the numbers are counted already (``status``), the format is a name, labels and a
number a line, and so the base install can be scraped without one more dependency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

from earful.watch.status import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OUTCOMES = ("succeeded", "failed")
Sample = tuple[dict[str, str], float]


def exposition(seen: Snapshot) -> str:
    """One page of metrics; all names begin with ``earful_`` but those of the process itself."""
    return "".join(line for family in _families(seen) for line in family)


def _families(seen: Snapshot) -> Iterator[Iterator[str]]:
    sources = seen.sources
    yield _family(
        "earful_pulls_total",
        "counter",
        "Pulls that have ended, by outcome.",
        [({"source": s.name, "outcome": o}, s.pulls[o]) for s in sources for o in OUTCOMES],
    )
    yield _family(
        "earful_pull_seconds_total",
        "counter",
        "Seconds spent in pulls.",
        [({"source": s.name}, s.pull_seconds) for s in sources],
    )
    yield _family(
        "earful_comments_total",
        "counter",
        "Comments pulled, by what became of them.",
        [({"source": s.name, "became": b}, n) for s in sources for b, n in s.comments.items()],
    )
    yield _family(
        "earful_pull_failures",
        "gauge",
        "Pulls that failed since the last that succeeded.",
        [({"source": s.name}, s.failures) for s in sources],
    )
    yield _family(
        "earful_last_success_timestamp_seconds",
        "gauge",
        "When a pull last succeeded.",
        [({"source": s.name}, s.last_success.timestamp()) for s in sources if s.last_success],
    )
    yield _family(
        "earful_next_pull_timestamp_seconds",
        "gauge",
        "When the next pull is due.",
        [({"source": s.name}, s.next_pull.timestamp()) for s in sources if s.next_pull],
    )
    yield _family(
        "earful_held_back",
        "gauge",
        "1 while a pull waits for tagging to catch up.",
        [({"source": s.name}, s.state == "held back") for s in sources],
    )
    tags = seen.tags
    yield _single("earful_tagged_total", "counter", "Comments tagged.", tags.tagged)
    yield _single(
        "earful_skipped_total", "counter", "Comments that could not be read.", tags.skipped
    )
    yield _single("earful_untagged", "gauge", "Comments that wait to be tagged.", tags.untagged)
    yield _single(
        "earful_tag_lag_seconds", "gauge", "How far tagging is behind.", tags.behind(seen.now)
    )
    yield _family(
        "earful_reports_total",
        "counter",
        "Reports, by outcome.",
        [({"outcome": outcome}, seen.reports[outcome]) for outcome in OUTCOMES],
    )
    yield _moment(
        "earful_last_report_timestamp_seconds", "When a report was last made.", seen.last_report
    )
    yield _family(
        "earful_alert_open",
        "gauge",
        "1 for every alert that has not recovered.",
        [({"kind": kind, "source": source}, 1) for kind, source in seen.open_alerts],
    )
    yield _moment("process_start_time_seconds", "When the watch was started.", seen.since)
    if seen.memory_bytes is not None:
        told = "Memory of the process in use."
        yield _single("process_resident_memory_bytes", "gauge", told, seen.memory_bytes)
    if seen.readers_bytes is not None:
        told = "Memory in use of the processes that read comments."
        yield _single("earful_readers_memory_bytes", "gauge", told, seen.readers_bytes)


def _single(
    name: str, kind: Literal["counter", "gauge"], about: str, value: float
) -> Iterator[str]:
    return _family(name, kind, about, [({}, value)])


def _moment(name: str, about: str, moment: datetime | None) -> Iterator[str]:
    return _family(name, "gauge", about, [] if moment is None else [({}, moment.timestamp())])


def _family(
    name: str, kind: Literal["counter", "gauge"], about: str, samples: Iterable[Sample]
) -> Iterator[str]:
    yield f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        inner = ",".join(f'{label}="{_escaped(told)}"' for label, told in labels.items())
        yield f"{name}{{{inner}}} {float(value)!r}\n" if inner else f"{name} {float(value)!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
