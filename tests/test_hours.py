"""When things are wanted, by the words of those who ask and not by the clock of their posts."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from test_listening_trip import pulled, told, week_on
from test_reports_material import Said, made_facts

from earful.project import Project
from earful.records import DAYPARTS, Admitted, Ask, Comment, Tags, tags_to_batch
from earful.settings import Settings
from reports import brief
from reports.conditions import condition_of
from reports.demand import Demand
from reports.exports import signals_record, write
from reports.fact_tables import Window
from reports.hours import hours_of
from reports.signals import demand_signals

NOON = datetime(2024, 3, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words", "first", "last"),
    [
        ("overnight", "pies overnight please", 0, 4),
        ("sunday morning", "open on sunday mornings", 5, 10),
        ("midday", "breakfast after 10:30", 10, 13),
        ("night", "open until 11 please", 21, 22),
        ("night", "stop closing at 9", 21, 23),
        ("afternoon", "scones at 3 pm", 15, 15),
        ("afternoon", "Kuchen von 14 bis 16 Uhr", 14, 15),
        ("morning", "before 8, on the way to work", 5, 7),
        ("after 10:30", "", 10, 13),
        ("22:00", "", 22, 22),
    ],
)
def test_hours_that_words_name(moment: str, words: str, first: int, last: int) -> None:
    """A part of the day has the codebook's hours; a clock time that fits it narrows them."""
    hours, _ = hours_of(moment, words)
    assert hours == tuple(range(first, last + 1))


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("evening", "waited 18 minutes, so more staff in the evening"),
        ("evening", "for £19.50 I expect evening service"),
        ("evening", "5 years of asking for evening hours"),
        ("evening", "evening hours after 9 am prayers"),
    ],
)
def test_numbers_that_are_no_hour_of_it_leave_the_part_whole(moment: str, words: str) -> None:
    """Prices, counts and times that do not fit the part of the day narrow nothing."""
    assert hours_of(moment, words) == (tuple(range(*DAYPARTS["evening"])), False)


def test_range_over_midnight_is_in_both_parts() -> None:
    """From ten to two is two hours of the night and two after it."""
    assert hours_of("night; overnight", "from 10pm to 2am pls") == ((0, 1, 22, 23), True)


@pytest.mark.parametrize("moment", ["lent", "sunday", "", None])
def test_moment_without_an_hour_has_none(moment: str | None) -> None:
    """A day, a season or nothing at all wants no hour, whatever number stands around."""
    assert hours_of(moment, "at 3 pm") == ((), False)


@pytest.mark.parametrize(
    ("words", "item", "found"),
    [
        ("I'd come every week if it were gluten free.", "scones", "if it were gluten free"),
        (
            "A bench outside, as long as it is in the shade",
            "bench",
            "as long as it is in the shade",
        ),
        ("Please open late, unless it is a monday!", "late opening", "unless it is a monday"),
        ("It would be nice if you had oat milk", "oat milk", ""),
        ("Do you know if there is oat milk?", "oat milk", ""),
        ("Oat milk please, if possible", "oat milk", ""),
        ("More oat milk", "oat milk", ""),
    ],
)
def test_conditions_in_so_many_words(words: str, item: str, found: str) -> None:
    """What the want depends on, and never the wish itself or a courtesy."""
    assert condition_of(words, item) == found


