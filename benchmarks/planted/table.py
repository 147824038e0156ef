"""The results as a plain table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ROWS = (
    ("recall", "items found in one pure signal"),
    ("precision", "shared signals that are an item's one"),
    ("pure", "shared signals that are pure"),
    ("pair_f1", "pairs of asks together, F1"),
    ("pair_precision", "  precision"),
    ("pair_recall", "  recall"),
    ("nmi", "NMI of groups and items"),
    ("people_error", "error of people, median of items"),
    ("people_error_found", "  of the items found"),
    ("near_merged", "near misses merged in the top 20"),
    ("particulars", "particulars that are in their theme"),
    ("moments", "moments named right, of items found"),
    ("brigade", "people that a brigade brings"),
    ("loud", "people that a loud person brings"),
    ("covered_found", "intervals that hold the truth, found"),
    ("covered", "  of all items"),
    ("signals", "shared signals"),
)
_WIDTH = 40


def table(results: Mapping[str, Any]) -> str:
    """What stands in planted.json, for people; 90 % of the runs lie in the brackets."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    columns = {
        f"{name} reader": {key: _ranged(value) for key, value in figures.items() if key != "runs"}
        for name, figures in results.get("grouping", {}).items()
    }
    if "trip" in results:
        columns["end to end"] = {
            key: f"{value:.2f}" for key, value in results["trip"]["figures"].items()
        }
    if columns:
        yield " " * _WIDTH + "".join(f"{name:>26}" for name in columns)
    for key, words in ROWS if columns else ():
        yield f"{words:<{_WIDTH}}" + "".join(
            f"{told.get(key, '-'):>26}" for told in columns.values()
        )
    if "stability" in results:
        told = results["stability"]
        yield f"ids kept from month to month: {told['kept']:.1%} of shared signals, weighted by" + (
            f" people {told['kept_by_people']:.1%}, of the top 20 {told['kept_of_top_20']:.1%}"
        )
    for name, told in results.get("alarms", {}).items():
        yield (
            f"false alarms a month, {name}: {told['trends_a_month']:g} on trends and"
            f" {told['established_a_month']:g} on established,"
            f" of {told['signals_a_month']:g} signals"
        )
    for told in results.get("delay", ()):
        yield (
            f"growth x {told['factor']:g} of {told['item']}"
            f" ({told['people_a_week_before']} people a week before):"
            f" noticed in {told['noticed']} of {told['runs']} runs,"
            f" after {told['median_weeks']} weeks (median)"
        )


def _ranged(value: Sequence[float]) -> str:
    mean, low, high = value
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"
