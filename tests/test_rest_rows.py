"""Row files: what is wrong with one is explained, and shipped ones map what platforms send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import rest
from servers.kiosk import row
from servers.local import Request

from earful.errors import ConfigurationError
from earful.records import Comment
from ingest.registry import BUILT_IN, discover
from ingest.rest.drift import Shape
from ingest.rest.files import read_row
from ingest.rest.items import Item, items_at
from ingest.rest.mapping import Mapper
from ingest.rest.row import Row
from ingest.rest.times import read_moment, write_second

FIRST = 1_750_000_000
GOOD = """
name = "kiosk"
title = "Kiosk"
base = "https://kiosk.example"
path = "/said"
order = { by = "created", first = "newest" }
paging = { kind = "page", parameter = "page" }
fields = { id = "id", text = "body", created = "at" }
terms = { summary = "Ours." }
"""


def read(tmp_path: Path, content: str) -> Row:
    path = tmp_path / "kiosk.toml"
    path.write_text(content, encoding="utf-8")
    return read_row(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title = "Kiosk"', "title = Kiosk", "not valid TOML"),
        ('name = "kiosk"', 'name = "My Kiosk"', "expected small letters, digits, - and _"),
        ('path = "/said"', "", 'path: is missing. For example: path = "/api/comments"'),
        ('path = "/said"', 'pth = "/said"', "Did you mean 'path'?"),
        ('path = "/said"', 'path = "/{board}"', "{board} is no option: add a table"),
        ('base = "https:', 'base = "http:', "base must begin with https://"),
        ('first = "newest"', 'first = "newst"', "valid: 'newest', 'oldest' or 'any'"),
        ('kind = "page", ', 'kind = "cursor", ', "kind 'cursor' needs 'path'"),
        (', parameter = "page"', "", "kind 'page' needs 'parameter'"),
        ('text = "body"', 'txt = "body"', "fields.txt: there is no such key. Did you mean 'text'?"),
        ('text = "body"', 'text = { pattern = "x" }', "say one of: path, any, sum, template"),
        (
            'text = "body"',
            'text = { path = "body", pattern = "(" }',
            "fields.text.pattern: no regular expression",
        ),
        (', created = "at"', "", "order.by is 'created', so fields.created must be mapped"),
        ("terms =", 'deletions = "listed"\nterms =', "fields.deleted must be mapped"),
        ("terms =", 'edits = "looked up"\nterms =', "there must be a table [look_up]"),
        (
            "terms =",
            'auth = { kind = "bearer", environment = "TOKEN", what = "", how = "" }\nterms =',
            "the name of a variable that begins with EARFUL_",
        ),
        (
            "terms =",
            'options = { budget = { what = "the board" } }\nterms =',
            "option 'budget' is used nowhere",
        ),
    ],
)
def test_what_is_wrong_is_explained(tmp_path: Path, old: str, new: str, told: str) -> None:
    """The message names the file and the key, and says what would be valid."""
    assert read(tmp_path, GOOD).name == "kiosk"
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert told in str(caught.value)
    assert "kiosk.toml" in str(caught.value)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Two mistakes need one look."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, GOOD.replace("newest", "nwest").replace('"page",', '"pag",'))
    assert "order.first" in str(caught.value)
    assert "paging.kind" in str(caught.value)


def test_a_project_brings_its_own_row(tmp_path: Path) -> None:
    """A row in the project's folder is a connector; a broken one is told and stops nothing."""
    (tmp_path / "kiosk.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.toml").write_text('name = "bad"', encoding="utf-8")
    found = discover([tmp_path])
    assert found.connector("kiosk").name == "kiosk"
    assert [bad.origin for bad in found.unreadable] == [str(tmp_path / "bad.toml")]
    with pytest.raises(ConfigurationError, match=r"bad\.toml could not be read"):
        found.connector("bad")


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_rows_are_whole(path: Path) -> None:
    """A shipped row bears its file's name, is encrypted, names its manual and its terms."""
    one = read_row(path)
    assert one.name == path.stem
    assert one.base.startswith("https://")
    assert one.terms.summary
    assert one.name == "appstore" or one.manual.startswith("https://")


def mapped(name: str, remark: rest.Remark) -> Comment:
    """The comment that a shipped row makes of what its local service sends."""
    world = rest.World({remark.number: remark})
    service = rest.SERVICES[name]
    shown: dict[str, dict[str, str]] = {
        "mastodon": {"path": "/api/v1/timelines/tag/kayak"},
        "appstore": {"path": "/gb/rss/customerreviews/page=1/id=1/sortby=mostrecent/json"},
        "lemmy": {"path": "/api/v3/comment/list", "page": "1", "limit": "50"},
        "steam": {"path": "/", "num_per_page": "100"},
        "github": {"path": "/repos/kayaks/maps/issues/comments"},
    }
    fields = dict(shown[name])
    reply = service.answer(world, Request("GET", fields.pop("path"), fields, {"Host": "h"}))
    one = read_row(BUILT_IN / f"{name}.toml")
    items = items_at(reply.content, one.items)
    assert items is not None
    words = {
        option: value[0] if isinstance(value, list) else value
        for option, value in service.options.items()
    }
    found = Mapper(one, name, "here", Shape((), {})).map(items[-1], words)
    assert found is not None
    return found.comment


