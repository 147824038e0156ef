"""The JSON client: what is tried again, how long is waited, and what is said in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.local import LocalServer, Reply

from earful.errors import ConfigurationError, EarfulError, TerminalError, TransientError
from ingest.http import GIVEN_UP, TRY_AGAIN, JsonClient, Patience
from ingest.ratelimits import wait_asked_for

QUICK = Patience(attempts=3, wait_initial=0.01, wait_max=0.02, wait_jitter=0.01)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(lambda request: Reply(content={"asked": dict(request.fields)})) as one:
        yield one


@pytest.fixture
def client(server: LocalServer) -> Iterator[Callable[[Patience], JsonClient]]:
    made: list[JsonClient] = []

    def make(patience: Patience = QUICK) -> JsonClient:
        made.append(JsonClient(f"{server.url}/base", "the service", patience, allow_private=True))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_an_answer(server: LocalServer, client: Callable[..., JsonClient]) -> None:
    """The path is joined to the base address and the parameters are sent."""
    assert client().get("/list", {"page": 2}) == {"asked": {"page": "2"}}
    assert server.paths() == ["/base/list"]
    assert server.requests[0].headers["User-Agent"] == "earful"


@pytest.mark.parametrize("status", sorted(TRY_AGAIN))
def test_statuses_tried_again(
    server: LocalServer, client: Callable[..., JsonClient], status: int
) -> None:
    """These are tried again, and after the last try they are TransientErrors."""
    server.fail("list", Reply(status))
    assert client().get("/list") == {"asked": {}}
    server.fail("list", *[Reply(status)] * 3)
    with pytest.raises(TransientError, match=f"status {status}"):
        client().get("/list")
    assert len(server.requests) == 5


@pytest.mark.parametrize("status", [*sorted(GIVEN_UP), 418])
def test_statuses_given_up(
    server: LocalServer, client: Callable[..., JsonClient], status: int
) -> None:
    """These are told at once, sorted by what the reader can do."""
    kind: type[EarfulError] = GIVEN_UP[status][0] if status in GIVEN_UP else TerminalError
    server.fail("list", Reply(status))
    with pytest.raises(kind, match=f"status {status}"):
        client().get("/list", {"key": "a-secret-key"})
    assert len(server.requests) == 1
    assert issubclass(kind, ConfigurationError | TerminalError)


def test_messages_show_no_query(server: LocalServer, client: Callable[..., JsonClient]) -> None:
    """A key that is given as a parameter stands in no message."""
    server.fail("list", *[Reply(500)] * 3)
    with pytest.raises(TransientError) as caught:
        client().get("/list", {"key": "a-secret-key"})
    assert "a-secret-key" not in str(caught.value)
    assert "the service (/list)" in str(caught.value)


def test_a_time_out(server: LocalServer, client: Callable[..., JsonClient]) -> None:
    """A server that does not answer in time is tried again, then told."""
    server.slowness = 0.2
    with pytest.raises(TransientError, match="no answer within"):
        client(QUICK.model_copy(update={"read_timeout": 0.05, "attempts": 2})).get("/list")


def test_nobody_there() -> None:
    """A refused connection is transient: the server may come back."""
    with LocalServer(lambda _: Reply()) as server:
        url = server.url
    with (
        JsonClient(url, "the service", QUICK, allow_private=True) as client,
        pytest.raises(TransientError, match="connection broke"),
    ):
        client.get("/list")


def test_retry_after_is_obeyed(server: LocalServer, client: Callable[..., JsonClient]) -> None:
    """The server's own wait is slept, not ours; one that is too long is given back."""
    server.fail("list", Reply(429, headers={"Retry-After": "0.3"}))
    started = time.monotonic()
    client().get("/list")
    assert time.monotonic() - started >= 0.3
    server.fail("list", Reply(429, headers={"Retry-After": "86400"}))
    with pytest.raises(TransientError) as caught:
        client().get("/list")
    assert caught.value.retry_after == 86400


def test_retry_after_as_a_date() -> None:
    """A date is turned into seconds from now; a past one is no wait, nonsense is no header."""
    now = datetime(2025, 6, 1, 12, tzinfo=UTC)

    def asked(value: str) -> float | None:
        return wait_asked_for({"retry-after": value}, now=now)

    assert asked("Sun, 01 Jun 2025 12:00:30 GMT") == 30
    assert asked("Sun, 01 Jun 2025 11:00:00 GMT") == 0
    assert asked("-5") == 0
    assert asked("soon") is None
    assert wait_asked_for({}) is None


@given(st.text(max_size=40))
def test_no_retry_after_breaks_us(value: str) -> None:
    """Whatever a server writes there, the answer is None or a wait that is not negative."""
    seconds = wait_asked_for({"retry-after": value})
    assert seconds is None or seconds >= 0
