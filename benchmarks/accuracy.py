"""Accuracy and speed of earful's tagger beside the tools people use today, in one run.

The same comments, on the same machine, each tool in a process of its own with one thread; speed
counts that process's CPU seconds. Run from the checkout:
``python -m benchmarks.accuracy --install --held-out-tags FILE``. Writes benchmarks/accuracy.json
and docs/accuracy_speed.png, and prints the table as Markdown. Peers that are not installed are
named and left out.

Sets: tweets of SemEval-2017 task 4A (the part that TweetEval validates on; macro recall of three
classes, as the task scores), a held-out part of the labelled comments (macro-F1 of three classes,
F1 of requests), and the behaviour tests of ``classify.training.behaviour``. Intervals hold 95 % of
1,000 bootstrap draws over the comments.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.peers import (
    NEUTRAL,
    PEERS,
    Example,
    Peer,
    PeerMissing,
    PeerProcess,
    Reading,
)
from classify.training.behaviour import Behaviour, Judgement, behaviour
from earful.errors import DataError, EarfulError

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
RESULT = HERE / "accuracy.json"
PICTURE = HERE.parent / "docs" / "accuracy_speed.png"

CLASSES = ("negative", "neutral", "positive", "mixed")
SCORED = 3
"""Classes that the macro figures average: all but mixed, which the other tools cannot say."""
OURS = "earful"
TIMED_COMMENTS, PASSES = 2000, 3
DRAWS, SEED = 1000, 20170804
PARTS = 5

Matrix = npt.NDArray[np.int64]
Tags = Mapping[str, Mapping[str, Any]]
"""Rows of ``TAGS_SCHEMA`` by uid, at least their sentiment and categories."""
_Row = TypeVar("_Row")
INK, SOFT, ACCENT = "#1b1f24", "#5b6570", "#0b6e6e"
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure from 0 to 1 and the interval that holds 95 % of its bootstrap draws."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled comment."""

    uid: str
    text: str
    sentiment: str
    request: bool


@dataclass(frozen=True, slots=True)
class Sets:
    """What is read: tweets with their class, the held-out comments, and the comments timed.

    ``examples`` maps a set's name to what may be learned from it: nothing that is measured.
    """

    tweets: list[tuple[str, str]]
    held_out: list[Labelled]
    timed: list[str]
    examples: dict[str, list[Example]]
    behaviour_file: Path


# Figures


def confusion(gold: Sequence[str], called: Sequence[str], classes: Sequence[str]) -> Matrix:
    """(k, k) counts, gold by row. Raises ``ValueError`` for a class that is not among them."""
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for true, said in zip(gold, called, strict=True):
        matrix[classes.index(true), classes.index(said)] += 1
    return matrix


