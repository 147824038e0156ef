"""The planted feeds are what their scenarios say, and the measures tell good reports from bad."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.planted import real_background
from benchmarks.planted.arriving import reports
from benchmarks.planted.campaigns import Effect, compare, without_campaigns
from benchmarks.planted.deck import APART, Deck
from benchmarks.planted.failures import worst
from benchmarks.planted.feed import (
    BACKGROUND,
    BRIGADE,
    COPY,
    LOUD,
    ORDINARY,
    Asked,
    Feed,
    Row,
)
from benchmarks.planted.files import PEOPLE, TRUTH, write_feed
from benchmarks.planted.found import Found, found_in, found_in_file
from benchmarks.planted.given import NoVectors, copies, demand_of, write_facts
from benchmarks.planted.intervals import Coverage, covered
from benchmarks.planted.inventory import ALIKE, alike, inventory, shortcomings
from benchmarks.planted.matching import Matching
from benchmarks.planted.measures import (
    figures,
    labels_and_clusters,
    near_merged,
    pair_counting,
    particulars,
)
from benchmarks.planted.over_time import Stability, alarms, delays
from benchmarks.planted.planting import plant
from benchmarks.planted.reader import IMPERFECT, NAMING, PERFECT, read
from benchmarks.planted.runs import grouping, summary
from benchmarks.planted.scenario import Scenario, load_scenario, scenario_names
from benchmarks.planted.sentences import brands
from benchmarks.planted.table import table
from benchmarks.planted.tides import Tides
from benchmarks.planted.trip import brand_sections
from benchmarks.planted.voice import habit, speak
from earful.errors import ConfigurationError, DataError
from earful.settings import Settings
from ingest.files import read_comments
from reports.growth import Growth

PAIRS = {"standard": ("fernpad", "ladlehouse"), "held_out": ("plumhurst", "wendle")}


@pytest.fixture(scope="module")
def feed() -> Feed:
    """The standard feed, planted once for this file."""
    return plant(load_scenario("standard"), 1)


@pytest.fixture(scope="module")
def small() -> Feed:
    """Half a year of one brand: some dozens of people."""
    return plant(little(), 1)


def little(**changes: object) -> Scenario:
    """A scenario that is quick to measure."""
    told = {
        "name": "little",
        "brands": ("fernpad",),
        "start": date(2023, 1, 2),
        "weeks": 30,
        "people": 12,
        "background": 3,
    }
    return Scenario.model_validate({**told, **changes})


# Sentences


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("standard", "dark-mode: de 3 en 12 es 3 ko 3 pl 3"),
        ("held_out", "room-fridge: de 4 en 16 es 4 ko 4 pl 4"),
    ],
)
def test_both_sets_are_fit(scenario: str, told: str) -> None:
    """Two brands, thirty items, near misses, enough sentences that differ, five languages."""
    chosen = [brands()[key] for key in load_scenario(scenario).brands]
    assert shortcomings(chosen) == []
    assert told in inventory(chosen)


def test_what_a_set_lacks_is_told() -> None:
    """One brand is too few, and so is an item with one sentence, or with one twice."""
    fernpad = brands()["fernpad"]
    rare = [one for one in fernpad.wordings if one.items == ("linux",) and one.lang == "en"]
    others = [one for one in fernpad.wordings if one.items != ("linux",)]
    poor = replace(fernpad, wordings=(*others, rare[0], rare[0]), near=(), causes=())
    told = "\n".join(shortcomings([poor]))
    for words in ("1 brands", "15 things", "0 near misses", "linux: 2 sentences in English",
                  "linux: a sentence stands there twice", "no cause of a brigade"):  # fmt: skip
        assert words in told, words


def test_the_brands_never_tuned_on_share_nothing_with_the_others() -> None:
    """No item and no sentence of the pair never tuned on stands in the standard one."""
    keys = {
        name: {item.key for key in pair for item in brands()[key].items}
        for name, pair in PAIRS.items()
    }
    texts = {
        name: {
            told.text.casefold()
            for brand in (brands()[key] for key in pair)
            for told in (*brand.wordings, *brand.remarks, *brand.asides)
        }
        for name, pair in PAIRS.items()
    }
    assert not keys["held_out"] & keys["standard"]
    assert not texts["held_out"] & texts["standard"]


def test_quotes_hold_words_of_the_sentence_and_items_are_lower_case_or_names() -> None:
    """Each ask has words to quote and a said item that is no whole sentence."""
    for brand in brands().values():
        for wording in brand.wordings:
            assert 1 <= wording.strength <= 3
            for piece in wording.pieces:
                assert "{" not in piece.text
                if piece.item is not None:
                    assert piece.text.strip()
                    assert 0 < len(piece.said.split()) <= 7, piece.said


TOML = (
    'name = "Kiosk"\nnames = ["kiosk"]\nnear = []\n[[source]]\nname = "s"\nkind = "post"\n'
    '[[item]]\nkey = "ice"\nname = "ice"\ntype = "new_offering"\n'
)
TABLES = {
    "asks.tsv": "item\tlang\tstrength\tmoment\tsaid\ttext\nice\ten\t2\t\tice\t{Ice}, please\n",
    "asides.tsv": "lang\tplace\ttext\nen\tbefore\tHello.\nen\tafter\tBye.\n",
    "background.tsv": "kind\tlang\ttext\npraise\ten\tNice stall.\n",
    "campaigns.tsv": "cause\tkind\tsaid\ttext\n",
}


def kiosk(folder: Path, **changes: tuple[str, str]) -> Path:
    """A brand of one item, with one text changed to another in the files named."""
    folder.mkdir(parents=True)
    for name, text in {"brand.toml": TOML, **TABLES}.items():
        old, new = changes.get(name.partition(".")[0], ("", ""))
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return folder.parent


def test_a_small_set_loads(tmp_path: Path) -> None:
    """A brand needs no more than one item, one sentence and asides in its language."""
    (brand,) = brands(kiosk(tmp_path / "set" / "kiosk")).values()
    assert [wording.text for wording in brand.wordings] == ["Ice, please"]
    assert brand.misspellings == brand.causes == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("brand", 'name = "Kiosk"', 'nam = "Kiosk"', "brand.toml"),
        ("brand", "near = []", 'near = [["ice", "icy"]]', "Did you mean 'ice'"),
        ("brand", "new_offering", "new_ofering", "new_offering"),
        ("brand", '"post"', '"tweet"', "source.0.kind"),
        ("brand", "near = []", "near = [", "not valid TOML"),
        ("asks", "{Ice}", "Ice", "asks.tsv:2"),
        ("asks", "{Ice}", "{Ice", "asks.tsv:2"),
        ("asks", "\t2\t", "\t4\t", "'4' is none of 1, 2, 3"),
        ("asks", "\t2\t", "\t", "item, lang, strength, moment, said, text"),
        ("asks", "ice\ten", "rice\ten", "Did you mean 'ice'"),
        ("asks", "ice\ten\t2\t\tice\t{Ice}, please\n", "", "no sentence asks for 'ice'"),
        ("asides", "after\tBye", "behind\tBye", "none of before, after"),
        ("asides", "en\tafter\tBye.\n", "", "no aside in 'en' that stands after"),
        ("background", "praise", "prase", "Did you mean 'praise'"),
        ("background", "kind\tlang", "lang\tkind", "background.tsv:1"),
    ],
)
def test_what_is_wrong_in_a_set_is_named(
    tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    """Errors name the file, the line in a table, and what would be right."""
    with pytest.raises(DataError) as error:
        brands(kiosk(tmp_path / "set" / "kiosk", **{file: (old, new)}))
    assert told in str(error.value)
    assert f"{file}." in str(error.value)


def test_brands_share_no_names(tmp_path: Path) -> None:
    """Two items of one key would be counted as one, so they are refused; so is a missing table."""
    kiosk(tmp_path / "set" / "kiosk")
    folder = kiosk(tmp_path / "set" / "stall")
    with pytest.raises(DataError, match="'ice' is in kiosk and in stall"):
        brands(folder)
    other = kiosk(tmp_path / "other" / "kiosk")
    (other / "kiosk" / "asides.tsv").unlink()
    with pytest.raises(DataError, match=r"asides\.tsv"):
        brands(other)


# Voices and decks


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_quotes_are_known_in_every_voice(seed: int, long: bool) -> None:
    """However a sentence is mangled, the offsets lead to the words that carry its asks."""
    rng = random.Random(seed)
    brand = rng.choice(list(brands().values()))
    wording = rng.choice(brand.wordings)
    spoken = speak(wording, brand.asides, habit(wording.lang, rng), rng, long=long)
    assert spoken.text == spoken.text.strip()
    assert len(spoken.quotes) == len(wording.items)
    asked = [piece for piece in wording.pieces if piece.item is not None]
    for piece, (start, end) in zip(asked, spoken.quotes, strict=True):
        said = spoken.text[start:end]
        assert said.strip()
        likeness = set(said.casefold()) & set(piece.text.casefold())
        assert len(likeness) >= len(set(piece.text.casefold())) / 2


def test_a_deck_gives_nobody_a_sentence_twice_and_none_again_soon() -> None:
    """A sentence returns after longer than a burst, where there are others; else it says so."""
    deck = Deck(["a", "b", "c"], random.Random(1))
    monday = datetime(2024, 1, 1, tzinfo=UTC)
    assert {deck.deal("ann", monday)[0] for _ in range(3)} == {"a", "b", "c"}
    assert deck.deal("bob", monday + timedelta(days=1))[1]
    assert not deck.deal("bob", monday + APART + timedelta(days=2))[1]


# Scenarios and planting


def test_equal_seeds_give_equal_feeds_and_others_differ() -> None:
    """A feed depends on scenario and seed alone."""
    assert plant(little(), 3).rows == plant(little(), 3).rows
    assert plant(little(), 3).rows != plant(little(), 4).rows


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_can_be_planted(name: str) -> None:
    """All shipped scenarios load, and rows lie in their weeks and in order."""
    planted = plant(load_scenario(name), 1)
    dates = [row.created_at for row in planted.rows]
    assert dates == sorted(dates)
    assert planted.tides.start_of(0) <= dates[0]
    assert dates[-1] < planted.tides.end
    assert len(planted.by_uid) == len(planted.rows)


def test_a_misspelt_scenario_item_or_source_is_guessed(tmp_path: Path) -> None:
    """Errors name what is wrong and what was probably meant."""
    with pytest.raises(ConfigurationError, match="standard"):
        load_scenario("standart")
    path = tmp_path / "own.toml"
    base = 'brands = ["fernpad"]\nstart = 2023-01-02\nweeks = 9\npeople = 5\n'
    for wrong, meant in (
        ('[[growth]]\nitem = "dark-mod"\nweek = 1\nfactor = 2\n', "dark-mode"),
        ('[[gap]]\nsource = "fern-shop"\nsince = 1\nuntil = 2\n', "fern-store"),
        ('[[loud]]\ncause = "leaf-sound"\ntimes = 2\nweek = 1\nweeks = 1\n', "vertical-tabs"),
        ("peeple = 3\n", "peeple"),
    ):
        path.write_text(base + wrong, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=meant):
            load_scenario(path)


def test_people_follow_the_ranks(feed: Feed) -> None:
    """The most wanted items are asked for by many times the people of the last ones."""
    counts = {label: len(who) for label, who in feed.people.items()}
    for brand in feed.brands:
        plain = [item.key for item in brand.items if item.theme is None]
        assert counts[plain[0]] > 3 * counts[plain[-1]]
    assert 2_300 <= len(feed.rows) <= 3_300


def test_stories_are_what_they_say(feed: Feed) -> None:
    """A loud person is one, a brigade is many accounts in two hours with one text."""
    rows = {story: [r for r in feed.rows if r.story == story] for story in (LOUD, BRIGADE, COPY)}
    assert {len([r for r in rows[LOUD] if r.person == who]) for who in
            {r.person for r in rows[LOUD]}} == {40}  # fmt: skip
    for text in {row.text for row in rows[BRIGADE]}:
        marching = [row for row in rows[BRIGADE] if row.text == text]
        assert len({row.person for row in marching}) == 30
        assert marching[-1].created_at - marching[0].created_at <= timedelta(hours=2)
    originals = {row.text for row in feed.rows if row.story == ORDINARY}
    assert rows[COPY]
    assert {row.text for row in rows[COPY]} <= originals
    assert feed.people["left-handed-ladles"] == {
        row.person for row in rows[LOUD] if row.brand == "ladlehouse"
    }
    assert "laptop-ban" not in feed.people


def test_copies_are_the_planted_ones_and_hardly_any_others(feed: Feed) -> None:
    """The rule of who counts marks copies and brigades; ordinary asks are not alike by accident."""
    marked = Counter(feed.by_uid[uid].story for uid in copies(feed.rows))
    told = Counter(row.story for row in feed.rows)
    assert marked[BRIGADE] == told[BRIGADE] - 2
    assert marked[COPY] >= 0.95 * told[COPY]
    assert alike(feed) == marked[ORDINARY] / told[ORDINARY] <= ALIKE
    assert marked[BACKGROUND] <= 0.02 * told[BACKGROUND]


def test_gap_opening_and_backfill_are_kept() -> None:
    """A dead source is silent, a new one begins late, a backfill is known late."""
    planted = plant(
        little(
            people=40,
            gap=[{"source": "fern-store", "since": 5, "until": 9}],
            opening=[{"source": "fern-social", "week": 12}],
            backfill=[{"source": "fern-forum", "before": 10, "arrives": 20}],
        ),
        1,
    )
    weeks = {
        name: {planted.tides.week_of(r.created_at) for r in planted.rows if r.source == name}
        for name in ("fern-store", "fern-social", "fern-forum")
    }
    assert not weeks["fern-store"] & {5, 6, 7, 8}
    assert weeks["fern-store"] & {4, 9}
    assert min(weeks["fern-social"]) >= 12
    late = [row for row in planted.rows if row.arrives > row.created_at]
    assert {row.source for row in late} == {"fern-forum"}
    assert {planted.tides.week_of(row.arrives) for row in late} == {20}
    known = planted.known_at(planted.tides.start_of(15))
    assert not any(row in known.rows for row in late)


def test_growth_and_launch_change_how_many_ask() -> None:
    """Four times as many ask after the growth, hardly anybody after the launch."""
    planted = plant(
        little(
            people=200,
            weeks=40,
            growth=[{"item": "widget", "week": 20, "factor": 4}],
            launch=[{"item": "dark-mode", "week": 20, "residual": 0.05}],
        ),
        2,
    )

    def halves(item: str) -> tuple[int, int]:
        weeks = [
            planted.tides.week_of(row.created_at)
            for row in planted.rows
            if any(asked.item == item for asked in row.asks)
        ]
        return sum(week < 20 for week in weeks), sum(week >= 20 for week in weeks)

    before, after = halves("widget")
    assert after > 2.5 * before
    before, after = halves("dark-mode")
    assert after < 0.2 * before


def test_files_import_and_hold_no_truth(small: Feed, tmp_path: Path) -> None:
    """Every row can be read back under its uid; the truth lies in files of its own."""
    paths = write_feed(small, tmp_path)
    uids = set()
    for source, path in paths.items():
        comments = list(read_comments(path, source=source, secret=b"k" * 32))
        uids |= {comment.uid for comment in comments}
        assert all(comment.author and comment.created_at for comment in comments)
        keys = {key for line in path.read_text(encoding="utf-8").splitlines()
                for key in json.loads(line)}  # fmt: skip
        assert not keys & {"story", "person", "asks", "item"}
    assert uids == set(small.by_uid)
    truth = [json.loads(line) for line in (tmp_path / TRUTH).read_text("utf-8").splitlines()]
    assert len(truth) == len(small.rows)
    people = json.loads((tmp_path / PEOPLE).read_text(encoding="utf-8"))
    assert {label: len(who) for label, who in people.items()} == {
        label: len(who) for label, who in small.people.items()
    }


# Readers


def test_a_perfect_reader_misses_and_invents_nothing(small: Feed) -> None:
    """Its asks are those of the truth, word for word."""
    asks = read(small, PERFECT)
    assert Counter((ask.row.uid, ask.quote) for ask in asks) == Counter(
        (row.uid, row.text[one.start : one.end]) for row in small.rows for one in row.asks
    )


def test_an_imperfect_reader_errs_as_much_as_it_says(feed: Feed) -> None:
    """Recall and precision are as stated, within what chance allows."""
    asks = read(feed, IMPERFECT)
    right = [ask for ask in asks if ask.row.asks]
    there = sum(len(row.asks) for row in feed.rows)
    assert len(right) / there == pytest.approx(IMPERFECT.recall, abs=0.04)
    assert len(right) / len(asks) == pytest.approx(IMPERFECT.precision, abs=0.01)
    for ask in asks:
        assert ask.row.text[ask.start : ask.end] == ask.quote
        assert ask.item


# Matching and measures


def hand_made(*rows: tuple[str, str, tuple[str, ...]], story: str = ORDINARY) -> Feed:
    """A feed of rows (id, person, items) at Fernpad's forum."""
    asks = [
        Row(
            id=number,
            brand="fernpad",
            source="fern-forum",
            kind="comment",
            person=person,
            created_at=datetime(2023, 1, 2, tzinfo=UTC),
            arrives=datetime(2023, 1, 2, tzinfo=UTC),
            text="words",
            lang="en",
            story=story if items else BACKGROUND,
            asks=tuple(Asked(item, item, item, 0, 5, 2, "") for item in items),
        )
        for number, person, items in rows
    ]
    return Feed(little(), 1, tuple(asks))


