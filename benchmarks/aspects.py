"""The feeling toward each named thing, against people's labels, and what finding it costs.

Run from the checkout: ``python -m benchmarks.aspects``; prints the figures and writes
benchmarks/aspects.json. Terms of restaurant and laptop reviews carry people's labels (SemEval-2014
task 4; MAMS, Jiang et al. 2019, whose sentences all hold several feelings). Given the term, the
sentiment of the clause that holds it is compared with the label; the baseline gives every term the
sentiment of its whole sentence. Where mixed feelings are read, the likelier of praise and blame
counts, for the labels know three classes (the few labelled ``conflict`` are left out).

The cost is measured on comments of the streams that nothing was learned from: the share that is
looked into, and the CPU time that aspects add to reading.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import confusion, machine, macro_f1
from classify.answers import Floats
from classify.aspects import AspectReader, Said, divided
from classify.english import DEFAULT_PIPELINE
from classify.items import tidy
from classify.labels import SENTIMENTS
from classify.language import ENGLISH, language_of
from classify.products import Products
from classify.reading import Reader
from classify.shipped import read_artifact
from classify.tagger import english_readers
from earful.records import reading

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
RESULT = HERE / "aspects.json"

TERMS, SEED = 1500, 20140823
PER_STREAM = 100
CLASSES = ("negative", "neutral", "positive")
_NEGATIVE, _NEUTRAL, _POSITIVE = map(SENTIMENTS.index, CLASSES)
_STREAMS = {
    "airline_tweets.csv": ("", "text"),
    "app_reviews.csv": ("", "content"),
    "mcdonalds_google_reviews.csv": ("", "review"),
    "reddit_product_posts.csv": ("title", "selftext"),
    "steam_reviews.jsonl": ("", "review"),
    "uber_google_play.csv": ("", "content"),
}
"""The columns of title and text."""


@dataclass(frozen=True, slots=True)
class Term:
    """A labelled term: ``sentence[start:end]``, in one of the sets."""

    set: str
    sentence: str
    start: int
    end: int
    polarity: str


@dataclass(frozen=True, slots=True)
class Read:
    """What was read for a term: by its clause, by its whole sentence, and how it was found.

    ``found`` says that one of our things covers some of it, ``named`` that the name is the same,
    ``divided`` that the sentence would be looked into.
    """

    term: Term
    by_clause: str
    by_sentence: str
    found: bool
    named: bool
    divided: bool


def labelled_terms(path: Path) -> tuple[list[Term], int]:
    """A sample of terms with one of three labels, and how many of the file have another."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    terms = [
        Term(
            row["domain"] if row["set"] == "2014" else row["set"],
            row["sentence"],
            int(row["from"]),
            int(row["to"]),
            row["polarity"],
        )
        for row in rows
        if row["polarity"] in CLASSES
    ]
    random.Random(SEED).shuffle(terms)
    return terms[:TERMS], len(rows) - len(terms)


def one_of_three(likely: Floats) -> str:
    """The sentiment of probabilities (4,), with praise or blame in the place of both."""
    best = SENTIMENTS[int(likely.argmax())]
    if best in CLASSES:
        return best
    return CLASSES[2] if likely[_POSITIVE] >= likely[_NEGATIVE] else CLASSES[0]


def read_terms(terms: Sequence[Term], reader: Reader, aspects: AspectReader) -> list[Read]:
    """Read every sentence once, whole and by clauses, and look the terms up."""
    sentences = list(dict.fromkeys(term.sentence for term in terms))
    whole = dict(zip(sentences, reader.read(sentences).sentiments, strict=True))
    said = dict(zip(sentences, aspects.said(sentences), strict=True))
    return [_looked_up(term, said[term.sentence], whole[term.sentence]) for term in terms]


