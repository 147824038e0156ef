"""Addresses given by users and by replies: public ones only, and credentials stay at home."""

from __future__ import annotations

import gzip

import httpx2
import pytest
from servers.local import LocalServer, Reply

from earful.errors import ConfigurationError, TerminalError, TransientError
from ingest.hosts import PrivateHostError, PublicTransport, is_public, refuse_private_literal
from ingest.http import JsonClient, Patience

ONCE = Patience(attempts=1, read_timeout=2)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    """Private, local, shared and translated addresses are no part of the public internet."""
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "::1"])
def test_private_literals(host: str) -> None:
    """What names this machine or the private network by itself is refused without a look-up."""
    with pytest.raises(PrivateHostError, match="allow_private"):
        refuse_private_literal(host, "a source")


def test_a_name_that_leads_inside_is_refused() -> None:
    """A public name with one private address is not connected to."""
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["93.184.215.14", "127.0.0.1"]

    with (
        httpx2.Client(transport=PublicTransport("a source", resolve)) as client,
        pytest.raises(PrivateHostError, match=r"forum\.example \(127\.0\.0\.1\)"),
    ):
        client.get("https://forum.example/posts")
    assert asked == ["forum.example"]


def test_an_unknown_name_is_transient() -> None:
    """A name that cannot be looked up now may be found later."""

    def resolve(_: str) -> list[str]:
        raise OSError("no such name")

    with (
        httpx2.Client(transport=PublicTransport("a source", resolve)) as client,
        pytest.raises(httpx2.ConnectError, match="not known"),
    ):
        client.get("https://forum.example/posts")


def test_private_is_off_unless_allowed() -> None:
    """A client refuses this machine at once, and calls it when told so."""
    with LocalServer(lambda _: Reply(content=[])) as server:
        with (
            JsonClient(server.url, "a source", ONCE) as client,
            pytest.raises(ConfigurationError, match="no public address"),
        ):
            client.get("/a")
        assert server.requests == []
        with JsonClient(server.url, "a source", ONCE, allow_private=True) as client:
            assert client.get("/a") == []


def test_credentials_go_nowhere_else() -> None:
    """Neither a redirect nor a next page takes the credentials to another host or port."""
    with (
        LocalServer(lambda _: Reply(content=[])) as other,
        LocalServer(lambda _: Reply(302, headers={"Location": f"{other.url}/a"})) as server,
        JsonClient(
            server.url, "a source", ONCE, {"PRIVATE-TOKEN": "sesame"}, allow_private=True
        ) as client,
    ):
        with pytest.raises(ConfigurationError, match="another host"):
            client.get("/a")
        with pytest.raises(ConfigurationError, match="another host"):
            client.get(f"{other.url}/a?page=2")
        assert other.requests == []


def test_a_next_page_stays_encrypted() -> None:
    """A page that an encrypted service names without encryption is asked for with it."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, json=[])

    client = JsonClient("https://forum.example", "a source", ONCE)
    client._client = httpx2.Client(transport=httpx2.MockTransport(answer))
    with client:
        client.get("http://forum.example/a?page=2")
        with pytest.raises(ConfigurationError, match="another host"):
            client.get("https://forum.example.evil/a?page=2")
    assert asked == ["https://forum.example/a?page=2"]


def test_a_packed_reply_counts_unpacked() -> None:
    """A small reply that unpacks to a large one is cut like a large one."""
    packed = gzip.compress(b"[" + b" " * 5_000_000 + b"]")
    client = JsonClient("https://forum.example", "a source", ONCE, size_limit=100_000)
    reply = httpx2.Response(200, headers={"Content-Encoding": "gzip"}, content=packed)
    client._client = httpx2.Client(transport=httpx2.MockTransport(lambda _: reply))
    assert len(packed) < 10_000
    with client, pytest.raises(TerminalError, match="longer than 100,000 bytes"):
        client.get("/a")


def test_redirects_on_the_same_host_are_followed() -> None:
    """A service may move its pages; a chain without end is told."""
    moved = Reply(301, headers={"Location": "/b"})
    with (
        LocalServer(lambda r: moved if r.path == "/a" else Reply(content=[r.path])) as server,
        JsonClient(server.url, "a source", ONCE, allow_private=True) as client,
    ):
        assert client.get("/a") == ["/b"]
    turning = Reply(302, headers={"Location": "/a"})
    with (
        LocalServer(lambda _: turning) as server,
        JsonClient(server.url, "a source", ONCE, allow_private=True) as client,
        pytest.raises(TerminalError, match="redirects"),
    ):
        client.get("/a")


def test_a_reply_without_end_is_cut() -> None:
    """A reply longer than the limit is not read to its end."""
    with (
        LocalServer(lambda _: Reply(content=["x" * 5000])) as server,
        JsonClient(server.url, "a source", ONCE, allow_private=True, size_limit=1000) as client,
        pytest.raises(TerminalError, match="longer than 1,000 bytes"),
    ):
        client.get("/a")


def test_a_secret_parameter_is_in_no_message() -> None:
    """A key sent as a parameter reaches the server and no error."""
    with (
        LocalServer(lambda _: Reply(content=[])) as server,
        JsonClient(
            server.url, "a source", ONCE, secrets={"key": "sesame"}, allow_private=True
        ) as client,
    ):
        client.get("/a", {"page": 1})
        assert dict(server.requests[0].fields) == {"page": "1", "key": "sesame"}
        server.fail("a", Reply(500))
        with pytest.raises(TransientError) as caught:
            client.get(f"{server.url}/a?page=2")
        assert server.requests[1].fields["key"] == "sesame"
        assert "sesame" not in str(caught.value)