def signal(name: str, *ids: str, people: int = 0, **changes: object) -> Found:
    """A signal of these rows of the forum; one person a row unless said otherwise."""
    made = Found(
        id=name,
        name=name,
        type="change",
        people=people or len(ids),
        low=people or len(ids),
        high=people or len(ids),
        grade="trend",
        direction="steady",
        moments={},
        items=(name,),
        uids=frozenset(f"fern-forum:import:{number}" for number in ids),
    )
    return replace(made, **changes)


FIVE = [
    *((f"w{n}", f"p{n}", ("widget",)) for n in range(5)),
    *((f"s{n}", f"q{n}", ("offline-search",)) for n in range(4)),
    *((f"e{n}", f"r{n}", ("offline-editing",)) for n in range(4)),
    ("x", "z", ()),
]


def matched(*signals: Found) -> Matching:
    return Matching(hand_made(*FIVE), signals)


def test_a_perfect_report_is_perfect() -> None:
    """One signal per item with its people: every share is 1 and no figure is off."""
    told = figures(
        matched(
            signal("widget", *(f"w{n}" for n in range(5))),
            signal("search", *(f"s{n}" for n in range(4))),
            signal("editing", *(f"e{n}" for n in range(4))),
        )
    )
    assert (told.recall, told.precision, told.pure) == (1, 1, 1)
    assert (told.pair_f1, told.people_error, told.near_merged) == (1, 0, 0)
    assert told.nmi == pytest.approx(1)
    assert (told.covered, told.covered_found) == (1, 1)


