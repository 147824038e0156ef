"""Silence and bursts by a source's own history, and alerts that are told once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from servers.local import LocalServer, Reply, Request

from earful.errors import ConfigurationError
from earful.records import Admitted, Comment, Coverage
from earful.settings import Watch
from earful.store import Ledger
from earful.watch.alerts import AlertBook
from earful.watch.delivery import Delivery
from earful.watch.health import health, reasons
from earful.watch.metrics import exposition
from earful.watch.sentinel import Sentinel
from earful.watch.status import Snapshot, SourceStatus, TagsStatus
from earful.watch.usual import compare, windows_like

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FALSE_ALARM = 1e-6


class Forum:
    """A ledger that a source called "forum" writes into, by a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger.open(folder / "earful.db")
        self.book = AlertBook(folder / "alerts.jsonl")
        self.sentinel = Sentinel(Watch(), self.book)
        self.now = NOON
        self._written = 0
        self._chance = np.random.default_rng(11)

    def hours(self, count: float, rate: float | Callable[[datetime], float]) -> None:
        """Let time pass while people write ``rate`` comments an hour, all of it listened to."""
        since, self.now = self.now, self.now + count * HOUR
        at = [since + n * HOUR for n in range(int(np.ceil(count)))]
        per_hour = [self._chance.poisson(rate(moment) if callable(rate) else rate) for moment in at]
        self.write(
            moment + float(self._chance.random()) * HOUR
            for moment, number in zip(at, per_hour, strict=True)
            for _ in range(number)
        )
        self.listened(since, self.now)

    def write(self, moments: Iterator[datetime] | list[datetime]) -> None:
        """Comments of these moments, stored."""
        rows = []
        for moment in moments:
            self._written += 1
            said = Comment("forum", "f", str(self._written), "Tea, please.", created_at=moment)
            rows.append(Admitted(said, str(self._written), True, self._written, (), 2))
        with self.ledger.transaction():
            self.ledger.upsert(rows, self.now)

    def listened(self, since: datetime, until: datetime, state: Any = "complete") -> None:
        """Record a window."""
        with self.ledger.transaction():
            self.ledger.add_coverage(Coverage("forum", since, until, state))

    def look(self) -> list[str]:
        """What is told now: "kind state" of each alert."""
        before = len(self.told())
        self.sentinel.listen(self.ledger, "forum", self.now)
        return [f"{line['kind']} {line['state']}" for line in self.told()[before:]]

    def told(self) -> list[dict[str, Any]]:
        """Every line of the file of alerts."""
        if not self.book.path.is_file():
            return []
        return [json.loads(line) for line in self.book.path.read_text("utf-8").splitlines()]


@pytest.fixture
def forum(tmp_path: Path) -> Iterator[Forum]:
    made = Forum(tmp_path)
    yield made
    made.ledger.close()


def test_a_source_that_falls_silent_is_told_once_and_so_is_its_return(forum: Forum) -> None:
    """Thirty an hour for ten days, then nothing: one alert, and one when people are back."""
    forum.hours(240, 30)
    assert forum.look() == []
    told = []
    for _ in range(6):
        forum.hours(1, 0)
        told.append(forum.look())
    assert told == [["silence raised"], [], [], [], [], []]
    (alert,) = forum.told()
    assert alert["source"] == "forum"
    assert alert["facts"]["heard"] == 0
    assert alert["facts"]["usual"] == pytest.approx(30, rel=0.2)
    assert alert["facts"]["chance"] < FALSE_ALARM
    forum.hours(2, 30)
    assert forum.look() == ["silence recovered"]
    assert forum.look() == []


def test_a_slow_source_is_given_time(forum: Forum) -> None:
    """One an hour: two silent hours are nothing, a silent day is."""
    forum.hours(24 * 10, 1)
    silent = 0
    while not forum.look():
        forum.hours(1, 0)
        silent += 1
        assert silent < 40
    assert 14 < silent <= 25
    assert forum.told()[0]["facts"]["hours"] == 24


def test_nights_are_no_silence(forum: Forum) -> None:
    """Where nobody writes at night, the same hours of earlier days say so."""

    def by_day(moment: datetime) -> float:
        return 60 if 8 <= moment.hour < 22 else 0

    forum.hours(24 * 8, by_day)
    for _ in range(48):
        forum.hours(1, by_day)
        assert forum.look() == [], forum.now
    forum.hours((22 - forum.now.hour) % 24 + 12, by_day)
    forum.hours(1, 0)
    assert forum.look() == ["silence raised"], "but the same silence by day is told"


