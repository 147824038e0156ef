"""HTTP with retries: what every connector without an SDK of its own calls.

Only what is named here is tried again: time-outs, broken connections, replies cut short, the
statuses of ``TRY_AGAIN``, and refusals to be asked so fast. Waits grow with jitter, or follow the
time that the server asks for (see ``ingest.ratelimits``). TLS is always verified, private
addresses are refused unless allowed (``ingest.hosts``), replies have a size limit, and
credentials go to the host that they are for and nowhere else.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import stamina
from pydantic import Field

from earful.closing import Closing
from earful.errors import ConfigurationError, EarfulError, TerminalError, TransientError
from ingest.budget import BudgetSpentError
from ingest.connector import Options
from ingest.hosts import PublicTransport, refuse_private_literal, tls
from ingest.ratelimits import is_day_spent, is_refusal, pause_asked_for, wait_asked_for

SIZE_LIMIT = 32 * 2**20
"""Bytes of a reply, unpacked, that are read at most: no page of comments is that long."""
REDIRECTS = 5
Parameters = Mapping[str, str | int]
Reader = Callable[[bytes], tuple[bool, Any]]
"""Bytes of a body -> (whether they are whole, what they hold)."""

# The library would log whole addresses, and on some platforms those hold a key.
logging.getLogger("httpx2").setLevel(logging.WARNING)

_ASKED_WRONGLY = "Check the options, and in a row of your own the parameters and their formats."
_LATER = "Pull again later; it goes on where it stopped."
_SLOWEST = 10
"""A reply may take this many times the read timeout in all."""

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
    400: (TerminalError, "the server does not understand the request", _ASKED_WRONGLY),
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


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: what it holds, its headers with names in lower case, and the next page's address.

    ``following`` is the ``Link`` header's "next", absolute; None where there is none.
    """

    status: int
    content: Any
    headers: Mapping[str, str]
    following: str | None


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is sent along with a call; without a body it is a GET."""

    body: Mapping[str, Any] | None
    form: bool
    headers: Mapping[str, str] | None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def as_json(self) -> Mapping[str, Any] | None:
        return None if self.form else self.body

    @property
    def as_form(self) -> Mapping[str, Any] | None:
        return self.body if self.form else None


class JsonClient(Closing):
    """A connection to one web service that answers with JSON. Safe to share between threads.

    ``where`` names the service in error messages; addresses in them carry no query, so that a
    key given as a parameter is never shown. ``headers``, ``secrets`` (parameters that are
    credentials) and ``posted`` (credentials in every body) are sent to the host of ``base_url``
    only. ``pace`` is the least number of seconds between two calls.
    """

    def __init__(
        self,
        base_url: str,
        where: str,
        patience: Patience,
        headers: Mapping[str, str] | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        posted: Mapping[str, str] | None = None,
        allow_private: bool = False,
        pace: float = 0.0,
        size_limit: int = SIZE_LIMIT,
    ) -> None:
        self.where = where
        self.base_url = base_url
        self.patience = patience
        self._secrets = dict(secrets or {})
        self._posted = dict(posted or {})
        self._allow_private = allow_private
        self._pace = pace
        self._size_limit = size_limit
        self._next_call = 0.0
        self._base = httpx2.URL(base_url)
        self._client = httpx2.Client(
            base_url=base_url,
            headers={"User-Agent": "earful", **(headers or {})},
            timeout=patience.read_timeout,
            verify=tls(),
            transport=None if allow_private else PublicTransport(where),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, parameters: Parameters | None = None) -> Any:
        """The JSON at ``path``; errors as in ``ask``."""
        return self.ask(path, parameters).content

    def ask(
        self,
        path: str,
        parameters: Parameters | None = None,
        expected: Collection[int] = (),
        *,
        body: Mapping[str, Any] | None = None,
        form: bool = False,
        headers: Mapping[str, str] | None = None,
        read: Reader | None = None,
    ) -> Answer:
        """The reply to ``path``, which may also be a whole address on the same host.

        With ``body`` it is posted to, as JSON or as a ``form``; only what changes nothing there
        may be posted, since it is tried again. ``headers`` go with this call only. ``read`` is for
        what is no JSON; a reply that is not whole is asked for again. Statuses in ``expected`` are
        answers like any other, as is "not modified" (304). Raises ``TransientError`` after the
        last try, ``ConfigurationError`` or ``TerminalError`` at once, by the tables above, and
        ``BudgetSpentError`` where the platform says that its allowance for the day is used up.
        """
        sent = _Sent(None if body is None else {**body, **self._posted}, form, headers)
        for attempt in self.patience.tries():
            with attempt:
                self._wait()
                return self._ask_once(path, parameters, expected, sent, read or _read_json)
        raise AssertionError("stamina makes at least one attempt")

    def _wait(self) -> None:
        """Let the time pass that the last reply, or our own pace, asks for."""
        seconds = self._next_call - time.monotonic()
        if seconds > self.patience.longest_wait:
            raise TransientError(
                f"the allowance is used up; the server asks us to wait {seconds:,.0f} seconds",
                where=self.where,
                next_step=_LATER,
                retry_after=seconds,
            )
        if seconds > 0:
            time.sleep(seconds)

    def _ask_once(
        self,
        path: str,
        parameters: Parameters | None,
        expected: Collection[int],
        sent: _Sent,
        read: Reader,
    ) -> Answer:
        place = f"{self.where} ({path.partition('?')[0]})"
        try:
            response, raw = self._send(self._address(path, parameters, place), place, sent)
        except httpx2.TimeoutException as error:
            raise TransientError(
                f"no answer within {self.patience.read_timeout:g} seconds",
                where=place,
                next_step=_LATER,
            ) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise TransientError(
                f"the connection broke: {error}", where=place, next_step=_LATER
            ) from error
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        whole, content = read(raw)
        if is_day_spent(status, content):
            raise BudgetSpentError(
                "the platform's allowance for the day is used up",
                where=place,
                next_step="Pull again tomorrow, or ask the platform for more.",
            )
        if is_refusal(status, headers, content if whole else raw.decode("utf-8", "replace")):
            raise TransientError(
                f"{TRY_AGAIN[429]} (status {status})",
                where=place,
                next_step=_LATER,
                retry_after=wait_asked_for(headers, content),
            )
        pause = max(self._pace, pause_asked_for(headers, content))
        self._next_call = time.monotonic() + pause
        if response.is_error and status not in expected:
            raise _explain(status, headers, content, place)
        if not whole and response.is_success:
            kind = "whole JSON" if read is _read_json else "whole document"
            raise TransientError(
                f"the reply is no {kind} ({len(raw)} bytes)", where=place, next_step=_LATER
            )
        following = response.links.get("next", {}).get("url")
        if following is not None:
            following = str(response.url.join(following))
        return Answer(status, content, headers, following)

    def _address(self, path: str, parameters: Parameters | None, place: str) -> httpx2.URL:
        if "://" in path:
            url = httpx2.URL(path)
            if (url.scheme, url.host) == ("http", self._base.host) and self._base.scheme == "https":
                # A service behind a proxy may not know that it is encrypted.
                url = url.copy_with(scheme="https", port=self._base.port)
            self._refuse_other_host(url, place, "the next page is")
        else:
            url = self._base.copy_with(raw_path=_joined(self._base.raw_path, path))
        if not self._allow_private:
            refuse_private_literal(url.host, place)
        added = {**(parameters or {}), **self._secrets}
        return url.copy_merge_params(added) if added else url

    def _refuse_other_host(self, url: httpx2.URL, place: str, what: str) -> None:
        """Credentials and trust are for one host: what a reply names is not followed elsewhere."""
        upgraded = self._base.scheme == "http" and url.scheme == "https"
        if url.host != self._base.host or not (
            upgraded or (url.scheme, url.port) == (self._base.scheme, self._base.port)
        ):
            raise ConfigurationError(
                f"{what} on another host: {url.scheme}://{url.host}",
                where=place,
                next_step="If the service has moved there, put that address into the options.",
            )

    def _send(self, url: httpx2.URL, place: str, sent: _Sent) -> tuple[httpx2.Response, bytes]:
        """The last reply of a chain of redirects, and its body, unpacked."""
        for _ in range(REDIRECTS + 1):
            with self._client.stream(
                sent.method, url, json=sent.as_json, data=sent.as_form, headers=sent.headers
            ) as response:
                if not response.has_redirect_location:
                    return response, self._body(response, place)
                url = url.join(response.headers["location"])
                self._refuse_other_host(url, place, "the server sends us on; the new address is")
        raise TerminalError(
            f"more than {REDIRECTS} redirects",
            where=place,
            next_step="Open the address in a browser and put the final one into the options.",
        )

    def _body(self, response: httpx2.Response, place: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        latest = time.monotonic() + _SLOWEST * self.patience.read_timeout
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > self._size_limit:
                raise TerminalError(
                    f"the reply is longer than {self._size_limit:,} bytes",
                    where=place,
                    next_step="Ask for smaller pages, or see whether the address is the right one.",
                )
            if time.monotonic() > latest:
                raise httpx2.ReadTimeout("the reply trickles in", request=response.request)
        return b"".join(parts)


def _joined(base: bytes, path: str) -> bytes:
    query = path.encode("ascii", "strict") if path.isascii() else httpx2.URL(path).raw_path
    return base.rstrip(b"/") + b"/" + query.lstrip(b"/") if query else base


def _read_json(raw: bytes) -> tuple[bool, Any]:
    """(whether the bytes are whole JSON, what they hold)."""
    try:
        return True, json.loads(raw)
    except (ValueError, RecursionError):
        return False, None


def _explain(status: int, headers: Mapping[str, str], content: Any, place: str) -> EarfulError:
    if status in TRY_AGAIN:
        return TransientError(
            f"{TRY_AGAIN[status]} (status {status})",
            where=place,
            next_step=_LATER,
            retry_after=wait_asked_for(headers, content),
        )
    kind, meaning, next_step = GIVEN_UP.get(
        status, (TerminalError, "the server refuses the request", "See the platform's manual.")
    )
    return kind(f"{meaning} (status {status})", where=place, next_step=next_step)
