"""The training data: read, joined and parted into folds that hold near-copies together."""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from classify.labels import CATEGORIES, SENTIMENTS
from classify.ngrams import encode, fit_block
from earful.errors import DataError

LABELS = Path(__file__).parent / "labels"
_TWEETED = {
    "arabic": "ar",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}
_THAI = {"pos": "positive", "neu": "neutral", "neg": "negative"}
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class LabelledAsk:
    """One ask as a reader marked it; ``text[start:end]`` is the quote."""

    start: int
    end: int
    item: str
    type: str
    strength: int
    moment: str


@dataclass(frozen=True, slots=True)
class LabelledComment:
    """One comment of the labelled set; ``domain`` names its stream."""

    uid: str
    domain: str
    lang: str
    text: str
    sentiment: str
    categories: tuple[str, ...]
    asks: tuple[LabelledAsk, ...]

    def record(self) -> dict[str, Any]:
        """The comment as the JSON record that evaluation takes."""
        return {
            "uid": self.uid,
            "domain": self.domain,
            "lang": self.lang,
            "text": self.text,
            "sentiment": self.sentiment,
            "categories": list(self.categories),
            "asks": [
                {
                    "quote": self.text[ask.start : ask.end],
                    "start": ask.start,
                    "end": ask.end,
                    "item": ask.item,
                    "type": ask.type,
                    "strength": ask.strength,
                    "moment": ask.moment,
                }
                for ask in self.asks
            ],
        }


@dataclass(frozen=True, slots=True)
class Opinion:
    """A text of an outside set with its sentiment, one of the four names.

    ``held_out`` ones measure a network and must not train it: the validation part of the tweets, a
    fifth of the other sets.
    """

    lang: str
    text: str
    sentiment: str
    held_out: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """An app review with what it reports: Bug, Feature, UserExperience or Rating."""

    text: str
    label: str


def read_labelled(path: Path) -> list[LabelledComment]:
    """The comments of a labelled JSONL file. Raises ``DataError`` for a quote not in its text."""
    comments = []
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            asks = tuple(_ask(row["text"], ask, f"{path}:{number}") for ask in row["asks"])
            comments.append(
                LabelledComment(
                    row["uid"],
                    row["domain"],
                    row["lang"],
                    row["text"],
                    row["sentiment"],
                    tuple(row["categories"]),
                    asks,
                )
            )
    return comments


def _opened(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            f"cannot read the training data: {error.strerror}",
            where=str(path),
            next_step="Name the folder that holds labelled/ and sentiment/ with --data.",
        ) from error


def _ask(text: str, row: dict[str, Any], where: str) -> LabelledAsk:
    start = row["start"] if "start" in row else text.find(row["quote"])
    if start < 0:
        raise DataError("the quote of an ask is not in its text", where=where)
    return LabelledAsk(
        start,
        start + len(row["quote"]),
        row["item"],
        row["type"],
        int(row["strength"]),
        row.get("moment") or "",
    )


def read_further(data: Path) -> list[LabelledComment]:
    """Comments labelled for earful besides the shared sets: of two streams, and written for it.

    The streams' comments lie in ``LABELS`` as labels only (uid, offsets, length); their texts are
    joined from ``data``. Raises ``DataError`` where a text is not the one that was labelled.
    """
    texts = stream_texts(data)
    found = read_labelled(LABELS / "written.jsonl")
    found += read_labelled(LABELS / "written_other_languages.jsonl")
    for name, domain in (("app_reviews", "app"), ("reddit_product_posts", "reddit")):
        path = LABELS / f"{name}.jsonl"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            row = json.loads(line)
            text = texts.get((row["uid"], row["characters"]))
            if text is None:
                raise DataError(
                    f"the text of {row['uid']} is not the one that was labelled",
                    where=f"{path}:{number}",
                    next_step="Use the streams that the labels were made on.",
                )
            asks = tuple(_ask(text, _with_quote(text, ask), path.name) for ask in row["asks"])
            found.append(
                LabelledComment(
                    row["uid"],
                    domain,
                    "en",
                    text,
                    row["sentiment"],
                    tuple(row["categories"]),
                    asks,
                )
            )
    return found


def read_hard() -> list[LabelledComment]:
    """Comments in English of negation and irony, written for earful."""
    return read_labelled(LABELS / "hard.jsonl")


def _with_quote(text: str, ask: dict[str, Any]) -> dict[str, Any]:
    return {**ask, "quote": text[ask["start"] : ask["end"]]}


def stream_texts(data: Path) -> dict[tuple[str, int], str]:
    """(Uid, length) -> text of the two streams, title and body joined as in the labelled set.

    A few uids stand twice in their stream, with different words: hence the length.
    """
    csv.field_size_limit(1 << 24)
    texts: dict[tuple[str, int], str] = {}
    with _opened(data / "streams" / "app_reviews.csv") as lines:
        for row in csv.DictReader(lines):
            text = row["content"].strip().replace("\r\n", "\n")
            texts[f"app:{row['review_id']}", len(text)] = text
    with _opened(data / "streams" / "reddit_product_posts.csv") as lines:
        for row in csv.DictReader(lines):
            title, body = row["title"].strip(), row["selftext"].strip()
            text = (f"{title}. {body}" if body else title).replace("\r\n", "\n")
            texts[f"reddit:{row['id']}", len(text)] = text
    return texts


