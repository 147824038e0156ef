"""Changes, seasons and forecasts are told where the weeks bear them, and else refused."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special
from weekly_counts import asking, listening, restless, week

from reports.askers import ASKED_COLUMNS, count_askers
from reports.change_points import PENALTY, SHORTEST, change_points, weekly_noise
from reports.forecast import NOT_LISTENING, TOO_FEW, TOO_SHORT
from reports.history import History, constant_rate, histories
from reports.seasons import by_month

RANDOM = 20


def told(
    people: NDArray[np.int64],
    comments: NDArray[np.int64] | None = None,
    gaps: NDArray[np.bool_] | None = None,
) -> History:
    """The history of one signal; ``people`` (K, W) or (W,), a hundred comments a week or so."""
    rows = np.atleast_2d(people)
    heard = np.full(rows.shape, 100) if comments is None else comments
    return histories(asking(rows[None]), listening(heard, gaps))["s0"]


def poisson(*rates: tuple[int, float]) -> NDArray[np.int64]:
    """Weekly people; (weeks, people a week) after one another."""
    means = np.concatenate([np.full(weeks, rate) for weeks, rate in rates])
    return np.random.default_rng(RANDOM).poisson(means)


# Changes


def test_jump_is_found_where_it_was_with_its_size() -> None:
    """Three times as many from week 60 on."""
    (change,) = told(poisson((60, 3.0), (40, 9.0))).changes
    assert abs((change.week - week(60)).days) <= 14
    assert change.ratio is not None
    assert change.high is not None
    assert change.low < 3 < change.high
    assert change.low > 1.5


def test_steady_demand_has_no_changes() -> None:
    """Also among comments that double, and with a gap in the middle."""
    assert told(poisson((150, 4.0))).changes == ()
    louder = np.concatenate([np.full(75, 100), np.full(75, 200)])[None, :]
    assert told(poisson((75, 3.0), (75, 6.0)), louder).changes == ()
    gaps = np.zeros((1, 150), dtype=bool)
    gaps[0, 60:90] = True
    assert told(np.where(gaps[0], 0, poisson((150, 4.0))), None, gaps).changes == ()


def test_new_source_is_no_change() -> None:
    """Where a second source joins, its own rate is no jump of the first one's."""
    people = np.stack([poisson((150, 3.0)), poisson((75, 0.0), (75, 6.0))])
    gaps = np.zeros((2, 150), dtype=bool)
    gaps[1, :75] = True
    assert told(people, None, gaps).changes == ()


def test_few_people_have_no_levels() -> None:
    """Ten people at the end are a trend, but no level."""
    people = np.zeros(150, dtype=np.int64)
    people[140:] = 1
    assert told(people).changes == ()


def best_cut(people: NDArray[np.int64]) -> float:
    """The best score of all cuts, tried one by one."""
    weeks = len(people)
    best = -np.inf
    for count in range(weeks // SHORTEST):
        for cut in combinations(range(SHORTEST, weeks - SHORTEST + 1), count):
            borders = [0, *cut, weeks]
            if min(np.diff(borders)) >= SHORTEST:
                best = max(best, score(people, list(cut)))
    return best


def score(people: NDArray[np.int64], cut: list[int]) -> float:
    parts = np.split(people, cut)
    sums = np.array([part.sum() for part in parts], dtype=float)
    lengths = np.array([len(part) for part in parts], dtype=float)
    gain = 2 * special.xlogy(sums, sums / lengths).sum()
    return float(gain - PENALTY * np.log(len(people)) * len(cut))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 30), min_size=13, max_size=16))
def test_cut_is_the_best_of_all(counts: list[int]) -> None:
    """No other cut into levels of four weeks or more scores higher."""
    people = np.array(counts)
    (cut,) = change_points(people[None], np.ones((1, len(counts))), np.ones(1))
    assert score(people, cut) == pytest.approx(best_cut(people))


def test_restless_weeks_make_few_changes() -> None:
    """Weeks that vary alone (phi 0.3) hardly ever look like a level; the noise is seen."""
    random = np.random.default_rng(RANDOM)
    rates = np.exp(random.uniform(-1, 2, (200, 1)))
    people = random.poisson(rates * random.gamma(1 / 0.3, 0.3, (200, 200)))
    expected = np.repeat(people.mean(axis=1, keepdims=True), 200, axis=1)
    noise = weekly_noise(people, expected)
    assert noise.mean() > 1.2
    found = change_points(people, expected, noise)
    assert np.mean([len(cut) > 0 for cut in found]) <= 0.05


# Seasons


def yearly(years: int, high: float, low: float = 2.0) -> NDArray[np.int64]:
    """Weekly people with a high time from June to August."""
    months = np.array([(week(n) + timedelta(days=3)).month for n in range(52 * years)])
    means = np.where((months >= 6) & (months <= 8), high, low)
    return np.random.default_rng(RANDOM).poisson(means)


def test_time_of_the_year_is_seen_and_is_no_change() -> None:
    """Three times as many each summer: a season with its rates, and no changes of the level."""
    history = told(yearly(4, high=6.0))
    assert history.month is not None
    assert history.month.q < 0.001
    assert history.month.peak in ("June", "July", "August")
    july = history.month.names.index("July")
    assert history.month.lows[july] < history.month.rates[july] < history.month.highs[july]
    assert 1.5 < history.month.rates[july] < 2.8
    assert history.changes == ()


def test_one_loud_summer_and_even_growth_are_no_season() -> None:
    """A season comes back; a demand that doubles each year has no high December."""
    steady = poisson((208, 3.0))
    steady[130:140] += 20
    month = told(steady).month
    assert month is not None
    assert month.p > 0.05
    growing = np.random.default_rng(RANDOM).poisson(2 * 2 ** (np.arange(208) / 52))
    month = told(growing).month
    assert month is not None
    assert month.p > 0.01


