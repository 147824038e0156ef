"""What came of a launch, from comments to the page: fewer who ask, more who speak, what was left.

A tea shop, Kettle Lane, brings out oat milk after a year in which people asked for it.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_listening_trip import WEEKS, plant, pulled, steady, told, week_on
from test_reports_material import MONDAY, Said, made_facts, weeks_on
from weekly_counts import listening, week

from earful.errors import ConfigurationError
from earful.pipeline import make_report
from earful.project import Project
from earful.settings import Launch, Settings, load_settings
from reports import brief
from reports.before_and_after import NOTHING_BEFORE, TOO_EARLY, before_and_after
from reports.demand import Demand
from reports.exports import signals_record
from reports.fact_tables import Window
from reports.launches import Launched
from reports.naming import pattern_of
from reports.signals import demand_signals

LAUNCH = (MONDAY + timedelta(weeks=30)).date()
OAT = Launch(what="Oat milk", when=LAUNCH, signals=("oat milk",))


def shop() -> list[Said]:
    """60 weeks. Before week 30 two people a week ask for oat milk; after it nobody does, six a
    week speak of it, and from week 40 on some of these ask for oat cream."""
    rows: list[Said] = []
    for n in range(60):
        rows += [
            Said(f"Nice tea {n}-{k}.", author=f"t{n}-{k}", when=weeks_on(n)) for k in range(10)
        ]
        if n < 30:
            rows += [
                Said(
                    f"Could you get oat milk, week {n}?",
                    (("oat milk", "new_offering"),),
                    author=f"asker{n}-{k}",
                    when=weeks_on(n),
                    reach=2,
                )
                for k in range(2)
            ]
            continue
        rows += [
            Said(
                "The Oat-Milk is here, lovely!",
                author=f"asker{n - 30}-0" if k == 0 else f"new{n}-{k}",
                when=weeks_on(n),
                reach=50,
            )
            for k in range(6)
        ]
        if n % 4 == 0 and n >= 40:
            rows.append(
                Said(
                    "Oat milk is great, but do you have oat cream?",
                    (("oat cream", "new_offering"),),
                    author=f"c{n}",
                    when=weeks_on(n),
                )
            )
    rows.append(
        Said(
            "Oat milk in the decaf too please", (("oat milk", "change"),), "late", when=weeks_on(50)
        )
    )
    return rows


def found(folder: Path, rows: list[Said], *launches: Launch) -> Demand:
    own = Path(tempfile.mkdtemp(dir=folder))
    return demand_signals(made_facts(own, rows), Window(), Settings(launch=launches))


def one_of(folder: Path, rows: list[Said], launch: Launch = OAT) -> Launched:
    (launched,) = found(folder, rows, launch).launches
    return launched


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Demand:
    """What the shop's customers ask for, with the launch in the settings."""
    return found(tmp_path_factory.mktemp("shop"), shop(), OAT)


def test_launch_that_answers_a_wish(demand: Demand) -> None:
    """Fewer ask, more speak of it, most of them new voices; what was left out is named."""
    (launched,) = demand.launches
    asking, speaking = launched.asking, launched.speaking
    assert asking.growth is not None
    assert speaking.growth is not None
    assert (asking.growth.earlier, asking.growth.recent) == (52, 1)
    assert asking.beyond_chance
    assert asking.growth.high is not None
    assert asking.growth.high < 0.5
    assert speaking.growth.recent > speaking.growth.expected
    voices = launched.voices
    # Five a week, those who ask for cream, and the one with the decaf.
    assert voices.new == voices.unheard == 150 + 5 + 1
    assert voices.authors == voices.after == 30 + 156
    assert launched.asked_before == 60
    assert launched.asked_again == 0
    assert voices.reach_after is not None
    assert voices.reach_before is not None
    assert voices.reach_after > 30 * voices.reach_before
    assert [(row.item, row.people, row.beside) for row in launched.still] == [
        ("oat milk", 1, False),
        ("oat cream", 5, True),
    ]
    assert "oat cream" in launched.still[1].quotes[0].quote


