"""How the networks of English are trained: first on everything else, then on the shared labels.

The first stage learns from comments labelled besides the shared set, from tweets with a sentiment
and from app reviews with a class of report. It never sees the shared set, so every fold of a
cross-validation starts from the same first stage. The second stage goes on with the shared set and
some of the other comments, with negation and irony, and with wishes in all kinds of words.

Two networks learn so. The teacher is large and is never shipped; what it answers to some 70,000
texts, most of which nobody has labelled, the student learns in its second stage along with the
labels.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from torch import nn

from classify.answers import Floats
from classify.labels import SENTIMENTS
from classify.network import Network
from classify.training.corpus import LabelledComment, Opinion, Reported
from classify.training.examples import Example, ExampleMaker, misspelt, shared_names
from classify.training.export import int8_graph, reading_tokenizer
from classify.training.fine_tune import Epoch, Plan, Progress, fine_tune
from classify.training.mpnet import teacher_encoder
from classify.training.reader_network import ReaderNetwork, base_encoder
from classify.training.taught import Lessons, Taught
from classify.training.wants import PartlyLabelled


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is drawn for each epoch, besides all of what the stage is about.

    ``tweets`` and ``reported`` app reviews are for the first stage. For the second: the share of
    the ``further`` labelled comments, tweets again (without them it forgets how strangers' feelings
    are told from plain remarks), wordings of wants that ask, comments that ask for ``nothing``, and
    texts of which nothing is known but what the teacher answers.
    """

    tweets: int
    reported: int
    further: float
    tweets_again: int
    asking: int
    nothing: int
    unlabelled: int = 0


STUDENT = Amounts(15_000, 1_500, 0.5, 8_000, 1_200, 600, unlabelled=22_000)
STUDENT_FIRST = Plan(epochs=2, rate=2e-4, batch=32)
STUDENT_SECOND = Plan(epochs=5, rate=2e-4, batch=32)
STUDENT_LAST = Plan(epochs=1, rate=5e-5, head_rate=2.5e-4, batch=32)
EVENNESS = 0.6
"""How far tweets are drawn, and told what the teacher says of their feeling, as if every sentiment
were as common as the next: 0 as common as in their set, mostly neutral or positive, 1 evenly."""
TEACHER = Amounts(10_000, 1_000, 0.2, 3_000, 1_200, 600)
TEACHER_FIRST = Plan(epochs=2, rate=6e-5, head_rate=8e-4, batch=24, frozen=3)
TEACHER_SECOND = Plan(epochs=2, rate=5e-5, head_rate=5e-4, frozen=3)
TEACHER_LAST = Plan(epochs=1, rate=1.5e-5, head_rate=1.5e-4, frozen=3)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What there is to learn from besides the shared set.

    ``further`` are labelled comments, none of them alike to one of the shared set. ``hard`` ones,
    of negation and irony, those ``partly`` labelled, and ``unlabelled`` texts, which only a teacher
    can say something of, are for the second stage.
    """

    tokenizer: Tokenizer
    names: tuple[str, ...]
    further: Sequence[LabelledComment]
    tweets: Sequence[Opinion]
    reported: Sequence[Reported]
    hard: Sequence[LabelledComment] = ()
    partly: Sequence[PartlyLabelled] = ()
    unlabelled: Sequence[str] = ()

    @classmethod
    def gather(
        cls,
        base: Path,
        labelled: Sequence[LabelledComment],
        further: Sequence[LabelledComment],
        tweets: Sequence[Opinion],
        reported: Sequence[Reported],
        hard: Sequence[LabelledComment] = (),
        partly: Sequence[PartlyLabelled] = (),
        unlabelled: Sequence[str] = (),
    ) -> Material:
        """The material, for the tokenizer of the base model in the folder ``base``."""
        names = shared_names([*labelled, *further])
        learned = [tweet for tweet in tweets if not tweet.held_out]
        tokenizer = reading_tokenizer(base)
        return cls(tokenizer, names, further, learned, reported, hard, partly, unlabelled)

    def maker(self) -> ExampleMaker:
        """What makes examples of comments."""
        return ExampleMaker(self.tokenizer, self.names)

    def sparse(self) -> list[str]:
        """The texts that lack most labels, each once; the tweets, which have a sentiment, are
        none of them."""
        texts = (one.text for kind in (self.reported, self.partly) for one in kind)
        return list(dict.fromkeys((*self.unlabelled, *texts)))

    def texts(self) -> list[str]:
        """What a teacher is asked about, each text once."""
        kinds = (self.further, self.tweets, self.reported, self.hard, self.partly)
        texts = (one.text for kind in kinds for one in kind)
        return list(dict.fromkeys((*self.unlabelled, *texts)))


@dataclass(frozen=True, slots=True, eq=False)
class English:
    """One way to a network of English: on what encoder, with how much of the material, how long."""

    material: Material
    encoder: Callable[[], nn.Module]
    amounts: Amounts
    first: Plan
    second: Plan
    last: Plan

    @classmethod
    def student(cls, material: Material, base: Path) -> English:
        """That of the network that ships, on the base model in the folder ``base``."""
        plans = STUDENT_FIRST, STUDENT_SECOND, STUDENT_LAST
        return cls(material, lambda: base_encoder(base), STUDENT, *plans)

    @classmethod
    def teacher(cls, material: Material, base: Path) -> English:
        """That of the network that teaches it, on the larger base model in ``base``."""

        def encoder() -> nn.Module:
            return teacher_encoder(base, material.tokenizer)

        return cls(material, encoder, TEACHER, TEACHER_FIRST, TEACHER_SECOND, TEACHER_LAST)

    def untrained(self) -> ReaderNetwork:
        """The network before the first stage, on the base model's weights."""
        return ReaderNetwork(self.encoder(), len(self.material.names))

    def first_stage(self, seed: int, on_step: Progress) -> ReaderNetwork:
        """A network that has learned from everything but the shared set."""
        material, amounts, maker = self.material, self.amounts, self.material.maker()
        further = misspelling(material.further, maker)
        tweets = [maker.opinion(tweet) for tweet in material.tweets]
        reported = [maker.reported(review) for review in material.reported]

        def epoch(chance: random.Random) -> Sequence[Example]:
            return [
                *further(chance),
                *drawn(tweets, amounts.tweets, chance),
                *drawn(reported, amounts.reported, chance),
            ]

        mask = mask_of(material.tokenizer)
        return fine_tune(self.untrained(), epoch, self.first, seed, mask, on_step)

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
        """A copy of ``network`` that has gone on with ``comments`` of the shared set and what a
        teacher says of texts; ``again`` where it has done so before."""
        material, amounts, maker = self.material, self.amounts, self.material.maker()
        own = misspelling(comments, maker, lessons)
        further = misspelling(material.further, maker, lessons)
        hard = misspelling(material.hard, maker, lessons)
        common = sentiment_shares(material.tweets) ** EVENNESS
        even = {
            one.text: evened(lessons[one.text], common)
            for one in material.tweets
            if one.text in lessons
        }
        tweets = taught([maker.opinion(one) for one in material.tweets], material.tweets, even)
        partly = taught([maker.partly(one) for one in material.partly], material.partly, lessons)
        asking = [one for one, said in zip(partly, material.partly, strict=True) if said.said]
        nothing = [one for one, said in zip(partly, material.partly, strict=True) if not said.said]
        # of the shared set only ``comments``: what the teacher says of the others would tell the
        # student the answers that measure it
        unlabelled = [
            replace(maker.bare(text), taught=lessons[text])
            for text in material.sparse()
            if text in lessons
        ]

        def epoch(chance: random.Random) -> Sequence[Example]:
            others = further(chance)
            return [
                *own(chance),
                *drawn(others, int(amounts.further * len(others)), chance),
                *hard(chance),
                *drawn_by(common, tweets, amounts.tweets_again, chance),
                *drawn(asking, amounts.asking, chance),
                *drawn(nothing, amounts.nothing, chance),
                *drawn(unlabelled, amounts.unlabelled, chance),
            ]

        mask = mask_of(material.tokenizer)
        plan = self.last if again else self.second
        return fine_tune(copy.deepcopy(network), epoch, plan, seed, mask, on_step)

    def shipped(self, network: ReaderNetwork) -> Network:
        """A network as it is shipped."""
        return Network(int8_graph(network), self.material.tokenizer.to_str())