def test_an_item_in_pieces_is_not_found() -> None:
    """Half of an item's people in one signal are no majority; the pieces cost pair recall only."""
    pieces = matched(
        signal("a", "s0", "s1"), signal("b", "s2", "s3"), signal("w", "w0", "w1", "w2", "w3", "w4")
    )
    fates = {fate.label: fate for fate in pieces.fates}
    assert not fates["offline-search"].found
    assert fates["offline-search"].error == 0.5
    assert fates["offline-editing"].signal is None
    assert fates["offline-editing"].error == 1
    assert fates["widget"].found
    told = figures(pieces)
    assert told.recall == pytest.approx(1 / 3)
    assert told.precision == pytest.approx(1 / 3)
    assert told.pure == 1
    assert told.pair_precision == 1
    assert told.pair_recall == pytest.approx((10 + 1 + 1) / (10 + 6 + 6))


def test_merged_near_misses_and_strangers_are_seen() -> None:
    """A signal of two near misses is counted as such; what nobody asked for makes it impure."""
    both = matched(signal("offline", *(f"s{n}" for n in range(4)), *(f"e{n}" for n in range(4))))
    assert near_merged(both) == 1
    assert not any(fate.found for fate in both.fates)
    one_stray = matched(signal("offline", *(f"s{n}" for n in range(4)), "e0"))
    assert near_merged(one_stray) == 0
    strange = matched(signal("search", *(f"s{n}" for n in range(4)), "x"))
    assert strange.purity(strange.signals[0], "offline-search") == 0.8
    assert figures(strange).pair_precision == pytest.approx(6 / 10)


