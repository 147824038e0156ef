"""Finds connectors: the built-in folder, a project's own folder, and installed packages.

The three are searched the same way, so a stranger's connector has the same standing as ours. A
connector is a Python file or, for a plain REST interface, a TOML row (see ``ingest.rest``).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from earful.errors import ConfigurationError, EarfulError, did_you_mean
from ingest.connector import Connector
from ingest.rest.connector import connector_of
from ingest.rest.files import read_row

ENTRY_POINT_GROUP = "earful.connectors"
BUILT_IN = Path(__file__).parent / "connectors"
_CLASS_ATTRIBUTES = ("name", "needs", "follows_edits", "follows_deletions", "backfills", "pull")


@dataclass(frozen=True, slots=True)
class Found:
    """One connector and where it comes from (a file, or a package's entry point)."""

    name: str
    connector: type[Connector]
    origin: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A connector file that could not be imported, with the reason in one line."""

    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registry:
    """The connectors by name, and the files that gave none."""

    found: Mapping[str, Found]
    unreadable: tuple[Unreadable, ...]

    def connector(self, name: str) -> type[Connector]:
        """The class of that name.

        Raises ``ConfigurationError`` with the valid names, and with the files that could not be
        read, since the one that was meant may be among them.
        """
        if name in self.found:
            return self.found[name].connector
        broken = " ".join(
            f"{one.origin} could not be read: {one.reason}." for one in self.unreadable
        )
        raise ConfigurationError(
            f"there is no connector {name!r}",
            next_step=f"{did_you_mean(name, self.found)} {broken}".strip(),
        )


def discover(folders: Sequence[Path] = ()) -> Registry:
    """Search the built-in connectors, ``folders`` (a project's own), and entry points.

    A folder that does not exist is skipped. Raises ``ConfigurationError`` where two different
    connectors have one name, naming both origins.
    """
    unreadable: list[Unreadable] = []
    found: dict[str, Found] = {}
    for one in _search(folders, unreadable):
        first = found.setdefault(one.name, one)
        if first.connector is not one.connector:
            raise ConfigurationError(
                f"two connectors are named {one.name!r}: {first.origin} and {one.origin}",
                next_step="Give one of them another name (its class attribute 'name').",
            )
    return Registry(found, tuple(unreadable))


def _search(folders: Sequence[Path], unreadable: list[Unreadable]) -> Iterator[Found]:
    for folder in (BUILT_IN, *folders):
        for path in sorted(folder.glob("[!_]*.py")):
            try:
                module = _import(path)
            except Exception as error:  # whatever a stranger's file raises, the others go on
                unreadable.append(Unreadable(str(path), f"{type(error).__name__}: {error}"))
                continue
            yield from _connectors_in(module, path, unreadable)
        for path in sorted(folder.glob("[!_]*.toml")):
            try:
                row = read_row(path)
            except EarfulError as error:
                unreadable.append(Unreadable(str(path), " ".join(str(error).splitlines())))
                continue
            yield Found(row.name, connector_of(row), str(path))
    for point in entry_points(group=ENTRY_POINT_GROUP):
        origin = f"entry point {point.name!r} ({point.value})"
        try:
            loaded = point.load()
        except Exception as error:  # as above
            unreadable.append(Unreadable(origin, f"{type(error).__name__}: {error}"))
            continue
        if missing := _missing(loaded):
            unreadable.append(Unreadable(origin, f"is no connector: it lacks {missing}"))
        else:
            yield Found(loaded.name, loaded, origin)


def _import(path: Path) -> ModuleType:
    if path.parent == BUILT_IN:
        return importlib.import_module(f"ingest.connectors.{path.stem}")
    # The folder is part of the name: two projects may each have a file of that name.
    name = f"earful_connectors_of_{abs(hash(path.parent)):x}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"Python does not know how to import {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _connectors_in(module: ModuleType, path: Path, unreadable: list[Unreadable]) -> Iterator[Found]:
    classes: list[Any] = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and callable(getattr(value, "pull", None))
    ]
    for value in classes:
        if missing := _missing(value):
            reason = f"class {value.__name__} is no connector: it lacks {missing}"
            unreadable.append(Unreadable(str(path), reason))
        else:
            yield Found(value.name, value, str(path))
    if not classes:
        unreadable.append(Unreadable(str(path), "holds no class with a method 'pull'"))


def _missing(value: Any) -> str:
    return ", ".join(name for name in _CLASS_ATTRIBUTES if not hasattr(value, name))