def test_talk_about_the_launch_does_not_thin_the_rate(tmp_path: Path) -> None:
    """As many ask as before while comments treble because of the launch: nothing changed."""
    rows: list[Said] = []
    for n in range(60):
        rows += [
            Said(f"Nice tea {n}-{k}.", author=f"t{n}-{k}", when=weeks_on(n)) for k in range(10)
        ]
        rows += [
            Said(
                f"Get oat milk {n}", (("oat milk", "new_offering"),), f"a{n}-{k}", when=weeks_on(n)
            )
            for k in range(2)
        ]
        if n >= 30:
            rows += [Said("oat milk, aha", author=f"s{n}-{k}", when=weeks_on(n)) for k in range(24)]
    launched = one_of(tmp_path, rows)
    assert launched.asking.growth is not None
    assert launched.asking.growth.ratio == pytest.approx(1.0, abs=0.1)
    assert not launched.asking.beyond_chance


def test_signals_are_found_by_name_or_id_and_a_misspelt_one_is_told(
    demand: Demand, tmp_path: Path
) -> None:
    """A signal that is not there is no failure of the report: the page says what was meant."""
    (oat,) = [signal for signal in demand.signals if signal.name == "oat milk"]
    launch = Launch(what="Oat", when=LAUNCH, signals=(oat.id.upper(), oat.id, "Oat Milc"))
    again = found(tmp_path, shop(), launch)
    (launched,) = again.launches
    assert oat.id in launched.signals
    assert any("Did you mean “oat milk”?" in words for words in launched.unknown)
    page = brief.render(again)
    assert "There is no signal “Oat Milc”" in page


def test_page_and_record_tell_the_launch(demand: Demand) -> None:
    """A section where there is a launch and none where there is not; the record is whole."""
    page = " ".join(brief.render(demand).split())
    assert "What came of what you launched?" in page
    assert "is asked for less often, and more people speak of it" in page
    assert "those who speak of it now ask for oat cream" in page
    (record,) = json.loads(json.dumps(signals_record(demand)["launches"]))
    assert record["when"] == LAUNCH.isoformat()
    assert record["asking"]["p"] < 0.001
    assert record["still_asked"][1]["uids"]
    bare = replace(demand, launches=())
    assert "What came of what you launched?" not in brief.render(bare)
    assert signals_record(bare)["launches"] == []


@pytest.mark.parametrize(("at", "why"), [(58, TOO_EARLY), (3, NOTHING_BEFORE)])
def test_nothing_is_compared_where_too_little_was_heard(tmp_path: Path, at: int, why: str) -> None:
    """A launch of last week, or one before the listening began, says why nothing is compared."""
    when = (MONDAY + timedelta(weeks=at)).date()
    demand = found(tmp_path, shop(), OAT.model_copy(update={"when": when}))
    (launched,) = demand.launches
    assert launched.asking.growth is None
    assert launched.asking.untested == why
    assert why in brief.render(demand)


def said(counts: dict[int, int], source: str = "a") -> pd.DataFrame:
    """People by week, each of them another."""
    rows = [
        (f"{source}{n}-{k}", source, pd.Timestamp(week(n)), True)
        for n, count in counts.items()
        for k in range(count)
    ]
    return pd.DataFrame(rows, columns=["person", "source", "day", "to_the_day"])


def test_gap_after_a_launch_is_no_fall() -> None:
    """A source that dies right after the launch, beside one that goes on: nothing changed."""
    gaps = np.zeros((2, 60), dtype=bool)
    gaps[0, 32:] = True
    heard = listening(np.full((2, 60), 50), gaps)
    people = pd.concat([said(dict.fromkeys(range(32), 4)), said(dict.fromkeys(range(60), 2), "b")])
    told = before_and_after(people, week(30), heard)
    assert told.growth is not None
    assert told.growth.recent == told.growth.earlier == 52
    assert told.growth.ratio == pytest.approx(1.0)
    assert told.p == pytest.approx(1.0)
    assert not told.beyond_chance


