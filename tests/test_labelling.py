"""Labelling asks about what is worth a person's time, and takes down just what the person says."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from test_store import admitted, put

from classify.categories import shipped_categories
from classify.labels import CATEGORIES
from earful.errors import ConfigurationError, DataError
from earful.labelling import (
    CHANCE,
    SENTIMENT,
    Labelling,
    Standing,
    choose,
    find_words,
    same_labels,
    toggled,
    with_ask,
    with_sentiment,
    without_ask,
)
from earful.labelling_terminal import WIDTH, LabellingTerminal, PipedKeys
from earful.records import Ask, Tags, tags_to_batch
from earful.store import Labels, Ledger
from earful.store.tagged import Tagged

EDGES = {"request": 0.4, "problem": 0.5}


def comment(uid: str, *, prints: tuple[int, ...] = (), polarity: float = 1.0, **scores: float):
    """A comment of a pleased writer, sure in all that is not named."""
    return Tagged(
        uid=uid,
        source="forum",
        created_at=None,
        rating=None,
        place=None,
        url=None,
        words=f"words of {uid}",
        lang="en",
        model_version="m1",
        sentiment_score=polarity,
        scores={**dict.fromkeys(CATEGORIES, 0.0), **scores},
        labels=Labels("positive", ("praise",)),
        prints=prints or (hash(uid),),
    )


def uids(choices: list) -> list[str]:
    return [choice.uid for choice in choices]


def test_the_edge_comes_first() -> None:
    """Nearest to its threshold is least sure, below it as above it, and the reason is told."""
    comments = [
        comment("sure", request=0.99),
        comment("below", request=0.36),
        comment("edge", request=0.4),
        comment("above", request=0.7),
    ]
    chosen = choose(comments, EDGES, {}, 3)
    assert uids(chosen) == ["edge", "below", "above"]
    assert {choice.reason for choice in chosen} == {"request"}
    assert [round(choice.doubt, 2) for choice in chosen] == [1.0, 0.9, 0.5]


def test_sentiment_is_doubted_by_its_polarity() -> None:
    """A pleased or displeased writer of a polarity near zero is asked about for the sentiment."""
    (first, *_) = choose([comment("sure"), comment("torn", polarity=0.1)], EDGES, {}, 1)
    assert (first.uid, first.reason) == ("torn", SENTIMENT)


def test_members_of_big_signals_weigh_more() -> None:
    """Of equal doubt, the comment in the bigger signal goes first; doubt alone still counts."""
    standings = {"big": Standing("dark mode", 40), "small": Standing("gift cards", 2)}
    comments = [comment(uid, request=0.3) for uid in ("none", "small", "big")]
    assert uids(choose(comments, EDGES, standings, 3)) == ["big", "small", "none"]
    comments.append(comment("edge", request=0.4))
    assert uids(choose(comments, EDGES, {"big": Standing("x", 2)}, 1)) == ["big"]
    comments = [comment("edge", request=0.4), comment("big", request=0.1)]
    assert uids(choose(comments, EDGES, standings, 1)) == ["edge"]


def test_of_near_copies_one_is_asked() -> None:
    """Comments that share a fingerprint are one; so are copies of what was labelled before."""
    comments = [
        comment("one", prints=(1, 10), request=0.4),
        comment("two", prints=(2, 10), request=0.4),
        comment("known", prints=(3, 30), request=0.4),
        comment("other", prints=(4, 40), request=0.2),
    ]
    assert uids(choose(comments, EDGES, {}, 9, seen={30})) == ["one", "other"]


def test_reasons_take_turns() -> None:
    """What was asked about once counts less the next time, so that no category crowds out all."""
    many = [comment(f"r{n}", request=0.4) for n in range(20)]
    few = [comment(f"p{n}", problem=0.35) for n in range(20)]
    reasons = [choice.reason for choice in choose([*many, *few], EDGES, {}, 8)]
    assert reasons.count("problem") >= 2


def test_some_are_drawn_by_chance() -> None:
    """Every fifth is drawn, so that confident mistakes are met as well; always the same ones."""
    comments = [comment(f"c{n}", request=0.4 if n < 50 else 0.0) for n in range(200)]
    chosen = choose(comments, EDGES, {}, 10)
    assert [choice.reason == CHANCE for choice in chosen] == [n % 5 == 4 for n in range(10)]
    assert chosen == choose(reversed(comments), EDGES, {}, 10)


def test_a_category_of_ones_own_is_always_asked_about() -> None:
    """The likeliest of a category that the model hardly knows come along with the rest."""
    edge = [comment(f"e{n}", request=0.4, delivery=0.0) for n in range(30)]
    own = [comment(f"d{n}", request=0.0, delivery=n * 1e-4) for n in range(5)]
    chosen = choose([*edge, *own], EDGES, {}, 8)
    assert "d4" in uids(chosen)
    only = choose([*edge, *own], EDGES, {}, 3, category="delivery")
    assert uids(only) == ["d4", "d3", "d2"]


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), max_size=40), st.integers(1, 12))
def test_never_twice_and_never_too_many(rows: list[tuple[int, float]], count: int) -> None:
    """However many comments there are: at most so many, no print twice, all if there is room."""
    comments = [
        comment(f"{n}", prints=(kind,), request=likely) for n, (kind, likely) in enumerate(rows)
    ]
    chosen = choose(comments, EDGES, {}, count)
    prints = [comments[int(uid)].prints[0] for uid in uids(chosen)]
    assert len(prints) == len(set(prints)) == min(count, len({kind for kind, _ in rows}))


# What a person says


ASK = Ask("a dark mode", 4, 15, "dark mode", "new_offering", 2)


def test_remark_stands_alone() -> None:
    """A remark is what carries nothing else: other categories put it out, and none brings it in."""
    labels = toggled(Labels("neutral", ("remark",)), "praise")
    assert labels.categories == ("praise",)
    assert toggled(labels, "praise").categories == ("remark",)
    assert toggled(toggled(labels, "problem"), "remark").categories == ("remark",)


def test_an_ask_brings_its_category_and_takes_it_away() -> None:
    """Marking words makes the comment a request, or a purchase intent; the last to go ends it."""
    labels = with_ask(Labels("neutral", ("remark",)), ASK)
    assert labels.categories == ("request",)
    labels = with_ask(labels, replace(ASK, start=20, end=30, type="wants"))
    assert labels.categories == ("request", "purchase_intent")
    assert without_ask(labels, 1).categories == ("request",)
    assert without_ask(without_ask(labels, 0), 0) == Labels("neutral", ("remark",))
    assert toggled(labels, "request").asks == labels.asks[1:]


def test_asks_do_not_overlap() -> None:
    """Words belong to one ask: a second one over them is refused, naming the first."""
    labels = with_ask(Labels("neutral", ("remark",)), ASK)
    with pytest.raises(DataError, match="overlap ask 1"):
        with_ask(labels, replace(ASK, start=10, end=20))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("a dark mode", "a dark mode"),
        ("A DARK mode", "a dark mode"),
        ("it's  black", "it’s\n black"),
        ("(really) black?", "(really) black?"),
        ("a light mode", None),
        ("  ", None),
    ],
)
def test_typed_words_are_found(typed: str, found: str | None) -> None:
    """Case, white space and apostrophes may differ from the comment's; marks are no patterns."""
    text = "Add a dark mode so that it’s\n black. (really) black?"
    place = find_words(text, typed)
    assert (place and text[slice(*place)]) == found


