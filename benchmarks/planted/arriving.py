"""A feed that arrives month by month in a ledger, read by a known reader in the classifier's place.

Everything from the ledger on is earful's own: copies, facts, what is remembered of signals, the
report. So ids are judged as a user sees them, who reports every month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from benchmarks.planted.feed import Feed, Row
from benchmarks.planted.found import Found, found_in
from benchmarks.planted.given import Encoder, settings_of
from benchmarks.planted.reader import ReadAsk
from earful.keys import SECRET_BYTES, Keyring
from earful.pipeline import CURRENT, make_report
from earful.project import Project
from earful.records import Admitted, Ask, Comment, Tags, tags_to_batch
from earful.store import Ledger
from ingest.fingerprints import fingerprint

VERSION = "planted"


def project_of(feed: Feed, folder: Path) -> Project:
    """A project in ``folder`` that listens for the feed's brands, with a key of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = settings_of(feed).model_copy(update={"root": folder})
    return Project(settings, Keyring(b"p" * SECRET_BYTES))


def reports(
    feed: Feed, asks: Sequence[ReadAsk], moments: Sequence[datetime], folder: Path, encoder: Encoder
) -> Iterator[tuple[datetime, list[Found]]]:
    """The signals reported at each of ``moments`` (rising), of what had arrived by then."""
    project = project_of(feed, folder)
    by_uid: dict[str, list[ReadAsk]] = defaultdict(list)
    for ask in asks:
        by_uid[ask.row.uid].append(ask)
    arriving = sorted(feed.rows, key=lambda row: (row.arrives, row.uid))
    done = 0
    for moment in moments:
        new = [row for row in arriving[done:] if row.arrives < moment]
        done += len(new)
        with project.ledger(create=True) as ledger:
            _store(ledger, new, by_uid, encoder, moment)
        report = make_report(project, formats=["json"])
        yield moment, found_in(report.demand.signals)


def _store(
    ledger: Ledger,
    rows: Sequence[Row],
    asks: dict[str, list[ReadAsk]],
    encoder: Encoder,
    seen_at: datetime,
) -> None:
    if not rows:
        return
    tags = [_tags(row, asks.get(row.uid, ()), encoder) for row in rows]
    with ledger.transaction():
        ledger.upsert([_admitted(row) for row in rows], seen_at)
        ledger.save_tags(tags_to_batch(tags))
        ledger.set_meta(CURRENT, VERSION)


def _admitted(row: Row) -> Admitted:
    marks = fingerprint(row.text)
    comment = Comment(
        source=row.source,
        instance="import",
        native_id=row.id,
        text=row.text,
        author_key=row.person,
        created_at=row.created_at,
        reach=row.likes,
        place=row.place,
        version=row.version,
    )
    digest = blake2b(row.text.encode(), digest_size=8).hexdigest()
    return Admitted(comment, digest, True, marks.exact, marks.near, marks.words)


def _tags(row: Row, asks: Sequence[ReadAsk], encoder: Encoder) -> Tags:
    vectors = encoder.encode([ask.item for ask in asks], [ask.plain for ask in asks])
    spam = 0.9 if row.remark == "advert" else 0.05
    return Tags(
        uid=row.uid,
        model_version=VERSION,
        lang=row.lang,
        read=True,
        sentiment="neutral",
        sentiment_score=0.0,
        categories=("request",) if asks else ("remark",),
        category_scores={},
        spam_score=spam,
        asks=tuple(
            Ask(
                quote=ask.quote,
                start=ask.start,
                end=ask.end,
                item=ask.item,
                type=ask.type,
                strength=ask.strength,
                moment=ask.moment,
                score=0.9,
                vector=tuple(vector.tolist()),
                vector_version=encoder.version,
            )
            for ask, vector in zip(asks, vectors, strict=True)
        ),
    )
