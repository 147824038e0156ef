"""Measures redaction on sentences whose personal data are marked.

Run from the checkout: ``python -m benchmarks.redaction [FILE.jsonl]``; prints a table and writes
``benchmarks/redaction.json``. Each line of the file holds full_text, spans (entity_type,
start_position, end_position) and template_id. The templates are split in two: the patterns were
written while looking at the even ones, the odd ones were only measured.

A span is caught where every letter and digit of it is gone, and partly caught where some are.
A word outside every span is kept where none of its characters is gone.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import regex

from classify.names import PipelineNames
from ingest.redact import Redactor

HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parents[1] / "shared" / "data" / "robustness" / "pii_spans.jsonl"
RESULT = HERE / "redaction.json"

IDENTIFYING = (
    "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS",
    "US_DRIVER_LICENSE", "ZIP_CODE", "PERSON", "STREET_ADDRESS",
)  # fmt: skip
"""Types that are to go. The others (places, brands, dates, ages, titles) are kept on purpose."""

_WORD = regex.compile(r"\w+")
_HOUSE_NUMBER = regex.compile(r"(?=.*\p{L}.*\p{L}).*\d", regex.DOTALL)
_DIGITS_ALONE = regex.compile(r"[\d\s-]+")


@dataclass(slots=True)
class Tally:
    """Spans by type, how many were caught, how many in part; words outside spans, how many kept."""

    spans: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    partly: Counter[str] = field(default_factory=Counter)
    words: int = 0
    kept: int = 0

    def report(self) -> dict[str, Any]:
        """The tally as JSON: recall by type, over the identifying types, and words kept."""
        identifying = [kind for kind in IDENTIFYING if self.spans[kind]]
        total = sum(self.spans[kind] for kind in identifying)
        return {
            "identifying_recall": round(sum(self.caught[k] for k in identifying) / total, 4),
            "words_outside_spans_kept": round(self.kept / self.words, 4),
            "words_outside_spans": self.words,
            "types": {
                kind: {
                    "spans": self.spans[kind],
                    "caught": round(self.caught[kind] / self.spans[kind], 4),
                    "caught_in_part": round(self.partly[kind] / self.spans[kind], 4),
                }
                for kind in sorted(self.spans)
            },
        }


def tally(rows: Sequence[dict[str, Any]], redactor: Redactor, detector: PipelineNames) -> Tally:
    """Compare what is redacted in the rows with what is marked in them."""
    counted = Tally()
    found = detector.names([row["full_text"] for row in rows])
    for row, names in zip(rows, found, strict=True):
        text = row["full_text"]
        gone = _positions((span.start, span.end) for span in redactor.spans(text, names))
        marked: set[int] = set()
        for span in row["spans"]:
            start, end = span["start_position"], span["end_position"]
            marked.update(range(start, end))
            telling = [at for at in range(start, end) if text[at].isalnum()]
            lost = sum(at in gone for at in telling)
            for kind in _kinds(span["entity_type"], text[start:end]):
                counted.spans[kind] += 1
                counted.caught[kind] += lost == len(telling)
                counted.partly[kind] += 0 < lost < len(telling)
        for word in _WORD.finditer(text):
            places = range(*word.span())
            if not any(at in marked for at in places):
                counted.words += 1
                counted.kept += not any(at in gone for at in places)
    return counted


def _kinds(entity_type: str, value: str) -> list[str]:
    """The type, and for addresses which sort: the file cuts some into fragments."""
    if entity_type != "STREET_ADDRESS":
        return [entity_type]
    if _DIGITS_ALONE.fullmatch(value):
        return [entity_type, "STREET_ADDRESS (a number alone)"]
    if _HOUSE_NUMBER.match(value):
        return [entity_type, "STREET_ADDRESS (with a number)"]
    return [entity_type, "STREET_ADDRESS (a street's name alone)"]


def _positions(ranges: Any) -> set[int]:
    return {at for start, end in ranges for at in range(start, end)}


def main(arguments: Sequence[str]) -> None:
    """Measure both halves with the detector and without it, print, and write the result."""
    path = Path(arguments[0]) if arguments else DEFAULT
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    halves = {
        "looked_at": [row for row in rows if row["template_id"] % 2 == 0],
        "measured_only": [row for row in rows if row["template_id"] % 2 == 1],
    }
    detector, nobody = PipelineNames(), _NoNames()
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "split": "even template ids were looked at, odd ones only measured",
    }
    for half, chosen in halves.items():
        result[half] = {
            "rows": len(chosen),
            "with_detector": tally(chosen, Redactor(), detector).report(),
            "patterns_alone": tally(chosen, Redactor(), nobody).report(),
        }
    start = time.process_time()
    Redactor().redact_all([row["full_text"] for row in rows])
    result["texts_per_cpu_second_patterns_alone"] = round(len(rows) / (time.process_time() - start))
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _print(result)


class _NoNames(PipelineNames):
    """A detector that finds nobody, to see what the cues alone find."""

    def names(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[] for _ in texts]


def _print(result: dict[str, Any]) -> None:
    print(f"{'':40} {'looked at':>18} {'measured only':>18}")
    look = result["looked_at"]["with_detector"]
    held = result["measured_only"]["with_detector"]
    for kind in sorted({*look["types"], *held["types"]}):
        cells = [
            f"{half['types'][kind]['caught']:.3f} of {half['types'][kind]['spans']}"
            if kind in half["types"]
            else "-"
            for half in (look, held)
        ]
        print(f"{kind:40} {cells[0]:>18} {cells[1]:>18}")
    for key in ("identifying_recall", "words_outside_spans_kept"):
        print(f"{key:40} {look[key]:>18} {held[key]:>18}")


if __name__ == "__main__":
    main(sys.argv[1:])
