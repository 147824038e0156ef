"""The tagger: a batch of comments in, a batch of tags out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classify.added import THRESHOLD, AddedCategory, learn
from classify.asks import AskModels, Gated, find_asks
from classify.categories import added_categories, files_digest, shipped_categories
from classify.english import chosen_pipeline, pipeline_version
from classify.labels import ASK_GATES, CATEGORIES, FALLBACK, SENTIMENTS
from classify.language import ENGLISH, SERVED_OTHERS, language_of
from classify.products import Products
from classify.reader import PATTERNS_READ, Floats, Reader, Reading
from classify.shipped import FOLDER, Shipped, read_artifact
from classify.vectors import AskEncoder
from classify.wishes import NO_WISH
from earful.records import Ask, Tags, tags_to_batch

_GATES = tuple(CATEGORIES.index(name) for name in ASK_GATES)
_NOISE = CATEGORIES.index("noise")
_NEGATIVE, _POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")
ENGLISH_PART, OTHERS_PART, ENCODER_PART = "english", "others", "encoder"


@dataclass(frozen=True, eq=False)
class LanguageModels:
    """What reads one group of languages; ``pipeline`` is the spaCy pipeline of English, or None."""

    reader: Reader
    asks: AskModels
    pipeline: str | None


class Tagger:
    """Reads comments with the shipped models. Stateless between batches and deterministic.

    It can be pickled into worker processes; spaCy is loaded in each, at the first comment that may
    hold an ask.
    """

    def __init__(
        self,
        version: str,
        english: LanguageModels,
        others: LanguageModels,
        encoder: AskEncoder,
        added: tuple[AddedCategory, ...],
        products: Products | None = None,
    ) -> None:
        self.model_version = version
        self._english = english
        self._others = others
        self._encoder = encoder
        self._added = added
        self._products = products or Products()

    @classmethod
    def load(
        cls,
        categories_dir: Path | None = None,
        spacy_pipeline: str | None = None,
        artifact: Path = FOLDER,
        products: Products | None = None,
    ) -> Tagger:
        """The tagger of the shipped models, with a user's category files if a folder is named.

        ``products`` are names that items take where an ask has one of them. Raises
        ``IntegrityError`` where a model file is not what its checksum says, and
        ``ConfigurationError`` for a category file or a pipeline that cannot be used.
        """
        shipped = read_artifact(artifact)
        pipeline = chosen_pipeline(spacy_pipeline)
        own = added_categories(categories_dir)
        english = _models(shipped, ENGLISH_PART, pipeline)
        space = english.reader.first.space
        named = products or Products()
        version = f"{shipped.version}+{pipeline_version(pipeline)}+{files_digest(own)}"
        if named.version:
            version += f"+products-{named.version}"
        return cls(
            version,
            english,
            _models(shipped, OTHERS_PART, None),
            AskEncoder.from_arrays(shipped.parts[ENCODER_PART], shipped.settings["encoder"]),
            tuple(learn(category, own, space) for category in own),
            named,
        )

    @property
    def vector_version(self) -> str:
        """The version of the encoder of asks; vectors of one version can be compared."""
        return self._encoder.version

    def tag(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Tags for comments: ``READ_SCHEMA`` in, ``TAGS_SCHEMA`` out, in the same order.

        No text makes it raise: empty, of marks alone, very long, of any characters.
        """
        uids = batch.column("uid").to_pylist()
        texts = [text or "" for text in batch.column("text").to_pylist()]
        hints = batch.column("lang_hint").to_pylist()
        langs = [language_of(text, hint) for text, hint in zip(texts, hints, strict=True)]
        tags: list[Tags | None] = [None] * len(texts)
        groups = (
            (self._english, [at for at, lang in enumerate(langs) if lang == ENGLISH]),
            (self._others, [at for at, lang in enumerate(langs) if lang in SERVED_OTHERS]),
        )
        for models, places in groups:
            read = self._tagged(
                models,
                [uids[at] for at in places],
                [texts[at] for at in places],
                [langs[at] for at in places],
            )
            for at, tag in zip(places, read, strict=True):
                tags[at] = tag
        return tags_to_batch(
            [
                tag if tag is not None else self._unread(uids[at], langs[at])
                for at, tag in enumerate(tags)
            ]
        )

    def _unread(self, uid: str, lang: str) -> Tags:
        return Tags(uid, self.model_version, lang, False, None, None, (), {}, 0.0)

    def _tagged(
        self,
        models: LanguageModels,
        uids: Sequence[str],
        texts: Sequence[str],
        langs: Sequence[str],
    ) -> list[Tags]:
        if not texts:
            return []
        reading = models.reader.read(texts)
        chosen = models.reader.chosen(reading.categories)
        asks = self._asks(models, texts, reading, chosen)
        added = self._added_scores(models, texts)
        polarity = reading.sentiments[:, _POSITIVE] - reading.sentiments[:, _NEGATIVE]
        best = reading.sentiments.argmax(axis=1)
        return [
            Tags(
                uid=uids[at],
                model_version=self.model_version,
                lang=langs[at],
                read=True,
                sentiment=SENTIMENTS[best[at]],
                sentiment_score=float(polarity[at]),
                categories=self._names(chosen[at], added[at]),
                category_scores={
                    **dict(zip(CATEGORIES, reading.categories[at].tolist(), strict=True)),
                    **{
                        one.category.label: float(likely)
                        for one, likely in zip(self._added, added[at], strict=True)
                    },
                },
                spam_score=_spam(texts[at], float(reading.categories[at, _NOISE])),
                asks=tuple(asks[at]),
            )
            for at in range(len(texts))
        ]

    def _asks(
        self,
        models: LanguageModels,
        texts: Sequence[str],
        reading: Reading,
        chosen: npt.NDArray[np.bool_],
    ) -> list[list[Ask]]:
        places = np.flatnonzero(chosen[:, list(_GATES)].any(axis=1)).tolist()
        gated = [
            Gated(
                texts[at],
                reading.clauses[at],
                likely,
                requests=bool(chosen[at, _GATES[0]]),
                wants=bool(chosen[at, _GATES[1]]),
            )
            for at, likely in zip(
                places, models.reader.carrying(reading, texts, places), strict=True
            )
        ]
        found = find_asks(gated, models.asks, self._encoder, models.pipeline, self._products)
        asks: list[list[Ask]] = [[] for _ in texts]
        for at, own in zip(places, found, strict=True):
            asks[at] = own
            if not own and NO_WISH.search(texts[at]):
                # good wishes and praise of what exists are no request, whatever the words weigh
                chosen[at, list(_GATES)] = False
        return asks

    def _added_scores(self, models: LanguageModels, texts: Sequence[str]) -> Floats:
        if not self._added:
            return np.zeros((len(texts), 0), np.float32)
        rows = self._english.reader.first.space.matrix(texts)
        return np.column_stack(
            [
                one.likely(texts, None if one.weights is None else rows @ one.weights)
                for one in self._added
            ]
        )

    def _names(
        self,
        chosen: npt.NDArray[np.bool_],
        added: Floats,
    ) -> tuple[str, ...]:
        names = [name for name, holds in zip(CATEGORIES, chosen, strict=True) if holds]
        names += [
            one.category.label
            for one, likely in zip(self._added, added, strict=True)
            if likely >= THRESHOLD
        ]
        # by the codebook a remark is what carries nothing else
        return tuple(name for name in names if name != FALLBACK) or (FALLBACK,)


def _spam(text: str, noise: float) -> float:
    """The probability of noise, raised where the wording of spam is found, more so with a link."""
    low = text[:PATTERNS_READ].lower()
    if not shipped_categories()[_NOISE].found_in(low):
        return noise
    return max(noise, 0.9 if "http" in low or "www." in low else 0.6)


def _models(shipped: Shipped, part: str, pipeline: str | None) -> LanguageModels:
    arrays = shipped.parts[part]
    return LanguageModels(
        Reader.from_arrays(arrays, "reader"),
        AskModels.from_arrays(arrays, shipped.settings[part]["shared_names"]),
        pipeline,
    )