def _looked_up(term: Term, said: Sequence[Said], whole: Floats) -> Read:
    # a clause has no blank at its borders, and a term begins with none
    clause = next(one for one in said if one.clause.start <= term.start < one.clause.end)
    covering = [
        thing
        for one in said
        for thing in one.things
        if thing.start < term.end and term.start < thing.end
    ]
    name = tidy(term.sentence[term.start : term.end])
    return Read(
        term,
        one_of_three(clause.sentiments),
        one_of_three(whole),
        bool(covering),
        any(thing.name == name for thing in covering),
        divided(term.sentence, whole),
    )


def figures(read: Sequence[Read]) -> dict[str, Any]:
    """Accuracy and macro-F1, and the shares of terms.

    As shipped, a term takes the sentiment of its clause only in a sentence that is looked into.
    """
    gold = [one.term.polarity for one in read]
    told: dict[str, Any] = {"terms": len(read)}
    for way, called in (
        ("by_clause", [one.by_clause for one in read]),
        ("by_sentence", [one.by_sentence for one in read]),
        ("as_shipped", [one.by_clause if one.divided else one.by_sentence for one in read]),
    ):
        matrix = confusion(gold, called, CLASSES)
        told[way] = {
            "accuracy": round(float(np.trace(matrix) / matrix.sum()), 4),
            "macro_f1": round(float(macro_f1(matrix)), 4),
            "confusion": matrix.tolist(),
        }
    told["share_found"] = round(float(np.mean([one.found for one in read])), 4)
    told["share_found_by_the_same_name"] = round(float(np.mean([one.named for one in read])), 4)
    told["share_in_sentences_looked_into"] = round(float(np.mean([one.divided for one in read])), 4)
    return told


def ordinary_comments(data: Path) -> list[str]:
    """Comments in English of every stream, as many of each, none of them labelled."""
    with (data / "labelled" / "train.jsonl").open(encoding="utf-8") as lines:
        learned = {json.loads(line)["text"] for line in lines}
    chosen: list[str] = []
    for name, (title, text) in _STREAMS.items():
        texts = [reading(row.get(title), row[text] or "") for row in _rows(data / "streams" / name)]
        random.Random(SEED).shuffle(texts)
        fitting = (
            one
            for one in dict.fromkeys(texts)
            if one.strip() and one not in learned and language_of(one, None) == ENGLISH
        )
        chosen += [one for one, _ in zip(fitting, range(PER_STREAM), strict=False)]
    return chosen


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from map(json.loads, lines) if path.suffix == ".jsonl" else csv.DictReader(lines)


def cost(texts: Sequence[str], reader: Reader, aspects: AspectReader) -> dict[str, Any]:
    """The share of ordinary comments that are looked into, and the CPU time it takes."""
    aspects.read([texts[0]], np.full((1, 4), 0.25, np.float32))  # loads the pipeline
    begun = time.process_time()
    sentiments = reader.read(texts).sentiments
    between = time.process_time()
    found = aspects.read(texts, sentiments)
    ended = time.process_time()
    looked_into = [divided(text, row) for text, row in zip(texts, sentiments, strict=True)]
    return {
        "comments": len(texts),
        "share_looked_into": round(float(np.mean(looked_into)), 4),
        "share_with_aspects": round(float(np.mean([bool(own) for own in found])), 4),
        "aspects_where_any": round(sum(map(len, found)) / max(1, sum(map(bool, found))), 2),
        "cpu_seconds_reading": round(between - begun, 2),
        "cpu_seconds_added": round(ended - between, 2),
        "time_added": round((ended - between) / (between - begun), 3),
    }


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    shipped = read_artifact()
    reader, aspects = english_readers(shipped, DEFAULT_PIPELINE, Products())
    terms, left_out = labelled_terms(DATA / "sentiment" / "aspect_terms_train.csv")
    read = read_terms(terms, reader, aspects)
    result = {
        "machine": machine(),
        "model": shipped.version,
        "left_out_of_the_file_as_conflict": left_out,
        "all": figures(read),
        **{
            name: figures([one for one in read if one.term.set == name])
            for name in sorted({one.term.set for one in read})
        },
        "looked_into": figures([one for one in read if one.divided]),
        "ordinary_comments": cost(ordinary_comments(DATA), reader, aspects),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    RESULT.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