def test_week_of_the_launch_belongs_to_neither_side_where_it_is_broken() -> None:
    """A Wednesday's launch leaves its week out; a Monday's begins with it."""
    heard = listening(np.full((1, 60), 50))
    people = said(dict.fromkeys(range(60), 1) | {30: 40})
    wednesday = before_and_after(people, week(30) + timedelta(days=2), heard)
    assert wednesday.growth is not None
    assert wednesday.growth.recent == 26
    monday = before_and_after(people, week(30), heard)
    assert monday.growth is not None
    assert monday.growth.recent == 65
    assert monday.beyond_chance
    assert not wednesday.beyond_chance


def test_what_rose_before_is_said_to_have_risen_before() -> None:
    """A rise that was under way is not told as the launch's doing alone."""
    heard = listening(np.full((1, 60), 50))
    told = before_and_after(said({n: 1 + n // 6 for n in range(60)}), week(30), heard)
    assert told.beyond_chance
    assert told.drifted


def test_unchanged_demand_is_rarely_called_changed() -> None:
    """Of 400 launches that change nothing at most 5 % are told as a change."""
    random = np.random.default_rng(8)
    heard = listening(np.full((1, 60), 50))
    false = 0
    for _ in range(400):
        counts = dict(enumerate(random.poisson(1.5, 60).tolist()))
        false += before_and_after(said(counts), week(30), heard).beyond_chance
    assert false <= 0.05 * 400


@pytest.mark.parametrize(
    ("words", "text", "named"),
    [
        ("all-day breakfast", "the all day breakfasts rock", True),
        ("oat milk", "goat milk", False),
        ("oat milk", "oatmilk!", True),
        ("Patty Post", "patty post's fries", True),
        ("오트밀크", "오트밀크를 주세요", True),
        ("オートミルク", "新しいオートミルクです", True),
    ],
)
def test_words_name_a_thing_on_borders(words: str, text: str, named: bool, tmp_path: Path) -> None:
    """With hyphen, blank or none, in plural, in scripts without borders; never part of a word."""
    assert pattern_of([words])
    launch = Launch(what=words, when=LAUNCH, signals=("x",))
    launched = one_of(tmp_path, [Said(text, author="z", when=weeks_on(40))], launch)
    assert launched.voices.after == int(named)


def test_launch_of_the_settings_file_reaches_the_report(project: Path) -> None:
    """From earful.toml over the ledger to the page."""
    tea = Project.open(project)

    def stilled(wish: str, source: str, number: int) -> int:
        return 0 if wish == "oat milk" and number >= WEEKS - 20 else steady(wish, source, number)

    plant(tea, "forum", range(WEEKS), rate=stilled)
    pulled(tea, ("forum", 0, WEEKS, "complete"))
    path = project / "earful.toml"
    when = week_on(WEEKS - 20).date()
    path.write_text(
        f'{path.read_text()}\n[[launch]]\nwhat = "Oat milk"\nwhen = {when}\n'
        'signals = ["oat milk"]\n'
    )
    report, page = told(Project.open(project))
    (launched,) = report["launches"]
    assert launched["asking"]["high"] < 0.5
    assert launched["asking"]["compared_after"] == 0
    assert "Since the launch of Oat milk, oat milk is asked for less often" in page
    assert make_report(Project.open(project), formats=["json"]).demand.launches


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ('what = "x"\nwhen = "soon"\nsignals = ["a"]', "launch.0.when"),
        ('what = "x"\nwhen = 2025-01-01', "launch.0.signals"),
        ('what = "x"\nwhen = 2025-01-01\nsignals = []', "launch.0.signals"),
        ('what = " "\nwhen = 2025-01-01\nsignals = ["a"]', "launch.0.what"),
        ('what = "x"\nwhen = 2025-01-01\nsignals = ["a"]\nword = ["b"]', "Did you mean 'words'"),
    ],
)
def test_wrong_launches_are_explained(tmp_path: Path, entry: str, names: str) -> None:
    """The message names the entry that is wrong, or guesses the one that was meant."""
    (tmp_path / "earful.toml").write_text(f"[[launch]]\n{entry}\n")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(tmp_path)
    assert names in str(raised.value)


def test_launch_day_is_a_date() -> None:
    """Settings keep the day, not a time."""
    assert OAT.when == date(2024, 7, 29)
