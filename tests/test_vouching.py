"""What asks' own vectors say of being one: keys that say too little, and strangers among groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from reports.grouping import Key, group_asks
from reports.vouching import FEWEST, mean_cosines, says_too_little, unlike, voices

Rows = npt.NDArray[np.float32]
DIM = 64


def around(cosine: float, count: int, seed: int = 0) -> Rows:
    """So many vectors of length one, any two of which have about that cosine."""
    chance = np.random.default_rng(seed)
    middle, *rest = np.linalg.qr(chance.normal(size=(DIM, count + 1)))[0].T
    rows = np.sqrt(cosine) * middle + np.sqrt(1 - cosine) * np.stack(rest)
    return np.asarray(rows, np.float32)


@pytest.mark.parametrize(("cosine", "little"), [(0.9, False), (0.7, False), (0.5, True)])
def test_a_key_says_enough_where_its_asks_are_alike(cosine: float, little: bool) -> None:
    assert says_too_little(around(cosine, 12)) is little


def test_two_people_are_too_few_to_tell() -> None:
    strangers = around(0.0, FEWEST)
    assert says_too_little(strangers)
    assert not says_too_little(strangers[: FEWEST - 1])
    assert not says_too_little(strangers[:0])


def test_the_mean_cosine_with_the_others() -> None:
    rows, weights = around(0.5, 5), np.array([1, 2, 3, 4, 5], np.float32)
    table = rows @ rows.T
    others = [np.delete(np.arange(5), at) for at in range(5)]
    expected = [
        table[at, rest] @ weights[rest] / weights[rest].sum() for at, rest in enumerate(others)
    ]
    np.testing.assert_allclose(mean_cosines(rows, weights), expected, rtol=1e-5)


def test_a_stranger_leaves_and_the_others_stay() -> None:
    rows = np.vstack([around(0.7, 9), -around(0.1, 1, seed=3)]).astype(np.float32)
    assert unlike(rows, np.ones(10, np.float32)).tolist() == [*[False] * 9, True]


def test_strangers_all_leave() -> None:
    """Nobody is left alone with the name of a thing."""
    assert unlike(around(0.1, 8), np.ones(8, np.float32)).all()


@pytest.mark.parametrize(("cosine", "apart"), [(0.5, True), (0.6, False)])
def test_two_must_be_more_alike_than_many(cosine: float, apart: bool) -> None:
    assert unlike(around(cosine, 2), np.ones(2, np.float32)).tolist() == [apart, apart]
    assert not unlike(around(0.5, 12), np.ones(12, np.float32)).any()


def test_a_group_of_many_people_weighs_more() -> None:
    """Two that are alike and one that is not: the weight tells who is the stranger."""
    pair, other = around(0.8, 2), around(0.8, 1, seed=5)
    rows = np.vstack([pair, other]).astype(np.float32)
    assert unlike(rows, np.array([3, 3, 1], np.float32)).tolist() == [False, False, True]


def test_who_asks_often_is_one_voice() -> None:
    rows = around(0.2, 3)
    shared = np.zeros(DIM, np.float32)
    heard = voices([rows[0], rows[1], rows[1], rows[1], rows[2]], ["a", "b", "b", "b", "c"], shared)
    np.testing.assert_allclose(heard, rows, atol=1e-6)


def asks(item: str, vectors: Rows, kind: str = "change") -> pd.DataFrame:
    """Asks for ``item`` of one person each."""
    return pd.DataFrame(
        {
            "uid": [f"{item}:{n}" for n in range(len(vectors))],
            "person": [f"{item} {n}" for n in range(len(vectors))],
            "item": item,
            "type": kind,
            "quote": [f"{item} in words {n}" for n in range(len(vectors))],
            "vector": list(vectors),
            "vector_version": "v1",
        }
    )


def sizes(frame: pd.DataFrame) -> list[int]:
    """How many asks each ask's group holds."""
    groups = group_asks(frame).group_of
    return np.bincount(groups)[groups].tolist()


def test_one_word_for_many_things_holds_nothing_together() -> None:
    """Six people say "drivers" and want six things; six say "seat belts" and want one."""
    many, one = asks("drivers", around(0.1, 6)), asks("seat belts", around(0.9, 6, seed=2))
    assert sizes(pd.concat([many, one], ignore_index=True)) == [*[1] * 6, *[6] * 6]


def test_without_vectors_words_decide() -> None:
    many = asks("drivers", around(0.1, 6)).drop(columns=["vector", "vector_version"])
    assert sizes(many) == [6] * 6


def test_groups_of_what_says_too_little_have_names_and_stable_keys() -> None:
    frame = asks("drivers", around(0.1, 4))
    groups = group_asks(frame).groups
    assert {group.name for group in groups} == {"drivers"}
    assert {group.key for group in groups} == {f"driver @drivers:{n}" for n in range(4)}
    again = group_asks(frame.iloc[::-1].reset_index(drop=True)).groups
    assert groups == again


def test_what_says_enough_leads() -> None:
    """The name is that of the words that tell, if as many people use them."""
    near = around(0.95, 2, seed=7)
    strangers = around(0.02, 5, seed=8)
    named = asks("tipping in the app", near[:1])
    vague = asks("drivers", np.vstack([near[1:], strangers]).astype(np.float32))
    grouping = group_asks(pd.concat([vague, named], ignore_index=True))
    group = int(grouping.group_of[0])
    assert group == grouping.group_of[-1]
    assert grouping.groups[group].name == "tipping in the app"


def test_two_words_name_a_thing() -> None:
    """Whatever people want of the egg stack, it is one thing of which they speak."""
    assert sizes(asks("egg stack", around(0.1, 6))) == [6] * 6


def test_a_word_that_most_use_is_the_name() -> None:
    """One person's careful wording does not name what four others call otherwise."""
    rows = around(0.95, 5, seed=7)
    strangers = around(0.02, 12, seed=8)
    vague = asks("drivers", np.vstack([rows[1:], strangers]).astype(np.float32))
    named = asks("tipping in the app", rows[:1])
    grouping = group_asks(pd.concat([vague, named], ignore_index=True))
    group = int(grouping.group_of[-1])
    assert grouping.group_of[:4].tolist() == [group] * 4
    assert grouping.groups[group].name == "drivers"


def test_keys_are_told_apart_by_their_names() -> None:
    words = frozenset({"oat", "milk"})
    keys = [
        Key(False, words),
        Key(True, words),
        Key(False, words, "a:1"),
        Key(False, frozenset(), "a:1"),
    ]
    assert list(map(str, keys)) == ["milk oat", "wants milk oat", "milk oat @a:1", "@a:1"]
    backwards = keys[::-1]
    assert sorted(backwards, key=Key.rank) == [keys[0], keys[1], keys[3], keys[2]]
