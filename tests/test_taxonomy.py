"""Signals keep their ids and names for years; what people decide about them is seen beforehand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import START, Shop

from earful import taxonomy_command
from earful.curating import apply_proposal, proposal
from earful.errors import ConfigurationError, DataError
from earful.forgetting import forget
from earful.pipeline import make_report
from earful.project import Project
from earful.records import Admitted, Comment
from earful.ruling import KnownSignal, bind, from_json, to_json
from earful.store import Ledger
from earful.store.memory import MemoryUpdate, NewSignal, RememberedSignal
from earful.taxonomy import TEMPLATE, Taxonomy, read_taxonomy
from reports.demand import Demand, ListedSignal
from reports.identity import Identities, Voice, identify, signal_ids

# Who a group is


@dataclass(frozen=True)
class Wish:
    """A group of asks, as the grouping gives it."""

    key: str
    name: str
    wants: bool = False


def remembered(number: int, name: str = "", **more: object) -> RememberedSignal:
    fields = {"id": f"s{number}", "name": name or f"wish {number}", "settled": True} | more
    return RememberedSignal(number, wants=False, since=START, **fields)  # type: ignore[arg-type]


def crowd(group: int, people: str, signal: int | None = None) -> list[Voice]:
    """One voice for every letter of ``people``."""
    return [Voice(group, person, signal) for person in people]


TEA, MILK, BUN = Wish("tea", "tea"), Wish("milk oat", "oat milk"), Wish("bun", "bun")


def test_groups_that_nobody_remembers_are_new() -> None:
    """Without a memory the ids are those of ``signal_ids``, and everything is to be remembered."""
    found = identify([TEA, MILK], [*crowd(0, "a"), *crowd(1, "bcd")])
    assert [identity.id for identity in found.of] == signal_ids([TEA, MILK])
    assert [new.name for new in found.new] == ["oat milk", "tea"], "most people first"
    assert [new.settled for new in found.new] == [True, False]
    assert not found.changes


def test_another_leader_changes_neither_id_nor_name() -> None:
    """The people decide who a group is, not the words that lead it now."""
    before = [remembered(1, "plant burger")]
    leader = Wish("burger vegan", "vegan burger")
    found = identify([leader], [*crowd(0, "ab", 1), *crowd(0, "cdefgh")], before)
    assert [(one.id, one.name) for one in found.of] == [("s1", "plant burger")]
    assert not found.new
    assert not found.changed


def test_the_name_of_a_coincidence_is_not_settled() -> None:
    """What one person said names a signal until a second one joins; from then on it lasts."""
    before = [remembered(1, "tee", settled=False)]
    found = identify([TEA], [*crowd(0, "a", 1), *crowd(0, "bc")], before)
    assert [(one.id, one.name) for one in found.of] == [("s1", "tea")]
    assert [(changed.name, changed.settled) for changed in found.changed] == [("tea", True)]


def test_two_that_merge_go_on_under_the_older_id() -> None:
    """The younger one is recorded as merged, and told."""
    before = [remembered(1), remembered(2)]
    found = identify([TEA], [*crowd(0, "ab", 1), *crowd(0, "cdef", 2)], before)
    assert found.of[0].id == "s1"
    assert [(changed.number, changed.merged_into) for changed in found.changed] == [(2, "s1")]
    assert [(c.kind, c.signal.id, c.other.id, c.people) for c in found.changes] == [
        ("merged", "s2", "s1", 4)
    ]


def test_a_small_old_signal_does_not_rename_a_large_one() -> None:
    """An old one with a third of the people or fewer is the one that merges."""
    before = [remembered(1), remembered(2)]
    found = identify([TEA], [*crowd(0, "a", 1), *crowd(0, "bcd", 2)], before)
    assert found.of[0].id == "s2"
    assert [(changed.number, changed.merged_into) for changed in found.changed] == [(1, "s2")]


def test_a_split_leaves_the_id_with_the_larger_part() -> None:
    """The other part gets an id of its own, and a record of where it comes from."""
    found = identify([TEA, BUN], [*crowd(0, "ab", 7), *crowd(1, "cde", 7)], [remembered(7)])
    assert found.of[1].id == "s7"
    assert found.of[0].id not in ("s7", "")
    assert [(new.id, new.split_from) for new in found.new] == [(found.of[0].id, 7)]
    assert [(c.kind, c.other.id, c.people) for c in found.changes] == [("split", "s7", 2)]


def test_what_was_merged_gets_its_old_id_back_when_it_stands_alone_again() -> None:
    """A grouping that wavers does not use up ids."""
    before = [remembered(1), remembered(2, merged_into=1)]
    found = identify([TEA, BUN], [*crowd(0, "ab", 1), *crowd(1, "cde", 2)], before)
    assert [one.id for one in found.of] == ["s1", "s2"]
    assert [(changed.number, changed.merged_into) for changed in found.changed] == [(2, None)]
    assert [c.kind for c in found.changes] == ["revived"]


def test_a_new_id_never_meets_a_remembered_one() -> None:
    """Where the words of a group had an id before that went elsewhere, the hash grows longer."""
    (taken,) = signal_ids([TEA])
    found = identify([TEA, BUN], crowd(1, "ab", 1) + crowd(0, "c"), [remembered(1, id=taken)])
    assert found.of[1].id == taken
    assert found.of[0].id.startswith(taken)
    assert found.of[0].id != taken


def remember(before: list[RememberedSignal], found: Identities) -> list[RememberedSignal]:
    """What the ledger makes of it."""
    numbers = {signal.id: signal.number for signal in before}
    after = {signal.number: signal for signal in before}
    for new in found.new:
        number = len(after) + 1
        numbers[new.id] = number
        after[number] = RememberedSignal(
            number, new.id, new.name, new.settled, new.wants, START, new.split_from
        )
    for changed in found.changed:
        after[changed.number] = replace(
            after[changed.number],
            name=changed.name,
            settled=changed.settled,
            merged_into=None if changed.merged_into is None else numbers[changed.merged_into],
        )
    return list(after.values())


VOICES = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("abcdefgh"), st.sampled_from([None, 1, 2, 3])),
    min_size=1,
)


@settings(deadline=None)
@given(VOICES, st.sampled_from([None, 1]), st.sampled_from([None, 1]))
def test_no_id_is_lost_or_given_twice(
    said: list[tuple[int, str, int | None]], second: int | None, third: int | None
) -> None:
    """Whatever moves: groups have ids of their own, every known signal that people still ask for
    stands or is a part of one that stands, and the same asks again change nothing.
    """
    groups = [TEA, MILK, BUN]
    voices = [*(Voice(n, "xyz"[n], None) for n in range(3)), *(Voice(*one) for one in said)]
    before = [remembered(1), remembered(2, merged_into=second), remembered(3, merged_into=third)]
    found = identify(groups, voices, before)
    ids = [identity.id for identity in found.of]
    assert len(set(ids)) == len(groups)
    after = remember(before, found)
    by_number = {signal.number: signal for signal in after}
    for voice in voices:
        if voice.signal is not None:
            signal = by_number[voice.signal]
            if signal.merged_into is not None:
                signal = by_number[signal.merged_into]
                assert signal.merged_into is None, "one step leads to the signal that stands"
            assert signal.id in ids
    numbers = {signal.id: signal.number for signal in after}
    settled = [
        voice
        if voice.signal is not None and found.home[voice.signal] == voice.group
        else voice._replace(signal=numbers[ids[voice.group]])
        for voice in voices
    ]
    again = identify(groups, settled, after)
    assert [identity.id for identity in again.of] == ids
    assert not again.new
    assert not again.changes


# A project in which people say things


@pytest.fixture
def shop(project: Path) -> Shop:
    return Shop(Project.open(project))


def listed(demand: Demand) -> dict[str, tuple[str, int]]:
    """Name and people by id."""
    return {signal.id: (signal.name, signal.people) for signal in demand.signals}


def test_a_month_later_another_wording_leads_and_nothing_is_renamed(shop: Shop) -> None:
    """Neither the commoner wording of a thing nor a key of other letters changes id or name."""
    shop.hear("vegan toast", "abc")
    shop.hear("marmelade bun", "def")
    shop.hear("marmalade bun", "g")
    first = listed(shop.report())
    shop.hear("plant-based toast", "hijklmnop")
    shop.hear("marmalade bun", "hijklmnopqrst")
    later = shop.report()
    assert {key: name for key, (name, _) in listed(later).items()} == {
        key: name for key, (name, _) in first.items()
    }
    assert sorted(people for _, people in listed(later).values()) == [12, 17]
    assert not later.changes
    shop.write('[[signal]]\nname = "vegan toast"\nowner = "kitchen"\n')
    renames = {r.signal.name: (r.wording, r.people) for r in proposal(shop.project).renames}
    assert renames == {
        "vegan toast": ("plant-based toast", 9),
        "marmelade bun": ("marmalade bun", 14),
    }


def test_the_same_input_gives_the_same_signals(shop: Shop) -> None:
    """A second report learns nothing, tells nothing and builds no facts anew."""
    shop.hear("oat milk", "abc")
    first = shop.report()
    manifest = (shop.root / "facts" / "manifest.json").read_text()
    second = shop.report()
    assert second.learned.nothing
    assert listed(second) == listed(first)
    assert (shop.root / "facts" / "manifest.json").read_text() == manifest


def test_a_signal_is_the_same_in_every_window(shop: Shop) -> None:
    """A report on a few days speaks of the signals of the whole time under their ids."""
    shop.hear("vegan toast", "abc")
    since = START + timedelta(days=shop.count, hours=12)
    shop.hear("plant-based toast", "d")
    (whole,) = shop.report().signals
    (late,) = shop.report(since=since).signals
    assert (late.id, late.name, late.people) == (whole.id, whole.name, 1)


def test_merging_and_standing_alone_again_are_recorded(shop: Shop) -> None:
    """What grows together keeps the older id; what grows apart gets its own back. Both are told."""
    shop.hear("marmalade bun", "abc")
    shop.hear("marmelade bun", "de")
    older, younger = (signal.id for signal in shop.report().signals)
    shop.hear("marmalade bun", "fghi")
    (merged,) = (report := shop.report()).signals
    assert (merged.id, merged.people) == (older, 9)
    assert [(change.kind, change.signal.id) for change in report.changes] == [("merged", younger)]
    assert [signal.merged_into for signal in shop.memory()] == [None, 1]
    shop.hear("marmelade bun", "jkl")
    apart = shop.report()
    assert listed(apart) == {older: ("marmalade bun", 7), younger: ("marmelade bun", 5)}
    assert [change.kind for change in apart.changes] == ["revived"]
    assert [signal.merged_into for signal in shop.memory()] == [None, None]


def test_a_split_is_recorded(shop: Shop) -> None:
    """A particular that outgrows the general it was tied to is a signal of its own from then on."""
    shop.hear("all-day breakfast", "abc")
    shop.hear("egg bun after 10:30", "a")
    shop.hear("egg bun after 10:30", "d", quote="An egg bun for breakfast after 10:30, please.")
    (whole,) = shop.report().signals
    assert whole.people == 4
    shop.hear("egg bun after 10:30", "efghijklmnopqrstuvwxyz")
    report = shop.report()
    assert {s.name: s.people for s in report.signals} == {
        "all-day breakfast": 3,
        "egg bun after 10:30": 24,
    }
    assert next(s for s in report.signals if s.name == "all-day breakfast").id == whole.id
    assert [(c.kind, c.other.id, c.people) for c in report.changes] == [("split", whole.id, 2)]
    assert [signal.split_from for signal in shop.memory()] == [None, 1]


def test_a_comment_that_is_read_anew_stays_in_its_signal(shop: Shop) -> None:
    """A model that words the item of the same comments otherwise does not rename the signal."""
    shop.hear("pancake breakfast", "abc")
    (before,) = shop.report().signals
    with shop.project.ledger() as ledger, ledger.transaction():
        ledger.connection.execute("UPDATE asks SET item = 'pancakes and bacon for breakfast'")
    (after,) = (report := shop.report()).signals
    assert (after.id, after.name) == (before.id, before.name)
    assert not report.changes


def test_two_reports_at_once_do_not_overwrite_each_other(shop: Shop) -> None:
    """Who learned from an older memory stores nothing, and has to look again."""
    shop.hear("oat milk", "ab")
    learned = shop.report().learned
    with shop.project.ledger() as ledger:
        new = NewSignal("x-1", "x", "x", settled=False, wants=False, split_from=None)
        assert not ledger.remember_signals(replace(learned, new=(new,)), START)
    assert [signal.name for signal in shop.memory()] == ["oat milk"]


# Forgetting


def words_in(shop: Shop, word: str) -> bool:
    """Whether some byte of the ledger still holds a word."""
    found = b""
    for path in shop.root.glob("earful.db*"):
        found += path.read_bytes()
    return word.encode() in found.lower()


def test_a_signal_goes_with_its_last_ask(shop: Shop) -> None:
    """Nothing is left of the words of a signal that only the erased person asked for."""
    shop.hear("oat milk", "abc")
    shop.hear("quincejelly pots", "z")
    shop.report()
    assert words_in(shop, "quincejelly")
    forget(shop.project, "key-z")
    assert not words_in(shop, "quincejelly")
    assert [signal.name for signal in shop.memory()] == ["oat milk"]
    assert [signal.name for signal in shop.report().signals] == ["oat milk"]


def test_a_name_goes_with_the_last_person_who_said_it(shop: Shop) -> None:
    """A signal that others still ask for loses a name and an id made of erased words only."""
    shop.hear("meatless pie", "yz")
    (first,) = shop.report().signals
    shop.hear("vegan pie", "abc")
    (grown,) = shop.report().signals
    assert (grown.id, grown.name, grown.people) == (first.id, "meatless pie", 5)
    forget(shop.project, "key-z")
    assert listed(shop.report()) == {first.id: ("meatless pie", 4)}
    forget(shop.project, "key-y")
    assert not words_in(shop, "meatless")
    assert listed(shop.report()) == {"signal-n1": ("vegan pie", 3)}


def test_a_deletion_at_the_source_takes_the_words_along(shop: Shop) -> None:
    """A tombstone holds no words, neither does the memory of signals."""
    (uid,) = shop.hear("quincejelly pots", "z")
    shop.report()
    gone = Comment("forum", "kl", uid.rsplit(":", 1)[1], "", deleted=True)
    with shop.project.ledger() as ledger:
        with ledger.transaction():
            ledger.upsert([Admitted(gone, "gone", True, 0, (), 0)], START)
        ledger.scrub()
    assert shop.memory() == []
    assert not words_in(shop, "quincejelly")


def test_merged_signals_go_when_both_are_erased(shop: Shop) -> None:
    """The record of a merge does not outlive the people, nor hold up what is left."""
    shop.hear("marmalade bun", "abc")
    shop.hear("marmelade bun", "de")
    shop.report()
    shop.hear("marmalade bun", "fghi")
    shop.report()
    for person in "abcfghi":
        forget(shop.project, f"key-{person}")
    assert not words_in(shop, "marmalade")
    for person in "de":
        forget(shop.project, f"key-{person}")
    assert shop.memory() == []
    assert not words_in(shop, "marmelade")


def test_what_was_erased_meanwhile_is_not_remembered(shop: Shop) -> None:
    """A report that still counted an erased comment brings none of its words back."""
    (uid,) = shop.hear("quincejelly pots", "z")
    new = NewSignal("quincejelly-1", "quincejelly pots", "quincejelly pots", False, False, None)
    late = MemoryUpdate(0, (new,), (), ((uid, "quincejelly pots", False, "quincejelly-1"),))
    forget(shop.project, uid)
    with shop.project.ledger() as ledger:
        assert ledger.remember_signals(late, START)
        ledger.scrub()
    assert shop.memory() == []
    assert not words_in(shop, "quincejelly")


# The file


@pytest.mark.parametrize(
    ("content", "where", "said", "next_step"),
    [
        ("[[signal", "taxonomy.toml", "not valid TOML", "line"),
        ("[[signals]]\nname = 'x'", "taxonomy.toml", "signals", "Did you mean '[[signal]]'"),
        ("[[signal]]\nname = 'tea'\nrenam = 'x'", "entry 1 (tea)", "renam", "'rename'"),
        ("[[signal]]\nname = 'tea'\npin = 'yes'", "entry 1 (tea)", "pin", "boolean"),
        ("[[signal]]\nname = 'tea'\nmerge = 'x'", "entry 1 (tea)", "merge", "tuple"),
        ("[[signal]]\nname = 'tea'\nsplit = {x = []}", "entry 1 (tea)", "split.x", "at least 1"),
        ("[[signal]]\nname = 'tea'\nrename = ' '", "entry 1 (tea)", "rename", "at least 1"),
        ("[[signal]]\nowner = 'ann'", "entry 1 (without a name)", "by id or by name", "Example"),
        ("[[signal]]\nid = 'a'\nname = 'b'", "entry 1 (a)", "by one of them", "rename"),
        ("[[signal]]\nname = 'tea'", "entry 1 (tea)", "nothing is decided", "rename"),
        ("[[signal]]\nname = 'tea'\npin = true\nignore = true", "entry 1 (tea)", "pin", "one of"),
        ("[[signal]]\nid = 'a'\nnew = true", "entry 1 (a)", "no id yet", "name"),
        (
            "[[signal]]\nname = 'tea'\npin = true\n[[signal]]\nname = 'Tea'\nignore = true",
            "entry 2 (Tea)",
            "entry 1 speaks of the same signal",
            "one entry",
        ),
        (
            "[[signal]]\nname = 'tea'\naliases = ['chai']\n"
            "[[signal]]\nname = 'bun'\nsplit = { soft = ['Chai '] }",
            "entry 2 (bun)",
            "'chai' is to go to 'tea' and to 'bun / soft'",
            "Decide",
        ),
    ],
)
def test_a_bad_file_says_where_and_what_would_be_valid(
    tmp_path: Path, content: str, where: str, said: str, next_step: str
) -> None:
    """Every error names the file, the entry and what to write instead."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_taxonomy(path)
    assert caught.value.where.startswith(str(path))
    assert where in caught.value.where
    assert said in str(caught.value)
    assert next_step in str(caught.value)


