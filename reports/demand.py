"""What a report tells: the demand of a window, and each signal in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from earful.records import Coverage, DemandSignal, Estimate, Ladder
from earful.store.memory import MemoryUpdate
from reports.arrangement import Standing
from reports.established import Findings
from reports.estimates import Prevalence
from reports.exposure import Exposure
from reports.fact_tables import Window
from reports.growth import Growth
from reports.history import History
from reports.hours import Hours
from reports.identity import Change
from reports.launches import Launched
from reports.rollups import Rollups
from reports.say_want import SayWant
from reports.share_of_voice import ShareOfVoice
from reports.tuples import DemandTuple

EVIDENCE_COLUMNS = (
    "signal",
    "uid",
    "person",
    "item",
    "passage",
    "type",
    "strength",
    "moment",
    "source",
    "place",
    "url",
    "created_at",
    "solicited",
    "lang",
    "sentiment",
)


@dataclass(frozen=True, slots=True)
class ListedSignal(DemandSignal):
    """A signal as a report lists it: what the taxonomy decided about it, and what its weeks tell.

    One that is "ignored" is counted like any other and stands at the end, out of the ranking; one
    that is "pinned" is listed even where nobody asks for it. ``past`` is the last quarter beside
    its own past (``seasonal``: the same quarter of earlier years), None where that was not tested;
    there is a ``history`` of three people or more. ``hours`` are None where none is known, and
    ``tuples`` hold what x moment x place x condition.
    """

    standing: Standing = "ranked"
    owner: str = ""
    past: Growth | None = None
    seasonal: bool = False
    history: History | None = None
    hours: Hours | None = None
    tuples: tuple[DemandTuple, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What people ask for in a window, and all that is needed to judge it.

    ``ladder`` is that of all comments of the window, asking or not. ``asks`` is the evidence, one
    row per ask that counts, columns ``EVIDENCE_COLUMNS`` (``signal`` is the id, ``item`` as the
    signal shows it, ``passage`` the words within their sentence), by signal and date.

    ``rung`` is where on the ladder it is counted. Below "people" each comment counts for itself as
    if it were a person, in grades as well, and the ladder of a signal ends at that rung; ``ladder``
    and those in ``rollups`` are whole at any.

    ``heard`` are the weeks that were listened to, ``findings`` the tests of all signals against
    their own past. ``learned`` is what is to be remembered of the signals, ``changes`` what became
    of those that were remembered.

    ``asking`` are the people who ask for anything, ``prevalence`` the same by source and language
    (empty where nothing was measured of the models). ``launches`` tell what came of those in the
    settings, the newest first. ``say_want`` sets surveys against the open, None where there is but
    one of them; ``voice`` sets brands beside the competitors that they name.
    """

    title: str
    window: Window
    generated_at: datetime
    coverage: tuple[Coverage, ...]
    ladder: Ladder
    signals: tuple[ListedSignal, ...]
    rollups: Rollups
    heard: Exposure
    findings: Findings
    asks: pd.DataFrame
    learned: MemoryUpdate
    asking: Estimate
    changes: tuple[Change, ...] = ()
    rung: str = "people"
    prevalence: tuple[Prevalence, ...] = ()
    launches: tuple[Launched, ...] = ()
    say_want: SayWant | None = None
    voice: tuple[ShareOfVoice, ...] = ()

    @property
    def ranked(self) -> tuple[ListedSignal, ...]:
        """All that the taxonomy does not ignore."""
        return tuple(s for s in self.signals if s.standing != "ignored")

    @property
    def ignored(self) -> tuple[ListedSignal, ...]:
        """What the taxonomy takes out of the ranking."""
        return tuple(s for s in self.signals if s.standing == "ignored")

    @property
    def shared(self) -> tuple[ListedSignal, ...]:
        """Requests of two people or more, most wanted first."""
        return tuple(s for s in self.ranked if s.people > 1 and s.type != "wants")
