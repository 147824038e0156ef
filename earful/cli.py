"""The command line: one function per command, each a thin face on ``earful.pipeline``.

Exit codes: 0 done, 1 the run failed, 2 called wrongly. Heavy imports wait until a command needs
them, so that ``--help`` is quick.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from earful.errors import ConfigurationError, EarfulError
from earful.progress import progress, stderr
from earful.taxonomy_command import app as taxonomy_app

if TYPE_CHECKING:
    from earful.records import Estimate
    from earful.store import UpsertCount
    from reports.signals import Demand

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Hears what customers ask for: comments in, demand signals out, on your own machine.",
)
app.add_typer(taxonomy_app, name="taxonomy")
# File names and comments are shown as they are: brackets in them are no markup.
stdout = Console(highlight=False, markup=False)

DEBUG = "EARFUL_DEBUG"
EARLIEST_YEAR, LATEST_YEAR = 1970, 2200

ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        envvar="EARFUL_PROJECT",
        help="The project folder, or any folder inside it. Default: the working folder.",
    ),
]
SinceOption = Annotated[
    str | None, typer.Option(help="From this day on (2025-01-31), UTC, the day included.")
]
UntilOption = Annotated[
    str | None, typer.Option(help="Up to this day (2025-12-31), UTC, the day left out.")
]


def main() -> None:
    """The entry point of the ``earful`` command."""
    try:
        app()
    except EarfulError as error:
        stderr.print(f"earful: {error}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        stderr.print("Stopped. What was done is kept; the same command goes on from here.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (earful search ... | head): nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        stderr.print(f"earful: {where}{error.strerror or error}", soft_wrap=True)
        sys.exit(1)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        stderr.print(
            f"earful: this should not have happened: {type(error).__name__}: {error}\n"
            f"Nothing that was stored is lost. Run it again with {DEBUG}=1 to see where it failed,"
            " and report that.",
            soft_wrap=True,
        )
        sys.exit(1)


@app.command(epilog="Example: earful init shop && cd shop")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if missing.")] = Path(),
    name: Annotated[str | None, typer.Option(help="The project's name.")] = None,
) -> None:
    """Make a project folder: earful.toml with comments, and a key. Nothing is sent anywhere."""
    from earful.project import make_project

    made = make_project(folder, name)
    stdout.print(f"Made {made.settings_path}", soft_wrap=True)
    stdout.print(f"The project's key lies in {made.key_path}; keep a copy.", soft_wrap=True)
    stdout.print(
        "Next: name what is listened for in earful.toml, then: earful import FILE --source NAME",
        soft_wrap=True,
    )


@app.command(
    name="import",
    epilog="Example: earful import reviews.csv.gz --source shop --map text=body,created_at=when",
)
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="An export of a platform, or csv, tsv, json, jsonl, parquet, xlsx; plain, .gz,"
            " .zip or .zst."
        ),
    ],
    source: Annotated[str, typer.Option(help="What these comments are called in uids, reports.")],
    map_: Annotated[
        str | None,
        typer.Option(
            "--map", help="field=column,...; what is not named is guessed. See docs/importing.md."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The day '3 months ago' counts from. Default: the file's own date."),
    ] = None,
    solicited: Annotated[
        bool, typer.Option("--solicited", help="These people were asked: a survey.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="Read this many rows only.", min=1)] = None,
    export: Annotated[
        str | None,
        typer.Option(
            help="What the file is: reddit, slack, ... (docs/exports.md), or table."
            " Default: its content tells."
        ),
    ] = None,
    instance: Annotated[
        str | None, typer.Option(help="The workspace of an export of Slack, as in its address.")
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Bring files into the ledger. The same file twice adds nothing."""
    from earful.pipeline import import_file
    from earful.project import Project
    from earful.settings import check_source_name
    from ingest.files import parse_map, read_comments

    check_source_name(source)
    opened = Project.open(project)
    mapping = parse_map(map_) if map_ else None
    for path in files:
        reading = read_comments(
            path,
            source=source,
            export=export,
            instance=instance,
            mapping=mapping,
            as_of=_day(as_of, "--as-of"),
            solicited=solicited,
            limit=limit,
            secret=opened.keyring.row_key,
        )
        stdout.print(f"{path}:", soft_wrap=True)
        for line in reading.describe():
            stdout.print(f"  {line}", soft_wrap=True)
        with progress(f"reading {path.name}") as advance:
            result = import_file(opened, reading, path=path, source=source, on_progress=advance)
        shown = set(reading.describe())
        for note in (note for note in result.notes if note not in shown):
            stdout.print(f"  note: {note}", soft_wrap=True)
        if result.passed_over:
            stdout.print(
                f"  went on behind {result.passed_over:,} rows of an import that was stopped",
                soft_wrap=True,
            )
        stdout.print(f"  {_counts(result.rows, result.counted)}", soft_wrap=True)
        if result.rejects_file:
            stdout.print(
                f"  {result.rejected:,} rows set aside with the reason in {result.rejects_file}",
                soft_wrap=True,
            )


