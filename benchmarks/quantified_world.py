"""A made-up world of streams whose truth is known, to try estimates on.

Nothing is read here: it is drawn which asks are found, which are missed and which were read though
nobody made them, at rates that differ between streams and between things asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from earful.validation import ASK_EDGES, Validation

PRECISION = np.array([0.4, 0.5, 0.7, 0.8, 0.9])
"""By band of ``ASK_EDGES``; much as the shipped model's."""
BANDS_OF_TRUE = np.array([0.14, 0.14, 0.24, 0.21, 0.27])
RECALL = 0.75
ITEMS = 25

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class World:
    """The deviations, in logits, of rates between streams and between the things asked for."""

    stream: float
    item: float
    lang: str = "en"

    @classmethod
    def drawn(cls, random: np.random.Generator) -> World:
        """One of the worlds that may be: streams and items alike, or far apart."""
        stream, item = np.abs(random.normal(0, 0.5, 2))
        return cls(float(stream), float(item))

    def validation(
        self, random: np.random.Generator, streams: int = 6, asks: int = 90
    ) -> Validation:
        """Counts of labelled comments of ``streams`` streams, ``asks`` true asks in each."""
        read: list[tuple[str, str, int, int, int, int]] = []
        asked: list[tuple[str, str, int, int, int]] = []
        for stream in range(streams):
            shifts = random.normal(0, self.stream, 2)
            for item in range(ITEMS):
                true = max(1, asks // ITEMS + int(random.integers(-2, 3)))
                right, wrong = self._read(random, true, shifts)
                where = f"s{stream}", self.lang, stream * ITEMS + item
                read += [
                    (*where, band, int(r + w), int(r))
                    for band, (r, w) in enumerate(zip(right, wrong, strict=True))
                    if r + w
                ]
                asked.append((*where, true, int(right.sum())))
        return Validation(
            pd.DataFrame(read, columns=["source", "lang", "item", "band", "asks", "right"]),
            pd.DataFrame(asked, columns=["source", "lang", "item", "asks", "found"]),
            pd.DataFrame(columns=["source", "lang", "band", "comments", "asking"]),
        )

    def project(
        self, random: np.random.Generator, people: list[int], source: str = "forum"
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """Asks of a new stream, as ``Estimator`` takes them and with the column signal, and the
        people who truly ask, by signal."""
        shifts = random.normal(0, self.stream, 2)
        rows: list[tuple[str, str, float]] = []
        truth: dict[str, int] = {}
        for number, true in enumerate(people):
            signal = f"g{number:03d}"
            truth[signal] = true
            for kind, counts in zip("rw", self._read(random, true, shifts), strict=True):
                for band, count in enumerate(counts.tolist()):
                    score = (ASK_EDGES[band] + ASK_EDGES[band + 1]) / 2
                    rows += [(signal, f"{signal}{kind}{band}.{n}", score) for n in range(count)]
        frame = pd.DataFrame(rows, columns=["signal", "person", "score"])
        known = {"source": source, "lang": self.lang, "solicited": False, "checked": False}
        return frame.assign(uid=frame["person"], **known), truth

    def _read(
        self, random: np.random.Generator, true: int, shifts: npt.NDArray[np.float64]
    ) -> tuple[Counts, Counts]:
        """Asks of one thing, of which there are ``true``: those that were found and those that were
        read wrongly, by band."""
        own = shifts + random.normal(0, self.item, 2)
        precision = expit(logit(PRECISION) + own[0])
        recall = float(expit(logit(RECALL) + own[1]))
        right = random.multinomial(random.binomial(true, recall), BANDS_OF_TRUE)
        wrong = random.poisson(true * recall * BANDS_OF_TRUE * (1 - precision) / precision)
        return right, wrong
