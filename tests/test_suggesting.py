"""Signals that may be one are proposed, and the answers stand in the file."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shop import Shop

from earful.errors import ConfigurationError, DataError
from earful.project import Project
from earful.ruling import KnownSignal
from earful.suggesting import Suggestions
from earful.taxonomy import read_taxonomy
from earful.taxonomy_file import TaxonomyFile
from reports.resemblance import Resemblances


@pytest.fixture
def shop(project: Path) -> Shop:
    return Shop(Project.open(project))


def near(axis: int, cosine: float, own: int, width: int = 12) -> tuple[float, ...]:
    """A direction with this cosine to ``axis``, and the rest along an axis of its own."""
    vector = np.zeros(width)
    vector[[axis, own]] = cosine, np.sqrt(1 - cosine**2)
    return tuple(vector.tolist())


@pytest.fixture
def kiosk(shop: Shop) -> Shop:
    """Gift cards in two words that are half as close as one thing, and things far from them."""
    shop.hear("gift card", "abcd", vector=near(0, 1.0, 1))
    shop.hear("present voucher", "efg", vector=near(0, 0.5, 2))
    shop.hear("late opening", "hi", vector=near(3, 1.0, 4))
    shop.hear("oat milk", "jk", vector=near(5, 1.0, 6))
    shop.hear("bike rack", "l", vector=near(7, 1.0, 8))
    return shop


# Which pairs are proposed


def signals(*rows: tuple[tuple[float, ...], str], wants: tuple[int, ...] = ()) -> Resemblances:
    """Signals of a direction and the people who ask."""
    sums = np.array([len(people) * np.array(vector) for vector, people in rows], np.float32)
    kinds = np.isin(np.arange(len(rows)), wants)
    return Resemblances(sums, [set(people) for _, people in rows], kinds)


def test_the_closest_pair_that_moves_most_people_comes_first() -> None:
    """Of two pairs as close, the one of more people; none of two coincidences, none far apart."""
    found = signals(
        (near(0, 1.0, 1), "abc"),
        (near(0, 0.6, 2), "d"),
        (near(3, 1.0, 4), "efg"),
        (near(3, 0.6, 5), "hi"),
        (near(6, 1.0, 7), "j"),
        (near(6, 0.9, 8), "k"),
    )
    first = found.best()
    assert first is not None
    assert (first.one, first.other) == (2, 3)
    found.bar(2, 3)
    second = found.best()
    assert second is not None
    assert (second.one, second.other) == (0, 1)
    found.join(0, 1)
    assert found.best() is None


def test_what_is_joined_is_compared_as_one() -> None:
    """A third that is close to what two say together is proposed to be the same, under the larger
    one; whom the joined one was told apart from stays apart."""
    found = signals(
        (near(0, 0.7, 1), "abcde"),
        (near(0, 0.7, 2), "fghi"),
        (near(0, 0.7, 3), "jk"),
        (near(9, 1.0, 10), "lm"),
    )
    before = found.best()
    assert before is not None
    assert (before.one, before.other) == (0, 1)
    found.bar(1, 3)
    found.join(0, 1)
    after = found.best()
    assert after is not None
    assert (after.one, after.other) == (0, 2)
    assert after.chance > before.chance
    found.join(0, 2)
    assert found.best() is None


def test_answers_leave_the_worth_of_pairs_as_if_it_was_told_anew() -> None:
    """After joins and refusals every pair is worth what its likeness, people and surroundings say,
    though only what an answer touched is counted again."""
    chance = np.random.default_rng(3)
    wants = np.repeat(chance.normal(size=(12, 8)), 5, axis=0)
    vectors = wants + 0.5 * chance.normal(size=wants.shape)
    sums = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    people = [{f"{row}-{n}" for n in range(int(chance.integers(1, 6)))} for row in range(len(sums))]
    found = Resemblances(sums, people, chance.random(len(sums)) < 0.1)
    for answer in range(24):
        pair = found.best()
        assert pair is not None
        (found.join if answer % 3 else found.bar)(pair.one, pair.other)
        anew = found._worths(np.arange(len(sums)))
        np.testing.assert_allclose(found._worth, anew, atol=1e-6)
        assert found._worth[found._row[pair.one], found._row[pair.other]] == 0


def test_purchases_are_no_requests_and_no_signals_no_pairs() -> None:
    """A wish for a thing that is sold and one for a thing that is not are never one."""
    close = [(near(0, 1.0, 1), "abc"), (near(0, 0.9, 2), "def")]
    assert signals(*close).best() is not None
    assert signals(*close, wants=(1,)).best() is None
    assert Resemblances(np.zeros((0, 4), np.float32), [], np.zeros(0, bool)).best() is None


# What is written


def known(name: str) -> KnownSignal:
    return KnownSignal(f"{name}-1", (name,), wants=False)


def test_answers_keep_what_people_wrote(tmp_path: Path) -> None:
    """Comments, order and decisions stay; what was a part of the smaller one moves along."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(
        "# ours, agreed in May\n\n[[signal]]\nname = 'card'  # the plastic kind\nowner = 'till'\n\n"
        "[[signal]]\nid = 'voucher-1'\nmerge = ['coupon-1']\napart = ['refund-1']\n",
        encoding="utf-8",
    )
    signals = {one: known(one) for one in ("card", "tea")} | {"voucher-1": known("voucher")}
    file = TaxonomyFile(path, signals)
    file.merge(known("card"), known("voucher"))
    file.tell_apart(known("card"), known("tea"))
    file.tell_apart(known("card"), known("tea"))
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ours, agreed in May\n\n[[signal]]\nname = 'card'  # the plastic kind")
    (entry,) = read_taxonomy(path).signal
    assert entry.merge == ("voucher-1", "coupon-1")
    assert entry.apart == ("refund-1", "tea-1")
    assert entry.owner == "till"
    assert file.decided(known("card"))
    with pytest.raises(ValueError, match="decisions of its own"):
        file.merge(known("tea"), known("card"))


