"""A fake platform that changes while it is read and answers badly, all from one seed.

It has two boards. ``/changes`` lists what was written, edited or deleted, the oldest change first.
``/newest`` lists what was written, the newest first, and tells of edits and deletions only where
it is asked for a comment by its id, at ``/comments``.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from tests.servers.local import Reply, Request

SIZE = 50
"""Comments on a page."""
LATENESS = 3.0
"""Seconds after which a comment that was written is surely listed."""

_WANTS = ("a bench", "more shade", "oat milk", "a drying room", "longer hours", "a quiet corner")
_PLACES = ("by the river", "near the gate", "on the upper floor", "at the landing", "in winter")


@dataclass
class Remark:
    """One comment as it is now; ``said`` are all its wordings, the last one the present one."""

    number: int
    created: int
    listed_from: float
    said: list[str]
    changed: int
    deleted: bool = False

    @property
    def edited(self) -> int | None:
        """The second of the last change, None where it was never changed."""
        return self.changed if len(self.said) > 1 or self.deleted else None


@dataclass
class Board:
    """The comments of one board, by number."""

    remarks: dict[int, Remark] = field(default_factory=dict)

    def listed(self) -> list[Remark]:
        """Those that a reader is shown by now."""
        now = time.time()
        return [remark for remark in self.remarks.values() if remark.listed_from <= now]


class World:
    """Two boards, what is done to them, and the faults with which they are served.

    ``faults`` false serves well, ``down`` not at all. ``done`` counts what happened to comments,
    ``injected`` the faults that were given out.
    """

    def __init__(self, seed: int, backlog: int) -> None:
        self.boards = {"changes": Board(), "newest": Board()}
        self.faults = True
        self.down = False
        self.done: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._luck = random.Random(seed + 1)
        self._lock = RLock()
        start = int(time.time()) - 10 * backlog
        for board in self.boards.values():
            for number in range(backlog):
                self._write(board, start + 9 * number, 0.0)

    def happen(self) -> None:
        """Let one thing happen to one of the boards."""
        with self._lock:
            board = self._chance.choice(list(self.boards.values()))
            what = self._chance.random()
            alive = [remark for remark in board.remarks.values() if not remark.deleted]
            if what < 0.5 or not alive:
                late = self._chance.choice((0.0, 0.0, LATENESS)) * self._chance.random()
                self._write(board, int(time.time()), time.time() + late)
                self.done["written"] += 1
                self.done["listed late"] += late > 0
            elif what < 0.8:
                remark = self._chance.choice(alive)
                for _ in range(self._chance.choice((1, 1, 2))):
                    self._edit(remark)
            else:
                remark = self._chance.choice(alive)
                remark.deleted, remark.changed = True, int(time.time())
                self.done["deleted"] += 1

    def answer(self, request: Request) -> Reply:
        """A reply to the puller, or one of the faults in its place."""
        if self.down:
            return Reply(503, {}, cut=0)
        with self._lock:
            reply = self._served(request)
            if not self.faults:
                return reply
            luck = self._luck.random()
            for share, name, spoil in _FAULTS:
                if luck < share:
                    self.injected[name] += 1
                    return spoil(reply, self._luck)
                luck -= share
            return reply

    def _write(self, board: Board, second: int, listed_from: float) -> None:
        number = len(board.remarks)
        words = self._words(number)
        board.remarks[number] = Remark(number, second, listed_from, [words], second)

    def _edit(self, remark: Remark) -> None:
        if self._chance.random() < 0.1 and len(remark.said) > 1:
            words = remark.said[-2]  # somebody takes an edit back
        else:
            words = f"{self._words(remark.number)}, {_letters(len(remark.said))}"
        remark.said.append(words)
        remark.changed = int(time.time())
        self.done["edited"] += 1

    def _words(self, number: int) -> str:
        want, place = self._chance.choice(_WANTS), self._chance.choice(_PLACES)
        return f"Could we have {want} {place}, please ({_letters(number)})"

    def _served(self, request: Request) -> Reply:
        if request.path == "/changes":
            return self._changes(request)
        if request.path == "/newest":
            return self._newest(request)
        if request.path == "/comments":
            wanted = {int(number) for number in request.fields["ids"].split(",")}
            board = self.boards["newest"]
            found = [r for r in board.remarks.values() if r.number in wanted and not r.deleted]
            return Reply(content={"comments": self._shown(found)})
        return Reply(404, {"message": "no such path"})

    def _changes(self, request: Request) -> Reply:
        since, page = int(request.fields.get("since", "0")), int(request.fields["page"])
        found = [r for r in self.boards["changes"].listed() if r.changed >= since]
        found.sort(key=lambda remark: (remark.changed, remark.number))
        start = (page - 1) * SIZE
        more = len(found) > start + SIZE
        return Reply(content={"comments": self._shown(found[start : start + SIZE]), "more": more})

    def _newest(self, request: Request) -> Reply:
        found = [r for r in self.boards["newest"].listed() if not r.deleted]
        found.sort(key=lambda remark: (-remark.created, -remark.number))
        if "before" in request.fields:
            created, number = map(int, request.fields["before"].split("-"))
            found = [r for r in found if (r.created, r.number) < (created, number)]
        page = found[:SIZE]
        following = f"{page[-1].created}-{page[-1].number}" if len(found) > SIZE else None
        return Reply(content={"comments": self._shown(page), "next": following})

    def _shown(self, page: list[Remark]) -> list[dict[str, Any]]:
        """The page as JSON, with some repeated and, now and then, the order upset."""
        shown = [
            {
                "id": str(remark.number),
                "text": "" if remark.deleted else remark.said[-1],
                "created": remark.created,
                "edited": remark.edited,
                "deleted": remark.deleted,
                "author": f"rower_{remark.number % 97}",
            }
            for remark in page
        ]
        if self.faults and shown and self._luck.random() < 0.2:
            self.injected["repeated on a page"] += 1
            shown += self._luck.sample(shown, min(3, len(shown)))
        if self.faults and self._luck.random() < 0.1:
            self.injected["page out of order"] += 1
            self._luck.shuffle(shown)
        return shown


def _letters(number: int) -> str:
    """A number as letters: digits could be taken for somebody's telephone number."""
    letters = ""
    while True:
        number, rest = divmod(number, 20)
        letters = "bcdfghjklmnpqrstvwxz"[rest] + letters
        if not number:
            return letters


_FAULTS: tuple[tuple[float, str, Callable[[Reply, random.Random], Reply]], ...] = (
    (0.04, "JSON cut short", lambda r, luck: Reply(200, r.content, cut=luck.randint(1, 400))),
    (0.03, "too many requests", lambda r, luck: Reply(429, {}, {"Retry-After": "0.2"})),
    (0.02, "timed out", lambda r, luck: Reply(200, r.content, delay=1.5)),
    (0.03, "server error", lambda r, luck: Reply(luck.choice((500, 502, 503)), {})),
    (0.02, "hung up", lambda r, luck: Reply(200, r.content, cut=0)),
)
"""(share of the replies, name, what becomes of the reply)."""