def test_particulars_count_under_their_theme() -> None:
    """Who asks for the dish is among the people of the theme."""
    theme = next(item.theme for brand in brands().values() for item in brand.items if item.theme)
    dishes = [item.key for item in brands()["ladlehouse"].items if item.theme]
    scenario = little(brands=("ladlehouse",))
    rows = hand_made(("1", "a", (theme,)), ("2", "b", (dishes[0],)), ("3", "c", (dishes[1],))).rows
    planted = Feed(scenario, 1, rows)
    assert planted.people == {theme: {"a", "b", "c"}}
    whole = Matching(planted, (signal("breakfast", "1", "2"),))
    assert whole.fates[0].held == pytest.approx(2 / 3)
    assert particulars(whole) == 0.5


def test_one_comment_with_two_asks_is_judged_by_both() -> None:
    """Each ask of a comment is laid to the signal that is mainly about it."""
    planted = hand_made(*FIVE, ("both", "y", ("widget", "offline-search")))
    two = Matching(
        planted,
        (
            signal("w", *(f"w{n}" for n in range(5)), "both"),
            signal("s", *(f"s{n}" for n in range(4)), "both"),
        ),
    )
    laid = Counter(zip(*labels_and_clusters(two), strict=True))
    assert laid["widget", "w"] == 6
    assert laid["offline-search", "s"] == 5
    assert near_merged(two) == 0