VOUCHER = "[[signal]]\nid = 'voucher-1'\napart = ['refund-1']\n"
TEA = "# drinks: ask the bar\n[[signal]]\nid = 'tea-1'\nowner = 'bar'\n"
CARD = '[[signal]]\nid = "card-1"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{VOUCHER}\n{TEA}", f"\n{TEA}"),
        (f"# ours\n\n{VOUCHER}\n{TEA}", f"# ours\n\n\n{TEA}"),
        (f"{CARD}pin = true\n\n# paper\n{VOUCHER}\n{TEA}", f"\n# paper\n\n{TEA}"),
        (f"{CARD}pin = true\n\n{VOUCHER}# to be done\n", "\n# to be done\n"),
    ],
)
def test_comments_stay_above_what_they_are_about(tmp_path: Path, before: str, after: str) -> None:
    """Neither an entry that is given up nor a key that is added moves them."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(before, encoding="utf-8")
    TaxonomyFile(path, {}).merge(known("card"), known("voucher"))
    text = path.read_text(encoding="utf-8")
    assert after in text
    entries = {entry.id: entry for entry in read_taxonomy(path).signal}
    assert "voucher-1" not in entries
    assert entries["card-1"].merge == ("voucher-1",)
    assert entries["card-1"].apart == ("refund-1",)
    assert entries["card-1"].pin == ("pin" in before)


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    """The first answer begins it."""
    path = tmp_path / "taxonomy.toml"
    TaxonomyFile(path, {}).tell_apart(known("card"), known("tea"))
    assert [(entry.id, entry.apart) for entry in read_taxonomy(path).signal] == [
        ("card-1", ("tea-1",))
    ]


def test_a_file_without_a_last_line_break_stays_readable(tmp_path: Path) -> None:
    """What is added begins a line of its own, behind a comment as well."""
    for end in ("owner = 'till'", "owner = 'till'  # ann", "owner = 'till'\n# to be done"):
        path = tmp_path / "taxonomy.toml"
        path.write_text(f"[[signal]]\nid = 'card-1'\n{end}", encoding="utf-8")
        TaxonomyFile(path, {}).tell_apart(known("tea"), known("card"))
        assert [entry.id for entry in read_taxonomy(path).signal] == ["card-1", "tea-1"]


def test_what_would_break_the_file_is_not_written(tmp_path: Path) -> None:
    """Neither where it is written in a way that cannot be added to, nor over an edit."""
    path = tmp_path / "taxonomy.toml"
    path.write_text("signal = []\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not valid TOML") as caught:
        TaxonomyFile(path, {}).tell_apart(known("card"), known("tea"))
    assert caught.value.where == str(path)
    assert path.read_text(encoding="utf-8") == "signal = []\n"
    path.write_text("", encoding="utf-8")
    file = TaxonomyFile(path, {})
    path.write_text("# ann was here\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="edited in the meantime"):
        file.tell_apart(known("card"), known("tea"))
    assert path.read_text(encoding="utf-8") == "# ann was here\n"


# From the signals to the file and back


def test_a_merge_that_was_answered_counts_once_it_is_applied(kiosk: Shop) -> None:
    """Two signals of four and three people are one of seven, under the name of the larger."""
    assert [signal.people for signal in kiosk.report().signals] == [4, 3, 2, 2, 1]
    suggestions = Suggestions(kiosk.project)
    proposed = suggestions.current
    assert proposed is not None
    assert (proposed.one.name, proposed.one.people) == ("gift card", 4)
    assert (proposed.other.name, proposed.other.people) == ("present voucher", 3)
    assert proposed.one.quotes == ("Please, gift card, says number 1.",)
    suggestions.same()
    assert suggestions.current is None
    assert Suggestions(kiosk.project).current is None, "the file says so"
    assert kiosk.report().signals[0].people == 4, "nothing counts before it is applied"
    kiosk.apply((kiosk.root / "taxonomy.toml").read_text(encoding="utf-8"))
    first = kiosk.report().signals[0]
    assert (first.name, first.people) == ("gift card", 7)


def test_what_was_told_apart_is_not_proposed_again(kiosk: Shop) -> None:
    """Neither in the same pass nor in a later one, also where one has become a part of another."""
    suggestions = Suggestions(kiosk.project)
    suggestions.different()
    assert suggestions.current is None
    assert Suggestions(kiosk.project).current is None
    path = kiosk.root / "taxonomy.toml"
    merged = '\n[[signal]]\nname = "late opening"\nmerge = ["present voucher"]\n'
    path.write_text(path.read_text(encoding="utf-8") + merged, encoding="utf-8")
    assert Suggestions(kiosk.project).current is None


def test_what_people_decided_about_keeps_its_entry(kiosk: Shop) -> None:
    """The smaller one has an owner, so the larger becomes a part of it; where both have decisions,
    a person has to put them together."""
    kiosk.write('[[signal]]\nname = "present voucher"\nowner = "till"\n')
    suggestions = Suggestions(kiosk.project)
    assert suggestions.can_merge
    suggestions.same()
    (entry,) = read_taxonomy(kiosk.root / "taxonomy.toml").signal
    assert entry.owner == "till"
    assert len(entry.merge) == 1
    assert entry.merge[0].startswith("gift-card-")
    kiosk.write(
        '[[signal]]\nname = "present voucher"\nowner = "till"\n'
        '[[signal]]\nname = "gift card"\npin = true\n'
    )
    assert not Suggestions(kiosk.project).can_merge


def test_a_part_that_a_person_split_off_is_not_proposed(kiosk: Shop) -> None:
    """The file makes it, so nothing can be merged into it by its id."""
    kiosk.hear("gift card for the shop", "xyz", vector=near(0, 0.9, 9))
    split = 'split = { "shop cards" = ["gift card for the shop"] }'
    kiosk.write(f'[[signal]]\nname = "gift card"\n{split}\n')
    suggestions = Suggestions(kiosk.project)
    names = {name for one in suggestions.listed(9) for name in (one.one.name, one.other.name)}
    assert "shop cards" not in names


def test_names_that_were_decided_are_understood(kiosk: Shop) -> None:
    """A name that was applied is a name of the file."""
    kiosk.apply('[[signal]]\nname = "gift card"\nrename = "vouchers"\n')
    kiosk.write('[[signal]]\nname = "vouchers"\nowner = "till"\n')
    suggestions = Suggestions(kiosk.project)
    assert suggestions.current is not None
    suggestions.same()
    (entry,) = read_taxonomy(kiosk.root / "taxonomy.toml").signal
    assert entry.owner == "till"
    assert len(entry.merge) == 1


def test_answers_are_given_to_signals_that_are_remembered(kiosk: Shop) -> None:
    """No report was made yet: the ids that are written are the ledger's from then on."""
    suggestions = Suggestions(kiosk.project)
    with kiosk.project.ledger() as ledger:
        assert not ledger.signal_memory().signals, "looking remembers nothing"
    suggestions.different()
    (entry,) = read_taxonomy(kiosk.root / "taxonomy.toml").signal
    with kiosk.project.ledger() as ledger:
        remembered = {signal.id for signal in ledger.signal_memory().signals}
    assert {entry.id, *entry.apart} <= remembered


