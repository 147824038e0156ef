"""JSON over HTTP with retries: what every connector without an SDK of its own calls.

Only what is named here is tried again: time-outs, broken connections, replies cut short, and the
statuses of ``TRY_AGAIN``. Waits grow with jitter, or follow the time that the server asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx2
import stamina
from pydantic import Field

from earful.errors import ConfigurationError, EarfulError, TerminalError, TransientError
from ingest.connector import Options

TRY_AGAIN: dict[int, str] = {
    408: "the server gave up waiting",
    429: "too many requests in a short time",
    500: "the server failed",
    502: "the server's back end failed",
    503: "the server is down for the moment",
    504: "the server's back end did not answer in time",
    520: "the server's back end failed",
    522: "the server's back end did not answer in time",
    524: "the server's back end did not answer in time",
}
"""Status -> what it means, for the statuses after which the same call may succeed."""

GIVEN_UP: dict[int, tuple[type[EarfulError], str, str]] = {
    400: (TerminalError, "the server does not understand the request", "Check the options."),
    401: (ConfigurationError, "the credentials are wrong or missing", "Check the credentials."),
    403: (ConfigurationError, "the server does not allow this", "Check what the key may read."),
    404: (TerminalError, "there is nothing at this address", "Check names and addresses."),
    410: (TerminalError, "this address is gone for good", "Look for the platform's new one."),
    451: (TerminalError, "withheld for legal reasons", "Leave it out of the options."),
}
"""Status -> error, what it means and what to do, for statuses that no retry helps."""


class Patience(Options):
    """How long a connector goes on trying one call.

    Waits are in seconds: the first about ``wait_initial``, doubling up to ``wait_max``, each with
    up to ``wait_jitter`` added. A server that asks for more than ``longest_wait`` is not waited
    for: the pull ends with a ``TransientError`` and goes on from its cursor the next time.
    """

    attempts: int = Field(default=6, ge=1)
    wait_initial: float = Field(default=0.5, ge=0)
    wait_max: float = Field(default=60, ge=0)
    wait_jitter: float = Field(default=1, ge=0)
    longest_wait: float = Field(default=900, ge=0)
    read_timeout: float = Field(default=30, gt=0)

    def tries(self) -> Iterator[stamina.Attempt]:
        """Attempts to be used as ``for attempt in patience.tries(): with attempt: ...``."""
        return iter(
            stamina.retry_context(
                on=self._wait_after,
                attempts=self.attempts,
                timeout=None,
                wait_initial=self.wait_initial,
                wait_max=self.wait_max,
                wait_jitter=self.wait_jitter,
            )
        )

    def _wait_after(self, error: Exception) -> bool | float:
        if not isinstance(error, TransientError):
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self.longest_wait else False


class JsonClient:
    """A connection to one web service that answers with JSON. Safe to share between threads.

    ``where`` names the service in error messages; addresses in them carry no query, so that a
    key given as a parameter is never shown.
    """

    def __init__(
        self,
        base_url: str,
        where: str,
        patience: Patience,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.where = where
        self.patience = patience
        self._client = httpx2.Client(
            base_url=base_url,
            headers={"User-Agent": "earful", **(headers or {})},
            timeout=patience.read_timeout,
            follow_redirects=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """The JSON at ``path``.

        Raises ``TransientError`` after the last try, ``ConfigurationError`` or ``TerminalError``
        at once, by the tables above.
        """
        for attempt in self.patience.tries():
            with attempt:
                return self._get_once(path, parameters)
        raise AssertionError("stamina makes at least one attempt")

    def _get_once(self, path: str, parameters: Mapping[str, str | int] | None) -> Any:
        place = f"{self.where} ({path})"
        later = "Pull again later; it goes on where it stopped."
        try:
            response = self._client.get(path, params=parameters)
        except httpx2.TimeoutException as error:
            raise TransientError(
                f"no answer within {self.patience.read_timeout:g} seconds",
                where=place,
                next_step=later,
            ) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise TransientError(
                f"the connection broke: {error}", where=place, next_step=later
            ) from error
        if response.is_error:
            raise _explain(response, place)
        try:
            return response.json()
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise TransientError(
                f"the reply is no whole JSON ({len(response.content)} bytes)",
                where=place,
                next_step=later,
            ) from error


def _explain(response: httpx2.Response, place: str) -> EarfulError:
    status = response.status_code
    if status in TRY_AGAIN:
        return TransientError(
            f"{TRY_AGAIN[status]} (status {status})",
            where=place,
            next_step="Pull again later; it goes on where it stopped.",
            retry_after=seconds_asked_for(response.headers),
        )
    kind, meaning, next_step = GIVEN_UP.get(
        status, (TerminalError, "the server refuses the request", "See the platform's manual.")
    )
    return kind(f"{meaning} (status {status})", where=place, next_step=next_step)


def seconds_asked_for(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The wait in a ``Retry-After`` header, given as seconds or as a date; None without one."""
    value = headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
