"""What one source may spend in a day: calls, and money where a platform is paid per call or row.

The stop comes *before* the limit is passed. What was spent is kept in the source's cursor, so it
counts across pulls; a new UTC day starts at nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from earful.errors import EarfulError
from ingest.connector import Options


class BudgetSpentError(EarfulError):
    """The day's budget does not allow the next call; what was read so far is kept."""


class Limits(Options):
    """The most that a source may spend in one UTC day; None is no limit.

    ``money`` is in the currency of the row's prices.
    """

    calls_per_day: int | None = Field(default=None, ge=0)
    money_per_day: float | None = Field(default=None, ge=0)


class Prices(Options):
    """What a platform takes: per call, and per comment returned."""

    per_call: float = Field(default=0, ge=0)
    per_comment: float = Field(default=0, ge=0)
    currency: str = "USD"


class Budget:
    """Counts what is spent today against the limits. ``spent`` is plain JSON for the cursor."""

    def __init__(
        self,
        limits: Limits,
        prices: Prices,
        spent: Mapping[str, Any] | None = None,
        today: Callable[[], str] = lambda: datetime.now(UTC).date().isoformat(),
    ) -> None:
        self.limits = limits
        self.prices = prices
        self._today = today
        kept = spent if spent and spent.get("day") == today() else {}
        self._day = today()
        self.calls = int(kept.get("calls", 0))
        self.money = float(kept.get("money", 0.0))

    @property
    def spent(self) -> dict[str, Any]:
        """The day, the calls and the money so far."""
        return {"day": self._day, "calls": self.calls, "money": round(self.money, 6)}

    def before_call(self, comments: int) -> None:
        """Count one more call that may return so many comments.

        Raises ``BudgetSpentError`` where it would pass a limit; nothing is counted then.
        """
        if self._today() != self._day:
            self._day, self.calls, self.money = self._today(), 0, 0.0
        limit = self.limits.calls_per_day
        if limit is not None and self.calls + 1 > limit:
            raise _spent(f"{limit:,} calls a day")
        most = self.limits.money_per_day
        price = self.prices.per_call + comments * self.prices.per_comment
        if most is not None and self.money + price > most:
            raise _spent(f"{most:g} {self.prices.currency} a day")
        self.calls += 1
        self.money += self.prices.per_call

    def after_call(self, comments: int) -> None:
        """Count the comments that the call returned."""
        self.money += comments * self.prices.per_comment


def _spent(limit: str) -> BudgetSpentError:
    return BudgetSpentError(
        f"stopped before the budget of {limit} was passed",
        next_step="Pull again tomorrow, or raise the source's budget in earful.toml.",
    )
