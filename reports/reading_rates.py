"""How often an ask that was read is right, and a true one is read: by language, then by source.

Precision is measured by band of the ask's score, recall over all, on labelled comments of some
streams; how far both differ between streams, and between things asked for, is measured there too
and goes into every draw (see ``reports.shifts``). Labels of the project's own comments, where they
were drawn at random, correct both for their source and language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from earful.validation import ASK_EDGES, QUIET_EDGES, SAID_ONCE, ReadingCounts, Validation
from reports.shifts import (
    DRAWS,
    Floats,
    deviation_weights,
    draw_deviations,
    logits,
    normal_scores,
    shifted,
    updated,
)

SEED = 43
BANDS = len(ASK_EDGES) - 1
QUIET_BANDS = len(QUIET_EDGES) - 1
FEWEST_ASKS = 20
"""True asks among a language's labelled comments, below which nothing was measured of it."""
FEWEST_LABELS = 20
"""Labelled comments of the project's own, from which on a source of a kind that is new to the
models counts as measured."""

Cell = tuple[str, str]
"""A source and a language."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRates:
    """How asks are read, in draws, by language.

    ``precision`` maps a language to (BANDS, draws), ``recall`` to (draws,); the deviations (draws,)
    are in logits, between streams and between the things asked for in one stream. ``gaps`` maps a
    language to the share (QUIET_BANDS,) of the quiet comments, those without a read ask, that ask
    after all; ``beside`` to the asks that are missed in all for each quiet comment that asks.
    """

    precision: Mapping[str, Floats]
    recall: Mapping[str, Floats]
    gaps: Mapping[str, Floats]
    beside: Mapping[str, float]
    stream_precision: Floats
    stream_recall: Floats
    item_precision: Floats
    item_recall: Floats

    @classmethod
    def of(
        cls, validation: Validation, random: np.random.Generator, draws: int = DRAWS
    ) -> MeasuredRates:
        """From the counts of labelled comments, for languages with ``FEWEST_ASKS`` true asks."""
        read, asked = validation.read, validation.asked.assign(band=0)
        true = asked.groupby("lang")["asks"].sum()
        langs = [lang for lang in true.index[true >= FEWEST_ASKS] if (read["lang"] == lang).any()]
        precision: dict[str, Floats] = {}
        recall: dict[str, Floats] = {}
        gaps: dict[str, Floats] = {}
        beside: dict[str, float] = {}
        for lang in langs:
            right, tried = _pooled(read, lang, "right", BANDS)
            precision[lang] = random.beta(right[:, None], (tried - right)[:, None], (BANDS, draws))
            found, every = _pooled(asked, lang, "found", 1)
            recall[lang] = random.beta(found[0], every[0] - found[0], draws)
            quiet = validation.quiet[validation.quiet["lang"] == lang]
            asking = sums(quiet["band"], quiet["asking"], QUIET_BANDS)
            gaps[lang] = (asking + 0.5) / (sums(quiet["band"], quiet["comments"], QUIET_BANDS) + 1)
            beside[lang] = max(1.0, float(every[0] - found[0]) / max(1.0, float(asking.sum())))
        streams, items = (
            [
                _deviations(table, langs, key, held, size, random, draws)
                for table, held, size in ((read, "right", BANDS), (asked, "found", 1))
            ]
            for key in ("source", "item")
        )
        # An item recurs mostly in one stream, so that items differ by their streams' shifts too.
        within = [
            np.sqrt(np.maximum(item**2 - stream**2, 0.0))
            for stream, item in zip(streams, items, strict=True)
        ]
        return cls(precision, recall, gaps, beside, *streams, *within)


@dataclass(frozen=True, slots=True, eq=False)
class RatesHere:
    """Logits of precision (BANDS, draws) and of recall (draws,) in one source and language.

    ``read`` (BANDS,) are its asks that nobody checked, ``quiet`` (QUIET_BANDS,) its comments
    without an ask, and ``gaps`` (QUIET_BANDS, draws) the share of these that ask; empty where they
    were not counted.
    """

    precision: Floats
    recall: Floats
    read: Floats
    quiet: Floats
    gaps: Floats


def rates_here(
    rates: MeasuredRates,
    cell: Cell,
    read: Floats,
    counts: ReadingCounts,
    random: np.random.Generator,
) -> RatesHere:
    """The rates of one source and language, of whose asks ``read`` (BANDS,) were read unchecked.

    Recall is found over found and missed: labels of quiet comments change how many are missed, band
    by band, where ``counts.quiet`` tells how many comments each band has.
    """
    lang = cell[1]
    draws = len(rates.stream_recall)
    shifts = normal_scores(random, 2, draws)
    precision = shifted(rates.precision[lang], shifts[0] * rates.stream_precision)
    recall = shifted(rates.recall[lang], shifts[1] * rates.stream_recall)
    if counts.own is not None:
        own = _of_cell(counts.own.read, cell)
        _update(precision, own["band"], own["asks"], own["right"])
    quiet, gaps = np.zeros(0), np.zeros((0, draws))
    if counts.quiet is not None:
        here = _of_cell(counts.quiet, cell)
        quiet = sums(here["band"], here["comments"], QUIET_BANDS)
        right = read @ precision
        missed = right * (1 - recall) / recall
        # What is missed is spread over the bands as it was on labelled comments.
        share = missed / rates.beside[lang] / max(float(quiet @ rates.gaps[lang]), 1e-9)
        gaps = np.clip(rates.gaps[lang][:, None] * share, 1e-6, 0.95)
        before = quiet @ gaps
        if counts.own is not None and quiet.any() and right.any():
            spoken = _of_cell(counts.own.quiet, cell)
            _update(gaps, spoken["band"], spoken["comments"], spoken["asking"])
            missed = missed * (quiet @ gaps) / np.maximum(before, 1e-9)
            recall = np.clip(right / (right + missed), 0.02, 1 - 1e-6)
    return RatesHere(logits(precision), logits(recall), read, quiet, gaps)


def labelled_here(counts: ReadingCounts, cell: Cell) -> int:
    """The comments and asks of one source and language that a person checked."""
    if counts.own is None:
        return 0
    read, quiet = _of_cell(counts.own.read, cell), _of_cell(counts.own.quiet, cell)
    return int(read["asks"].sum() + quiet["comments"].sum())


def sums(places: npt.ArrayLike, values: npt.ArrayLike, size: int) -> Floats:
    """The sum of ``values`` by place, (size,)."""
    return np.bincount(np.asarray(places, int), np.asarray(values, float), size).astype(float)


def _of_cell(rows: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    return rows[(rows["source"] == cell[0]) & (rows["lang"] == cell[1])]


def _update(rates: Floats, band: npt.ArrayLike, tried: npt.ArrayLike, held: npt.ArrayLike) -> None:
    """Correct the draws of each band by what was tried and held there, in place."""
    every, yes = sums(band, tried, len(rates)), sums(band, held, len(rates))
    for at in np.flatnonzero(every).tolist():
        rates[at] = updated(rates[at], float(every[at]), float(yes[at]))


def _pooled(rows: pd.DataFrame, lang: str, held: str, size: int) -> tuple[Floats, Floats]:
    """What holds and what was tried by band, with half a success and half a failure (Jeffreys)."""
    own = rows[rows["lang"] == lang]
    return sums(own["band"], own[held], size) + 0.5, sums(own["band"], own["asks"], size) + 1.0


def _deviations(
    rows: pd.DataFrame,
    langs: list[str],
    key: str,
    held: str,
    size: int,
    random: np.random.Generator,
    draws: int,
) -> Floats:
    """Draws of the deviation between streams, or between items that recur, each set against the
    others of its language."""
    expected, cases, good = ([np.zeros((0, size))] for _ in range(3))
    for lang in langs:
        own = rows[(rows["lang"] == lang) & (rows[key] != SAID_ONCE)]
        names, group = np.unique(own[key].to_numpy(), return_inverse=True)
        if len(names) < 2:
            continue
        at = group * size + own["band"].to_numpy()
        tried = sums(at, own["asks"], len(names) * size).reshape(-1, size)
        right = sums(at, own[held], len(names) * size).reshape(-1, size)
        yes, every = _pooled(rows, lang, held, size)
        expected.append((yes - right) / (every - tried))
        cases.append(tried)
        good.append(right)
    weights = deviation_weights(*map(np.concatenate, (expected, cases, good)))
    return draw_deviations(random, weights, draws)
