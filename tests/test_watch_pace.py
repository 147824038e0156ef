"""When a source is pulled next."""

from __future__ import annotations

import random

import pytest

from earful.errors import ConfigurationError
from earful.settings import Pace, Watch
from earful.watch.pace import Schedule
from earful.watch.server import read_address

SETTINGS = Watch(shortest_wait=10, longest_wait=600, comments_per_pull=50, longest_backoff=900)


def after(rates: list[float], schedule: Schedule | None = None) -> list[float]:
    """The pauses of a source that brings so many comments a second, pull by pull."""
    schedule = schedule or Schedule.of(SETTINGS, "s").succeeded(0, None)
    pauses = []
    for rate in rates:
        schedule = schedule.succeeded(round(rate * schedule.pause), schedule.pause)
        pauses.append(schedule.pause)
    return pauses


def test_a_busy_source_is_pulled_as_often_as_allowed() -> None:
    """Fifty a second would fill a pull in one second: the shortest wait is kept."""
    assert set(after([50.0] * 5)) == {10}


def test_a_quiet_source_is_pulled_as_seldom_as_allowed() -> None:
    """A source that brings nothing goes to the longest wait, and never beyond it."""
    pauses = after([0.0] * 5)
    assert pauses[-1] == 600
    assert max(pauses) == 600


def test_a_source_that_keeps_nothing_is_pulled_again_at_once() -> None:
    """However quiet it is: what is said between two pulls of it is lost."""
    schedule = Schedule.of(SETTINGS, "s").unbroken().succeeded(0, None)
    assert set(after([0.0] * 5, schedule)) == {10}


def test_pace_follows_the_rate() -> None:
    """At half a comment a second a pull is due when fifty are to be expected."""
    assert after([0.5] * 12)[-1] == pytest.approx(100, rel=0.1)


def test_a_burst_is_followed_at_once_and_forgotten() -> None:
    """One pull after the burst the pace is the quickest; some quiet pulls later it is slow."""
    pauses = after([0.0, 0.0, 40.0, *[0.0] * 12])
    assert pauses[1:3] == [600, 10]
    assert pauses[-1] == 600


def test_a_capped_source_is_pulled_twice_as_often() -> None:
    """What the platform cut off is a reason to come again sooner, whatever the rate says."""
    slow = Schedule.of(SETTINGS, "s").succeeded(0, None).succeeded(0, 10.0)
    assert slow.succeeded(0, 600.0, capped=True).pause == 300


def test_failures_double_the_wait_up_to_a_bound() -> None:
    """Each failure doubles it; success forgets them; what the server asks for is granted."""
    schedule = Schedule.of(SETTINGS, "s").succeeded(0, None)
    pauses = []
    for _ in range(8):
        schedule = schedule.failed()
        pauses.append(schedule.pause)
    assert pauses == [20, 40, 80, 160, 320, 640, 900, 900]
    assert schedule.failures == 8
    assert schedule.failed(asked=5000.0).pause == 5000
    recovered = schedule.succeeded(0, 10_000.0)
    assert (recovered.failures, recovered.pause) == (0, 600)
    for _ in range(5000):
        schedule = schedule.failed()
    assert schedule.pause == 900, "years of failures overflow nothing"


def test_waits_scatter_around_the_pause() -> None:
    """Jitter keeps sources out of step, within the share that the settings state."""
    schedule = Schedule.of(SETTINGS, "s").succeeded(0, None)
    chance = random.Random(3)
    waits = [schedule.wait(chance) for _ in range(500)]
    assert 9 <= min(waits) < 9.2
    assert 10.8 < max(waits) <= 11


def test_a_source_may_have_a_pace_of_its_own() -> None:
    """What stands for one source goes before the general bounds; the shortest yields."""
    own = Watch(sources={"forum": Pace(longest_wait=5), "shop": Pace(shortest_wait=60)})
    assert own.waits("forum") == (5, 5)
    assert own.waits("shop") == (60, 900)
    assert own.waits("other") == (15, 900)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_listen_reads_a_port_or_an_address(listen: str, address: tuple[str, int]) -> None:
    """A port alone is on this machine and seen by nobody else."""
    assert read_address(listen) == address


@pytest.mark.parametrize("listen", ["", "here", "1.2.3.4:", ":80", "1.2.3.4:99999", "::1"])
def test_listen_refuses_what_is_no_address(listen: str) -> None:
    """The message shows how to write it."""
    with pytest.raises(ConfigurationError, match="HOST:PORT"):
        read_address(listen)