def test_the_template_is_valid_with_and_without_its_examples(tmp_path: Path) -> None:
    """As it is written it decides nothing; its examples are ones that can be used."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(TEMPLATE, encoding="utf-8")
    assert read_taxonomy(path) == Taxonomy()
    examples = TEMPLATE[TEMPLATE.index("# [[signal]]\n") :].splitlines()
    path.write_text("\n".join(line.removeprefix("#").strip() for line in examples))
    assert len(read_taxonomy(path).signal) == 4


KNOWN = [
    KnownSignal("tea-1", ("tea", "better tea"), wants=False),
    KnownSignal("tea-2", ("tea",), wants=True),
    KnownSignal("bun-1", ("bun",), wants=False),
    KnownSignal("bun-2", ("bun",), wants=False),
    KnownSignal("chai-1", ("chai",), wants=False, merged_into="tea-1"),
]


@pytest.mark.parametrize(
    ("content", "said", "next_step"),
    [
        ("name = 'teaa'\npin = true", "no signal is called 'teaa'", "Did you mean 'tea'"),
        ("name = 'bun'\npin = true", "2 signals are called 'bun'", "bun-1, bun-2"),
        ("id = 'chai-1'\npin = true", "a part of 'tea-1'", "Speak of that one"),
        ("name = 'tea'\nmerge = ['better tea']", "merged into itself", "Remove"),
        (
            "name = 'tea'\nmerge = ['bun-1']\n[[signal]]\nid = 'bun-1'\nowner = 'ann'",
            "entry 1 decides about the same signal, bun-1",
            "one entry",
        ),
        (
            "name = 'tea'\nsplit = {x = ['a'], y = ['b']}\n"
            "[[signal]]\nname = 'x'\nsplit = {z = ['c']}",
            "neither new nor split again",
            "first split",
        ),
        ("name = 'tea'\napart = ['bunn']", "no signal is called 'bunn'", "Did you mean 'bun'"),
        ("name = 'tea'\nmerge = ['bun-1']\napart = ['bun-1']", "is a part of it", "from apart"),
        ("name = 'tea'\napart = ['better tea']", "is a part of it", "from apart"),
    ],
)
def test_entries_speak_of_signals_that_there_are(
    tmp_path: Path, content: str, said: str, next_step: str
) -> None:
    """What no signal or what several are called is refused, with a guess or their ids."""
    path = tmp_path / "taxonomy.toml"
    path.write_text(f"[[signal]]\n{content}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="entry") as caught:
        bind(read_taxonomy(path), KNOWN, path)
    assert said in str(caught.value)
    assert next_step in str(caught.value)


def test_what_has_grown_into_another_waits(tmp_path: Path) -> None:
    """The other answers of the file hold, and the one that waits is kept for when it is back."""
    path = tmp_path / "taxonomy.toml"
    entry = "[[signal]]\nid = 'bun-1'\nmerge = ['bun-2', 'chai-1']\napart = ['tea-1', 'new bun']\n"
    path.write_text(entry + "[[signal]]\nname = 'new bun'\nnew = true\n", encoding="utf-8")
    ruling = bind(read_taxonomy(path), KNOWN, path)
    assert set(ruling.signals) == {"bun-1", "bun-2", "tea-1"}
    assert ruling.waiting == ("chai-1: it is a part of tea-1 now",)
    numbers = {signal.id: number for number, signal in enumerate(KNOWN)}
    back = dict(enumerate([*KNOWN[:-1], KnownSignal("chai-1", ("chai",), wants=False)]))
    assert set(from_json(to_json(ruling, numbers), back).signals) == {*ruling.signals, "chai-1"}


def test_a_name_means_the_request_and_a_decided_name_counts(tmp_path: Path) -> None:
    """ "tea" is what people miss, not what they buy; a name of the report leads to the signal."""
    path = tmp_path / "taxonomy.toml"
    path.write_text("[[signal]]\nname = 'TEA'\npin = true", encoding="utf-8")
    assert bind(read_taxonomy(path), KNOWN, path).signals["TEA"].id == "tea-1"
    path.write_text("[[signal]]\nname = 'better tea'\npin = true", encoding="utf-8")
    assert bind(read_taxonomy(path), KNOWN, path).signals["better tea"].id == "tea-1"


# What it moves


TAXONOMY = """
[[signal]]
name = "all-day breakfast"
rename = "breakfast after 10:30"
owner = "kitchen"
merge = ["pancake hour"]
aliases = ["hash browns"]