# A pass in the terminal


class Model:
    """Stands in for the tagger: it has one category more than the codebook."""

    categories = (*CATEGORIES, "delivery")
    thresholds = EDGES
    vector_version = "v1"

    def ask_in(self, text: str, start: int, end: int, lang: str) -> Ask:
        """Anything that is marked is a thing to be changed."""
        return Ask(text[start:end], start, end, "thing", "change", 2)

    def ask_vectors(self, items: list[str], quotes: list[str]) -> np.ndarray:
        """All asks lie close."""
        return np.ones((len(items), 2))


TEXTS = ("Please add a dark mode, the white one hurts.", "Lovely app!", "It crashed on Sunday.")


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger.open(tmp_path / "earful.db") as opened:
        put(opened, *(admitted(str(n), text) for n, text in enumerate(TEXTS)))
        read = [
            Tags(f"forum:here:{n}", "m1", "en", True, "neutral", 0.0, ("remark",),
                 {"request": 0.39 - n / 10}, 0.0)
            for n in range(len(TEXTS))
        ]  # fmt: skip
        with opened.transaction():
            opened.save_tags(tags_to_batch(read))
            opened.set_meta("model_version", "m1")
        yield opened


@pytest.fixture
def run(ledger: Ledger) -> Callable[..., str]:
    """Runs a pass over all comments with these lines on standard input; tells what was shown."""

    def typed(*lines: str) -> str:
        shown = io.StringIO()
        console = Console(file=shown, width=WIDTH, highlight=False, markup=False)
        labelling = Labelling(ledger, Model(), "ann")
        keys = PipedKeys(io.StringIO("".join(f"{line}\n" for line in lines)), console)
        queue = labelling.queue(9, {})
        delivery = replace(shipped_categories()[0], label="delivery", definition="Of delivery.")
        codebook = (*shipped_categories(), delivery)
        LabellingTerminal(labelling, keys, console, codebook, EDGES).run(queue)
        return shown.getvalue()

    return typed


