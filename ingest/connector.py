"""What a connector is: one class that turns a platform's pages into ``Comment`` records.

A connector is one file in ``ingest/connectors``, in a project's own ``connectors`` folder, or in
a package that names it under the entry point group ``earful.connectors``. It reads and yields; it
stores nothing, redacts nothing and tags nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationError

from earful.credentials import credential, ways_to_set
from earful.errors import ConfigurationError, did_you_mean
from earful.records import Comment, Coverage


@dataclass(frozen=True, slots=True)
class Need:
    """Something a connector must be given: an environment variable or an option.

    ``what`` says what it is, ``how`` where a person gets it. ``secret`` values come from the
    environment or the keyring and never reach a log or a message. ``several`` is true of an option
    that is a list.
    """

    name: str
    kind: Literal["environment", "option"]
    what: str
    how: str
    required: bool = True
    secret: bool = False
    several: bool = False


class Connector(Protocol):
    """One platform, seen through one source of the project.

    **The cursor rule.** ``cursor`` is a dict of plain JSON. At every moment at which ``pull``
    has yielded a comment, and when it has ended or failed, ``cursor`` covers every comment that
    was yielded, the last one *included*, and nothing that was not. So the loop may stop after
    any comment, store the comments it holds together with ``cursor`` in one transaction, and
    throw the connector away: a new one, made with that cursor, yields what is left and none of
    what was stored. Three things follow for who writes a connector:

    - advance the cursor *before* the ``yield``, never after it;
    - replace ``cursor`` by a new dict instead of changing the old one, since the loop may hold it;
    - where a platform lists the newest first, a high-water mark would lie until the listing was
      walked to its end: keep what was read as stretches (see ``ingest.stretches``) instead.

    Before ``pull`` is called, ``cursor`` is what the constructor was given (``{}`` for ``None``).
    A comment may come twice where the platform shows it under two options (a query and a board);
    the ledger keeps one.

    **Time.** ``pull`` yields only comments with ``since <= created_at < until``. ``since`` None
    means "from where the cursor has come to", which for an empty cursor is the platform's
    beginning; ``until`` None means now. A stretch of time that the cursor does not cover, older
    than the others or between them, is read when ``since`` reaches it. ``limit`` is the most
    comments that one call yields. Where a platform lists by the last change, "created" reads
    "last changed" here, and an edited comment comes again.

    **Capabilities.** ``follows_edits`` and ``follows_deletions`` are true where ``recheck``
    tells of them; ``backfills`` is true where the platform lets old comments be read without a
    cut. A class attribute ``windows`` that is true tells that a stretch of the past costs no calls
    for what is newer; without it a backfill is one walk. ``instance`` is the part of the uid
    between source and native id.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]]
    follows_edits: ClassVar[bool]
    follows_deletions: ClassVar[bool]
    backfills: ClassVar[bool]

    source: str
    instance: str
    cursor: dict[str, Any]

    def __init__(
        self, source: str, options: Mapping[str, Any], cursor: dict[str, Any] | None
    ) -> None:
        """Take the source's name, its options and its cursor; open no connection.

        Raises ``ConfigurationError`` for an option or a credential that is missing or wrong.
        """

    def pull(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[Comment]:
        """Yield what is new by the rules above.

        Raises ``TransientError``, ``ConfigurationError`` or ``TerminalError``; what was yielded
        before stays valid.
        """
        ...

    @property
    def coverage(self) -> Coverage:
        """The window that the last ``pull`` really saw, also after it was stopped or failed.

        ``state`` is "complete" where nothing inside the window is missing, "capped" where the
        platform cut a listing; ``detail`` says what to do about it.
        """
        ...


@runtime_checkable
class Rechecks(Protocol):
    """A connector that can look again at comments it once yielded."""

    def recheck(self, native_ids: Sequence[str]) -> Iterator[Comment]:
        """Yield comments that may have been edited, as they are now, and tombstones.

        A tombstone is a ``Comment`` with ``deleted`` true and empty text. Ids of which the
        platform says nothing are left out: silence is no deletion.
        """
        ...


@runtime_checkable
class Listens(Protocol):
    """A connector that waits for what is said, since its platform keeps nothing.

    The loop sets ``stopping``; the connector asks it while it waits, and ends its pull where it
    says so. After a pull ``unbroken`` tells that what is said until the next one is lost, so that
    this one should follow at once.
    """

    stopping: Callable[[], bool]
    unbroken: bool


class Options(BaseModel):
    """Base of a connector's options: unknown names are errors, values are never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsModel = TypeVar("OptionsModel", bound=BaseModel)


def read_options(
    model: type[OptionsModel], source: str, options: Mapping[str, Any]
) -> OptionsModel:
    """The options of a source, checked.

    Raises ``ConfigurationError`` that names the option and guesses at a misspelt one.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigurationError(
                f"there is no option {option!r}",
                where=f"source {source!r}",
                next_step=did_you_mean(str(first["loc"][-1]), _names(model, first["loc"][:-1])),
            ) from error
        raise ConfigurationError(
            f"option {option!r}: {first['msg']}",
            where=f"source {source!r}",
            next_step="Correct it in the source's options in earful.toml.",
        ) from error


def _names(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The options valid at ``path``, which leads through options that are groups of options."""
    for part in path:
        inner = model.model_fields[str(part)].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return list(model.model_fields)


def missing_needs(
    needs: Iterable[Need], options: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> list[Need]:
    """The required needs that neither the options nor the environment (by default ours, with the
    keyring) answer."""
    given = credential if environment is None else environment.get
    return [
        need
        for need in needs
        if need.required
        and not (given(need.name) if need.kind == "environment" else options.get(need.name))
    ]


def require_needs(
    needs: Iterable[Need], source: str, options: Mapping[str, Any], next_step: str = ""
) -> None:
    """Raise ``ConfigurationError`` that says what is missing, what it is and how to get it."""
    missing = missing_needs(needs, options)
    if not missing:
        return
    told = "; ".join(f"{need.name} ({need.what})" for need in missing)
    ways = " ".join(dict.fromkeys(need.how for need in missing))
    variables = [need.name for need in missing if need.kind == "environment"]
    if variables:
        ways = f"{ways_to_set(variables)} {ways}"
    raise ConfigurationError(
        f"missing: {told}",
        where=f"source {source!r}",
        next_step=f"{ways} {next_step}".strip(),
    )
