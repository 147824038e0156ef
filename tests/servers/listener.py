"""Listens for a project in a process of its own, with a door that needs no model, to be killed.

usage: listener.py PROJECT_FOLDER PORT
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path[:0] = [str(here.parents[1]), str(here.parents[2])]

from earful.listening import Listener
from earful.project import Project

if __name__ == "__main__":
    with Listener(Project.open(Path(sys.argv[1])), "127.0.0.1", int(sys.argv[2]), print) as one:
        print(one.url, flush=True)
        threading.Event().wait()