def test_an_answer_to_signals_that_changed_meanwhile_is_not_written(kiosk: Shop) -> None:
    """Another report has remembered them since: what was shown may be something else now."""
    suggestions = Suggestions(kiosk.project)
    kiosk.hear("late opening", "xyz", vector=near(3, 1.0, 4))
    kiosk.report()
    with pytest.raises(DataError, match="changed in the meantime"):
        suggestions.same()
    assert not (kiosk.root / "taxonomy.toml").exists()


def test_a_purchase_of_the_same_name_is_left_alone(kiosk: Shop) -> None:
    """Who says they will buy a gift card is not merged with who wants there to be one."""
    kiosk.hear("gift card", "xyz", wants=True, vector=near(0, 1.0, 1))
    suggestions = Suggestions(kiosk.project)
    assert suggestions.current is not None
    assert suggestions.current.one.people == 4
    suggestions.same()
    assert suggestions.current is None
    kiosk.apply((kiosk.root / "taxonomy.toml").read_text(encoding="utf-8"))
    people = [one.people for one in kiosk.report().signals if one.name == "gift card"]
    assert sorted(people) == [3, 7]


def test_joining_what_is_alike_brings_no_strangers_together() -> None:
    """What was joined is no longer around anything."""
    found = signals(*[(near(n, 1.0, n + 5), "ab" if n else "abc") for n in range(5)])
    assert found.best() is None
    found.join(0, 1)
    found.join(2, 3)
    assert found.best() is None


