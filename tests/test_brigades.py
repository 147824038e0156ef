"""Brigades: bursts of new accounts are told from people, and from news that brings new people."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from earful.facts import build_facts
from earful.pipeline import SetAside, mark_who_counts
from earful.records import Admitted, Ask, Comment, Tags, tags_to_batch
from earful.store import Ledger
from ingest.brigades import DAY_MS, BrigadeRow, find_brigades
from ingest.fingerprints import fingerprint

NOON = DAY_MS // 2


def row(
    number: int, day: float, author: str, text: str = "", items: tuple[str, ...] = (), **of: object
) -> BrigadeRow:
    prints = fingerprint(text or f"remark number {number} about the tea")
    return BrigadeRow(
        f"forum:a:{number:05}",
        str(of.get("source", "forum")),
        author,
        round(day * DAY_MS) + NOON,
        prints.exact,
        prints.words,
        items,
        bool(of.get("copy", False)),
    )


def forum(days: int = 200, regulars: int = 40, newcomers: int = 1) -> list[BrigadeRow]:
    """A forum where ``regulars`` talk, five comments a day, and so many newcomers a day look in."""
    chance = random.Random(7)
    rows = [row(n, n / 5, f"regular{chance.randrange(regulars)}") for n in range(days * 5)]
    rows += [
        row(5000 + n, n / newcomers, f"newcomer{n}")
        for n in range(days * newcomers if newcomers else 0)
    ]
    return rows


def wish(count: int, day: float, text: str, item: str = "plum scones", prefix: str = "acc"):
    return [row(20_000 + n, day + n / 1000, f"{prefix}{n}", text, (item,)) for n in range(count)]


def test_new_accounts_with_the_same_short_words_are_one_voice() -> None:
    """Thirty accounts nobody knew paste five words in one hour: the oldest counts, for all."""
    burst = wish(30, 100, "plum scones all year please")
    found = list(find_brigades(forum() + burst))
    assert {one.uid for one in found} == {each.uid for each in burst[1:]}
    assert {(one.voice, one.reason) for one in found} == {(burst[0].uid, "same_words")}


def test_the_same_words_over_the_year_are_people() -> None:
    """Thirty newcomers who write the same words, a week between them, are thirty people."""
    said = [
        row(20_000 + n, 30 + n * 5, f"acc{n}", "plum scones all year please", ("plum scones",))
        for n in range(30)
    ]
    assert list(find_brigades(forum() + said)) == []


def test_regulars_who_say_the_same_on_one_day_are_people() -> None:
    """A thread where thirty people known for months repeat a slogan is no brigade."""
    said = [
        row(20_000 + n, 100.01, f"regular{n}", "plum scones all year please", ("plum scones",))
        for n in range(30)
    ]
    assert list(find_brigades(forum() + said)) == []


def test_new_accounts_that_ask_for_one_thing_in_other_words_are_a_brigade() -> None:
    """Sixty accounts nobody knew want one item within a day, each in words of its own."""
    burst = [
        row(20_000 + n, 100 + n / 100, f"acc{n}", f"reason {n} why I want them", ("plum scones",))
        for n in range(60)
    ]
    found = list(find_brigades(forum() + burst))
    assert len(found) == 59
    assert {one.reason for one in found} == {"new_accounts"}


def test_an_outcry_of_people_is_none() -> None:
    """Sixty ask for one item in a day, a third of them known: news, not a brigade."""
    said = [
        row(
            20_000 + n,
            100 + n / 100,
            f"regular{n % 20}" if n % 3 == 0 else f"acc{n}",
            f"reason {n} why I want them",
            ("plum scones",),
        )
        for n in range(60)
    ]
    assert list(find_brigades(forum() + said)) == []


def test_where_everybody_is_seen_once_no_account_is_strange() -> None:
    """In an app store all accounts are new: an outage that makes fifty say one thing is heard."""
    store = [row(n, n / 20, f"user{n}") for n in range(4000)]
    said = wish(50, 100, "please fix the login screen", "login screen")
    assert list(find_brigades(store + said)) == []


def test_the_first_month_of_a_source_tells_nobody_to_be_new() -> None:
    """When listening begins everyone is new, so a burst in that month is left alone."""
    assert list(find_brigades(forum() + wish(30, 10, "plum scones all year please"))) == []


def test_very_short_words_and_words_that_ask_for_nothing_are_left_alone() -> None:
    """Fifty newcomers who write "plum scones now" or only greet are no brigade by their words."""
    short = wish(12, 100, "plum scones now")
    greeting = [row(30_000 + n, 120, f"hi{n}", "a very good day to all") for n in range(50)]
    assert list(find_brigades(forum() + short + greeting)) == []


def test_the_order_of_rows_makes_no_difference() -> None:
    """However the rows come, the same comments are told, with the same voice."""
    rows = forum(days=80) + wish(30, 60, "plum scones all year please")
    expected = set(find_brigades(rows))
    random.Random(3).shuffle(rows)
    assert set(find_brigades(rows)) == expected
    assert expected


def test_an_account_known_by_a_copy_is_not_new() -> None:
    """Copies are no members, yet they tell since when an author is known."""
    burst = wish(30, 100, "plum scones all year please")
    earlier = [row(40_000 + n, 50, f"acc{n}", "an old remark", copy=True) for n in range(30)]
    assert list(find_brigades(forum() + burst + earlier)) == []


BEGINNING = datetime(2023, 1, 1, 12, tzinfo=UTC)


def stored(ledger: Ledger, rows: list[BrigadeRow]) -> None:
    """Put rows of the rule into a ledger as comments that were tagged."""
    comments, tags = [], []
    for one in rows:
        text = one.items[0] if one.items else one.uid
        comments.append(
            Admitted(
                comment=Comment(
                    source="forum",
                    instance="a",
                    native_id=one.uid.rsplit(":")[-1],
                    text=text,
                    author_key=one.author_key,
                    created_at=BEGINNING + timedelta(milliseconds=one.created_at),
                ),
                content_hash=one.uid,
                relevant=True,
                exact_print=one.exact_print,
                near_prints=(),
                words=one.words,
            )
        )
        asks = tuple(Ask(text, 0, len(text), text, "bring_back", 2) for _ in one.items)
        tags.append(Tags(one.uid, "m", "en", True, "neutral", 0.0, ("remark",), {}, 0.01, asks))
    with ledger.transaction():
        ledger.upsert(comments, BEGINNING)
        ledger.save_tags(tags_to_batch(tags))
        ledger.set_meta("model_version", "m")


def test_brigades_are_stored_and_stand_in_the_facts(tmp_path: Path) -> None:
    """In the facts they are spam with the reason, and can be read; a comment that is deleted at its
    source is no longer among them."""
    burst = wish(30, 100, "plum scones all year please")
    with Ledger.open(tmp_path / "earful.db") as ledger:
        stored(ledger, [*forum(), *burst])
        assert mark_who_counts(ledger) == mark_who_counts(ledger) == SetAside(0, 29)
        facts = build_facts(ledger, tmp_path / "facts", 0.5)
        spam = [row for row in pq.read_table(facts.comments).to_pylist() if row["spam"]]
        assert {row["uid"] for row in spam} == {each.uid for each in burst[1:]}
        assert {(row["spam_reason"], row["text"]) for row in spam} == {
            ("same_words", "plum scones")
        }
        asked = pq.read_table(facts.asks).to_pylist()
        assert [row["uid"] for row in asked if not row["spam"]] == [burst[0].uid]
        with ledger.transaction():
            gone = Comment("forum", "a", burst[5].uid.rsplit(":")[-1], "", deleted=True)
            ledger.upsert([Admitted(gone, "gone", True, 0, (), 0)], BEGINNING)
        left = [uid for (uid,) in ledger.connection.execute("SELECT uid FROM brigades")]
        assert len(left) == 28
        assert burst[5].uid not in left
