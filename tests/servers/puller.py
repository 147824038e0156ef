"""Pulls one source in a process of its own, so that a test can kill it.

usage: puller.py LEDGER MODULE:CLASS OPTIONS_AS_JSON BATCH_SIZE
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path[:0] = [str(here.parents[1]), str(here.parents[2])]

from earful.errors import EarfulError
from earful.store import Ledger
from ingest.pull import pull_source
from servers.door import admit


def main(ledger_path: str, connector: str, options: str, batch_size: str) -> int:
    """Exit 0 when the pull is done, 3 with the reason on stderr when earful refuses."""
    with Ledger.open(Path(ledger_path)) as ledger:
        module, _, name = connector.partition(":")
        made = getattr(import_module(module), name)("s", json.loads(options), ledger.cursor("s"))
        print("pulling", flush=True)
        try:
            result = pull_source(ledger, made, admit, batch_size=int(batch_size))
        except EarfulError as error:
            print(error, file=sys.stderr)
            return 3
    print(result.added, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
