"""Asks for the same thing meet under one name; near misses stay apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from classify.shipped import read_artifact
from classify.tagger import ask_encoder
from reports import neighbours
from reports.grouping import NO_GROUP, Grouping, group_asks
from reports.identity import signal_ids
from reports.likeness import (
    COSINE,
    FLOOR,
    WHOLE_FLOOR,
    Likeness,
    alike,
    one_voice_each,
    reliability,
)
from reports.linkage import linked
from reports.neighbours import drawn_together, nearest, shared_neighbours, unit
from reports.phrases import bare, brand_names, phrase

Rows = npt.NDArray[Any]
SYLLABLES = ["brad", "clem", "dorn", "fisk", "grum", "hask", "jolt", "kelp", "mund"]
"""Beginnings and ends of made-up things: names that differ by more than a letter."""


def frame(*rows: tuple[str, ...]) -> pd.DataFrame:
    """Rows of (item,) or (item, person) or (item, person, type) or (.., .., .., quote)."""
    filled = [row + ("", f"p{n}", "change", row[0])[len(row) :] for n, row in enumerate(rows)]
    asks = pd.DataFrame(filled, columns=["item", "person", "type", "quote"])
    return asks.assign(uid=[f"u{n}" for n in range(len(rows))])


def together(grouping: Grouping) -> list[int]:
    """Groups by row, numbered by first appearance."""
    seen: dict[int, int] = {}
    return [seen.setdefault(int(group), len(seen)) for group in grouping.group_of]


SAME = [
    ("all-day tea", "tea all day"),
    ("all-day scones", "scones after 11:30"),
    ("all-day scones", "scones after 11:30 all day"),
    ("scones past half eleven", "scones at any hour"),
    ("bring back the lemon curd", "lemon curd back"),
    ("Gluten-Free Cake", "gluten free cakes"),
    ("glutenfree cake", "gluten-free cake"),
    ("dark mode", "night theme"),
    ("porridge", "porridge in the afternoon"),
    ("soup at lunchtime", "soup at 4 pm"),
    ("log-in by e-mail", "login by email"),
    ("cleaner restrooms", "cleaner toilets"),
    ("lower prices", "cheaper price"),
    ("photo upload", "uploading pictures"),
    ("search function", "search"),
    ("berry jams", "jam of berries"),
    ("plant-based cake", "vegan cake"),
]
APART = [
    ("tea on the terrace", "tea at the counter"),
    ("offline search", "offline editing"),
    ("more staff", "staff training"),
    ("more staff", "better staff"),
    ("dark mode", "night hours"),
    ("bigger cups", "smaller cups"),
    ("loyalty card", "loyalty card without a phone"),
    ("vegan cake", "vegan cheese"),
    ("teapot", "tea"),
    ("ps3", "ps4"),
    ("shop in Galway", "shop in Cork"),
    ("tea room", "room for tea dances"),
    ("automatic updates", "no automatic updates"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_thing_in_other_words_meets(one: str, other: str) -> None:
    """Order, plural, spelling and the ways to say "longer" do not tell wishes apart."""
    assert together(group_asks(frame((one,), (other,)))) == [0, 0]


@pytest.mark.parametrize(("one", "other"), APART)
def test_near_misses_stay_apart(one: str, other: str) -> None:
    """A word more or another word makes another wish, however alike the phrases look."""
    assert together(group_asks(frame((one,), (other,)))) == [0, 1]


def test_name_is_the_phrase_most_people_use() -> None:
    """Not the most frequent row: one loud person does not name a signal."""
    loud = [("teas all day", "loud")] * 9
    grouping = group_asks(frame(*loud, ("all-day tea", "a"), ("all-day tea", "b")))
    assert [group.name for group in grouping.groups] == ["all-day tea"]


def test_misspelling_joins_only_what_many_say() -> None:
    """One letter away from a much commoner word is a slip; from a rare one it may be a word."""
    often = [("marmalade toast",)] * 3
    assert together(group_asks(frame(*often, ("marmelade toast",)))) == [0, 0, 0, 0]
    assert together(group_asks(frame(("marmalade toast",), ("marmelade toast",)))) == [0, 1]


def test_particulars_join_the_general_where_people_tie_them() -> None:
    """Who asks for scones after 11:30 and names breakfast tells what scones are part of."""
    asks = frame(
        ("all-day breakfast", "a"),
        ("all-day breakfast", "b"),
        ("all-day breakfast", "c"),
        ("scones after 11:30", "a"),
        ("scones after 11:30", "d", "availability", "Breakfast scones after 11:30, please"),
        ("library open all day", "e"),
    )
    grouping = group_asks(asks)
    assert together(grouping) == [0, 0, 0, 0, 0, 1]
    assert grouping.item_of.tolist()[3:5] == ["scones", "scones"]
    assert grouping.groups[int(grouping.group_of[0])].name == "all-day breakfast"


def test_a_place_or_use_joins_the_plain_wish_where_somebody_has_it() -> None:
    """ "Oat milk for porridge" is oat milk; without a plain wish two such stay apart."""
    assert together(group_asks(frame(("oat milk",), ("oat milk for porridge",)))) == [0, 0]
    assert together(group_asks(frame(("menu board in Welsh",), ("menu board for kids",)))) == [0, 1]


def test_purchase_intent_is_grouped_apart() -> None:
    """ "I need a scone" is no request for scones."""
    assert together(group_asks(frame(("scones",), ("scones", "b", "wants")))) == [0, 1]


def test_brand_names_do_not_tell_items_apart() -> None:
    """The whole name goes, its words by themselves stay."""
    brand = brand_names(["Kettle Lane", "KettleLane"])
    asks = frame(("Kettle Lane gift card",), ("gift card",), ("electric kettle",), ("electric",))
    assert together(group_asks(asks, brand)) == [0, 0, 1, 2]
    assert phrase("Kettle Lane", brand).key


def test_what_does_not_count_forms_no_group() -> None:
    """Spam and copies join a group that others made, or none."""
    asks = frame(("oat milk",), ("oat milk",), ("free money",))
    grouping = group_asks(asks.assign(counted=[True, False, False]))
    assert grouping.group_of.tolist() == [0, 0, NO_GROUP]
    assert len(grouping.groups) == 1


WORDS = st.sampled_from(
    ["tea", "teas", "all-day tea", "tea after 11:30", "oat milk", "oat milk for tea", "scones"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, st.sampled_from("abcd")), min_size=1, max_size=12), st.randoms())
def test_row_order_changes_nothing(rows: list[tuple[str, str]], random: object) -> None:
    """Same asks, same groups, names and ids, whatever the order they come in."""
    asks = frame(*rows)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    first, second = group_asks(asks), group_asks(asks.iloc[order].reset_index(drop=True))
    assert first.groups == second.groups
    assert first.group_of[order].tolist() == second.group_of.tolist()
    assert first.item_of[order].tolist() == second.item_of.tolist()
    assert signal_ids(first.groups) == signal_ids(second.groups)


def test_ids_are_readable_unique_and_stay() -> None:
    """A prefix for people, a hash of the key; another wish beside it changes no id."""
    few = group_asks(frame(("all-day tea",), ("차 종일",)))
    more = group_asks(frame(("all-day tea",), ("차 종일",), ("oat milk",)))
    ids = dict(zip([g.key for g in few.groups], signal_ids(few.groups), strict=True))
    later = dict(zip([g.key for g in more.groups], signal_ids(more.groups), strict=True))
    assert {key: later[key] for key in ids} == ids
    assert sorted(identity.rsplit("-", 1)[0] for identity in ids.values()) == [
        "all-day-tea",
        "signal",
    ]
    assert len(set(later.values())) == 3


def test_bare_items_lose_only_their_hours() -> None:
    """What is shown under "all-day breakfast" is the thing."""
    assert bare("egg bun after 10:30") == "egg bun"
    assert bare("egg bun past half ten") == "egg bun"
    assert bare("all day") == "all day"
    assert bare("sugar-free bun") == "sugar-free bun"


def heard(*rows: tuple[str, str, str], type_: str = "availability") -> pd.DataFrame:
    """Asks (item, quote, language) of one person each, with the vectors of the shipped encoder."""
    encoder = ask_encoder(read_artifact())
    items, quotes = [row[0] for row in rows], [row[1] for row in rows]
    asks = frame(*[(item, f"p{n}", type_, quotes[n]) for n, item in enumerate(items)])
    vectors = list(encoder.encode(items, quotes))
    return asks.assign(
        lang=[row[2] for row in rows], vector=vectors, vector_version=encoder.version
    )


def test_parts_of_a_breakfast_are_items_of_all_day_breakfast() -> None:
    """A thing wanted at another hour belongs to the general wish for more hours, in any words."""
    asks = heard(
        ("breakfast after 10:30", "breakfast after 10:30", "en"),
        ("all-day breakfast", "can we get all-day breakfast", "en"),
        ("egg muffins", "why stop egg muffins at half past ten?!", "en"),
        ("pancakes", "pancakes in the afternoon", "en"),
        ("하루 종일 아침 메뉴", "아침 메뉴 하루 종일 팔아주세요", "ko"),
        ("umbrella stand", "an umbrella stand by the door in the afternoon", "en"),
    )
    grouping = group_asks(asks)
    assert together(grouping) == [0, 0, 0, 0, 0, 1]
    assert set(grouping.item_of[[2, 3]]) == {"egg muffins", "pancakes"}
    names = [group.name for group in grouping.groups]
    assert names[int(grouping.group_of[0])] in ("all-day breakfast", "breakfast after 10:30")


def test_languages_meet_and_near_misses_stay_apart() -> None:
    """Each wish meets itself in another language, not the one that shares a word with it."""
    asks = heard(
        ("offline search", "let me search my notes offline", "en"),
        ("offline editing", "I want to edit my notes offline", "en"),
        ("오프라인 검색", "오프라인에서도 검색되게 해주세요", "ko"),
        ("edycja offline", "dodajcie edycję notatek offline", "pl"),
        ("vegan burger", "please add a vegan burger", "en"),
        ("vegan nuggets", "we need vegan nuggets", "en"),
        ("dark mode", "please add a dark mode", "en"),
        ("tryb ciemny", "dodajcie tryb ciemny", "pl"),
        ("modo oscuro", "falta un modo oscuro", "es"),
        type_="new_offering",
    )
    assert together(group_asks(asks)) == [0, 1, 0, 1, 2, 3, 4, 4, 4]


def test_vectors_of_another_encoder_are_not_compared() -> None:
    """Asks that an older encoder read stay where their words put them, and break nothing."""
    rng = np.random.default_rng(1)
    same = rng.normal(size=8)
    vectors = [*([same / np.linalg.norm(same)] * 3), np.ones(3), np.zeros(0)]
    items = ["warm seats", "heated chairs", "cosy benches", "snug stools", "hot sofas"]
    asks = frame(*[(item,) for item in items]).assign(
        vector=pd.Series(vectors), vector_version=["v2", "v2", "v2", "v1", ""]
    )
    assert together(group_asks(asks)) == [0, 0, 0, 1, 2]


def test_words_that_turn_a_wish_and_numbers_keep_groups_apart() -> None:
    """Close vectors are not enough where one asks for more and one for better, or for 3 and 4."""
    vector = [np.array([0.6, 0.8])]
    pairs = [
        ("more tables", "better waiters"),
        ("better tables", "tables"),
        ("teapot 3", "kettle 4"),
    ]
    for one, other in pairs:
        asks = frame((one,), (other,)).assign(vector=pd.Series(vector * 2), vector_version="v1")
        assert together(group_asks(asks)) == [0, 1], (one, other)


@pytest.mark.parametrize(("cosine", "groups"), [(0.8, [0, 1]), (0.95, [0, 0])])
def test_a_word_in_common_and_others_beside_it_needs_close_vectors(
    cosine: float, groups: list[int]
) -> None:
    """Two things of one kind stay apart, two names of one thing meet."""
    vectors = [np.array([1.0, 0.0]), np.array([cosine, np.sqrt(1 - cosine**2)])]
    asks = frame(("honey jar",), ("honey pot",)).assign(
        vector=pd.Series(vectors), vector_version="v1"
    )
    assert together(group_asks(asks)) == groups


def crowd(things: int, each: int, spread: float, seed: int = 3) -> tuple[Rows, Rows]:
    """Vectors of length one, (things * each, 24), around as many centres, and whose each is."""
    draw = np.random.default_rng(seed)
    truth = np.repeat(np.arange(things), each)
    rows = draw.normal(size=(things, 24))[truth] + spread * draw.normal(size=(len(truth), 24))
    return unit(rows.astype(np.float32)), truth


def test_what_has_the_same_neighbours_is_one_thing_in_a_crowd() -> None:
    """Asks of one thing that are far from one another, but all among themselves, meet; the cosine
    of two tells as little as that of strangers."""
    rows, truth = crowd(30, 12, 1.0)
    names = [
        f"{first}{middle}{last}" for first in SYLLABLES for middle in "aeiou" for last in SYLLABLES
    ]
    asks = frame(*[(name,) for name in names[: len(rows)]]).assign(
        vector=pd.Series(list(rows)), vector_version="v1"
    )
    cosines = (rows @ rows.T)[truth[:, None] == truth[None, :]]
    assert np.median(cosines) < COSINE, "their cosines alone would not do"
    found = together(group_asks(asks))
    assert normalized_mutual_info_score(truth, found) > 0.85


def test_a_few_asks_are_told_apart_by_their_cosine_alone() -> None:
    """Where there are as many asks as neighbours, to share them is no wonder."""
    rows, _ = crowd(8, 1, 0.0)
    for few in (rows, rows[:1]):
        shared = shared_neighbours(nearest(few, 16, -1.0), np.ones(len(few), int))
        assert shared.shape == (len(few), len(few))
        assert shared.nnz == 0


def test_neighbours_in_common_are_counted() -> None:
    """Who has the same four, eight and sixteen nearest shares much, who is far from all nothing."""
    rows, truth = crowd(20, 17, 0.1)
    shared = shared_neighbours(nearest(rows, 16, 0.0), np.ones(len(rows), int)).toarray()
    same = truth[:, None] == truth[None, :]
    np.fill_diagonal(same, False)
    assert np.median(shared[same]) > 0.4, "the sixteen others of a thing are the nearest of each"
    assert np.median(shared[~same]) == 0
    np.testing.assert_allclose(shared, shared.T)
    alone = shared_neighbours(nearest(rows, 16, 0.9), np.ones(len(rows), int))
    assert alone.toarray()[~same].max() == 0, "who is below the floor is no neighbour"


def test_means_of_many_must_be_closer_than_single_asks() -> None:
    """What two people say may differ in all but the thing; what two crowds say may not."""
    single, few, many = reliability(np.array([1, 5, 100])).tolist()
    assert single == pytest.approx(FLOOR)
    assert single < few < many == pytest.approx(WHOLE_FLOOR)


def test_what_many_wordings_fill_has_no_room_for_others() -> None:
    """Four things, each said in 40 ways under one name, share no neighbour; said in one way each,
    they are all the neighbours that there are."""
    near = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    assert shared_neighbours(near, np.full(4, 40)).nnz == 0
    assert shared_neighbours(np.tile(near, (30, 1)), np.ones(120, int)).nnz > 0


def test_a_stray_ask_moves_to_the_thing_that_it_is_nearest_to() -> None:
    """A group of one wording that met a wrong one goes where the asks of many are like it."""
    rows, truth = crowd(6, 8, 0.3)
    groups = [
        Likeness(False, frozenset({f"{one}{other}"})) for one in SYLLABLES for other in "aeiouy"
    ]
    for at, (group, row) in enumerate(zip(groups[: len(rows)], rows, strict=True)):
        group.hear(row, f"person {at}", f"words {at}", "en", sentence=False, hours=False)
    leaders = alike(groups[: len(rows)])
    assert len(set(zip(leaders.tolist(), truth.tolist(), strict=True))) == 6


def test_a_loud_person_is_one_voice() -> None:
    """Who asks forty times in a group, and in forty groups of nobody else, weighs as one person in
    what the group says and in what all share."""
    rows, _ = crowd(2, 1, 0.0)
    calm, loud, *alone = (Likeness(False, frozenset({f"thing{n}"})) for n in range(42))
    for group in (calm, loud):
        group.hear(rows[0], "ann", "please", "en", sentence=False, hours=False)
        group.hear(rows[1], "bea", "I beg you", "en", sentence=False, hours=False)
    for times, group in enumerate(alone):
        loud.hear(rows[1], "bea", f"again {times}", "en", sentence=False, hours=False)
        group.hear(rows[1], "bea", f"and this {times}", "en", sentence=False, hours=False)
    np.testing.assert_allclose(loud.total, calm.total, rtol=1e-5)
    weights = one_voice_each([calm, loud, *alone])
    assert weights[2:].sum() < 1
    assert weights[0] == weights[1] < 1, "ann asks twice"
    assert one_voice_each([calm]).tolist() == [1.0]


def test_wordings_of_one_thing_are_drawn_together_and_lone_ones_stay() -> None:
    random = np.random.default_rng(7)
    things = np.repeat(unit(random.normal(size=(6, 64)).astype(np.float32)), 12, axis=0)
    said = unit(things + 0.9 * unit(random.normal(size=(72, 64)).astype(np.float32)))
    # what is asked once, at right angles to all the rest
    lone = np.eye(80, 160, k=80, dtype=np.float32)
    vectors = np.vstack([np.pad(said, ((0, 0), (0, 96))), lone])
    vectors[:72, 80:] = 0
    drawn = drawn_together(vectors, np.ones(152, np.int64))
    thing = np.repeat(np.arange(6), 12)
    same = (thing[:, None] == thing[None, :]) & ~np.eye(72, dtype=bool)
    before, after = vectors[:72] @ vectors[:72].T, drawn[:72] @ drawn[:72].T
    assert after[same].mean() > before[same].mean() + 0.2
    other = thing[:, None] != thing[None, :]
    assert abs(after[other]).max() < after[same].min()
    assert drawn[72:] == pytest.approx(lone, abs=1e-6)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1, abs=1e-5)


def test_what_stands_for_many_wordings_draws_and_is_not_drawn() -> None:
    near = unit(np.array([[1.0, 0.8, 0.0], [1.0, 0.0, 0.8]], np.float32))
    sizes = np.array([60, 1])
    drawn = drawn_together(near, sizes)
    assert drawn[0] == pytest.approx(near[0], abs=1e-6)
    assert drawn[0] @ drawn[1] > near[0] @ near[1] + 0.1


def test_few_wordings_are_drawn_less() -> None:
    """The nearest of few are wordings of other things."""
    near = unit(np.array([[1.0, 0.8, 0.0], [1.0, 0.0, 0.8]], np.float32))

    def closer(wordings: int) -> float:
        lone = np.eye(wordings - 2, wordings + 1, k=3, dtype=np.float32)
        vectors = np.vstack([np.pad(near, ((0, 0), (0, wordings - 2))), lone])
        drawn = drawn_together(vectors, np.ones(wordings, np.int64))
        return float(drawn[0] @ drawn[1] - near[0] @ near[1])

    assert closer(20) == closer(50) == pytest.approx(0, abs=1e-6)
    assert 0.05 < closer(75) < closer(100) - 0.05
    assert closer(400) == pytest.approx(closer(100), abs=1e-6)


def test_a_loud_person_does_not_change_what_others_are_grouped_with() -> None:
    """Twenty more things asked for by one person, a dozen times each, leave the rest as it is."""
    rows, _ = crowd(30, 12, 1.0)
    names = [
        f"{first}{middle}{last}" for first in SYLLABLES for middle in "aeiou" for last in SYLLABLES
    ]
    calm = frame(*[(name,) for name in names[: len(rows)]])
    shouted = [(names[-1 - n % 20], f"shouted {n}") for n in range(240)]
    loud = frame(*shouted).assign(person="the loud one", uid=[f"loud:{n}" for n in range(240)])
    voices = crowd(1, 240, 0.8, seed=5)[0]
    both = pd.concat([calm, loud], ignore_index=True).assign(
        vector=pd.Series([*rows, *voices]), vector_version="v1"
    )
    alone = together(group_asks(both.iloc[: len(rows)]))
    among = together(group_asks(both))[: len(rows)]
    assert adjusted_rand_score(alone, among) > 0.99


def table(rows: Rows) -> sparse.csr_matrix:
    """All cosines, but those of rows with themselves."""
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, 0)
    return sparse.csr_matrix(likeness)


def test_clusters_are_as_like_as_their_members_on_average() -> None:
    """What average linkage of all pairs finds; the leader is the heaviest member."""
    rows, truth = crowd(30, 20, 0.35)
    weights = np.array([1 + n % 7 for n in range(600)])
    leaders = linked(table(rows), weights, 0.6)
    assert len(set(zip(leaders.tolist(), truth.tolist(), strict=True))) == 30
    for leader in set(leaders.tolist()):
        members = np.flatnonzero(leaders == leader)
        assert weights[leader] == weights[members].max()


def test_linkage_is_that_of_the_textbook() -> None:
    """Cut at the same height, scipy's average linkage parts the rows in the same way."""
    rows, _ = crowd(12, 6, 0.8, seed=5)
    leaders = linked(table(rows), np.ones(len(rows)), 0.35)
    distances = squareform(1 - (rows @ rows.T), checks=False)
    expected = fcluster(linkage(distances, "average"), 1 - 0.35, "distance")
    assert adjusted_rand_score(expected, leaders) == 1.0


def test_neighbours_found_in_blocks_are_nearly_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking in blocks misses few of the near ones, and finds none twice."""
    rows, _ = crowd(400, 5, 0.2, seed=4)

    def pairs() -> set[tuple[int, int]]:
        near = nearest(rows, 4, 0.8)
        found = [(at, other) for at, own in enumerate(near.tolist()) for other in own if other >= 0]
        assert len(found) == len(set(found))
        return set(found)

    every = pairs()
    monkeypatch.setattr(neighbours, "EXACT", 100)
    in_blocks = pairs()
    assert in_blocks <= every
    assert len(in_blocks) > 0.9 * len(every)


def test_what_names_nothing_is_grouped_with_nothing() -> None:
    """ "It back" said by ten people is no wish that ten people share."""
    asks = frame(("it back",), ("it back",), ("back",), ("fix",), ("tea",), ("tea",))
    assert together(group_asks(asks)) == [0, 1, 2, 3, 4, 4]
