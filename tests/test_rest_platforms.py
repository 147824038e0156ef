"""Rows beyond plain lists: logins, signed tokens, posted searches, GraphQL, replies, quotas."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pulling import pulled
from servers import platforms, rest
from servers.kiosk import connector, row
from servers.local import LocalServer, Reply
from servers.rest import FIRST
from servers.rows import platform
from servers.shapes import posted

from earful.errors import ConfigurationError
from ingest.rest.asking import Signing
from ingest.rest.drift import Shape
from ingest.rest.items import Item
from ingest.rest.mapping import Mapper
from ingest.rest.row import Row
from ingest.rest.signing import signed_token
from ingest.rest.values import nested


@pytest.mark.parametrize("served", sorted(platforms.SHAPES), indirect=True)
def test_faults_on_the_way_lose_nothing(served: tuple[str, LocalServer]) -> None:
    """Refused, cut short and failing in the middle of a walk: every comment comes, and once."""
    name, server = served
    stream = platform(name, server.url).pull(None, None, None)
    got = [next(stream)]
    refusal = Reply(429, {"error": "slow down"}, {"Retry-After": "0.01"})
    server.fail("", refusal, Reply(503), Reply(content=["x" * 99], cut=20))
    got += list(stream)
    assert len({comment.native_id for comment in got}) == len(got) == 30


@pytest.mark.parametrize("served", ["bluesky"], indirect=True)
def test_one_login_serves_many_calls(served: tuple[str, LocalServer]) -> None:
    """The password is posted once, never put into an address, and the token serves later pulls."""
    name, server = served
    one = platform(name, server.url)
    assert len(pulled(one)) == 30
    pulled(platform(name, server.url, one.cursor))
    logins = [call for call in server.requests if call.path.endswith("createSession")]
    assert [call.method for call in logins] == ["POST"]
    assert all("app-password" not in str(call.fields) for call in server.requests)


@pytest.mark.parametrize("served", ["bluesky"], indirect=True)
def test_a_login_that_fails(
    served: tuple[str, LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password is told as wrong credentials, and not shown."""
    name, server = served
    monkeypatch.setenv("EARFUL_BLUESKY_PASSWORD", "mistyped")
    with pytest.raises(ConfigurationError, match="credentials") as caught:
        pulled(platform(name, server.url))
    assert "mistyped" not in str(caught.value)


