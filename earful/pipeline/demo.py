"""The whole trip, on the feed that ships with earful."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from earful.pipeline.importing import import_file
from earful.pipeline.reporting import ReportResult, make_report
from earful.pipeline.tagging import tag_ledger
from earful.project import open_demo


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