def test_what_mastodon_becomes() -> None:
    """A status: HTML text, sum of likes and boosts, language, link, edit."""
    comment = mapped("mastodon", rest.Remark(4, FIRST, "Straps!", edited=FIRST + 60))
    assert comment.text == "<p>Straps!</p>"
    assert (comment.reach, comment.lang_hint, comment.channel) == (5, "en", "#kayak")
    assert comment.url == "https://kayaks.example/@ada/4"
    assert comment.edited_at == datetime.fromtimestamp(FIRST + 60, UTC)


def test_what_reviews_become() -> None:
    """Stars and thumbs are ratings from 0 to 1; the storefront is the place."""
    comment = mapped("appstore", rest.Remark(3, FIRST, "Tides are late"))
    assert (comment.rating, comment.rating_original) == (0.75, "4/5")
    assert (comment.place, comment.version, comment.product) == ("gb", "2.1", "1")
    assert comment.created_at == datetime.fromtimestamp(FIRST, UTC)
    assert mapped("steam", rest.Remark(1, FIRST, "Fine")).rating == 1
    assert mapped("steam", rest.Remark(3, FIRST, "Dull")).rating == 0


def test_what_threads_become() -> None:
    """A reply names its parent and its thread; a removed comment is a tombstone."""
    comment = mapped("lemmy", rest.Remark(9, FIRST, "Straps!"))
    assert (comment.parent_uid, comment.thread_uid) == ("lemmy:here:1", "lemmy:here:post-5")
    comment = mapped("github", rest.Remark(9, FIRST, "Straps!"))
    assert comment.native_id == "kayaks/maps#9"


def test_halves_of_characters() -> None:
    """What no store takes is replaced in texts; an id that is odd is no id."""
    shape = Shape((), {})
    mapper = Mapper(row(), "kiosk", "here", shape)
    found = mapper.map(Item({"id": 1, "body": "A strap \ud83d", "at": FIRST}), {})
    assert found is not None
    assert found.comment.text == "A strap ?"
    for odd in ("", "a\nb", "\ud83d\n", "9" * 501, {"a": 1}, True):
        assert mapper.map(Item({"id": odd, "body": "x", "at": FIRST}), {}) is None
    assert "no id that could be used" in shape.notes[0]


@pytest.mark.parametrize(
    ("value", "second"),
    [
        (FIRST, FIRST),
        (str(FIRST), FIRST),
        (FIRST * 1000, FIRST),
        ("2025-06-15T15:06:40Z", FIRST),
        ("2025-06-15T17:06:40+02:00", FIRST),
        ("2025-06-15 15:06:40", FIRST),
        ("2025-06-15.15:06:40", FIRST),
        ("Sun, 15 Jun 2025 15:06:40 GMT", FIRST),
        ("soon", None),
        (None, None),
        (False, None),
        ("", None),
        (1e300, None),
        ({"at": 1}, None),
    ],
)
def test_moments(value: object, second: int | None) -> None:
    """Moments in every form that was met; what is none is None."""
    moment = read_moment(value)
    assert (None if moment is None else int(moment.timestamp())) == second


def test_moments_of_a_zone_and_of_a_pattern() -> None:
    """A time without a zone is in the zone that the row says."""
    assert read_moment("2025-06-15 11:06:40", zone="America/New_York") == read_moment(FIRST)
    assert read_moment("15.06.2025 15:06:40", "%d.%m.%Y %H:%M:%S") == read_moment(FIRST)
    assert write_second(FIRST, "iso") == "2025-06-15T15:06:40Z"
    assert write_second(FIRST, "milliseconds") == FIRST * 1000
    assert write_second(FIRST, "%Y%m%d%H%M%S") == "20250615150640"


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "body", "at", "by", "name"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_no_item_breaks_the_mapping(value: Any) -> None:
    """Whatever an item is, there is a comment or none; a comment has an id and a text."""
    fields = {
        "id": "id",
        "text": {"path": "body", "pattern": "[a-z]+"},
        "created": "at",
        "edited": {"path": "by", "format": "unix"},
        "author": "by.name",
        "url": {"template": "https://kiosk.example/{id}/{by.name}"},
        "rating": {"path": "at", "scale": [1, 5]},
        "reach": {"sum": ["at", "id"]},
        "deleted": {"any": ["name"]},
    }
    mapper = Mapper(row(fields=fields), "kiosk", "here", Shape((), {}))
    found = mapper.map(Item(value), {})
    if found is not None:
        assert found.comment.native_id
        assert isinstance(found.comment.text, str)
        assert found.comment.rating is None or 0 <= found.comment.rating <= 1
    items_at(value, "id.*body")