def test_campaigns_are_counted_by_people() -> None:
    """A brigade that fills a signal is seen; a loud person is one."""
    marching = hand_made(("1", "a", ("leaf-sound",)), ("2", "b", ("leaf-sound",)), story=BRIGADE)
    assert Matching(marching, (signal("leaf", "1", "2"),)).story_people(BRIGADE) == 2
    loud = hand_made(("1", "a", ("vertical-tabs",)), ("2", "a", ("vertical-tabs",)), story=LOUD)
    assert Matching(loud, (signal("tabs", "1", "2", people=1),)).story_people(LOUD) == 1
    assert loud.people == {"vertical-tabs": {"a"}}
    assert not Matching(loud, ()).fates


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_pair_counting_counts_pairs(asks: list[tuple[int, int]]) -> None:
    """The figures are those of looking at every pair."""
    labels, clusters = [f"l{a}" for a, _ in asks], [f"c{b}" for _, b in asks]
    pairs = [(i, j) for i in range(len(asks)) for j in range(i)]
    told = {(i, j) for i, j in pairs if clusters[i] == clusters[j]}
    true = {(i, j) for i, j in pairs if labels[i] == labels[j]}
    found = pair_counting(labels, clusters)
    assert found.precision == (len(told & true) / len(told) if told else 0)
    assert found.recall == (len(told & true) / len(true) if true else 0)


