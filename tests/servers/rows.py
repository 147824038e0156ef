"""Every platform of a row as a local service, by the name of its connector."""

from __future__ import annotations

from typing import Any

from ingest.registry import discover
from ingest.rest.connector import RestConnector
from servers import forums, platforms, rest

SERVICES: dict[str, rest.Service] = {
    **rest.SERVICES,
    **{name: shape.service() for name, shape in platforms.SHAPES.items()},
    **forums.FORUMS,
}


def platform(name: str, url: str, cursor: dict[str, Any] | None = None) -> RestConnector:
    """The connector of a platform, aimed at its local service."""
    made = discover().connector(name)
    assert issubclass(made, RestConnector)
    return made("ears", rest.options_for(SERVICES[name], url), cursor)
