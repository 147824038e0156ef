"""The tagger: a batch of comments in, a batch of tags out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classify.added import THRESHOLD, AddedCategory, learn
from classify.asks import dressed
from classify.aspects import AspectReader
from classify.categories import added_categories, files_digest
from classify.clauses import Clause
from classify.english import chosen_pipeline, pipeline_version
from classify.heads import BaseScores, Heads
from classify.item_model import ItemModel
from classify.items import plain_item
from classify.labels import CATEGORIES, FALLBACK, SENTIMENTS
from classify.language import ENGLISH, SERVED_OTHERS, language_of
from classify.lookup import Lookup
from classify.network import Network, Specials
from classify.network_reader import Calibration, NetworkReader
from classify.ngrams import NgramSpace
from classify.phrasing import WeighedWords
from classify.pointed_items import PointedWords
from classify.products import Products
from classify.reading import Floats, FoundAsk, Reader
from classify.shipped import FOLDER, Shipped, read_artifact
from classify.spam import spam_score, spam_version
from classify.vectors import FrozenNetwork, VectorEncoder, WantSpace
from classify.windows import window_of
from earful.records import Ask, Aspect, Tags, tags_to_batch

_NOISE = CATEGORIES.index("noise")
_NEGATIVE, _POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")
ENGLISH_PART, OTHERS_PART, ENCODER, ITEMS = "english", "others", "encoder", "items"
GRAPH, TOKENIZER = "english.onnx", "english_tokenizer.json"
OTHERS_GRAPH, OTHERS_TOKENIZER, PIECES = "others.onnx", "others_tokenizer.json", "pieces"
"""The network of the other languages, and the part with its table of pieces."""
ASKS_GRAPH, WORDS = "asks.onnx", "words"
"""The frozen network of ask vectors, and the part with the n-grams that added categories use."""


class Tagger:
    """Reads comments with the shipped models. Stateless between batches and deterministic.

    ``model_version`` tells everything that decides its answers, ``base_version`` the shipped models
    alone. It can be pickled into worker processes; spaCy is loaded in each, at the first comment
    that may hold an ask or is of divided feelings. ``aspects`` reads comments in English, ``words``
    are the n-grams that ``added`` categories were learned on.
    """

    def __init__(
        self,
        version: str,
        english: Reader,
        others: Reader,
        encoder: VectorEncoder,
        added: tuple[AddedCategory, ...],
        products: Products | None = None,
        aspects: AspectReader | None = None,
        served: Sequence[str] = SERVED_OTHERS,
        base_version: str = "",
        thresholds: Mapping[str, float] | None = None,
        heads: Heads | None = None,
        words: NgramSpace | None = None,
    ) -> None:
        self.model_version = version
        self._english = english
        self._others = others
        self._encoder = encoder
        self._added = added
        self._products = products or Products()
        self._aspects = aspects
        self._served = tuple(served)
        self.base_version = base_version
        self._thresholds = dict(thresholds or {})
        self._heads = heads
        self._words = words

    @classmethod
    def load(
        cls,
        categories_dir: Path | None = None,
        spacy_pipeline: str | None = None,
        artifact: Path = FOLDER,
        products: Products | None = None,
        heads: Heads | None = None,
    ) -> Tagger:
        """The tagger of the shipped models, with a user's category files if a folder is named.

        ``products`` are names that items take where an ask has one of them; ``heads``, which read
        English only, are what a project's corrections taught. Raises
        ``IntegrityError`` where a model file is not what its checksum says, and
        ``ConfigurationError`` for a category file or a pipeline that cannot be used, or for heads
        of another model.
        """
        shipped = read_artifact(artifact)
        if heads is not None:
            heads.check(shipped.version)
        pipeline = chosen_pipeline(spacy_pipeline)
        own = added_categories(categories_dir)
        space = NgramSpace.from_arrays(shipped.parts[WORDS], WORDS)
        named = products or Products()
        version = f"{shipped.version}+{pipeline_version(pipeline)}+{files_digest(own)}"
        version += f"+spam-{spam_version()}"
        if named.version:
            version += f"+products-{named.version}"
        if heads is not None:
            version += f"+{heads.version}"
        english, aspects = english_readers(shipped, pipeline, named, heads)
        calibration = shipped.settings[ENGLISH_PART]["calibration"]
        return cls(
            version,
            english,
            others_reader(shipped),
            ask_encoder(shipped),
            tuple(learn(category, own, space) for category in own),
            named,
            aspects,
            served_others(shipped),
            shipped.version,
            dict(zip(CATEGORIES, calibration["thresholds"], strict=True)),
            heads,
            space,
        )

    @property
    def vector_version(self) -> str:
        """The version of the encoder of asks; vectors of one version can be compared."""
        return self._encoder.version

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that there are, the codebook's before the user's own."""
        return (*CATEGORIES, *self._added_labels)

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The probability from which each category holds in English, without heads."""
        return {**self._thresholds, **dict.fromkeys(self._added_labels, THRESHOLD)}

    @property
    def _added_labels(self) -> tuple[str, ...]:
        return tuple(one.category.label for one in self._added)

    def ask_vectors(self, items: Sequence[str], quotes: Sequence[str]) -> Floats:
        """The vectors of asks, (n, dim), as those of the asks in tags."""
        return self._encoder.encode(items, quotes)

    def ask_in(self, text: str, start: int, end: int, lang: str) -> Ask:
        """The ask ``text[start:end]``, which a person marked, as it would be read there."""
        reader = self._english if lang == ENGLISH else self._others
        found = reader.asked(text, start, end) if isinstance(reader, NetworkReader) else None
        if found is None:
            words = text[start:end]
            around = window_of(text, Clause(start, end))
            found = FoundAsk(
                start, end, around, plain_item(words), False, "new_offering", 2, True, 1.0
            )
        return dressed([text], [[found]], self._products, self._encoder, [lang])[0][0]

    def base_scores(self, texts: Sequence[str]) -> BaseScores:
        """What heads learn on: texts in English, at least one, read by a tagger without heads."""
        reading = self._english.read(texts)
        if reading.vectors is None or self._heads is not None:
            raise ValueError("heads are learned on a tagger that has none")
        thresholds = np.array([self.thresholds[name] for name in self.categories], np.float32)
        scores = np.column_stack([reading.categories, self._added_scores(texts)])
        free = np.ones(scores.shape, dtype=bool)
        # what looks like a wish and is none is no request, whatever its score
        codebook = slice(0, len(CATEGORIES))
        free[:, codebook] = reading.chosen | (reading.categories < thresholds[codebook])
        return BaseScores(
            self.categories, thresholds, scores, free, reading.sentiments, reading.vectors
        )

    def tag(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Tags for comments: ``READ_SCHEMA`` in, ``TAGS_SCHEMA`` out, in the same order.

        No text makes it raise: empty, of marks alone, very long, of any characters.
        """
        uids = batch.column("uid").to_pylist()
        texts = [text or "" for text in batch.column("text").to_pylist()]
        hints = batch.column("lang_hint").to_pylist()
        langs = [
            language_of(text, hint, self._served) for text, hint in zip(texts, hints, strict=True)
        ]
        tags: list[Tags | None] = [None] * len(texts)
        groups = (
            (self._english, [at for at, lang in enumerate(langs) if lang == ENGLISH]),
            (self._others, [at for at, lang in enumerate(langs) if lang in self._served]),
        )
        for reader, places in groups:
            read = self._tagged(
                reader,
                [uids[at] for at in places],
                [texts[at] for at in places],
                [langs[at] for at in places],
            )
            for at, tag in zip(places, read, strict=True):
                tags[at] = tag
        return tags_to_batch(
            [
                tag if tag is not None else self._unread(uids[at], langs[at], texts[at])
                for at, tag in enumerate(tags)
            ]
        )

    def _unread(self, uid: str, lang: str, text: str) -> Tags:
        spam = spam_score(text, 0.0)
        return Tags(uid, self.model_version, lang, False, None, None, (), {}, spam)

    def _tagged(
        self,
        reader: Reader,
        uids: Sequence[str],
        texts: Sequence[str],
        langs: Sequence[str],
    ) -> list[Tags]:
        if not texts:
            return []
        reading = reader.read(texts)
        asks = dressed(texts, reading.asks, self._products, self._encoder, langs)
        added = self._added_scores(texts)
        thresholds = np.full(len(self._added), THRESHOLD, np.float32)
        if self._heads is not None and reader is self._english and reading.vectors is not None:
            added = self._heads.category_scores(self._added_labels, added, reading.vectors)
            thresholds = self._heads.holding_from(self._added_labels, thresholds)
        polarity = reading.sentiments[:, _POSITIVE] - reading.sentiments[:, _NEGATIVE]
        best = reading.sentiments.argmax(axis=1)
        aspects: list[tuple[Aspect, ...]] = [()] * len(texts)
        if self._aspects is not None and reader is self._english:
            aspects = self._aspects.read(texts, reading.sentiments)
        return [
            Tags(
                uid=uids[at],
                model_version=self.model_version,
                lang=langs[at],
                read=True,
                sentiment=SENTIMENTS[best[at]],
                sentiment_score=float(polarity[at]),
                categories=self._names(reading.chosen[at], added[at] >= thresholds),
                category_scores={
                    **dict(zip(CATEGORIES, reading.categories[at].tolist(), strict=True)),
                    **{
                        one.category.label: float(likely)
                        for one, likely in zip(self._added, added[at], strict=True)
                    },
                },
                spam_score=spam_score(texts[at], float(reading.categories[at, _NOISE])),
                asks=tuple(asks[at]),
                aspects=aspects[at],
            )
            for at in range(len(texts))
        ]

    def _added_scores(self, texts: Sequence[str]) -> Floats:
        if not self._added or self._words is None:
            return np.zeros((len(texts), len(self._added)), np.float32)
        rows = self._words.matrix(texts)
        return np.column_stack(
            [
                one.likely(texts, None if one.weights is None else rows @ one.weights)
                for one in self._added
            ]
        )

    def _names(
        self,
        chosen: npt.NDArray[np.bool_],
        added: npt.NDArray[np.bool_],
    ) -> tuple[str, ...]:
        names = [name for name, holds in zip(CATEGORIES, chosen, strict=True) if holds]
        names += [name for name, holds in zip(self._added_labels, added, strict=True) if holds]
        # by the codebook a remark is what carries nothing else
        return tuple(name for name in names if name != FALLBACK) or (FALLBACK,)


