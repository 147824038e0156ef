"""The model card: what the models learned from, what they are worth, where they fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from classify.accuracy import MEASURED
from classify.english import DEFAULT_PIPELINE, PINNED_VERSION, PINNED_WEIGHTS
from classify.evaluation import Evaluation, Summary
from classify.labels import CATEGORIES, SENTIMENTS
from classify.reader import Reader
from classify.shipped import read_artifact

CARD = "MODEL_CARD.md"

_INTRO = """# Model card: earful's linear reader, {version}

Reads short comments of people about products and places: language, sentiment, the nine categories of
the codebook, and asks (quote, item, type, strength, moment). Linear models on word and character
n-grams, two layers for comments and clauses, borders of quotes by two more, items by a ranker of
noun phrases. spaCy pipeline: {pipeline} {pipeline_version}
(SHA-256 over its model files {pipeline_digest}), used only for English comments that may hold an ask. No text is stored in the
weights: n-grams are kept as 32-bit hashes, except the {names} names that many asks share.

## Data and terms
| set | rows | use | terms |
| --- | --- | --- | --- |
| labelled English comments | 7,000 | all heads of English | labels: our own. Texts: McDonald's reviews on Google (2,050), Uber reviews on Google Play (900) and airline tweets (700), whose terms are non-commercial or not stated; Reddit product posts (2,000, public domain, PDDL), app reviews (1,200, MIT), Steam reviews (150, MIT) |
| further labelled comments of two of these streams: apps (650), Reddit (650) | 1,300 | all heads of English; never measured on | labels: our own (`classify/training/labels/`, by uid); texts MIT and public domain |
| English comments written and labelled for the purpose: restaurants, banks, telecom, hotels, games, devices, public services, shops, surveys | 649 | all heads of English; never measured on | our own |
| labelled comments written for the purpose, other languages | 900 | all heads of Korean, Polish, Spanish, German, French, Japanese | our own; not checked by native speakers |
| SemEval-2017 task 4A tweets, training part | 47,563 | one more sentiment score of English | research task; texts under the platform's terms |
| UMSAB tweets: Spanish, German, French | 5,517 | one more sentiment score | repository Apache-2.0; texts under the platform's terms |
| NSMC, Korean film reviews | first 8,000 | the same | CC0 |
| PolEmo 1 sentences, Polish | first 8,000 | the same | CC BY-SA |

**The labels were given by language models** reading comment by comment after a written codebook, one
reader a part, and by no people; two such readers (of the 7,000) agree at sentiment kappa 0.95 and request F1 0.97.
Figures below say how well the models follow those readers, not how well they follow people.

## How the figures were made
Five-fold cross-validation of the whole tagger, language detection included. Near-copies (cosine of
word TF-IDF of 0.8 and more) stand in one fold. Vocabularies, weights, calibration and thresholds are
learned inside each fold; figures are of the 7,000 only, and what is alike to a held-out comment is
not learned. Ask figures count a missed ask as wrong. Two constants, the probability
from which a second clause counts as an ask and the regularisation, were chosen on folds of the
same data, so that these figures are slightly kind.
"""  # noqa: E501  a row of a table cannot be broken

_LIMITS = """## Limits and known failures
- Asks are where this model is weakest (see the character F1 above). The quote
  often sits in the right comment and the wrong clause; items are phrases of the text, so an item
  that readers phrased freely ("removal of an address bar entry") is not matched.
- `purchase_intent`, `noise` and `churn_risk` have few examples; treat them as hints.
- Irony, and `mixed` feelings spread over a long text, are often missed.
- Languages but English learn their categories from a few hundred comments of which half ask for
  something: on streams where few do (Korean film reviews) most of what is called a request is none;
  their requests are read
  with many errors, their items are cut from the quote and may hold a verb or an inflected form.
- Only the first 20,000 characters of a text are read.
- Emoji alone carry next to no weight.
- The models learned from streams of {domains}; other fields will be read worse.

