"""A mail read from its bytes (RFC 5322 and MIME), however broken; attachments are not looked at.

Sources: RFC 5322 (Message-ID, References, In-Reply-To), RFC 3834 (Auto-Submitted), RFC 3676
(format=flowed), RFC 2919 (List-Id).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import blake2b

import charset_normalizer
from selectolax.lexbor import LexborHTMLParser

from ingest.clean import MAX_RAW_CHARACTERS, clean_text
from ingest.mail.replies import own_words

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_PREFIX = re.compile(
    r"(?i)^\s*(?:(?:re|fwd?|aw|wg|sv|vs|antw|rif|odp|ynt|回复|답장|返信)\s*[:：]\s*)+"
)
_LIST_NAME = re.compile(r"^\s*\[[^\]\n]{1,40}\]\s*")
_QUOTES = (
    "blockquote[type=cite], .gmail_quote, .gmail_attr, .gmail_signature, .moz-cite-prefix,"
    " .moz-signature, .yahoo_quoted, .protonmail_quote, .protonmail_signature_block, #Signature"
)
_SAME_AS = {
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "gb2312": "gb18030",
    "gbk": "gb18030", "shift_jis": "cp932", "x-sjis": "cp932", "iso-8859-1": "cp1252",
    "us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-8-i": "iso-8859-8", "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
"""Charsets as mails name them -> the one that holds what is really sent under that name."""
_HIDDEN_ADDRESS = re.compile(r"^(\S+) (?:at|AT) (\S+\.\S+)")
"""How archives of mailing lists write an address, to hide it from robots."""
_SYSTEM = re.compile(r"(?i)^(?:mailer-daemon|postmaster|bounces?)[@+-]")
_NOBODY = re.compile(r"(?i)^(?:no|do-?not)-?reply[@+-]")
"""What writes so is a machine; a form on a web page too, but it says whom to answer."""
_NOT_TO_US = {
    "spam": "mails marked as spam",
    "trash": "mails in the trash",
    "drafts": "drafts",
    "sent": "mails sent from this mailbox",
    "chat": "chats",
}
"""Labels that Gmail gives -> why mails that have them are no comments."""
_ENOUGH_TO_GUESS = 200
"""Bytes from which a guess at a charset is better than the one that most wrong mails are in."""
_DEEPEST = 20
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_CLOCK_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mail:
    """What one mail says. ``text`` are the writer's own words, ``author`` the address.

    ``subject`` is without "Re:" and the list's name; ``parent`` and ``root`` are the ids of the
    mail that it answers and of the first one of the thread. ``local_offset`` is in minutes.
    """

    message_id: str
    subject: str | None
    text: str
    author: str | None
    created: datetime | None
    local_offset: int | None
    parent: str | None
    root: str | None
    list_name: str | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A mail that is no comment: of which kind it is, in the plural. It quotes nothing of it.

    ``broken`` is one that could not be read, so that it may have been a comment.
    """

    reason: str
    broken: bool = False


def read_mail(raw: bytes, received: datetime | None) -> Mail | SetAside:
    """The mail in ``raw``, which may be cut off at its end; never raises.

    ``received`` is when the server got it: it stands in for a date that is missing, or ahead of
    it by more than a day, which no true one can be.
    """
    try:
        message = message_from_bytes(raw)
        if reason := _no_words_of_a_person(message):
            return SetAside(reason)
        return _mail(message, received)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return SetAside(f"broken mails ({type(error).__name__})", broken=True)


def _mail(message: Message, received: datetime | None) -> Mail | SetAside:
    text = _text(message)
    subject = _header(message, "Subject")
    if not text and not subject:
        return SetAside("mails without words of their own")
    references = _ids(message, "References")
    parent = next(iter(_ids(message, "In-Reply-To")), references[-1] if references else None)
    created, offset = _date(message, received)
    # What answers repeat of the first subject is not said again.
    answers = parent is not None or _PREFIX.match(subject) is not None
    return Mail(
        message_id=next(iter(_ids(message, "Message-ID")), None) or _made_up(message, text),
        subject=None if answers else _LIST_NAME.sub("", subject) or None,
        text=text,
        author=_sender(message) or None,
        created=created,
        local_offset=offset,
        parent=parent,
        root=references[0] if references else parent,
        list_name=_header(message, "List-Id").partition("<")[0].strip(' "') or None,
    )


