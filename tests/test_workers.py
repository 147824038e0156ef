"""Processes that work on batches: in order, renewed in time, ended when nobody asks on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from earful.workers import Workers

Pid = tuple[int, int]


def beside_its_process() -> Callable[[int], Pid]:
    """What answers to a number: the number, and the process that it was worked on in."""
    return lambda number: (number, os.getpid())


@pytest.fixture
def workers() -> Iterator[Workers[int, Pid]]:
    hands = Workers(beside_its_process, deaf=False, renewed_after=8)
    yield hands
    hands.close()


def test_processes_give_way_to_others_and_nothing_is_lost(workers: Workers[int, Pid]) -> None:
    answers = list(workers.map(range(20)))
    assert [number for number, _ in answers] == list(range(20))
    first, second, third = (
        {process for _, process in answers[begin : begin + 8]} for begin in (0, 8, 16)
    )
    assert not first & second
    assert not second & third
    assert os.getpid() not in first | second | third


def test_short_rounds_are_counted_together(workers: Workers[int, Pid]) -> None:
    rounds = [list(workers.map(range(4))) for _ in range(3)]
    assert all([number for number, _ in answers] == [0, 1, 2, 3] for answers in rounds)
    before = {process for answers in rounds[:2] for _, process in answers}
    assert not before & {process for _, process in rounds[2]}


def test_who_stops_asking_gets_no_more_and_can_begin_again(workers: Workers[int, Pid]) -> None:
    asked: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    answers = workers.map(batches())
    assert next(answers)[0] == 0
    del answers
    assert len(asked) < 100, "batches are taken as answers are"
    assert [number for number, _ in workers.map([5, 6])] == [5, 6]
