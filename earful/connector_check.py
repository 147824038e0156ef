"""``earful connector check``: what is wrong with a row, and what its first comments look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earful.errors import ConfigurationError
from earful.records import Comment
from earful.settings import find_root, load_settings

if TYPE_CHECKING:
    from ingest.connector import Connector
    from ingest.registry import Registry
    from ingest.rest.row import Row

SHOWN = 3
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row that is well-formed. ``notes`` are hints that are no errors."""

    path: Path
    row: Row
    notes: tuple[str, ...]

    def __str__(self) -> str:
        row = self.row
        told = [
            f"{self.path}: a well-formed row, connector {row.name!r} ({row.title})",
            f"  asks    {row.base}{row.path}",
            f"  pages   {row.paging.kind}, {_sorted(row)}",
            f"  maps    {', '.join(name for name, _ in row.fields.given())}",
            f"  follows edits: {row.edits}; deletions: {row.deletions}",
        ]
        told += [
            f"  option  {name}: {option.what}"
            + ("" if option.default is None else f" (default {option.default})")
            for name, option in row.options.items()
        ]
        if row.auth is not None:
            need = "needs" if row.auth.required else "may use"
            variables = ", ".join(row.auth.every_variable.values())
            told.append(f"  {need:<7} {variables}: {row.auth.what}")
        told += [f"  note    {note}" for note in self.notes]
        return "\n".join(told)


@dataclass(frozen=True, slots=True)
class Tried:
    """The first comments of a source, mapped and not stored, and what the replies were like."""

    comments: tuple[Comment, ...]
    notes: str

    def __str__(self) -> str:
        told = [_shown(number, comment) for number, comment in enumerate(self.comments, 1)]
        if not self.comments:
            told.append(
                "The platform answered, and there was no comment in it. See whether 'items',"
                " 'require', 'keep' and the options are right."
            )
        if self.notes:
            told.append(f"note: {self.notes}")
        return "\n\n".join(told)


def check_row(path: Path) -> CheckedRow:
    """Read a row and look it over.

    Raises ``ConfigurationError`` that names the file, every key that is wrong, and what would be
    valid; also where another connector has the name.
    """
    from ingest.registry import BUILT_IN, discover
    from ingest.rest.files import read_row

    row = read_row(path)
    if path.resolve().parent != BUILT_IN:
        taken = discover().found.get(row.name)
        if taken is not None:
            raise ConfigurationError(
                f"name: {row.name!r} is the name of a connector that ships with earful",
                where=str(path),
                next_step=f"Choose another one, like 'my-{row.name}'.",
            )
    return CheckedRow(path, row, tuple(_notes(path, row)))


def try_row(path: Path, options: Sequence[str], project: Path | None = None) -> Tried:
    """Ask the platform for its first comments and map them; nothing is stored.

    Options come from ``options`` ("name=value", lists with commas) or else from a source of the
    project that uses the row. Raises what the connector raises.
    """
    from ingest.rest.connector import connector_of
    from ingest.rest.files import read_row

    row = read_row(path)
    given = _parsed(options, row) if options else _from_project(row.name, project)
    connector = connector_of(row)("try", given, None)
    pulled = connector.pull(None, None, None)
    comments = tuple(islice(pulled, SHOWN))
    return Tried(comments, connector.coverage.detail)


def list_connectors(project: Path | None = None) -> list[tuple[str, str, str]]:
    """(name, what it reads, where it stands) of every connector that is found here."""
    from ingest.registry import BUILT_IN

    found = _registry(project)
    rows = [
        (
            one.name,
            _about(one.connector),
            "ships with earful" if Path(one.origin).parent == BUILT_IN else one.origin,
        )
        for one in sorted(found.found.values(), key=lambda one: one.name)
    ]
    return rows + [("", f"cannot be read: {bad.reason}", bad.origin) for bad in found.unreadable]


def _registry(project: Path | None) -> Registry:
    from ingest.registry import discover

    try:
        return discover([find_root(project) / "connectors"])
    except ConfigurationError:
        return discover()


def _about(connector: type[Connector]) -> str:
    row = getattr(connector, "row", None)
    if row is not None:
        return str(row.title)
    return (connector.__doc__ or "").strip().splitlines()[0] if connector.__doc__ else ""


def _sorted(row: Row) -> str:
    if row.order.first == "any":
        return f"in no known order, by {row.order.by} here"
    return f"{row.order.first} first, by {row.order.by}"


def _notes(path: Path, row: Row) -> list[str]:
    notes = []
    if path.parent.name != "connectors":
        notes.append("earful finds it once it lies in the folder connectors/ of the project")
    if row.fields.author is None:
        notes.append("no author is mapped: comments are counted, not people")
    if row.order.first != "newest" and row.order.since is None:
        notes.append("without order.since every pull reads the whole list from its beginning")
    if row.edits == "unseen" and row.order.overlap == 0:
        notes.append("edits are not followed, and nothing is read twice (order.overlap is 0)")
    if row.deletions == "unseen":
        notes.append("deletions are not followed; see [look_up]")
    return notes


def _parsed(options: Sequence[str], row: Row) -> dict[str, Any]:
    from ingest.rest.given import RestOptions

    given: dict[str, Any] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise ConfigurationError(
                f"{option!r} is no option", next_step="Write --option name=value."
            )
        if name in row.each:
            given[name] = [part.strip() for part in value.split(",")]
        elif name in RestOptions.model_fields and value.lower() in ("true", "false"):
            given[name] = value.lower() == "true"
        else:
            given[name] = value
    return given


def _from_project(name: str, project: Path | None) -> Mapping[str, Any]:
    try:
        settings = load_settings(project)
    except ConfigurationError:
        return {}
    for source in settings.source:
        if source.connector == name:
            return source.options
    return {}


def _shown(number: int, comment: Comment) -> str:
    lines = [f"{number}. {comment.kind} {comment.native_id}"]
    for name in (
        "created_at",
        "edited_at",
        "author",
        "channel",
        "title",
        "text",
        "rating",
        "rating_original",
        "reach",
        "lang_hint",
        "place",
        "product",
        "version",
        "parent_uid",
        "thread_uid",
        "url",
    ):
        value = getattr(comment, name)
        if value is not None and value != "":
            told = " ".join(str(value).split())
            told = told if len(told) <= _LONGEST else f"{told[:_LONGEST]} ..."
            lines.append(f"   {name:<16}{told}")
    if comment.deleted:
        lines.append("   deleted there")
    return "\n".join(lines)
