"""A made-up world of streams whose truth is known, for the tests of estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from earful.validation import ASK_EDGES, Validation

PRECISION = np.array([0.3, 0.45, 0.6, 0.8, 0.9])
BANDS_OF_TRUE = np.array([0.12, 0.18, 0.25, 0.22, 0.23])
RECALL = 0.72
ITEMS = 25


@dataclass(frozen=True)
class World:
    """What sets streams and signals apart, in logits; ``lang`` is what they are written in."""

    stream: float = 0.3
    signal: float = 0.3
    lang: str = "en"

    def shifts(self, random: np.random.Generator) -> tuple[float, float]:
        """Of precision and recall, of one stream."""
        one, other = random.normal(0, self.stream, 2)
        return float(one), float(other)

    def signal_asks(
        self, random: np.random.Generator, true: int, shifts: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Asks of one thing that ``true`` comments make: the bands of those that are found and of
        those that were read wrongly, and how many are missed."""
        off, deaf = random.normal(0, self.signal, 2)
        precision = expit(logit(PRECISION) + shifts[0] + off)
        recall = expit(logit(RECALL) + shifts[1] + deaf)
        found = int(random.binomial(true, recall))
        right = random.multinomial(found, BANDS_OF_TRUE)
        wrong = random.poisson(true * recall * BANDS_OF_TRUE * (1 - precision) / precision)
        return right, wrong, true - found

    def validation(
        self, random: np.random.Generator, streams: int = 6, asks: int = 90
    ) -> Validation:
        """Counts of labelled comments of ``streams`` other streams, ``asks`` true asks in each."""
        read, asked = [], []
        for stream in range(streams):
            shifts = self.shifts(random)
            for item in range(ITEMS):
                true = max(1, asks // ITEMS + int(random.integers(-2, 3)))
                right, wrong, missed = self.signal_asks(random, true, shifts)
                name = stream * ITEMS + item
                read += [
                    (f"s{stream}", self.lang, name, band, int(r + w), int(r))
                    for band, (r, w) in enumerate(zip(right, wrong, strict=True))
                    if r + w
                ]
                asked.append((f"s{stream}", self.lang, name, true, true - missed))
        return Validation(
            read=pd.DataFrame(read, columns=["source", "lang", "item", "band", "asks", "right"]),
            asked=pd.DataFrame(asked, columns=["source", "lang", "item", "asks", "found"]),
            quiet=pd.DataFrame(columns=["source", "lang", "band", "comments", "asking"]),
        )

    def project(
        self, random: np.random.Generator, people: list[int], source: str = "forum"
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """Asks of a new stream, as ``Estimator`` takes them, and the people who truly ask."""
        shifts = self.shifts(random)
        rows: list[tuple[str, str, str, float]] = []
        truth: dict[str, int] = {}
        for number, true in enumerate(people):
            signal = f"g{number:03d}"
            truth[signal] = true
            right, wrong, _ = self.signal_asks(random, true, shifts)
            for kind, counts in (("r", right), ("w", wrong)):
                for band, count in enumerate(counts):
                    score = (ASK_EDGES[band] + ASK_EDGES[band + 1]) / 2
                    rows += [
                        (signal, f"{signal}{kind}{band}p{n}", f"{signal}{kind}{band}u{n}", score)
                        for n in range(int(count))
                    ]
        frame = pd.DataFrame(rows, columns=["signal", "person", "uid", "score"])
        return frame.assign(source=source, lang=self.lang, solicited=False, checked=False), truth
