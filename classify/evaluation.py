"""Measuring tags against gold labels: per label, over all, by domain, language and length.

Intervals are percentile bootstrap intervals over comments (Efron 1979): the comments are drawn
anew with replacement, and every figure is counted again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classify.labels import CATEGORIES, MAIN_CATEGORIES, SENTIMENTS
from earful.errors import DataError, did_you_mean

BINS = 10
RESAMPLES = 500
SCARCE = 5
"""Fewer gold comments than this give no interval: resamples of so few only repeat them."""

_SEED = 20
_MOST_CELLS = 2_000_000  # resamples x comments that are counted in one go
_LENGTHS = (60, 150, 300, 600)
_LENGTH_NAMES = (*(f"up to {limit} characters" for limit in _LENGTHS), "over 600 characters")
_POLARITY = {"negative": 0.0, "neutral": 0.5, "mixed": 0.5, "positive": 1.0}
_STOP_WORDS = frozenset(["the", "a", "an", "of", "for", "to", "in", "on", "more", "better", "new"])
_STOP = _STOP_WORDS | {"and", "with"}
_WORDS = re.compile(r"[a-z0-9]+")

_ASK_CHARACTERS, _ASK_DETECTION = "ask characters", "ask detection"
_SCORED = (*SENTIMENTS, *CATEGORIES, _ASK_CHARACTERS, _ASK_DETECTION)
_COLUMN = {name: column for column, name in enumerate(_SCORED)}
_MACROS = {
    "sentiment": ("sentiment_macro_f1", SENTIMENTS[:3]),
    "main_categories": ("main_macro_f1", MAIN_CATEGORIES),
    "categories": ("macro_f1", CATEGORIES),
}

Floats = npt.NDArray[np.float64]
_Row = Mapping[str, Any]
_Pair = tuple[_Row, _Row]


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of a figure over resampled comments."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measure:
    """Precision, recall and F1 of a label; ``support`` gold rows carry it, ``called`` tags do.

    All three are 0 where nothing supports them. ``interval`` is that of the F1; None under
    ``SCARCE`` gold rows, and where no resample differs.
    """

    precision: float
    recall: float
    f1: float
    support: int
    called: int = 0
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Macro:
    """Unweighted means over ``averaged``: those of ``labels`` that some gold row carries.

    A label that no gold row carries can only score 0, which would say nothing of the tags; its
    false alarms still show in the precision of the label itself. All are 0 where none is carried.
    """

    precision: float
    recall: float
    f1: float
    labels: tuple[str, ...]
    averaged: tuple[str, ...]
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Comments whose probability lies from ``low`` up to ``high``.

    ``confidence`` is their mean probability and ``share`` the share of them that carry the label;
    both None where there are no comments.
    """

    low: float
    high: float
    comments: int
    confidence: float | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a set of comments, each 0 to 1.

    ``sentiment_macro_f1`` averages negative, neutral and positive; ``main_macro_f1`` the six main
    categories; ``macro_f1`` all of the codebook; labels that no gold row carries are left out, and
    ``averaged`` says which remained. ``ask_char_f1`` is the F1 of quoted characters over all
    comments whose asks are labelled (``asks_labelled``), ``ask_detection`` that of comments with
    an ask (an overlapping quote counts as found). The shares of asks whose item shares a word, or
    whose type or strength is right, count a missed ask as wrong. Items are compared by words in
    Latin script; ``items_compared`` of the ``asks`` hold one, the others count as wrong.
    ``requests`` gold rows are requests; ``unread`` comments are in a language that is not served,
    and count as wrong. ``intervals`` has those of the five F1 figures, None where too little is
    there.
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
    items_compared: int
    requests: int
    asks_labelled: int
    unread: int
    averaged: Mapping[str, tuple[str, ...]]
    intervals: Mapping[str, Interval | None]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures over all comments, per label, and per group where the gold rows name one.

    ``calibration`` maps a category to its expected calibration error over the comments that were
    read (ten bins of equal width; Naeini et al. 2015), and "sentiment" to that of the sentiment
    score: there the probability is (score + 1) / 2, and a comment holds by 1 where it is
    positive, by 0 where negative, by a half where neutral or mixed. ``reliability`` has the bins
    behind each. ``langs_told`` comments bear no gold language and are grouped by the one the
    tagger told.
    """

    overall: Summary
    sentiments: Mapping[str, Measure]
    categories: Mapping[str, Measure]
    calibration: Mapping[str, float]
    by_domain: Mapping[str, Summary]
    by_lang: Mapping[str, Summary]
    by_length: Mapping[str, Summary]
    macros: Mapping[str, Macro]
    reliability: Mapping[str, tuple[ReliabilityBin, ...]]
    langs_told: int


def item_words(item: str) -> set[str]:
    """The telling words of an item, plural s cut off; all its words where none tells."""
    found = _WORDS.findall(item.lower())
    return {word.rstrip("s") for word in found if word not in _STOP} or set(found)


def measure(true: int, called: int, held: int, interval: Interval | None = None) -> Measure:
    """The measure of ``true`` right calls among ``called`` for ``held`` gold rows."""
    precision = true / called if called else 0.0
    recall = true / held if held else 0.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return Measure(precision, recall, f1, held, called, interval)


def evaluate(gold: Sequence[_Row], tags: pa.RecordBatch | pa.Table | Sequence[_Row]) -> Evaluation:
    """Compare ``tags`` (rows of ``TAGS_SCHEMA``, Arrow or dicts) with labelled rows.

    A gold row has uid, text, sentiment and categories, and may have domain, lang and asks (quote
    or start and end, item, type, strength). Where asks are missing or None they are not labelled,
    and the row takes no part in the figures of asks. Raises ``DataError`` where a gold row has no
    tags, lacks a field or bears an unknown sentiment.
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
        if row["sentiment"] not in SENTIMENTS:
            raise DataError(
                f"there is no sentiment {row['sentiment']!r}",
                where=f"row {number}",
                next_step=did_you_mean(str(row["sentiment"]), SENTIMENTS),
            )
        if str(row["uid"]) not in by_uid:
            raise DataError(f"no tags for the gold row {row['uid']}", where=f"row {number}")
        pairs.append((row, by_uid[str(row["uid"])]))
    counted = _Counted.of(pairs)
    spread = _Spread(counted.labels)
    reliability = _reliability(pairs)
    return Evaluation(
        overall=_summary(counted, spread),
        sentiments={name: _measured(counted, spread, name) for name in SENTIMENTS},
        categories={name: _measured(counted, spread, name) for name in CATEGORIES},
        calibration={name: _calibration_error(bins) for name, bins in reliability.items()},
        by_domain=_grouped(pairs, counted, lambda row, _: row.get("domain")),
        by_lang=_grouped(pairs, counted, lambda row, tag: row.get("lang") or tag.get("lang")),
        by_length=_grouped(pairs, counted, lambda row, _: _length(row["text"]), _LENGTH_NAMES),
        macros={name: _macro(counted, spread, labels) for name, (_, labels) in _MACROS.items()},
        reliability=reliability,
        langs_told=sum(not row.get("lang") and bool(tag.get("lang")) for row, tag in pairs),
    )


