"""The records that flow through earful, each a frozen dataclass with an Arrow schema.

A comment makes one trip: a connector yields a ``Comment``, the door of ``ingest`` makes it safe to
store, ``classify`` answers with ``Tags`` (and the ``Ask`` records inside), and ``reports`` rolls
them up into ``DemandSignal``. All times are UTC; offsets are kept beside them where known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

import pyarrow as pa

Kind = Literal["post", "comment", "review", "message", "ticket", "survey_answer"]
Sentiment = Literal["negative", "neutral", "positive", "mixed"]
RequestType = Literal[
    "new_offering",
    "bring_back",
    "availability",
    "change",
    "fix",
    "price",
    "service",
    "information",
    "wants",
]
Grade = Literal["coincidence", "pattern", "trend", "established"]
DatePrecision = Literal["second", "minute", "day", "week", "month", "year", "none"]

KINDS: tuple[str, ...] = get_args(Kind)
SENTIMENTS: tuple[str, ...] = get_args(Sentiment)
REQUEST_TYPES: tuple[str, ...] = get_args(RequestType)
GRADES: tuple[str, ...] = get_args(Grade)

DAYPARTS: dict[str, tuple[int, int]] = {
    "overnight": (0, 5),
    "morning": (5, 11),
    "midday": (11, 14),
    "afternoon": (14, 17),
    "evening": (17, 21),
    "night": (21, 24),
}
"""Daypart -> half-open range of local hours, as the codebook fixes them."""

TIMESTAMP = pa.timestamp("ms", tz="UTC")
VECTOR = pa.list_(pa.float32())


@dataclass(frozen=True, slots=True)
class Comment:
    """One thing somebody said in one place: a post, comment, review, message or survey answer.

    A connector fills what its platform tells and leaves the rest at its default. ``author`` and
    the unredacted ``text`` exist only on the way from the connector to the door of ``ingest``,
    which turns the author into ``author_key`` (a keyed pseudonym) and redacts the text; neither
    is ever stored as it came. The author does not show in a ``repr``, nor does the link, which
    names the writer on many platforms.

    ``rating`` is on a scale from 0 to 1, ``rating_original`` what the platform showed ("4/5").
    ``reach`` is the sum of likes, reposts and views that the platform tells. ``local_offset`` is
    the writer's offset from UTC in minutes. ``created_precision`` says how well ``created_at`` is
    known ("3 months ago" is known to a month); it is "none" where there is no date.
    """

    source: str
    instance: str
    native_id: str
    text: str
    kind: Kind = "comment"
    channel: str | None = None
    title: str | None = None
    author: str | None = field(default=None, repr=False)
    author_key: str | None = None
    created_at: datetime | None = None
    created_precision: DatePrecision = "second"
    edited_at: datetime | None = None
    seen_at: datetime | None = None
    local_offset: int | None = None
    lang_hint: str | None = None
    rating: float | None = None
    rating_original: str | None = None
    reach: int | None = None
    parent_uid: str | None = None
    thread_uid: str | None = None
    url: str | None = field(default=None, repr=False)
    place: str | None = None
    product: str | None = None
    version: str | None = None
    solicited: bool = False
    deleted: bool = False
    raw: str | None = field(default=None, repr=False)

    @property
    def uid(self) -> str:
        """``source:instance:native_id``, the identity of a comment for ever."""
        return make_uid(self.source, self.instance, self.native_id)


def make_uid(source: str, instance: str, native_id: str) -> str:
    """The uid of a comment; ``source`` and ``instance`` hold no colon, ``native_id`` may."""
    return f"{source}:{instance}:{native_id}"


def reading(title: str | None, text: str) -> str:
    """What a reader reads: the title, a blank line, the text. Ask offsets count in this string."""
    title = (title or "").strip()
    if not title:
        return text
    return f"{title}\n\n{text}" if text.strip() else title


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing asked for in a comment, as the codebook defines it.

    ``start`` and ``end`` count characters of the text that was read (see ``reading``) and
    ``quote`` is exactly that slice. ``strength`` is 1 (mild) to 3 (pressing). ``moment`` is a
    daypart or free words, empty where the words tie the want to no time. ``vector`` is the
    embedding used for grouping, with ``vector_version`` naming the encoder.
    """

    quote: str
    start: int
    end: int
    item: str
    type: RequestType
    strength: int
    moment: str = ""
    place_words: str = ""
    explicit: bool = True
    score: float = 1.0
    vector: tuple[float, ...] = ()
    vector_version: str = ""


