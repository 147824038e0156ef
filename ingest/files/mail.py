"""One mail as it is sent, turned into what a reader sees: who, when, in answer to what, and words.

Headers by RFC 5322, bodies by RFC 2045, flowed text by RFC 3676. Mails break these rules every
day: what cannot be decoded becomes U+FFFD, a date that is none is left out, and nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from ingest.clean import clean_text

_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_OBFUSCATED = re.compile(r"^(\S+) (?:at|AT) (\S+\.\S+)")
_SYSTEM_SENDER = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)[@+-]", re.IGNORECASE
)
_DEEPEST_PART = 30


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail.

    ``message_id``, ``parent`` and ``thread`` (the first mail of the conversation) are ids without
    brackets, "" where the mail tells none. ``sender`` is the address in lower case.
    ``local_offset`` is the sender's offset from UTC in minutes. ``body`` is plain text, with
    quotations and signature still in it. ``automatic`` is true where a machine sent it: bounces,
    notes of absence, newsletters.
    """

    message_id: str
    parent: str
    thread: str
    sender: str
    subject: str
    sent_at: datetime | None
    local_offset: int | None
    body: str
    automatic: bool
    labels: tuple[str, ...] = ()


def parse_mail(data: bytes) -> Mail:
    """Read one mail, headers and all. Attachments are passed over."""
    message = message_from_bytes(data)
    references = _MESSAGE_ID.findall(_header(message, "References"))
    answered = _MESSAGE_ID.findall(_header(message, "In-Reply-To"))
    own = next(iter(_MESSAGE_ID.findall(_header(message, "Message-ID"))), "")
    parent = next(iter([*answered[:1], *references[-1:]]), "")
    sent_at, local_offset = _date(_header(message, "Date"))
    sender = _sender(_header(message, "From"))
    return Mail(
        message_id=own,
        parent=parent,
        thread=next(iter([*references[:1], parent, own]), ""),
        sender=sender,
        subject=_header(message, "Subject"),
        sent_at=sent_at,
        local_offset=local_offset,
        body=_body(message),
        automatic=_is_automatic(message, sender),
        labels=tuple(
            label.strip(' "') for label in _header(message, "X-Gmail-Labels").split(",") if label
        ),
    )


def _header(message: Message, name: str) -> str:
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        text = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        text = str(raw)
    # A header in bare bytes of some charset comes as half characters.
    encoded = text.encode("utf-8", "surrogateescape")
    return " ".join(encoded.decode("utf-8", "replace").split())


def _sender(written: str) -> str:
    """The address; mailing lists write "ann at example.org (Ann)" to hide it from robots."""
    if match := _OBFUSCATED.match(written):
        return f"{match[1]}@{match[2]}".lower()
    name, address = parseaddr(written)
    return (address or name).strip().lower()


def _date(written: str) -> tuple[datetime | None, int | None]:
    """The moment in UTC, and the offset of the clock that it was written by."""
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, None
    if moment.tzinfo is None:  # -0000: UTC, and nothing is told about the sender's clock
        return moment.replace(tzinfo=UTC), None
    offset = moment.utcoffset()
    minutes = None if offset is None else int(offset.total_seconds() // 60)
    try:
        return moment.astimezone(UTC), minutes
    except OverflowError:
        return None, None


def _body(message: Message) -> str:
    """The plain text where there is one, else the words of the HTML."""
    plain: list[str] = []
    marked_up: list[str] = []
    for part in _parts(message, 0):
        kind = part.get_content_type()
        if kind == "text/plain":
            text = _decoded(part)
            plain.append(_unflowed(part, text) if _is_flowed(part) else text)
        elif kind == "text/html":
            marked_up.append(_decoded(part))
    text = "\n".join(plain)
    return text if text.strip() else clean_text("\n".join(marked_up))


def _parts(message: Message, depth: int) -> list[Message]:
    """The parts that are shown, in order; forwarded mails and attachments are not gone into."""
    if message.get_content_disposition() == "attachment":
        return []
    if not message.is_multipart():
        return [message]
    if message.get_content_maintype() != "multipart" or depth >= _DEEPEST_PART:
        return []
    inner = [part for part in message.get_payload() if isinstance(part, Message)]
    return [shown for part in inner for shown in _parts(part, depth + 1)]


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    for charset in (part.get_content_charset(), "utf-8"):
        try:
            return data.decode(charset or "utf-8")
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _is_flowed(part: Message) -> bool:
    return str(part.get_param("format", "")).lower() == "flowed"


def _unflowed(part: Message, text: str) -> str:
    """Lines that end in a space go on in the next one (RFC 3676, 4.1)."""
    drops_space = str(part.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    goes_on = False
    for line in text.splitlines():
        words = line[1:] if line.startswith(" ") else line
        if goes_on and not words.startswith(">") and words != "-- ":
            lines[-1] = (lines[-1][:-1] if drops_space else lines[-1]) + words
        else:
            lines.append(words)
        goes_on = words.endswith(" ") and words != "-- " and not words.startswith(">")
    return "\n".join(lines)


def _is_automatic(message: Message, sender: str) -> bool:
    if _header(message, "Auto-Submitted").lower() not in ("", "no"):
        return True
    if message.get("X-Autoreply") or message.get("X-Autorespond"):
        return True
    if _header(message, "Precedence").lower() in ("auto_reply", "junk"):
        return True
    if message.get_content_type() == "multipart/report" or _SYSTEM_SENDER.match(sender):
        return True
    # Newsletters can be left; discussions can be left too, but also be written to.
    return bool(message.get("List-Unsubscribe")) and not message.get("List-Post")
