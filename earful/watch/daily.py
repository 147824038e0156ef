"""What is done once in a while, in a process of its own: retention and the reports.

A report takes all of the facts into memory and minutes of work; a process gives back the memory,
stays out of the way of listening (it is nice to others), and may fail alone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from earful.errors import EarfulError

log = logging.getLogger(__name__)
NICENESS = 5
GRACE_SECONDS = 5.0


class Daily:
    """The process that is running, where one is."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._told: IO[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the last one started was not asked for its end yet."""
        return self._process is not None

    def start(self) -> None:
        """Start one."""
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has ended
        # The same modules as here, and none that lie in the working folder by chance.
        path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
        self._process = subprocess.Popen(  # noqa: S603 - this Python, this module
            [sys.executable, "-P", "-m", "earful.watch.daily", str(self._root)],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._told,
        )

    def ended(self) -> tuple[int, str] | None:
        """Exit code and what it said last, once it has ended; None before."""
        if self._process is None or self._told is None or self._process.poll() is None:
            return None
        code = self._process.returncode
        self._told.seek(0)
        told = self._told.read().decode("utf-8", "replace").strip().splitlines()
        self._told.close()
        self._process = self._told = None
        return code, " ".join(told[-2:])

    def stop(self) -> None:
        """End it: what it had not written yet is not written."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.ended()


def main(root: Path) -> int:
    """Erase what is kept no longer, then write the reports."""
    from earful.pipeline import apply_retention, make_report
    from earful.project import Project

    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    try:
        project = Project.open(root)
        with project.ledger() as ledger:
            apply_retention(project, ledger)
        make_report(project)
    except EarfulError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
