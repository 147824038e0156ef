"""Asks for the same thing meet under one name; near misses stay apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.grouping import NO_GROUP, Grouping, group_asks
from reports.identity import signal_ids
from reports.likeness import FEWEST, likeliest_pairs
from reports.phrases import bare, brand_names, phrase


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


def test_vectors_bring_other_words_together_but_never_near_misses() -> None:
    """Two wishes without a common word meet where their vectors are closer than chance; two
    that share a word do not, however close.
    """
    draw = np.random.default_rng(7)
    vectors = draw.normal(size=(FEWEST + 40, 32)).astype(np.float32)
    items = [f"thing{n} number{n}" for n in range(len(vectors))]
    items[0], items[1] = "warm seats", "heated chairs"
    items[2], items[3] = "honey jar", "honey spoon"
    vectors[1] = vectors[0] + 0.05 * draw.normal(size=32)
    vectors[3] = vectors[2] + 0.05 * draw.normal(size=32)
    asks = frame(*[(item,) for item in items]).assign(vector=list(vectors), vector_version="v1")
    grouping = group_asks(asks)
    assert grouping.group_of[0] == grouping.group_of[1]
    assert grouping.group_of[2] != grouping.group_of[3]
    assert len(grouping.groups) == len(items) - 1


def test_few_vectors_decide_nothing() -> None:
    """With too few vectors nobody knows what chance would give."""
    assert list(likeliest_pairs(np.ones((20, 4), dtype=np.float32), lambda a, b: True)) == []


def test_what_names_nothing_is_grouped_with_nothing() -> None:
    """ "It back" said by ten people is no wish that ten people share."""
    asks = frame(("it back",), ("it back",), ("back",), ("fix",), ("tea",), ("tea",))
    assert together(group_asks(asks)) == [0, 1, 2, 3, 4, 4]