@app.command(epilog="Example: earful pull hn --since 2025-01-01")
def pull(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help="Default: all of them.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int | None, typer.Option(help="At most this many per source.", min=1)] = None,
    backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Fetch the past, backwards, with a cursor of its own."),
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Pull what is new from the sources of earful.toml, and follow edits and deletions."""
    from earful.pipeline import pull_sources
    from earful.project import Project

    opened = Project.open(project)
    failed = False
    with progress("pulling") as advance:
        outcomes = pull_sources(
            opened,
            sources or [],
            since=_day(since, "--since"),
            until=_day(until, "--until"),
            limit=limit,
            backfill=backfill,
            on_progress=advance,
        )
    for outcome in outcomes:
        failed = failed or outcome.error is not None
        stdout.print(f"{outcome.source}: {outcome}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)


@app.command(epilog="Example: earful tag --input reviews.csv --output tagged.jsonl")
def tag(
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Read every comment anew. With another model, show what would move, and ask.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: accept what moves.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="With --all: show what would move, keep the old tags.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Only comments that came in since this day (2025-01-31).")
    ] = None,
    input_: Annotated[
        Path | None,
        typer.Option(
            "--input", help="Tag this file (csv, jsonl, parquet, ...), no project needed."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where its tags go: .jsonl or .parquet.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="The file's column to read.")] = "text",
    id_column: Annotated[str, typer.Option(help="The file's column that names a row.")] = "id",
    project: ProjectOption = None,
) -> None:
    """Tag what is new, or was tagged by an older model; or tag a file, statelessly."""
    if (input_ is None) != (output is None):
        raise ConfigurationError(
            "--input and --output go together",
            next_step="Example: earful tag --input reviews.csv --output tagged.jsonl",
        )
    if input_ is not None and output is not None:
        from earful.tagging import tag_file

        with progress("tagging") as advance:
            file_result = tag_file(
                input_, output, text_column=text_column, id_column=id_column, on_progress=advance
            )
        stdout.print(f"{file_result}", soft_wrap=True)
        return
    if (yes or preview) and (not all_ or (yes and preview)):
        raise ConfigurationError(
            "--yes and --preview go with --all, one of them",
            next_step="Example: earful tag --all --preview",
        )
    from earful.acceptance import accepted
    from earful.pipeline import accept_tags, tag_ledger
    from earful.project import Project

    opened = Project.open(project)
    with progress("tagging") as advance:
        result = tag_ledger(
            opened,
            everything=all_,
            since=_day(since, "--since"),
            on_progress=advance,
            beside=True,
            preview=preview,
        )
    stdout.print(f"{result}", soft_wrap=True)
    if result.moves is not None and accepted(stdout, result.moves, yes=yes, preview=preview):
        accept_tags(opened, result.model_version)
        stdout.print("Accepted: the new tags count.")
    elif preview and result.moves is None:
        stdout.print("The model is the one whose tags count: nothing would move.")


@app.command(epilog="Example: earful report --since 2025-01-01 --source forum --format html,json")
def report(
    out: Annotated[Path | None, typer.Option(help="Default: out/ in the project folder.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source; may be given again.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="html,json,csv,xlsx,parquet or some of them; default: all."),
    ] = None,
    rung: Annotated[
        str,
        typer.Option(
            help="Where on the ladder to count: posts (all), copies (without them), spam (without"
            " that as well, adverts and brigades among it), people."
        ),
    ] = "people",
    project: ProjectOption = None,
) -> None:
    """Roll the tagged comments up into demand signals: out/brief.html, out/signals.*."""
    from earful.pipeline import make_report
    from earful.project import Project

    opened = Project.open(project)
    made = make_report(
        opened,
        out=out,
        since=_day(since, "--since"),
        until=_day(until, "--until"),
        sources=source or [],
        formats=[name.strip() for name in format_.split(",")] if format_ is not None else None,
        rung=rung,
    )
    _show_signals(made.demand, 10)
    _show_notes(made.notes)
    for path in made.files:
        stdout.print(str(path), soft_wrap=True)


@app.command(epilog="Example: earful run")
def run(project: ProjectOption = None) -> None:
    """Pull all sources, tag what is new, write the reports."""
    from earful.pipeline import make_report, pull_sources, tag_ledger
    from earful.project import Project

    opened = Project.open(project)
    with progress("pulling") as advance:
        outcomes = pull_sources(opened, [], on_progress=advance)
    for outcome in outcomes:
        stdout.print(f"{outcome.source}: {outcome}", soft_wrap=True)
    with progress("tagging") as advance:
        stdout.print(f"{tag_ledger(opened, on_progress=advance)}", soft_wrap=True)
    made = make_report(opened)
    _show_signals(made.demand, 10)
    _show_notes(made.notes)
    for path in made.files:
        stdout.print(str(path), soft_wrap=True)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


@app.command(epilog="Example: earful search 'all day' breakfast")
def search(
    words: Annotated[list[str], typer.Argument(help="All must occur; word* for beginnings.")],
    limit: Annotated[int, typer.Option(help="At most this many.", min=1, max=10_000)] = 20,
    project: ProjectOption = None,
) -> None:
    """Find comments by their words."""
    from earful.project import Project

    opened = Project.open(project)
    with opened.ledger() as ledger:
        hits = ledger.search(" ".join(f'"{w}"' if " " in w else w for w in words), limit)
    for hit in hits:
        day = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date"
        stdout.print(f"{hit.uid}  {day}  {hit.url or ''}", soft_wrap=True)
        stdout.print(f"    {' '.join(hit.snippet.split())}", soft_wrap=True)
    if not hits:
        stdout.print("Nothing found. A beginning can be searched with a star: breakf*")


@app.command(epilog="Example: earful label --count 10 --by ann")
def label(
    uids: Annotated[
        list[str] | None,
        typer.Argument(metavar="UID...", help="Only these comments, also corrected ones."),
    ] = None,
    count: Annotated[int, typer.Option(help="How many comments.", min=1, max=1000)] = 25,
    by: Annotated[str | None, typer.Option(help="Who corrects. Default: your user name.")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source; may be given again.")
    ] = None,
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


@app.command(epilog="Example: earful forget forum:import:f1042")
def forget(
    who: Annotated[
        str, typer.Argument(metavar="AUTHOR|UID", help="A handle, a pseudonym, or a comment's uid.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project: ProjectOption = None,
) -> None:
    """Erase a person or a comment from ledger, index and facts, and prove it."""
    from earful.forgetting import forget as erase
    from earful.project import Project

    opened = Project.open(project)
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Erase everything of {who!r}? This cannot be undone", abort=True)
    proof = erase(opened, who)
    stdout.print(f"{proof}", soft_wrap=True)
    if proof.leftovers:
        raise typer.Exit(1)


@app.command(epilog="Example: earful backup monday.db")
def backup(
    target: Annotated[Path, typer.Argument(help="The copy; must not exist yet.")],
    project: ProjectOption = None,
) -> None:
    """Copy the ledger, also while it is being written; the copy is one consistent moment."""
    from earful.project import Project

    with Project.open(project).ledger() as ledger:
        ledger.backup(target)
        count = ledger.count_comments()
    stdout.print(f"{target}: {count:,} comments", soft_wrap=True)


connectors = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See which platforms can be pulled, and add one by a row (docs/adding-a-connector.md).",
)
app.add_typer(connectors, name="connector")


@connectors.command(
    name="check",
    epilog="Example: earful connector check connectors/forum.toml --try --option server=a.example",
)
def connector_check(
    file: Annotated[Path, typer.Argument(help="A row: a TOML file that describes a platform.")],
    try_: Annotated[
        bool, typer.Option("--try", help="Ask the platform and show three comments; store nothing.")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="With --try: name=value, lists with commas; may be given again."
            " Default: the options of the project's source that uses the row."
        ),
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Explain what is wrong with a row: the file, the key, and what would be valid."""
    from earful.connector_check import check_row, try_row

    stdout.print(f"{check_row(file)}", soft_wrap=True)
    if try_:
        stdout.print(f"\n{try_row(file, option or [], project)}", soft_wrap=True)


@connectors.command(name="list", epilog="Example: earful connector list")
def connector_list(project: ProjectOption = None) -> None:
    """List the connectors that are found: shipped ones, the project's own, installed ones."""
    from earful.connector_check import list_connectors

    table = Table(box=None, show_header=False, pad_edge=False)
    for name, about, origin in list_connectors(project):
        table.add_row(name, about, origin)
    stdout.print(table)


@app.command(epilog="Example: earful doctor")
def doctor(project: ProjectOption = None) -> None:
    """Tell what is installed, reachable, stale or shadowed, and check the ledger."""
    from earful.doctor import examine

    findings = examine(project)
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        table.add_row(finding.state, finding.what, finding.detail)
    stdout.print(table)
    for finding in findings:
        if finding.next_step:
            stdout.print(f"{finding.what}: {finding.next_step}", soft_wrap=True)
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


@app.command(epilog="Example: earful demo")
def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the demo's project is made.")
    ] = Path("out/demo"),
) -> None:
    """Run all of it on a made-up five-year feed that ships with earful, offline."""
    from earful.pipeline import run_demo

    made = run_demo(folder, say=lambda line: stdout.print(line, soft_wrap=True))
    _show_signals(made.demand, 10)
    stdout.print(f"Open the brief: {made.brief}", soft_wrap=True)


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