[[signal]]
name = "oat milk"
split = { "oat porridge" = ["oat milk for porridge"] }

[[signal]]
name = "oat porridge"
owner = "shop floor"

[[signal]]
name = "refund"
ignore = true

[[signal]]
name = "vegan nugget"
new = true
pin = true
aliases = ["tofu bites"]
"""


def fill(shop: Shop) -> None:
    shop.hear("all-day breakfast", "abcd")
    shop.hear("pancake hour", "ae")
    shop.hear("hash browns", "fg")
    shop.hear("crispy hash browns", "h")
    shop.hear("oat milk", "abcde")
    shop.hear("oat milk for porridge", "f")
    shop.hear("refund", "ijklmno")
    shop.hear("hash browns", "p", wants=True)


def figures(signals: list[ListedSignal]) -> dict[str, tuple[str, str, str, int, int]]:
    return {s.id: (s.name, s.standing, s.owner, s.people, s.mentions) for s in signals}


def test_the_diff_tells_exactly_what_then_moves(shop: Shop) -> None:
    """Before it is applied nothing moves; afterwards just what was told, figure by figure."""
    fill(shop)
    before = shop.report()
    shop.write(TAXONOMY)
    proposed = proposal(shop.project)
    assert figures(list(shop.report().signals)) == figures(list(before.signals))
    apply_proposal(shop.project, proposed, "ann")
    after = shop.report()
    told = figures(list(before.signals))
    moves = proposed.moves
    for signal in moves.vanishing:
        assert told.pop(signal.id)[0] == signal.name
    for signal in (*moves.appearing, *(now for _, now in moves.staying)):
        told[signal.id] = (
            signal.name, signal.standing, signal.owner, signal.people, signal.mentions,
        )  # fmt: skip
    assert told == figures(list(after.signals))
    assert {(moves.before[m.source].name, moves.name(m.target), m.people, m.mentions)
            for m in moves.moving} == {
        ("pancake hour", "breakfast after 10:30", 2, 2),
        ("hash browns", "breakfast after 10:30", 2, 2),
        ("oat milk", "oat porridge", 1, 1),
    }  # fmt: skip
    assert {signal.name for signal in moves.vanishing} == {"pancake hour", "hash browns"}
    assert moves.still == sum(figures([s]).items() <= figures(list(before.signals)).items()
                              for s in after.signals)  # fmt: skip
    assert proposed.unsaid == ("tofu bites",)


def test_decisions_show_in_the_report(shop: Shop) -> None:
    """A name that was decided, an owner, what is ignored at the end, what is pinned even at 0."""
    fill(shop)
    shop.report()
    shop.apply(TAXONOMY)
    report = shop.report()
    by_name = {signal.name: signal for signal in report.signals}
    breakfast = by_name["breakfast after 10:30"]
    assert (breakfast.people, breakfast.mentions, breakfast.owner) == (7, 8, "kitchen")
    assert breakfast.id.startswith("all-day-breakfast-")
    assert report.signals[-1].name == "refund", "most people ask for it, and it is ignored"
    assert report.ignored == report.signals[-1:]
    assert by_name["refund"].people == 7
    assert "refund" not in {signal.name for signal in report.shared}
    assert (by_name["vegan nugget"].people, by_name["vegan nugget"].standing) == (0, "pinned")
    assert (by_name["oat milk"].people, by_name["oat porridge"].people) == (5, 1)
    assert by_name["hash browns"].type == "wants", "an alias of a request takes requests only"
    written = json.loads((shop.root / "out" / "signals.json").read_text(encoding="utf-8"))
    refund = next(signal for signal in written["signals"] if signal["name"] == "refund")
    milk = next(signal for signal in written["signals"] if signal["name"] == "oat milk")
    assert refund["standing"] == "ignored"
    assert "standing" not in milk


def test_later_comments_go_where_it_was_decided(shop: Shop) -> None:
    """What is applied holds for words that were never said when it was."""
    fill(shop)
    shop.report()
    shop.apply(TAXONOMY)
    shop.hear("oat milk for porridge", "xyz")
    shop.hear("tofu bites", "q")
    shop.hear("vegan nuggets", "rs")
    report = shop.report()
    by_name = {signal.name: signal for signal in report.signals}
    porridge = by_name["oat porridge"]
    assert (porridge.people, porridge.owner) == (4, "shop floor")
    assert (by_name["vegan nugget"].people, by_name["vegan nugget"].standing) == (3, "pinned")
    again = {signal.name: signal.id for signal in shop.report().signals}
    assert again["oat porridge"] == porridge.id


def test_a_file_that_is_edited_afterwards_is_a_proposal(shop: Shop) -> None:
    """Only what was applied holds; the report says that the file waits, and a wrong file does not
    stop it.
    """
    fill(shop)
    shop.report()
    shop.apply(TAXONOMY)
    held = figures(list(shop.report().signals))
    for content in ("", TAXONOMY.replace("breakfast after 10:30", "late breakfast"), "[[signal"):
        shop.write(content)
        made = make_report(shop.project, formats=["json"])
        assert figures(list(made.demand.signals)) == held
        assert any("taxonomy diff" in note for note in made.notes)
    shop.write(TAXONOMY)
    assert make_report(shop.project, formats=["json"]).notes == ()
    assert proposal(shop.project).same
    shop.apply("")
    assert all(signal.standing == "ranked" for signal in shop.report().signals)


def test_an_entry_waits_where_its_signal_is_erased(shop: Shop) -> None:
    """A report goes on and tells which entry finds nothing; a name of the owner's own stays."""
    shop.hear("oat milk", "ab")
    shop.hear("quincejelly", "z")
    shop.report()
    shop.apply('[[signal]]\nname = "quincejelly"\npin = true\n')
    forget(shop.project, "key-z")
    made = make_report(shop.project, formats=["json"])
    assert [signal.name for signal in made.demand.signals] == ["oat milk"]
    assert any("quincejelly" in note for note in made.notes)


