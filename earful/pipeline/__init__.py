"""The only wiring: how a comment travels from a source to a page.

Stages know the hall and not one another; here they meet, a module per step: ``importing`` and
``pulling`` bring comments in, ``tagging`` reads them, ``versions`` says whose tags count,
``current_facts`` follows the ledger, ``retention`` clears it, ``reporting`` tells what people ask
for, and ``demo`` does it all. Every step can be stopped at any moment and run again: batches are
stored whole, and what is there already is not stored twice.
"""

from earful.pipeline.batches import Progress
from earful.pipeline.connectors import connectors_of, make_connector
from earful.pipeline.current_facts import SetAside, mark_who_counts, refresh_facts, tagged_facts
from earful.pipeline.demo import run_demo
from earful.pipeline.importing import ImportResult, import_file
from earful.pipeline.pulling import PullOutcome, pull_sources, set_aside
from earful.pipeline.reporting import ReportResult, make_report, require_known_sources
from earful.pipeline.retention import apply_retention
from earful.pipeline.tagging import TagResult, encode_corrections, tag_ledger, tagger_loading
from earful.pipeline.versions import (
    CURRENT,
    WAITING,
    accept_tags,
    make_current,
    what_would_move,
)

__all__ = [
    "CURRENT",
    "WAITING",
    "ImportResult",
    "Progress",
    "PullOutcome",
    "ReportResult",
    "SetAside",
    "TagResult",
    "accept_tags",
    "apply_retention",
    "connectors_of",
    "encode_corrections",
    "import_file",
    "make_connector",
    "make_current",
    "make_report",
    "mark_who_counts",
    "pull_sources",
    "refresh_facts",
    "require_known_sources",
    "run_demo",
    "set_aside",
    "tag_ledger",
    "tagged_facts",
    "tagger_loading",
    "what_would_move",
]
