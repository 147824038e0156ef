"""Gold files: comments with the labels that a reader gave them, checked, and tags measured on them.

A row that cannot be used is set aside with its line and the reason; asks that cannot be used are
set aside alone, and their comment still counts for sentiment and categories.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from classify.evaluation import Evaluation, evaluate
from classify.labels import CATEGORIES, FALLBACK, SENTIMENTS, STRENGTHS, TYPES
from earful.errors import DataError, did_you_mean
from earful.records import READ_SCHEMA
from earful.tagging import BATCH, Progress, tag_batches
from ingest.files import Reject, Row, Table, open_table
from ingest.files.values import as_written, present

NEEDED = ("text", "sentiment", "categories")
SHOWN = 100
"""How many rows set aside are named in the record of an evaluation; all are counted."""
_LONGEST = 40  # characters of an unknown label that are shown
_SEPARATORS = str.maketrans(",;", "||")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row, or the asks of one, that cannot be used. ``reason`` is one of a few, to be counted.

    ``where`` is "line 3" (or "row 3" of a table without lines), ``detail`` what is wrong there.
    """

    where: str
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Gold:
    """The comments of a gold file as ``classify.evaluation.evaluate`` takes them.

    ``set_aside`` rows are not among them; the comments of ``asks_set_aside`` are, without their
    asks. ``asks_labelled`` is false where no row of the file says anything of asks.
    ``taken_as_remarks`` rows name no category, which by the codebook makes them remarks.
    """

    file: Path
    comments: tuple[dict[str, Any], ...]
    set_aside: tuple[SetAside, ...]
    asks_set_aside: tuple[SetAside, ...]
    asks_labelled: bool
    taken_as_remarks: int

    def record(self) -> dict[str, Any]:
        """What was read and what was not, as plain data; at most ``SHOWN`` rows are named."""
        return {
            "file": self.file.name,
            "comments": len(self.comments),
            "asks_labelled": self.asks_labelled,
            "taken_as_remarks": self.taken_as_remarks,
            "set_aside": _told(self.set_aside),
            "asks_set_aside": _told(self.asks_set_aside),
        }


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """The figures of a gold file, and the version of the model that they are of."""

    gold: Gold
    evaluation: Evaluation
    model_version: str

    def record(self) -> dict[str, Any]:
        """All of it as plain data: the fields of ``Evaluation``, model_version and gold."""
        return {
            **asdict(self.evaluation),
            "model_version": self.model_version,
            "gold": self.gold.record(),
        }


def counted_reasons(set_aside: Iterable[SetAside]) -> dict[str, list[SetAside]]:
    """What was set aside by reason, the most frequent reason first."""
    found = list(set_aside)
    order = [reason for reason, _ in Counter(one.reason for one in found).most_common()]
    return {reason: [one for one in found if one.reason == reason] for reason in order}


def _told(set_aside: Sequence[SetAside]) -> dict[str, Any]:
    return {
        "count": len(set_aside),
        "reasons": {reason: len(rows) for reason, rows in counted_reasons(set_aside).items()},
        "rows": [asdict(one) for one in set_aside[:SHOWN]],
    }


def evaluate_file(file: Path, on_progress: Progress = lambda _: None) -> MeasuredFile:
    """Tag the texts of a gold file and compare with its labels; raises as ``read_gold`` does."""
    from classify.tagger import Tagger

    gold = read_gold(file)
    tags: list[dict[str, Any]] = []
    for batch in tag_batches(_texts(gold.comments), Tagger.load):
        tags += batch.to_pylist()
        on_progress(batch.num_rows)
    return MeasuredFile(gold, evaluate(gold.comments, tags), tags[0]["model_version"])


