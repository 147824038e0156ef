"""The connectors of a project: the shipped, its own and the installed ones, found once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earful.project import Project
from earful.settings import Source

if TYPE_CHECKING:
    from ingest.connector import Connector
    from ingest.registry import Registry


def connectors_of(project: Project) -> Registry:
    """Every connector that the project's sources may name. Looks through files: ask once."""
    from ingest.registry import discover

    return discover([project.settings.root / "connectors"])


def make_connector(
    registry: Registry, source: Source, cursor: dict[str, object] | None
) -> Connector:
    """The connector of a source, going on from ``cursor``."""
    return registry.connector(source.connector)(source.name, source.options, cursor)
