"""Fitting the encoder of asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from classify.ngrams import Block, NgramSpace, fit_block
from classify.reading import Floats
from classify.training.corpus import LabelledComment
from classify.vectors import AskEncoder

DIMENSIONS = 96


def fit_encoder(comments: Sequence[LabelledComment], version: str) -> AskEncoder:
    """An encoder of asks from the items and quotes of all languages.

    Texts without asks lend their words too, so that more words than the asked-for have a place.
    """
    asks = [(comment, ask) for comment in comments for ask in comment.asks]
    texts = [ask.item for _, ask in asks]
    texts += [comment.text[ask.start : ask.end] for comment, ask in asks]
    word = fit_block(texts, words=True, min_rows=2, most=12_000)
    character = fit_block(texts, words=False, min_rows=3, most=18_000)
    space = NgramSpace(
        Block(word.keys, word.idf, True), Block(character.keys, character.idf, False)
    )
    rows = sparse.vstack(
        [
            space.matrix([ask.item for _, ask in asks]) * np.float32(2.0)
            + space.matrix([comment.text[ask.start : ask.end] for comment, ask in asks]),
            space.matrix([comment.text for comment in comments]),
        ]
    )
    size = min(DIMENSIONS, min(rows.shape) - 1)
    svd = TruncatedSVD(size, random_state=0, n_iter=4).fit(rows)
    projection: Floats = np.zeros((space.size, DIMENSIONS), np.float32)
    projection[:, :size] = svd.components_.T
    return AskEncoder(version, space, projection.astype(np.float16).astype(np.float32))