def _no_words_of_a_person(message: Message) -> str:
    for label in _header(message, "X-Gmail-Labels").split(","):
        if reason := _NOT_TO_US.get(label.strip(' "').lower()):
            return reason
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no") or message.get("X-Autoreply") or message.get("X-Autorespond"):
        return "mails sent by machines"
    if message.get_content_type() == "multipart/report" or _SYSTEM.match(_sender(message)):
        return "delivery reports"
    if _header(message, "Precedence").lower() in ("auto_reply", "junk"):
        return "mails sent by machines"
    if _NOBODY.match(_sender(message)) and not message.get("Reply-To"):
        return "mails sent by machines"
    # A discussion can be left as a newsletter can, but it can also be written to.
    if message.get("List-Unsubscribe") and not message.get("List-Post"):
        return "newsletters"
    return ""


# Words


def _text(message: Message) -> str:
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    flowed = False
    for part in _shown(message):
        text = _decoded(part)
        if text.strip():
            found[part.get_content_type()].append(text)
            flowed = flowed or str(part.get_param("format", "")).lower() == "flowed"
    if found["text/plain"]:
        words = own_words("\n".join(found["text/plain"]))
        return _unfolded(words) if flowed else words
    return own_words(_from_html("\n".join(found["text/html"])))


def _shown(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that a reader sees as the mail's text."""
    if depth > _DEEPEST or message.get_filename() or _is_attachment(message):
        return
    kind = message.get_content_type()
    if kind.startswith("multipart/"):
        payload = message.get_payload()
        for part in payload if isinstance(payload, list) else ():
            if isinstance(part, Message):
                yield from _shown(part, depth + 1)
    elif kind in ("text/plain", "text/html"):
        yield message


def _is_attachment(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _decoded(part: Message) -> str:
    """The text of a part. Where its charset is missing, unknown or wrong, it is guessed."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    named = (part.get_content_charset() or "utf-8").lower()
    for charset in (_SAME_AS.get(named, named), "utf-8"):
        try:
            return raw.decode(charset)
        except (LookupError, ValueError):
            continue
    best = charset_normalizer.from_bytes(raw).best() if len(raw) >= _ENOUGH_TO_GUESS else None
    return raw.decode("cp1252", "replace") if best is None else str(best)


def _from_html(html: str) -> str:
    tree = LexborHTMLParser(html[:MAX_RAW_CHARACTERS])
    for quote in tree.css(_QUOTES):
        quote.decompose()
    # A mail that is nothing but a quote was forwarded: then the quote is what it says.
    return clean_text(tree.html) or clean_text(html)


def _unfolded(text: str) -> str:
    """Lines that a program broke (they end in a blank, by format=flowed) made whole."""
    return re.sub(r"(?<=\S) \n(?=\S)", " ", text)


# Head


def _header(message: Message, name: str) -> str:
    """A header's text in one line; "" where it is missing or cannot be read."""
    value = message.get(name)
    if value is None:
        return ""
    try:
        told = str(make_header(decode_header(value)))
    except (LookupError, ValueError, AssertionError):
        told = str(value)
    return " ".join(told.encode("utf-8", "replace").decode().split())


def _sender(message: Message) -> str:
    """The address of who wrote, in lower case; "" where none is told."""
    written = _header(message, "From")
    if hidden := _HIDDEN_ADDRESS.match(written):
        return f"{hidden[1]}@{hidden[2]}".lower()
    return parseaddr(written)[1].lower()


def _ids(message: Message, name: str) -> list[str]:
    found: list[str] = _MESSAGE_ID.findall(_header(message, name))
    return [one for one in found if one.isprintable()]


def _made_up(message: Message, text: str) -> str:
    told = [_header(message, name) for name in ("Date", "From", "Subject")]
    digest = blake2b("\0".join([*told, text]).encode("utf-8", "replace"), digest_size=12)
    return f"no-id-{digest.hexdigest()}"


def _date(message: Message, received: datetime | None) -> tuple[datetime | None, int | None]:
    """When it was written, in whole seconds, and the writer's offset in minutes, if told."""
    try:
        told = parsedate_to_datetime(_header(message, "Date"))
        moment = (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return received, None
    latest = (received or datetime.now(UTC)) + _CLOCK_AHEAD
    if not _EARLIEST <= moment <= latest:
        return received, None
    # Without a zone ("-0000") the time is UTC and says nothing of where the writer is.
    offset = told.utcoffset()
    return moment, None if offset is None else int(offset.total_seconds() // 60)
