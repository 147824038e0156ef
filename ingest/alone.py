"""One process at a time: a lock that the operating system holds and lets go of."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from earful.errors import TransientError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def alone(path: Path, where: str, doing: str) -> Iterator[None]:
    """Hold the lock of the file at ``path``; raise ``TransientError`` where another process does.

    The error says ``where`` and that the other one is ``doing`` it. The operating system lets go
    when the process dies, however it does. The file stays: removing it would let two processes
    lock two files of one name.
    """
    with path.open("a+b") as file:
        if not _lock(file):
            file.seek(0)
            holder = file.read().decode("ascii", "replace").strip() or "unknown"
            raise TransientError(
                f"another process (number {holder}) is {doing}",
                where=where,
                next_step="Wait until it is done, or stop it.",
            )
        file.truncate(0)
        file.write(str(os.getpid()).encode("ascii"))
        file.flush()
        yield


if sys.platform == "win32":

    def _lock(file: Any) -> bool:
        # Windows locks a piece of the file, and locked pieces cannot be read: one far behind the
        # number that stands at the beginning.
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(file: Any) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
