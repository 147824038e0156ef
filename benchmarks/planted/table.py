"""The results as a table and sentences, for the terminal and for docs/truth.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ROWS = (
    ("recall", "items found in one pure signal"),
    ("precision", "shared signals that are an item's one"),
    ("pure", "shared signals that are pure"),
    ("pair_f1", "pairs of asks together, F1"),
    ("pair_precision", "pairs together that should be (precision)"),
    ("pair_recall", "pairs that are together of those that should be (recall)"),
    ("nmi", "NMI of groups and items"),
    ("people_error", "error of people, median of items"),
    ("people_error_found", "error of people, median of the items found"),
    ("near_merged", "near misses merged in the top 20"),
    ("particulars", "particulars that are in their theme"),
    ("moments", "moments named right, of items found"),
    ("brigade", "people that a brigade brings into a signal"),
    ("loud", "people that a loud person brings into a signal"),
    ("covered_found", "intervals of people that hold the truth, items found"),
    ("covered", "intervals of people that hold the truth, all items"),
    ("signals", "shared signals"),
)


def table(results: Mapping[str, Any]) -> str:
    """What was measured of one scenario, as Markdown; 90 % of the runs lie in the brackets."""
    parts = (_figures(results), _sentences(results), _answers(results))
    return "\n\n".join(filter(None, map("\n".join, parts))) + "\n"


def _figures(results: Mapping[str, Any]) -> Iterator[str]:
    columns = {
        f"{name} reader": {key: _ranged(value) for key, value in figures.items() if key != "runs"}
        for name, figures in results.get("grouping", {}).items()
    }
    if "trip" in results:
        columns["end to end"] = {
            key: f"{value:.2f}" for key, value in results["trip"]["figures"].items()
        }
    if columns:
        yield "| | " + " | ".join(columns) + " |"
        yield "| --- |" + " --- |" * len(columns)
        for key, words in ROWS:
            told = " | ".join(figures.get(key, "-") for figures in columns.values())
            yield f"| {words} | {told} |"


def _sentences(results: Mapping[str, Any]) -> Iterator[str]:
    if "grouping" in results:
        runs = {figures["runs"] for figures in results["grouping"].values()}
        yield f"- Means over {max(runs)} feeds; 90 % of the feeds lie in the brackets."
    if "campaigns" in results:
        told = results["campaigns"]
        yield (
            f"- Brigades and loud persons (feeds: {told['runs']}): of {told['pairs']:,} pairs of"
            f" items {told['swapped']} change places because of them; the people of"
            f" {told['moved']} of {told['items']} items change; {told['shared']} campaigns come"
            " among the signals of two people or more."
        )
    if "stability" in results:
        told = results["stability"]
        yield (
            f"- Ids kept from month to month (feeds: {told['runs']}): {told['kept']:.1%} of"
            f" shared signals, {told['kept_by_people']:.1%} weighted by people,"
            f" {told['kept_of_top_20']:.1%} of the top 20."
        )
    for name, told in results.get("alarms", {}).items():
        yield (
            f"- False alarms a month, scenario {name}, over {told['months']} months:"
            f" {told['trends_a_month']:g} on trends and {told['established_a_month']:g} on"
            f" established, of {told['signals_a_month']:g} signals."
        )
    for told in results.get("delay", ()):
        weeks = (
            f", after {told['median_weeks']:g} weeks (median)"
            if told["median_weeks"] is not None
            else ""
        )
        yield (
            f"- Growth x {told['factor']:g} of {told['item']}"
            f" ({told['people_a_week_before']} people a week before):"
            f" noticed in {told['noticed']} of {told['runs']} feeds{weeks}."
        )
    for name, told in results.get("intervals", {}).items():
        for kind, words in (("quarters", "the 13 weeks before"), ("past", "all the past")):
            one = told[kind]
            yield (
                f"- 95 % intervals of growth over {words}, scenario {name}:"
                f" {one['held'] / one['intervals']:.1%} of {one['intervals']:,} hold the truth"
                f" ({one['above']} lie above it, {one['below']} below)."
            )
        yield (
            f"- Called established, scenario {name}: {told['established']} of {told['tested']:,}"
            " items tested."
        )


def _answers(results: Mapping[str, Any]) -> Iterator[str]:
    if "answers" not in results:
        return
    runs = max(told["runs"] for told in results["answers"].values())
    yield (
        "With answers to `earful taxonomy suggest` from a person who knows the truth"
        f" (means over {runs} feeds):"
    )
    yield ""
    yield (
        "| reader | answers | of them yes | expected | items found | pair F1 | error of people |"
        " near misses merged in the top 20 |"
    )
    yield "| --- |" + " --- |" * 7
    for name, told in results["answers"].items():
        for row in told["after"]:
            yield (
                f"| {name} | {row['answers']:.0f} | {row['merges']:.1f} | {row['expected']:.1f}"
                f" | {row['recall']:.2f} | {row['pair_f1']:.2f} | {row['people_error']:.2f}"
                f" | {row['near_merged']:.1f} |"
            )


def _ranged(value: Sequence[float]) -> str:
    mean, low, high = value
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"