def test_failures_are_told_in_words() -> None:
    """The worst item comes first, with the signals that hold its pieces."""
    failing = worst(matched(signal("a", "w0", "w1"), signal("b", "s0", "s1", "s2", "s3", "x")), 2)
    assert [failure.fate.label for failure in failing] == ["offline-editing", "widget"]
    assert "2 in 'a' (2 people)" in failing[1].told


# From asks to signals, and over time


def test_named_asks_come_out_as_their_items(small: Feed, tmp_path: Path) -> None:
    """Where every item has one name, the report finds each with just its people."""
    facts = write_facts(small, read(small, NAMING), tmp_path, NoVectors())
    matching = Matching(small, tuple(found_in(demand_of(small, facts).signals)))
    told = figures(matching)
    assert told.recall >= 0.9
    assert told.people_error_found == 0
    assert told.brigade == told.loud == 0


def test_stability_sees_a_changed_id() -> None:
    """An id that changes is not kept; who goes to another signal takes it along."""
    before = [signal("one", "w0", "w1", "w2"), signal("two", "s0", "s1"), signal("alone", "e0")]
    after = [signal("one", "w0", "w1", "w2", "w3"), signal("new", "s0", "s1")]
    told = Stability()
    told.compare(before, after)
    assert asdict(told) == {
        "signals": 2, "kept": 1, "people": 5, "kept_people": 3, "top": 2, "top_kept": 1,
    }  # fmt: skip


