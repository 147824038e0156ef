"""Cursors under every order of events: arrivals, late arrivals, deletions, pulls cut short."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.hackernews import HackerNewsWorld, Item
from servers.local import Request
from servers.reddit import ENVIRONMENT

from ingest.connectors import hackernews, reddit
from ingest.stretches import Span, cover, uncover, uncovered

START = 1_760_000_000
CAP = 8

spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair))),
    max_size=6,
)


def seconds_of(parts: tuple[Span, ...]) -> set[int]:
    return {second for start, end in parts for second in range(start, end)}


@given(spans, st.integers(0, 40), st.integers(0, 40))
def test_gaps_are_what_is_not_covered(parts: list[Span], one: int, other: int) -> None:
    """Covered and uncovered seconds make up the window, share none, and gaps never touch."""
    since, until = min(one, other), max(one, other)
    covered: tuple[Span, ...] = ()
    for start, end in parts:
        covered = cover(covered, start, end)
    assert seconds_of(covered) == {s for start, end in parts for s in range(start, end)}
    gaps = uncovered(covered, since, until)
    assert seconds_of(gaps) == set(range(since, until)) - seconds_of(covered)
    assert all(left[1] < right[0] for left, right in pairwise(gaps))
    assert seconds_of(uncover(covered, since)) == {s for s in seconds_of(covered) if s < since}


class ListedReddit(reddit.Reddit):
    """The connector over a listing in memory; comments of one second come in any order."""

    listing: Mapping[str, int]
    chance: random.Random

    def _pages(self, listing: Any) -> Iterator[tuple[list[Any], bool]]:
        names = list(self.listing)
        self.chance.shuffle(names)
        names.sort(key=lambda name: self.listing[name], reverse=True)
        for start in range(0, max(len(names), 1), 3):
            yield (
                [
                    SimpleNamespace(created_utc=self.listing[name], fullname=name, body="hello")
                    for name in names[start : start + 3]
                ],
                start > 0,
            )


moments = st.none() | st.integers(0, 25)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.lists(st.integers(0, 2), min_size=1, max_size=6)),
        st.tuples(st.just("pull"), st.tuples(st.none() | st.integers(0, 9), moments, moments)),
        st.tuples(st.just("delete"), st.integers(0, 30)),
    ),
    max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_newest_first_listings_lose_and_double_nothing(
    events: list[tuple[str, Any]], chance: random.Random
) -> None:
    """Whatever was cut short or asked for in between, in the end each comment came once."""
    listing: dict[str, int] = {}
    cursor: dict[str, Any] | None = None
    got: list[str] = []
    second, number = 0, 0

    def pull(limit: int | None, since: int | None, until: int | None) -> None:
        nonlocal cursor
        options = {"subreddits": ["kayaks"], "submissions": False}
        connector = ListedReddit("r", options, json.loads(json.dumps(cursor)))
        connector.listing, connector.chance = listing, chance
        window = [None if at is None else datetime.fromtimestamp(at, UTC) for at in (since, until)]
        for comment in connector.pull(window[0], window[1], limit):
            assert comment.created_at is not None
            assert since is None or comment.created_at.timestamp() >= since
            assert until is None or comment.created_at.timestamp() < until
            got.append(comment.native_id)
        cursor = connector.cursor

    with patch.dict(os.environ, ENVIRONMENT):
        for kind, value in events:
            if kind == "arrive":
                for step in value:
                    second, number = second + step, number + 1
                    listing[f"t1_{number}"] = second
            elif kind == "delete" and listing:
                del listing[sorted(listing)[value % len(listing)]]
            elif kind == "pull":
                pull(*value)
        pull(None, 0, None)
    assert len(got) == len(set(got))
    assert set(got) >= set(listing)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_newcomers_in_a_second_that_was_read(limit: int) -> None:
    """Comments that share a second with the newest known one are new, wherever a pull stops."""
    listing = {"t1_a": 5}
    got: list[str] = []
    cursor: dict[str, Any] | None = None
    with patch.dict(os.environ, ENVIRONMENT):
        for part in (None, limit, None):
            connector = ListedReddit("r", {"subreddits": ["kayaks"], "submissions": False}, cursor)
            connector.listing, connector.chance = dict(listing), random.Random(1)
            got += [comment.native_id for comment in connector.pull(None, None, part)]
            cursor = connector.cursor
            listing |= {"t1_b": 5, "t1_c": 5, "t1_d": 6}
    assert sorted(got) == sorted(listing)


class WorldClient:
    """Asks a world in memory instead of a server."""

    world: HackerNewsWorld

    def __init__(self, *_: object, **__: object) -> None:
        self.where = "memory"

    def __enter__(self) -> WorldClient:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """What the world's search answers."""
        fields = {name: str(value) for name, value in (parameters or {}).items()}
        return self.world.answer(Request("GET", f"/api/v1{path}", fields, {})).content


