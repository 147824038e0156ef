"""Rows of forums, trackers and lists, beyond the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from servers import rest
from servers.forums import FORUMS
from servers.local import LocalServer, Reply

from earful.records import Comment
from ingest.registry import discover

FIRST = 1_750_000_000


@pytest.fixture
def world() -> rest.World:
    one = rest.World()
    one.fill(30, FIRST, every=10)
    for number in range(20, 26):
        one.remarks[number].second = FIRST + 200
    return one


@pytest.fixture
def served(
    request: pytest.FixtureRequest, world: rest.World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, LocalServer]]:
    name: str = request.param
    for variable, value in FORUMS[name].environment.items():
        monkeypatch.setenv(variable, value)
    with rest.serve(FORUMS[name], world) as server:
        yield name, server


def pulled(served: tuple[str, LocalServer]) -> list[Comment]:
    name, server = served
    options = rest.options_for(FORUMS[name], server.url)
    return list(discover().connector(name)("ears", options, None).pull(None, None, None))


@pytest.mark.parametrize("served", sorted(FORUMS), indirect=True)
def test_faults_lose_nothing(served: tuple[str, LocalServer]) -> None:
    """Refused, failing and cut short: every comment comes, and once."""
    refusal = Reply(429, {"error": "slow down"}, {"Retry-After": "0.01"})
    _, server = served
    server.fail("", refusal, Reply(503), Reply(content=["x" * 99], cut=20))
    got = pulled(served)
    assert len({comment.native_id for comment in got}) == len(got) == 30
    assert server.faults == []


@pytest.mark.parametrize("served", ["hyperkitty"], indirect=True)
def test_mails_hold_their_writers_words_only(
    served: tuple[str, LocalServer], world: rest.World
) -> None:
    """What a mail quotes is not said again, and its signature is nothing that was said."""
    got = pulled(served)
    assert {comment.text for comment in got} == {one.text for one in world.remarks.values()}


@pytest.mark.parametrize("served", ["misago"], indirect=True)
def test_a_thread_that_is_written_to_again(
    served: tuple[str, LocalServer], world: rest.World
) -> None:
    """A later post brings its thread back to the top of the list, and comes by the next pull."""
    name, server = served
    late = world.remarks.pop(25)
    options = rest.options_for(FORUMS[name], server.url)
    connector = discover().connector(name)
    with time_machine.travel(FIRST + 4000, tick=True):
        one = connector("ears", options, None)
        assert len(list(one.pull(None, None, None))) == 29
    # More than the overlap later, so that nothing but the list leads there.
    late.second += 200_000
    world.remarks[25] = late
    with time_machine.travel(FIRST + 204_000, tick=True):
        again = list(connector("ears", options, one.cursor).pull(None, None, None))
    assert str(late.number) in {comment.native_id for comment in again}
    assert {comment.native_id for comment in again} <= {str(n) for n in range(20, 26)}
