"""What is answered to a request: verify the raw bytes, store them, and only then say yes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from earful.errors import TransientError
from earful.store import Spool
from ingest.hooks.registry import Hook
from ingest.hooks.row import Told
from ingest.hooks.signatures import Refusal, verify
from ingest.rest.items import Item
from ingest.rest.mapping import is_wanted

SIZE_LIMIT = 2 * 2**20
"""Bytes of a delivery that are read at most; GitHub, whose are the longest, mostly stays below."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and text of a reply."""

    status: int
    text: str = ""


class Intake:
    """Takes deliveries for ``hooks`` into ``spool``. Safe to share between threads.

    ``refused`` is told of every delivery that is not believed: the hook's name and the reason.
    """

    def __init__(
        self,
        hooks: Mapping[str, Hook],
        spool: Spool,
        refused: Callable[[str, str], None],
        arrived: Callable[[], None],
    ) -> None:
        self.hooks = hooks
        self._spool = spool
        self._refused = refused
        self._arrived = arrived

    def deliver(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to a POST; ``headers`` have names in lower case.

        200 says that the delivery is on the disk, or was before. 401: not believed. 503: it could
        not be stored, so the platform shall try again.
        """
        hook = self.hooks[name]
        now = datetime.now(UTC)
        verified = verify(hook.signature, hook.key, headers, body, now.timestamp())
        if isinstance(verified, Refusal):
            self._refused(name, verified.reason)
            return Answer(401, verified.reason)
        answer = _challenge_in(hook, body)
        if answer is not None:
            return answer
        try:
            self._spool.keep(name, body, verified.id, now)
        except TransientError as error:
            self._refused(name, error.message)
            return Answer(503, "it cannot be stored now; deliver it again")
        self._arrived()
        return Answer(200)

    def ask(self, name: str, query: Mapping[str, str]) -> Answer:
        """The answer to a GET: the challenge of a platform that asks this way, and else 405."""
        hook = self.hooks[name]
        challenge = hook.row.challenge
        if challenge is None or challenge.kind != "query" or hook.token is None:
            return Answer(405, "deliveries are POSTed here")
        assert challenge.token is not None
        assert challenge.parameter is not None
        given = query.get(challenge.token, "")
        if not hmac.compare_digest(given.encode(), hook.token.encode()):
            self._refused(name, "the word of the challenge is not ours")
            return Answer(403, "the word is not ours")
        return Answer(200, query.get(challenge.parameter, ""))


def _challenge_in(hook: Hook, body: bytes) -> Answer | None:
    """The answer to a challenge that came as a delivery; None where it is none."""
    challenge = hook.row.challenge
    if challenge is None or challenge.kind != "body":
        return None
    try:
        item = Item(json.loads(body))
    except (ValueError, RecursionError):
        return None
    if not is_wanted(Told(keep=challenge.keep), item):
        return None
    value = item.at(challenge.path or "")
    return Answer(200, value) if isinstance(value, str) else None
