"""Signals count people, not posts; they rank, date and quote what was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from test_reports_material import MONDAY, Said, ledger_facts, made_facts, weeks_on
from weekly_counts import listening

from benchmarks.quantified_world import World
from earful.errors import ConfigurationError
from earful.records import Coverage, Ladder
from earful.settings import Brand, Report, Settings
from earful.validation import ReadingCounts
from reports.demand import Demand
from reports.fact_tables import Window
from reports.frames import items_frame, quotes_frame, series_frame, signals_frame
from reports.quotes import LONGEST, Candidate, choose, in_context
from reports.ranking import ranking
from reports.signal_record import signal_record
from reports.signals import demand_signals
from reports.trends import UNKNOWN, Halves, halves_listened, trend

SETTINGS = Settings(project="Kettle Lane", brand=(Brand(name="Kettle Lane"),))


def demand(root: Path, said: list[Said], settings: Settings = SETTINGS, **more: object) -> Demand:
    window = more.pop("window", Window())
    assert isinstance(window, Window)
    return demand_signals(made_facts(root, said), window, settings, **more)  # type: ignore[arg-type]


def asks(item: str, author: str, week: float = 0, **more: object) -> Said:
    return Said(
        f"I would so like {item}, says {author}.",
        ((item, "new_offering"),),
        author=author,
        when=weeks_on(week),
        **more,  # type: ignore[arg-type]
    )


def test_one_person_asking_ten_times_is_one_person(tmp_path: Path) -> None:
    """Mentions and uids hold every comment, people only the person; the ladder tells the rest."""
    said = [asks("oat milk", "loud", week=n) for n in range(10)]
    said += [asks("scones", "a"), asks("scones", "b"), asks("scones", "a", copy_of="forum:kl:10")]
    said += [asks("scones", "bot", spam=True)]
    scones, milk = demand(tmp_path, said).signals
    assert (scones.name, scones.people, scones.mentions) == ("scones", 2, 2)
    assert scones.ladder == Ladder(4, 3, 2, 2, "authors")
    assert scones.grade == "pattern"
    assert (milk.people, milk.mentions, milk.grade) == (1, 10, "coincidence")
    assert len(milk.uids) == 10
    assert milk.estimate.low == milk.people == milk.estimate.high


def test_signals_are_estimated_where_reading_was_measured(tmp_path: Path) -> None:
    """With counts of how well asks are read, people have a range; copies and spam are not in it,
    and the evidence says who asks by source and language."""
    shipped = World(0.1, 0.1).validation(np.random.default_rng(1))
    said = [asks("oat milk", f"a{n}") for n in range(30)]
    said += [asks("oat milk", "bot", spam=True), asks("oat milk", "b", copy_of="x")]
    said += [asks("scones", f"t{n}", lang="th") for n in range(4)]
    found = demand(tmp_path, said, counts=ReadingCounts(shipped))
    milk, scones = found.signals
    assert milk.estimate.measured
    assert milk.estimate.low < milk.estimate.people < milk.estimate.high
    assert milk.estimate.left_out == 0
    assert (scones.estimate.measured, scones.estimate.people) == (False, 4)
    assert signal_record(scones)["estimate"]["why_not"].startswith("not measured")
    assert found.asking.left_out == 4
    assert [(one.lang, one.counted) for one in found.prevalence] == [("en", 30), ("th", 4)]
    frame = signals_frame(found).set_index("name")
    assert frame.loc["oat milk", "low"] == milk.estimate.low
    assert pd.isna(frame.loc["scones", "low"]), "the plain count is no estimate"


def test_spam_and_copies_alone_make_no_signal(tmp_path: Path) -> None:
    """What nobody in earnest asks for is not shown."""
    said = [asks("crypto tea", "bot", spam=True), asks("tea", "a", copy_of="x")]
    assert demand(tmp_path, said).signals == ()


def test_requests_then_purchases_then_singles(tmp_path: Path) -> None:
    """Purchase intent, however loud, stands below shared requests; singles below both."""
    said = [Said("I need a bun", (("bun", "wants"),), author=f"w{n}") for n in range(5)]
    said += [asks("oat milk", "a"), asks("oat milk", "b")]
    said += [asks("harp music", "c"), Said("I need jam", (("jam", "wants"),), author="d")]
    assert [s.name for s in demand(tmp_path, said).signals] == [
        "oat milk",
        "bun",
        "harp music",
        "jam",
    ]


def test_ranking_of_the_settings_orders_signals(tmp_path: Path) -> None:
    """Reach may count; singles stay below whatever the expression says."""
    said = [asks("oat milk", a, reach=1) for a in "abc"]
    said += [asks("scones", a, reach=50) for a in "ab"]
    said += [asks("harp music", "z", reach=9000)]
    by_reach = SETTINGS.model_copy(update={"report": Report(ranking="people + reach / 10")})
    names = [s.name for s in demand(tmp_path, said, by_reach).signals]
    assert names == ["scones", "oat milk", "harp music"]


@pytest.mark.parametrize(
    "expression",
    ["__import__('os')", "people.real", "people if 1 else 2", "peple", "people **9", "", "True"],
)
def test_ranking_reads_arithmetic_and_nothing_else(expression: str) -> None:
    """No code is run; the message quotes the expression and tells what is valid."""
    with pytest.raises(ConfigurationError, match="ranking"):
        ranking(expression)


@given(st.integers(1, 1000), st.integers(0, 1000), st.floats(1, 3))
def test_ranking_computes_what_it_says(people: int, reach: int, strength: float) -> None:
    """Brackets, signs and division; dividing by nothing gives nothing."""
    columns = {"people": people, "mentions": 0.0, "strength": strength, "reach": reach}
    score = ranking("-(people - 2) * strength + 1.5 * reach / 3")(columns)
    assert score == pytest.approx(-(people - 2) * strength + 1.5 * reach / 3)
    assert ranking("people / mentions")(columns) == 0


def test_fields_of_a_signal(tmp_path: Path) -> None:
    """Dates, weeks, moments, sources, places, mood and strength, each in people."""
    said = [
        Said(
            "Chai after ten at night, please, and soon.",
            (("chai", "availability", "night; Lent"),),
            author="a",
            when=weeks_on(3),
            place="Cork",
            sentiment="negative",
            strength=3,
        ),
        Said(
            "Chai again, thanks.",
            (("chai", "availability", "night"),),
            author="a",
            when=weeks_on(9),
            sentiment="positive",
        ),
        Said(
            "Chai, I beg you.",
            (("chai", "new_offering"),),
            source="reviews",
            author=None,
            when=None,
            read=False,
        ),
    ]
    (chai,) = demand(tmp_path, said).signals
    assert chai.type == "availability"
    assert (chai.first_seen, chai.last_seen) == (weeks_on(3), weeks_on(9))
    assert chai.series == (("2024-01-22", 1, 1), ("2024-03-04", 1, 1))
    assert chai.moments == {"night": 1, "lent": 1}
    assert chai.sources == {"forum": 1, "reviews": 1}
    assert chai.places == {"Cork": 1}
    assert chai.sentiment == {"negative": 0, "neutral": 0, "positive": 1, "mixed": 0}
    assert chai.strength == pytest.approx(7 / 3, abs=0.01)
    assert chai.ladder.people_basis == "mixed"
    assert chai.trend == UNKNOWN


def test_evidence_opens_every_number(tmp_path: Path) -> None:
    """The evidence holds each comment behind each signal, and nothing that was set aside."""
    said = [asks("oat milk", a) for a in "abc"] + [asks("oat milk", "bot", spam=True)]
    result = demand(tmp_path, said)
    assert sorted(result.asks["uid"]) == list(result.signals[0].uids)
    assert set(result.asks["signal"]) == {result.signals[0].id}


def test_coverage_of_other_sources_is_left_out(tmp_path: Path) -> None:
    """A report on one source tells how that one was listened to."""
    coverage = [Coverage(s, None, None, "complete") for s in ("forum", "reviews")]
    window = Window(sources=("forum",))
    result = demand(tmp_path, [asks("tea", "a")], window=window, coverage=coverage)
    assert [c.source for c in result.coverage] == ["forum"]


def test_facts_of_a_real_ledger_give_signals(tmp_path: Path) -> None:
    """From upsert and tags to a signal: the whole way once, quotes included."""
    result = demand_signals(ledger_facts(tmp_path), Window(), SETTINGS)
    (tea,) = result.signals
    assert (tea.people, tea.mentions) == (2, 2)
    assert {q.quote for q in tea.quotes} == {
        "Please sell loose leaf tea.",
        "Loose leaf would be lovely.",
    }


def test_nothing_said_gives_an_empty_demand(tmp_path: Path) -> None:
    """No comments, no signals, no error; the frames keep their columns."""
    result = demand(tmp_path, [])
    assert result.signals == ()
    for frame in (signals_frame, items_frame, quotes_frame, series_frame):
        assert len(frame(result)) == 0
    assert {"id", "people", "trend_p"} <= set(signals_frame(result).columns)


def test_frames_hold_what_the_signals_hold(tmp_path: Path) -> None:
    """For notebooks: one row a signal, an item, a quote, a week."""
    result = demand(tmp_path, [asks("oat milk", a, week=n) for n, a in enumerate("abc")])
    assert signals_frame(result)["people"].tolist() == [3]
    assert items_frame(result)["item"].tolist() == ["oat milk"]
    assert series_frame(result)["people"].tolist() == [1, 1, 1]
    assert len(quotes_frame(result)) == 3
    assert signal_record(result.signals[0])["first_seen"] == "2024-01-01T09:30:00+00:00"


# Trends


def halves_of(*comments: list[int]) -> Halves:
    """Halves of sources "a" and "b", whose weeks without a comment were not listened to."""
    weeks = np.array(comments)
    return halves_listened(listening(weeks, weeks == 0))


def test_trend_is_the_exact_conditional_test() -> None:
    """With equal exposure it is scipy's binomial test of one half."""
    compared = halves_of([20] * 30)
    outcome = trend({"a": (4, 16)}, compared)
    assert outcome.direction == "rising"
    assert outcome.ratio == pytest.approx(4.0)
    assert outcome.p == pytest.approx(stats.binomtest(16, 20, 0.5).pvalue)
    assert trend({"a": (16, 4)}, compared).direction == "falling"
    assert trend({"a": (9, 11)}, compared).direction == "steady"


