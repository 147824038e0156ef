"""What people say when a survey asks, against what they ask for unasked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_reports_material import Said, made_facts, weeks_on

from earful.settings import Settings
from reports import brief
from reports.demand import Demand
from reports.exports import signals_record
from reports.fact_tables import Window, open_tables
from reports.say_want import LEAST_ASKING, SayWant, say_want
from reports.signals import demand_signals

WISHES = ("salad bowls", "late opening", "oat milk", "quieter music")


def said_by(counts: Mapping[str, int], *, solicited: bool) -> list[Said]:
    """So many people for each wish, in a survey without names or in a forum."""
    side = "survey" if solicited else "forum"
    return [
        Said(
            f"I would like {wish}, {side} number {n}.",
            ((wish, "new_offering"),),
            author=f"{wish}{n}",
            source=side,
            when=weeks_on(n % 40),
            solicited=solicited,
        )
        for wish, count in counts.items()
        for n in range(count)
    ]


def found(folder: Path, asked: Mapping[str, int], unasked: Mapping[str, int]) -> Demand:
    rows = said_by(asked, solicited=True) + said_by(unasked, solicited=False)
    return demand_signals(made_facts(folder, rows), Window(), Settings())


def test_gap_on_either_side_is_told(tmp_path: Path) -> None:
    """Salads are said when asked, late opening is wanted unasked, oat milk is both."""
    demand = found(
        tmp_path,
        {"salad bowls": 30, "late opening": 2, "oat milk": 10},
        {"salad bowls": 3, "late opening": 60, "oat milk": 25},
    )
    told = demand.say_want
    assert told is not None
    assert (told.asking_asked, told.asking_unasked) == (42, 88)
    sides = {gap.name: gap.side for gap in told.gaps}
    assert sides == {"salad bowls": "said", "late opening": "wanted", "oat milk": "both"}
    (salad,) = told.of("said")
    assert (salad.asked, salad.unasked) == (30, 3)
    assert salad.ratio is not None
    assert salad.high is not None
    assert salad.ratio == pytest.approx(30 / 42 / (3 / 88))
    assert 1 < salad.low < salad.ratio < salad.high
    page = " ".join(brief.render(demand).split())
    assert "people say salad bowls; unasked, they want late opening" in page
    assert "survey number 1" in page
    record = json.loads(json.dumps(signals_record(demand)["say_want"]))
    assert record["false_discovery_rate"] == 0.05
    assert len(record["gaps"]) == 3


def test_no_survey_no_section(tmp_path: Path) -> None:
    """Where nobody was asked there is nothing to compare, on the page or in the record."""
    demand = found(tmp_path, {}, {"oat milk": 30})
    assert demand.say_want is None
    assert signals_record(demand)["say_want"] is None
    assert "Do they say what they want?" not in brief.render(demand)


def test_few_answers_are_not_compared(tmp_path: Path) -> None:
    """With fewer than 20 askers on a side the page says so."""
    demand = found(tmp_path, {"salad bowls": LEAST_ASKING - 1}, {"oat milk": 40})
    assert demand.say_want is not None
    assert demand.say_want.gaps == ()
    assert "less than 20 people ask for anything in a survey" in brief.render(demand)


def test_same_wishes_on_both_sides_are_no_gap(tmp_path: Path) -> None:
    """Equal shares, though eight times the people speak in the open: nothing is told."""
    demand = found(tmp_path, dict.fromkeys(WISHES, 6), dict.fromkeys(WISHES, 48))
    assert demand.say_want is not None
    assert {gap.side for gap in demand.say_want.gaps} == {"both"}
    assert "by no more than chance, for any of 4 wishes tested" in " ".join(
        brief.render(demand).split()
    )


@pytest.fixture(scope="module")
def heard_both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Facts with a survey and a forum, for tests that bring asks of their own."""
    return tmp_path_factory.mktemp("both")


def asks(rng: np.random.Generator, asked: list[float], unasked: list[float]) -> pd.DataFrame:
    """100 people asked and 400 unasked, one wish each, by these chances."""
    rows = []
    for solicited, people, chances in ((True, 100, asked), (False, 400, unasked)):
        picks = rng.choice(len(chances), people, p=chances)
        rows += [(f"w{pick}", f"{solicited}{n}", solicited) for n, pick in enumerate(picks)]
    return pd.DataFrame(rows, columns=["signal", "person", "solicited"])


def test_gaps_by_chance_are_rare_and_a_true_one_is_found(heard_both: Path) -> None:
    """100 worlds without a gap bring one in 5 or fewer; a wish that surveys call up eight times as
    often is told in each."""
    rows = said_by({"oat milk": 1}, solicited=True) + said_by({"oat milk": 1}, solicited=False)
    tables = open_tables(made_facts(heard_both, rows))
    names = {f"w{n}": f"wish {n}" for n in range(12)}
    rng = np.random.default_rng(5)
    even = [1 / 12] * 12
    raised = [0.32, *[0.68 / 11] * 11]
    usual = [0.04, *[0.96 / 11] * 11]

    def compared(asked: list[float], unasked: list[float]) -> SayWant:
        told = say_want(asks(rng, asked, unasked), names, tables, Window())
        assert told is not None
        return told

    false = sum(any(g.side != "both" for g in compared(even, even).gaps) for _ in range(100))
    assert false <= 5
    for _ in range(100):
        assert "wish 0" in [gap.name for gap in compared(raised, usual).of("said")]
