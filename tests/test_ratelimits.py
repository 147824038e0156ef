"""Every dialect in which servers say how fast they may be asked."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.local import LocalServer, Reply

from earful.errors import ConfigurationError, TransientError
from ingest.http import JsonClient, Patience
from ingest.ratelimits import is_refusal, pause_asked_for, wait_asked_for

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
QUICK = Patience(attempts=3, wait_initial=0.01, wait_max=0.02, wait_jitter=0.01)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, None, 7),
        ({"retry-after": "Sun, 01 Jun 2025 12:00:30 GMT"}, None, 30),
        ({"x-ratelimit-reset": "42"}, None, 42),
        ({"x-ratelimit-reset": str(EPOCH + 50)}, None, 50),
        ({"retry-after": str(EPOCH + 40)}, None, 40),
        ({"ratelimit-reset": str((EPOCH + 50) * 1000)}, None, 50),
        ({"x-ratelimit-reset": "2025-06-01T12:05:00.000Z"}, None, 300),
        ({"ratelimit-resettime": "2025-06-01T12:01:00+00:00"}, None, 60),
        ({"x-rate-limit-reset": "90"}, None, 90),
        ({"x-ratelimit-reset-after": "1.25", "x-ratelimit-reset": str(EPOCH + 9)}, None, 1.25),
        ({}, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}, 2.5),
        ({}, {"message": "You are being rate limited.", "retry_after": 0.65}, 0.65),
        ({}, {"ok": False, "error_code": 429, "parameters": {"retry_after": 11}}, 11),
        ({}, {"errors": ["slow down"], "extras": {"wait_seconds": 14}}, 14),
        ({}, {"errors": ["Please wait 23 seconds before trying again."]}, 23),
        ({}, {"backoff": 10, "items": []}, 10),
        (
            {
                "x-business-use-case-usage": json.dumps(
                    {"17": [{"call_count": 100, "estimated_time_to_regain_access": 4}]}
                )
            },
            None,
            240,
        ),
        ({"x-ratelimit-reset": str(EPOCH - 50)}, None, 0),
        ({}, {"error": "no"}, None),
    ],
)
def test_waits(headers: dict[str, str], body: Any, seconds: float | None) -> None:
    """A refusal is waited for as long as it says, wherever and however it says it."""
    assert wait_asked_for(headers, body, NOW) == seconds


def test_the_servers_clock_counts() -> None:
    """A reset given as a moment is counted from the server's clock, when ours is hours off."""
    headers = {"date": "Sun, 01 Jun 2003 12:00:00 GMT", "x-ratelimit-reset": "1054468860"}
    assert wait_asked_for(headers) == 60


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "20"}, None, 20),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "20"}, None, 0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": str(EPOCH + 8)}, None, 8),
        ({}, {"items": [], "backoff": 5}, 5),
        ({"x-app-usage": '{"call_count": 97, "total_time": 3}'}, None, 60),
        ({"x-app-usage": '{"call_count": 12, "total_time": 3}'}, None, 0),
        ({"x-app-usage": "broken"}, [], 0),
    ],
)
def test_pauses(headers: dict[str, str], body: Any, seconds: float) -> None:
    """A reply that succeeded may ask for a pause, before a refusal comes."""
    assert pause_asked_for(headers, body, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "body", "refused"),
    [
        (429, {}, None, True),
        (420, {}, None, True),
        (403, {"x-ratelimit-remaining": "0"}, {"message": "no"}, True),
        (403, {}, {"message": "You have exceeded a secondary rate limit"}, True),
        (403, {}, {"error": {"errors": [{"reason": "quotaExceeded"}]}}, True),
        (403, {}, {"message": "Resource not accessible by personal access token"}, False),
        (400, {}, {"error_id": 502, "error_name": "throttle_violation"}, True),
        (400, {}, {"error": "bad_request"}, False),
        (200, {}, {"error": {"error_code": 6, "error_msg": "Too many requests"}}, True),
        (200, {}, {"ok": False, "error": "ratelimited"}, True),
        (200, {}, {"items": [{"text": "rate limit, too many requests"}]}, False),
        (404, {}, {"message": "rate limit"}, False),
    ],
)
def test_refusals(status: int, headers: dict[str, str], body: Any, refused: bool) -> None:
    """What is a refusal is told apart from a closed door, also where the status is the same."""
    assert is_refusal(status, headers, body) is refused


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            ["retry-after", "x-ratelimit-reset", "date", "x-app-usage", "x-ratelimit-remaining"]
        ),
        st.text(max_size=30),
    ),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["retry_after", "backoff", "parameters", "error", "extras"]), inner
            )
        ),
        max_leaves=6,
    ),
)
def test_nothing_a_server_says_breaks_us(headers: dict[str, str], body: Any) -> None:
    """Any header and any body give a wait that is not negative, or none."""
    wait = wait_asked_for(headers, body)
    assert wait is None or wait >= 0
    assert pause_asked_for(headers, body) >= 0
    assert is_refusal(403, headers, body) in (True, False)


def test_a_closed_allowance_is_waited_out() -> None:
    """The next call waits until the server's allowance is open again."""
    used = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0.2"}
    with (
        LocalServer(lambda _: Reply(content=[], headers=used)) as server,
        JsonClient(server.url, "a service", QUICK, allow_private=True) as client,
    ):
        client.get("/a")
        started = time.monotonic()
        client.get("/a")
        assert time.monotonic() - started >= 0.15


def test_a_long_wait_is_given_back() -> None:
    """An allowance that opens tomorrow is not waited for: the pull goes on another time."""
    used = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "80000"}
    with (
        LocalServer(lambda _: Reply(content=[], headers=used)) as server,
        JsonClient(server.url, "a service", QUICK, allow_private=True) as client,
    ):
        client.get("/a")
        with pytest.raises(TransientError, match="allowance is used up"):
            client.get("/a")


def test_a_refusal_in_a_403_is_tried_again() -> None:
    """A 403 that is a rate limit is tried again; one that is a closed door is not."""
    with (
        LocalServer(lambda _: Reply(content=[])) as server,
        JsonClient(server.url, "a service", QUICK, allow_private=True) as client,
    ):
        server.fail("a", Reply(403, {"message": "API rate limit exceeded"}))
        assert client.get("/a") == []
        server.fail("a", Reply(403, {"message": "Not for you"}))
        with pytest.raises(ConfigurationError, match="does not allow"):
            client.get("/a")
