"""A session with an XMPP server, through slixmpp, of which an archive's pages are asked.

slixmpp works in an event loop; this one has its own, which turns only while something is asked.
"""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout

from earful.closing import Closing
from earful.errors import ConfigurationError, EarfulError, TerminalError, TransientError
from ingest.hosts import checked_addresses, not_trusted, verified_tls
from ingest.xmpp.archive import Page, read_page

PAGE = 100
_LATER = "Pull again later; it goes on where it stopped."
_GOODBYE_SECONDS = 1.0

Security = Literal["starttls", "tls", "none"]
T = TypeVar("T")

# At its finest the library logs whole stanzas; what goes wrong is told by our errors.
logging.getLogger("slixmpp").setLevel(logging.CRITICAL)

_REFUSALS: dict[str, tuple[type[EarfulError], str, str]] = {
    "item-not-found": (ConfigurationError, "there is no such room", "Check the room's address."),
    "forbidden": (
        ConfigurationError,
        "the account may not read the room",
        "Ask an owner of the room to make the account a member.",
    ),
    "feature-not-implemented": (
        TerminalError,
        "the room keeps no archive that can be asked",
        "Its owner, or the server's administrator, can turn archiving on (XEP-0313).",
    ),
    "remote-server-not-found": (
        ConfigurationError,
        "the server of the room is not known",
        "Check the room's address: name@rooms.server.",
    ),
}
_REFUSALS["not-allowed"] = _REFUSALS["forbidden"]
_REFUSALS["not-authorized"] = _REFUSALS["forbidden"]
_REFUSALS["registration-required"] = _REFUSALS["forbidden"]
_REFUSALS["not-acceptable"] = _REFUSALS["forbidden"]
_REFUSALS["service-unavailable"] = _REFUSALS["feature-not-implemented"]
"""Condition of an error -> our error; every other condition may be gone the next time."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in: an address like shop@server, and its password."""

    address: str
    password: str

    def __repr__(self) -> str:
        return "Login(...)"


class Session(Closing):
    """Logged in to a server. To be used as a context manager.

    ``where`` names the source in messages. Raises ``ConfigurationError`` where the server does
    not accept the login or is not to be trusted, ``TransientError`` where it cannot be reached.
    """

    def __init__(
        self,
        login: Login,
        host: str,
        port: int,
        security: Security,
        where: str,
        *,
        seconds: float,
        allow_private: bool,
    ) -> None:
        self.where = f"{where}, {host}"
        self._seconds = seconds
        try:
            addresses = checked_addresses(host, self.where, allow_private=allow_private)
        except OSError as error:
            raise self._broken(f"the host is not known: {error}") from error
        self._loop = asyncio.new_event_loop()
        self._client = _client(login, security, self._loop)
        try:
            self._run(self._log_in(addresses, port))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the session, as far as the connection still allows it."""
        if self._loop.is_closed():
            return
        try:
            self._loop.run_until_complete(self._say_goodbye())
        finally:
            self._loop.close()

    def page(
        self,
        room: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        after: str = "",
        before: str = "",
    ) -> Page:
        """Messages of a room's archive from ``start`` to ``end``: the oldest ``PAGE`` of those
        behind the id ``after``, or the newest of those ahead of the id ``before``.

        Raises ``ConfigurationError`` or ``TerminalError`` by what the room answers, and
        ``TransientError`` where it does not.
        """
        asked = {"max": PAGE, **({"after": after} if after else {})}
        if before:
            asked["before"] = before
        return self._run(self._page(room, start, end, asked))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    # Logging in and out

    async def _log_in(self, addresses: list[str], port: int) -> None:
        told: EarfulError | None = self._broken("the host has no address")
        for address in addresses:
            told = await self._tried(address, port)
            if not isinstance(told, TransientError):
                break
        if told is not None:
            raise told

    async def _tried(self, address: str, port: int) -> EarfulError | None:
        """What came of connecting to an address: None where the session has started."""
        outcome: asyncio.Future[EarfulError | None] = self._loop.create_future()

        def ends(tell: Callable[[object], EarfulError | None]) -> Callable[[object], None]:
            def end(event: object) -> None:
                if not outcome.done():
                    outcome.set_result(tell(event))

            return end

        events = {
            "session_start": ends(lambda _: None),
            "failed_all_auth": ends(lambda _: self._not_accepted()),
            "ssl_invalid_chain": ends(self._failed),
            "connection_failed": ends(self._failed),
            "disconnected": ends(self._failed),
        }
        for name, handler in events.items():
            self._client.add_event_handler(name, handler)
        self._client.connect(address, port)
        try:
            return await asyncio.wait_for(outcome, self._seconds)
        except TimeoutError:
            return self._broken("it did not let us in in time")
        finally:
            self._client.cancel_connection_attempt()
            for name, handler in events.items():
                self._client.del_event_handler(name, handler)

    def _failed(self, event: object) -> EarfulError:
        if isinstance(event, ssl.SSLCertVerificationError):
            return not_trusted(self.where, "EARFUL_XMPP_USER")
        return self._broken("the connection broke, or was not made")

    def _not_accepted(self) -> ConfigurationError:
        return ConfigurationError(
            "the server does not accept the login, or offers none that is safe",
            where=self.where,
            next_step="Check user and password; without encryption no password is sent.",
        )

    async def _say_goodbye(self) -> None:
        if self._client.is_connected():
            await asyncio.wait({self._client.disconnect(wait=_GOODBYE_SECONDS)})
        self._client.cancel_connection_attempt()
        for name in list(self._client.scheduled_events):
            self._client.cancel_schedule(name)
        left = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # transports are closed by the loop's next turn

    # The archive

    async def _page(
        self, room: str, start: datetime | None, end: datetime | None, asked: dict[str, Any]
    ) -> Page:
        if not self._client.is_connected():
            raise self._broken("the connection broke")
        query = asyncio.ensure_future(
            self._client.plugin["xep_0313"].retrieve(
                jid=JID(room),
                start=start,
                end=end,
                rsm=asked,
                timeout=math.ceil(self._seconds),
            )
        )
        await asyncio.wait({query, self._client.disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not query.done():
            query.cancel()
            raise self._broken("the connection broke")
        try:
            reply = query.result()
        except IqTimeout as error:
            raise self._broken(f"room {room} did not answer in time") from error
        except IqError as error:
            raise self._refused(error.condition, room, asked) from error
        return read_page((one.xml for one in reply["mam"]["results"]), reply.xml, room)

    def _refused(self, condition: str, room: str, asked: dict[str, Any]) -> EarfulError:
        if condition == "item-not-found" and ("after" in asked or "before" in asked):
            return self._broken(f"room {room} has lost the place of the last page")
        if condition not in _REFUSALS:
            return self._broken(f"room {room} answers {condition!r}")
        kind, message, next_step = _REFUSALS[condition]
        return kind(f"{room}: {message}", where=self.where, next_step=next_step)

    def _broken(self, message: str) -> TransientError:
        return TransientError(message, where=self.where, next_step=_LATER)


def _client(login: Login, security: Security, loop: asyncio.AbstractEventLoop) -> ClientXMPP:
    plain = security == "none"
    client = ClientXMPP(
        login.address,
        login.password,
        # Also without encryption, the password itself never goes over the wire.
        plugin_config={"feature_mechanisms": {"unencrypted_scram": plain}},
        ssl_context=verified_tls(),
        loop=loop,
    )
    client.enable_direct_tls = security == "tls"
    client.enable_starttls = security == "starttls"
    client.enable_plaintext = plain
    client.register_plugin("xep_0313")
    return client