def read_tweets(data: Path) -> list[Opinion]:
    """The English tweets with three sentiments (SemEval-2017 task 4A): the training part, and the
    development part, held out."""
    found: list[Opinion] = []
    for part in ("train", "val"):
        with _opened(data / "sentiment" / f"tweets_en_{part}.csv") as lines:
            found += [
                Opinion(
                    "en", _ESCAPE.sub(_character, row["text"]), row["label_name"], part == "val"
                )
                for row in csv.DictReader(lines)
            ]
    return found


def read_reported(data: Path) -> list[Reported]:
    """App reviews in four classes (Maalej et al. 2016, "On the automatic classification of app
    reviews"), title and body joined."""
    with _opened(data / "requests" / "app_reviews_4class_a.csv") as lines:
        return [
            Reported(
                ". ".join(part for part in (row["title"], row["comment"]) if part), row["label"]
            )
            for row in csv.DictReader(lines)
        ]


def _character(match: re.Match[str]) -> str:
    character = chr(int(match.group(1), 16))
    return character if character.isprintable() else " "


def read_opinions(data: Path, langs: Sequence[str]) -> list[Opinion]:
    """Outside sentiment sets of the languages named, of which English is none.

    The Hindi tweets are mostly in Latin letters. Of the Thai set the questions are left out, which
    say nothing of sentiment.
    """
    found: list[Opinion] = []
    with _opened(data / "sentiment" / "tweets_8_languages_train_val.csv") as lines:
        found += [
            Opinion(_TWEETED[row["lang"]], row["text"], row["label_name"], row["split"] == "val")
            for row in csv.DictReader(lines)
            if row["lang"] in _TWEETED
        ]
    with _opened(data / "sentiment" / "korean_train.csv") as lines:
        found += [
            _opinion("ko", row["text"], "positive" if row["label"] == "1" else "negative")
            for row in csv.DictReader(lines)
        ]
    with _opened(data / "sentiment" / "polish_train.csv") as lines:
        found += [
            _opinion("pl", row["text"], row["label_name"].replace("ambiguous", "mixed"))
            for row in csv.DictReader(lines)
        ]
    with _opened(data / "sentiment" / "thai_train.csv") as lines:
        found += [
            _opinion("th", row["text"], _THAI[row["label"]])
            for row in csv.DictReader(lines)
            if row["label"] in _THAI
        ]
    return [opinion for opinion in found if opinion.lang in langs]


def _opinion(lang: str, text: str, sentiment: str) -> Opinion:
    # by the words, so that a copy of a text is held out with it
    fifth = zlib.crc32(" ".join(text.lower().split()).encode()) % 5 == 0
    return Opinion(lang, text, sentiment, fifth)


def category_matrix(comments: Sequence[LabelledComment]) -> npt.NDArray[np.bool_]:
    """(n, 9): which category holds for which comment."""
    return np.array(
        [[name in comment.categories for name in CATEGORIES] for comment in comments], dtype=bool
    )


def sentiment_codes(comments: Sequence[LabelledComment]) -> npt.NDArray[np.int64]:
    """(n,): each comment's sentiment as its place in ``SENTIMENTS``."""
    return np.array([SENTIMENTS.index(comment.sentiment) for comment in comments])


ALIKE = 0.8
"""Cosine of word TF-IDF from which two texts count as near-copies."""


def unlike(
    comments: Sequence[LabelledComment], others: Sequence[LabelledComment]
) -> list[LabelledComment]:
    """The ``comments`` that are near-copies of none of ``others``."""
    own, measured = ([comment.text for comment in part] for part in (comments, others))
    kept = set(unlike_texts(own, measured))
    return [comment for comment in comments if comment.text in kept]


def unlike_texts(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    """The ``texts`` that are near-copies of none of ``others``."""
    if not others:
        return list(texts)
    every = [*texts, *others]
    block = fit_block(every, words=True, min_rows=1, most=10_000_000)
    vectors = block.matrix(encode(every))
    near = (vectors[: len(texts)] @ vectors[len(texts) :].T).max(axis=1).toarray().ravel()
    return [text for text, alike in zip(texts, near, strict=True) if alike < ALIKE]


def folds(texts: Sequence[str], count: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each text; texts alike (see ``ALIKE``) share one."""
    block = fit_block(texts, words=True, min_rows=1, most=10_000_000)
    vectors = block.matrix(encode(texts))
    near = (vectors @ vectors.T).tocoo()
    alike = near.data >= ALIKE
    links = sparse.coo_matrix(
        (np.ones(int(alike.sum())), (near.row[alike], near.col[alike])), shape=near.shape
    )
    _, group = connected_components(links, directed=False)
    sizes = np.bincount(group)
    order = np.random.default_rng(seed).permutation(sizes.size)
    # groups in random order, the large ones first, each into the fold that is emptiest
    load = np.zeros(count, dtype=np.int64)
    fold_of = np.zeros(sizes.size, dtype=np.int64)
    for name in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[name] = int(np.argmin(load))
        load[fold_of[name]] += sizes[name]
    return np.asarray(fold_of[group])
