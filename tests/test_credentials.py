"""Credentials come from the environment, or from a keyring, and are never shown."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError
from servers import irc, matrix
from servers.matrix import Room

from earful.credentials import credential
from earful.errors import ConfigurationError
from earful.project import Project, make_project
from earful.watch.logs import HIDDEN, Secrets
from ingest.connector import Need, missing_needs
from ingest.connectors.imap import Imap
from ingest.connectors.irc import Irc
from ingest.connectors.matrix import Matrix

NAME = "EARFUL_MATRIX_TOKEN"


class Drawer(KeyringBackend):
    """A keyring in memory that notes what it is asked for; ``error`` is raised instead."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.asked: list[tuple[str, str]] = []
        self.error: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        """What is held under a name."""
        self.asked.append((service, username))
        if self.error is not None:
            raise self.error
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Hold something."""
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Hold it no longer."""
        del self.held[service, username]


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    monkeypatch.delenv(NAME, raising=False)
    before, one = keyring.get_keyring(), Drawer()
    keyring.set_keyring(one)
    yield one
    keyring.set_keyring(before)


def test_the_environment_goes_first(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring is asked, under earful's name, for what the environment does not have."""
    keyring.set_password("earful", NAME, "from the drawer")
    keyring.set_password("another", "EARFUL_OTHER", "not ours")
    assert credential(NAME) == "from the drawer"
    assert credential("EARFUL_OTHER") == ""
    assert drawer.asked == [("earful", NAME), ("earful", "EARFUL_OTHER")]
    monkeypatch.setenv(NAME, "from outside")
    assert credential(NAME) == "from outside"
    monkeypatch.setenv(NAME, "")
    assert credential(NAME) == ""
    assert len(drawer.asked) == 2


def test_a_connector_logs_in_with_what_the_keyring_holds(drawer: Drawer) -> None:
    """A pull finds the token there; what it needs is not missing."""
    keyring.set_password("earful", NAME, matrix.TOKEN)
    assert missing_needs(Matrix.needs[:1], {}) == []
    room = Room()
    room.say(1_750_000_000, "A drier bag, please")
    with matrix.serve(room) as server:
        one = Matrix("rooms", matrix.options_for(server.url), None)
        assert [comment.text for comment in one.pull(None, None, None)] == ["A drier bag, please"]


def test_an_account_of_irc(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is optional is looked for there as well."""
    for name, value in irc.ACCOUNT.items():
        monkeypatch.delenv(name, raising=False)
        keyring.set_password("earful", name, value)
    world = irc.IrcWorld.with_history()
    with irc.IrcServer(world) as server:
        list(Irc("channels", irc.options_for(server), None).pull(None, None, None))
    assert "AUTHENTICATE PLAIN" in world.commands


def test_what_is_missing_is_told_with_both_ways(drawer: Drawer) -> None:
    """The message names the variable, the environment and the keyring's command."""
    with pytest.raises(ConfigurationError) as caught:
        Matrix("rooms", {"server": "https://x.example", "rooms": ["!a:x"]}, None)
    told = str(caught.value)
    assert f"Set {NAME} in the environment" in told
    assert f"keyring set earful {NAME}" in told
    keyring.set_password("earful", "EARFUL_IMAP_USER", "shop")
    with pytest.raises(ConfigurationError, match="keyring set earful EARFUL_IMAP_PASSWORD"):
        Imap("mail", {"host": "mail.example"}, None)


def test_a_keyring_that_is_locked(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is an error of its own, and none where the variable is set; none at all is no error."""
    drawer.error = KeyringLocked("the words of the backend")
    with pytest.raises(ConfigurationError, match="KeyringLocked") as caught:
        credential(NAME)
    assert "Unlock it" in str(caught.value)
    monkeypatch.setenv(NAME, "from outside")
    assert credential(NAME) == "from outside"
    monkeypatch.delenv(NAME)
    drawer.error = NoKeyringError()
    assert credential(NAME) == ""


def test_without_the_library(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is not needed: without it only the environment is looked at."""
    keyring.set_password("earful", NAME, "from the drawer")
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "keyring":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.delitem(sys.modules, "keyring")
    monkeypatch.setattr(builtins, "__import__", without)
    assert credential(NAME) == ""
    need = Need(NAME, "environment", "a token", "Ask.", secret=True)
    assert missing_needs((need,), {}) == [need]


def test_logs_hide_what_the_keyring_holds(
    drawer: Drawer, tmp_path: Path, user_config: Path
) -> None:
    """A secret from there is taken out of every line, as one of the environment is."""
    keyring.set_password("earful", NAME, "drawer-secret-1")
    project = make_project(tmp_path / "shop")
    with project.settings_path.open("a", encoding="utf-8") as file:
        file.write(
            '\n[[source]]\nname = "rooms"\nconnector = "matrix"\n'
            'options = { server = "https://x.example", rooms = ["!a:x"] }\n'
        )
    secrets = Secrets.of_project(Project.open(tmp_path / "shop"))
    assert secrets.hide("token drawer-secret-1 refused") == f"token {HIDDEN} refused"
