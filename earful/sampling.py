"""A project's own labels as a random sample: which may tell how well all its comments are read.

Comments that were chosen because a model was unsure of them tell nothing of the others. So every
comment has a lot, a number made from its uid, and within a stratum, the comments of one source,
language and band of score, those of the lowest lots are a random sample. They count as soon as
hardly one of them is left out, whyever they were labelled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import accumulate

import pandas as pd

from classify.accuracy import reading_counts
from earful.store import Ledger
from earful.store.strata import ReadComment, asks_read, read_comments
from earful.validation import (
    ASK_EDGES,
    QUIET_EDGES,
    Compared,
    ReadingCounts,
    Validation,
    bands,
    compare,
    likely_to_ask,
)

FEWEST = 4
"""Labels of a stratum below which the lowest lots may have been labelled by coincidence."""
NEARLY_ALL = 0.9
"""Of the lowest lots so many must be labelled, but for one: somebody may skip a comment."""


@dataclass(frozen=True, slots=True, order=True)
class Stratum:
    """Comments of a source and language in which an ask was read (``asks``) or not; ``band`` is of
    ``ASK_EDGES`` by the surest ask, or of ``QUIET_EDGES`` by the probability that it asks."""

    source: str
    lang: str
    asks: bool
    band: int


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """``sample`` are the labelled comments that count as drawn at random, with the probability that
    each asks. ``waiting`` are the comments that nobody labelled, by stratum in the order of their
    lots."""

    sample: Mapping[str, tuple[Stratum, float]]
    waiting: Mapping[Stratum, tuple[str, ...]]

    @property
    def quiet(self) -> pd.DataFrame:
        """As ``ReadingCounts`` has it."""
        rows = [
            (stratum.source, stratum.lang, stratum.band, len(uids))
            for stratum, uids in sorted(self.waiting.items())
            if not stratum.asks
        ]
        return pd.DataFrame(rows, columns=["source", "lang", "band", "comments"])


def lot(uid: str) -> float:
    """A number from 0 to 1 that looks drawn and is the same for the same comment."""
    return int.from_bytes(blake2b(uid.encode(), digest_size=6).digest(), "big") / 2**48


def draw(comments: Iterable[ReadComment]) -> Draw:
    """Part comments into strata, and find the sample in each."""
    strata: dict[Stratum, list[tuple[float, str, bool, float]]] = defaultdict(list)
    for one in comments:
        likely = likely_to_ask({"request": one.request, "purchase_intent": one.wants})
        quiet = one.best is None
        band = bands(likely, QUIET_EDGES) if quiet else bands(one.best or 0.0, ASK_EDGES)
        stratum = Stratum(one.source, one.lang, not quiet, int(band))
        strata[stratum].append((lot(one.uid), one.uid, one.corrected, likely))
    sample: dict[str, tuple[Stratum, float]] = {}
    waiting: dict[Stratum, tuple[str, ...]] = {}
    for stratum, rows in strata.items():
        rows.sort()
        done = accumulate(corrected for _, _, corrected, _ in rows)
        ends = [
            n for n, labelled in enumerate(done, 1) if labelled >= max(FEWEST, NEARLY_ALL * n - 1)
        ]
        lowest = rows[: max(ends, default=0)]
        sample |= {uid: (stratum, likely) for _, uid, corrected, likely in lowest if corrected}
        waiting[stratum] = tuple(uid for _, uid, corrected, _ in rows if not corrected)
    return Draw(sample, waiting)


def draw_from(ledger: Ledger, spam_threshold: float) -> Draw:
    """The draw of a project's comments that count."""
    active = ledger.get_meta("model_version") or ""
    return draw(read_comments(ledger.connection, active, spam_threshold))


def project_counts(ledger: Ledger, spam_threshold: float) -> ReadingCounts | None:
    """All that tells how well the project's comments are read; None where the models were not
    measured."""
    shipped = reading_counts()
    if shipped is None or not ledger.count_corrections().in_force:
        return None if shipped is None else ReadingCounts(shipped)
    return with_labels(shipped, ledger, draw_from(ledger, spam_threshold))


def with_labels(shipped: Validation, ledger: Ledger, drawn: Draw) -> ReadingCounts:
    """What came with the models, and what the project's own labels tell."""
    return ReadingCounts(shipped, Validation.of(_compared(ledger, drawn)), drawn.quiet)


def _compared(ledger: Ledger, drawn: Draw) -> Iterable[Compared]:
    active = ledger.get_meta("model_version") or ""
    for uid, (stratum, likely) in drawn.sample.items():
        said = ledger.correction(uid)
        if said is not None:
            yield compare(
                stratum.source,
                stratum.lang,
                [asdict(ask) for ask in said.labels.asks],
                asks_read(ledger.connection, uid, active),
                likely,
            )
