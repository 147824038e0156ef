"""What changes over the weeks of a scenario: volume, demand, and what is heard."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from benchmarks.planted.scenario import Scenario

# Comments by hour of the day, midnight first.
_HOURS = (1, 1, 1, 1, 1, 1, 3, 6, 7, 7, 7, 8, 11, 9, 7, 7, 8, 9, 11, 12, 13, 12, 8, 3)


@dataclass(frozen=True, slots=True)
class Tides:
    """Rates and dates of a scenario; a week is a number from 0."""

    scenario: Scenario

    @property
    def end(self) -> datetime:
        """The end of the last week."""
        return self.start_of(self.scenario.weeks)

    def start_of(self, week: int) -> datetime:
        """The first moment of a week."""
        start = datetime.combine(self.scenario.start, datetime.min.time(), UTC)
        return start + timedelta(weeks=week)

    def week_of(self, moment: datetime) -> int:
        """The week that a moment falls in."""
        return (moment - self.start_of(0)).days // 7

    def moment_in(self, week: int, rng: Random) -> datetime:
        """A moment of the week at an hour when people write."""
        return self.start_of(week) + timedelta(
            days=rng.randrange(7),
            hours=rng.choices(range(24), _HOURS)[0],
            seconds=rng.randrange(3600),
        )

    def volume(self, week: int) -> float:
        """How much is written of everything, 1 on average over a year."""
        return 1 + self.scenario.season * math.sin(2 * math.pi * week / 52)

    def demand(self, item: str, week: int) -> float:
        """How much an item is asked for, 1 before anything happens to it."""
        times = 1.0
        for growth in self.scenario.growth:
            if growth.item == item and week >= growth.week:
                times *= growth.factor
        for launch in self.scenario.launch:
            if launch.item == item and week >= launch.week:
                times *= launch.residual
        return times

    def heard(self, source: str, moment: datetime) -> bool:
        """Whether what is written there then is ever heard."""
        week = self.week_of(moment)
        opened = all(week >= one.week for one in self.scenario.opening if one.source == source)
        dead = any(one.since <= week < one.until for one in self.scenario.gap
                   if one.source == source)  # fmt: skip
        return opened and not dead and moment < self.end

    def arrival(self, source: str, moment: datetime) -> datetime:
        """When it becomes known."""
        for one in self.scenario.backfill:
            if one.source == source and self.week_of(moment) < one.before:
                return max(moment, self.start_of(one.arrives))
        return moment


def poisson(rate: float, rng: Random) -> int:
    """A Poisson count, by Knuth's product of uniforms; for rates up to some dozens."""
    limit, product, count = math.exp(-rate), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