def test_reports_of_a_growing_ledger(small: Feed, tmp_path: Path) -> None:
    """Each report knows what had arrived, and an unchanged ledger keeps every id."""
    asks = read(small, NAMING)
    middle, end = small.tides.start_of(15), small.tides.end
    (_, first), (_, last), (_, again) = reports(
        small, asks, [middle, end, end], tmp_path, NoVectors()
    )
    known = {row.uid for row in small.known_at(middle).rows}
    assert {uid for found in first for uid in found.uids} <= known
    assert {uid for found in last for uid in found.uids} - known
    assert [found.id for found in last] == [found.id for found in again]
    written = found_in_file(tmp_path / "out" / "signals.json")
    assert [(found.id, found.uids) for found in written] == [(f.id, f.uids) for f in again]


def test_alarms_and_delays(tmp_path: Path) -> None:
    """A strong growth is noticed some weeks later; counts of alarms cover every month."""
    scenario = little(weeks=78, people=90, background=8)
    (delay,) = delays(
        scenario, ["widget"], 8.0, 1, NAMING, tmp_path / "delay", NoVectors(), every=6
    )
    assert delay.weeks is not None
    assert 0 < delay.weeks <= 13
    calm = plant(little(weeks=44), 1)
    counted = alarms(calm, read(calm, NAMING), tmp_path / "calm", NoVectors())
    assert counted.months == 3
    assert counted.trends + counted.established == len(counted.told)


def test_campaigns_do_not_count_in_the_ranking(feed: Feed) -> None:
    """Without campaigns only their rows are gone; a report that counts campaigns is seen."""
    quiet = without_campaigns(feed)
    assert {row.story for row in feed.rows} - {row.story for row in quiet.rows} == {BRIGADE, LOUD}
    assert quiet.people["dark-mode"] == feed.people["dark-mode"]
    widget = ("widget", *(f"w{n}" for n in range(5)))
    search = ("search", *(f"s{n}" for n in range(4)))
    told = Effect()
    compare(
        matched(signal(*search, people=9), signal(*widget)),
        matched(signal(*widget), signal(*search)),
        told,
    )
    assert (told.pairs, told.swapped, told.items, told.moved, told.shared) == (1, 1, 2, 1, 0)
    marching = hand_made(("1", "a", ("leaf-sound",)), ("2", "b", ("leaf-sound",)), story=BRIGADE)
    compare(Matching(marching, (signal("leaf", "1", "2"),)), Matching(marching, ()), told)
    assert told.shared == 1


