"""What was read of a listing that shows the newest first, with a newest part that is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ingest.stretches import NewestFirst


@dataclass(frozen=True, slots=True)
class Memory:
    """Stretches that were read, and what was yielded of the part that is open again.

    From ``settled`` on the platform may show more than it did, or the same in other words: that
    part is walked again by the next pull, without the marks in ``late`` (mark -> second).
    """

    state: NewestFirst = field(default_factory=NewestFirst)
    settled: int | None = None
    late: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: dict[str, Any] | None) -> Self:
        """The memory that ``to_json`` made."""
        if not stored:
            return cls()
        return cls(NewestFirst.from_json(stored), stored["settled"], stored["late"])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**self.state.to_json(), "settled": self.settled, "late": dict(self.late)}

    def begun(self, since: int | None, settled: int) -> Self:
        """A new walk; what was not settled when the last one began is open again."""
        state = self.state if self.settled is None else self.state.opened(self.settled)
        return replace(self, state=state.begin(since), settled=settled)

    def passed(self, second: int, mark: str, *, in_place: bool) -> Self:
        """The walk has come to this comment, new or known.

        One that stands out of order says nothing about what lies around it.
        """
        late = self.late
        if not in_place or self.settled is None or second >= self.settled:
            late = {**late, mark: second}
        state = self.state.pass_by(second, mark) if in_place else self.state
        return replace(self, state=state, late=late)

    def reached(self, since: int) -> Self:
        """The walk has come to its end: everything from ``since`` up to its top was read."""
        return replace(self, state=self.state.reach(since))

    def ended(self) -> Self:
        """The walk is over: marks that a settled stretch covers need not be kept."""
        settled = self.settled or 0
        late = {
            mark: second
            for mark, second in self.late.items()
            if second >= settled or not self.state.read_whole(second)
        }
        return replace(self, late=late)