def macro_recall(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Mean recall of the first ``SCORED`` classes of (..., k, k) counts."""
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    held = np.maximum(matrix.sum(axis=-1), 1)
    return np.asarray((right / held)[..., :SCORED].mean(axis=-1))


def macro_f1(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Mean F1 of the first ``SCORED`` classes of (..., k, k) counts."""
    return np.asarray(_f1(matrix)[..., :SCORED].mean(axis=-1))


def f1_of_yes(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 of the second class of (..., 2, 2) counts."""
    return np.asarray(_f1(matrix)[..., 1])


def _f1(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    either = matrix.sum(axis=-1) + matrix.sum(axis=-2)
    return np.asarray(2 * right / np.maximum(either, 1))


def figure(
    metric: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float64]], matrix: Matrix
) -> Figure:
    """A metric of counts with its interval.

    Drawing comments with replacement is a multinomial draw of the counts (Efron 1979).
    """
    total = int(matrix.sum())
    drawn = np.random.default_rng(SEED).multinomial(total, matrix.ravel() / total, size=DRAWS)
    low, high = np.percentile(metric(drawn.reshape(DRAWS, *matrix.shape)), [2.5, 97.5])
    return Figure(float(metric(matrix)), float(low), float(high))


# Sets


def read_sets(data: Path, held_out: Tags | None, sample: int | None) -> Sets:
    """The sets below a data folder. ``held_out`` maps the uids of the held-out part to tags.

    Without it, a fifth is held out by a hash of the words, so that equal comments stay together.
    """
    labelled = read_labelled(data / "labelled" / "train.jsonl")
    if held_out is None:
        out = [one for one in labelled if part_of(one.text) == 0]
    else:
        out = [one for one in labelled if one.uid in held_out]
    uids, words = {one.uid for one in out}, {_words(one.text) for one in out}
    learned = [one for one in labelled if one.uid not in uids and _words(one.text) not in words]
    if not out or len(learned) < len(labelled) // 2:
        raise DataError(
            f"{len(out):,} of {len(labelled):,} labelled comments are held out",
            where="--held-out-tags",
            next_step="Give the tags of one part of about a fifth, by a model that never saw it.",
        )
    tweets = read_tweets(data / "sentiment" / "tweets_en_val.csv")
    return Sets(
        tweets=evenly(tweets, sample),
        held_out=evenly(out, sample),
        timed=[one.text for one in evenly(labelled, sample or TIMED_COMMENTS)],
        examples={
            "labelled": [Example(one.text, one.sentiment, one.request) for one in learned],
            "tweets": [
                Example(text, sentiment, None)
                for text, sentiment in read_tweets(data / "sentiment" / "tweets_en_train.csv")
            ],
        },
        behaviour_file=data / "robustness" / "sentiment_behaviour.csv",
    )


def evenly(rows: list[_Row], most: int | None) -> list[_Row]:
    """At most ``most`` rows, evenly over the whole, in their order."""
    if most is None or most >= len(rows):
        return rows
    return [rows[at * len(rows) // most] for at in range(most)]


def part_of(text: str) -> int:
    """The part, 0 to ``PARTS`` - 1, that a comment falls into by its words."""
    return int(hashlib.sha256(_words(text).encode()).hexdigest(), 16) % PARTS


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def read_labelled(path: Path) -> list[Labelled]:
    """The comments of a labelled JSONL file."""
    with _opened(path) as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Labelled(row["uid"], row["text"], row["sentiment"], "request" in row["categories"])
        for row in rows
    ]


def read_tweets(path: Path) -> list[tuple[str, str]]:
    r"""Tweets with their class; the file writes some characters as \u and four digits."""
    with _opened(path) as lines:
        return [
            (_ESCAPE.sub(lambda found: chr(int(found[1], 16)), row["text"]), row["label_name"])
            for row in csv.DictReader(lines)
        ]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        lines = path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            f"cannot read a set of the benchmark: {error.strerror}",
            where=str(path),
            next_step="Name the folder that holds labelled/, sentiment/ and robustness/: --data.",
        ) from error
    with lines:
        yield lines


def read_held_out_tags(path: Path) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Tags by uid from a JSONL file of rows of ``TAGS_SCHEMA``; rows set aside, by reason.

    Needed are uid, sentiment and categories.
    """
    tags: dict[str, dict[str, Any]] = {}
    aside: Counter[str] = Counter()
    with _opened(path) as lines:
        for line in lines:
            try:
                row = json.loads(line)
                row = {name: row[name] for name in ("uid", "sentiment", "categories")}
            except (ValueError, TypeError, KeyError):
                aside["no JSON object with uid, sentiment and categories"] += 1
                continue
            if row["uid"] in tags:
                aside["a uid that came before"] += 1
            else:
                tags[row["uid"]] = row
    return tags, aside


# One tool


def measured(
    peer: Peer,
    process: PeerProcess,
    sets: Sets,
    tags: Tags | None,
) -> dict[str, Any]:
    """Everything that is measured of one tool, as JSON; None for what it does not read.

    ``tags`` are what a model of earful that did not learn from the held-out part read in it; what
    the shipped one reads there would be no measure, as it learned from all of it.
    """
    on_tweets = process.read([text for text, _ in sets.tweets])
    tests: Behaviour | None = None
    if on_tweets.sentiments is not None:
        tests = behaviour(lambda texts: judgements(process.read(texts)), sets.behaviour_file)
    if peer.name == OURS:
        held_out = None if tags is None else from_tags(sets.held_out, tags)
    else:
        held_out = process.read([one.text for one in sets.held_out])
    speed: dict[str, Any] | None = None
    if peer.timed:
        seconds = process.cpu_seconds(sets.timed, PASSES)
        speed = {
            "comments_per_second": round(len(sets.timed) / statistics.median(seconds), 1),
            "cpu_seconds": [round(one, 3) for one in seconds],
        }
    return {
        "name": peer.name,
        "title": peer.title,
        "version": process.version,
        "licence": peer.licence,
        "reading": peer.reading,
        "learned_from": list(peer.learns),
        "tweets": _tweet_figures(sets.tweets, on_tweets),
        "held_out": "not measured"
        if held_out is None
        else _held_out_figures(sets.held_out, held_out),
        "behaviour": None if tests is None else _behaviour_figures(tests),
        "speed": speed,
    }


def judgements(reading: Reading) -> list[Judgement]:
    """What was read, text by text, for the behaviour tests."""
    return [
        Judgement(sentiment, score)
        for sentiment, score in zip(reading.sentiments or (), reading.scores or (), strict=True)
    ]


def from_tags(comments: Sequence[Labelled], tags: Tags) -> Reading:
    """The reading that tags hold of the comments; one that was not read counts as neutral."""
    found = [tags[one.uid] for one in comments]
    return Reading(
        sentiments=[tag["sentiment"] or NEUTRAL for tag in found],
        requests=["request" in (tag["categories"] or ()) for tag in found],
    )


def _tweet_figures(tweets: Sequence[tuple[str, str]], reading: Reading) -> dict[str, Any] | None:
    if reading.sentiments is None:
        return None
    gold = [sentiment for _, sentiment in tweets]
    matrix = confusion(gold, reading.sentiments, CLASSES)
    folded = [NEUTRAL if one == "mixed" else one for one in reading.sentiments]
    recalls = np.diagonal(matrix) / np.maximum(matrix.sum(axis=1), 1)
    return {
        "macro_recall": _rounded(figure(macro_recall, matrix)),
        "recall": {name: round(float(recalls[at]), 4) for at, name in enumerate(CLASSES[:SCORED])},
        "called_mixed": int(matrix[:, SCORED].sum()),
        "macro_recall_mixed_as_neutral": round(
            float(macro_recall(confusion(gold, folded, CLASSES))), 4
        ),
    }


def _held_out_figures(comments: Sequence[Labelled], reading: Reading) -> dict[str, Any]:
    found: dict[str, Any] = {"sentiment_macro_f1": None, "request_f1": None}
    if reading.sentiments is not None:
        gold = [one.sentiment for one in comments]
        matrix = confusion(gold, reading.sentiments, CLASSES)
        found["sentiment_macro_f1"] = _rounded(figure(macro_f1, matrix))
    if reading.requests is not None:
        asked = [str(one.request) for one in comments]
        matrix = confusion(asked, [str(one) for one in reading.requests], ("False", "True"))
        found["request_f1"] = _rounded(figure(f1_of_yes, matrix))
        right = int(matrix[1, 1])
        found["request_precision"] = round(right / max(1, int(matrix[:, 1].sum())), 4)
        found["request_recall"] = round(right / max(1, int(matrix[1].sum())), 4)
    return found


def _behaviour_figures(tests: Behaviour) -> dict[str, Any]:
    def rates(of: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: {"passed": rate.passed, "cases": rate.cases, "share": round(rate.share, 4)}
            for name, rate in of.items()
        }

    return {
        "by_type": rates(tests.by_type),
        "by_capability": rates(tests.by_capability),
        "by_test": rates(tests.by_test),
        "fairness_gaps": [
            asdict(
                replace(
                    gap,
                    negative=replace(gap.negative, gap=round(gap.negative.gap, 4)),
                    score=replace(gap.score, gap=round(gap.score.gap, 4)),
                )
            )
            for gap in tests.gaps
        ],
        "set_aside": dict(tests.set_aside),
    }


def _rounded(one: Figure) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(one).items()}


def ratios(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """earful's figure over each peer's, where both were measured; empty without earful."""
    ours = next((row for row in rows if row["name"] == OURS), None)
    if ours is None:
        return {}
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row is ours:
            continue
        shares = {name: (value(ours), value(row)) for name, value in _COMPARED.items()}
        found[row["name"]] = {
            name: round(mine / theirs, 3)
            for name, (mine, theirs) in shares.items()
            if mine is not None and theirs
        }
    return found


def _value(row: Mapping[str, Any], part: str, name: str) -> float | None:
    """A figure of a row; None where it was not measured or is not read by the tool."""
    found = row[part].get(name) if isinstance(row[part], Mapping) else None
    return found["value"] if isinstance(found, Mapping) else found


_COMPARED: dict[str, Callable[[Mapping[str, Any]], float | None]] = {
    "tweets_macro_recall": lambda row: _value(row, "tweets", "macro_recall"),
    "sentiment_macro_f1": lambda row: _value(row, "held_out", "sentiment_macro_f1"),
    "request_f1": lambda row: _value(row, "held_out", "request_f1"),
    "comments_per_second": lambda row: _value(row, "speed", "comments_per_second"),
}


# The run


def interpreters(name: str, environments: Path) -> list[Path]:
    """The Pythons to try for a peer: that of its own environment, then this one."""
    own = environments / name / "bin" / "python"
    return [*([own] if own.exists() else []), Path(sys.executable)]


def install(peer: Peer, environments: Path) -> None:
    """Make the virtual environment of a peer, where it needs one and has none."""
    folder = environments / peer.name
    if not peer.install or folder.exists():
        return
    print(f"installing {peer.title} ...", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    for arguments in peer.install:
        if subprocess.run([*pip, *arguments], check=False).returncode:
            print(f"  pip could not install {' '.join(arguments)}", file=sys.stderr)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The figures as a Markdown table, one line per tool."""
    lines = [
        "| tool | tweets, macro recall | comments, macro-F1 | requests, F1 | MFT | INV | DIR |"
        " largest gap | comments/s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        tests = row["behaviour"]
        cells = [
            row["title"],
            _cell(row, "tweets", "macro_recall"),
            _cell(row, "held_out", "sentiment_macro_f1"),
            _cell(row, "held_out", "request_f1"),
            *(f"{tests['by_type'][kind]['share']:.2f}" if tests else "–" for kind in _TYPES),
            f"{max(one['negative']['gap'] for one in tests['fairness_gaps']):.2f}"
            if tests
            else "–",
            f"{row['speed']['comments_per_second']:,.0f}" if row["speed"] else "–",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


_TYPES = ("MFT", "INV", "DIR")


def _cell(row: Mapping[str, Any], part: str, name: str) -> str:
    if isinstance(row[part], str):
        return str(row[part])
    found = row[part] and row[part][name]
    if not found:
        return "–"
    return f"{found['value']:.3f} ({found['low']:.3f}–{found['high']:.3f})"


def machine() -> dict[str, Any]:
    """The machine that measured."""
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        names = re.findall(r"^model name\s*: (.+)$", described, re.MULTILINE)
    except OSError:
        names = []
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def draw(rows: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Accuracy against speed, a panel for the tweets and one for the requests, as PNG.

    Upright lines are the intervals of the figures.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import patheffects
    from matplotlib import pyplot as plt

    panels = (
        ("Sentiment of tweets", "macro recall of three classes", "tweets", "macro_recall"),
        ("Requests among comments", "F1 on held-out comments", "held_out", "request_f1"),
    )
    speeds = [row["speed"]["comments_per_second"] for row in rows if row["speed"]]
    canvas, axes = plt.subplots(1, 2, figsize=(11, 5), dpi=150)
    drawn = []
    for axis, (title, label, part, name) in zip(axes, panels, strict=True):
        points = [row for row in rows if row["speed"] and _value(row, part, name) is not None]
        axis.set_xscale("log")
        axis.set_xlim(min(speeds) / 2, max(speeds) * 8)
        for row in points:
            ours = row["name"] == OURS
            x, found = row["speed"]["comments_per_second"], row[part][name]
            color = ACCENT if ours else SOFT
            axis.vlines(x, found["low"], found["high"], color=color, linewidth=1, alpha=0.45)
            axis.scatter(x, found["value"], s=80 if ours else 36, color=color, zorder=3)
        axis.set_title(title, loc="left", color=INK, fontweight="bold")
        axis.set_xlabel("comments per second on one core", color=SOFT)
        axis.set_ylabel(label, color=SOFT)
        axis.grid(color="#e9edef", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(colors=SOFT)
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.spines[["top", "right"]].set_visible(False)
        drawn.append((axis, [(row, row[part][name]["value"]) for row in points]))
    canvas.text(
        0.99, 0.01, "upright lines: 95 % intervals", ha="right", va="bottom", fontsize=8, color=SOFT
    )
    canvas.tight_layout(rect=(0, 0.03, 1, 1))
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    for axis, named in drawn:
        for text in _label(axis, named):
            text.set_path_effects(halo)
    target.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(target, metadata={"Software": None})
    plt.close(canvas)


def _label(axis: Any, points: Sequence[tuple[Mapping[str, Any], float]]) -> list[Any]:
    """Each tool's name written right of its point, moved off the points and the other names."""
    from matplotlib.transforms import Bbox

    written: list[Any] = []
    taken: list[Any] = []
    for row, y in points:
        across, upward = axis.transData.transform((row["speed"]["comments_per_second"], y))
        taken.append(Bbox.from_bounds(across - 8, upward - 8, 16, 16))
    for row, y in sorted(points, key=lambda point: point[1]):
        ours = row["name"] == OURS
        at = (row["speed"]["comments_per_second"], y)
        text = axis.annotate(
            row["title"],
            at,
            xytext=(9, -3),
            textcoords="offset points",
            fontsize=9,
            color=ACCENT if ours else INK,
            fontweight="bold" if ours else "normal",
            zorder=4,
        )
        for lift in sorted(range(-60, 61, 3), key=lambda up: (abs(up), -up)):
            text.set_position((9, lift - 3))
            if not any(text.get_window_extent().overlaps(other) for other in taken):
                break
        if abs(lift) > 5:
            leader = {"arrowstyle": "-", "color": "#b6bec5", "linewidth": 0.7}
            axis.annotate("", at, xytext=(9, lift), textcoords="offset points", arrowprops=leader)
        taken.append(text.get_window_extent())
        written.append(text)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the sets")
    parser.add_argument(
        "--held-out-tags",
        type=Path,
        help="JSONL of tags by a model of earful that did not learn from these comments",
    )
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--install", action="store_true", help="make the peers' environments")
    parser.add_argument(
        "--environments",
        type=Path,
        default=Path(tempfile.gettempdir()) / "earful-peers",
        help="folder of the peers' virtual environments, each under the peer's name",
    )
    parser.add_argument("--sample", type=int, help="read this many of each set only (a trial)")
    parser.add_argument("--json", type=Path, default=RESULT)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    arguments = parser.parse_args()
    try:
        run(arguments)
    except EarfulError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from error


def run(arguments: argparse.Namespace) -> None:
    """Measure the tools that are installed, and write the figures and the picture."""
    tags, aside = None, Counter[str]()
    if arguments.held_out_tags is not None:
        tags, aside = read_held_out_tags(arguments.held_out_tags)
    sets = read_sets(arguments.data, tags, arguments.sample)
    if tags is not None:
        aside["a uid that is not among the labelled"] += len(tags) - sum(
            one.uid in tags for one in read_labelled(arguments.data / "labelled" / "train.jsonl")
        )
    rows: list[dict[str, Any]] = []
    missing: list[dict[str, str]] = []
    for name in arguments.only:
        peer = PEERS[name]
        if arguments.install:
            install(peer, arguments.environments)
        examples = [one for source in peer.learns for one in sets.examples[source]]
        try:
            with PeerProcess(peer, interpreters(name, arguments.environments), examples) as process:
                rows.append(measured(peer, process, sets, tags))
            print(table(rows[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
        except PeerMissing as lacking:
            missing.append({"name": name, "title": peer.title, "why": str(lacking)})
            print(f"left out: {peer.title} ({lacking})", file=sys.stderr, flush=True)
    if missing:
        print("tools that are not installed: run again with --install", file=sys.stderr)
    result = {
        "ratios": ratios(rows),
        "machine": machine(),
        "sets": {
            "tweets": len(sets.tweets),
            "held_out": len(sets.held_out),
            "held_out_by": "hash of the words" if tags is None else "the file of held-out tags",
            "held_out_requests": sum(one.request for one in sets.held_out),
            "tags_set_aside": dict(+aside),
            "learned_from": {name: len(found) for name, found in sets.examples.items()},
            "timed": len(sets.timed),
            "timed_mean_characters": round(statistics.mean(map(len, sets.timed))),
            "passes": PASSES,
        },
        "tools": rows,
        "missing": missing,
    }
    arguments.json.write_text(
        json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    draw(rows, arguments.picture)
    print(table(rows))


if __name__ == "__main__":
    main()