def _texts(comments: Iterable[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """The comments as a tagger is given them; their gold language is no hint."""
    iterator = iter(comments)
    while chunk := list(islice(iterator, BATCH)):
        yield pa.RecordBatch.from_pylist(
            [{"uid": row["uid"], "text": row["text"], "lang_hint": None} for row in chunk],
            schema=READ_SCHEMA,
        )


def read_gold(file: Path) -> Gold:
    """Read a gold file: JSON lines, CSV, Parquet or what else ``earful import`` takes.

    Its columns are uid, text, sentiment, categories (a list, JSON, or ``a|b``), and where they
    are known asks (a list, or JSON: quote or start and end, item, type, strength), domain and
    lang. Labels are those of the codebook, in any case. A row without uid is called by its line.
    Raises ``DataError`` where a column is missing or no row can be used.
    """
    if not file.is_file():
        raise DataError("there is no such file", where=str(file), next_step="Name a gold file.")
    table = open_table(file)
    records = list(table.records())
    if not records:
        raise DataError("holds no labelled comment", where=str(file))
    _check_columns(table, file)
    reader = _GoldReader(table)
    for record in records:
        reader.read(record)
    if not reader.comments:
        first = "; ".join(str(one) for one in reader.set_aside[:3])
        raise DataError(
            f"holds no labelled comment that can be used; {len(reader.set_aside)} set aside",
            where=str(file),
            next_step=first,
        )
    return Gold(
        file,
        tuple(reader.comments),
        tuple(reader.set_aside),
        tuple(reader.asks_set_aside),
        reader.asks_labelled,
        reader.taken_as_remarks,
    )


def _check_columns(table: Table, file: Path) -> None:
    """Raise where the file as a whole lacks a column that every gold row needs."""
    missing = [name for name in NEEDED if name not in table.columns]
    if missing and table.columns:
        raise DataError(
            f"row 1 and those after it have no {' and no '.join(map(repr, missing))}",
            where=str(file),
            next_step="A gold file has the columns uid, text, sentiment and categories;"
            f" this one has: {', '.join(table.columns)}.",
        )


class _Unusable(Exception):  # noqa: N818 - never leaves this module
    """Why a row or its asks cannot be used: a reason to be counted, and the detail."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or reason


class _GoldReader:
    """Reads row after row, and keeps what came of them."""

    def __init__(self, table: Table) -> None:
        self._unit = "line" if table.format in ("CSV", "JSON lines", "JSON") else "row"
        self._uid = "uid" if "uid" in table.columns else "id"
        self.asks_labelled = any(name.split(".")[0] == "asks" for name in table.columns)
        self.comments: list[dict[str, Any]] = []
        self.set_aside: list[SetAside] = []
        self.asks_set_aside: list[SetAside] = []
        self.taken_as_remarks = 0
        self._seen: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def read(self, record: Row | Reject) -> None:
        where = f"{self._unit} {record.line}"
        try:
            if isinstance(record, Reject):
                raise _Unusable("not a row that can be read", record.reason)
            comment = self._comment(record.values, where)
        except _Unusable as why:
            self.set_aside.append(SetAside(where, why.reason, why.detail))
            return
        comment["asks"] = self._asks(record.values, comment["text"], where)
        self.comments.append(comment)

    def _comment(self, values: Mapping[str, Any], where: str) -> dict[str, Any]:
        uid = _sound(present(values.get(self._uid))) or where
        text = _sound(as_written(values.get("text")))
        if not text.strip():
            raise _Unusable("the text is empty")
        sentiment = _name(values.get("sentiment"))
        if not sentiment:
            raise _Unusable("there is no sentiment")
        _check_label("sentiment", sentiment, SENTIMENTS)
        categories = _categories(values.get("categories"))
        for name in categories:
            _check_label("category", name, CATEGORIES)
        if uid in self._seen:
            first, earlier = self._seen[uid]
            if earlier == values:
                raise _Unusable("the same row again", f"the same as {first}")
            raise _Unusable("the uid of an earlier row", f"bears the uid of {first}")
        self._seen[uid] = (where, values)
        self.taken_as_remarks += not categories
        return {
            "uid": uid,
            "text": text,
            "sentiment": sentiment,
            "categories": categories or [FALLBACK],
            "domain": present(values.get("domain")) or None,
            "lang": present(values.get("lang")).lower() or None,
        }

    def _asks(
        self, values: Mapping[str, Any], text: str, where: str
    ) -> list[dict[str, Any]] | None:
        """The asks of a row, None where they are not labelled or cannot be used."""
        if not self.asks_labelled:
            return None
        try:
            if any(name.startswith("asks.") for name in values):
                raise _Unusable("asks that are no list", "the asks are one object, no list of them")
            return [_ask(ask, text) for ask in _list_of_asks(values.get("asks"))]
        except _Unusable as why:
            self.asks_set_aside.append(SetAside(where, why.reason, why.detail))
            return None


def _sound(text: str) -> str:
    """Text that can be written; half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(value: Any) -> str:
    """A label as the codebook writes it: lower case, words joined by an underscore."""
    return "_".join(present(value).lower().replace("-", " ").split())


def _check_label(what: str, name: str, valid: Sequence[str]) -> None:
    if name not in valid:
        shown = name if len(name) <= _LONGEST else name[:_LONGEST] + "…"
        raise _Unusable(
            f"unknown {what}", f"there is no {what} {shown!r}. {did_you_mean(name, valid)}"
        )


def _categories(value: Any) -> list[str]:
    """The labels of a cell, each once: a JSON list, or names between bars, commas, semicolons."""
    written = present(value)
    try:
        listed = json.loads(written) if written.startswith("[") else None
    except ValueError:
        listed = None
    if listed is None:
        # Lists that a program wrote in its own manner: ['a', 'b'].
        listed = [part.strip(" []'\"") for part in written.translate(_SEPARATORS).split("|")]
    names = [_name(one if isinstance(one, str) else json.dumps(one)) for one in listed]
    return list(dict.fromkeys(name for name in names if name))


def _list_of_asks(value: Any) -> list[Any]:
    written = present(value)
    if not written:
        return []
    try:
        found = json.loads(written)
    except ValueError as error:
        raise _Unusable("asks that are not JSON", f"the asks are not JSON: {error}") from error
    if not isinstance(found, list):
        raise _Unusable("asks that are no list", "the asks are no list of objects")
    return found


def _ask(ask: Any, text: str) -> dict[str, Any]:
    """An ask with its place in ``text``, which is where it says, or where its quote stands."""
    if not isinstance(ask, dict):
        raise _Unusable("an ask that is no object")
    missing = [name for name in ("item", "type", "strength") if ask.get(name) in (None, "")]
    if missing:
        raise _Unusable("an ask that lacks a field", f"an ask lacks {', '.join(missing)}")
    kind = _name(ask["type"])
    _check_label("type of ask", kind, TYPES)
    strength = as_written(ask["strength"])
    _check_label("strength", strength, [str(one) for one in STRENGTHS])
    start, end = _place(ask, text)
    return {
        "quote": text[start:end],
        "start": start,
        "end": end,
        "item": str(ask["item"]),
        "type": kind,
        "strength": int(strength),
    }


def _place(ask: Mapping[str, Any], text: str) -> tuple[int, int]:
    start: Any = ask.get("start")
    end: Any = ask.get("end")
    quote = _sound(str(ask.get("quote") or ""))
    placed = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)
    if placed and (not quote or text[start:end] == quote):
        return start, end
    if not quote:
        raise _Unusable("an ask without a quote", "an ask has neither a quote nor a place")
    found = text.find(quote)
    if found < 0:
        raise _Unusable("a quote that is not in the text")
    return found, found + len(quote)