def asked(n: int, words: str, moment: str, **more: object) -> Said:
    return Said(words, (("oat milk", "new_offering", moment),), author=f"a{n}", when=NOON, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Demand:
    """Six who want it, four of them at night, all of whom post at noon."""
    rows = [asked(n, "Oat milk overnight please", "overnight") for n in range(3)]
    rows += [
        asked(3, "Oat milk, open until 11?", "night", place="leeds"),
        asked(4, "Oat milk, open until 11!", "night", place="leeds"),
        asked(5, "Oat milk as long as it is cold", ""),
        asked(0, "Oat milk overnight, I said", "overnight"),
    ]
    facts = made_facts(tmp_path_factory.mktemp("hours"), rows)
    return demand_signals(facts, Window(), Settings())


def test_grid_counts_people_by_requested_hour(demand: Demand) -> None:
    """Each person once an hour, however often they say it; posts stand in a row of their own."""
    (signal,) = demand.signals
    hours = signal.hours
    assert hours is not None
    assert hours.requested == (3, 3, 3, 3, 3, *[0] * 16, 2, 2, 0)
    assert (hours.people, hours.by_clock) == (5, 2)
    assert hours.items == {"oat milk": hours.requested}
    assert hours.posted == tuple(6 if hour == 12 else 0 for hour in range(24))
    assert hours.posted_local == 0


def test_tuples_hold_what_when_where_and_on_what_condition(demand: Demand) -> None:
    """A row for every combination that was said, with its people and uids."""
    (signal,) = demand.signals
    assert [(r.moment, r.place, r.condition, r.people, r.mentions) for r in signal.tuples] == [
        ("overnight", "", "", 3, 4),
        ("night", "leeds", "", 2, 2),
        ("", "", "as long as it is cold", 1, 1),
    ]
    (record,) = signals_record(demand)["signals"]
    assert record["tuples"][1]["uids"] == ["forum:kl:3", "forum:kl:4"]
    assert sum(record["hours"]["requested"]) == 3 * 5 + 2 * 2


def test_page_and_tables_show_them(demand: Demand, tmp_path: Path) -> None:
    """The page draws the grid and opens the tuples; both are tables as well."""
    page = " ".join(brief.render(demand).split())
    assert "Oat milk is wanted most from 0 to 5 h, by 3 people." in page
    assert "in UTC for those whose own time is not known" in page
    assert "What, when, where and on what condition" in page
    write(demand, tmp_path, ["csv"])
    with (tmp_path / "signals-tuples.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["place"] for row in rows] == ["", "leeds", ""]
    with (tmp_path / "signals-hours.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["hour"] for row in csv.DictReader(file)} == {*"01234", "21", "22"}


def test_page_without_moments_has_no_grid(tmp_path: Path) -> None:
    """Where nobody names a time there is nothing to draw."""
    rows = [asked(n, "Oat milk please", "") for n in range(3)]
    demand = demand_signals(made_facts(tmp_path, rows), Window(), Settings())
    page = brief.render(demand)
    assert "When do they want it?" not in page
    assert "on what condition" not in page
    assert demand.signals[0].tuples == ()


def test_posts_are_put_into_the_writers_own_hour(project: Path) -> None:
    """From the ledger: where the writer's zone is known, noon in UTC is their evening."""
    tea = Project.open(project)
    rows, tags = [], []
    for n in range(4):
        text = f"Oat milk in the morning please, guest {n}."
        comment = Comment(
            source="forum",
            instance="kl",
            native_id=str(n),
            text=text,
            author_key=f"guest-{n}",
            created_at=week_on(2) + timedelta(minutes=n),
            local_offset=None if n == 0 else 7 * 60,
        )
        rows.append(Admitted(comment, str(n), True, n, (), 8))
        ask = Ask("Oat milk in the morning", 0, 23, "oat milk", "availability", 2, "morning")
        tags.append(
            Tags(comment.uid, "m", "en", True, "neutral", 0.0, ("request",), {}, 0.0, (ask,))
        )
    with tea.ledger(create=True) as ledger, ledger.transaction():
        ledger.upsert(rows, week_on(3))
        ledger.save_tags(tags_to_batch(tags))
        ledger.set_meta("model_version", "m")
    pulled(tea, ("forum", 0, 3, "complete"))
    report, _ = told(tea)
    (signal,) = report["signals"]
    assert signal["hours"]["posted"][19] == 3
    assert signal["hours"]["posted"][12] == 1
    assert (signal["hours"]["posted_people"], signal["hours"]["posted_local"]) == (4, 3)
    assert signal["hours"]["requested"][5:11] == [4] * 6
