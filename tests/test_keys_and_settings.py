"""Keys stay out of the project and settings explain themselves."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from earful.errors import ConfigurationError, IntegrityError
from earful.keys import Keyring, key_path, new_secret
from earful.project import Project, make_project
from earful.records import Asker
from earful.settings import load_settings


def test_a_new_key_is_closed_to_others_and_outside_the_project(
    tmp_path: Path, user_config: Path
) -> None:
    """The key lies in the user's configuration with mode 0600, and nowhere in the project."""
    made = make_project(tmp_path / "shop")
    assert stat.S_IMODE(made.key_path.stat().st_mode) == 0o600
    secret = made.key_path.read_bytes().strip()
    assert user_config in made.key_path.parents
    for path in (tmp_path / "shop").rglob("*"):
        assert secret not in path.read_bytes()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, user_config: Path) -> None:
    """The message names the file and the command that closes it."""
    make_project(tmp_path / "shop")
    key = next((user_config / "earful" / "keys").iterdir())
    key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Project.open(tmp_path / "shop")


def test_a_missing_key_says_where_it_is_looked_for(tmp_path: Path, user_config: Path) -> None:
    """A project copied to another machine tells that its key has to come along."""
    made = make_project(tmp_path / "shop")
    made.key_path.unlink()
    with pytest.raises(ConfigurationError, match="earful init"):
        Project.open(tmp_path / "shop")


def test_the_environment_overrides_the_file(
    user_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EARFUL_KEY is used where it is set, and has to be a key."""
    monkeypatch.setenv("EARFUL_KEY", base64.b64encode(bytes(32)).decode())
    assert Keyring.of_project("x").pseudonym("a", "b", "c") == Keyring(bytes(32)).pseudonym(
        "a", "b", "c"
    )
    monkeypatch.setenv("EARFUL_KEY", "c2hvcnQ=")
    with pytest.raises(ConfigurationError, match="not a key"):
        Keyring.of_project("x")


def test_pseudonyms_are_stable_keyed_and_per_platform() -> None:
    """One person has one pseudonym per platform; another key gives another one."""
    ring = Keyring(bytes(32))
    assert ring.pseudonym("forum", "a", "Owl ") == ring.pseudonym("forum", "a", "owl")
    assert ring.pseudonym("forum", "a", "owl") != ring.pseudonym("social", "a", "owl")
    assert ring.pseudonym("forum", "a", "owl") != Keyring(bytes(31) + b"x").pseudonym(
        "forum", "a", "owl"
    )
    assert "owl" not in ring.pseudonym("forum", "a", "owl")


def test_sealed_askers_open_with_the_same_key_only() -> None:
    """The handle is not in the sealed bytes, and another project's key does not open them."""
    asker = Asker("k", "forum", "a", "moonlitferry", "https://forum.example/p/1")
    token = Keyring(bytes(32)).seal(asker)
    assert b"moonlitferry" not in token
    assert Keyring(bytes(32)).unseal(token) == asker
    with pytest.raises(IntegrityError, match="key"):
        Keyring(b"y" * 32).unseal(token)


def test_no_key_is_overwritten(user_config: Path) -> None:
    """Making a key where there is one fails instead of losing the old one."""
    new_secret("p")
    before = key_path("p").read_bytes()
    with pytest.raises(FileExistsError):
        new_secret("p")
    assert key_path("p").read_bytes() == before


def test_the_template_is_valid_also_when_its_examples_are_uncommented(
    tmp_path: Path, user_config: Path
) -> None:
    """Every commented example in a new earful.toml is a setting that exists."""
    made = make_project(tmp_path / "shop", 'quoted "name" \\ and ü')
    settings = load_settings(tmp_path / "shop")
    assert settings.project == 'quoted "name" \\ and ü'
    lines = made.settings_path.read_text(encoding="utf-8").splitlines()
    live = [
        line.removeprefix("# ") if "=" in line or line.startswith("# [[") else line
        for line in lines
    ]
    made.settings_path.write_text("\n".join(live), encoding="utf-8")
    settings = load_settings(tmp_path / "shop")
    assert settings.brand[0].competitors == ("patty post",)
    assert [source.connector for source in settings.source] == ["hackernews", "reddit"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('projct = "x"', "Did you mean 'project'"),
        ('[[brand]]\nnames = ["x"]', "brand.0.name"),
        ("[report]\nquotes_per_signal = -1", "quotes_per_signal"),
        ("[[[", "not valid TOML"),
    ],
)
def test_wrong_settings_are_explained(tmp_path: Path, content: str, told: str) -> None:
    """The message names the file and the entry, and guesses what was meant."""
    (tmp_path / "earful.toml").write_text(content)
    with pytest.raises(ConfigurationError) as raised:
        load_settings(tmp_path)
    assert told in str(raised.value)
    assert "earful.toml" in str(raised.value)
