"""When a source is pulled next: sooner the more it brings, later the more often it fails."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from earful.settings import Watch


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pace of one source; every answer to a pull makes a new one. Times are in seconds.

    ``rate`` is the smoothed number of new comments a second, None before two pulls have shown
    one. ``failures`` are the pulls that failed since the last success.
    """

    shortest: float
    longest: float
    comments_per_pull: float
    jitter: float
    longest_backoff: float
    rate: float | None = None
    pause: float = 0.0
    failures: int = 0

    @classmethod
    def of(cls, settings: Watch, source: str) -> Schedule:
        """The schedule of a source that was never pulled."""
        shortest, longest = settings.waits(source)
        return cls(
            shortest,
            longest,
            settings.comments_per_pull,
            settings.jitter,
            max(settings.longest_backoff, longest),
        )

    def unbroken(self) -> Schedule:
        """Of a source that keeps nothing: every wait is the shortest."""
        return replace(self, longest=self.shortest)

    def succeeded(self, new: int, elapsed: float | None, *, capped: bool = False) -> Schedule:
        """After a pull that brought ``new`` comments of the ``elapsed`` time since the one before.

        The rate is halfway between the one known and the one just seen, so a burst is followed
        at once and forgotten over a few pulls. Where the platform cut the listing, the next wait
        is at most half of the last one.
        """
        if not elapsed:
            return replace(self, pause=self.shortest, failures=0)
        seen = new / elapsed
        rate = seen if self.rate is None else (self.rate + seen) / 2
        pause = self.comments_per_pull / rate if rate > 0 else self.longest
        if capped:
            pause = min(pause, self.pause / 2)
        pause = min(max(pause, self.shortest), self.longest)
        return replace(self, rate=rate, pause=pause, failures=0)

    def failed(self, asked: float | None = None) -> Schedule:
        """After a pull that failed; ``asked`` is how long the other side wants to be left alone."""
        doubled = self.shortest * 2.0 ** min(self.failures + 1, 60)
        pause = max(min(doubled, self.longest_backoff), asked or 0.0)
        return replace(self, pause=pause, failures=self.failures + 1)

    def wait(self, chance: random.Random) -> float:
        """How long to wait now: the pause, a little longer or shorter by chance, so that sources
        of one pace, and watchers of one platform, do not fall into step."""
        return self.pause * (1 + chance.uniform(-self.jitter, self.jitter))
