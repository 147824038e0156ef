"""The figures of a gold file on a terminal, in tables that fit 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from classify.evaluation import SCARCE, Interval, Macro, Measure, Summary
from earful.gold import Gold, MeasuredFile, SetAside, counted_reasons

NOTHING = "–"
"""Stands where nothing in the gold supports a figure."""
MOST_GROUPS = 20
MOST_ROWS_NAMED = 3
_GROUP_WIDTH = 19
_MACROS = {
    "sentiment": "mean of {}",
    "main_categories": "mean of main {}",
    "categories": "mean of all {}",
}


def show_evaluation(console: Console, measured: MeasuredFile) -> None:
    """Print the figures of ``measured``: what was set aside, in short, by label, by group."""
    gold, evaluation = measured.gold, measured.evaluation
    _show_gold(console, gold)
    console.print(_in_short(evaluation.overall, gold, evaluation.calibration.get("sentiment")))
    console.print()
    console.print(_labels(measured))
    for name, macro in evaluation.macros.items():
        left_out = [label for label in macro.labels if label not in macro.averaged]
        if left_out:
            console.print(
                f"{_macro_name(name, macro)}: without {', '.join(left_out)}, which no gold row"
                " carries.",
            )
    for title, groups in (
        ("domain", evaluation.by_domain),
        ("language", evaluation.by_lang),
        ("length", evaluation.by_length),
    ):
        if len(groups) > 1:
            console.print()
            _show_groups(console, title, groups)
    if evaluation.langs_told:
        console.print(
            "Without a language in the gold, and so under the one that was detected:"
            f" {evaluation.langs_told:,}.",
        )
    overall = evaluation.overall
    if overall.items_compared < overall.asks:
        console.print(
            f"Items are compared by words in Latin script, which {overall.items_compared:,} of"
            f" {overall.asks:,} asks hold; the others count as wrong.",
        )
    console.print()
    console.print(
        "Means are unweighted and of labels that the gold carries; that of the sentiments leaves"
        f" mixed out. 95 %: bootstrap interval of the F1 over comments, none under {SCARCE} gold"
        " comments or without a single error. off: expected calibration error over ten bins."
        f" {NOTHING}: nothing in the gold to measure on.",
    )


def _show_gold(console: Console, gold: Gold) -> None:
    console.print(f"{gold.file}", soft_wrap=True)
    console.print(f"  comments measured: {len(gold.comments):,}")
    _show_set_aside(console, "rows set aside", gold.set_aside)
    _show_set_aside(console, "comments measured without their asks", gold.asks_set_aside)
    if gold.taken_as_remarks:
        console.print(f"  counted as remarks, as they name no category: {gold.taken_as_remarks:,}")
    if not gold.asks_labelled:
        console.print("  There are no labels of asks, so asks are not measured.")
    console.print()


def _show_set_aside(console: Console, what: str, rows: Sequence[SetAside]) -> None:
    for reason, found in counted_reasons(rows).items():
        console.print(f"  {what}: {len(found):,} ({reason})", soft_wrap=True)
        for one in found[:MOST_ROWS_NAMED]:
            told = f"    {one}" if one.detail != reason else f"    {one.where}"
            console.print(told, soft_wrap=True)
        if len(found) > MOST_ROWS_NAMED:
            console.print(f"    and {len(found) - MOST_ROWS_NAMED:,} more")


def _in_short(overall: Summary, gold: Gold, sentiment_off: float | None) -> Table:
    table = _table("", "value", "95 %", "measured on")
    comments = f"{overall.comments:,} comments"
    asks = f"{overall.asks:,} asks"
    bounds = overall.intervals
    told_asks = overall.asks_labelled
    rows: list[tuple[str, float | None, Interval | None, str]] = [
        ("sentiment right", overall.sentiment_accuracy, None, comments),
        (
            f"sentiment, mean F1 of {len(overall.averaged['sentiment_macro_f1'])}",
            overall.sentiment_macro_f1 if overall.averaged["sentiment_macro_f1"] else None,
            bounds["sentiment_macro_f1"],
            comments,
        ),
        ("sentiment score, calibration error", sentiment_off, None, comments),
        (
            "requests, F1",
            overall.request_f1 if overall.requests else None,
            bounds["request_f1"],
            f"{overall.requests:,} requests",
        ),
        (
            f"main categories, mean F1 of {len(overall.averaged['main_macro_f1'])}",
            overall.main_macro_f1 if overall.averaged["main_macro_f1"] else None,
            bounds["main_macro_f1"],
            comments,
        ),
    ]
    if gold.asks_labelled:
        measured = overall.asks > 0
        detection = overall.ask_detection
        rows += [
            (
                "comments with an ask, F1",
                detection.f1 if measured else None,
                detection.interval,
                f"{told_asks:,} comments",
            ),
            (
                "characters of quoted asks, F1",
                overall.ask_char_f1 if measured else None,
                bounds["ask_char_f1"],
                f"{told_asks:,} comments",
            ),
            ("items that share a word", overall.item_word_match if measured else None, None, asks),
            ("types of asks right", overall.type_accuracy if measured else None, None, asks),
            ("strengths right", overall.strength_accuracy if measured else None, None, asks),
        ]
    if overall.unread:
        rows.append(
            ("not read: language not served", overall.unread / overall.comments, None, comments)
        )
    for name, value, interval, on in rows:
        table.add_row(name, _figure(value), _bounds(interval), on)
    return table


def _labels(measured: MeasuredFile) -> Table:
    evaluation = measured.evaluation
    table = _table("label", "precision", "recall", "F1", "95 %", "gold", "off")

    def add(name: str, one: Measure, off: float | None) -> None:
        called = one.called > 0
        table.add_row(
            name,
            _figure(one.precision if called else None),
            _figure(one.recall if one.support else None),
            _figure(one.f1 if one.support else None),
            _bounds(one.interval),
            f"{one.support:,}",
            "" if off is None else f"{off:.3f}",
        )

    def add_mean(name: str, *, last: bool) -> None:
        macro = evaluation.macros[name]
        table.add_row(
            _macro_name(name, macro),
            *(
                _figure(value if macro.averaged else None)
                for value in (macro.precision, macro.recall, macro.f1)
            ),
            _bounds(macro.interval),
            "",
            "",
            end_section=last,
        )

    for name, one in evaluation.sentiments.items():
        add(name, one, None)
    add_mean("sentiment", last=True)
    table.add_row()
    for name, one in evaluation.categories.items():
        add(name, one, evaluation.calibration[name])
    add_mean("main_categories", last=False)
    add_mean("categories", last=False)
    return table


def _macro_name(name: str, macro: Macro) -> str:
    averaged, labels = len(macro.averaged), len(macro.labels)
    count = f"{labels}" if averaged == labels else f"{averaged} of {labels}"
    return _MACROS[name].format(count)


def _show_groups(console: Console, title: str, groups: Mapping[str, Summary]) -> None:
    table = _table(
        f"by {title}", "comments", "sentiment", "requests", "main", "quotes", "items", "types"
    )
    shown = list(groups.items())
    if title != "length":
        shown = sorted(shown, key=lambda group: -group[1].comments)
    for name, one in shown[:MOST_GROUPS]:
        figures = (
            (one.sentiment_macro_f1, bool(one.averaged["sentiment_macro_f1"])),
            (one.request_f1, one.requests > 0),
            (one.main_macro_f1, bool(one.averaged["main_macro_f1"])),
            (one.ask_char_f1, one.asks > 0),
            (one.item_word_match, one.asks > 0),
            (one.type_accuracy, one.asks > 0),
        )
        table.add_row(
            _short(name),
            f"{one.comments:,}",
            *(_figure(value if supported else None) for value, supported in figures),
        )
    console.print(table)
    if len(shown) > MOST_GROUPS:
        console.print(f"and {len(shown) - MOST_GROUPS:,} more, smaller, in the file of --json")


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for at, heading in enumerate(headings):
        last_words = heading == "measured on"
        table.add_column(
            heading, justify="right" if at and not last_words else "left", no_wrap=True
        )
    return table


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _bounds(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.2f}–{interval.high:.2f}"


def _short(name: str) -> str:
    shown = "".join(one if one.isprintable() else " " for one in name)
    name = " ".join(shown.split()).replace("up to ", "to ")
    return name if len(name) <= _GROUP_WIDTH else name[: _GROUP_WIDTH - 1] + "…"
