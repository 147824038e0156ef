"""The taxonomy of a project: what people decided about its signals, in ``taxonomy.toml``.

The file is a proposal. ``earful taxonomy diff`` shows what it would move, and ``earful taxonomy
apply`` writes it into the ledger; what is applied there holds for every report until the next
apply, whatever happens to the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from earful.errors import ConfigurationError, did_you_mean

FILE_NAME = "taxonomy.toml"

TEMPLATE = """\
# What you decided about the signals of this project. Keep this file under version control.
# It is a proposal: 'earful taxonomy diff' shows what it would move, 'earful taxonomy apply' makes
# it hold for every report from then on. 'earful taxonomy show' tells what holds now.
#
# One [[signal]] per signal, named by its id or by its name as the report shows it.
#
# [[signal]]
# id = "all-day-breakfast-3f2a"
# rename = "breakfast after 10:30"            # what it is called in reports; the id stays
# owner = "kitchen"                           # who looks after it
# merge = ["pancakes at night"]               # these signals, by id or name, become part of it
# aliases = ["morning menu in the evening"]   # these items belong to it, wherever they were
# apart = ["late opening"]                    # these are something else: 'suggest' asks no more
#
# [[signal]]
# name = "oat milk"
# split = { "oat porridge" = ["oat milk for porridge"] }   # a new signal = these items of it
#
# [[signal]]
# name = "refund"
# ignore = true                               # counted, but out of the ranking
#
# [[signal]]
# name = "vegan burger"
# new = true                                  # not among the signals yet
# pin = true                                  # always listed, even where nobody asks for it
# aliases = ["plant burger"]
"""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(_Strict):
    """What is decided about one signal, which is named by ``id`` or ``name``.

    ``merge`` names signals that become part of it, ``aliases`` items that belong to it, ``split``
    maps the name of a new signal to the items of this one that belong there. ``apart`` names
    signals that are something else and are not proposed to be one with it again. ``pin`` lists it
    even at 0, ``ignore`` takes it out of the ranking. ``new`` makes a signal that is not known.
    """

    id: Words | None = None
    name: Words | None = None
    new: bool = False
    rename: Words | None = None
    merge: Annotated[tuple[Words, ...], Field(strict=False)] = ()
    split: dict[Words, Annotated[tuple[Words, ...], Field(strict=False, min_length=1)]] = Field(
        default_factory=dict
    )
    aliases: Annotated[tuple[Words, ...], Field(strict=False)] = ()
    apart: Annotated[tuple[Words, ...], Field(strict=False)] = ()
    pin: bool = False
    ignore: bool = False
    owner: Words | None = None

    @property
    def reference(self) -> str:
        """The id or name as it is written."""
        return self.id or self.name or ""


class Taxonomy(_Strict):
    """The whole file: one entry per signal."""

    signal: Annotated[tuple[Entry, ...], Field(strict=False)] = ()


def normal(name: str) -> str:
    """A name as it is compared: without regard to case and blanks."""
    return " ".join(name.split()).casefold()


# Reading


def read_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy in a file, checked as far as that goes without knowing the signals.

    Raises ``ConfigurationError`` that names file, entry and what would be valid.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(
            "there is no taxonomy yet",
            where=str(path),
            next_step="Make a commented one with: earful taxonomy init",
        ) from error
    except UnicodeDecodeError as error:
        raise _not_toml(error, path) from error
    return parse_taxonomy(text, path)


def parse_taxonomy(text: str, path: Path) -> Taxonomy:
    """The same of a text that is the content of a file, or is to be."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, path) from error
    try:
        taxonomy = Taxonomy.model_validate(content)
    except ValidationError as error:
        raise _explained(error, content, path) from error
    _check(taxonomy, path)
    return taxonomy


def _not_toml(error: ValueError, path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"not valid TOML: {error}", where=str(path), next_step="Correct the line named."
    )


def refusal(
    path: Path, entry: int, reference: str, message: str, next_step: str
) -> ConfigurationError:
    """What is wrong with an entry, named by its position in the file, from 0, and its signal."""
    where = f"{path}, entry {entry + 1} ({reference or 'without a name'})"
    return ConfigurationError(message, where=where, next_step=next_step)


def _explained(
    error: ValidationError, content: Mapping[str, Any], path: Path
) -> ConfigurationError:
    """The first thing pydantic minds, in words, with a guess at a misspelt key."""
    first = error.errors()[0]
    table, *rest = first["loc"]
    key = ".".join(str(part) for part in rest[1:] if part != "[key]") or str(table)
    if first["type"] == "extra_forbidden":
        message = f"{key}: there is no such key"
        valid = (Entry if rest else Taxonomy).model_fields
        next_step = did_you_mean(key, [f"[[{name}]]" for name in valid] if not rest else valid)
    else:
        message = f"{key}: {first['msg']}"
        next_step = "'earful taxonomy init --print' shows every key with an example."
    if not rest or not isinstance(rest[0], int):
        return ConfigurationError(message, where=str(path), next_step=next_step)
    entry = content["signal"][rest[0]]
    named = (entry.get("id") or entry.get("name")) if isinstance(entry, dict) else None
    return refusal(path, rest[0], str(named or ""), message, next_step)


def _check(taxonomy: Taxonomy, path: Path) -> None:
    """Raise ``ConfigurationError`` for what is wrong within the file, whatever the signals are."""
    seen: dict[str, int] = {}
    places: dict[str, str] = {}
    parts = {normal(part) for entry in taxonomy.signal for part in entry.split}
    for n, entry in enumerate(taxonomy.signal):
        for message, next_step in (*_own_problems(entry, parts), *_clashes(entry, places)):
            raise refusal(path, n, entry.reference, message, next_step)
        first = seen.setdefault(normal(entry.reference), n)
        if first != n:
            raise refusal(
                path, n, entry.reference, f"entry {first + 1} speaks of the same signal",
                "Put both into one entry.",
            )  # fmt: skip


def _own_problems(entry: Entry, parts: Container[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with an entry; ``parts`` are the names of what any entry splits off."""
    if (entry.id is None) == (entry.name is None):
        yield (
            "an entry names its signal by id or by name, by one of them",
            'Example: id = "all-day-breakfast-3f2a". A new name goes into rename.',
        )
    if entry.new and entry.name is None:
        yield "a new signal has no id yet", "Give it a name: name = ..."
    if entry.new and entry.split:
        yield "a new signal has no items to split", "Remove split, or new."
    if entry.name is not None and normal(entry.name) in parts and (entry.split or entry.new):
        yield (
            "the part of a split is neither new nor split again",
            "Give the items a part of their own in the first split.",
        )
    if entry.pin and entry.ignore:
        yield "pin and ignore contradict each other", "Remove one of them."
    if entry == Entry(id=entry.id, name=entry.name):
        yield (
            "nothing is decided about this signal",
            f"Valid: {', '.join(key for key in Entry.model_fields if key not in ('id', 'name'))}.",
        )


def _clashes(entry: Entry, places: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Items and signals that are to go to two places; ``places`` holds those so far."""
    moves = [(f"the item {item!r}", entry.reference) for item in map(normal, entry.aliases)]
    moves += [
        (f"the item {item!r}", f"{entry.reference} / {part}")
        for part, items in entry.split.items()
        for item in map(normal, items)
    ]
    moves += [(f"the signal {one!r}", entry.reference) for one in map(normal, entry.merge)]
    for what, place in moves:
        first = places.setdefault(what, place)
        if first != place:
            yield f"{what} is to go to {first!r} and to {place!r}", "Decide for one of them."
