"""How platforms prove that a delivery is theirs, as data, and the one check that reads it.

Every dialect is a keyed digest of the raw bytes or a secret that is sent along. Both are compared
in constant time. What is verified is exactly what was received: nothing is parsed before.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from earful.errors import ConfigurationError, did_you_mean
from ingest.connector import Options

_STANDARD_KEY_PREFIX = "whsec_"


class Signature(Options):
    """Where the proof stands and how it is made.

    ``kind``: "hmac" is a keyed digest of ``content``, in which ``{body}`` stands for the raw
    bytes, ``{timestamp}`` and ``{id}`` for the headers of those names; "token" is the secret
    itself. ``prefix`` stands before it in ``header``; with ``several`` a header holds more than
    one, separated by blanks. ``key`` says how the secret is written: "text" or "base64". A
    delivery whose ``timestamp`` (seconds since 1970) is more than ``window`` seconds off is
    refused.
    """

    kind: Literal["hmac", "token"] = "hmac"
    header: str
    prefix: str = ""
    algorithm: Literal["sha256", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    content: str = "{body}"
    several: bool = False
    timestamp: str | None = None
    id: str | None = None
    key: Literal["text", "base64"] = "text"
    window: int = Field(default=300, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        if isinstance(value, str):
            if value not in DIALECTS:
                raise ValueError(f"there is no dialect {value!r}. {did_you_mean(value, DIALECTS)}")
            return DIALECTS[value]
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.content.count("{body}") != 1:
            raise ValueError("content must hold {body} once: what is not signed can be forged")
        for name in ("timestamp", "id"):
            if (f"{{{name}}}" in self.content) != (getattr(self, name) is not None):
                raise ValueError(f"{name} names a header, and {{{name}}} in content signs it: both")
        return self

    def bytes_of(self, secret: str, where: str) -> bytes:
        """The key in a secret. Raises ``ConfigurationError`` that never shows it."""
        if self.key == "text":
            return secret.encode()
        try:
            return base64.b64decode(secret.removeprefix(_STANDARD_KEY_PREFIX), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ConfigurationError(
                "the secret is not base64", where=where, next_step="Copy it whole, with 'whsec_'."
            ) from error


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a delivery is not believed. The reason shows neither secret nor signature."""

    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery that is believed; ``id`` where one was signed with it."""

    id: str | None


def verify(
    signature: Signature, key: bytes, headers: Mapping[str, str], body: bytes, now: float
) -> Verified | Refusal:
    """Whether ``body`` comes from who holds the key.

    ``headers`` have names in lower case; ``now`` is in seconds since 1970.
    """
    given = headers.get(signature.header.lower())
    if given is None:
        return Refusal(f"there is no header {signature.header}")
    values: dict[str, str] = {}
    for name in ("timestamp", "id"):
        header = getattr(signature, name)
        if header is not None:
            value = headers.get(header.lower())
            if value is None:
                return Refusal(f"there is no header {header}")
            values[name] = value
    expected = key if signature.kind == "token" else _digest(signature, key, values, body)
    shown = given.split() if signature.several else [given]
    proofs = [
        one.removeprefix(signature.prefix) for one in shown if one.startswith(signature.prefix)
    ]
    # Not any(): all are compared, whichever is right.
    if not sum(hmac.compare_digest(_raw(proof), expected) for proof in proofs):
        return Refusal("the signature does not match")
    if "timestamp" in values:
        stamp = values["timestamp"]
        if not (stamp.isascii() and stamp.isdigit()):
            return Refusal("the time of the delivery is no number")
        if abs(now - int(stamp)) > signature.window:
            return Refusal(f"the delivery is more than {signature.window} seconds off our clock")
    return Verified(values.get("id"))


def _digest(signature: Signature, key: bytes, values: Mapping[str, str], body: bytes) -> bytes:
    before, _, after = signature.content.partition("{body}")
    for name, value in values.items():
        before = before.replace(f"{{{name}}}", value)
        after = after.replace(f"{{{name}}}", value)
    made = hmac.digest(key, _raw(before) + body + _raw(after), signature.algorithm)
    return made.hex().encode() if signature.encoding == "hex" else base64.b64encode(made)


def _raw(text: str) -> bytes:
    """A header as bytes, whatever stands in it."""
    return text.encode("utf-8", "surrogatepass")


DIALECTS: dict[str, dict[str, object]] = {
    "standard-webhooks": {
        "header": "webhook-signature",
        "prefix": "v1,",
        "encoding": "base64",
        "content": "{id}.{timestamp}.{body}",
        "several": True,
        "timestamp": "webhook-timestamp",
        "id": "webhook-id",
        "key": "base64",
    },
    "github": {"header": "X-Hub-Signature-256", "prefix": "sha256="},
    "meta": {"header": "X-Hub-Signature-256", "prefix": "sha256="},
    "slack": {
        "header": "X-Slack-Signature",
        "prefix": "v0=",
        "content": "v0:{timestamp}:{body}",
        "timestamp": "X-Slack-Request-Timestamp",
    },
    "line": {"header": "X-Line-Signature", "encoding": "base64"},
    "typeform": {"header": "Typeform-Signature", "prefix": "sha256=", "encoding": "base64"},
    "intercom": {"header": "X-Hub-Signature", "prefix": "sha1=", "algorithm": "sha1"},
    "telegram": {"kind": "token", "header": "X-Telegram-Bot-Api-Secret-Token"},
    "bearer": {"kind": "token", "header": "Authorization", "prefix": "Bearer "},
}
"""Dialect -> its signature. Standard Webhooks: standardwebhooks.com; the others by platform."""
