"""Measures the grouping on real comments: asks that readers named one by one.

Run from the checkout, with the data beside it: ``python -m benchmarks.labelled_asks``; prints and
writes ``benchmarks/labelled_asks.json``. The shipped tagger reads the labelled English comments,
each stream is one project, and the asks that it finds are grouped. Readers gave every ask an item
of its own, so that most wants have one ask: it shows what is put together that nobody would.

Two items are the same where they have the same common form ("calling feature", "the calling
feature"), and kin where they share a telling word; the truth of a pair lies between. The reader and
the encoder have learned from these comments: what they find is too good, and only groupings may be
compared.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.grouper import Grouper, Groups, asks_frame, product
from classify.evaluation import item_words
from classify.tagger import Tagger
from earful.errors import DataError
from earful.records import READ_SCHEMA
from reports.phrases import phrase

HERE = Path(__file__).resolve().parent
COMMENTS = HERE.parents[1] / "shared" / "data" / "labelled" / "train.jsonl"
RESULT = HERE / "labelled_asks.json"
LARGE = 5
"""Asks of a group that an executive would look at."""
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class FoundAsk:
    """An ask as the tagger found it, and the ``named`` item that a reader gave it."""

    named: str
    item: str
    quote: str
    type: str
    vector: Sequence[float]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of ``asks``. Of the pairs put ``together``: how many have the ``same`` item and
    how many are ``kin``. ``recall``: pairs of one item that are together. ``joined``: asks that are
    put with another. ``large`` groups have ``LARGE`` asks or more; in ``mixed`` ones most pairs are
    not even kin."""

    asks: int
    together: int
    same: float
    kin: float
    recall: float
    joined: float
    large: int
    mixed: int


def found_asks(rows: Sequence[Mapping[str, Any]], tagger: Tagger) -> dict[str, list[FoundAsk]]:
    """By stream: the labelled asks that the tagger finds too, as it finds them."""
    found: dict[str, list[FoundAsk]] = defaultdict(list)
    for begin in range(0, len(rows), _TOGETHER):
        part = rows[begin : begin + _TOGETHER]
        batch = pa.RecordBatch.from_pylist(
            [{"uid": row["uid"], "text": row["text"], "lang_hint": row["lang"]} for row in part],
            schema=READ_SCHEMA,
        )
        for row, tags in zip(part, tagger.tag(batch).to_pylist(), strict=True):
            found[row["domain"]] += _matched(row, tags["asks"])
    return dict(found)


def _matched(row: Mapping[str, Any], asks: Sequence[Mapping[str, Any]]) -> Iterator[FoundAsk]:
    """Each of a comment's labelled asks beside the one found that shares most characters."""
    for labelled in row["asks"]:
        start = row["text"].find(labelled["quote"])
        end = start + len(labelled["quote"])
        shared = [min(end, ask["end"]) - max(start, ask["start"]) for ask in asks]
        if start >= 0 and max(shared, default=0) > 0:
            best = asks[shared.index(max(shared))]
            yield FoundAsk(
                labelled["item"], best["item"], best["quote"], best["type"], best["vector"]
            )


def measure(projects: Mapping[str, Sequence[FoundAsk]], version: str, grouper: Grouper) -> Told:
    """The figures of all projects together; ``version`` is that of the encoder."""
    asks = together = same = kin = true = joined = large = mixed = 0
    for found in projects.values():
        groups = grouper(_frame(found, version)).tolist()
        forms = [phrase(one.named).key for one in found]
        words = [item_words(one.named) for one in found]
        members: dict[int, list[int]] = defaultdict(list)
        for at, group in enumerate(groups):
            members[group].append(at)
        asks += len(found)
        true += sum(comb(count, 2) for count in Counter(forms).values())
        for own in members.values():
            pairs = list(combinations(own, 2))
            alike = sum(bool(words[one] & words[other]) for one, other in pairs)
            same += sum(comb(count, 2) for count in Counter(forms[at] for at in own).values())
            together += len(pairs)
            kin += alike
            joined += len(own) if pairs else 0
            large += len(own) >= LARGE
            mixed += len(own) >= LARGE and 2 * alike < len(pairs)
    return Told(
        asks,
        together,
        round(same / max(together, 1), 4),
        round(kin / max(together, 1), 4),
        round(same / max(true, 1), 4),
        round(joined / max(asks, 1), 4),
        large,
        mixed,
    )


def _frame(found: Sequence[FoundAsk], version: str) -> pd.DataFrame:
    vectors = np.array([one.vector for one in found], np.float32)
    asks = asks_frame([one.item for one in found], [one.quote for one in found], vectors, version)
    return asks.assign(type=[one.type for one in found])


def by_words(asks: pd.DataFrame) -> Groups:
    """The grouping without vectors, to see what these add."""
    return product(asks.drop(columns=["vector", "vector_version"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=Path, default=COMMENTS)
    path = parser.parse_args().comments
    if not path.is_file():
        raise DataError(
            "the labelled comments are not there", where=str(path), next_step="Give --comments."
        )
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    tagger = Tagger.load()
    projects = found_asks(rows, tagger)
    told = {
        "encoder": tagger.vector_version,
        "projects": len(projects),
        "product": asdict(measure(projects, tagger.vector_version, product)),
        "by words alone": asdict(measure(projects, tagger.vector_version, by_words)),
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
