"""Reports that are there whole or not at all."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from earful import atomic


def replacing(path: Path) -> AbstractContextManager[Path]:
    """A draft beside a report's ``path``; see ``earful.atomic.replacing``."""
    return atomic.replacing(
        path,
        "the report",
        "Choose another folder with --out, or make room and allow writing there.",
    )
