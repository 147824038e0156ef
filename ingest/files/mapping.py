"""The user's own word on which column is what: ``--map text=review,id=reviewer_id``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from earful.errors import ConfigurationError, did_you_mean
from earful.records import KINDS
from ingest.files.columns import Choice, ColumnGuess
from ingest.files.synonyms import FIELDS

_NEXT_FIELD = re.compile(r",(?=\s*\w+\s*=)")
_SEVERAL = ("text", "reach")
_WHERE = "--map"


def parse_map(text: str) -> dict[str, str]:
    """``text=review,id=reviewer_id`` as field -> column; ``author=`` leaves a field empty.

    A comma inside a column's name is part of it unless ``word=`` follows. Raises
    ``ConfigurationError`` on an unknown field, a field given twice, or no ``=``.
    """
    mapping: dict[str, str] = {}
    for part in _NEXT_FIELD.split(text):
        if not part.strip():
            continue
        field, sign, column = part.partition("=")
        field = field.strip().lower()
        if not sign:
            raise ConfigurationError(
                f"{part.strip()!r} is not of the form field=column",
                where=_WHERE,
                next_step="For example: --map text=review,created_at=date",
            )
        if field not in FIELDS:
            raise ConfigurationError(
                f"there is no field {field!r}", where=_WHERE, next_step=did_you_mean(field, FIELDS)
            )
        if field in mapping:
            raise ConfigurationError(
                f"{field} is given twice",
                where=_WHERE,
                next_step="Keep one; several columns of text are joined by +.",
            )
        mapping[field] = column.strip()
    return mapping


def apply_map(
    guess: ColumnGuess, mapping: Mapping[str, str], columns: Sequence[str], table: str
) -> ColumnGuess:
    """``guess`` with the fields of ``mapping`` put in their place; the rest stays guessed.

    A column that the user names is taken from the field that was guessed to hold it. Raises
    ``ConfigurationError`` on an unknown column, naming those that exist.
    """
    chosen: dict[str, Choice] = {}
    kind: str | None = None
    for field, wanted in mapping.items():
        if field not in FIELDS:
            raise ConfigurationError(
                f"there is no field {field!r}", where=_WHERE, next_step=did_you_mean(field, FIELDS)
            )
        if field == "kind" and wanted in KINDS and wanted not in columns:
            kind = wanted
        elif wanted:
            chosen[field] = Choice(field, _resolve(field, wanted, columns, table), "as told")
    told = {column for choice in chosen.values() for column in choice.columns}
    kept = [
        choice
        for choice in guess.choices
        if choice.field not in mapping and not told & set(choice.columns)
    ]
    choices = {choice.field: choice for choice in [*kept, *chosen.values()]}
    used = {column for choice in choices.values() for column in choice.columns}
    same_date = guess.column("created_at") == next(
        iter(choices["created_at"].columns if "created_at" in choices else ()), None
    )
    precision_from = guess.precision_from if same_date else None
    return replace(
        guess,
        choices=tuple(choices[field] for field in FIELDS if field in choices),
        unused=tuple(name for name in columns if name not in used and name != precision_from),
        notes=tuple(note for note in guess.notes if not _answered(note, mapping)),
        precision_from=precision_from,
        kind=kind,
    )


def _answered(note: str, mapping: Mapping[str, str]) -> bool:
    """Whether a note of the guess asks for what the user has already said."""
    return any(f"--map {field}=" in note for field in mapping) or (
        "created_at" in mapping and note.startswith("No column says when")
    )


def _resolve(field: str, wanted: str, columns: Sequence[str], table: str) -> tuple[str, ...]:
    if wanted in columns:
        return (wanted,)
    names = [name.strip() for name in wanted.split("+")] if field in _SEVERAL else [wanted]
    return tuple(_existing(name, columns, table) for name in names if name)


def _existing(name: str, columns: Sequence[str], table: str) -> str:
    if name in columns:
        return name
    folded = {column.casefold(): column for column in reversed(columns)}
    if name.casefold() in folded:
        return folded[name.casefold()]
    close = get_close_matches(name, columns, n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(
        f"there is no column {name!r}",
        where=f"{_WHERE}, {table}",
        next_step=f"{guess}The columns are: {', '.join(columns)}.",
    )