def said(ledger: Ledger) -> dict[str, Labels]:
    return {one.uid.rpartition(":")[2]: one.labels for one in ledger.corrections()}


def test_enter_says_right_as_it_is(run: Callable, ledger: Ledger) -> None:
    """An empty line confirms; a pass ends where its input ends, and the rest comes next time."""
    run("")
    assert said(ledger) == {"0": Labels("neutral", ("remark",))}
    (one,) = ledger.corrections()
    assert (one.by, one.model_version, one.offered) == ("ann", "m1", Model.categories)
    assert same_labels(one.shown, one.labels)
    shown = run("q")
    assert "1 of 2" in shown
    assert TEXTS[0] not in shown


def test_keys_change_sentiment_and_categories(run: Callable, ledger: Ledger) -> None:
    """s and a letter, digits, 0 for the tenth, c and a name; several keys may stand in a line."""
    run("s", "p", "6", "0", "", "sn3", "c", "deliv", "")
    assert said(ledger)["0"] == Labels("positive", ("praise", "delivery"))
    assert said(ledger)["1"] == Labels("negative", ("problem", "delivery"))


def test_an_ask_is_marked_by_its_words(run: Callable, ledger: Ledger) -> None:
    """Words are typed, item, type and strength have defaults or are given by name or number."""
    run("a", "ADD a dark mode", "Dark  Mode", "1", "3", "a", "hurts", "", "fi", "", "")
    labels = said(ledger)["0"]
    assert labels.categories == ("request",)
    first, second = labels.asks
    assert (first.quote, first.item, first.type, first.strength) == (
        "add a dark mode",
        "dark mode",
        "new_offering",
        3,
    )
    assert (second.quote, second.item, second.type, second.strength) == ("hurts", "thing", "fix", 2)
    vectors = ledger.connection.execute("SELECT count(*) FROM correction_vectors").fetchone()
    assert vectors == (2,)


def test_mistakes_are_told_and_change_nothing(run: Callable, ledger: Ledger) -> None:
    """Words that are not there, an unknown key, type or strength: said, and the pass goes on."""
    shown = run(
        "a", "no such words", "x", "d", "s", "z", "c", "nothing like it",
        "a", "dark mode", "", "sideways", "", "a", "dark mode", "", "", "7", "",
    )  # fmt: skip
    for told in ("do not stand", "no key", "no ask to delete", "stays as it was", "is not one of",
                 "no strength"):  # fmt: skip
        assert told in shown, told
    assert said(ledger)["0"] == Labels("neutral", ("remark",))