def test_a_burst_is_told_and_ends(forum: Forum) -> None:
    """Five times the usual is a burst; a busy hour within the bounds is none."""
    forum.hours(240, 30)
    forum.hours(1, 45)
    assert forum.look() == []
    forum.hours(1, 150)
    assert forum.look() == ["burst raised"]
    forum.hours(1, 150)
    assert forum.look() == []
    forum.hours(1, 30)
    assert forum.look() == ["burst recovered"]


def test_what_was_not_listened_to_is_no_silence(forum: Forum) -> None:
    """While pulls fail there is nothing to compare; the gap is no part of the history either."""
    forum.hours(240, 30)
    broken = forum.now
    forum.now += 5 * HOUR
    forum.listened(broken, forum.now, "failed")
    assert forum.look() == []
    forum.hours(0.5, 30)
    assert forum.look() == []


def test_a_new_source_says_nothing_yet(forum: Forum) -> None:
    """Two days are too few to know what is usual."""
    forum.hours(48, 30)
    forum.hours(2, 0)
    assert forum.look() == []


def test_open_alerts_are_remembered_across_restarts(forum: Forum) -> None:
    """Another watch on the same file neither repeats an alert nor forgets its end."""
    forum.hours(240, 30)
    forum.hours(2, 0)
    assert forum.look() == ["silence raised"]
    with forum.book.path.open("a") as lines:
        lines.write('{"kind": "sil')  # a crash in the middle of a line
    with forum.book.path.open("a") as lines:
        lines.write("\n")
    again = AlertBook(forum.book.path)
    assert again.open == (("silence", "forum"),)
    told: list[Any] = []
    again = AlertBook(forum.book.path, told.append)
    again.raise_(forum.now, "silence", "forum", "again")
    assert told == []
    again.recover(forum.now, "silence", "forum", "back")
    assert [alert.state for alert in told] == ["recovered"]
    assert AlertBook(forum.book.path).open == ()


def test_false_alarms_are_no_more_than_stated() -> None:
    """Where counts are Poisson and nothing changes, the bound is passed as rarely as it says."""
    chance = np.random.default_rng(5)
    level = 0.01
    counts = chance.poisson(8, size=(20_000, 15))
    found = [compare(HOUR, int(row[0]), row[1:].tolist()) for row in counts]
    assert np.mean([one.fewer < level for one in found]) <= level * 1.2
    assert np.mean([one.more < level for one in found]) <= level * 1.2


def test_bunches_widen_the_bound() -> None:
    """A count that steady people would never reach is usual where people come in bunches."""
    steady, bunched = [20, 21, 19, 20, 20, 22, 18], [0, 70, 0, 0, 65, 0, 5]
    assert compare(HOUR, 70, steady).verdict(FALSE_ALARM) == "burst"
    assert compare(HOUR, 70, bunched).verdict(FALSE_ALARM) == "usual"
    assert compare(HOUR, 0, steady).verdict(FALSE_ALARM) == "silent"
    assert compare(HOUR, 0, bunched).verdict(FALSE_ALARM) == "usual"
    assert compare(HOUR, 0, [0] * 7).verdict(FALSE_ALARM) == "usual"


def test_weeks_are_compared_with_weeks_where_there_are_enough() -> None:
    """The same hour of the same weekday once four of them were heard, of the last days before."""
    window = (NOON - HOUR, NOON)
    listened = [(NOON - 40 * DAY, NOON)]
    weekly = windows_like(window, listened, NOON - 40 * DAY)
    assert [NOON - until for _, until in weekly] == [7 * n * DAY for n in range(1, 6)]
    daily = windows_like(window, listened, NOON - 20 * DAY)
    assert [NOON - until for _, until in daily] == [n * DAY for n in range(1, 15)]


SOURCE = SourceStatus("forum", NOON, last_success=NOON, coverage="complete")


def snapshot(source: SourceStatus = SOURCE, tags: TagsStatus | None = None) -> Snapshot:
    """A watch of one source, at noon."""
    return Snapshot(
        *(NOON, NOON - HOUR, (source,), tags or TagsStatus(NOON - HOUR, complete_until=NOON)),
        *(Counter(), None, (("capped", "forum"),)),
        memory_bytes=1 << 20,
        readers_bytes=3 << 20,
    )


