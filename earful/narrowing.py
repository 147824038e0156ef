"""Comments whose labels narrow the estimates most, for ``earful label --for-estimates``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classify.accuracy import reading_counts
from earful.errors import DataError
from earful.labelling import ESTIMATE, Choice, Standing
from earful.pipeline import tagged_facts
from earful.project import Project
from earful.sampling import Stratum, draw_from, lot, with_labels
from earful.store import Ledger
from earful.validation import ASK_EDGES, QUIET_EDGES
from reports.asks import read_asks
from reports.estimates import Estimator
from reports.fact_tables import Window, open_tables
from reports.label_plan import plan_labels


@dataclass(frozen=True, slots=True)
class PlannedQueue:
    """Comments to label in the order of their lots, of every stratum so many; ``before`` and
    ``after`` are the widths of the interval of all asks, as shares of their number."""

    queue: tuple[Choice, ...]
    parts: tuple[tuple[Stratum, int, int], ...]
    before: float
    after: float

    def __str__(self) -> str:
        lines = [
            f"{len(self.queue):,} labels would take the interval of who asks from"
            f" {self.before:.0%} of their number to {self.after:.0%}:"
        ]
        lines += [
            f"  {labels:>3} of {waiting:,} from {stratum.source} ({stratum.lang}), {_told(stratum)}"
            for stratum, labels, waiting in self.parts
        ]
        return "\n".join(lines)


def planned_labels(
    project: Project, ledger: Ledger, count: int, standings: Mapping[str, Standing]
) -> PlannedQueue:
    """The ``count`` comments that would narrow the estimates most, drawn by lot.

    Raises ``DataError`` where nothing is tagged, and where the models were not measured.
    """
    shipped = reading_counts()
    if shipped is None:
        raise DataError(
            "it was not measured how well these models read, so there are no estimates to narrow",
            next_step="Install earful again, or measure the models: earful train --data",
        )
    asks = read_asks(open_tables(tagged_facts(project, ledger)), Window())
    drawn = draw_from(ledger, project.settings.classify.spam_threshold)
    estimator = Estimator.of(asks[asks["counted"]], with_labels(shipped, ledger, drawn))
    strata = {((s.source, s.lang), s.asks, s.band): s for s in drawn.waiting}
    waiting = {place: len(drawn.waiting[stratum]) for place, stratum in strata.items()}
    plan = plan_labels(estimator, waiting, count)
    uids = sorted(
        (uid for part in plan.parts for uid in drawn.waiting[strata[part.place]][: part.labels]),
        key=lot,
    )
    return PlannedQueue(
        tuple(Choice(uid, ESTIMATE, 0.0, standings.get(uid)) for uid in uids),
        tuple((strata[part.place], part.labels, waiting[part.place]) for part in plan.parts),
        plan.before,
        plan.after,
    )


def _told(stratum: Stratum) -> str:
    edges = ASK_EDGES if stratum.asks else QUIET_EDGES
    span = f"{edges[stratum.band]:.2f} to {edges[stratum.band + 1]:.2f}"
    if stratum.asks:
        return f"read as asking, score {span}"
    return f"read as not asking, probability {span}"