def test_back_skip_and_stop(run: Callable, ledger: Ledger) -> None:
    """b goes to the comment before with what was said of it, k says nothing, q ends the pass."""
    shown = run("k", "sp", "", "b", "sn", "", "q", "")
    assert said(ledger) == {"1": Labels("negative", ("remark",))}
    assert shown.count("2 of 3") == 2
    (count,) = ledger.connection.execute("SELECT count(*) FROM corrections").fetchone()
    assert count == 2, "what was said first is kept"


def test_an_ask_is_deleted(run: Callable, ledger: Ledger) -> None:
    """d takes the only ask, or the one whose number is given."""
    run("a", "dark mode", "", "", "", "a", "hurts", "", "", "", "d", "1", "")
    assert [ask.quote for ask in said(ledger)["0"].asks] == ["hurts"]


def test_the_same_again_is_not_stored_twice(run: Callable, ledger: Ledger) -> None:
    """Going back and confirming what was said adds no row."""
    run("sp", "", "b", "", "q")
    (count,) = ledger.connection.execute("SELECT count(*) FROM corrections").fetchone()
    assert count == 1


def test_a_pass_fits_eighty_columns(run: Callable) -> None:
    """Nothing is wider than a terminal of 80 columns, the codebook included."""
    shown = run("?", "q")
    assert "Of delivery." in shown
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_markup_in_a_comment_is_shown_as_it_is(run: Callable, ledger: Ledger) -> None:
    """Square brackets in a comment are the writer's, not ours."""
    put(ledger, admitted("9", "[bold]free[/] fries [/red]"))
    with ledger.transaction():
        tags = Tags("forum:here:9", "m1", "en", True, "neutral", 0.0, ("remark",),
                    {"request": 0.4}, 0.0)  # fmt: skip
        ledger.save_tags(tags_to_batch([tags]))
    assert "[bold]free[/] fries [/red]" in run("q")


def test_what_was_erased_meanwhile_is_passed_over(ledger: Ledger) -> None:
    """A comment that goes during a pass is skipped."""
    labelling = Labelling(ledger, Model(), "ann")
    queue = labelling.queue(9, {})
    with ledger.transaction():
        ledger.forget_uids([queue[0].uid])
    console = Console(file=io.StringIO(), width=WIDTH)
    keys = PipedKeys(io.StringIO("\n"), console)
    terminal = LabellingTerminal(labelling, keys, console, shipped_categories(), EDGES)
    assert terminal.run(queue) == 1
    assert list(said(ledger)) == [queue[1].uid.rpartition(":")[2]]


def test_unknown_comments_and_categories_are_named(ledger: Ledger) -> None:
    """A uid that is not there and a category that is not there: the message says what to do."""
    labelling = Labelling(ledger, Model(), "ann")
    with pytest.raises(DataError, match="forum:here:77"):
        labelling.comment("forum:here:77")
    with pytest.raises(ConfigurationError, match="delivry") as error:
        labelling.queue(3, {}, category="delivry")
    assert "'delivery'" in error.value.next_step


def test_only_the_sources_named(ledger: Ledger) -> None:
    """A source that is named is the only one asked about."""
    labelling = Labelling(ledger, Model(), "ann")
    assert labelling.queue(9, {}, ["reviews"]) == []
    assert len(labelling.queue(9, {}, ["forum", "reviews"])) == len(TEXTS)


def test_sentiment_is_all_that_changes() -> None:
    """Another sentiment leaves categories and asks alone."""
    labels = with_ask(Labels("neutral", ("remark",)), ASK)
    assert with_sentiment(labels, "mixed") == replace(labels, sentiment="mixed")
