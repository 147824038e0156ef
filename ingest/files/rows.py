"""A row of a table as a comment, or as several where a survey asked several open questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from earful.records import KINDS, Comment, DatePrecision, Kind, make_uid
from ingest.files.columns import ColumnGuess
from ingest.files.counts import read_count
from ingest.files.dates import NO_DATE, DateReader, DateReading, decide_order, offsets_vary
from ingest.files.formats import Row, Table
from ingest.files.identity import NativeIds
from ingest.files.offsets import OffsetReader
from ingest.files.ratings import RatingScale, decide_scale
from ingest.files.rejects import Reject
from ingest.files.values import Value, as_json, as_written, clean_text, present

INSTANCE = "import"
"""The instance of every comment that came in a file."""

NO_AUTHOR = frozenset(
    {"[deleted]", "[removed]", "anonymous", "anonym", "anonymous user", "a google user",
     "google user", "unknown", "guest", "deleted user", "anonimo", "anónimo", "anonyme", "익명"}
)  # fmt: skip
"""Names that stand for nobody in particular: whoever bears them is not one person."""

LANGUAGE_NAMES = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr",
    "spanish": "es", "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt",
    "português": "pt", "polish": "pl", "polski": "pl", "dutch": "nl", "russian": "ru",
    "русский": "ru", "korean": "ko", "한국어": "ko", "japanese": "ja", "日本語": "ja",
    "chinese": "zh", "中文": "zh", "thai": "th", "turkish": "tr", "arabic": "ar", "hindi": "hi",
}  # fmt: skip
"""Languages as exports spell them out, with the code of ISO 639-1."""

_REMOVED = frozenset({"[deleted]", "[removed]", "[deleted by user]"})
_REDDIT_PREFIXES = ("t1_", "t3_")
_PRECISIONS: tuple[DatePrecision, ...] = (
    "second", "minute", "day", "week", "month", "year", "none",
)  # fmt: skip


class RowReader:
    """Turns the rows of one table into comments, as its ``guess`` says.

    ``counts`` tells how many rows lacked a date, a readable rating, and so on; ``notes`` puts it
    in sentences, complete when all rows have been read.
    """

    def __init__(
        self,
        table: Table,
        guess: ColumnGuess,
        *,
        source: str,
        ids: NativeIds,
        as_of: datetime,
        now: datetime,
        solicited: bool,
    ) -> None:
        self.guess = guess
        self.counts: Counter[str] = Counter()
        self._table = table
        self._source = source
        self._ids = ids
        self._solicited = solicited
        self._texts = guess.columns("text")
        self._column = {choice.field: choice.columns[0] for choice in guess.choices}
        self._reach = guess.columns("reach")
        self._plain = [
            (name, self._column[name])
            for name in ("channel", "url", "product", "version")
            if name in self._column
        ]
        self._kind = self._usual_kind()
        ceiling = max(as_of, now)
        self._created, self._order_said = self._date_reader("created_at", as_of, ceiling)
        self._edited, _ = self._date_reader("edited_at", as_of, ceiling)
        self._known_by = DateReader(as_of=as_of, ceiling=ceiling)
        self._offsets = OffsetReader()
        self._scale = self._rating_scale()

    @property
    def met_relative_dates(self) -> bool:
        """Whether a date so far was counted back from ``as_of``."""
        return self._created.counts["relative"] > 0

    def read(self, row: Row) -> list[Comment] | Reject:
        """The comments of one row, or why there are none."""
        if len(self._texts) > 1 or self.guess.questions:
            return self._answers(row)
        text, hits = clean_text(as_written(row.values.get(self._texts[0])))
        title = self._text_of(row, "title")
        if hits:
            self.counts["cleaned"] += 1
        if text.strip().lower() in _REMOVED:
            text = ""
            self.counts["removed"] += 1
        if not text.strip() and not title:
            return self._no_text(row)
        return [self._comment(row, text, title, present(self._cell(row, "id")), "")]

    def notes(self) -> list[str]:
        """What was decided and what was met, in sentences."""
        told = []
        if (column := self._column.get("created_at")) is not None:
            if self._order_said:
                told.append(f"{column} is read {self._order_said}.")
            told.extend(self._created.notes(column))
            if count := self.counts["no date"]:
                told.append(f"{count} rows have no date in {column} and are kept without one.")
        if (column := self._column.get("edited_at")) is not None:
            told.extend(self._edited.notes(column))
        if (column := self._column.get("rating")) is not None:
            if self._scale is None:
                told.append(f"{column} holds no rating that can be read; it was left out.")
            else:
                told.append(f"{column} is read as a rating: {self._scale.why}.")
            if count := self.counts["off scale"]:
                told.append(f"{count} cells of {column} are off that scale and were left out.")
        if (column := self._column.get("local_offset")) is not None and self._offsets.unread:
            told.append(
                f"{self._offsets.unread} cells of {column} name no time zone that is known."
            )
        for key, sentence in _SENTENCES:
            if count := self.counts[key]:
                told.append(sentence.format(count=count))
        return told

    def _answers(self, row: Row) -> list[Comment] | Reject:
        """One comment per answered question, all by one respondent."""
        respondent = present(self._cell(row, "id"))
        comments: list[Comment] = []
        for question in self._texts:
            text, hits = clean_text(as_written(row.values.get(question)))
            if hits:
                self.counts["cleaned"] += 1
            if not text.strip():
                self.counts["unanswered"] += 1
                continue
            native = f"{respondent}/{question}" if respondent else ""
            comments.append(self._comment(row, text, question, native, respondent))
        return comments or self._no_text(row)

    def _comment(
        self, row: Row, text: str, title: str | None, native: str, respondent: str
    ) -> Comment:
        written = as_written(self._cell(row, "created_at")).strip()
        reading = self._when(row, written)
        author = self._author(row) or respondent or None
        place = self._text_of(row, "place")
        native_id = self._ids.name(native, (author or "", written, text, place or "", title or ""))
        rating, original = self._rating(row)
        edited = (
            self._edited.read(self._cell(row, "edited_at"))
            if "edited_at" in self._column
            else NO_DATE
        )
        told = {name: _cleaned(row.values.get(column)) for name, column in self._plain}
        return Comment(
            source=self._source,
            instance=INSTANCE,
            native_id=native_id,
            text=text,
            kind=self._kind_of(row),
            title=title,
            author=author,
            created_at=reading.when,
            created_precision=reading.precision,
            edited_at=edited.when,
            local_offset=self._local_offset(row, reading),
            lang_hint=self._lang(row),
            rating=rating,
            rating_original=original,
            reach=self._reach_of(row),
            parent_uid=self._uid_of(row, "parent"),
            thread_uid=self._uid_of(row, "thread") or self._thread_of(respondent),
            place=place,
            channel=told.get("channel"),
            url=told.get("url"),
            product=told.get("product"),
            version=told.get("version"),
            solicited=self._solicited,
        )

    def _cell(self, row: Row, field: str) -> Value:
        column = self._column.get(field)
        return None if column is None else row.values.get(column)

    def _text_of(self, row: Row, field: str) -> str | None:
        column = self._column.get(field)
        if column is None:
            return None
        return _cleaned(row.values.get(column))

    def _when(self, row: Row, written: str) -> DateReading:
        if "created_at" not in self._column:
            return NO_DATE
        reading = self._created.read(self._cell(row, "created_at"))
        if reading.when is None:
            if not written:
                self.counts["no date"] += 1
            return reading
        if self.guess.precision_from is not None:
            known = self._known_by.read(row.values.get(self.guess.precision_from))
            if known.relative and _coarser(known.precision, reading.precision):
                return reading._replace(precision=known.precision)
        return reading

    def _local_offset(self, row: Row, reading: DateReading) -> int | None:
        """The zone column's word where there is one: a time's offset may be the exporter's."""
        if "local_offset" in self._column:
            return self._offsets.read(self._cell(row, "local_offset"), reading.when)
        return reading.local_offset

    def _author(self, row: Row) -> str | None:
        author = self._text_of(row, "author")
        if author is None or author.lower() in NO_AUTHOR:
            return None
        return author

    def _rating(self, row: Row) -> tuple[float | None, str | None]:
        if self._scale is None:
            return None, None
        rating, written = self._scale.read(self._cell(row, "rating"))
        if rating is None and written is not None:
            self.counts["off scale"] += 1
        return rating, written

    def _reach_of(self, row: Row) -> int | None:
        counts = [read_count(row.values.get(column)) for column in self._reach]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def _lang(self, row: Row) -> str | None:
        text = self._text_of(row, "lang")
        if text is None:
            return None
        code = text.replace("_", "-").split("-")[0].strip().lower()
        code = LANGUAGE_NAMES.get(code, code)
        return code if 2 <= len(code) <= 3 and code.isalpha() else None

    def _uid_of(self, row: Row, field: str) -> str | None:
        text = self._text_of(row, field)
        if text is None:
            return None
        native = text[3:] if text.startswith(_REDDIT_PREFIXES) else text
        return make_uid(self._source, INSTANCE, native)

    def _thread_of(self, respondent: str) -> str | None:
        return make_uid(self._source, INSTANCE, respondent) if respondent else None

    def _kind_of(self, row: Row) -> Kind:
        if "kind" in self._column:
            told = present(self._cell(row, "kind")).lower().replace(" ", "_")
            if told in KINDS:
                return cast(Kind, told)
        return self._kind

    def _usual_kind(self) -> Kind:
        if self.guess.kind is not None:
            return cast(Kind, self.guess.kind)
        if self._solicited:
            return "survey_answer"
        if "rating" in self._column:
            return "review"
        return "post" if "title" in self._column else "comment"

    def _no_text(self, row: Row) -> Reject:
        where = " and ".join(self._texts)
        return Reject(row.line, f"no text in {where}", as_json(row.values), self._table.name)

    def _samples(self, field: str) -> list[Value]:
        column = self._column.get(field)
        return [] if column is None else [row.values.get(column) for row in self._table.sample]

    def _date_reader(
        self, field: str, as_of: datetime, ceiling: datetime
    ) -> tuple[DateReader, str]:
        texts = [text for value in self._samples(field) if (text := present(value))]
        order, said = decide_order(texts, ceiling)
        reader = DateReader(
            as_of=as_of, ceiling=ceiling, order=order, zero_is_local=offsets_vary(texts)
        )
        return reader, said

    def _rating_scale(self) -> RatingScale | None:
        return decide_scale(self._samples("rating"))


_SENTENCES: Sequence[tuple[str, str]] = (
    ("cleaned", "{count} texts held NUL or half characters, which were taken out."),
    ("removed", "{count} texts had been deleted at the source."),
    ("unanswered", "{count} questions were left unanswered."),
)


def _cleaned(value: Value) -> str | None:
    text, _ = clean_text(present(value))
    return text or None


def _coarser(one: DatePrecision, other: DatePrecision) -> bool:
    return _PRECISIONS.index(one) > _PRECISIONS.index(other)
