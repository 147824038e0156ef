"""How the network of English is trained: first on everything else, then on the shared labels.

The first stage learns from comments labelled besides the shared set, from tweets with a sentiment
and from app reviews with a class of report. It never sees the shared set, so every fold of a
cross-validation starts from the same first stage. The second stage goes on with the shared set and
some of the other comments, with negation and irony, and with wishes in all kinds of words.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from classify.network import Network
from classify.training.corpus import LabelledComment, Opinion, Reported
from classify.training.examples import Example, ExampleMaker, misspelt, shared_names
from classify.training.export import int8_graph, reading_tokenizer
from classify.training.fine_tune import Epoch, Plan, Progress, fine_tune
from classify.training.reader_network import ReaderNetwork, base_encoder, between
from classify.training.wants import PartlyLabelled

FIRST = Plan(epochs=2)
SECOND = Plan(epochs=2, rate=1.0e-4)
TWEETS = 15_000
REPORTED = 1_500
"""Tweets and app reviews drawn for each epoch of the first stage."""
FURTHER = 0.2
TWEETS_AGAIN = 3_000
"""The share of the other labelled comments, and the tweets, drawn for each epoch of the second
stage: without tweets it forgets how strangers' feelings are told from plain remarks."""
ASKING, ASKING_NOTHING = 2_500, 1_250
"""Wordings of wants, and comments that ask for nothing, drawn for each epoch of the second
stage."""
WISHING = 2 / 3
"""The weight of the network that learned from them in the mean of two."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What the first stage and the second share.

    ``further`` are labelled comments besides the shared set, none of them alike to one of it.
    ``hard`` ones, of negation and irony, and those ``partly`` labelled are for the second stage.
    """

    base: Path
    tokenizer: Tokenizer
    names: tuple[str, ...]
    further: Sequence[LabelledComment]
    tweets: Sequence[Opinion]
    reported: Sequence[Reported]
    hard: Sequence[LabelledComment] = ()
    partly: Sequence[PartlyLabelled] = ()

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
    ) -> Material:
        """The material for a base model in the folder ``base``."""
        names = shared_names([*labelled, *further])
        learned = [tweet for tweet in tweets if not tweet.held_out]
        return cls(base, reading_tokenizer(base), names, further, learned, reported, hard, partly)

    def maker(self) -> ExampleMaker:
        """What makes examples of comments."""
        return ExampleMaker(self.tokenizer, self.names)

    def untrained(self) -> ReaderNetwork:
        """The network before the first stage, on the base model's weights."""
        return ReaderNetwork(base_encoder(self.base), len(self.names))

    def first_stage(self, seed: int, on_step: Progress) -> ReaderNetwork:
        """A network that has learned from everything but the shared set."""
        maker = self.maker()
        further = misspelling(self.further, maker)
        tweets = [maker.opinion(tweet) for tweet in self.tweets]
        reported = [maker.reported(review) for review in self.reported]

        def epoch(chance: random.Random) -> Sequence[Example]:
            return [
                *further(chance),
                *drawn(tweets, TWEETS, chance),
                *drawn(reported, REPORTED, chance),
            ]

        return fine_tune(self.untrained(), epoch, FIRST, seed, mask_of(self.tokenizer), on_step)

    def second_stage(
        self,
        network: ReaderNetwork,
        comments: Sequence[LabelledComment],
        seed: int,
        on_step: Progress,
    ) -> ReaderNetwork:
        """A network that has gone on from ``network`` with ``comments`` of the shared set.

        The mean of two: one has gone on with wishes in all kinds of words, with negation and irony
        too, and finds more of what is asked for; the other has not, and is surer of feelings. The
        mean of their weights does both about as well as the better one (Wortsman et al. 2022,
        "Model soups").
        """
        maker = self.maker()
        own, further = misspelling(comments, maker), misspelling(self.further, maker)
        hard = misspelling(self.hard, maker)
        tweets = [maker.opinion(tweet) for tweet in self.tweets]
        asking = [maker.partly(one) for one in self.partly if one.said]
        nothing = [maker.partly(one) for one in self.partly if not one.said]

        def plain(chance: random.Random) -> list[Example]:
            others = further(chance)
            return [
                *own(chance),
                *drawn(others, int(FURTHER * len(others)), chance),
                *drawn(tweets, TWEETS_AGAIN, chance),
            ]

        def wishing(chance: random.Random) -> list[Example]:
            return [
                *plain(chance),
                *hard(chance),
                *drawn(asking, ASKING, chance),
                *drawn(nothing, ASKING_NOTHING, chance),
            ]

        mask = mask_of(self.tokenizer)
        one, other = (
            fine_tune(copy.deepcopy(network), epoch, SECOND, seed, mask, on_step)
            for epoch in (plain, wishing)
        )
        return between(one, other, WISHING)

    def shipped(self, network: ReaderNetwork) -> Network:
        """A network as it is shipped."""
        return Network(int8_graph(network), self.tokenizer.to_str())


def mask_of(tokenizer: Tokenizer) -> int:
    """The number of the token that hides another."""
    number = tokenizer.token_to_id("[MASK]")
    assert number is not None, "every BERT vocabulary has it"
    return int(number)


def drawn(examples: Sequence[Example], count: int, chance: random.Random) -> Sequence[Example]:
    """``count`` of the examples, or all where there are fewer, in random order."""
    return chance.sample(examples, min(count, len(examples)))


def misspelling(comments: Sequence[LabelledComment], maker: ExampleMaker) -> Epoch:
    """The comments as examples, some of them misspelt anew in every epoch."""
    plain = [maker.comment(comment) for comment in comments]

    def epoch(chance: random.Random) -> Sequence[Example]:
        found = []
        for comment, example in zip(comments, plain, strict=True):
            text = misspelt(comment.text, chance)
            found.append(example if text is comment.text else maker.comment(comment, text))
        return found

    return epoch
