"""From the spool into the ledger, by the door that every comment passes.

It may be killed at any moment. Deliveries are finished only after their comments are in the
ledger, and bringing in the same comment again changes nothing: what was done twice was done once.
Deliveries also come late and out of order, so an older wording never replaces a newer one, and
what was deleted stays deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from earful.errors import DataError
from earful.locking import alone
from earful.records import Admitted, Comment
from earful.store import Delivery, Ledger, Spool, UpsertCount
from ingest.hooks.mapping import comments_of
from ingest.hooks.registry import Hook

BATCH = 200


class Refusal(Protocol):
    """What the door answers for a comment that it turns away."""

    @property
    def reason(self) -> str:
        """Why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of deliveries, and of the comments in them.

    ``late`` comments were older than what the ledger has, or deleted before they came.
    """

    deliveries: int = 0
    aside: int = 0
    count: UpsertCount = field(default_factory=UpsertCount)
    late: int = 0

    def __add__(self, other: Processed) -> Processed:
        return Processed(
            self.deliveries + other.deliveries,
            self.aside + other.aside,
            self.count + other.count,
            self.late + other.late,
        )

    def __str__(self) -> str:
        count = self.count
        told = (
            f"{self.deliveries:,} deliveries: {count.added:,} new, {count.revised:,} edited,"
            f" {count.deleted:,} deleted there, {count.unchanged:,} already there"
        )
        late = f", {self.late:,} late" if self.late else ""
        aside = f"; {self.aside:,} set aside: earful deliveries" if self.aside else ""
        return f"{told}{late}{aside}"


def process_waiting(
    spool: Spool,
    ledger: Ledger,
    hooks: Mapping[str, Hook],
    admit: Callable[[Sequence[Comment]], Sequence[Admitted | Refusal]],
    *,
    again: bool = False,
    batch_size: int = BATCH,
) -> Processed:
    """Bring everything that waits for ``hooks`` into the ledger, the oldest first; with ``again``
    also what was set aside before.

    A delivery that cannot be mapped, or of which a comment cannot be let in, is set aside with
    the reason. Raises ``TransientError`` where another process is at it.
    """
    lock = ledger.path.with_name(f"{ledger.path.name}.deliveries.lock")
    done = Processed()
    with alone(lock, "processing deliveries", "deliveries"):
        if again:
            spool.again(hooks)
        while batch := spool.waiting(hooks, batch_size):
            done += _process(batch, spool, ledger, hooks, admit)
    return done


def _process(
    batch: Sequence[Delivery],
    spool: Spool,
    ledger: Ledger,
    hooks: Mapping[str, Hook],
    admit: Callable[[Sequence[Comment]], Sequence[Admitted | Refusal]],
) -> Processed:
    aside: dict[int, str] = {}
    told: list[tuple[int, Comment]] = []
    for delivery in batch:
        try:
            comments = comments_of(hooks[delivery.hook], delivery.body)
        except DataError as error:
            aside[delivery.number] = error.message
            continue
        told += [(delivery.number, comment) for comment in comments]
    deleted = {comment.uid for _, comment in told if comment.deleted}
    deleted |= spool.gone([comment.uid for _, comment in told])
    latest = _latest(told, deleted)
    rows: list[Admitted] = []
    answers = admit([comment for _, comment in latest])
    for (number, _), answer in zip(latest, answers, strict=True):
        if isinstance(answer, Admitted):
            rows.append(answer)
        else:
            aside[number] = answer.reason
    late = sum(1 for _, comment in told if not comment.deleted and comment.uid in deleted)
    with ledger.transaction():
        standing = ledger.standing([row.comment.uid for row in rows])
        timely = []
        for row in rows:
            there = standing.get(row.comment.uid)
            changed = row.comment.edited_at or row.comment.created_at
            if there is not None and there.since and not row.comment.deleted:
                if changed is None or changed < there.since:
                    late += 1
                    continue
            elif there is None and row.comment.created_at is None:
                # Its first sighting tells of an edit only: that is the nearest date there is.
                row = replace(row, comment=_dated(row.comment))
            timely.append(row)
        count = ledger.upsert(timely, datetime.now(UTC))
    spool.settle(
        [delivery.number for delivery in batch if delivery.number not in aside],
        aside.items(),
        deleted,
    )
    return Processed(len(batch), len(aside), count, late)


def _latest(told: Iterable[tuple[int, Comment]], deleted: set[str]) -> list[tuple[int, Comment]]:
    """One of each comment with its delivery: its tombstone, or else its newest wording."""
    latest: dict[str, tuple[int, Comment]] = {}
    for number, comment in told:
        before = latest.get(comment.uid)
        if comment.uid in deleted and not comment.deleted:
            continue
        if before is not None and not comment.deleted:
            first, second = before[1], comment
            older = _changed(second) < _changed(first)
            newest, other = (first, second) if older else (second, first)
            if newest.created_at is None:
                newest = replace(
                    newest,
                    created_at=other.created_at,
                    created_precision=other.created_precision,
                )
            latest[comment.uid] = (before[0] if older else number, newest)
            continue
        latest[comment.uid] = (number, comment)
    return list(latest.values())


def _changed(comment: Comment) -> datetime:
    return comment.edited_at or comment.created_at or datetime.min.replace(tzinfo=UTC)


def _dated(comment: Comment) -> Comment:
    known = comment.edited_at is not None
    return replace(
        comment,
        created_at=comment.edited_at,
        created_precision="second" if known else "none",
    )
