"""Measuring tags against gold labels: per label, over all, by domain and by language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from classify.labels import CATEGORIES, MAIN_CATEGORIES, SENTIMENTS
from earful.errors import DataError

_ECE_BINS = 10
_STOP_WORDS = frozenset(["the", "a", "an", "of", "for", "to", "in", "on", "more", "better", "new"])
_STOP = _STOP_WORDS | {"and", "with"}
_WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Measure:
    """Precision, recall and F1 of a label, and how many gold rows carry it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a set of comments, each 0 to 1.

    ``sentiment_macro_f1`` averages negative, neutral and positive; ``main_macro_f1`` the six main
    categories; ``macro_f1`` all of the codebook. ``ask_char_f1`` is the F1 of quoted characters
    over all comments, ``ask_detection`` that of comments with an ask (an overlapping quote
    counts as found). The shares of asks whose item shares a word, or whose type or strength is
    right, count a missed ask as wrong.
    """

    comments: int
    sentiment_accuracy: float
    sentiment_macro_f1: float
    macro_f1: float
    main_macro_f1: float
    request_f1: float
    ask_char_f1: float
    ask_detection: Measure
    asks: int
    item_word_match: float
    type_accuracy: float
    strength_accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures over all comments, per label, and per group where the gold rows name one.

    ``calibration`` maps a category to its expected calibration error (ten bins of equal width;
    Naeini et al. 2015).
    """

    overall: Summary
    sentiments: Mapping[str, Measure]
    categories: Mapping[str, Measure]
    calibration: Mapping[str, float]
    by_domain: Mapping[str, Summary]
    by_lang: Mapping[str, Summary]
    by_length: Mapping[str, Summary]


def item_words(item: str) -> set[str]:
    """The telling words of an item, plural s cut off; all its words where none tells."""
    found = _WORDS.findall(item.lower())
    return {word.rstrip("s") for word in found if word not in _STOP} or set(found)


def measure(true: int, called: int, held: int) -> Measure:
    """The measure of ``true`` right calls among ``called`` for ``held`` gold rows."""
    precision = true / called if called else 0.0
    recall = true / held if held else 0.0
    total = precision + recall
    return Measure(precision, recall, 2 * precision * recall / total if total else 0.0, held)


def evaluate(
    gold: Sequence[Mapping[str, Any]], tags: pa.RecordBatch | pa.Table | Sequence[Mapping[str, Any]]
) -> Evaluation:
    """Compare ``tags`` (rows of ``TAGS_SCHEMA``, Arrow or dicts) with labelled rows.

    A gold row has uid, text, sentiment, categories and asks (quote or start and end, item, type,
    strength), and may have domain and lang. Raises ``DataError`` where a gold row has no tags or
    lacks a field.
    """
    rows = tags if isinstance(tags, Sequence) else tags.to_pylist()
    by_uid = {str(row["uid"]): row for row in rows}
    pairs: list[_Pair] = []
    for number, row in enumerate(gold, 1):
        missing = [name for name in ("uid", "text", "sentiment", "categories") if name not in row]
        if missing:
            raise DataError(
                f"the gold row lacks {', '.join(missing)}",
                where=f"row {number}",
                next_step="A gold row holds uid, text, sentiment, categories and asks.",
            )
        if str(row["uid"]) not in by_uid:
            raise DataError(f"no tags for the gold row {row['uid']}", where=f"row {number}")
        pairs.append((row, by_uid[str(row["uid"])]))
    return Evaluation(
        overall=_summary(pairs),
        sentiments={name: _sentiment(pairs, name) for name in SENTIMENTS},
        categories={name: _category(pairs, name) for name in CATEGORIES},
        calibration={name: _calibration(pairs, name) for name in CATEGORIES},
        by_domain=_grouped(pairs, lambda row: row.get("domain")),
        by_lang=_grouped(pairs, lambda row: row.get("lang")),
        by_length=_grouped(pairs, lambda row: _length_band(row["text"])),
    )


_Pair = tuple[Mapping[str, Any], Mapping[str, Any]]


def _length_band(text: str) -> str:
    for limit in (60, 150, 300, 600):
        if len(text) <= limit:
            return f"up to {limit} characters"
    return "over 600 characters"


