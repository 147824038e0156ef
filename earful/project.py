"""A project: a folder with ``earful.toml``, the ledger beside it, and a key kept elsewhere."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from earful.errors import ConfigurationError
from earful.keys import Keyring, key_path, new_secret
from earful.settings import FILE_NAME, Settings, load_settings
from earful.source_help import source_blocks
from earful.store import Ledger

if TYPE_CHECKING:
    from ingest.door import Door


@dataclass(frozen=True)
class Project:
    """A project that is open: its settings and its keys."""

    settings: Settings
    keyring: Keyring

    @classmethod
    def open(cls, start: Path | None = None) -> Project:
        """The project at or above ``start``, the working folder by default."""
        settings = load_settings(start)
        return cls(settings, Keyring.of_project(settings.project_id))

    def ledger(self, *, create: bool = False) -> Ledger:
        """The project's ledger, opened."""
        return Ledger.open(self.settings.ledger_path, create=create)

    def door(self) -> Door:
        """The door of this project, with a name detector where names are to be redacted."""
        from classify.names import PipelineNames
        from ingest.door import Door

        wanted = self.settings.privacy.redact and self.settings.privacy.redact_names
        return Door(self.settings, self.keyring, PipelineNames() if wanted else None)


@dataclass(frozen=True, slots=True)
class NewProject:
    """What ``make_project`` made."""

    settings_path: Path
    key_path: Path


def make_project(
    folder: Path, name: str | None = None, connectors: Sequence[str] = ()
) -> NewProject:
    """Make a project folder with commented settings and a new key.

    For each of ``connectors`` the settings hold a source to be filled in. Raises
    ``ConfigurationError`` where there is an ``earful.toml`` already, or no such connector.
    """
    path = folder / FILE_NAME
    if path.exists():
        raise ConfigurationError(
            "there is a project here already", where=str(path), next_step="Name another folder."
        )
    sources = source_blocks(connectors) if connectors else ""
    folder.mkdir(parents=True, exist_ok=True)
    project_id = uuid.uuid4().hex[:12]
    template = (files("earful") / "project_template.toml").read_text(encoding="utf-8")
    # A JSON string is a valid TOML basic string.
    content = template.format(
        project=json.dumps(name or folder.resolve().name, ensure_ascii=False),
        project_id=json.dumps(project_id),
    )
    key = new_secret(project_id)
    path.write_text(content + sources, encoding="utf-8")
    return NewProject(path, key)


def open_demo(folder: Path, settings: Path) -> Project:
    """The demo's project in ``folder``, made on the first call; its key is shared by all demos."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(settings, folder / FILE_NAME)
    project_id = load_settings(folder).project_id
    if not key_path(project_id).is_file():
        new_secret(project_id)
    return Project.open(folder)
