"""From the ledger to the report: how well was listened must never look like what is wanted.

A tea shop, Kettle Lane, is talked about for 121 weeks in a forum and in its shop's reviews. Ten
things are asked for at a steady rate; what changes is the listening, or (to show that a change is
found where there is one) the wish itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from earful.curating import apply_proposal, proposal
from earful.pipeline import make_report
from earful.project import Project
from earful.records import Admitted, Ask, Comment, Coverage, Tags, tags_to_batch

START = datetime(2022, 1, 3, 12, tzinfo=UTC)
"""Noon of a Monday."""
WEEKS = 121
LAST_QUARTER = WEEKS - 13
WISHES = (
    *("oat milk", "gluten free scones", "sunday opening", "bicycle racks", "loyalty stamps"),
    *("quieter music", "mint tea", "bigger teapots", "gift vouchers", "outdoor benches"),
)
Rate = Callable[[str, str, int], int]
"""People who ask for a wish, in a source, in a week."""


def steady(wish: str, source: str, week: int) -> int:
    """One a week in the forum, one in two weeks in the shop; a little more in some weeks."""
    turn = (week * 7 + WISHES.index(wish) * 3) % 10
    return (1 if source == "forum" else week % 2) + (turn == 0)


def week_on(number: float) -> datetime:
    return START + timedelta(weeks=number)


def plant(
    project: Project,
    source: str,
    weeks: range,
    *,
    rate: Rate = steady,
    talk: int = 20,
    batch: str = "",
) -> None:
    """Put comments of a source into the ledger, tagged: ``talk`` a week, and those that ask."""
    rows: list[Admitted] = []
    tags: list[Tags] = []
    for week, n, wish in _said(source, weeks, rate, talk):
        said = f"Could we have {wish}, asks guest {week} {n}." if wish else f"Nice tea, {week} {n}."
        name = f"{batch}{week}-{n}"
        comment = Comment(
            source=source,
            instance="kl",
            native_id=name,
            text=said,
            author_key=f"{source}-{name}",
            created_at=week_on(week) + timedelta(hours=4 * (n % 36)),
        )
        rows.append(Admitted(comment, name, True, hash(comment.uid), (), len(said.split())))
        start = said.find(wish)
        asks = (Ask(wish, start, start + len(wish), wish, "new_offering", 2),) if wish else ()
        tags.append(Tags(comment.uid, "m", "en", True, "neutral", 0.0, ("remark",), {}, 0.01, asks))
    with project.ledger(create=True) as ledger, ledger.transaction():
        ledger.upsert(rows, week_on(WEEKS))
        ledger.save_tags(tags_to_batch(tags))
        ledger.set_meta("model_version", "m")


def _said(source: str, weeks: range, rate: Rate, talk: int) -> Iterator[tuple[int, int, str]]:
    for week in weeks:
        wishes = [wish for wish in WISHES for _ in range(rate(wish, source, week))]
        yield from ((week, n, wish) for n, wish in enumerate([*[""] * talk, *wishes]))


def pulled(project: Project, *windows: tuple[str, float, float, str]) -> None:
    """Record windows of listening: source, first and last week, state."""
    with project.ledger(create=True) as ledger, ledger.transaction():
        for source, since, until, state in windows:
            monday = timedelta(hours=12)
            ledger.add_coverage(
                Coverage(source, week_on(since) - monday, week_on(until) - monday, state)  # type: ignore[arg-type]
            )


def told(project: Project) -> tuple[dict[str, Any], str]:
    """signals.json and the page of a report on everything."""
    files = make_report(project, formats=["json", "html"]).files
    page = next(path for path in files if path.suffix == ".html").read_text(encoding="utf-8")
    record = next(path for path in files if path.suffix == ".json")
    return json.loads(record.read_text(encoding="utf-8")), " ".join(page.split())


def by_name(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {signal["name"]: signal for signal in report["signals"]}
    assert set(found) == set(WISHES)
    return found


def assert_nothing_moves(report: dict[str, Any]) -> None:
    """No wish rises, falls, beats its past or changes its level."""
    for name, signal in by_name(report).items():
        assert signal["trend"]["direction"] in ("steady", "unknown"), name
        assert signal["grade"] == "trend", name
        assert signal["history"]["changes"] == [], name


@pytest.fixture
def tea(project: Path) -> Project:
    """An empty project, opened."""
    return Project.open(project)


def test_steady_wishes_are_steady_and_one_that_triples_is_established(tea: Project) -> None:
    """Where everything was listened to, what changes is found, with an interval that holds it."""

    def changing(wish: str, source: str, week: int) -> int:
        late = week >= LAST_QUARTER
        if wish == "oat milk" and late:
            return 3 * steady(wish, source, week)
        return 0 if wish == "quieter music" and late else steady(wish, source, week)

    for source in ("forum", "shop"):
        plant(tea, source, range(WEEKS), rate=changing)
        pulled(tea, (source, 0, WEEKS, "complete"))
    report, page = told(tea)
    signals = by_name(report)
    milk, music = signals["oat milk"], signals["quieter music"]
    assert milk["grade"] == "established"
    assert milk["q"] <= report["test"]["false_discovery_rate"] == 0.05
    assert milk["trend"]["direction"] == "rising"
    assert milk["trend"]["low"] < 3 < milk["trend"]["high"]
    assert milk["past"]["low"] < 3 < milk["past"]["high"]
    (change,) = milk["history"]["changes"]
    late = date.fromisoformat(change["week"]) - week_on(LAST_QUARTER).date()
    assert abs(late) <= timedelta(weeks=2)
    assert music["trend"]["direction"] == "falling"
    assert music["grade"] == "trend"
    for name in set(WISHES) - {"oat milk", "quieter music"}:
        assert (signals[name]["trend"]["direction"], signals[name]["grade"]) == ("steady", "trend")
    assert report["test"]["established"] == 1
    assert report["test"]["words"] in page


@pytest.mark.parametrize("state", ["failed", "capped", "complete"])
def test_dead_or_capped_source_is_no_fall(tea: Project, state: str) -> None:
    """A quarter that a pull failed in, that the platform cut to a rest, or that brought nothing
    although the pull claims so, is a gap that the page tells, and no wish fells for it."""
    cut = range(LAST_QUARTER, WEEKS) if state == "capped" else range(0)
    plant(tea, "shop", range(WEEKS))
    plant(tea, "forum", range(LAST_QUARTER))
    plant(tea, "forum", cut, rate=lambda *_: 0, talk=2)
    pulled(tea, ("shop", 0, WEEKS, "complete"), ("forum", 0, LAST_QUARTER, "complete"))
    pulled(tea, ("forum", LAST_QUARTER, WEEKS, state))
    report, page = told(tea)
    assert_nothing_moves(report)
    (gap,) = [gap for gap in report["heard"]["gaps"] if gap["source"] == "forum"]
    assert gap["since"] == str(week_on(LAST_QUARTER).date())
    words = {"failed": "a pull failed", "capped": "cut short", "complete": "nothing heard"}
    assert gap["reason"] == {"complete": "silent"}.get(state, state)
    assert words[state] in page
    heard = dict(report["heard"]["weeks"]["forum"])
    assert str(week_on(LAST_QUARTER).date()) not in heard


def test_whole_forum_dead_leaves_its_own_wishes_unknown(tea: Project) -> None:
    """What only the dead source spoke of cannot be told to fall; the forecast says why not."""

    def apart(wish: str, source: str, week: int) -> int:
        at_home = (wish in WISHES[:5]) == (source == "forum")
        return steady(wish, "forum", week) if at_home else 0

    plant(tea, "shop", range(WEEKS), rate=apart)
    plant(tea, "forum", range(LAST_QUARTER), rate=apart)
    pulled(tea, ("shop", 0, WEEKS, "complete"), ("forum", 0, LAST_QUARTER, "complete"))
    report, _ = told(tea)
    assert_nothing_moves(report)
    signals = by_name(report)
    for name in WISHES[:5]:
        assert signals[name]["trend"]["direction"] == "unknown"
        assert signals[name]["untested"]
        assert signals[name]["history"]["forecast"] is None
        assert signals[name]["history"]["no_forecast"]
    for name in WISHES[5:]:
        assert signals[name]["trend"]["direction"] == "steady"
        coming = signals[name]["history"]["forecast"]
        assert coming["low"] <= coming["people"] <= coming["high"]


def test_new_source_is_no_rise(tea: Project) -> None:
    """Three times the people, all of them from a page that nobody listened to before."""
    for source in ("forum", "shop"):
        plant(tea, source, range(WEEKS))
        pulled(tea, (source, 0, WEEKS, "complete"))
    plant(tea, "app", range(WEEKS - 10, WEEKS), rate=lambda wish, *_: 6)
    pulled(tea, ("app", WEEKS - 10, WEEKS, "complete"))
    report, page = told(tea)
    assert_nothing_moves(report)
    assert by_name(report)["mint tea"]["sources"]["app"] == 60
    assert "app: not heard yet" in page


def test_source_read_more_is_no_rise(tea: Project) -> None:
    """The forum doubles: twice the asks among twice the comments."""

    def doubled(wish: str, source: str, week: int) -> int:
        return steady(wish, source, week) * (2 if week >= LAST_QUARTER else 1)

    plant(tea, "forum", range(LAST_QUARTER))
    plant(tea, "forum", range(LAST_QUARTER, WEEKS), rate=doubled, talk=40)
    pulled(tea, ("forum", 0, WEEKS, "complete"))
    assert_nothing_moves(told(tea)[0])


def test_backfill_moves_the_past_and_not_today(tea: Project) -> None:
    """A year of old comments that comes in today is neither a rise nor a fall, before or after."""
    plant(tea, "forum", range(WEEKS))
    plant(tea, "shop", range(60, WEEKS))
    pulled(tea, ("forum", 0, WEEKS, "complete"), ("shop", 60, WEEKS, "complete"))
    before, _ = told(tea)
    assert_nothing_moves(before)
    plant(tea, "shop", range(60), batch="old")
    pulled(tea, ("shop", 0, 60, "complete"))
    after, _ = told(tea)
    assert_nothing_moves(after)
    for name, signal in by_name(after).items():
        known = by_name(before)[name]
        assert signal["people"] > known["people"]
        assert signal["series"][-30:] == known["series"][-30:]
        assert signal["trend"]["ratio"] == known["trend"]["ratio"]


def test_page_shows_what_the_taxonomy_pins_and_sets_aside(tea: Project) -> None:
    """Pinned also where nobody asks; what is ignored is listed apart and leads nowhere else."""
    plant(tea, "forum", range(20))
    _, before = told(tea)
    assert "What do you watch?" not in before
    (tea.settings.root / "taxonomy.toml").write_text(
        '[[signal]]\nname = "mint tea"\nignore = true\n'
        '[[signal]]\nname = "vegan nugget"\nnew = true\npin = true\nowner = "kitchen"\n',
        encoding="utf-8",
    )
    apply_proposal(tea, proposal(tea), "ann")
    report, page = told(tea)
    signals = {signal["name"]: signal for signal in report["signals"]}
    assert set(signals) == set(WISHES)
    (nugget,) = report["unasked"]
    assert (nugget["name"], nugget["owner"]) == ("vegan nugget", "kitchen")
    assert report["signals"][-1]["name"] == "mint tea"
    watched, rest = page.split("What do you watch?")[1].split("What your taxonomy sets aside (1)")
    assert "vegan nugget" in watched
    assert "mint tea" not in watched
    assert "mint tea" in rest
    assert "mint tea" not in page.split("What do you watch?")[0]


def test_nothing_can_be_told_of_few_weeks(tea: Project) -> None:
    """Ten weeks: no trend, no test, no forecast, and each says why."""
    plant(tea, "forum", range(10))
    report, page = told(tea)
    assert_nothing_moves(report)
    for signal in by_name(report).values():
        assert signal["trend"] == dict.fromkeys(("ratio", "p", "low", "high")) | {
            "direction": "unknown"
        }
        assert (signal["p"], signal["q"], signal["past"]) == (None, None, None)
        assert signal["untested"]
        assert signal["history"]["no_forecast"]
    assert report["test"]["words"] in page
