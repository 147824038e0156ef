"""Fixtures that every test shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from servers.local import LocalServer
from servers.rest import FIRST, World, serve

if TYPE_CHECKING:
    from earful.store import Ledger

# No test looks into the keyring of who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the real data in ../shared/data, which is not beside this checkout")
    return SHARED_DATA


@pytest.fixture
def user_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's configuration folder of the test's own: no key lands in the real one."""
    folder = tmp_path / "user-config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EARFUL_KEY", raising=False)
    monkeypatch.delenv("EARFUL_PROJECT", raising=False)
    return folder


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def earful(
    user_config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Run]:
    """Runs ``earful ARGUMENTS`` in this process, as the installed command would."""
    from earful import cli, console

    def run(*arguments: str) -> Run:
        monkeypatch.setattr(sys, "argv", ["earful", *map(str, arguments)])
        monkeypatch.setattr(console.stdout, "width", 200)
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run


@pytest.fixture
def project(earful: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh project folder, which is also the working folder."""
    folder = tmp_path / "shop"
    assert earful("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    from earful.store import Ledger

    with Ledger.open(tmp_path / "earful.db") as one:
        yield one


@pytest.fixture
def world() -> World:
    """Thirty remarks, ten seconds from one to the next; 20 to 25 are of one second."""
    one = World()
    one.fill(30, FIRST, every=10)
    for number in range(20, 26):
        one.remarks[number].second = FIRST + 200
    return one


@pytest.fixture
def served(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, LocalServer]]:
    """The platform that the test names, with this world and with credentials: (name, server)."""
    from servers.rows import SERVICES

    name: str = request.param
    for variable, value in SERVICES[name].environment.items():
        monkeypatch.setenv(variable, value)
    with serve(SERVICES[name], world) as server:
        yield name, server