def _length(text: str) -> str:
    return _LENGTH_NAMES[sum(len(text) > limit for limit in _LENGTHS)]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What every comment adds to the figures.

    ``labels`` is comments x scored names x (right, called, held); ``asks`` is comments x
    (asks, item has words to compare, item shares one, type right, strength right); the others are
    one flag a comment.
    """

    labels: Floats
    asks: Floats
    right: npt.NDArray[np.bool_]
    ask_labelled: npt.NDArray[np.bool_]
    unread: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, pairs: Sequence[_Pair]) -> _Counted:
        labels = np.zeros((len(pairs), len(_SCORED), 3))
        asks = np.zeros((len(pairs), 5))
        for at, (row, tag) in enumerate(pairs):
            held = _labels(row["sentiment"], row["categories"])
            called = _labels(tag["sentiment"], tag["categories"] or ())
            for name in held | called:
                labels[at, _COLUMN[name]] = (name in held & called, name in called, name in held)
            if row.get("asks") is not None:
                found = _compare_asks(row["text"], row["asks"], tag.get("asks") or ())
                labels[at, _COLUMN[_ASK_CHARACTERS]] = found[0]
                labels[at, _COLUMN[_ASK_DETECTION]] = found[1]
                asks[at] = found[2]
        return cls(
            labels,
            asks,
            np.array([row["sentiment"] == tag["sentiment"] for row, tag in pairs], bool),
            np.array([row.get("asks") is not None for row, _ in pairs], bool),
            np.array([not _was_read(tag) for _, tag in pairs], bool),
        )

    def __len__(self) -> int:
        return len(self.right)

    def of_rows(self, places: Sequence[int]) -> _Counted:
        kept = np.array(places, int)
        return _Counted(
            self.labels[kept],
            self.asks[kept],
            self.right[kept],
            self.ask_labelled[kept],
            self.unread[kept],
        )

    def totals(self, name: str) -> tuple[int, int, int]:
        true, called, held = self.labels[:, _COLUMN[name]].sum(axis=0)
        return int(true), int(called), int(held)

    def carrying(self, labels: Sequence[str]) -> int:
        """How many comments carry one of ``labels`` in the gold."""
        columns = [_COLUMN[name] for name in labels]
        return int((self.labels[:, columns, 2] > 0).any(axis=1).sum())


def _labels(sentiment: str | None, categories: Iterable[str]) -> set[str]:
    """The labels that are measured; categories of a user's own are not."""
    known = set(categories) & set(CATEGORIES)
    return known | {sentiment} if sentiment in SENTIMENTS else known


