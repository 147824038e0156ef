"""``python -m classify.training``: fit every model, write the artifact, measure, write the card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.shipped import FOLDER, MANIFEST
from classify.training.build import Timed, fit_all, read_corpus, write_models
from classify.training.card import CARD, figures, write_card
from classify.training.cross_validation import cross_validate
from earful.errors import EarfulError


def main(arguments: list[str] | None = None) -> int:
    """Run the build; returns the exit status, 0 done or 1 failed."""
    parser = argparse.ArgumentParser(prog="python -m classify.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder of the artifact")
    parser.add_argument(
        "--measure",
        action="store_true",
        help=f"cross-validate as well, and write {CARD} (three times as long)",
    )
    chosen = parser.parse_args(arguments)
    timed = Timed.now()
    try:
        corpus = read_corpus(chosen.data)
        print(timed.line(f"read {len(corpus.english)} English comments"), flush=True)
        version = write_models(fit_all(corpus), chosen.output)
        print(timed.line(f"wrote {version} to {chosen.output / MANIFEST}"), flush=True)
        if chosen.measure:
            measured = cross_validate(chosen.data)
            write_card(chosen.output, version, measured)
            print(timed.line(f"measured: {figures(measured['english'])}"), flush=True)
    except EarfulError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
