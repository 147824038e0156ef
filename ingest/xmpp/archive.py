"""What an archive of a room holds, as XML, read into records.

Sources: XEP-0313 (archives), XEP-0359 (ids), XEP-0308 (corrections), XEP-0424 and XEP-0425
(retractions, also in the form of their earlier versions), XEP-0461 (answers), XEP-0421 (occupant
ids), XEP-0045 (rooms).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

_MAM = "{urn:xmpp:mam:2}"
_RSM = "{http://jabber.org/protocol/rsm}"
_CLIENT = "{jabber:client}"
_DELAY = "{urn:xmpp:delay}delay"
_FORWARDED = "{urn:xmpp:forward:0}forwarded"
_ORIGIN_ID = "{urn:xmpp:sid:0}origin-id"
_OCCUPANT_ID = "{urn:xmpp:occupant-id:0}occupant-id"
_REPLACE = "{urn:xmpp:message-correct:0}replace"
_RETRACT = "{urn:xmpp:message-retract:1}retract"
_APPLY_TO = "{urn:xmpp:fasten:0}apply-to"
_EARLY_RETRACT = "{urn:xmpp:message-retract:0}retract"
_REPLY = "{urn:xmpp:reply:0}reply"
_ITEM = "{http://jabber.org/protocol/muc#user}x/{http://jabber.org/protocol/muc#user}item"
_FALLBACK = "{urn:xmpp:fallback:0}fallback"
_FALLBACK_BODY = "{urn:xmpp:fallback:0}body"
_NO_WORDS = (
    "{urn:xmpp:reactions:0}reactions",
    "{eu.siacs.conversations.axolotl}encrypted",
    "{urn:xmpp:omemo:2}encrypted",
    "{urn:xmpp:openpgp:0}openpgp",
    "{urn:xmpp:eme:0}encryption",
)
"""With one of these, the body is a stand-in for programs that do not know the extension."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the archive.

    ``id`` is the archive's, ``names`` are all ids that others may call it by. ``nick`` is the
    writer's in the room, empty where the room itself speaks; ``address`` the writer's own, where
    the room shows it. ``replaces`` and ``retracts`` name the message that is meant.
    """

    id: str
    at: datetime
    names: frozenset[str]
    nick: str
    address: str
    occupant: str
    text: str
    replaces: str = ""
    retracts: str = ""
    answers: str = ""

    def same_writer(self, other: Said) -> bool:
        """Whether both were written by one person, by the best that is known of both."""
        for mine, theirs in (
            (self.occupant, other.occupant),
            (self.address, other.address),
            (self.nick, other.nick),
        ):
            if mine and theirs:
                return mine == theirs
        return False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an archive, oldest first. ``first`` and ``last`` are ids to ask on from."""

    said: tuple[Said, ...]
    first: str
    last: str
    complete: bool


def read_page(messages: Iterable[Element], reply: Element, room: str) -> Page:
    """The page that ``messages`` bring and ``reply``, the answer to the query, ends."""
    said = tuple(one for message in messages for one in _read(message, room))
    fin = reply.find(f"{_MAM}fin")
    if fin is None:
        return Page(said, "", "", complete=True)
    first, last = (fin.findtext(f"{_RSM}set/{_RSM}{end}") or "" for end in ("first", "last"))
    return Page(said, first, last, complete=fin.get("complete") in ("true", "1"))


def _read(message: Element, room: str) -> Iterator[Said]:
    result = message.find(f"{_MAM}result")
    forwarded = None if result is None else result.find(_FORWARDED)
    if result is None or forwarded is None:
        return
    inner = forwarded.find(f"{_CLIENT}message")
    at = _moment(forwarded.find(_DELAY))
    archive_id = result.get("id")
    if inner is None or at is None or not archive_id or inner.get("type") != "groupchat":
        return
    place, _, nick = inner.get("from", "").partition("/")
    if place.lower() != room.lower():
        return
    origin = _id_of(inner.find(_ORIGIN_ID))
    item = inner.find(_ITEM)
    yield Said(
        archive_id,
        at,
        frozenset({archive_id, origin, inner.get("id", "")} - {""}),
        nick,
        "" if item is None else item.get("jid", "").partition("/")[0],
        _id_of(inner.find(_OCCUPANT_ID)),
        _words(inner),
        _id_of(inner.find(_REPLACE)),
        _retracted(inner),
        _id_of(inner.find(_REPLY)),
    )


def _retracted(message: Element) -> str:
    """The id of the message that this one takes back, in today's form or the earlier one."""
    if found := _id_of(message.find(_RETRACT)):
        return found
    applied = message.find(_APPLY_TO)
    if applied is None or applied.find(f".//{_EARLY_RETRACT}") is None:
        return ""
    return _id_of(applied)


def _words(message: Element) -> str:
    """The writer's words, without the quote that an answer repeats for old programs."""
    body = message.findtext(f"{_CLIENT}body") or ""
    if any(message.find(name) is not None for name in _NO_WORDS):
        return ""
    for fallback in message.findall(_FALLBACK):
        stand_in = fallback.find(_FALLBACK_BODY)
        if fallback.get("for") != "urn:xmpp:reply:0" or stand_in is None:
            continue
        start, end = stand_in.get("start", "0"), stand_in.get("end", "")
        if start.isdecimal() and end.isdecimal():
            body = body[: int(start)] + body[int(end) :]
    return body.strip()


def _moment(delay: Element | None) -> datetime | None:
    """A stamp as XEP-0082 writes it; one without an offset is none."""
    try:
        moment = datetime.fromisoformat("" if delay is None else delay.get("stamp", ""))
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


def _id_of(element: Element | None) -> str:
    return "" if element is None else element.get("id", "")