## Rebuild
`python -m classify.training --data ../shared/data --output classify/artifact --measure`
fits with fixed seeds and writes the same arrays on the same versions of numpy, scipy, scikit-learn
and spaCy, then measures and writes this card. Without `--measure` it takes a few minutes on two
cores.
"""


def figures(evaluation: Evaluation) -> str:
    """The headline figures in one line."""
    overall = evaluation.overall
    return (
        f"sentiment macro-F1 {overall.sentiment_macro_f1:.3f}, "
        f"request F1 {overall.request_f1:.3f}, "
        f"main categories {overall.main_macro_f1:.3f}, ask characters {overall.ask_char_f1:.3f}, "
        f"item words {overall.item_word_match:.3f}, type {overall.type_accuracy:.3f}"
    )


def write_card(folder: Path, version: str, measured: Mapping[str, Evaluation]) -> None:
    """Write the card and the figures it shows (``measured.json``) beside the models."""
    shipped = read_artifact(folder)
    names = shipped.settings["english"]["shared_names"]
    english = measured["english"]
    reader = Reader.from_arrays(shipped.parts["english"], "reader")
    thresholds = dict(zip(CATEGORIES, reader.thresholds.tolist(), strict=True))
    parts = [
        _INTRO.format(
            version=version,
            pipeline=DEFAULT_PIPELINE,
            pipeline_version=PINNED_VERSION,
            pipeline_digest=PINNED_WEIGHTS[:16],
            names=len(names),
        ),
        "## English\n" + _summaries({"all": english.overall}),
        "### By stream\n" + _summaries(english.by_domain),
        "### By length of the comment\n" + _summaries(english.by_length),
        "### By label\n" + _labels(english, thresholds),
        "### Without the streams of non-commercial terms\nTrained on the app, Reddit and Steam "
        "comments alone, measured on the same held-out comments.\n"
        + _summaries({"all": measured["own_streams"].overall, **measured["own_streams"].by_domain}),
        "## Other languages\nItem words are only compared in Latin script, so the column says "
        "nothing for Korean and Japanese.\n" + _summaries(measured["others"].by_lang),
        _LIMITS.format(domains=", ".join(sorted(english.by_domain))),
    ]
    (folder / CARD).write_text("\n".join(parts), encoding="utf-8")
    content = {name: asdict(evaluation) for name, evaluation in measured.items()}
    text = json.dumps({"version": version, **content}, indent=1, sort_keys=True)
    (folder / MEASURED).write_text(text + "\n", encoding="utf-8")


_COLUMNS = (
    ("comments", "comments"),
    ("sentiment F1 (3)", "sentiment_macro_f1"),
    ("request F1", "request_f1"),
    ("main six F1", "main_macro_f1"),
    ("all nine F1", "macro_f1"),
    ("asks", "asks"),
    ("ask characters F1", "ask_char_f1"),
    ("item words", "item_word_match"),
    ("type", "type_accuracy"),
    ("strength", "strength_accuracy"),
)


def _summaries(rows: Mapping[str, Summary]) -> str:
    lines = [
        "| | " + " | ".join(title for title, _ in _COLUMNS) + " |",
        "| --- " * (len(_COLUMNS) + 1) + "|",
    ]
    for name, row in rows.items():
        cells = [_cell(getattr(row, field)) for _, field in _COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _labels(evaluation: Evaluation, thresholds: Mapping[str, float]) -> str:
    lines = [
        "| label | support | precision | recall | F1 | threshold | calibration error |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    measures = {name: evaluation.sentiments[name] for name in SENTIMENTS}
    measures |= {name: evaluation.categories[name] for name in CATEGORIES}
    for name, found in measures.items():
        cut = f"{thresholds[name]:.2f}" if name in thresholds else "the likeliest"
        gap = f"{evaluation.calibration[name]:.3f}" if name in thresholds else ""
        lines.append(
            f"| {name} | {found.support:,} | {found.precision:.3f} | {found.recall:.3f} "
            f"| {found.f1:.3f} | {cut} | {gap} |"
        )
    return "\n".join(lines) + "\n"