def test_season_takes_two_years_and_sixty_people() -> None:
    """One summer is no season, and five people a month are the least."""
    assert told(yearly(1, high=9.0)).month is None
    assert told(poisson((208, 0.1))).month is None


def test_restless_demands_have_few_seasons() -> None:
    """Of demands without one, 10 % at most have p < 0.05."""
    askers, exposure = restless(seed=5, signals=300)
    people, expected, _ = constant_rate(askers.people, exposure)
    p = np.array([one.p for one in by_month(people, expected, exposure) if one is not None])
    assert p.size > 80
    assert (p < 0.05).mean() <= 0.10


def test_weekday_is_told_beside_the_comments_of_the_day() -> None:
    """Asks on Fridays are a season; as many comments as asks on Fridays are none."""
    exposure = listening(np.full((1, 60), 70))
    random = np.random.default_rng(RANDOM)
    days = [week(n) + timedelta(days=d) for n in range(60) for d in (0, 1, 2, 3, 4, 4, 4, 4, 5, 6)]
    rows = [
        ("fridays", f"p{n}", "a", days[place], True)
        for n, place in enumerate(random.integers(0, len(days), 300))
    ]
    asked = pd.DataFrame(rows, columns=list(ASKED_COLUMNS))
    asked["day"] = pd.to_datetime(asked["day"])
    askers = count_askers(asked, ["fridays"], exposure)

    def heard(friday: int) -> pd.DataFrame:
        starts = pd.date_range(week(0), periods=420, freq="D")
        comments = np.where(starts.day_of_week == 4, friday, 10)
        return pd.DataFrame({"source": "a", "start": starts, "comments": comments})

    even = histories(askers, exposure, heard(friday=10))["fridays"].weekday
    assert even is not None
    assert even.peak == "Friday"
    assert even.q < 0.001
    loud = histories(askers, exposure, heard(friday=40))["fridays"].weekday
    assert loud is not None
    assert loud.p > 0.05
    assert histories(askers, exposure)["fridays"].weekday is None


# Forecasts


def test_forecast_of_a_steady_demand() -> None:
    """Four a week make 52 a quarter, within the interval; the weeks follow the last one heard."""
    ahead = told(poisson((150, 4.0))).forecast
    assert ahead is not None
    assert ahead.low <= 52 <= ahead.high
    assert ahead.high - ahead.low < 60
    assert [monday for monday, *_ in ahead.weeks] == [week(150 + n) for n in range(13)]
    assert ahead.seasonal
    assert ahead.comments == {"a": 100.0}
    assert all(low <= people <= high for _, people, low, high in ahead.weeks)


def test_forecast_starts_from_the_level_of_today() -> None:
    """After a jump from 2 to 8 a week it does not go back to the mean."""
    ahead = told(poisson((120, 2.0), (40, 8.0))).forecast
    assert ahead is not None
    assert ahead.low <= 104 <= ahead.high
    assert ahead.people > 80


def test_forecast_knows_the_season_after_two_years() -> None:
    """Before a summer three times as high, more than lately; after one year it says it cannot."""
    people = yearly(4, high=9.0, low=3.0)[:178]
    ahead = told(people).forecast
    assert ahead is not None
    assert week(178).month == 6
    assert ahead.seasonal
    assert ahead.people > 1.5 * people[-13:].sum()
    first = told(people[:80]).forecast
    assert first is not None
    assert not first.seasonal


def test_forecast_is_refused_with_a_reason() -> None:
    """Short, few, or nobody listening any more."""
    assert told(poisson((50, 4.0))).no_forecast == TOO_SHORT
    assert told(poisson((90, 0.05))).no_forecast == TOO_FEW
    people = np.stack([poisson((90, 4.0)), np.zeros(90, dtype=np.int64)])
    gaps = np.zeros((2, 90), dtype=bool)
    gaps[0, 70:] = True
    history = told(people, None, gaps)
    assert history.forecast is None
    assert history.no_forecast == NOT_LISTENING
    askers, exposure = asking(people[None, :1]), listening(np.full((1, 90), 10))
    assert histories(askers, exposure, forecast_of=[])["s0"] == history.__class__(
        changes=histories(askers, exposure)["s0"].changes,
        weekday=None,
        month=None,
        forecast=None,
        no_forecast="",
    )


def test_forecast_interval_holds_what_comes() -> None:
    """Of 60 restless demands, at least 85 % of the next quarters lie in the 95 % interval."""
    random = np.random.default_rng(RANDOM)
    rates = np.exp(random.uniform(0, 2, (60, 1)))
    people = random.poisson(rates * random.gamma(1 / 0.3, 0.3, (60, 133)))
    exposure = listening(np.full((1, 120), 50))
    found = histories(asking(people[:, None, :120]), exposure)
    held = []
    for n, history in enumerate(found.values()):
        if history.forecast is not None:
            truth = people[n, 120:].sum()
            held.append(history.forecast.low <= truth <= history.forecast.high)
    assert len(held) > 50
    assert np.mean(held) >= 0.85


def test_nothing_heard_has_no_history() -> None:
    """No signals or no weeks: no error."""
    assert histories(asking(np.zeros((0, 1, 60), int)), listening(np.full((1, 60), 9))) == {}
    deaf = histories(asking(np.zeros((1, 1, 60), int)), listening(np.full((1, 60), 0)))
    assert deaf["s0"].no_forecast == NOT_LISTENING
