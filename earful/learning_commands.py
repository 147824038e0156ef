"""``earful label``, ``train`` and ``eval``: people correct, the model learns, both are measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from earful.console import ProjectOption, SourceOption, command_group, stdout
from earful.errors import ConfigurationError
from earful.progress import progress

app = command_group()


@app.command(epilog="Example: earful label --count 10 --by ann")
def label(
    uids: Annotated[
        list[str] | None,
        typer.Argument(metavar="UID...", help="Only these comments, also corrected ones."),
    ] = None,
    count: Annotated[int, typer.Option(help="How many comments.", min=1, max=1000)] = 25,
    by: Annotated[str | None, typer.Option(help="Who corrects. Default: your user name.")] = None,
    source: SourceOption = None,
    category: Annotated[
        str | None, typer.Option(help="Only what may be of this category, to teach it.")
    ] = None,
    for_estimates: Annotated[
        bool,
        typer.Option(
            "--for-estimates", help="What would narrow the estimates of people most; says the plan."
        ),
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Correct tags, key by key: what the model is least sure of and what weighs most."""
    from earful.labelling_terminal import label_in_terminal
    from earful.project import Project

    label_in_terminal(
        Project.open(project),
        uids=uids or [],
        count=count,
        by=by,
        sources=source or [],
        category=category,
        for_estimates=for_estimates,
    )


@app.command(epilog="Example: earful train --from corrections")
def train(
    from_: Annotated[
        str | None, typer.Option("--from", help="corrections: learn what people corrected.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave this category, or sentiment, as it is; may be given again."),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to what was in use before.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show what was learned so far.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="Train the shipped models anew from this folder.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(help="With --data: the folder of all-MiniLM-L6-v2.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="With --data: where the steps of a long build are kept.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="With --data: where the models go.")] = None,
    project: ProjectOption = None,
) -> None:
    """Learn from people's corrections, in seconds; or train the shipped models, over night."""
    from earful.train_command import list_heads, roll_back, train_from_corrections, train_models

    chosen = [bool(from_), rollback, list_, data is not None]
    if sum(chosen) != 1:
        raise ConfigurationError(
            "say what to train from: one of --from corrections, --rollback, --list, --data DIR",
            next_step="Example: earful train --from corrections",
        )
    if data is not None:
        train_models(data, base, work, output)
        return
    from earful.project import Project

    opened = Project.open(project)
    if list_:
        list_heads(opened, stdout)
    elif rollback:
        roll_back(opened, stdout)
    elif from_ == "corrections":
        if not train_from_corrections(opened, without or [], stdout):
            raise typer.Exit(1)
    else:
        raise ConfigurationError(
            f"{from_!r} is nothing to learn from", next_step="Write: --from corrections"
        )


@app.command(
    name="eval", epilog="Example: earful eval gold.jsonl --json eval.json --picture eval.png"
)
def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help="csv, jsonl, parquet, ... with uid, text, sentiment, categories (a list or a|b);"
            " asks, domain and lang where known."
        ),
    ],
    json_: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw them on one page here: .png.")
    ] = None,
) -> None:
    """Measure the tags on a labelled file: precision, recall, F1 and calibration per label."""
    from earful.evaluation_table import show_evaluation
    from earful.gold import evaluate_file

    for target, ending in ((json_, None), (picture, ".png")):
        if target:
            _check_target(target, ending)
    with progress("reading") as advance:
        measured = evaluate_file(file, on_progress=advance)
    record = measured.record()
    # Written before anything is shown: whoever reads our output may leave early (... | head).
    if json_:
        figures = json.dumps(record, indent=1, ensure_ascii=False)
        json_.write_text(figures + "\n", encoding="utf-8")
    if picture:
        from reports.accuracy_chart import accuracy_picture

        picture.write_bytes(accuracy_picture(record))
    show_evaluation(stdout, measured)
    for path in filter(None, (json_, picture)):
        stdout.print(str(path), soft_wrap=True)


def _check_target(path: Path, ending: str | None) -> None:
    """Raise before long work where its result could not be written."""
    if ending and path.suffix.lower() != ending:
        raise ConfigurationError(
            f"the picture is written as {ending}",
            where=str(path),
            next_step=f"Call it {path.with_suffix(ending).name}.",
        )
    if path.is_dir() or not path.parent.is_dir():
        raise ConfigurationError(
            "is a folder" if path.is_dir() else f"there is no folder {path.parent}",
            where=str(path),
            next_step="Name a file in a folder that is there.",
        )
