"""Work on batches in several processes: in order, with few in flight, so that memory stays flat."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from threading import Thread
from typing import Any, Generic, Protocol, TypeVar

# Below this many batches a second process costs more than it saves.
BATCHES_FOR_A_POOL = 4
MOST_WORKERS = 8
RENEWED_AFTER = 256
"""Batches after which processes are started anew: what libraries hold on to goes with the old ones,
so that memory does not grow with the years."""

Given = TypeVar("Given")
Made = TypeVar("Made")
Taken = TypeVar("Taken", contravariant=True)
Answered = TypeVar("Answered", covariant=True)
Load = Callable[[], Callable[[Given], Made]]
"""Called once in every process, so that what is heavy to carry over (models) is made where it is
used."""

_work: Callable[[Any], Any] | None = None  # one per worker process


def _start(load: Callable[[], Callable[[Any], Any]], deaf: bool) -> None:
    global _work
    if deaf:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    Thread(target=_die_with, args=(os.getppid(),), daemon=True).start()
    _work = load()


def _die_with(parent: int) -> None:
    """End this worker when its parent was killed: nobody else would."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _run(batch: Any) -> Any:
    assert _work is not None
    return _work(batch)


def cores() -> int:
    """Processes that may work at once."""
    return min(os.cpu_count() or 1, MOST_WORKERS)


class Hands(Protocol[Taken, Answered]):
    """What works on batches, here or elsewhere, until it is closed."""

    def map(self, batches: Iterable[Taken]) -> Iterator[Answered]:
        """What is made of each batch, in the order given."""
        ...

    def close(self) -> None:
        """End what was started; what is being worked on is finished first."""
        ...


class Here(Generic[Given, Made]):
    """Works in this process."""

    def __init__(self, load: Load[Given, Made]) -> None:
        self._work = load()

    def map(self, batches: Iterable[Given]) -> Iterator[Made]:
        """What is made of each batch, in the order given."""
        return map(self._work, batches)

    def close(self) -> None:
        """There is nothing to end."""


class Workers(Generic[Given, Made]):
    """Works in processes of its own, of which each is started when the others are busy.

    ``load``, batches and answers must be picklable. ``deaf`` workers end only with their parent or
    when they are closed: signals for all processes of a service or a terminal are its to answer.
    After ``renewed_after`` batches together they end, and others take their place.
    """

    def __init__(
        self, load: Load[Given, Made], *, deaf: bool, renewed_after: int = RENEWED_AFTER
    ) -> None:
        self._load = load
        self._deaf = deaf
        self._renewed_after = renewed_after
        self._most = cores()
        self._begin()

    def _begin(self) -> None:
        # Not forked: a fork would copy the locks of whatever threads the libraries have started.
        # The pool's own limit of tasks for a process can hang in Python 3.11: it is not used.
        self._pool = ProcessPoolExecutor(
            self._most,
            mp_context=get_context("spawn"),
            initializer=_start,
            initargs=(self._load, self._deaf),
        )
        self._given = 0

    def map(self, batches: Iterable[Given]) -> Iterator[Made]:
        """What is made of each batch, in the order given; who stops asking gives up the rest."""
        waiting: deque[Future[Made]] = deque()
        try:
            for batch in batches:
                if self._given >= self._renewed_after:
                    while waiting:
                        yield waiting.popleft().result()
                    self.close()
                    self._begin()
                self._given += 1
                waiting.append(self._pool.submit(_run, batch))
                if len(waiting) >= 2 * self._most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the processes; what is being worked on is finished first."""
        self._pool.shutdown(cancel_futures=True)


def over_batches(
    load: Load[Given, Made],
    batches: Iterable[Given],
    loaded: Callable[[Given], Made] | None = None,
) -> Iterator[Made]:
    """What ``load()`` answers to each batch, in the order given: a few are worked on in this
    process, by ``loaded`` where that is there already, more in several."""
    iterator = iter(batches)
    first = list(islice(iterator, BATCHES_FOR_A_POOL))
    hands: Hands[Given, Made]
    if len(first) < BATCHES_FOR_A_POOL or cores() == 1:
        hands = Here(load if loaded is None else lambda: loaded)
    else:
        hands = Workers(load, deaf=False)
    try:
        yield from hands.map(chain(first, iterator))
    finally:
        hands.close()
