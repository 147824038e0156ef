"""Connectors are found in folders and packages; what is broken is told and stops nothing."""

from __future__ import annotations

import textwrap
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from earful.errors import ConfigurationError
from ingest import registry
from ingest.connector import Need, missing_needs, require_needs
from ingest.connectors.hackernews import HackerNews
from ingest.registry import discover

CONNECTOR = """
    class Kiosk:
        name = "{name}"
        needs = ()
        follows_edits = follows_deletions = backfills = False

        def pull(self, since, until, limit):
            return iter(())
"""


def write(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(textwrap.dedent(content), encoding="utf-8")
    return path


def test_built_in_connectors_are_found() -> None:
    """The shipped connectors are there, each by the name it gives itself, and all can be read."""
    found = discover()
    assert {"hackernews", "reddit"} <= set(found.found)
    assert found.connector("hackernews") is HackerNews
    assert found.unreadable == ()


def test_a_project_adds_its_own(tmp_path: Path) -> None:
    """One file in the project's folder is enough; a folder that is not there is no error."""
    path = write(tmp_path / "connectors", "kiosk.py", CONNECTOR.format(name="kiosk"))
    found = discover([tmp_path / "connectors", tmp_path / "none"])
    assert found.found["kiosk"].origin == str(path)
    assert found.connector("kiosk").name == "kiosk"


def test_two_projects_may_have_a_file_of_one_name(tmp_path: Path) -> None:
    """Files of one name in two folders do not replace each other."""
    write(tmp_path / "a", "kiosk.py", CONNECTOR.format(name="north"))
    write(tmp_path / "b", "kiosk.py", CONNECTOR.format(name="south"))
    found = discover([tmp_path / "a", tmp_path / "b"])
    assert found.connector("north").name == "north"
    assert found.connector("south").name == "south"


def test_a_name_taken_twice_names_both_files(tmp_path: Path) -> None:
    """Two connectors of one name are an error, for it would be chance which one is used."""
    path = write(tmp_path / "connectors", "mine.py", CONNECTOR.format(name="reddit"))
    with pytest.raises(ConfigurationError) as caught:
        discover([tmp_path / "connectors"])
    assert str(path) in str(caught.value)
    assert str(registry.BUILT_IN / "reddit.py") in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("import a_package_that_is_not_there", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemError('on import')", "SystemError: on import"),
        ("PAGE = 100", "no class with a method 'pull'"),
        (
            "class Half:\n    name = 'half'\n    def pull(self): ...",
            "class Half is no connector: it lacks needs",
        ),
    ],
)
def test_a_broken_file_stops_no_other(tmp_path: Path, content: str, reason: str) -> None:
    """A file that cannot be read is listed with the reason; the others are found."""
    folder = tmp_path / "connectors"
    path = write(folder, "broken.py", content)
    write(folder, "kiosk.py", CONNECTOR.format(name="kiosk"))
    write(folder, "_notes.py", "raise RuntimeError('files with an underscore are not imported')")
    found = discover([folder])
    assert "kiosk" in found.found
    (unreadable,) = found.unreadable
    assert unreadable.origin == str(path)
    assert reason in unreadable.reason
    with pytest.raises(ConfigurationError, match=r"broken\.py") as caught:
        found.connector("kiosque")
    assert "Did you mean 'kiosk'" in str(caught.value)


def test_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package adds connectors; a broken entry is told; the same class is no double."""
    group = registry.ENTRY_POINT_GROUP
    points = [
        EntryPoint("hackernews", "ingest.connectors.hackernews:HackerNews", group),
        EntryPoint("gone", "a_package_that_is_not_there:Gone", group),
        EntryPoint("other", "ingest.connectors.hackernews:HackerNewsOptions", group),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    found = discover()
    assert found.connector("hackernews") is HackerNews
    assert [one.origin.split("'")[1] for one in found.unreadable] == ["gone", "other"]


def test_needs() -> None:
    """Required needs are answered by the environment or the options; the rest may be missing."""
    needs = (
        Need("EARFUL_X_TOKEN", "environment", "a token", "Ask X for one.", secret=True),
        Need("board", "option", "a board", "Name one."),
        Need("since", "option", "a date", "Choose one.", required=False),
    )
    assert [n.name for n in missing_needs(needs, {}, {})] == ["EARFUL_X_TOKEN", "board"]
    assert missing_needs(needs, {"board": "x"}, {"EARFUL_X_TOKEN": "t"}) == []
    with pytest.raises(ConfigurationError) as caught:
        require_needs(needs, "x", {"board": "b"}, "X asks for approval.")
    told = str(caught.value)
    assert "source 'x'" in told
    assert "EARFUL_X_TOKEN (a token)" in told
    assert "in the environment" in told
    assert "keyring set earful EARFUL_X_TOKEN" in told
    assert told.endswith("Ask X for one. X asks for approval.")
    with pytest.raises(ConfigurationError) as caught:
        require_needs(needs[1:], "x", {})
    assert "keyring" not in str(caught.value)