def test_failing_capped_and_lagging_are_told_once_with_recovery(tmp_path: Path) -> None:
    """Each has its own beginning and end, and the reason stands in the message."""
    book = AlertBook(tmp_path / "alerts.jsonl")
    sentinel = Sentinel(Watch(failures=3, lag_after=300), book)
    failing = replace(SOURCE, failures=2, reason="the server is down", coverage="failed")
    late = TagsStatus(NOON, complete_until=NOON - HOUR, untagged=9000)
    for seen in (
        *(snapshot(failing), snapshot(replace(failing, failures=3))),
        *(snapshot(replace(failing, failures=4)), snapshot(), snapshot()),
        *(snapshot(replace(SOURCE, coverage="capped", detail="cut at 1,000")), snapshot()),
        *(snapshot(tags=late), snapshot(tags=late), snapshot()),
    ):
        sentinel.look(seen)
    told = [json.loads(line) for line in book.path.read_text("utf-8").splitlines()]
    assert [(line["kind"], line["state"]) for line in told] == [
        *(("failing", "raised"), ("failing", "recovered")),
        *(("capped", "raised"), ("capped", "recovered")),
        *(("lagging", "raised"), ("lagging", "recovered")),
    ]
    assert "the server is down" in told[0]["message"]
    assert "cut at 1,000" in told[2]["message"]
    assert "9,000 comments wait" in told[4]["message"]


def test_health_names_what_is_wrong() -> None:
    """Well while all goes well; a source that fails, one that is stale, tags that lag."""
    settings = Watch(stale_after=600, longest_wait=300)
    assert reasons(snapshot(), settings) == []
    failing = replace(SOURCE, failures=3, reason="wrong key")
    assert reasons(snapshot(failing), settings) == ["forum: 3 pulls have failed: wrong key"]
    stale = replace(SOURCE, last_success=NOON - HOUR)
    (told,) = reasons(snapshot(stale), settings)
    assert "no pull has succeeded for 3,600 s" in told
    never = replace(SOURCE, last_success=None, since=NOON)
    assert reasons(snapshot(never), settings) == [], "one that has just been started is given time"
    late = TagsStatus(NOON - HOUR, untagged=70, reason="the disk is full")
    (told,) = reasons(snapshot(tags=late), settings)
    assert "70 comments wait, 3,600 s behind: the disk is full" in told
    page = health(snapshot(failing), settings)
    assert page["status"] == "unwell"
    assert page["sources"]["forum"]["reason"] == "wrong key"
    assert page["alerts"] == ["capped forum"]


def test_metrics_are_prometheus_text() -> None:
    """Every line is a comment or a name, labels and a number; values of labels are escaped."""
    odd = replace(SOURCE, name='a"b\\c', pulls=Counter(failed=2), comments=Counter(added=5))
    page = exposition(snapshot(odd))
    assert 'earful_pulls_total{source="a\\"b\\\\c",outcome="failed"} 2.0\n' in page
    assert 'earful_comments_total{source="a\\"b\\\\c",became="added"} 5.0\n' in page
    assert 'earful_alert_open{kind="capped",source="forum"} 1.0\n' in page
    assert "process_resident_memory_bytes 1048576.0\n" in page
    assert "earful_readers_memory_bytes 3145728.0\n" in page
    samples = [line for line in page.splitlines() if not line.startswith("#")]
    for line in samples:
        name, value = line.rsplit(" ", 1)
        float(value)
        assert f"# TYPE {name.partition('{')[0]} " in page
    assert len(samples) == len({line.rsplit(" ", 1)[0] for line in samples})


def test_alerts_go_to_public_addresses_unless_the_settings_say_otherwise() -> None:
    """One in the private network is refused at the start, with the setting that allows it."""
    for url in ("http://127.0.0.1:9/hook", "http://localhost/hook", "https://10.1.2.3/hook"):
        with pytest.raises(ConfigurationError, match="alert_allow_private"):
            Delivery(url, allow_private=False)
    with pytest.raises(ConfigurationError, match="EARFUL_ALERT_URL"):
        Delivery("file:///etc/passwd", allow_private=True)


def test_an_alert_is_posted_until_it_is_taken(forum: Forum) -> None:
    """A server that is down for a moment is asked again; the text for people is in the post."""
    posts: list[Mapping[str, Any]] = []

    def answer(request: Request) -> Reply:
        posts.append(request.headers)
        return Reply(content={})

    with LocalServer(answer) as server:
        server.fail("/hook", Reply(503))
        delivery = Delivery(f"{server.url}/hook", allow_private=True)
        AlertBook(forum.book.path, delivery.put).raise_(NOON, "failing", "forum", "it is down")
        delivery.close(60)
        assert len(server.requests) == 2
    assert len(posts) == 1