def test_louder_source_is_no_growing_demand() -> None:
    """Four times the asks among four times the comments is no change."""
    compared = halves_of([10] * 13 + [40] * 13)
    outcome = trend({"a": (5, 20)}, compared)
    assert outcome.direction == "steady"
    assert outcome.ratio == pytest.approx(1.0)


def test_source_that_was_not_heard_before_says_nothing() -> None:
    """Listening to a new source must not look like a demand that appears, nor like a steady one."""
    compared = halves_of([20] * 30, [0] * 17 + [20] * 13)
    assert trend({"b": (0, 30)}, compared) == UNKNOWN
    assert trend({"b": (0, 30), "a": (5, 5)}, compared).ratio == pytest.approx(1.0)
    assert trend({"b": (0, 0)}, compared).direction == "steady"


def test_trend_is_unknown_without_half_a_year_or_dates() -> None:
    """Too short a time or too few dates, and the test is not made."""
    assert trend({"a": (1, 20)}, halves_of([9] * 25)) == UNKNOWN
    assert trend({"a": (1, 20)}, halves_of([9] * 26)) != UNKNOWN
    assert trend({"a": (1, 20)}, halves_of([9] * 26), dated_share=0.5) == UNKNOWN
    assert trend({}, halves_of([])) == UNKNOWN


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 500), st.integers(1, 500))
def test_p_is_a_probability(before: int, after: int, heard: int, later: int) -> None:
    """Whatever the counts, 0 < p <= 1, and steady exactly from 0.05 on."""
    day = MONDAY.date()
    compared = Halves(day, day, day, {"forum": (heard, later)}, enough=True)
    outcome = trend({"forum": (before, after)}, compared)
    if before + after == 0:
        assert outcome.p is None
    else:
        assert outcome.p is not None
        assert 0 < outcome.p <= 1 or np.isclose(outcome.p, 0)
        assert (outcome.direction == "steady") == (outcome.p >= 0.05)