arrivals = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 1500)), min_size=1, max_size=8)
ago = st.none() | st.integers(0, 6000)
searches = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), arrivals),
        st.tuples(st.just("wait"), st.integers(1, 5000)),
        st.tuples(st.just("pull"), st.tuples(st.none() | st.integers(0, 9), ago, ago)),
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(searches)
def test_windows_lose_and_double_nothing(events: list[tuple[str, Any]]) -> None:
    """A search that shows comments late, at most ``late_seconds``, still gives each one once."""
    world = HackerNewsWorld()
    cursor: dict[str, Any] | None = None
    got: list[str] = []
    now = START

    def pull(limit: int | None, since: int, until: int | None) -> None:
        nonlocal cursor
        options = {"late_seconds": 1800, "page_size": 4}
        connector = hackernews.HackerNews("hn", options, json.loads(json.dumps(cursor)))
        end = None if until is None else datetime.fromtimestamp(until, UTC)
        with time_machine.travel(datetime.fromtimestamp(now, UTC), tick=False):
            comments = list(connector.pull(datetime.fromtimestamp(since, UTC), end, limit))
        got.extend(comment.native_id for comment in comments)
        cursor = connector.cursor

    WorldClient.world = world
    # A small cap, so that windows must shrink; the fake world keeps the real one.
    with (
        patch.object(hackernews, "JsonClient", WorldClient),
        patch.object(hackernews, "HITS_CAP", CAP),
        patch.object(hackernews, "HITS_WANTED", CAP // 2),
    ):
        for kind, value in events:
            if kind == "arrive":
                for wait, lateness in value:
                    now += wait
                    number = len(world.items) + 1
                    second = max(START, now - lateness)
                    world.add(Item(number, second, "a drier bag", story=1, parent=1))
            elif kind == "wait":
                now += value
            else:
                limit, since_ago, until_ago = value
                pull(
                    limit,
                    START if since_ago is None else now - since_ago,
                    None if until_ago is None else now - until_ago,
                )
        now += 10
        pull(None, START, None)
        pull(None, START, None)
    assert len(got) == len(set(got))
    fullest = Counter(item.second for item in world.items.values()).most_common(1)
    if not fullest or fullest[0][1] <= CAP:
        assert sorted(got, key=int) == sorted(map(str, world.items), key=int)


def test_time_passes_while_a_walk_is_open() -> None:
    """A pull that was cut short is finished first, so a small limit gets to the end as well."""
    world = HackerNewsWorld()
    for number in range(1, 31):
        world.add(Item(number, START + number, "a drier bag", story=1, parent=1))
    WorldClient.world = world
    cursor: dict[str, Any] | None = None
    got: list[str] = []
    moment = datetime.fromtimestamp(START + 60, UTC)
    with patch.object(hackernews, "JsonClient", WorldClient):
        for _ in range(8):
            moment += timedelta(seconds=20)
            with time_machine.travel(moment, tick=False):
                connector = hackernews.HackerNews("hn", {}, cursor)
                got += [comment.native_id for comment in connector.pull(None, None, 5)]
            cursor = connector.cursor
    assert got == [str(number) for number in range(1, 31)]
