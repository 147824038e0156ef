"""What servers say about how fast they may be asked, in every dialect that we have met.

Refusals say how long to wait: ``Retry-After`` in seconds, as a date (RFC 9110) or as an epoch
(UserVoice), a reset time in ``X-RateLimit-Reset`` and its relatives as seconds from now (Reddit,
Product Hunt, RateLimit headers of the IETF draft), as an epoch in seconds or milliseconds (GitHub,
X, GitLab, Bluesky) or as ISO 8601 (Mastodon, Yelp), ``X-RateLimit-Reset-After`` (Discord), or a
number in the body: ``retry_after_ms`` (Matrix), ``retry_after`` (Discord),
``parameters.retry_after`` (Telegram), ``extras.wait_seconds`` (Discourse), ``backoff`` (Stack
Exchange). Meta tells percentages of an allowance in JSON headers. Answers that succeed may ask
for a pause as well.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_REMAINING = (
    "x-ratelimit-remaining",
    "ratelimit-remaining",
    "x-rate-limit-remaining",
    "x-hubspot-ratelimit-remaining",
)
_RESET = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset", "ratelimit-resettime")
_RESET_AFTER = ("x-ratelimit-reset-after",)
_PERCENTAGES = ("x-app-usage", "x-business-use-case-usage", "x-page-usage")
_FULL = 95.0
"""Per cent of an allowance from which we wait; Meta refuses at 100."""
_EPOCH_FROM = 1e8
_MILLISECONDS_FROM = 1e11
_LIMIT_WORDS = re.compile(
    r"(?i)rate.?limit|too many requests|quota ?exceeded|throttle|userRateLimit|dailyLimit"
)
_WAIT_WORDS = re.compile(r"(?i)\b(?:wait|try again in|retry (?:in|after))\D{0,20}(\d+)\s*sec")
_MOST_BODY = 2000


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's clock, from its ``Date`` header: resets count from it, not from our clock."""
    return _date(headers.get("date", ""))


def is_refusal(status: int, headers: Mapping[str, str], body: Any) -> bool:
    """Whether a reply says "too fast", also where the status alone does not.

    GitHub, YouTube and Salesforce refuse with 403, Stack Exchange with 400, VK and Slack inside
    a 200 (``error_code`` 6; ``ok`` false, ``error`` "ratelimited").
    """
    if status in (420, 429):
        return True
    if status == 200:
        return isinstance(body, dict) and (
            (isinstance(body.get("error"), dict) and body["error"].get("error_code") in (6, 29))
            or (body.get("ok") is False and body.get("error") == "ratelimited")
        )
    if status not in (400, 403):
        return False
    if "retry-after" in headers or _remaining(headers) == 0:
        return True
    told = body if isinstance(body, str) else json.dumps(body, default=str)
    return bool(_LIMIT_WORDS.search(told[:_MOST_BODY]))


def is_day_spent(status: int, body: Any) -> bool:
    """Whether a refusal is for the whole day (Google's quotas): trying again would not help."""
    error = body.get("error") if status == 403 and isinstance(body, dict) else None
    told = error.get("errors") if isinstance(error, dict) else None
    reasons = [one.get("reason") for one in told or () if isinstance(one, dict)]
    return any(reason in ("quotaExceeded", "dailyLimitExceeded") for reason in reasons)


def wait_asked_for(
    headers: Mapping[str, str], body: Any = None, now: datetime | None = None
) -> float | None:
    """Seconds that a refusal asks us to wait; None where it does not say.

    ``now`` is the moment of the reply, by default the server's own clock, else ours.
    """
    moment = now or server_time(headers) or datetime.now(UTC)
    for seconds in _waits(headers, body, moment):
        if seconds is not None:
            return max(0.0, seconds)
    return None


def pause_asked_for(
    headers: Mapping[str, str], body: Any = None, now: datetime | None = None
) -> float:
    """Seconds to let pass before the next call, after a reply that succeeded; mostly 0."""
    moment = now or server_time(headers) or datetime.now(UTC)
    backoff = _number(body.get("backoff")) if isinstance(body, dict) else None
    if backoff:
        return max(0.0, backoff)
    if _remaining(headers) == 0 and (reset := _reset(headers, moment)) is not None:
        return max(0.0, reset)
    return max(0.0, _regain(headers) or 0.0)


def _waits(headers: Mapping[str, str], body: Any, now: datetime) -> Iterator[float | None]:
    yield _retry_after(headers, now)
    if isinstance(body, dict):
        milliseconds = _number(body.get("retry_after_ms"))
        yield None if milliseconds is None else milliseconds / 1000
        yield _number(body.get("retry_after"))
        for part, name in (("parameters", "retry_after"), ("extras", "wait_seconds")):
            inner = body.get(part)
            yield _number(inner.get(name)) if isinstance(inner, dict) else None
        yield _number(body.get("backoff"))
    yield _regain(headers)
    yield _reset(headers, now)
    if body is not None:
        told = body if isinstance(body, str) else json.dumps(body, default=str)
        match = _WAIT_WORDS.search(told[:_MOST_BODY])
        yield float(match[1]) if match else None


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("retry-after")
    if not value:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds - now.timestamp() if seconds >= _EPOCH_FROM else seconds
    moment = _date(value)
    return None if moment is None else (moment - now).total_seconds()


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    for name in _RESET_AFTER:
        if (seconds := _number(headers.get(name))) is not None:
            return seconds
    for name in _RESET:
        value = headers.get(name)
        if not value:
            continue
        number = _number(value)
        if number is None:
            moment = _date(value)
            if moment is not None:
                return (moment - now).total_seconds()
            continue
        if number >= _MILLISECONDS_FROM:
            number /= 1000
        return number - now.timestamp() if number >= _EPOCH_FROM else number
    return None


def _remaining(headers: Mapping[str, str]) -> float | None:
    for name in _REMAINING:
        if (number := _number(headers.get(name))) is not None:
            return number
    return None


def _regain(headers: Mapping[str, str]) -> float | None:
    """Meta's headers: seconds until access is back, where an allowance is nearly used up."""
    for name in _PERCENTAGES:
        try:
            told = json.loads(headers.get(name, "null"))
        except ValueError:
            continue
        for usage in _usages(told):
            minutes = _number(usage.get("estimated_time_to_regain_access"))
            if minutes:
                return minutes * 60
            shares = [_number(usage.get(k)) for k in ("call_count", "total_time", "total_cputime")]
            if any(share is not None and share >= _FULL for share in shares):
                return 60.0
    return None


def _usages(told: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(told, dict):
        if "call_count" in told:
            yield told
        else:
            for part in told.values():
                yield from _usages(part)
    elif isinstance(told, list):
        for part in told:
            yield from _usages(part)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _date(value: str) -> datetime | None:
    if not value:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except (ValueError, TypeError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