def test_intervals_hold_the_growth_that_was_planted() -> None:
    """Calm items are judged by a growth of 1, a growing one by its factor; wrong ones are seen."""
    calm = covered(little(weeks=60, people=60, background=10), [1])
    assert calm.quarters.intervals == len(brands()["fernpad"].items)
    assert calm.quarters.held >= 0.8 * calm.quarters.intervals
    assert calm.established <= 1
    growing = covered(little(weeks=60, people=400, background=60, zipf=0.1), [1], "stylus", 6.0)
    assert (growing.quarters.intervals, growing.quarters.held) == (1, 1)
    told = Coverage()
    told.judge(Growth(30, 30, 30.0, 1.0, 0.6, 1.7), 1.0)
    told.judge(Growth(30, 30, 30.0, 1.0, 0.6, 1.7), 6.0)
    told.judge(Growth(30, 30, 30.0, 1.0, 0.6, None), 0.5)
    assert asdict(told) == {"intervals": 3, "held": 1, "above": 1, "below": 1}


def test_runs_are_summed_and_shown() -> None:
    """The table shows every figure of every reader, the trip's, alarms and delays."""
    told = grouping(little(), [NAMING], [1, 2], NoVectors(), lambda _: None)["naming"]
    assert told["runs"] == 2
    mean, low, high = told["recall"]
    assert low <= mean <= high
    one = {"intervals": 200, "held": 190, "above": 4, "below": 6}
    shown = table(
        {
            "grouping": {"naming": told},
            "trip": {"figures": {"recall": 0.5}},
            "campaigns": asdict(Effect(runs=2, pairs=870, swapped=3, items=60, shared=1)),
            "stability": {
                "runs": 2, "kept": 0.9, "kept_by_people": 0.95, "kept_of_top_20": 1.0,
            },
            "alarms": {
                "calm": {
                    "months": 16, "trends_a_month": 0.2, "established_a_month": 0,
                    "signals_a_month": 31,
                }
            },
            "delay": [
                {
                    "factor": 2.0, "item": "stylus", "people_a_week_before": 1.2, "runs": 3,
                    "noticed": 2, "median_weeks": 7,
                }
            ],
            "intervals": {
                "calm": {"quarters": one, "past": one, "tested": 200, "established": 0}
            },
        }
    )  # fmt: skip
    for words in ("naming reader | end to end |", "| 0.50 |", "0.2 on trends", "after 7 weeks",
                  "90.0%", "3 change places", "95.0% of 200", "0 of 200"):  # fmt: skip
        assert words in shown, words


def test_one_run_is_its_own_summary() -> None:
    """The mean and both ends of a single run are its figures."""
    found = figures(matched(signal("w", "w0", "w1", "w2")))
    assert summary([found])["signals"] == [1, 1, 1]


# End to end


def test_brands_become_settings(small: Feed) -> None:
    """The sections that a trip adds to earful.toml are valid settings."""
    import tomllib

    told = Settings.model_validate(tomllib.loads(brand_sections(small)))
    assert [brand.name for brand in told.brand] == ["Fernpad"]
    assert told.brand[0].sources == ()


def test_real_background_needs_the_real_data(tmp_path: Path) -> None:
    """Without the data there is no background, and nothing fails."""
    assert real_background.real_rows(10, Tides(little()), 1, tmp_path) == []


def test_real_background_is_dated_within_the_weeks(shared_data: Path) -> None:
    """Real comments are spread over the scenario, under ids of their own."""
    tides = Tides(little())
    rows = real_background.real_rows(20, tides, 1, shared_data / "streams")
    assert len({row["id"] for row in rows}) == 20
    for row in rows:
        assert tides.start_of(0) <= datetime.fromisoformat(row["created_at"]) <= tides.end


@pytest.mark.slow
def test_a_feed_end_to_end(tmp_path: Path) -> None:
    """A small feed goes through import, tag and report, and its rows are known in the signals."""
    from benchmarks.planted.trip import trip

    small = plant(little(people=20), 1)
    went = trip(small, tmp_path)
    assert went.comments == len(small.rows)
    assert set(went.seconds) == {"init", "import", "tag", "report"}
    assert {uid for found in went.matching.signals for uid in found.uids} <= set(small.by_uid)
