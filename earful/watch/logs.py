"""Logs on standard error: a line for people, or one JSON object a line for machines.

Whatever is logged, by whichever library, has the values of the project's secrets taken out.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, Self

from earful.credentials import credential
from earful.errors import EarfulError
from earful.keys import ENVIRONMENT
from earful.project import Project

Format = Literal["text", "json"]
HIDDEN = "[secret]"
ALERT_URL = "EARFUL_ALERT_URL"
SHORTEST = 4
"""A value shorter than this is no secret, and taking it out would spoil every line."""


class Secrets:
    """Takes the values of secrets out of texts."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        # The longest first: one secret may be the beginning of another.
        self._values = sorted({v for v in values if len(v) >= SHORTEST}, key=len, reverse=True)

    @classmethod
    def of_project(cls, project: Project) -> Self:
        """The secrets that the project's sources need, from the environment or the keyring."""
        from earful.pipeline import connectors_of

        found = connectors_of(project)
        names = {ALERT_URL}
        for source in project.settings.source:
            try:
                needs = found.connector(source.connector).needs
            except EarfulError:  # told when it is pulled
                continue
            names |= {need.name for need in needs if need.secret}
        key = os.environ.get(ENVIRONMENT, "")
        return cls([key, *(credential(name) for name in sorted(names))])

    def hide(self, text: str) -> str:
        """The text without them."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text

    def reason(self, error: BaseException) -> str:
        """An error in one line; one that earful did not raise on purpose is told by its class."""
        if isinstance(error, EarfulError):
            return self.hide(" ".join(str(error).split()))
        return self.hide(" ".join(f"{type(error).__name__}: {error}".split()))


class Lines(logging.Formatter):
    """``fields`` of a record (see ``logging``'s ``extra``) follow its message."""

    def __init__(self, format_: Format, secrets: Secrets) -> None:
        super().__init__()
        self._format = format_
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """One line, without secrets; with a traceback a few, where lines are for people."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        message = self._secrets.hide(message)
        if self._format == "json":
            told = {"time": at, "level": record.levelname.lower(), "logger": record.name}
            safe = {
                name: self._secrets.hide(value) if isinstance(value, str) else value
                for name, value in fields.items()
            }
            line = {**told, "message": message, **safe}
            return json.dumps(line, ensure_ascii=False, default=str)
        source = f"{fields['source']}: " if fields.get("source") else ""
        return f"{at[:19]}Z {record.levelname.lower():7} {source}{message}"


def start_logging(format_: Format, secrets: Secrets) -> None:
    """Everything of earful's from INFO on, and the warnings of all libraries, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(format_, secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("earful", "ingest"):
        logging.getLogger(ours).setLevel(logging.INFO)
    logging.captureWarnings(True)
