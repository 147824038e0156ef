"""Tables whose columns are known: exports of survey tools and of customer relations.

They are tables like any other; only what would be guessed is known here, and headings that take
more than one row are put together first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ingest.files.columns import Choice, ColumnGuess
from ingest.files.formats import Row, Table
from ingest.files.profiles import profile
from ingest.files.rejects import Reject
from ingest.files.synonyms import FIELDS
from ingest.files.values import Value, present

_OPEN_ANSWER_WORDS = 2.0
"""Words of a usual answer from which a question counts as an open one."""
_OPEN_ANSWER_DISTINCT = 0.2


@dataclass(frozen=True, slots=True)
class Shaped:
    """A table with its columns known. ``solicited`` tells that people were asked."""

    table: Table
    guess: ColumnGuess
    solicited: bool = False


@dataclass(frozen=True, slots=True)
class TableShape:
    """One kind of known table.

    ``name`` is what ``--export`` takes, ``title`` what people read. ``shaped`` answers None where
    a table is of another kind.
    """

    name: str
    title: str
    shaped: Callable[[Table], Shaped | None]


def chosen(
    table: Table, fields: Mapping[str, Iterable[str]], texts: Iterable[str] = (), kind: str = ""
) -> ColumnGuess:
    """A guess that is none: for each field the first of its columns that the table has.

    ``texts`` are the columns of open questions, where there are any. Columns are found whatever
    the case of their letters.
    """
    choices: dict[str, Choice] = {}
    for field, candidates in fields.items():
        if found := _present(table, candidates):
            choices[field] = Choice(field, (found[0],), "known from this export")
    if asked := tuple(texts):
        choices["text"] = Choice("text", asked, "open questions, one comment per answer")
    used = {column for choice in choices.values() for column in choice.columns}
    return ColumnGuess(
        choices=tuple(choices[field] for field in FIELDS if field in choices),
        unused=tuple(name for name in table.columns if name not in used),
        kind=kind or None,
        questions=bool(asked),
    )


def _present(table: Table, candidates: Iterable[str]) -> list[str]:
    """Which of ``candidates`` the table has, as it writes them."""
    folded = {name.casefold(): name for name in reversed(table.columns)}
    return [folded[name.casefold()] for name in candidates if name.casefold() in folded]


def has(table: Table, *names: str) -> bool:
    """Whether the table has all these columns, whatever the case of their letters."""
    return {name.casefold() for name in names} <= {name.casefold() for name in table.columns}


def open_questions(table: Table, columns: Iterable[str]) -> list[str]:
    """Which of ``columns`` hold words of the people asked, and not one of a few answers."""
    found = []
    for name in columns:
        one = profile(name, [row.values.get(name) for row in table.sample])
        if one.words >= _OPEN_ANSWER_WORDS and one.distinct > _OPEN_ANSWER_DISTINCT:
            found.append(name)
    return found


def reshaped(
    table: Table,
    *,
    rename: Mapping[str, str] | None = None,
    skip: int = 0,
    keep: Callable[[Mapping[str, Value]], str] | None = None,
    change: Mapping[str, Callable[[Value], Value]] | None = None,
    first_filled: Iterable[str] = (),
) -> Table:
    """``table`` without its first ``skip`` rows and with columns renamed.

    ``keep`` answers why a row is left out, "" for one that stays; how many were left out is said
    in the notes. ``change`` turns the cells of a column (by its old name) into others. Of the
    columns ``first_filled`` the first that the table has gets what the first filled one holds.
    """
    names = dict(rename or {})
    changes = dict(change or {})
    notes = list(table.notes)
    alike = _present(table, first_filled)

    def renamed(row: Row) -> Row:
        values = {
            names.get(name, name): changes[name](value) if name in changes else value
            for name, value in row.values.items()
        }
        if alike and not present(values.get(alike[0])):
            values[alike[0]] = next((v for name in alike if present(v := values.get(name))), None)
        return Row(row.line, values)

    def stays(row: Row) -> bool:
        return keep is None or not keep(row.values)

    def records() -> Iterator[Row | Reject]:
        left_out: dict[str, int] = {}
        to_skip = skip
        for record in table.records():
            if isinstance(record, Reject):
                yield record
            elif to_skip:
                to_skip -= 1
            elif keep is not None and (reason := keep(record.values)):
                left_out[reason] = left_out.get(reason, 0) + 1
            else:
                yield renamed(record)
        notes.extend(table.notes[told:])
        notes.extend(f"Left out: {count:,} {reason}." for reason, count in left_out.items())

    told = len(table.notes)
    return replace(
        table,
        columns=tuple(names.get(name, name) for name in table.columns),
        sample=[renamed(row) for row in table.sample[skip:] if stays(row)],
        notes=notes,
        _records=records(),
    )


def unique_names(wanted: Mapping[str, str]) -> dict[str, str]:
    """New names for columns, each once: doubles are numbered."""
    seen: set[str] = set()
    named: dict[str, str] = {}
    for column, name in wanted.items():
        candidate, count = name, 1
        while candidate in seen:
            count += 1
            candidate = f"{name} ({count})"
        seen.add(candidate)
        named[column] = candidate
    return named


def first_row(table: Table, index: int) -> dict[str, str]:
    """The cells of one of the first rows as trimmed text, {} where there are not so many."""
    if index >= len(table.sample):
        return {}
    return {name: present(value) for name, value in table.sample[index].values.items()}