# Quotes


def candidate(n: int, quote: str = "", **more: object) -> Candidate:
    fields: dict[str, object] = {
        "uid": f"u{n:02}",
        "person": f"p{n}",
        "source": "forum",
        "quote": quote or f"Please sell oat milk, says number {n} here.",
        "created_at": datetime(2024, 1, 1 + n, tzinfo=UTC),
        "typical": True,
        "named": True,
        "certainty": 0.9,
    }
    return Candidate(**(fields | more))  # type: ignore[arg-type]


def test_quotes_are_of_different_people_and_times() -> None:
    """One quote a person, no wording twice, spread over time, the newest among them."""
    many = [candidate(n) for n in range(20)] + [candidate(n, person="p1") for n in range(20, 25)]
    chosen = choose(many, 4)
    days = sorted(c.created_at.day for c in chosen if c.created_at)
    assert len({c.person for c in chosen}) == 4
    assert days[0] <= 6
    assert days[-1] == 20
    assert choose(list(reversed(many)), 4) == chosen
    assert len(choose([candidate(n, "The same words.") for n in range(5)], 4)) == 1


def test_quotes_prefer_what_reads_well() -> None:
    """Neither a grunt nor an epistle where a sentence can be had."""
    pair = [candidate(0, "yes"), candidate(1, "milk " * 200), candidate(2)]
    assert [c.uid for c in choose(pair, 1)] in (["u02"], [])
    assert choose(pair, 0) == []
    assert choose(pair, 3)[0].uid == "u02"