@dataclass(frozen=True, slots=True)
class Aspect:
    """The feeling toward one thing in a comment whose feelings are mixed or divided.

    ``start`` and ``end`` count characters of the text that was read; ``name`` is that slice in
    lower case, tidied, or the product's name in the settings. ``score`` runs from -1 to 1.
    """

    name: str
    start: int
    end: int
    sentiment: Sentiment
    score: float


@dataclass(frozen=True, slots=True)
class Tags:
    """What one model version read in one comment.

    ``lang`` is an ISO 639-1 code or "und"; ``read`` is false where the language is not served:
    then there is no sentiment and no category. ``sentiment_score`` runs from -1 to 1,
    ``category_scores`` and ``spam_score`` are calibrated probabilities. There are ``aspects`` only
    where a comment in English is of mixed or divided feelings.
    """

    uid: str
    model_version: str
    lang: str
    read: bool
    sentiment: Sentiment | None
    sentiment_score: float | None
    categories: tuple[str, ...]
    category_scores: dict[str, float]
    spam_score: float
    asks: tuple[Ask, ...] = ()
    aspects: tuple[Aspect, ...] = ()


READ_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("lang_hint", pa.string()),
    ]
)
"""What a tagger is given: one row per comment, ``text`` as ``reading`` makes it."""

ASK_STRUCT = pa.struct(
    [
        pa.field("quote", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("item", pa.string()),
        pa.field("type", pa.string()),
        pa.field("strength", pa.int8()),
        pa.field("moment", pa.string()),
        pa.field("place_words", pa.string()),
        pa.field("explicit", pa.bool_()),
        pa.field("score", pa.float32()),
        pa.field("vector", VECTOR),
        pa.field("vector_version", pa.string()),
    ]
)

ASPECT_STRUCT = pa.struct(
    [
        pa.field("name", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("sentiment", pa.string()),
        pa.field("score", pa.float32()),
    ]
)

TAGS_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("lang", pa.string(), nullable=False),
        pa.field("read", pa.bool_(), nullable=False),
        pa.field("sentiment", pa.string()),
        pa.field("sentiment_score", pa.float32()),
        pa.field("categories", pa.list_(pa.string())),
        pa.field("category_scores", pa.map_(pa.string(), pa.float32())),
        pa.field("spam_score", pa.float32()),
        pa.field("asks", pa.list_(ASK_STRUCT)),
        pa.field("aspects", pa.list_(ASPECT_STRUCT)),
    ]
)
"""What a tagger answers: one row per comment in the order given, asks and aspects nested."""

