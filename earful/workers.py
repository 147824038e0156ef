"""Work on batches in several processes: in order, with few in flight, so that memory stays flat."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from threading import Thread
from typing import Any, TypeVar

# Below this many batches a second process costs more than it saves.
BATCHES_FOR_A_POOL = 4
MOST_WORKERS = 8

Given = TypeVar("Given")
Made = TypeVar("Made")

_work: Callable[[Any], Any] | None = None  # one per worker process


def _start(load: Callable[[], Callable[[Any], Any]]) -> None:
    global _work
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


def over_batches(
    load: Callable[[], Callable[[Given], Made]], batches: Iterable[Given]
) -> Iterator[Made]:
    """What ``load()`` answers to each batch, in the order given.

    ``load`` is called once in every process, so that what is heavy to carry over (models) is made
    where it is used; it must be picklable, and so must batches and answers. A few batches are
    worked on in this process.
    """
    iterator = iter(batches)
    first = list(islice(iterator, BATCHES_FOR_A_POOL))
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    if len(first) < BATCHES_FOR_A_POOL or workers == 1:
        work = load()
        yield from (work(batch) for batch in chain(first, iterator))
        return
    # Not forked: a fork would copy the locks of whatever threads the libraries have started.
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start, initargs=(load,)
    ) as pool:
        waiting: deque[Future[Made]] = deque()
        for batch in chain(first, iterator):
            waiting.append(pool.submit(_run, batch))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
