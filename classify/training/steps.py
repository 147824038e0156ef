"""The long way to a network, step by step: each step is kept and not done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn

from classify.answers import Answers
from classify.network import Network
from classify.training.corpus import LabelledComment, folds
from classify.training.fine_tune import Progress
from classify.training.held_out import load_answers, save_answers
from classify.training.reader_network import AnyNetwork, ReaderNetwork
from classify.training.taught import Lessons

FOLDS = 5
_EVERY = 50
Say = Callable[[str], None]


def _no_lessons(number: int) -> Lessons:
    return {}


class Recipe(Protocol):
    """How the network of a group of languages is made."""

    def untrained(self) -> ReaderNetwork:
        """The network before the first stage, on the base model's weights."""
        ...

    def first_stage(self, seed: int, on_step: Progress) -> ReaderNetwork:
        """A network that has learned from everything but the shared set."""
        ...

    def second_stage(
        self,
        network: ReaderNetwork,
        comments: Sequence[LabelledComment],
        lessons: Lessons,
        seed: int,
        on_step: Progress,
        *,
        again: bool = False,
    ) -> ReaderNetwork:
        """A network that has gone on from ``network``, which stays as it is, with ``comments`` of
        the shared set and what a teacher says of texts, if anything. ``again`` where it has done so
        with most of them: a shorter way then, with smaller steps."""
        ...

    def shipped(self, network: ReaderNetwork) -> Network:
        """A network as it is shipped."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class StagedTraining:
    """A build in the folder ``work``; a step whose result lies there is not done again.

    ``comments`` are the shared set, on which cross-validation measures. ``lessons`` gives what a
    teacher says that has not learned from a fold of it.
    """

    work: Path
    material: Recipe
    comments: Sequence[LabelledComment]
    seed: int
    say: Say = print
    lessons: Callable[[int], Lessons] = _no_lessons

    def first(self) -> ReaderNetwork:
        """The network after the first stage."""
        return self._network(
            self.work / "first.pt",
            lambda: self.material.first_stage(self.seed, self._steps("first stage")),
        )

    def without(self, number: int) -> ReaderNetwork:
        """The network that has learned from all folds but ``number``."""
        return self._network(
            self.work / f"without_{number}.pt",
            lambda: self.material.second_stage(
                self.first(),
                self.parted(number)[0],
                self.lessons(number),
                self.seed,
                self._steps(f"without fold {number}"),
            ),
        )

    def held_out(self, number: int) -> dict[str, Answers]:
        """What a network that learned from the other folds answers to fold ``number``, by uid."""
        path = self.work / f"held_out_{number}.npz"
        if not path.exists():
            held = self.parted(number)[1]
            answers = self.shipped(self.without(number)).read([comment.text for comment in held])
            save_answers(path, [comment.uid for comment in held], answers)
        return load_answers(path)

    def without_shared(self, number: int) -> dict[str, Answers]:
        """What the network of the first stage, which has seen no comment of the shared set, answers
        to fold ``number``, by uid."""
        path = self.work / f"first_on_{number}.npz"
        if not path.exists():
            held = self.parted(number)[1]
            answers = self.shipped(self.first()).read([comment.text for comment in held])
            save_answers(path, [comment.uid for comment in held], answers)
        return load_answers(path)

    def final(self) -> ReaderNetwork:
        """The network that has learned from all comments: it goes on from that which has not seen
        the first fold, so that what was measured on that fold is what it builds upon."""
        return self._network(
            self.work / "final.pt",
            lambda: self.material.second_stage(
                self.without(0),
                self.comments,
                self.lessons(0),
                self.seed,
                self._steps("final"),
                again=True,
            ),
        )

    def shipped(self, network: ReaderNetwork) -> Network:
        """A network as it is shipped."""
        return self.material.shipped(network)

    def parted(self, number: int) -> tuple[list[LabelledComment], list[LabelledComment]]:
        """The comments outside fold ``number``, and those in it."""
        fold = folds([comment.text for comment in self.comments], FOLDS, self.seed)
        outside, within = (
            np.flatnonzero(part).tolist() for part in (fold != number, fold == number)
        )
        return [self.comments[at] for at in outside], [self.comments[at] for at in within]

    def _network(self, path: Path, train: Callable[[], ReaderNetwork]) -> ReaderNetwork:
        return kept(path, train, self.material.untrained)

    def _steps(self, what: str) -> Progress:
        return told_now_and_then(what, self.say)


def kept(
    path: Path, train: Callable[[], nn.Module], untrained: Callable[[], AnyNetwork]
) -> AnyNetwork:
    """The network that ``train`` makes, its weights kept at ``path``; where they are there already,
    they are not made again. ``untrained`` makes one of the same shape."""
    if not path.exists():
        torch.save(train().state_dict(), path)
    network = untrained()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def told_now_and_then(what: str, say: Say) -> Progress:
    """Progress as a line after every ``_EVERY`` steps, with the mean loss of those."""
    begun, losses = time.monotonic(), []

    def on_step(step: int, of: int, loss: float) -> None:
        losses.append(loss)
        if step % _EVERY == 0 or step == of:
            mean = sum(losses[-_EVERY:]) / len(losses[-_EVERY:])
            seconds = time.monotonic() - begun
            say(f"{what}: step {step} of {of}, loss {mean:.3f}, {seconds:.0f} s")

    return on_step