def test_wordings_that_mean_the_same_have_one_place(shop: Shop) -> None:
    """Two entries cannot claim the same thing in other words."""
    fill(shop)
    shop.write(
        '[[signal]]\nname = "refund"\naliases = ["vegan cake"]\n'
        '[[signal]]\nname = "oat milk"\naliases = ["plant-based cakes"]\n'
    )
    with pytest.raises(ConfigurationError, match="means the same as 'vegan cake'"):
        proposal(shop.project)


def test_what_changed_in_between_is_not_applied(shop: Shop) -> None:
    """Who agreed to a diff agreed to those signals and no others."""
    fill(shop)
    shop.write(TAXONOMY)
    proposed = proposal(shop.project)
    shop.report()
    with pytest.raises(DataError, match="changed in the meantime"):
        apply_proposal(shop.project, proposed, "ann")
    with shop.project.ledger() as ledger:
        assert ledger.taxonomy() is None


# The command


def test_taxonomy_commands(shop: Shop, earful: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """init, diff, apply, show: from a file to what holds, with who and when."""
    monkeypatch.setattr(taxonomy_command.stdout, "width", 200)
    fill(shop)
    assert "earful taxonomy init" in earful("taxonomy", "diff").err
    assert earful("taxonomy", "init").code == 0
    assert earful("taxonomy", "init").code == 2, "a taxonomy is not overwritten"
    assert "new = true" in earful("taxonomy", "init", "--print").out
    assert "It holds already" in earful("taxonomy", "diff").out
    shop.write(TAXONOMY)
    told = earful("taxonomy", "diff")
    assert told.code == 0, told.err
    assert "was called 'all-day breakfast'" in told.out
    assert "nobody asks for 'tofu bites'" in told.out
    record = json.loads(earful("taxonomy", "diff", "--json").out)
    assert {signal["name"] for signal in record["vanish"]} == {"pancake hour", "hash browns"}
    assert record["applied"] is None
    unasked = earful("taxonomy", "apply")
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert "No taxonomy was applied yet" in earful("taxonomy", "show").out
    applied = earful("taxonomy", "apply", "--yes", "--by", "ann")
    assert applied.code == 0, applied.err
    shown = earful("taxonomy", "show").out
    assert "by ann" in shown
    assert "takes in 'pancake hour'" in shown
    assert "says something else" not in shown
    assert "breakfast after 10:30" in earful("report", "--format", "json").out
    shop.write("")
    assert "says something else" in earful("taxonomy", "show").out


def test_a_ledger_without_memory_is_migrated(tmp_path: Path) -> None:
    """A ledger of the version before gains the tables and keeps what it holds."""
    from earful.store.schema import MIGRATIONS

    before = next(n for n, step in enumerate(MIGRATIONS) if "CREATE TABLE signals (" in step)
    old = sqlite3.connect(tmp_path / "earful.db")
    for step in MIGRATIONS[:before]:
        old.executescript(step)
    old.execute(f"PRAGMA user_version = {before}")
    old.execute("INSERT INTO meta VALUES ('model_version', 'm')")
    old.commit()
    old.close()
    with Ledger.open(tmp_path / "earful.db") as ledger:
        assert ledger.signal_memory().signals == ()
        assert ledger.taxonomy() is None
        assert ledger.get_meta("model_version") == "m"
