"""What every connector must keep, whatever its platform; runs over all that are registered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulling import again, pulled
from servers.contract import SCENES, Scene

from ingest.clean import clean_text
from ingest.connector import Connector, Need, Rechecks
from ingest.registry import Found, discover

CONNECTORS = list(discover().found.values())
NAMED_IN_IDS = {"bluesky", "tumblr", "typeform"}
"""Platforms whose ids hold who wrote: the did in the address of a post, the blog that a note is
named by, the number of a response.
"""


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.fixture(params=CONNECTORS, ids=lambda found: found.name)
def found(request: pytest.FixtureRequest) -> Found:
    one: Found = request.param
    return one


@pytest.fixture
def scene(found: Found, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    if found.name not in SCENES:
        pytest.fail(
            f"connector {found.name!r} ({found.origin}) has no local server: add a function to"
            " SCENES in tests/servers/contract.py that starts one and yields a Scene"
        )
    with SCENES[found.name]() as one:
        for name, value in one.environment.items():
            monkeypatch.setenv(name, value)
        yield one


def make(found: Found, scene: Scene, cursor: dict[str, Any] | None = None) -> Connector:
    return found.connector("listening", scene.options, cursor)


def test_everything_comes_once(found: Found, scene: Scene) -> None:
    """A first pull yields every comment of the server, each under one uid, and says complete."""
    connector = make(found, scene)
    comments = pulled(connector)
    assert sorted(comment.native_id for comment in comments) == sorted(scene.created)
    assert len({comment.uid for comment in comments}) == len(comments)
    assert connector.coverage.state == "complete"


def test_uids_are_stable(found: Found, scene: Scene) -> None:
    """Two connectors that know nothing of each other give a comment the same uid."""
    first, second = pulled(make(found, scene)), pulled(make(found, scene))
    assert [comment.uid for comment in first] == [comment.uid for comment in second]
    for comment in first:
        assert comment.uid == f"listening:{comment.instance}:{comment.native_id}"
        assert ":" not in comment.instance


def test_times_are_utc_and_true(found: Found, scene: Scene) -> None:
    """``created_at`` is aware, in UTC, and the second at which the server says it was written."""
    for comment in pulled(make(found, scene)):
        assert comment.created_at is not None
        assert comment.created_at.utcoffset() is not None
        assert comment.created_at == moment(scene.created[comment.native_id])


def test_resuming_after_any_comment_gives_the_rest(found: Found, scene: Scene) -> None:
    """A new connector, made with the cursor of comment k, yields all others and no other."""
    connector = make(found, scene)
    cursors = [(connector.cursor, "")]
    for comment in connector.pull(None, None, None):
        cursors.append((again(connector), comment.native_id))
    order = [native_id for _, native_id in cursors[1:]]
    for k in [*range(0, len(order), len(order) // 12), len(order) - 1, len(order)]:
        rest = [comment.native_id for comment in pulled(make(found, scene, cursors[k][0]))]
        assert sorted(rest) == sorted(set(scene.created) - set(order[:k])), f"after {k} comments"


def test_a_kept_cursor_does_not_change(found: Found, scene: Scene) -> None:
    """A cursor that the loop holds stays what it was while the connector goes on."""
    connector = make(found, scene)
    stream = connector.pull(None, None, None)
    next(stream)
    held = connector.cursor
    before = json.dumps(held, sort_keys=True)
    for _ in stream:
        pass
    assert json.dumps(held, sort_keys=True) == before


def test_pulls_with_a_limit_add_up(found: Found, scene: Scene) -> None:
    """A limit is obeyed, and pull after pull with a small one gets to the end without doubles."""
    cursor: dict[str, Any] | None = None
    got: list[str] = []
    for _ in range(len(scene.created) // 17 + 2):
        connector = make(found, scene, cursor)
        part = pulled(connector, 17)
        assert len(part) <= 17
        got += [comment.native_id for comment in part]
        cursor = connector.cursor
    assert sorted(got) == sorted(scene.created)


def test_a_limit_of_nothing_pulls_nothing(found: Found, scene: Scene) -> None:
    """``limit=0`` yields no comment."""
    assert pulled(make(found, scene), 0) == []


def test_since_and_until_are_obeyed(found: Found, scene: Scene) -> None:
    """Exactly the comments with ``since <= created_at < until`` come."""
    seconds = sorted(scene.created.values())
    since, until = seconds[len(seconds) // 4], seconds[len(seconds) * 3 // 4]
    connector = make(found, scene)
    got = [comment.native_id for comment in connector.pull(moment(since), moment(until), None)]
    wanted = [name for name, second in scene.created.items() if since <= second < until]
    assert sorted(got) == sorted(wanted)
    coverage = connector.coverage
    assert coverage.since is not None
    assert coverage.until is not None
    assert coverage.since <= moment(since)
    assert coverage.until == moment(until)


def test_an_earlier_since_reads_what_lies_before(found: Found, scene: Scene) -> None:
    """After a pull from the middle on, an earlier ``since`` brings the older half and no more."""
    seconds = sorted(scene.created.values())
    middle = seconds[len(seconds) // 2]
    first = make(found, scene)
    new = {comment.native_id for comment in first.pull(moment(middle), None, None)}
    second = make(found, scene, first.cursor)
    old = {comment.native_id for comment in second.pull(moment(seconds[0]), None, None)}
    assert new | old == set(scene.created)
    assert not new & old


def test_the_cursor_starts_as_given(found: Found, scene: Scene) -> None:
    """Before a pull ``cursor`` is what the constructor was given, so the loop can compare it."""
    assert make(found, scene).cursor == {}
    connector = make(found, scene)
    pulled(connector, 5)
    assert make(found, scene, connector.cursor).cursor == connector.cursor


def test_needs_and_capabilities_are_declared(found: Found) -> None:
    """Needs say what, how and where; credentials are secret environment variables of earful's."""
    connector = found.connector
    for need in connector.needs:
        assert isinstance(need, Need)
        assert need.what
        assert need.how
        assert not need.secret or need.kind == "environment"
        assert need.kind == "option" or need.name.startswith("EARFUL_")
    for flag in (connector.follows_edits, connector.follows_deletions, connector.backfills):
        assert isinstance(flag, bool)


def test_no_author_in_a_repr(found: Found, scene: Scene) -> None:
    """A comment that ends up in a log or a traceback does not name its writer."""
    named = 0
    for comment in pulled(make(found, scene)):
        if comment.author is not None:
            named += 1
            held = f"author={comment.author!r}" if found.name in NAMED_IN_IDS else comment.author
            assert held not in repr(comment)
    assert named or not scene.authors


def test_rechecking_tells_of_edits_and_deletions(found: Found, scene: Scene) -> None:
    """A connector that says so yields the new words of an edit and a tombstone of a deletion."""
    connector = make(found, scene)
    ids = [comment.native_id for comment in pulled(connector)]
    edited, deleted, *_ = ids[3:]
    scene.edit(edited, "Please make it in yellow")
    scene.delete(deleted)
    if not connector.follows_edits and not connector.follows_deletions:
        return
    assert isinstance(connector, Rechecks)
    again = {comment.native_id: comment for comment in connector.recheck(ids)}
    if connector.follows_edits:
        assert clean_text(again[edited].text) == "Please make it in yellow"
        assert not again[edited].deleted
    if connector.follows_deletions:
        assert again[deleted].deleted
        assert again[deleted].text == ""
        assert again[deleted].author is None
        assert sum(comment.deleted for comment in again.values()) == 1