def _was_read(tag: _Row) -> bool:
    return bool(tag.get("read", True))


class _Spread:
    """Totals of resampled comments: resamples x scored names x (right, called, held)."""

    def __init__(self, labels: Floats) -> None:
        comments = len(labels)
        drawn = [np.zeros((0, *labels.shape[1:]))]
        random = np.random.default_rng(_SEED)
        for size in _blocks(RESAMPLES, max(1, _MOST_CELLS // max(1, comments))) if comments else ():
            picks = random.integers(0, comments, (size, comments))
            picks += np.arange(size)[:, None] * comments
            times = np.bincount(picks.ravel(), minlength=size * comments).reshape(size, comments)
            flat = times.astype(float) @ labels.reshape(comments, -1)
            drawn.append(flat.reshape(size, *labels.shape[1:]))
        self._totals = np.concatenate(drawn)

    def of_mean_f1(self, labels: Sequence[str], support: int) -> Interval | None:
        """The interval of the mean F1 of ``labels``.

        None for a scarce ``support``, and where no resample differs (all right, all wrong): a
        bootstrap knows nothing of errors that it has not seen.
        """
        if support < SCARCE:
            return None
        totals = self._totals[:, [_COLUMN[name] for name in labels]]
        held = totals[..., 2] > 0
        f1 = np.divide(
            2 * totals[..., 0],
            totals[..., 1] + totals[..., 2],
            out=np.zeros(held.shape),
            where=held,
        )
        with_any = held.any(axis=1)
        means = f1[with_any].sum(axis=1) / held[with_any].sum(axis=1)
        low, high = np.percentile(means, (2.5, 97.5))
        return Interval(float(low), float(high)) if low < high else None


def _blocks(total: int, most: int) -> Iterator[int]:
    while total > 0:
        yield min(total, most)
        total -= most


def _measured(counted: _Counted, spread: _Spread, name: str) -> Measure:
    totals = counted.totals(name)
    return measure(*totals, spread.of_mean_f1([name], counted.carrying([name])))


def _macro(counted: _Counted, spread: _Spread, labels: Sequence[str]) -> Macro:
    found = {name: measure(*counted.totals(name)) for name in labels}
    averaged = tuple(name for name in labels if found[name].support)
    count = max(1, len(averaged))
    return Macro(
        precision=sum(found[name].precision for name in averaged) / count,
        recall=sum(found[name].recall for name in averaged) / count,
        f1=sum(found[name].f1 for name in averaged) / count,
        labels=tuple(labels),
        averaged=averaged,
        interval=spread.of_mean_f1(averaged, counted.carrying(averaged)),
    )


def _summary(counted: _Counted, spread: _Spread) -> Summary:
    macros = {field: _macro(counted, spread, labels) for field, labels in _MACROS.values()}
    request = _measured(counted, spread, "request")
    characters = _measured(counted, spread, _ASK_CHARACTERS)
    asks, compared, items, types, strengths = (int(total) for total in counted.asks.sum(axis=0))
    return Summary(
        comments=len(counted),
        sentiment_accuracy=float(counted.right.sum()) / max(1, len(counted)),
        sentiment_macro_f1=macros["sentiment_macro_f1"].f1,
        macro_f1=macros["macro_f1"].f1,
        main_macro_f1=macros["main_macro_f1"].f1,
        request_f1=request.f1,
        ask_char_f1=characters.f1,
        ask_detection=_measured(counted, spread, _ASK_DETECTION),
        asks=asks,
        item_word_match=items / max(1, asks),
        type_accuracy=types / max(1, asks),
        strength_accuracy=strengths / max(1, asks),
        items_compared=compared,
        requests=request.support,
        asks_labelled=int(counted.ask_labelled.sum()),
        unread=int(counted.unread.sum()),
        averaged={field: macro.averaged for field, macro in macros.items()},
        intervals={
            **{field: macro.interval for field, macro in macros.items()},
            "request_f1": request.interval,
            "ask_char_f1": characters.interval,
        },
    )


def _grouped(
    pairs: Sequence[_Pair],
    counted: _Counted,
    key: Callable[[_Row, _Row], Any],
    order: Sequence[str] | None = None,
) -> dict[str, Summary]:
    groups: dict[str, list[int]] = {}
    for at, pair in enumerate(pairs):
        name = key(*pair)
        if name is not None:
            groups.setdefault(str(name), []).append(at)
    parts = {
        name: counted.of_rows(groups[name]) for name in (order or sorted(groups)) if name in groups
    }
    return {name: _summary(part, _Spread(part.labels)) for name, part in parts.items()}


def _reliability(pairs: Sequence[_Pair]) -> dict[str, tuple[ReliabilityBin, ...]]:
    read = [(row, tag) for row, tag in pairs if _was_read(tag)]
    scores = [dict(tag.get("category_scores") or {}) for _, tag in read]
    bins = {
        name: _bins(
            [score.get(name, 0.0) for score in scores],
            [float(name in row["categories"]) for row, _ in read],
        )
        for name in CATEGORIES
    }
    felt = [(row, tag) for row, tag in read if tag.get("sentiment_score") is not None]
    if felt:
        bins["sentiment"] = _bins(
            [(tag["sentiment_score"] + 1) / 2 for _, tag in felt],
            [_POLARITY[row["sentiment"]] for row, _ in felt],
        )
    return bins


def _bins(likely: Sequence[float], holds: Sequence[float]) -> tuple[ReliabilityBin, ...]:
    probability, held = np.array(likely, float), np.array(holds, float)
    places = np.clip((probability * BINS).astype(int), 0, BINS - 1)
    found = []
    for place in range(BINS):
        inside = places == place
        count = int(inside.sum())
        found.append(
            ReliabilityBin(
                low=place / BINS,
                high=(place + 1) / BINS,
                comments=count,
                confidence=float(probability[inside].mean()) if count else None,
                share=float(held[inside].mean()) if count else None,
            )
        )
    return tuple(found)


def _calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """The mean gap between confidence and share, each bin weighted by its comments."""
    comments = sum(one.comments for one in bins)
    gaps = sum(
        abs(one.confidence - one.share) * one.comments
        for one in bins
        if one.confidence is not None and one.share is not None
    )
    return gaps / max(1, comments)


_Three = tuple[int, int, int]


def _compare_asks(
    text: str, gold: Sequence[_Row], told: Sequence[_Row]
) -> tuple[_Three, _Three, tuple[int, int, int, int, int]]:
    """Of one comment: its quoted characters, whether it has an ask, its asks one by one."""
    wanted = [(ask, *_span(text, ask)) for ask in gold]
    given = [(ask, *_span(text, ask)) for ask in told]
    held = {at for _, start, end in wanted for at in range(start, end)}
    called = {at for _, start, end in given for at in range(start, end)}
    # An ask found in the wrong place is missed, but it is no false alarm: there is one to find.
    overlap = bool(held & called)
    alarm = bool(called) and not held
    compared = items = types = strengths = 0
    for ask, start, end in wanted:
        compared += bool(item_words(ask["item"]))
        overlaps = [min(end, e) - max(start, s) for _, s, e in given]
        if not overlaps or max(overlaps) <= 0:
            continue
        best = given[overlaps.index(max(overlaps))][0]
        items += bool(item_words(ask["item"]) & item_words(best.get("item") or ""))
        types += ask["type"] == best.get("type")
        strengths += ask["strength"] == best.get("strength")
    return (
        (len(held & called), len(called), len(held)),
        (int(overlap), int(overlap or alarm), int(bool(held))),
        (len(wanted), compared, items, types, strengths),
    )


def _span(text: str, ask: _Row) -> tuple[int, int]:
    """The place of a quote; nowhere, as (0, 0), where the text does not hold it."""
    if ask.get("start") is not None and ask.get("end") is not None:
        return int(ask["start"]), int(ask["end"])
    quote = str(ask.get("quote") or "")
    start = text.find(quote)
    return (start, start + len(quote)) if quote and start >= 0 else (0, 0)