def _day(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{text!r} is no date", where=option, next_step="Write it as 2025-01-31."
        ) from error
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ConfigurationError(
            f"{text!r} is no day that comments are from",
            where=option,
            next_step=f"Give a year from {EARLIEST_YEAR} to {LATEST_YEAR}.",
        )
    return day if day.tzinfo else day.replace(tzinfo=UTC)


def _counts(rows: int, counted: UpsertCount) -> str:
    parts = [f"{rows:,} rows read", f"{counted.added:,} new", f"{counted.revised:,} changed"]
    parts.append(f"{counted.unchanged:,} already there")
    if counted.deleted:
        parts.append(f"{counted.deleted:,} deleted at the source")
    if counted.forgotten:
        parts.append(f"{counted.forgotten:,} of people who were forgotten, left out")
    return ", ".join(parts)


def _range(estimate: Estimate) -> str:
    """The range of an estimate; who is in none of it is told beside it."""
    if not estimate.measured:
        return ""
    beside = f" (+{estimate.left_out:,} not measured)" if estimate.left_out else ""
    return f"{estimate.low:,} to {estimate.high:,}{beside}"


def _show_signals(demand: Demand, most: int) -> None:
    """The top of the list, as a table; a figure that is no estimate is not shown as one."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what is asked for", "people", "estimate", "posts", "grade", "trend"):
        numbers = heading in ("", "people", "estimate", "posts")
        table.add_column(heading, justify="right" if numbers else "left")
    shown = [signal for signal in demand.ranked if signal.grade != "coincidence"][:most]
    for rank, signal in enumerate(shown, 1):
        table.add_row(
            str(rank),
            signal.name,
            f"{signal.people:,}",
            _range(signal.estimate),
            f"{signal.mentions:,}",
            signal.grade,
            signal.trend.direction,
        )
    stdout.print(table)
    ladder = demand.ladder
    stdout.print(
        f"{ladder.posts:,} posts > {ladder.without_copies:,} without copies >"
        f" {ladder.without_spam:,} without spam > {ladder.people:,} people"
        f" (counted by {ladder.people_basis})"
    )
    if demand.rung != "people":
        stdout.print(
            f"Counted at the rung {demand.rung}: each comment counts as if it were a person."
        )


def _show_notes(notes: Sequence[str], most: int = 10) -> None:
    """What became of signals that were known; it shall not happen unnoticed."""
    for note in notes[:most]:
        stdout.print(f"note: {note}", soft_wrap=True)
    if len(notes) > most:
        stdout.print(f"note: {len(notes) - most:,} more of that kind; see 'earful taxonomy show'")
