"""Posts alerts to an address, beside everything else: it delays nothing and breaks nothing."""

from __future__ import annotations

import logging
import queue
from threading import Thread
from urllib.parse import urlsplit

import httpx2
import stamina

from earful.errors import ConfigurationError
from earful.watch.alerts import Alert

ATTEMPTS, FIRST_WAIT, LONGEST_WAIT = 6, 1.0, 60.0
TIMEOUT_SECONDS = 10.0
MOST_WAITING = 1000
WHERE = "EARFUL_ALERT_URL"
log = logging.getLogger(__name__)


class UndeliveredError(Exception):
    """The address did not take an alert; another try may succeed."""


class Delivery:
    """A queue of alerts and the thread that posts them, as JSON, one after the other.

    The host is checked like every other (``ingest.hosts``): public, unless ``allow_private``;
    redirects are not followed. What cannot be posted is in alerts.jsonl and in the log.
    """

    def __init__(self, url: str, *, allow_private: bool) -> None:
        from ingest.hosts import PrivateHostError, PublicTransport, refuse_private_literal, tls

        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                "the address for alerts is none",
                where=WHERE,
                next_step="Set it to https://... or leave it out.",
            )
        if not allow_private:
            try:
                refuse_private_literal(parts.hostname, WHERE)
            except PrivateHostError as error:
                raise ConfigurationError(
                    error.message,
                    where=WHERE,
                    next_step="If it is meant, set alert_allow_private = true under [watch].",
                ) from error
        self._url = url
        self._client = httpx2.Client(
            timeout=TIMEOUT_SECONDS,
            verify=tls(),
            transport=None if allow_private else PublicTransport(WHERE),
        )
        self._waiting: queue.Queue[Alert | None] = queue.Queue(MOST_WAITING)
        self._thread = Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def put(self, alert: Alert) -> None:
        """Take an alert to be posted."""
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            log.error("an alert was not posted: %d wait already", MOST_WAITING)

    def close(self, seconds: float) -> None:
        """Wait for the last ones, so many seconds at most."""
        try:
            self._waiting.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        with self._client:
            self._post_all()

    def _post_all(self) -> None:
        while (alert := self._waiting.get()) is not None:
            try:
                self._post(alert)
            except Exception as error:
                # The address may itself be a secret: only its host is told.
                log.error(
                    "an alert could not be posted to %s: %s",
                    urlsplit(self._url).hostname,
                    f"{type(error).__name__}: {error}",
                    extra={"fields": {"event": "alert_not_posted"}},
                )

    @stamina.retry(
        on=(UndeliveredError, httpx2.TransportError),
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=FIRST_WAIT,
        wait_max=LONGEST_WAIT,
    )
    def _post(self, alert: Alert) -> None:
        answer = self._client.post(self._url, json=alert.record())
        if answer.status_code == 429 or answer.status_code >= 500:
            raise UndeliveredError(f"status {answer.status_code}")
        if not answer.is_success:
            raise ConfigurationError(
                f"the address does not take alerts (status {answer.status_code})", where=WHERE
            )
