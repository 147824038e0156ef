"""Who names the brand and who its competitors; only what is named counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_reports_material import Said, made_facts, weeks_on

from earful.settings import Brand, Settings
from reports import brief
from reports.demand import Demand
from reports.exports import signals_record
from reports.fact_tables import Window
from reports.share_of_voice import wilson
from reports.signals import demand_signals

LANE = Brand(
    name="Kettle Lane",
    names=("kettle",),
    misspellings=("ketle lane",),
    competitors=("Patty Post", "Toast Republic", "Nobody's Cup"),
    exclusions=("electric kettle",),
)
TEXTS = (
    ("ann", "Kettle Lane is lovely", "positive", 0),
    ("ann", "ketle-lane again, still lovely", "positive", 5),
    ("bob", "Kettle is dear, Patty Post's scones are better", "negative", 5),
    ("cid", "PATTY POST for me", "positive", 9),
    ("dan", "my electric kettle broke", "negative", 9),
    ("eve", "the pattypost queue", None, 9),
    ("fay", "toast republics all over town", "neutral", 10),
    ("gus", "spatty posting", "neutral", 10),
    ("hal", "Nice tea there", "positive", 10),
)


def found(folder: Path, brand: Brand, texts: tuple[tuple[object, ...], ...] = TEXTS) -> Demand:
    rows = [
        Said(str(text), author=str(who), sentiment=mood, when=weeks_on(float(str(week))))  # type: ignore[arg-type]
        for who, text, mood, week in texts
    ]
    rows.append(Said("Patty Post, buy now", author="spammer", spam=True))
    return demand_signals(made_facts(folder, rows), Window(), Settings(brand=(brand,)))


def test_people_and_comments_that_name_each(tmp_path: Path) -> None:
    """Spelling, case and plural aside; neither an exclusion, nor a part of a word, nor spam."""
    demand = found(tmp_path, LANE)
    (told,) = demand.voice
    assert (told.brand, told.people, told.comments) == ("Kettle Lane", 5, 6)
    counts = {v.name: (v.people, v.comments, v.beside) for v in told.voices}
    assert counts == {
        "Patty Post": (3, 3, 1),
        "Kettle Lane": (2, 3, 0),
        "Toast Republic": (1, 1, 0),
        "Nobody's Cup": (0, 0, 0),
    }
    patty, lane = told.voices[0], told.voices[1]
    assert patty.sentiment == {"negative": 1, "neutral": 0, "positive": 1, "mixed": 0}
    assert lane.months == (("2024-01-01", 1, 1), ("2024-02-01", 2, 2))
    assert lane.own
    assert patty.low < patty.share == 3 / 5 < patty.high
    (record,) = json.loads(json.dumps(signals_record(demand)["share_of_voice"]))
    assert record["voices"][0]["sources"] == {"forum": 3}
    page = " ".join(brief.render(demand).split())
    assert "60 % of the 5 people who name Kettle Lane or a competitor name Patty Post." in page
    assert "this is no market share" in page


@pytest.mark.parametrize(
    ("brand", "texts"),
    [
        (Brand(name="Kettle Lane"), TEXTS),
        (LANE, (("ann", "Kettle Lane is lovely", "positive", 0),)),
        (LANE, (("ann", "Nice tea", "positive", 0),)),
    ],
)
def test_nothing_is_told_where_no_competitor_is_named(
    tmp_path: Path, brand: Brand, texts: tuple[tuple[object, ...], ...]
) -> None:
    """Without competitors in the settings, or in what was said, there is no section."""
    demand = found(tmp_path, brand, texts)
    assert demand.voice == ()
    assert "Who else is spoken of?" not in brief.render(demand)


def test_interval_of_a_share() -> None:
    """Wilson's interval, as tables have it, stays within 0 and 1."""
    assert wilson(15, 50) == pytest.approx((0.191, 0.438), abs=0.001)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)
