"""Platforms that push: signed deliveries, made from the manuals and not from our own check."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

SECRET = "Eight ducks on the river"
STANDARD_SECRET = "whsec_" + base64.b64encode(SECRET.encode()).decode()


def _hex(body: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(SECRET.encode(), body, algorithm).hexdigest()


def _base64(body: bytes) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()


def signed(
    dialect: str, body: bytes, *, at: int | None = None, id: str = "msg_1"
) -> dict[str, str]:
    """The headers with which a platform of that dialect sends ``body``."""
    second = str(int(time.time()) if at is None else at)
    match dialect:
        case "standard-webhooks":
            made = _base64(f"{id}.{second}.".encode() + body)
            return {
                "webhook-id": id,
                "webhook-timestamp": second,
                "webhook-signature": f"v1,{'A' * 43}= v1,{made} v1a,unknown",
            }
        case "github" | "meta":
            return {"X-Hub-Signature-256": f"sha256={_hex(body)}"}
        case "slack":
            return {
                "X-Slack-Request-Timestamp": second,
                "X-Slack-Signature": "v0=" + _hex(f"v0:{second}:".encode() + body),
            }
        case "line":
            return {"x-line-signature": _base64(body)}
        case "typeform":
            return {"Typeform-Signature": f"sha256={_base64(body)}"}
        case "intercom":
            return {"X-Hub-Signature": f"sha1={_hex(body, 'sha1')}"}
        case "telegram":
            return {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        case "bearer":
            return {"Authorization": f"Bearer {SECRET}"}
    raise AssertionError(dialect)


def request(
    url: str, method: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """One request on a connection of its own; status and text of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        query = f"?{parts.query}" if parts.query else ""
        connection.request(method, parts.path + query, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def push(url: str, dialect: str, content: Any, **how: Any) -> tuple[int, str]:
    """Deliver ``content`` as JSON, signed."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return request(url, "POST", body, signed(dialect, body, **how))