COMMENT_FACTS_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("instance", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("person", pa.string(), nullable=False),
        pa.field("has_author", pa.bool_(), nullable=False),
        pa.field("created_at", TIMESTAMP),
        pa.field("created_precision", pa.string()),
        pa.field("local_offset", pa.int32()),
        pa.field("rating", pa.float32()),
        pa.field("reach", pa.int64()),
        pa.field("place", pa.string()),
        pa.field("product", pa.string()),
        pa.field("version", pa.string()),
        pa.field("url", pa.string()),
        pa.field("solicited", pa.bool_(), nullable=False),
        pa.field("relevant", pa.bool_(), nullable=False),
        pa.field("copy_of", pa.string()),
        pa.field("copy_reason", pa.string()),
        pa.field("spam", pa.bool_(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field("model_version", pa.string()),
        pa.field("lang", pa.string()),
        pa.field("read", pa.bool_()),
        pa.field("sentiment", pa.string()),
        pa.field("sentiment_score", pa.float32()),
        pa.field("categories", pa.list_(pa.string())),
        pa.field("spam_score", pa.float32()),
        pa.field("spam_reason", pa.string()),
    ]
)
"""Facts, one row per comment that was tagged and not deleted.

``person`` is the author's pseudonym, or the uid where the source has no author (``has_author``
false). ``copy_of`` names the comment this one copies, by the rule of who counts. ``spam_reason``
tells why ``spam`` holds: ``advert`` (by its words), ``same_words`` or ``new_accounts`` (of a
brigade), ``corrected`` (a person said so).
"""

ASK_FACTS_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.string(), nullable=False),
        pa.field("n", pa.int32(), nullable=False),
        pa.field("quote", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("item", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("strength", pa.int8(), nullable=False),
        pa.field("moment", pa.string()),
        pa.field("place_words", pa.string()),
        pa.field("explicit", pa.bool_()),
        pa.field("score", pa.float32()),
        pa.field("vector", VECTOR),
        pa.field("vector_version", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("person", pa.string(), nullable=False),
        pa.field("created_at", TIMESTAMP),
        pa.field("place", pa.string()),
        pa.field("url", pa.string()),
        pa.field("solicited", pa.bool_(), nullable=False),
        pa.field("relevant", pa.bool_(), nullable=False),
        pa.field("copy_of", pa.string()),
        pa.field("spam", pa.bool_(), nullable=False),
        pa.field("lang", pa.string()),
        pa.field("sentiment", pa.string()),
        pa.field("reach", pa.int64()),
    ]
)
"""Facts, one row per ask; the comment's columns that every rollup needs are repeated."""


@dataclass(frozen=True, slots=True)
class ItemCount:
    """One item inside a signal. ``people`` and ``mentions`` as in ``DemandSignal``."""

    item: str
    people: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """People who truly ask, with an interval of 95 %, ``low <= people <= high``.

    ``measured`` is false where nothing is known of how well their comments are read: the three are
    the people as counted then. ``left_out`` people were counted but are in no estimate, and
    ``why_not`` says what was not measured of them.
    """

    people: int
    low: int
    high: int
    measured: bool = False
    left_out: int = 0
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """The words behind a number. ``quote`` is a slice of the stored, redacted comment."""

    uid: str
    quote: str
    url: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trend:
    """Direction of a series. ``ratio`` is the recent weekly rate over the earlier one.

    ``low`` and ``high`` hold the 95 % interval of ``ratio``; ``high`` is None where it has no end.
    """

    direction: Literal["rising", "falling", "steady", "unknown"]
    ratio: float | None
    p: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """From posts to people. ``people_basis`` is "authors", "comments" or "mixed"."""

    posts: int
    without_copies: int
    without_spam: int
    people: int
    people_basis: str


@dataclass(frozen=True, slots=True)
class DemandSignal:
    """Asks for the same thing by different people, under one name, over time.

    ``people`` counts distinct people at the last rung of the ladder; ``mentions`` and ``uids``
    are of the rung without copies and spam. ``series`` holds ISO weeks as (Monday, people,
    mentions). ``moments``, ``sources``, ``places`` and ``sentiment`` map a name to people.
    ``strength`` is the mean over asks, 1 to 3.

    ``p`` is that of the test against the signal's own past and ``q`` the same adjusted for all
    signals of the report: where ``q`` is small enough the grade is "established". Both are None
    where no test was made, and ``untested`` says why.
    """

    id: str
    name: str
    type: RequestType
    items: tuple[ItemCount, ...]
    people: int
    mentions: int
    ladder: Ladder
    estimate: Estimate
    grade: Grade
    first_seen: datetime | None
    last_seen: datetime | None
    series: tuple[tuple[str, int, int], ...]
    trend: Trend
    moments: dict[str, int]
    sources: dict[str, int]
    places: dict[str, int]
    sentiment: dict[str, int]
    strength: float
    quotes: tuple[Quote, ...]
    uids: tuple[str, ...]
    p: float | None = None
    q: float | None = None
    untested: str = ""


def tags_to_batch(tags: list[Tags]) -> pa.RecordBatch:
    """Tags as one Arrow batch of ``TAGS_SCHEMA``, in the order given."""
    return pa.RecordBatch.from_pylist([_tags_row(tag) for tag in tags], schema=TAGS_SCHEMA)


def _tags_row(tags: Tags) -> dict[str, Any]:
    row = {name: getattr(tags, name) for name in TAGS_SCHEMA.names}
    row["category_scores"] = list(tags.category_scores.items())
    row["asks"] = [{name: getattr(ask, name) for name in ASK_STRUCT.names} for ask in tags.asks]
    row["aspects"] = [
        {name: getattr(aspect, name) for name in ASPECT_STRUCT.names} for aspect in tags.aspects
    ]
    return row


@dataclass(frozen=True, slots=True)
class Asker:
    """How a person can be answered; sealed before it is stored, opened by the reply step only."""

    author_key: str
    source: str
    instance: str
    handle: str
    permalink: str | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A comment that passed the door: redacted, pseudonymous, fingerprinted, fit to be stored.

    ``content_hash`` tells a changed row from the same one again. ``exact_print`` is a 64-bit
    hash of the normalised words (equal for exact copies), ``near_prints`` are the bands of a
    locality-sensitive hash (near copies share one; empty for texts too short to compare).
    ``relevant`` is false where the settings' brands are not what the comment is about.
    """

    comment: Comment
    content_hash: str
    relevant: bool
    exact_print: int
    near_prints: tuple[int, ...]
    words: int
    sealed_asker: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A window of a source that was really listened to; ``state`` says how well.

    "complete", "capped" (the platform cut the listing), "failed" (stopped by an error) or
    "imported" (a file).
    """

    source: str
    since: datetime | None
    until: datetime | None
    state: Literal["complete", "capped", "failed", "imported"]
    detail: str = ""
