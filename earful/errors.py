"""Errors, sorted by what the reader can do about them.

``TransientError``: the same call may succeed later, so a retry rule needs one name only.
``ConfigurationError``: the reader has to change a setting, a flag or a credential.
``DataError``: the input has to change. ``TerminalError``: nothing that the reader does helps.
Every message says what, where, and what to do next; the facts behind it are kept as attributes.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class EarfulError(Exception):
    """Base of every error that earful raises on purpose.

    ``message`` says what is wrong, ``where`` names the file, line, column or source, and
    ``next_step`` what to do; any of the two may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", next_step: str = "") -> None:
        self.message = message
        self.where = where
        self.next_step = next_step
        super().__init__(message)

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.next_step:
            parts.append(self.next_step)
        return "\n".join(parts)


class TransientError(EarfulError):
    """A later try may succeed: a time-out, a rate limit, a server that is down."""

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        next_step: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, where=where, next_step=next_step)
        self.retry_after = retry_after  # seconds the other side asked for, when it did


class TerminalError(EarfulError):
    """No retry helps: gone, forbidden, broken beyond reading."""


class ConfigurationError(EarfulError):
    """A setting, a flag or a credential is missing or wrong."""

    exit_code = 2


class DataError(EarfulError):
    """The input cannot be read as it is."""


class IntegrityError(TerminalError):
    """A shipped or stored artifact is not what its checksum or schema says."""


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """A closing sentence that names the valid values, guessing the mistake where it can."""
    choices = sorted(valid)
    close = get_close_matches(word, choices, n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    return f"{guess}Valid: {', '.join(choices)}."
