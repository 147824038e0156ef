"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earful.errors import ConfigurationError


@contextmanager
def replacing(
    path: Path, what: str = "the file", next_step: str = "Make room and allow writing there."
) -> Iterator[Path]:
    """A draft beside ``path`` to write to; it takes the place of ``path`` when the block ends well.

    Raises ``ConfigurationError`` where the folder cannot be written to.
    """
    draft = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{what} cannot be written: {error.strerror or error}",
            where=str(path),
            next_step=next_step,
        ) from error