@given(st.text(max_size=400), st.data())
def test_passage_is_always_a_slice_that_holds_the_quote(text: str, data: st.DataObject) -> None:
    """Whatever the text, nothing is invented and nothing of the quote is lost."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    passage = in_context(text, start, end)
    assert passage in text
    assert text[start:end].strip() in passage or text[start:end] in passage


def test_short_quotes_are_shown_in_their_sentence() -> None:
    """The sentence around it, numbers left whole, and never more than a page wants."""
    text = "Shut at 10.30 again. Would kill for chai at 11.15, honestly. Bye."
    start = text.index("chai")
    assert in_context(text, start, start + 4) == "Would kill for chai at 11.15, honestly."
    endless = "word " * 300 + "chai " + "word " * 300
    start = endless.index("chai")
    assert len(in_context(endless, start, start + 4)) <= LONGEST


@pytest.mark.parametrize(
    ("rung", "people", "comments"),
    [("posts", 7, 7), ("copies", 6, 6), ("spam", 4, 4), ("people", 2, 4)],
)
def test_a_report_can_be_made_at_any_rung(
    tmp_path: Path, rung: str, people: int, comments: int
) -> None:
    """Below people each comment counts for itself, and lower down copies and spam count as well;
    the ladder of all comments is whole at any rung."""
    said = [asks("oat milk", "ann", week=n) for n in range(3)] + [asks("oat milk", "bo")]
    said += [asks("oat milk", "bot", spam=True), asks("oat milk", "bot", week=1, spam=True)]
    said += [asks("oat milk", "bo", copy_of="forum:kl:3")]
    result = demand(tmp_path, said, rung=rung)
    (signal,) = result.signals
    assert (signal.people, signal.mentions, result.rung) == (people, comments, rung)
    assert result.ladder == Ladder(7, 6, 4, 2, "authors")
    assert result.rollups.weeks["people"].sum() >= people


def test_a_rung_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """The message names the rung that was meant."""
    with pytest.raises(ConfigurationError, match="copy") as error:
        demand(tmp_path, [asks("oat milk", "ann")], rung="copy")
    assert "copies" in str(error.value)
