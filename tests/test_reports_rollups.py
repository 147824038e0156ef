"""The rollups count what the ladder says, by source, week and month, on any engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pytest
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.config import Config
from test_reports_material import MONDAY, Said, made_facts, weeks_on

from earful.errors import ConfigurationError
from earful.records import ASK_FACTS_SCHEMA, COMMENT_FACTS_SCHEMA, Ladder
from reports import fact_tables, rollups
from reports.asks import asks_with_dates, read_asks
from reports.fact_tables import Window, open_tables
from reports.rollups import Rollups, roll_up


class SparkOptions(Config):
    """What the compiler asks of the backend, which need not be installed to compile."""

    treat_nan_as_null: bool = False


def rolled(tmp_path: Path, said: list[Said], window: Window | None = None) -> Rollups:
    return roll_up(open_tables(made_facts(tmp_path, said)), window or Window())


def test_ladder_leads_from_posts_to_people(tmp_path: Path) -> None:
    """Irrelevant rows are no posts; copies, spam and repeats of a person fall away in turn."""
    said = [
        Said("The scones were dry today."),
        Said("Dry scones again, second week running."),
        Said("The scones were dry today.", copy_of="forum:kl:0"),
        Said("WIN A FREE KETTLE at my page", author="bot", spam=True),
        Said("kettle of vultures over the lane", author="birder", relevant=False),
        Said("Lovely oolong.", author="cleo", source="reviews"),
    ]
    result = rolled(tmp_path, said)
    assert result.total == Ladder(5, 4, 3, 2, "authors")
    assert result.ladders()["forum"] == Ladder(4, 3, 2, 1, "authors")
    assert result.ladders()["reviews"] == Ladder(1, 1, 1, 1, "authors")


@pytest.mark.parametrize(
    ("authors", "basis"),
    [(("ann", "bo"), "authors"), ((None, None), "comments"), (("ann", None), "mixed")],
)
def test_people_basis_tells_what_a_person_is(
    tmp_path: Path, authors: tuple[str | None, str | None], basis: str
) -> None:
    """Where the source names no author, each comment stands for a person, and that is said."""
    said = [Said(f"Tea number {n}.", author=author) for n, author in enumerate(authors)]
    assert rolled(tmp_path, said).total == Ladder(2, 2, 2, 2, basis)


def test_weeks_begin_on_monday_and_count_heard_asks(tmp_path: Path) -> None:
    """Sunday belongs to the week before; spam is in no series."""
    said = [
        Said("Sunday chai, please.", (("chai on sundays", "availability"),), when=weeks_on(0.9)),
        Said("And a bigger pot.", (("bigger pot", "change"), ("lid", "fix")), when=weeks_on(1.0)),
        Said("Buy my tea", spam=True, when=weeks_on(1.0)),
    ]
    weeks = rolled(tmp_path, said).weeks
    assert weeks["start"].dt.date.tolist() == [date(2024, 1, 1), date(2024, 1, 8)]
    assert weeks["comments"].tolist() == [1, 1]
    assert weeks["asks"].tolist() == [1, 2]


def test_undated_rows_are_kept_counted_and_in_no_trend(tmp_path: Path) -> None:
    """In an open window they are heard; in a bounded one nobody knows whether they belong."""
    said = [
        Said("No date on this one.", when=None),
        Said("Some time in spring.", when=weeks_on(14), precision="month"),
        Said("Today.", author="bo"),
    ]
    everything = rolled(tmp_path / "open", said)
    assert everything.total.posts == 3
    assert everything.undated_posts == 1
    assert everything.undated["coarse"].sum() == 1
    assert everything.weeks["comments"].sum() == 1
    assert everything.months["comments"].sum() == 2
    bounded = rolled(tmp_path / "bounded", said, Window(since=MONDAY))
    assert bounded.total.posts == 2
    assert bounded.undated_posts == 1


def test_window_is_half_open_and_keeps_to_its_sources(tmp_path: Path) -> None:
    """A comment at the very end is outside; of_days includes both of its days."""
    said = [Said(f"Tea {n}", when=weeks_on(n)) for n in range(3)]
    said.append(Said("Elsewhere", source="reviews", when=weeks_on(1)))
    window = Window(weeks_on(0), weeks_on(2), ("forum",))
    assert rolled(tmp_path / "a", said, window).total.posts == 2
    days = Window.of_days(date(2024, 1, 1), date(2024, 1, 15))
    assert rolled(tmp_path / "b", said, days).total.posts == 4


def test_window_that_ends_before_it_begins_is_refused() -> None:
    """The message names both ends."""
    with pytest.raises(ConfigurationError, match="before it begins"):
        Window.of_days(date(2024, 2, 2), date(2024, 1, 1))
    with pytest.raises(ConfigurationError, match="time zone"):
        Window(MONDAY.replace(tzinfo=None))


def test_sentiments_categories_and_languages(tmp_path: Path) -> None:
    """Unread languages are heard and counted as unread; they have neither mood nor category."""
    said = [
        Said("Rude and cold.", sentiment="negative", categories=("complaint", "problem")),
        Said("Wonderful!", author="bo", sentiment="positive", categories=("praise",)),
        Said("ᏩᏙ", author="cy", lang="chr", read=False),
    ]
    result = rolled(tmp_path, said)
    assert dict(zip(result.sentiments["name"], result.sentiments["comments"], strict=True)) == {
        "negative": 1,
        "positive": 1,
    }
    assert sorted(result.categories["name"]) == ["complaint", "praise", "problem"]
    assert result.unread() == {"chr": 1}
    assert result.languages["comments"].sum() == 3


def test_no_comments_at_all_give_an_empty_ladder(tmp_path: Path) -> None:
    """An empty project has a report too."""
    result = rolled(tmp_path, [])
    assert result.total == Ladder(0, 0, 0, 0, "authors")
    assert result.weeks.empty


def test_asks_come_with_their_passage_and_whether_they_count(tmp_path: Path) -> None:
    """Copies stay in the frame, marked; the quote is a slice of what was read."""
    said = [
        Said("A bigger pot. Please!", (("bigger pot", "change"),), title="Pots"),
        Said("A bigger pot. Please!", (("bigger pot", "change"),), copy_of="forum:kl:0"),
    ]
    asks = read_asks(open_tables(made_facts(tmp_path, said)), Window())
    assert asks["counted"].tolist() == [True, False]
    assert asks["passage"][0] in "Pots\n\nA bigger pot. Please!"


def test_every_rollup_compiles_for_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same expressions must serve past one machine: nothing here is DuckDB's alone."""
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    comments = ibis.table(ibis.Schema.from_pyarrow(COMMENT_FACTS_SCHEMA), name="comments")
    asks = ibis.table(ibis.Schema.from_pyarrow(ASK_FACTS_SCHEMA), name="asks")
    window = Window.of_days(date(2024, 1, 1), date(2024, 2, 1), ["forum"])
    rows = fact_tables.in_window(comments, window)
    heard = fact_tables.heard(rows)
    asked = fact_tables.heard(fact_tables.in_window(asks, window))
    expressions = [
        rollups.ladder_by_source(rows),
        rollups.ladder_in_total(rows),
        rollups.series(heard, asked, "D", fact_tables.DAILY_PRECISIONS),
        rollups.series(heard, asked, "W", fact_tables.WEEKLY_PRECISIONS),
        rollups.series(heard, asked, "M", fact_tables.MONTHLY_PRECISIONS),
        rollups.sentiments_by_month(heard),
        rollups.categories_by_month(heard),
        rollups.languages(heard),
        rollups.undated_by_source(rows),
        asks_with_dates(asked, comments),
    ]
    for expression in expressions:
        assert PySparkCompiler().to_sqlglot(expression).sql("spark").startswith("SELECT")


def test_what_falls_from_a_rung_can_be_opened(tmp_path: Path) -> None:
    """Each comment between posts and those that are heard is listed once, with rung and reason."""
    said = [
        Said("Bring scones back", author="a"),
        Said("Bring scones back", author="a", copy_of="forum:kl:0"),
        Said("Buy my kettles " * 60, author="bot", spam=True),
        Said("Buy my kettles", author="bot", spam=True, copy_of="forum:kl:2"),
        Said("Nothing to do with us", author="b", relevant=False, spam=True),
    ]
    result = rolled(tmp_path, said)
    aside = result.set_aside
    assert list(zip(aside["uid"], aside["rung"], aside["reason"], strict=True)) == [
        ("forum:kl:1", "copies", "same_author"),
        ("forum:kl:3", "copies", "same_author"),
        ("forum:kl:2", "spam", "advert"),
    ]
    assert result.total.posts - result.total.without_spam == len(aside)
    assert aside["text"].str.len().max() == rollups.SHOWN
