"""Which model version's tags count, and what would move if those of another did."""

from __future__ import annotations

import os
import shutil
from functools import partial

from earful.facts import build_facts
from earful.moves import Moves, compare_facts
from earful.pipeline.current_facts import refresh_facts
from earful.project import Project
from earful.store import Ledger

CURRENT, WAITING = "model_version", "waiting_version"
"""Of the ledger's notes: the model version whose tags count, and one that is not accepted yet."""


def accept_tags(project: Project, version: str) -> None:
    """From now on the tags of a model version count, which were read beside those of another."""
    with project.ledger() as ledger:
        make_current(ledger, version)
        refresh_facts(project, ledger)


def make_current(ledger: Ledger, version: str) -> None:
    """Note that the tags of this version count; none waits any more."""
    with ledger.transaction():
        ledger.set_meta(CURRENT, version)
        ledger.set_meta(WAITING, "")


def what_would_move(project: Project, ledger: Ledger, version: str) -> Moves:
    """What the reports would say otherwise if the tags of ``version`` counted."""
    from earful.curating import applied_taxonomy
    from reports.counted_signals import counted_signals
    from reports.fact_tables import Window

    settings = project.settings
    memory = ledger.signal_memory()
    applied = applied_taxonomy(ledger, memory)
    signals = partial(counted_signals, memory=memory, ruling=applied.ruling if applied else None)
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
