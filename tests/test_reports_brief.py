"""The brief is one safe, self-contained page whose every number opens to words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_reports_material import Said, made_facts, weeks_on
from weekly_counts import listening, week

from benchmarks.quantified_world import World
from earful.records import Coverage, Trend
from earful.settings import Settings
from earful.validation import ReadingCounts
from reports import brief, charts, wording
from reports import wording_over_time as over_time
from reports.brief_voices import web_address
from reports.demand import Demand
from reports.exposure import Gap
from reports.fact_tables import Window
from reports.frames import series_frame
from reports.signals import demand_signals
from reports.timeline import timeline

NOW = datetime(2025, 6, 1, tzinfo=UTC)
ATTACK = "\"><script>alert('oat')</script><img src=x onerror=alert(1)> oat milk & <b>honey</b>"


def said() -> list[Said]:
    """Two years of a small tea shop, some of it hostile, some of it in other languages."""
    rows = [
        Said(
            f"Oat milk please, number {n}, for the night shift.",
            (("oat milk", "new_offering", "night"),),
            author=f"a{n}",
            when=weeks_on(4 * n),
            sentiment=("negative", "positive", "neutral", "mixed")[n % 4],
            url=f"https://lane.example/{n}",
        )
        for n in range(24)
    ]
    rows += [
        Said(ATTACK, (("oat milk", "new_offering"),), author="<i>mallory</i>", url="javascript:1"),
        Said("오트밀크 주세요", (("오트밀크", "new_offering"),), author="k", lang="ko"),
        Said(
            "귀리 우유 없나요, 오트밀크요", (("오트밀크", "new_offering"),), author="k2", lang="ko"
        ),
        Said("شاي بالنعناع", (("شاي", "wants"),), author="m", lang="ar", read=False),
        Said("Somebody asked once, no idea when.", author="n", when=None),
        Said("Salad, I suppose.", (("salads", "new_offering"),), None, "survey", solicited=True),
        Said("More salads.", (("salads", "new_offering"),), None, "survey", solicited=True),
        Said("I need a bun", (("bun", "wants"),), author="o"),
        Said("I need a bun now", (("bun", "wants"),), author="p"),
        Said("Harp music?", (("harp music", "change"),), author="q"),
    ]
    return rows


def made(root: Path, rows: list[Said], **more: object) -> Demand:
    coverage = [
        Coverage("forum", weeks_on(0), weeks_on(90), "complete"),
        Coverage("reviews", weeks_on(0), weeks_on(9), "failed", "HTTP <503>"),
    ]
    settings = Settings(project="Kettle & Lane")
    return demand_signals(made_facts(root, rows), Window(), settings, coverage, now=NOW)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    accuracy = {
        "model": "made-1",
        "figures": [{"name": "Requests <found>", "value": 0.8, "low": 0.7, "high": 0.9}],
    }
    return brief.render(made(tmp_path_factory.mktemp("facts"), said()), accuracy)


class Tags(HTMLParser):
    """Collects what a browser would see; complains about tags that are not closed in order."""

    VOID = ("meta", "br", "img", "link", "input", "hr")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It must be the innermost one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, unescaped."""
        self.text.append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def test_what_people_wrote_is_escaped(page: str) -> None:
    """A comment that holds a script is shown as words, and nothing in the page can run."""
    tags = parsed(page)
    names = {name for name, _ in tags.seen}
    assert not names & {"script", "img", "iframe", "link", "object", "b0"}
    assert not [a for _, attrs in tags.seen for a in attrs if a.startswith("on")]
    assert "<script>alert('oat')</script>" in "".join(tags.text)
    assert "Requests <found>" in "".join(tags.text)


def test_page_asks_nothing_of_the_network(page: str) -> None:
    """No resource from elsewhere; links only where a reader clicks, and only to the web."""
    tags = parsed(page)
    assert not [attrs for _, attrs in tags.seen if "src" in attrs]
    assert "url(http" not in page
    assert "@import" not in page
    links = [attrs["href"] for name, attrs in tags.seen if name == "a"]
    assert links
    assert all(link and link.startswith("https://lane.example/") for link in links)
    assert "default-src 'none'" in page


def test_page_tells_answer_ladder_and_boundary(page: str) -> None:
    """The first sentence answers, the last one says what it does not tell."""
    # split() also takes the no-break spaces.
    text = " ".join("".join(parsed(page).text).split())
    assert "People ask most for oat milk (25 people)" in text
    assert "34 posts come down to 34 people" in text
    assert "All of them said so only when a survey asked." in text
    assert "It does not say how many customers in all want it" in text
    assert "1 comment in “ar”" in text
    assert "1 post has no date" in text
    assert "listening failed" in text
    assert "HTTP <503>" in text


def test_estimates_are_told_with_their_range_or_why_there_is_none(tmp_path: Path) -> None:
    """With counts of how well comments are read, each card has a range in plain words, a survey
    the reason for having none, and the page says what is in it."""
    shipped = World(0.1, 0.1).validation(np.random.default_rng(1))
    found = demand_signals(
        made_facts(tmp_path, said()),
        Window(),
        Settings(project="Kettle & Lane"),
        now=NOW,
        counts=ReadingCounts(shipped),
    )
    shown = brief.render(found)
    milk = next(signal for signal in found.signals if signal.name == "oat milk")
    told = wording.interval(milk.estimate)
    assert f"Estimate: {told} truly ask" in shown
    assert f"an estimated {wording.interval(found.asking)} truly did, beside 5 of whom" in shown
    assert "answers like those of the survey" in shown
    assert "Who asks for anything, by source and language" in shown


