"""How the network of the other languages is trained, on multilingual-e5-small.

The first stage learns from the comments written for these languages, from outside texts with a
sentiment, a like number of each language in every epoch, and from some of the labelled English
comments: what asking looks like carries over. The second goes on with the shared comments. The
lowest layers and the table of pieces stay as they are, so that languages with little text here keep
what the base model knows of them.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classify.language import SERVED_OTHERS
from classify.network import Network
from classify.network_reader import Calibration
from classify.tagger import OTHERS_GRAPH, OTHERS_PART, OTHERS_TOKENIZER, PIECES
from classify.training.build import Contribution, Corpus
from classify.training.corpus import LabelledComment, Opinion
from classify.training.e5 import E5, MASK, installed_file, read_e5
from classify.training.examples import Example, ExampleMaker, other_marks
from classify.training.export import int8_embedded_graph
from classify.training.fine_tune import Plan, Progress, fine_tune
from classify.training.pruned import pruned_encoder
from classify.training.reader_network import ReaderNetwork
from classify.training.recipe import drawn, misspelling
from classify.training.taught import Lessons
from classify.training.vocabulary import Vocabulary, vocabulary

FROZEN = 2
FIRST = Plan(epochs=4, rate=2e-4, batch=32, frozen=FROZEN)
SECOND = Plan(epochs=2, rate=1e-4, batch=32, frozen=FROZEN)
LAST = Plan(epochs=1, rate=3e-5, head_rate=3e-4, batch=32, frozen=FROZEN)
OPINIONS = 2_000
MORE_OPINIONS = {"ko": 16_000, "pl": 9_000, "th": 2_500}
"""Outside texts of a language drawn for each epoch of the first stage, as far as there are."""
ENGLISH, TWEETS = 3_000, 10_000
"""English comments, and English tweets with a sentiment, drawn for each epoch of the first stage:
tweets of other languages are mixed with English, and those in Hindi most."""
FURTHER = 0.15
OPINIONS_AGAIN = 500
MORE_AGAIN = {"ko": 1_500, "pl": 1_500}
"""The share of the comments written besides, and the outside texts of a language, drawn for each
epoch of the stages after it: with a fifth of these, four to eight points of sentiment were lost."""
KEPT_PIECES = "pieces.npy"
"""The file of a build with the numbers of the pieces kept."""


@dataclass(frozen=True, slots=True, eq=False)
class OtherMaterial:
    """What both stages share.

    ``further`` are comments of these languages besides the shared set, ``english`` comments and
    ``tweets`` those from which is carried over, ``opinions`` outside texts; of tweets and opinions
    those held out are not learned from.
    """

    base: E5
    vocabulary: Vocabulary
    further: Sequence[LabelledComment]
    english: Sequence[LabelledComment]
    tweets: Sequence[Opinion]
    opinions: Sequence[Opinion]
    first: Plan = FIRST
    second: Plan = SECOND
    last: Plan = LAST

    @classmethod
    def gather(
        cls, data: Path, work: Path, corpus: Corpus, weights: Path | None = None
    ) -> OtherMaterial:
        """The material of a corpus read from ``data``; pieces are counted once, into ``work``.

        ``weights`` is the base model's file, the installed one unless named. Raises ``DataError``
        where data are missing.
        """
        base = read_e5(weights or installed_file())
        return cls(
            base,
            vocabulary(base, data, work / KEPT_PIECES),
            corpus.other_further,
            [*corpus.english, *corpus.further],
            corpus.tweets,
            corpus.opinions,
        )

    def maker(self) -> ExampleMaker:
        """What makes examples of comments."""
        return ExampleMaker(self.vocabulary.tokenizer, (), other_marks)

    def untrained(self) -> ReaderNetwork:
        """The network before the first stage, with the table as it is shipped."""
        return ReaderNetwork(pruned_encoder(self.base, self.vocabulary), names=0)

    def first_stage(self, seed: int, on_step: Progress) -> ReaderNetwork:
        """A network that has learned from everything but the shared set."""
        maker = self.maker()
        further = misspelling(self.further, maker)
        opinions = learned_opinions(self.opinions)
        tweets = [one for one in self.tweets if not one.held_out]
        most = {lang: MORE_OPINIONS.get(lang, OPINIONS) for lang in opinions}

        def epoch(chance: random.Random) -> Sequence[Example]:
            felt = [
                *opinions_drawn(opinions, most, chance),
                *chance.sample(tweets, min(len(tweets), TWEETS)),
            ]
            few = chance.sample(self.english, min(len(self.english), ENGLISH))
            return [
                *further(chance),
                *(maker.opinion(one) for one in felt),
                *(maker.comment(one) for one in few),
            ]

        return fine_tune(self.untrained(), epoch, self.first, seed, self._mask, on_step)

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
        """A copy of ``network`` that has gone on with ``comments`` of the shared set; it has no
        teacher. ``again`` where it has done so before."""
        maker = self.maker()
        own, further = misspelling(comments, maker), misspelling(self.further, maker)
        opinions = learned_opinions(self.opinions)
        most = {lang: MORE_AGAIN.get(lang, OPINIONS_AGAIN) for lang in opinions}

        def epoch(chance: random.Random) -> Sequence[Example]:
            others = further(chance)
            felt = opinions_drawn(opinions, most, chance)
            return [
                *own(chance),
                *drawn(others, int(FURTHER * len(others)), chance),
                *(maker.opinion(one) for one in felt),
            ]

        plan = self.last if again else self.second
        return fine_tune(copy.deepcopy(network), epoch, plan, seed, self._mask, on_step)

    def shipped(self, network: ReaderNetwork) -> Network:
        """A network as it is shipped."""
        words = self.vocabulary
        return Network(
            int8_embedded_graph(network), words.tokenizer.to_str(), words.specials, words.lookup
        )

    @property
    def _mask(self) -> int:
        number = self.vocabulary.tokenizer.token_to_id(MASK)
        assert number is not None, "the special pieces are kept"
        return int(number)


def learned_opinions(opinions: Sequence[Opinion]) -> dict[str, list[Opinion]]:
    """By language those that may be learned from: not held out, and no copy of one that is."""
    measured = {opinion.text for opinion in opinions if opinion.held_out}
    by_lang: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        if opinion.text not in measured:
            by_lang.setdefault(opinion.lang, []).append(opinion)
    return by_lang


def opinions_drawn(
    opinions: Mapping[str, Sequence[Opinion]], most: Mapping[str, int], chance: random.Random
) -> list[Opinion]:
    """Of each language as many as ``most`` says, or all where there are fewer."""
    return [
        one
        for lang, own in opinions.items()
        for one in chance.sample(own, min(len(own), most[lang]))
    ]


def others_contribution(
    network: ReaderNetwork, words: Vocabulary, calibration: Calibration
) -> Contribution:
    """The graph, the tokenizer, the table of pieces and the settings of a trained network."""
    return Contribution(
        {
            OTHERS_GRAPH: int8_embedded_graph(network),
            OTHERS_TOKENIZER: words.tokenizer.to_str().encode("utf-8"),
        },
        {
            OTHERS_PART: {
                "calibration": calibration.settings(),
                "languages": list(SERVED_OTHERS),
                "specials": words.specials.settings(),
            }
        },
        {PIECES: words.lookup.arrays()},
    )