def _grouped(pairs: Sequence[_Pair], key: Callable[[Mapping[str, Any]], Any]) -> dict[str, Summary]:
    groups: dict[str, list[_Pair]] = {}
    for pair in pairs:
        name = key(pair[0])
        if name is not None:
            groups.setdefault(str(name), []).append(pair)
    return {name: _summary(groups[name]) for name in sorted(groups)}


def _sentiment(pairs: Sequence[_Pair], name: str) -> Measure:
    held = [row["sentiment"] == name for row, _ in pairs]
    called = [tag["sentiment"] == name for _, tag in pairs]
    return _agreement(held, called)


def _category(pairs: Sequence[_Pair], name: str) -> Measure:
    held = [name in row["categories"] for row, _ in pairs]
    called = [name in (tag["categories"] or ()) for _, tag in pairs]
    return _agreement(held, called)


def _agreement(held: Sequence[bool], called: Sequence[bool]) -> Measure:
    true = sum(a and b for a, b in zip(held, called, strict=True))
    return measure(true, sum(called), sum(held))


def _calibration(pairs: Sequence[_Pair], name: str) -> float:
    if not pairs:
        return 0.0
    likely = np.array([dict(tag.get("category_scores") or {}).get(name, 0.0) for _, tag in pairs])
    held = np.array([name in row["categories"] for row, _ in pairs], dtype=float)
    bins = np.minimum((likely * _ECE_BINS).astype(int), _ECE_BINS - 1)
    gaps = [
        abs(likely[bins == k].mean() - held[bins == k].mean()) * (bins == k).sum()
        for k in np.unique(bins)
    ]
    return float(sum(gaps) / len(pairs))


def _summary(pairs: Sequence[_Pair]) -> Summary:
    polarity = {name: _sentiment(pairs, name) for name in SENTIMENTS}
    category = {name: _category(pairs, name) for name in CATEGORIES}
    right = sum(row["sentiment"] == tag["sentiment"] for row, tag in pairs)
    asks = _asks(pairs)
    return Summary(
        comments=len(pairs),
        sentiment_accuracy=right / max(1, len(pairs)),
        sentiment_macro_f1=_mean(polarity[name].f1 for name in SENTIMENTS[:3]),
        macro_f1=_mean(category[name].f1 for name in CATEGORIES),
        main_macro_f1=_mean(category[name].f1 for name in MAIN_CATEGORIES),
        request_f1=category["request"].f1,
        ask_char_f1=asks.characters.f1,
        ask_detection=asks.detection,
        asks=asks.count,
        item_word_match=asks.items / max(1, asks.count),
        type_accuracy=asks.types / max(1, asks.count),
        strength_accuracy=asks.strengths / max(1, asks.count),
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


@dataclass(frozen=True, slots=True)
class _AskFigures:
    characters: Measure
    detection: Measure
    count: int
    items: int
    types: int
    strengths: int


def _asks(pairs: Sequence[_Pair]) -> _AskFigures:
    true = called = held = hits = alarms = misses = 0
    count = items = types = strengths = 0
    for row, tag in pairs:
        wanted = [(ask, *_span(row["text"], ask)) for ask in row.get("asks") or ()]
        given = [(ask, *_span(row["text"], ask)) for ask in tag.get("asks") or ()]
        gold = {at for _, start, end in wanted for at in range(start, end)}
        found = {at for _, start, end in given for at in range(start, end)}
        true += len(gold & found)
        called += len(found)
        held += len(gold)
        hits += bool(gold & found)
        misses += bool(gold) and not gold & found
        alarms += bool(found) and not gold
        for ask, start, end in wanted:
            count += 1
            overlaps = [min(end, e) - max(start, s) for _, s, e in given]
            if not overlaps or max(overlaps) <= 0:
                continue
            best = given[overlaps.index(max(overlaps))][0]
            items += bool(item_words(ask["item"]) & item_words(best.get("item") or ""))
            types += ask["type"] == best.get("type")
            strengths += ask["strength"] == best.get("strength")
    return _AskFigures(
        measure(true, called, held),
        measure(hits, hits + alarms, hits + misses),
        count,
        items,
        types,
        strengths,
    )


def _span(text: str, ask: Mapping[str, Any]) -> tuple[int, int]:
    """The place of a quote; nowhere, as (0, 0), where the text does not hold it."""
    if ask.get("start") is not None and ask.get("end") is not None:
        return int(ask["start"]), int(ask["end"])
    quote = str(ask.get("quote") or "")
    start = text.find(quote)
    return (start, start + len(quote)) if quote and start >= 0 else (0, 0)