def test_a_signed_token_verifies() -> None:
    """An ES256 token bears the header and claims of the row, and its signature is true."""
    signing = Signing(
        algorithm="ES256", header={"kid": "{key_id}"}, claims={"iss": "{user}", "aud": "shop"}
    )
    pem = platforms.SHAPES["appstoreconnect"].environment["EARFUL_APPSTORECONNECT_KEY"]
    words = {"secret": pem.replace("\n", "\\n"), "key_id": "K1", "user": "me"}
    token = signed_token(signing, words, "EARFUL_KEY")
    header, claims, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
    )
    assert json.loads(header) == {"alg": "ES256", "typ": "JWT", "kid": "K1"}
    told = json.loads(claims)
    assert (told["iss"], told["aud"], told["exp"] - told["iat"]) == ("me", "shop", 15 * 60)
    halves = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    message = token.rpartition(".")[0].encode()
    public = platforms.APPLE_KEY.public_key()
    public.verify(encode_dss_signature(*halves), message, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("secret", ["sesame", "wrong kind"])
def test_a_key_that_cannot_sign(secret: str) -> None:
    """What is no key, or one of another kind, is told by its variable and never quoted."""
    if secret == "wrong kind":
        secret = platforms.SHAPES["googleplay"].environment["EARFUL_GOOGLEPLAY_KEY"]
    signing = Signing(algorithm="ES256", claims={})
    with pytest.raises(ConfigurationError, match="EARFUL_KEY holds") as caught:
        signed_token(signing, {"secret": secret}, "EARFUL_KEY")
    assert secret not in str(caught.value)


def test_dotted_names_are_objects() -> None:
    """Names become objects within objects, numbers places in lists, and values keep their type."""
    flat = {"query.value": 7, "filters.0.name": "a", "filters.1.name": "b", "limit": 5}
    assert nested(flat) == {
        "query": {"value": 7},
        "filters": [{"name": "a"}, {"name": "b"}],
        "limit": 5,
    }


@pytest.mark.parametrize("served", ["github-discussions"], indirect=True)
def test_graphql_is_posted(served: tuple[str, LocalServer]) -> None:
    """The query goes as it stands in the row, options and cursor as its variables."""
    name, server = served
    assert len(pulled(platform(name, server.url))) == 30
    told = [posted(call) for call in server.requests]
    assert all(call.method == "POST" for call in server.requests)
    assert (told[0]["variables.owner"], told[0]["variables.name"]) == ("kayaks", "maps")
    assert "variables.after" not in told[0]
    assert told[1]["variables.after"] == "p16"


@pytest.mark.parametrize("served", ["slack"], indirect=True)
def test_replies_that_come_later(
    served: tuple[str, LocalServer], world: rest.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply to a thread of the overlap comes with the next pull; the thread is not repeated."""
    name, server = served
    late = world.remarks.pop(25)
    world.remarks[25] = rest.Remark(25, late.second, late.text, deleted=True)

    with time_machine.travel(FIRST + 4000, tick=True):
        one = platform(name, server.url)
        first = {comment.native_id for comment in one.pull(None, None, None)}
    assert len(first) == 29
    world.remarks[25] = late
    with time_machine.travel(FIRST + 5000, tick=True):
        again = pulled(platform(name, server.url, one.cursor))
    assert [comment.text for comment in again] == [late.text]
    assert again[0].thread_uid is not None
    assert again[0].thread_uid.endswith(f"#{late.second}.000020")


@pytest.mark.parametrize("served", ["slack"], indirect=True)
def test_a_thread_that_is_gone(served: tuple[str, LocalServer]) -> None:
    """A thread whose replies are refused is told; the other messages come, and itself does."""
    name, server = served
    server.fail("conversations.replies", Reply(content={"ok": False, "error": "thread_not_found"}))
    one = platform(name, server.url)
    assert len(pulled(one)) == 25
    assert one.coverage.state == "capped"
    assert "some replies could not be read, for example to C01#" in one.coverage.detail
    assert "thread_not_found" in one.coverage.detail


@pytest.mark.parametrize("served", ["youtube"], indirect=True)
def test_a_quota_for_the_day(served: tuple[str, LocalServer]) -> None:
    """Google's quotaExceeded ends the pull like a budget: asked once, kept, told as capped."""
    name, server = served
    spent = {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}
    one = platform(name, server.url)
    stream = one.pull(None, None, None)
    got = [next(stream)]
    before = len(server.requests)
    server.fail("commentThreads", Reply(403, spent))
    got += list(stream)
    assert 0 < len(got) < 30
    assert one.coverage.state == "capped"
    assert "allowance for the day is used up" in one.coverage.detail
    assert sum(call.path.endswith("Threads") for call in server.requests[before:]) == 1
    rest_of_it = pulled(platform(name, server.url, one.cursor))
    assert len(got) + len(rest_of_it) == 30


def test_what_the_platform_says_is_told() -> None:
    """A reply without the list that holds an error is told with the platform's own words."""
    refusal = Reply(content={"ok": False, "error": "not_in_channel"})
    told = pytest.raises(Exception, match="The platform says: not_in_channel")
    with LocalServer(lambda _: refusal) as server, told:
        pulled(connector(row(), server))


@pytest.mark.parametrize("served", ["x"], indirect=True)
def test_a_list_that_goes_back_some_days_only(
    served: tuple[str, LocalServer], world: rest.World
) -> None:
    """No pull, the first or a later one, claims more than the platform's window."""
    later = int(time.time()) - 2 * 86_400 - FIRST
    for remark in world.remarks.values():
        remark.second += later
    name, server = served
    one = platform(name, server.url)
    pulled(one)
    one = platform(name, server.url, one.cursor)
    pulled(one)
    since, until = one.coverage.since, one.coverage.until
    assert since is not None
    assert until is not None
    assert round((until - since).total_seconds() / 86_400) == 7


def test_an_address_put_together_from_parts() -> None:
    """Named groups of a value fill the template, beside values of the item and options."""
    fields = {
        "id": "id",
        "text": "body",
        "created": "at",
        "url": {
            "path": "id",
            "pattern": r"(?<second>\d+)\.(?<part>\d+)",
            "template": "https://{board}.example/p{second}{part}?by={who}",
        },
    }
    made: Row = row(fields=fields, path="/{board}", options={"board": {"what": "it"}})
    mapper = Mapper(made, "kiosk", "here", Shape((), {}))
    item = Item({"id": "17.004", "body": "x", "at": FIRST, "who": "ada"})
    found = mapper.map(item, {"board": "kayaks"})
    assert found is not None
    assert found.comment.url == "https://kayaks.example/p17004?by=ada"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"auth": {"kind": "login"}}, r"kind 'login' needs a table \[auth.login\]"),
        ({"auth": {"kind": "signed"}}, r"kind 'signed' needs a table \[auth.signing\]"),
        (
            {
                "auth": {
                    "kind": "login",
                    "login": {"address": "/in", "values": {"who": "{usr}"}, "token": "token"},
                }
            },
            r"\{usr\} is unknown; valid: secret",
        ),
        ({"graphql": "query { all }"}, 'graphql is posted: add send = "json"'),
    ],
)
def test_mistakes_are_explained(changes: dict[str, Any], told: str) -> None:
    """What does not fit together is named, with what would be valid."""
    if "auth" in changes:
        named = {"environment": "EARFUL_KEY", "what": "a key", "how": "Ask."}
        changes = {"auth": {**named, **changes["auth"]}}
    with pytest.raises(ValueError, match=told):
        row(**changes)