def test_without_counts_of_reading_no_estimate_is_printed(page: str) -> None:
    """The reason stands where the range would."""
    assert "No estimate of how many truly ask: not measured" in page
    assert "Estimate:" not in page
    assert "an estimated" not in page


def test_every_signal_opens_to_its_words(page: str) -> None:
    """Cards and lines of the table open; what is not embedded is said to be in signals.json."""
    tags = parsed(page)
    openers = sum(name == "details" for name, _ in tags.seen)
    assert openers >= 5
    assert "The 25 comments behind this number" in page


def test_quotes_carry_their_language(page: str) -> None:
    """A screen reader and a font need to know which language a quote is in."""
    tags = parsed(page)
    languages = {attrs.get("lang") for name, attrs in tags.seen if name == "p"}
    assert {"ko", "en"} <= languages


def test_ids_in_the_page_are_unique(page: str) -> None:
    """Several drawings in one page must not share clip paths."""
    ids = [attrs["id"] for _, attrs in parsed(page).seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert used <= set(ids)


def test_drawings_have_words_for_who_cannot_see_them(page: str) -> None:
    """Each drawing has a label, and a caption or heading beside it."""
    drawings = [attrs for name, attrs in parsed(page).seen if name == "svg"]
    assert len(drawings) >= 5
    assert all(attrs.get("aria-label") for attrs in drawings)


def test_same_demand_gives_the_same_page(tmp_path: Path) -> None:
    """Nothing in the page or its drawings depends on the moment or the process."""
    demand = made(tmp_path, said())
    assert brief.render(demand) == brief.render(demand)
    assert charts.ladder(demand.ladder) == charts.ladder(demand.ladder)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Said("Nothing to ask.", author="a")],
        [Said("No date.", (("tea", "change"),), author=a, when=None) for a in "ab"],
        [Said("One week.", (("tea", "change", "lent"),), author=a) for a in "ab"],
        [Said("ᏩᏙ", author="a", lang="chr", read=False)],
    ],
)
def test_page_is_made_of_very_little_too(tmp_path: Path, rows: list[Said]) -> None:
    """Nobody, nothing asked, no dates, one week, no language read: still a whole page."""
    page = brief.render(made(tmp_path, rows))
    parsed(page)
    assert "Conclusion, and where it ends" in page
    assert "nan" not in "".join(parsed(page).text).lower().split()


def test_gaps_break_the_line_and_forecasts_follow_it() -> None:
    """A time that nobody listened to has neither zeros nor a line across; broken weeks at the edge
    are no gap, and the last stretch is whole."""
    weeks = np.full((1, 60), 5)
    missing = np.zeros((1, 60), dtype=bool)
    missing[0, 20:30] = True
    heard = listening(weeks, missing)
    time = timeline(week(0), week(60) - timedelta(days=1), heard)
    assert (time.weeks, time.count, time.end) == (4, 15, week(60))
    gaps = time.gaps(heard, ["a"])
    assert gaps == [(140, 210)]
    assert time.shown(gaps).tolist() == [True] * 5 + [False] * 2 + [True] * 8
    asks = pd.DataFrame(
        {
            "person": ["ann", "ann", "bo", "cy"],
            "created_at": pd.to_datetime([week(0), week(1), week(3), week(59)], utc=True),
        }
    )
    assert time.people(asks).tolist() == [2, *[0] * 13, 1]
    half = np.full((1, 60), 5)
    broken = Gap("a", week(59), week(60) - timedelta(days=1), "partial")
    edge = np.zeros((1, 60), dtype=bool)
    edge[0, 59] = True
    heard = replace(listening(half, edge), gaps=(broken,))
    time = timeline(week(0), week(60) - timedelta(days=3), heard)
    assert (time.end, time.gaps(heard, ["a"])) == (week(59), [])


def test_intervals_in_words() -> None:
    """Growth reads the same in a drawing and in a sentence, open ends too."""
    assert over_time.times(Trend("rising", 2.04, 0.01, 1.31, 3.4)) == "×2.0 (1.3 to 3.4)"
    assert over_time.times(Trend("rising", None, 0.01, 2.0, None)) == "none before"
    assert over_time.times(Trend("steady", None, None)) == "none asked"
    assert over_time.times(Trend("unknown", None, None)) == "not known"
    assert over_time.times(Trend("falling", 0.0, 0.01, 0.0, 0.4)) == "none lately"
    assert over_time.interval(31.0, 0.04, None) == "×31, 0.04 or more"


def test_links_that_could_run_are_dropped() -> None:
    """Only web addresses become links."""
    assert web_address("https://a.example/x") == "https://a.example/x"
    assert web_address(" javascript:alert(1)") is None
    assert web_address("data:text/html,x") is None
    assert web_address(None) is None


def test_numbers_in_words() -> None:
    """Plain words, whatever the number."""
    assert wording.people(1) == "1 person"
    assert wording.people(1200) == "1,200 people"
    assert wording.percent(1, 3) == "33 %"
    assert wording.percent(1, 40) == "2.5 %"
    assert wording.percent(1, 5000) == "less than 0.1 %"
    assert wording.percent(0, 0) == "0 %"
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.strength_words(1.0) == "mild"
    assert wording.strength_words(3.0) == "pressing"


def test_series_can_be_plotted_in_a_notebook(tmp_path: Path) -> None:
    """One row a signal with its name beside it, zero where nobody asked."""
    series = series_frame(made(tmp_path, said()))
    figure = charts.plot_series(series)
    assert [axes.get_ylabel() for axes in figure.axes] == list(dict.fromkeys(series["name"]))
    assert figure.axes[0].get_ylim()[0] == 0
