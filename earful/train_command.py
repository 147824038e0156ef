"""What ``earful train`` does and shows: learning from corrections, going back, training anew."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from earful.errors import ConfigurationError
from earful.project import Project
from earful.teaching import Lesson

NEEDED = ("torch", "transformers")


def train_from_corrections(project: Project, without: Sequence[str], console: Console) -> bool:
    """Learn, show before and after, and say what is in use now; False where it was refused."""
    from earful.teaching import learn_from_corrections

    lesson = learn_from_corrections(
        project, without=without, say=lambda line: console.print(f"{line} ...")
    )
    show_lesson(console, lesson)
    return lesson.switched is not None


def show_lesson(console: Console, lesson: Lesson) -> None:
    """Before and after, per category and sentiment, and what came of it."""
    comparison = lesson.comparison
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    headings = ("", "of", "holds", "F1", "after", "right", "after", "mended", "broken", "")
    for at, heading in enumerate(headings):
        right = 0 < at < len(headings) - 1
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for change in comparison.changes:
        table.add_row(
            change.label,
            f"{change.comments:,}",
            f"{change.holding:,}",
            f"{change.before.f1:.3f}",
            f"{change.after.f1:.3f}",
            f"{change.before.accuracy:.3f}",
            f"{change.after.accuracy:.3f}",
            f"{change.mended:,}",
            f"{change.broken:,}",
            "worse" if change.worse else "learned" if change.useful else "",
        )
    console.print(table)
    others = f"; {lesson.left_out:,} in other languages left out" if lesson.left_out else ""
    console.print(
        f"Measured on {comparison.corrections:,} corrections in English by {comparison.folds}-fold"
        f" cross-validation: each is read by heads that did not learn from it{others}."
        f" Before: {lesson.compared_with}.",
        soft_wrap=True,
    )
    for change in comparison.changes:
        if change.harmful:
            console.print(
                f"{change.label} is left to the shipped model: what was learned mends"
                f" {change.tried[0]:,} and breaks {change.tried[1]:,}.",
                soft_wrap=True,
            )
    if lesson.switched is not None:
        console.print(
            f"In use now: {lesson.switched.version}\nNext: earful tag --all shows which signals"
            " would move, and asks. Back: earful train --rollback",
            soft_wrap=True,
        )
        return
    told = "nothing got better"
    if comparison.worse:
        told = f"worse at {', '.join(comparison.worse)}"
    elif comparison.harmful:
        told = f"{told}, and it got worse at {', '.join(comparison.harmful)}"
    console.print(
        f"Not switched: {told}. What was in use stays in use: {lesson.compared_with}."
        " More corrections may help.",
        soft_wrap=True,
    )


def roll_back(project: Project, console: Console) -> None:
    """Use what was in use before, and say so."""
    from earful.teaching import roll_back as go_back

    left, now = go_back(project)
    console.print(
        f"In use now: {now}, no longer {left}.\nTags stay as they are until: earful tag --all",
        soft_wrap=True,
    )


def list_heads(project: Project, console: Console) -> None:
    """Every version that was learned, and which one is in use."""
    from classify.heads_folder import HeadsFolder

    folder = HeadsFolder(project.settings.heads_path)
    records, in_use = folder.records(), folder.in_use()
    if not records:
        console.print("Nothing was learned yet. Learn with: earful train --from corrections")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "version", "learned on", "corrections", "has learned", "for the model"):
        table.add_column(heading, overflow="fold")
    for record in records:
        table.add_row(
            "in use" if in_use is not None and in_use.version == record.version else "",
            record.version,
            record.made_at[:16].replace("T", " "),
            f"{record.corrections:,}",
            ", ".join(record.learned),
            record.base,
        )
    console.print(table)
    if in_use is None:
        console.print("None is in use: the model reads as it was shipped.")


def train_models(data: Path, base: Path | None, work: Path | None, output: Path | None) -> None:
    """Train the shipped models anew. Raises ``ConfigurationError`` where the extra is missing."""
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise ConfigurationError(
                f"training the models needs {package}, which is not installed",
                where="earful train --data",
                next_step="Install the extra for it: pip install 'earful[train]'",
            )
    from classify.training.__main__ import main

    given = {"--data": data, "--base": base, "--work": work, "--output": output}
    status = main([part for name, path in given.items() if path for part in (name, str(path))])
    if status:
        raise typer.Exit(status)