def test_what_is_ignored_is_not_proposed(kiosk: Shop) -> None:
    """Nobody wants to be asked about it."""
    kiosk.write('[[signal]]\nname = "present voucher"\nignore = true\n')
    assert Suggestions(kiosk.project).current is None


def test_the_command_lists_asks_and_writes(
    kiosk: Shop, earful: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list, the same as JSON, and a pass with keys from a pipe: help for any other key."""
    shown = earful("taxonomy", "suggest").out
    assert "gift card  4 people" in shown
    assert "suggest --ask" in shown
    assert not (kiosk.root / "taxonomy.toml").exists(), "looking writes nothing"
    (record,) = json.loads(earful("taxonomy", "suggest", "--json").out)
    assert record["one"]["name"] == "gift card"
    assert 0.2 <= record["chance"] <= 1
    monkeypatch.setattr("sys.stdin", io.StringIO("z\ny\n"))
    told = earful("taxonomy", "suggest", "--ask").out
    assert told.count("One and the same?") == 1
    assert "k: skip" in told
    assert "1 merged, 0 told apart" in told
    (entry,) = read_taxonomy(kiosk.root / "taxonomy.toml").signal
    assert entry.merge
    assert "No two signals" in earful("taxonomy", "suggest").out


def test_a_pass_has_no_length_and_no_json(kiosk: Shop, earful: Callable) -> None:
    """What would be left unheard is refused."""
    for flag in (("--json",), ("--most", "3")):
        told = earful("taxonomy", "suggest", "--ask", *flag)
        assert told.code == 2
        assert "--ask goes through all pairs" in told.err


def test_a_broken_file_is_not_written_over(kiosk: Shop) -> None:
    """The line is named, and every word of the file stays."""
    kiosk.write("[[signal]\n")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        Suggestions(kiosk.project)
    assert (kiosk.root / "taxonomy.toml").read_text(encoding="utf-8") == "[[signal]\n"
