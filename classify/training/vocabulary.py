"""Which pieces of the multilingual tokenizer are kept for the languages served.

The base model knows 250,000 pieces of a hundred languages, and the table of their rows is four
fifths of it. Every single character of the scripts of the languages served is kept, and the pieces
that their texts and their frequent words are made of, as far as there is room.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from classify.lookup import Lookup
from classify.network import WORD_MARK, Specials
from classify.training.corpus import LABELS
from classify.training.e5 import E5, MASK, Floats, unigram_tokenizer
from classify.training.emoji import SPOKEN_EMOJI
from classify.training.word_lists import PER, installed_lists, word_rates

Codes = npt.NDArray[np.int64]

MOST = 80_000
"""Pieces that are kept. Texts held out of the counting grow by 0.1 to 1.6 % in tokens, German most;
with 70,000 by 0.4 to 3.9 %."""
LISTED = 1_000_000
"""Words of running text that a language's list of words counts for."""
RARE = 10.0
"""Occurrences in ten million words from which a listed word is counted."""
_BATCH = 500
_LONGEST = 2_000
"""Characters of a text that are counted."""

SCRIPTS = {
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    "hangul": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]"),
    "thai": re.compile(r"[\u0e00-\u0e7f]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "devanagari": re.compile(r"[\u0900-\u097f]"),
}
_LATIN = re.compile(r"[a-z\u00c0-\u024f]", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")

WORD_LISTS = ("de", "es", "fr", "it", "pt", "pl", "ja", "ar", "hi", "ko", "en")
_CASED = frozenset(["de", "es", "fr", "it", "pt", "pl", "en"])
_TWEETED = {
    "arabic": "ar",
    "english": "en",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}
_FILES = (
    ("ko", "sentiment/korean_train.csv", "text"),
    ("ko", "streams/korean_movie_reviews.csv", "text"),
    ("pl", "sentiment/polish_train.csv", "text"),
    ("th", "sentiment/thai_train.csv", "text"),
    ("en", "streams/app_reviews.csv", "content"),
)


def texts_served(data: Path) -> Iterator[tuple[str, str]]:
    """(Language, text) of every text of the languages served, English among them, one at a time."""
    for lang, name, column in _FILES:
        yield from ((lang, row[column]) for row in _rows(data / name))
    for row in _rows(data / "sentiment" / "tweets_8_languages_train_val.csv"):
        yield _TWEETED[row["lang"]], row["text"]
    for row in _rows(data / "streams" / "vscode_issues_multilingual.csv"):
        if row["src_lang"] in WORD_LISTS:
            yield row["src_lang"], f"{row['title']} {row['body']}"
    for path in (
        data / "labelled" / "multilingual.jsonl",
        data / "labelled" / "train.jsonl",
        LABELS / "written_other_languages.jsonl",
    ):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row.get("lang", "en"), row["text"]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def piece_counts(tokenizer: Tokenizer, texts: Iterable[str]) -> Floats:
    """How often each piece occurs in ``texts``, (pieces,); the texts are read one batch a time."""
    return weighted_counts(tokenizer, ((text[:_LONGEST], 1.0) for text in texts))


def weighted_counts(tokenizer: Tokenizer, weighted: Iterable[tuple[str, float]]) -> Floats:
    """The same for texts that count by a weight each."""
    counts = np.zeros(tokenizer.get_vocab_size())
    waiting = iter(weighted)
    while batch := list(islice(waiting, _BATCH)):
        texts = [text for text, _ in batch]
        ids = [one.ids for one in tokenizer.encode_batch(texts, add_special_tokens=False)]
        weights = np.repeat([weight for _, weight in batch], [len(own) for own in ids])
        counts += np.bincount(np.fromiter(chain(*ids), np.int64), weights, len(counts))
    return counts.astype(np.float32)


def language_counts(
    tokenizer: Tokenizer, texts: Iterable[tuple[str, str]], lists: Path
) -> dict[str, Floats]:
    """How often each piece occurs in each language, in its texts and its list of words.

    The texts are counted in the order they come, runs of one language together.
    """
    counts: dict[str, Floats] = {
        lang: weighted_counts(tokenizer, listed_words(lists, lang)) for lang in WORD_LISTS
    }
    for lang, run in groupby(texts, key=itemgetter(0)):
        counted = piece_counts(tokenizer, (text for _, text in run))
        counts[lang] = counts.get(lang, np.float32(0)) + counted
    return counts


def listed_words(folder: Path, lang: str) -> Iterator[tuple[str, float]]:
    """The words of a language's list with how often each is counted, in both cases of Latin ones:
    as a noun or at the beginning of a sentence a word is other pieces."""
    for word, rate in word_rates(folder, lang, RARE):
        count = rate * LISTED / PER
        if lang in _CASED:
            yield word, count / 2
            yield word[:1].upper() + word[1:], count / 2
        else:
            yield word, count


def shares(counts: Mapping[str, Floats]) -> Floats:
    """The share of each piece among the tokens of a language, summed over the languages: what is
    lost without the piece where all languages count the same."""
    return np.sum([own / own.sum() for own in counts.values()], axis=0, dtype=np.float32)


def script_of(piece: str) -> str:
    """The script of a piece: a name of ``SCRIPTS``, "latin", "signs" without a letter, or "other"
    for a script of no language served."""
    for name, characters in SCRIPTS.items():
        if characters.search(piece):
            return name
    letters = _LETTER.findall(piece)
    if not letters:
        return "signs"
    return "latin" if all(map(_LATIN.match, letters)) else "other"


def kept_pieces(
    pieces: Sequence[str],
    scores: Floats,
    worth: Floats,
    special: Iterable[int],
    most: int = MOST,
) -> Codes:
    """The numbers of the pieces to keep, sorted; equal ``worth`` (pieces,) gives equal pieces.

    First, and in any case, the special ones, single characters (of the Chinese ones those that
    Japanese encodes), and all with kana: lists of words do not show how Japanese runs its endings
    together. Then up to ``most`` those of most worth, and the likeliest.
    """
    scripts = [script_of(piece) for piece in pieces]
    kept = set(special)
    kept |= {
        number
        for number, (piece, script) in enumerate(zip(pieces, scripts, strict=True))
        if script == "kana" or (len(piece.removeprefix(WORD_MARK)) <= 1 and _served(piece, script))
    }
    for number in np.lexsort((-scores, -worth)).tolist():
        if len(kept) >= most:
            break
        if _served(pieces[number], scripts[number]):
            kept.add(number)
    return np.array(sorted(kept), np.int64)


def _served(piece: str, script: str) -> bool:
    """Whether the piece may stand in a language served: Chinese characters only as in Japanese."""
    if script == "han":
        try:
            piece.removeprefix(WORD_MARK).encode("shift_jis")
        except UnicodeEncodeError:
            return False
    return script != "other"


class Vocabulary:
    """The kept pieces of a model: their tokenizer, table and special numbers, numbered anew."""

    def __init__(self, e5: E5, kept: Codes) -> None:
        place = {int(number): at for at, number in enumerate(kept)}
        pieces = [e5.pieces[number] for number in kept]
        self.specials = Specials(
            place[e5.specials.start], place[e5.specials.end], place[e5.specials.pad]
        )
        self.lookup = Lookup.of(e5.rows(kept))
        self.tokenizer = unigram_tokenizer(
            pieces, e5.scores[kept], self.specials, place[e5.unknown], SPOKEN_EMOJI
        )


def full_tokenizer(e5: E5) -> Tokenizer:
    """The tokenizer of all pieces, by which the texts are counted."""
    return unigram_tokenizer(e5.pieces, e5.scores, e5.specials, e5.unknown, SPOKEN_EMOJI)


def special_pieces(e5: E5) -> list[int]:
    """The numbers of the pieces that must never go."""
    special = e5.specials
    return [special.start, special.end, special.pad, e5.unknown, e5.pieces.index(MASK)]


def vocabulary(e5: E5, data: Path, kept: Path) -> Vocabulary:
    """The vocabulary for the texts under ``data``; the numbers kept lie in the file ``kept``, and
    nothing is counted where it is there already."""
    if not kept.exists():
        counts = language_counts(full_tokenizer(e5), texts_served(data), installed_lists())
        np.save(kept, kept_pieces(e5.pieces, e5.scores, shares(counts), special_pieces(e5)))
    return Vocabulary(e5, np.load(kept))


def longer_by(full: Tokenizer, pruned: Tokenizer, texts: Sequence[str]) -> Mapping[str, float]:
    """What pruning costs in ``texts``: the share of further tokens, and of tokens unknown now."""
    counts = [piece_counts(tokenizer, texts) for tokenizer in (full, pruned)]
    before, after = (int(count.sum()) for count in counts)
    unknown = int(counts[1][pruned.token_to_id("<unk>")])
    return {"longer": after / max(1, before) - 1, "unknown": unknown / max(1, after)}
