"""Asks made ready for the store: the item's name, the moment, the place, the vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from classify.moments import moment_of
from classify.places import place_words_of
from classify.products import Products
from classify.reading import FoundAsk
from classify.vectors import VectorEncoder
from earful.records import Ask


def dressed(
    texts: Sequence[str],
    found: Sequence[Sequence[FoundAsk]],
    products: Products,
    encoder: VectorEncoder,
    langs: Sequence[str],
) -> list[list[Ask]]:
    """The asks of each text as records.

    An item takes the name that ``products`` has for it, unless it bears one of the codebook's.
    ``langs`` are the languages of the texts, as ISO 639-1 codes.
    """
    asks = [
        [_record(text, one, products, lang) for one in own]
        for text, own, lang in zip(texts, found, langs, strict=True)
    ]
    every = [ask for own in asks for ask in own]
    vectors = iter(encoder.encode([ask.item for ask in every], [ask.quote for ask in every]))
    return [
        [
            replace(ask, vector=tuple(next(vectors).tolist()), vector_version=encoder.version)
            for ask in own
        ]
        for own in asks
    ]


def _record(text: str, found: FoundAsk, products: Products, lang: str) -> Ask:
    quote = text[found.start : found.end]
    around = found.around
    return Ask(
        quote=quote,
        start=found.start,
        end=found.end,
        item=found.item if found.named else products.item(found.item, quote, text),
        type=found.type,  # type: ignore[arg-type]  # one of TYPES, which are the RequestTypes
        strength=found.strength,
        moment=moment_of(
            quote, lang, text[around.start : found.start], text[found.end : around.end]
        ),
        place_words=place_words_of(text[around.start : around.end], lang),
        explicit=found.explicit,
        score=round(found.score, 4),
    )
