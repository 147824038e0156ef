"""A platform of one's own: check the row, try it, pull it."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.kiosk import Kiosk, serve
from servers.local import LocalServer

FIRST = 1_750_000_000
ROW = """
name = "kiosk"
title = "Kiosk"
base = "https://{server}"
path = "/said"
items = "items"
[options.server]
what = "the kiosk"
[order]
by = "created"
first = "newest"
[paging]
kind = "page"
parameter = "page"
[fields]
id = "id"
text = "body"
created = "at"
author = "by.name"
[terms]
summary = "Ours."
retention_days = 30
"""


@pytest.fixture
def server() -> Iterator[LocalServer]:
    kiosk = Kiosk(newest=True)
    kiosk.world.fill(40, FIRST, every=10)
    with serve(kiosk) as one:
        yield one


@pytest.fixture
def row(project: Path) -> Path:
    (project / "connectors").mkdir()
    path = project / "connectors" / "kiosk.toml"
    path.write_text(ROW, encoding="utf-8")
    return path


def add_source(project: Path, url: str) -> None:
    with (project / "earful.toml").open("a") as settings:
        settings.write(
            '\n[[source]]\nname = "stand"\nconnector = "kiosk"\n'
            f'options = {{ server = "kiosk.example", base_url = "{url}", allow_private = true }}\n'
        )


def test_a_good_row(earful: Callable, row: Path) -> None:
    """The check says what the row asks, maps and follows, and hints at what it leaves out."""
    done = earful("connector", "check", row)
    assert done.code == 0, done.err
    assert "a well-formed row, connector 'kiosk'" in done.out
    assert "option  server: the kiosk" in done.out
    assert "deletions are not followed" in done.out


def test_a_row_in_no_known_order(earful: Callable, row: Path) -> None:
    """A list that must be read whole by every pull is told, since that costs calls."""
    row.write_text(ROW.replace('"newest"', '"any"'), encoding="utf-8")
    done = earful("connector", "check", row)
    assert "page, in no known order, by created here" in done.out
    assert "every pull reads the whole list" in done.out


def test_a_bad_row(earful: Callable, row: Path) -> None:
    """A mistake is the caller's, exit 2, with file, key and what would be valid."""
    row.write_text(ROW.replace("author =", "athor ="), encoding="utf-8")
    done = earful("connector", "check", row)
    assert done.code == 2
    assert "kiosk.toml" in done.err
    assert "fields.athor" in done.err
    assert "'author'" in done.err


def test_a_name_that_is_taken(earful: Callable, row: Path) -> None:
    """A row may not be called like a shipped connector."""
    row.write_text(ROW.replace('"kiosk"', '"reddit"'), encoding="utf-8")
    done = earful("connector", "check", row)
    assert done.code == 2
    assert "my-reddit" in done.err


def test_a_file_that_is_not_there(earful: Callable, project: Path) -> None:
    """A missing file is said to be missing."""
    done = earful("connector", "check", project / "none.toml")
    assert done.code == 2
    assert "none.toml" in done.err


def test_trying_stores_nothing(
    earful: Callable, project: Path, row: Path, server: LocalServer
) -> None:
    """Three comments are shown as they are mapped, with options given or the project's."""
    given = ("--option", "server=kiosk.example", "--option", f"base_url={server.url}")
    done = earful("connector", "check", row, "--try", *given, "--option", "allow_private=true")
    assert done.code == 0, done.err
    assert "3. comment 38" in done.out
    assert "4. " not in done.out
    assert "A dry bag with two straps please, number 40" in done.out
    add_source(project, server.url)
    assert "1. comment 40" in earful("connector", "check", row, "--try").out
    assert not (project / "earful.db").exists()


def test_trying_without_options(earful: Callable, row: Path) -> None:
    """What is missing is named."""
    done = earful("connector", "check", row, "--try")
    assert done.code == 2
    assert "missing: server (the kiosk)" in done.err


def test_private_addresses_are_refused(earful: Callable, row: Path, server: LocalServer) -> None:
    """Unless allowed, a row does not reach this machine."""
    done = earful("connector", "check", row, "--try", "--option", "server=localhost")
    assert done.code == 2
    assert "no public address" in done.err
    assert server.requests == []


def test_pulling_a_row(earful: Callable, project: Path, row: Path, server: LocalServer) -> None:
    """A row is a source like any other; what its terms let be kept for 30 days goes after them."""
    add_source(project, server.url)
    done = earful("pull", "stand")
    assert done.code == 0, done.err
    assert "40 new" in done.out
    with sqlite3.connect(project / "earful.db") as ledger:
        assert ledger.execute("SELECT count(*) FROM comments").fetchone() == (40,)
        ledger.execute("UPDATE comments SET seen_at = seen_at - 31 * 86400000 WHERE rowid <= 10")
    assert "0 new" in earful("pull").out
    with sqlite3.connect(project / "earful.db") as ledger:
        assert ledger.execute("SELECT count(*) FROM comments").fetchone() == (30,)


def test_the_list(earful: Callable, row: Path) -> None:
    """Shipped connectors and the project's own are listed with where they come from."""
    listed = earful("connector", "list")
    assert "mastodon" in listed.out
    assert "ships with earful" in listed.out
    assert "kiosk" in listed.out


def test_a_project_with_sources_to_fill_in(earful: Callable, tmp_path: Path) -> None:
    """Each source is commented, says what it needs and where that is from; a wrong name is told."""
    done = earful("init", tmp_path / "a", "--source", "bluesky", "--source", "appstoreconnect")
    assert done.code == 0, done.err
    written = (tmp_path / "a" / "earful.toml").read_text(encoding="utf-8")
    assert '# connector = "bluesky"\n# options = { queries = ["..."] }\n' in written
    told = " ".join(written.replace("# ", "").split())
    assert "EARFUL_BLUESKY_USER, EARFUL_BLUESKY_PASSWORD. Settings >" in told
    assert "EARFUL_APPSTORECONNECT_KEY" in written
    start = written.rindex("# [[source]]")
    filled = tomllib.loads(written[start:].replace("# ", ""))
    assert filled["source"][0]["options"] == {"apps": ["..."]}
    chat = earful("init", tmp_path / "c", "--source", "xmpp", "--source", "irc")
    assert chat.code == 0, chat.err
    written = (tmp_path / "c" / "earful.toml").read_text(encoding="utf-8")
    assert '# options = { rooms = ["..."] }\n' in written
    assert '# options = { host = "...", channels = ["..."] }\n' in written
    wrong = earful("init", tmp_path / "b", "--source", "blusky")
    assert wrong.code == 2
    assert "Did you mean 'bluesky'?" in wrong.err
    assert not (tmp_path / "b").exists()
