"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeRemainingColumn as Remaining

SECONDS_BETWEEN_LINES = 5.0

# Progress goes to standard error, so that standard output can be piped on.
stderr = Console(stderr=True, highlight=False, markup=False)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show how far ``label`` is; the value given takes the number of comments just dealt with."""
    if sys.stderr.isatty():
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
        with Progress(
            *columns, MofNCompleteColumn(), Remaining(), console=stderr, transient=True
        ) as bar:
            task = bar.add_task(label, total=total)
            yield lambda count: bar.advance(task, count)
        return
    done = 0
    started = last = time.monotonic()

    def line(count: int) -> None:
        nonlocal done, last
        done += count
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            of = f" of {total:,}" if total else ""
            print(f"{label}: {done:,}{of}, {done / (now - started):,.0f}/s", file=sys.stderr)

    yield line
