"""The examination behind ``earful doctor``: what is installed, reachable, stale or shadowed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from earful.errors import EarfulError
from earful.facts import open_facts
from earful.project import Project
from earful.settings import find_root
from earful.store import Ledger

STAGES = ("ingest", "classify", "reports")
LIBRARIES = ("pandas", "scikit-learn", "spacy", "praw", "duckdb", "ibis-framework", "pyarrow")


State = Literal["well", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``next_step`` says what to do where it is not well."""

    state: State
    what: str
    detail: str
    next_step: str = ""


def examine(start: Path | None) -> list[Finding]:
    """Look at the installation and, where there is one, at the project at or above ``start``."""
    findings = [*_installation(), *_shadowed(), *_model()]
    try:
        project = Project.open(start)
    except EarfulError as error:
        state: State = "wrong" if _in_a_project(start) else "note"
        return [*findings, Finding(state, "project", str(error), error.next_step)]
    findings.append(Finding("well", "project", str(project.settings.root)))
    findings += [*_connectors(project), *_hooks(project)]
    try:
        with project.ledger() as ledger:
            findings += [*_ledger(ledger), *_sources(ledger), *_taught(project, ledger)]
            findings += _facts(project, ledger)
    except EarfulError as error:
        state = "wrong" if project.settings.ledger_path.exists() else "note"
        findings.append(Finding(state, "ledger", error.message, error.next_step))
    return findings


def _in_a_project(start: Path | None) -> bool:
    try:
        find_root(start)
    except EarfulError:
        return False
    return True


def _installation() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("well", "earful", f"{version('earful')} on Python {python}")
    for library in LIBRARIES:
        try:
            yield Finding("well", library, version(library))
        except PackageNotFoundError:
            yield Finding("wrong", library, "not installed", "Install anew: pip install earful")


def _shadowed() -> Iterator[Finding]:
    """The stages have common names: another package may stand before ours on the path."""
    home = Path(__file__).resolve().parents[1]
    for stage in STAGES:
        spec = importlib.util.find_spec(stage)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parents[1] != home:
            yield Finding(
                "wrong",
                stage,
                f"is shadowed: Python finds {origin or 'nothing'}",
                "Install earful in an environment of its own, and run it from a folder that "
                f"holds no {stage}.py or {stage}/.",
            )
        else:
            yield Finding("well", stage, str(origin.parent))


def _model() -> Iterator[Finding]:
    from classify.tagger import Tagger

    try:
        yield Finding("well", "model", Tagger.load().model_version)
    except EarfulError as error:
        yield Finding("wrong", "model", error.message, error.next_step)


def _connectors(project: Project) -> Iterator[Finding]:
    from earful.pipeline import connectors_of, make_connector

    registry = connectors_of(project)
    for source in project.settings.source:
        try:
            make_connector(registry, source, None)
            yield Finding("well", f"source {source.name}", f"{source.connector}, ready")
        except EarfulError as error:
            yield Finding("wrong", f"source {source.name}", error.message, error.next_step)


def _hooks(project: Project) -> Iterator[Finding]:
    """Who pushes to us, and whether deliveries wait or were set aside."""
    from earful.listening import hooks_of, open_spool

    if not project.settings.hook:
        return
    try:
        for name, hook in hooks_of(project).items():
            yield Finding("well", f"hook {name}", f"{hook.row.name}, ready")
        if not project.settings.spool_path.exists():
            return
        with open_spool(project) as spool:
            counts = spool.counts()
    except EarfulError as error:
        yield Finding("wrong", "hooks", str(error), error.next_step)
        return
    told = f"{counts['waiting']:,} waiting, {counts['aside']:,} set aside"
    if counts["aside"]:
        yield Finding("note", "deliveries", told, "See why: earful deliveries")
    else:
        yield Finding("well", "deliveries", told)


def _ledger(ledger: Ledger) -> Iterator[Finding]:
    broken = ledger.check()
    for finding in broken:
        yield Finding("wrong", "ledger", finding, "Restore the last backup, or ask for help.")
    if not broken:
        size = ledger.path.stat().st_size / 1e6
        yield Finding("well", "ledger", f"{ledger.count_comments():,} comments, {size:,.1f} MB")


def _sources(ledger: Ledger) -> Iterator[Finding]:
    last = {window.source: window for window in ledger.coverage()}
    for source, count in ledger.sources().items():
        window = last.get(source)
        if window is None:
            yield Finding("note", f"source {source}", f"{count:,} comments, never closed a pull")
            continue
        until = f"until {window.until:%Y-%m-%d}" if window.until else "undated"
        stale = window.state in ("failed", "capped")
        yield Finding(
            "note" if stale else "well",
            f"source {source}",
            f"{count:,} comments, {until}, {window.state}",
            window.detail if stale else "",
        )


def _taught(project: Project, ledger: Ledger) -> Iterator[Finding]:
    """People's corrections, and what was learned from them."""
    from classify.heads_folder import HeadsFolder
    from classify.shipped import read_artifact

    corrected = ledger.count_corrections()
    if corrected.in_force or corrected.outdated:
        outdated = f", {corrected.outdated:,} of words since edited" if corrected.outdated else ""
        people = "1 person" if corrected.people == 1 else f"{corrected.people:,} people"
        detail = f"of {corrected.in_force:,} comments, by {people}{outdated}"
        yield Finding("well", "corrections", detail)
    try:
        heads = HeadsFolder(project.settings.heads_path).load()
        if heads is not None:
            heads.check(read_artifact().version)
            yield Finding("well", "heads", f"{heads.version}: {', '.join(heads.learned)}")
    except EarfulError as error:
        yield Finding("wrong", "heads", error.message, error.next_step)


def _facts(project: Project, ledger: Ledger) -> Iterator[Finding]:
    from earful.pipeline import CURRENT, WAITING

    waiting = ledger.get_meta(WAITING)
    if waiting:
        yield Finding(
            "note",
            "tags",
            f"those of {waiting} wait to be accepted",
            "See what would move: earful tag --all --preview; accept: earful tag --all --yes",
        )
    untagged = ledger.count_untagged(waiting or ledger.get_meta(CURRENT) or "")
    if untagged:
        yield Finding("note", "tags", f"{untagged:,} comments are not tagged", "Run: earful tag")
    try:
        manifest = open_facts(project.settings.facts_path).manifest
    except EarfulError as error:
        yield Finding("note", "facts", error.message, error.next_step)
        return
    age = datetime.now(UTC) - datetime.fromisoformat(manifest.built_at)
    fresh = manifest.ledger_changes == ledger.changes()
    yield Finding(
        "well" if fresh else "note",
        "facts",
        f"{manifest.comments:,} comments, {manifest.asks:,} asks, {age.days} days old"
        + ("" if fresh else ", older than the ledger"),
        "" if fresh else "The next report builds them anew.",
    )