def mask_of(tokenizer: Tokenizer) -> int:
    """The number of the token that hides another."""
    number = tokenizer.token_to_id("[MASK]")
    assert number is not None, "every BERT vocabulary has it"
    return int(number)


def drawn(examples: Sequence[Example], count: int, chance: random.Random) -> Sequence[Example]:
    """``count`` of the examples, or all where there are fewer, in random order."""
    return chance.sample(examples, min(count, len(examples)))


def sentiment_shares(opinions: Sequence[Opinion]) -> Floats:
    """(4,): the share of each sentiment among the opinions, 1 for those that none has."""
    counts = np.array([[one.sentiment == name for name in SENTIMENTS] for one in opinions]).sum(0)
    return np.where(counts, counts / max(1, len(opinions)), 1.0).astype(np.float32)


def drawn_by(
    weights: Floats, examples: Sequence[Example], count: int, chance: random.Random
) -> list[Example]:
    """Some ``count`` of the examples in random order: of each sentiment as many as its share among
    them over its weight (4,) tells, or all where there are fewer."""
    by_sentiment: dict[int, list[Example]] = {}
    for example in examples:
        by_sentiment.setdefault(example.sentiment, []).append(example)
    shares = {code: len(own) / weights[code] for code, own in by_sentiment.items()}
    part = count / max(1.0, sum(shares.values()))
    return [
        one
        for code, own in by_sentiment.items()
        for one in drawn(own, round(part * shares[code]), chance)
    ]


def evened(lesson: Taught, weights: Floats) -> Taught:
    """The lesson with each sentiment as likely as where they are common by other shares, the old
    over the new being ``weights`` (4,) (Saerens et al. 2002, "Adjusting the outputs of a classifier
    to new a priori probabilities")."""
    likely = lesson.sentiment / weights
    return replace(lesson, sentiment=(likely / likely.sum()).astype(np.float16))


def taught(
    examples: Sequence[Example], sources: Sequence[Opinion | PartlyLabelled], lessons: Lessons
) -> list[Example]:
    """The examples, made of ``sources``, each with what the teacher says of its text."""
    return [
        replace(example, taught=lessons.get(source.text))
        for example, source in zip(examples, sources, strict=True)
    ]


def misspelling(
    comments: Sequence[LabelledComment], maker: ExampleMaker, lessons: Lessons | None = None
) -> Epoch:
    """The comments as examples, some of them misspelt anew in every epoch; those spelt as they were
    written with what the teacher says of them."""
    plain = [
        replace(maker.comment(comment), taught=(lessons or {}).get(comment.text))
        for comment in comments
    ]

    def epoch(chance: random.Random) -> Sequence[Example]:
        found = []
        for comment, example in zip(comments, plain, strict=True):
            text = misspelt(comment.text, chance)
            found.append(example if text is comment.text else maker.comment(comment, text))
        return found

    return epoch