def english_readers(
    shipped: Shipped, pipeline: str, products: Products, heads: Heads | None = None
) -> tuple[Reader, AspectReader]:
    """What reads English in an artifact; ``pipeline`` tags or parses what holds asks or aspects."""
    settings = shipped.settings[ENGLISH_PART]
    tokenizer = shipped.files[TOKENIZER].read_text(encoding="utf-8")
    network = Network(shipped.files[GRAPH], tokenizer)
    calibration = Calibration.from_settings(settings["calibration"])
    phrasing = WeighedWords(pipeline, ItemModel.from_arrays(shipped.parts[ITEMS]))
    return (
        NetworkReader(network, calibration, settings["shared_names"], phrasing, heads),
        AspectReader(network, calibration, pipeline, products),
    )


def others_reader(shipped: Shipped) -> Reader:
    """What reads the other languages in an artifact."""
    settings = shipped.settings[OTHERS_PART]
    network = Network(
        shipped.files[OTHERS_GRAPH],
        shipped.files[OTHERS_TOKENIZER].read_text(encoding="utf-8"),
        Specials.from_settings(settings["specials"]),
        Lookup.from_arrays(shipped.parts[PIECES]),
    )
    calibration = Calibration.from_settings(settings["calibration"])
    return NetworkReader(network, calibration, (), PointedWords())


def ask_encoder(shipped: Shipped) -> VectorEncoder:
    """What makes the vectors of asks in an artifact; its tokens are those of the other languages'
    network."""
    network = FrozenNetwork(
        shipped.files[ASKS_GRAPH],
        shipped.files[OTHERS_TOKENIZER].read_text(encoding="utf-8"),
        Specials.from_settings(shipped.settings[OTHERS_PART]["specials"]),
        Lookup.from_arrays(shipped.parts[PIECES]),
    )
    space = WantSpace.from_arrays(shipped.parts[ENCODER])
    return VectorEncoder(shipped.settings[ENCODER], network, space)


def served_others(shipped: Shipped) -> tuple[str, ...]:
    """The languages but English that an artifact reads."""
    return tuple(shipped.settings[OTHERS_PART]["languages"])
