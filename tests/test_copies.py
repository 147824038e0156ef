"""Who counts: copies are found, and different people who say the same few words are kept."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ingest.copies import BURST_MS, Copy, CopyRow, find_copies
from ingest.fingerprints import MIN_WORDS, fingerprint, normalise, tokens

HOUR = 60 * 60 * 1000
LONG = (
    "please bring the plum dumplings back to the winter menu because my whole family drove "
    "forty minutes for them last year and we would do the same again this december"
)


def row(
    number: int,
    text: str,
    author: str | None = None,
    *,
    at: int | None = None,
    place: str | None = None,
    source: str = "forum",
) -> CopyRow:
    prints = fingerprint(text)
    return CopyRow(
        f"{source}:a:{number:05}",
        source,
        author,
        place,
        at,
        prints.exact,
        prints.near,
        prints.words,
    )


def test_a_brigade_is_one_voice() -> None:
    """Sixty accounts with one long text, slightly changed, over two days: one original."""
    chance = random.Random(4)
    rows = []
    for number in range(60):
        words = (LONG + " so please listen to us for once and do it").split()
        words[chance.randrange(len(words))] = chance.choice(["really", "honestly", "pls", "now"])
        rows.append(row(number, " ".join(words), f"account{number}", at=number * 48 * HOUR // 60))
    copies = list(find_copies(rows))
    assert len(copies) == 59
    assert {copy.copy_of for copy in copies} == {rows[0].uid}
    assert {copy.reason for copy in copies} == {"burst"}


def test_short_words_of_many_people_are_many_people() -> None:
    """Sixty people who write the same three words are sixty people."""
    rows = [row(n, "more dumplings please", f"p{n}", at=n * 1000, place="x") for n in range(60)]
    assert list(find_copies(rows)) == []


def test_one_person_five_times_is_one() -> None:
    """The same author with the same short words: the first counts, the other four do not."""
    rows = [row(n, "More dumplings, please!", "ann", at=n * 400 * 24 * HOUR) for n in range(5)]
    copies = list(find_copies(rows))
    assert [copy.uid for copy in copies] == [each.uid for each in rows[1:]]
    assert {(copy.copy_of, copy.reason) for copy in copies} == {(rows[0].uid, "same_author")}


def test_a_long_text_at_one_place_is_a_copy_years_later() -> None:
    """At one place the same long text needs no burst; at another place, years apart, it is new."""
    year = 365 * 24 * HOUR
    rows = [
        row(1, LONG, "a", at=0, place="north"),
        row(2, LONG, "b", at=2 * year, place="north"),
        row(3, LONG, "c", at=4 * year, place="south"),
    ]
    assert list(find_copies(rows)) == [Copy(rows[1].uid, rows[0].uid, "same_place")]


def test_a_burst_ends_after_a_week_of_silence() -> None:
    """Each within seven days of the one before is one burst; later the text is somebody's own."""
    times = [0, BURST_MS, 2 * BURST_MS, 3 * BURST_MS + 1]
    rows = [row(n, LONG, f"p{n}", at=at) for n, at in enumerate(times)]
    assert [copy.uid for copy in find_copies(rows)] == [rows[1].uid, rows[2].uid]


def test_without_date_author_and_place_the_text_decides() -> None:
    """Where a source tells nothing else, its own same long text again is a copy."""
    rows = [
        row(1, LONG),
        row(2, LONG),
        row(3, LONG, source="survey"),
        row(4, "too few"),
        row(5, "too few"),
    ]
    assert list(find_copies(rows)) == [Copy(rows[1].uid, rows[0].uid, "burst")]


def test_undated_rows_come_after_dated_ones() -> None:
    """The original is the oldest known; a row without a date is never older."""
    rows = [row(1, LONG, "ann"), row(2, LONG, "ann", at=5)]
    assert list(find_copies(rows)) == [Copy(rows[0].uid, rows[1].uid, "same_author")]


texts = st.sampled_from(
    [LONG, LONG + " thanks", "yes", "no way", LONG.replace("december", "march"), "我想要素食汉堡包"]
)
rows_of_any_kind = st.lists(
    st.tuples(
        texts,
        st.sampled_from([None, "a", "b", "c"]),
        st.one_of(st.none(), st.integers(0, 10 * BURST_MS)),
        st.sampled_from([None, "here", "there"]),
    ),
    max_size=25,
).map(lambda all_: [row(n, t, a, at=at, place=p) for n, (t, a, at, p) in enumerate(all_)])


@given(rows_of_any_kind, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows: list[CopyRow], chance: random.Random) -> None:
    """The same rows in any order give the same copies."""
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert list(find_copies(shuffled)) == list(find_copies(rows))


@given(rows_of_any_kind)
def test_an_original_is_no_copy(rows: list[CopyRow]) -> None:
    """A copy leads straight to a row that counts, and no row is its own copy or one twice."""
    copies = list(find_copies(rows))
    copied = [copy.uid for copy in copies]
    assert len(set(copied)) == len(copied)
    assert not {copy.copy_of for copy in copies} & set(copied)
    assert {copy.copy_of for copy in copies} <= {each.uid for each in rows}


def test_a_family_of_thousands_is_quick() -> None:
    """Ten thousand of one family are told apart one by one, not pair by pair."""
    prints = fingerprint(LONG)
    rows = [
        CopyRow(f"f:a:{n:05}", "f", f"p{n}", None, n, prints.exact, prints.near, prints.words)
        for n in range(10_000)
    ]
    assert len(list(find_copies(rows))) == 9_999


def test_prints_see_through_case_punctuation_and_emoji() -> None:
    """What differs only in case, punctuation, width or emoji has one exact print."""
    assert fingerprint("More DUMPLINGS!!! 🥟").exact == fingerprint("more ｄumplings").exact
    assert normalise("Don’t—stop") == normalise("dont stop")
    assert fingerprint("more dumplings").exact != fingerprint("fewer dumplings").exact


def test_short_texts_have_no_near_prints() -> None:
    """Below the least number of words there is nothing to be near to."""
    assert fingerprint("one two three four five six seven").near == ()
    assert len(tokens(LONG)) >= MIN_WORDS
    assert fingerprint(LONG).near


def test_scripts_without_spaces_are_counted() -> None:
    """Two characters of a script without spaces count as a word."""
    assert fingerprint("素食汉堡包").words == 3
    assert fingerprint("채식 버거 주세요").words == 3


@given(st.text())
def test_prints_fit_the_ledger(text: str) -> None:
    """Every print is a signed 64-bit integer, the same each time."""
    prints = fingerprint(text)
    assert all(-(2**63) <= each < 2**63 for each in (prints.exact, *prints.near))
    assert prints == fingerprint(text)


def test_prints_are_part_of_the_format() -> None:
    """Stored prints must still match after an upgrade, so their values are fixed."""
    prints = fingerprint(LONG)
    assert (prints.exact, prints.near[0], prints.near[-1]) == PINNED


PINNED = (326345687467153337, -2042936282234430875, -4559847833486844943)
