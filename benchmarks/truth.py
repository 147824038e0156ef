"""Measures everything that docs/truth.md tells, and writes its figures anew.

Run from the checkout: ``python -m benchmarks.truth`` (an hour of one core; ``--only render`` writes
the page from the committed figures). What stands between the page's marks comes from the
JSON files of the benchmarks, so that no figure is copied by hand; the words around are written.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.planted.scenario import scenario_names
from benchmarks.planted.table import table
from earful.errors import DataError, EarfulError, TerminalError

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "truth.md"
HELD_OUT = "held_out"
"""The scenario of the brands that were written by somebody else, where it is there."""
COMMANDS = {
    "planted": ("benchmarks.planted", "measure"),
    "trip": ("benchmarks.planted", "trip"),
    HELD_OUT: ("benchmarks.planted", "measure", HELD_OUT),
    f"{HELD_OUT}-trip": ("benchmarks.planted", "trip", HELD_OUT),
    "grouping": ("benchmarks.grouping",),
    "wants": ("benchmarks.wants",),
    "labelled": ("benchmarks.labelled_asks",),
    "speed": ("benchmarks.grouping_speed",),
}
_BLOCK = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(page: str, figures: Mapping[str, str]) -> str:
    """The page with every block of figures renewed; raises ``DataError`` for an unknown block."""

    def renewed(block: re.Match[str]) -> str:
        if block[2] not in figures:
            raise DataError(
                f"nothing measures the block {block[2]!r}",
                where=str(PAGE),
                next_step=f"There are: {', '.join(figures)}.",
            )
        return f"{block[1]}{figures[block[2]].strip()}\n{block[3]}"

    return _BLOCK.sub(renewed, page)


def figures_of(folder: Path = HERE) -> dict[str, str]:
    """Name of a block -> its Markdown, from the JSON files in ``folder``."""
    return {
        "planted": _read(folder / "planted.json", lambda told: table(told["standard"])),
        HELD_OUT: _read(
            folder / "planted.json",
            lambda told: table(told[HELD_OUT]) if HELD_OUT in told else _NOT_YET,
        ),
        "grouping": _read(folder / "grouping.json", _of_labels),
        "wants": _read(folder / "wants.json", _of_wants),
        "labelled": _read(folder / "labelled_asks.json", _of_labelled),
        "speed": _read(folder / "grouping_speed.json", _of_speed),
    }


_NOT_YET = "Not measured yet."


def _read(path: Path, shown: Callable[[Any], str]) -> str:
    return shown(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else _NOT_YET


def _of_labels(told: Mapping[str, Any]) -> str:
    lines = [
        "| set | asks | labels | groups of 2+ | alone | NMI | NMI of all alone | ARI | pair F1"
        " | pair precision | pair recall |",
        "| --- |" + " --- |" * 10,
    ]
    for name, one in told.items():
        if "nmi" in one:
            lines.append(
                f"| {name} | {one['asks']:,} | {one['labels']} | {one['groups']:,}"
                f" | {one['alone']:,} | {one['nmi']:.3f} | {one['nmi_alone']:.3f}"
                f" | {one['ari']:.3f} | {one['pair_f1']:.3f} | {one['pair_precision']:.3f}"
                f" | {one['pair_recall']:.3f} |"
            )
    lines += [
        "",
        "| bugs | reports | known pairs | together | of any two reports | largest group |",
        "| --- |" + " --- |" * 5,
    ]
    for name, one in told.items():
        if "chance" in one:
            lines.append(
                f"| {name} | {one['reports']:,} | {one['pairs']} | {one['together']}"
                f" | {one['chance']:.4%} | {one['largest']} |"
            )
    return "\n".join([*lines, "", f"Encoder {told['encoder']}."])


def _of_wants(told: Mapping[str, Any]) -> str:
    rows = (
        ("average precision of pairs by their cosine", "average_precision"),
        ("one want closer than a near miss", "near_auc"),
        ("asks nearest to their own want's centre", "nearest_centre"),
        ("pairs together that should be (precision)", "pair_precision"),
        ("pairs that are together of those that should be (recall)", "pair_recall"),
        ("wants found in one pure group", "found"),
        ("groups of two and more that are pure", "pure"),
        ("asks put with another where no two ask for the same", "lone_joined"),
    )
    lines = [f"| {told['wants']} wants of {told['trades']} trades | |", "| --- | --- |"]
    lines += [f"| {words} | {told[name]:.2f} |" for words, name in rows]
    return "\n".join([*lines, "", f"Encoder {told['encoder']}."])


def _of_labelled(told: Mapping[str, Any]) -> str:
    rows = (
        ("pairs put together", "together", "{:,}"),
        ("of them with the same item", "same", "{:.2f}"),
        ("of them with items that share a word", "kin", "{:.2f}"),
        ("pairs of one item that are together", "recall", "{:.2f}"),
        ("asks put with another", "joined", "{:.2f}"),
        ("groups of five asks or more", "large", "{}"),
        ("of them most pairs of which share no word", "mixed", "{}"),
    )
    asks = told["product"]["asks"]
    columns = [name for name, one in told.items() if isinstance(one, dict)]
    lines = [f"| {asks:,} asks of {told['projects']} streams | " + " | ".join(columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for words, name, shown in rows:
        values = (shown.format(told[column][name]) for column in columns)
        lines.append(f"| {words} | " + " | ".join(values) + " |")
    return "\n".join([*lines, "", f"Encoder {told['encoder']}."])


def _of_speed(told: Mapping[str, Any]) -> str:
    lines = [
        "| asks | CPU seconds | times the size before | peak memory, MB | of which the asks |",
        "| --- |" + " --- |" * 4,
    ]
    ratio = {one["asks"]: f"{one['times_the_seconds']:g}" for one in told["ratios"]}
    for one in told["sizes"]:
        lines.append(
            f"| {one['asks']:,} | {one['cpu_seconds']:g} | {ratio.get(one['asks'], '')}"
            f" | {one['peak_mb']:,} | {one['of_which_asks_mb']:,} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=(*COMMANDS, "render"))
    arguments = parser.parse_args()
    try:
        for name, command in COMMANDS.items():
            if name in (arguments.only or COMMANDS) and (
                HELD_OUT not in name or HELD_OUT in scenario_names()
            ):
                _run(command)
        PAGE.write_text(render(PAGE.read_text(encoding="utf-8"), figures_of()), encoding="utf-8")
    except EarfulError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from error


def _run(command: tuple[str, ...]) -> None:
    print("python -m " + " ".join(command), flush=True)
    done = subprocess.run([sys.executable, "-m", *command], check=False)
    if done.returncode:
        raise TerminalError(
            f"python -m {' '.join(command)} ended with {done.returncode}",
            next_step="Run it by hand, then this again with --only the rest.",
        )


if __name__ == "__main__":
    main()
