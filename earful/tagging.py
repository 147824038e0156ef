"""Tagging files: texts in, tags out, without a project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from earful.errors import ConfigurationError, did_you_mean
from earful.records import ASPECT_STRUCT, READ_SCHEMA
from earful.workers import over_batches

if TYPE_CHECKING:
    from classify.tagger import Tagger
    from ingest.files import Reject, Table

BATCH = 1000

OUTPUT_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("lang", pa.string()),
        ("read", pa.bool_()),
        ("sentiment", pa.string()),
        ("sentiment_score", pa.float32()),
        ("categories", pa.list_(pa.string())),
        ("category_scores", pa.map_(pa.string(), pa.float32())),
        (
            "asks",
            pa.list_(
                pa.struct(
                    [
                        ("quote", pa.string()),
                        ("start", pa.int32()),
                        ("end", pa.int32()),
                        ("item", pa.string()),
                        ("type", pa.string()),
                        ("strength", pa.int8()),
                        ("moment", pa.string()),
                        ("score", pa.float32()),
                    ]
                )
            ),
        ),
        ("spam_score", pa.float32()),
        ("model_version", pa.string()),
        ("aspects", pa.list_(ASPECT_STRUCT)),
    ]
)
"""Rows of ``earful tag --output``, as the command-line contract fixes them."""

Progress = Callable[[int], None]


def load_reading(load: Callable[[], Tagger]) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """What a worker process reads with: the method ``tag`` of a tagger of its own."""
    return load().tag


def tag_batches(
    batches: Iterable[pa.RecordBatch], load: Callable[[], Tagger], loaded: Tagger | None = None
) -> Iterator[pa.RecordBatch]:
    """Tag batches in the order given, on all cores where there are several batches. A few are read
    by the tagger that is ``loaded``, where there is one."""
    return over_batches(partial(load_reading, load), batches, loaded.tag if loaded else None)


def languages_told(languages: Mapping[str, int]) -> str:
    """A line that says what was read in which language and how well it is read; empty where
    English alone was."""
    from classify.accuracy import languages_read

    read = {lang: comments for lang, comments in languages.items() if comments}
    told = languages_read(read) if set(read) - {"en"} else ""
    return f"\n{told}" if told else ""


@dataclass(slots=True)
class TaggedFile:
    """What ``tag_file`` did, counted while it writes."""

    output: Path
    rows: int = 0
    unread: int = 0
    asks: int = 0
    rejected: int = 0
    rejects_file: Path | None = None
    languages: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        unread = f", {self.unread:,} in languages that are not served" if self.unread else ""
        told = f"{self.output}: {self.rows:,} rows, {self.asks:,} asks{unread}"
        told += languages_told(self.languages)
        if self.rejects_file:
            told += f"\n{self.rejected:,} rows could not be read; see {self.rejects_file}"
        return told


def tag_file(
    source: Path,
    output: Path,
    *,
    text_column: str = "text",
    id_column: str = "id",
    on_progress: Progress = lambda _: None,
) -> TaggedFile:
    """Tag a file row by row into jsonl or Parquet; stateless, nothing is stored elsewhere.

    A row without an id is called by its line, a row that cannot be read is
    set aside beside the output. Raises ``ConfigurationError`` where a column or
    the kind of output is unknown.
    """
    from classify.tagger import Tagger
    from ingest.files import open_table, write_rejects, write_rows

    table = open_table(source)
    if text_column not in table.columns:
        raise ConfigurationError(
            f"there is no column {text_column!r}",
            where=str(source),
            next_step="Name it with --text-column. " + did_you_mean(text_column, table.columns),
        )
    rejects: list[Reject] = []
    batches = _read_batches(_readable(table, rejects), text_column, id_column)
    tagged = TaggedFile(output)

    def answers() -> Iterator[dict[str, Any]]:
        for tags in tag_batches(batches, Tagger.load):
            for row in tags.to_pylist():
                tagged.rows += 1
                tagged.unread += not row["read"]
                tagged.languages[row["lang"]] += row["read"]
                tagged.asks += len(row["asks"])
                yield _answer(row)
            on_progress(tags.num_rows)

    if output.suffix == ".parquet":
        pairs = (
            {**row, "category_scores": list(row["category_scores"].items())} for row in answers()
        )
        write_rows(output, pairs, schema=OUTPUT_SCHEMA)
    else:
        write_rows(output, answers())
    if rejects:
        tagged.rejects_file = output.with_name(f"{output.name}.rejects.csv")
        tagged.rejected = write_rejects(tagged.rejects_file, rejects)
    return tagged


def _readable(table: Table, rejects: list[Reject]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table that can be read; the others go to ``rejects``."""
    from ingest.files import Reject

    for record in table.records():
        if isinstance(record, Reject):
            rejects.append(record)
        else:
            yield record.line, dict(record.values)


def _read_batches(
    rows: Iterable[tuple[int, dict[str, Any]]], text_column: str, id_column: str
) -> Iterator[pa.RecordBatch]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, BATCH)):
        yield pa.RecordBatch.from_pylist(
            [
                {
                    "uid": _sound(row[id_column])
                    if row.get(id_column) is not None
                    else f"line {line}",
                    "text": "" if row.get(text_column) is None else _sound(row[text_column]),
                    "lang_hint": None,
                }
                for line, row in chunk
            ],
            schema=READ_SCHEMA,
        )


def _sound(value: object) -> str:
    """A value as text that can be written; half a surrogate pair becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the contract; a language that is not served is neutral, with a score of 0."""
    return {
        "id": row["uid"],
        "lang": row["lang"],
        "read": row["read"],
        "sentiment": row["sentiment"] or "neutral",
        "sentiment_score": row["sentiment_score"] or 0.0,
        "categories": row["categories"] or ["remark"],
        "category_scores": dict(row["category_scores"] or ()),
        "asks": [
            {
                key: ask[key]
                for key in ("quote", "start", "end", "item", "type", "strength", "moment", "score")
            }
            for ask in row["asks"]
        ],
        "spam_score": row["spam_score"],
        "model_version": row["model_version"],
        "aspects": row["aspects"],
    }
