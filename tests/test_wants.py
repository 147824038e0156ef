"""Written wants and non-wishes: how they are read, and what examples are made of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

from benchmarks.wants.__main__ import read_wordings
from classify.labels import CATEGORIES
from classify.training.examples import ExampleMaker
from classify.training.wants import (
    MORE_WANTS,
    Asked,
    PartlyLabelled,
    heard,
    read_partly_labelled,
    read_wants,
)

REQUEST, WANTS = CATEGORIES.index("request"), CATEGORIES.index("purchase_intent")


def test_wants_are_those_of_many_trades() -> None:
    """Every want is said in several ways, and what asks for nothing is none."""
    trades = [*read_wants(), *read_wants(MORE_WANTS)]
    assert len(trades) > 180
    wants = [wordings for trade in trades for wordings in trade.values()]
    assert min(map(len, wants)) >= 8
    assert all(asked.said and asked.quote for wordings in wants for asked in wordings)


def test_no_trade_or_wording_is_measured_on() -> None:
    """What the encoder learned from has no trade and no wording of the benchmark."""
    measured = read_wordings()
    quotes = {one.quote for wordings in measured.values() for one in wordings}
    assert not quotes & {one.text for one in read_partly_labelled(MORE_WANTS)}
    assert not quotes & {one.text for one in read_partly_labelled()}


def test_quotes_may_hold_quotation_marks(tmp_path: Path) -> None:
    """A tab parts columns and nothing else does."""
    file = tmp_path / "wants.tsv"
    file.write_text(
        "trade\titem\tnear\tlang\tsaid\tquote\n"
        'zoo\tmap\tsigns\ten\ta map\t"a map", she said, is that so hard\n'
        "zoo\t-\t\ten\t\tLovely map, thanks.\n",
        encoding="utf-8",
    )
    assert read_wants(file) == [{"map": [Asked("a map", '"a map", she said, is that so hard')]}]
    nothing = tmp_path / "no_asks.tsv"
    nothing.write_text("trade\tlang\ttext\nzoo\tpl\tMapa jest super.\n", encoding="utf-8")
    assert [(one.lang, one.said) for one in read_partly_labelled(file, nothing)] == [
        ("en", "a map"),
        ("en", ""),
        ("pl", ""),
    ]


def test_a_wording_is_mostly_heard_right() -> None:
    """At times the item is wrong or missing; the words of the customer stay."""
    chance, asked = random.Random(4), Asked("a map", "is a map so hard to print")
    drawn = [heard(asked, chance) for _ in range(400)]
    assert 200 < drawn.count(asked) < 280
    assert all(set(one.said.split()) <= set(asked.quote.split()) for one in drawn)


def maker() -> ExampleMaker:
    """Words are tokens."""
    vocabulary = {
        word: n for n, word in enumerate(["[UNK]", "is", "a", "map", "too", "much", "to", "print"])
    }
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return ExampleMaker(words, ())


def test_only_what_is_known_is_learned() -> None:
    """Of a wording it is known that it asks; of all other categories nothing."""
    asks = maker().partly(PartlyLabelled("en", "is a map too much", "a map"))
    assert asks.categories[REQUEST] == 1
    assert np.isnan(np.delete(asks.categories, REQUEST)).all()
    assert asks.asks_known
    assert asks.spans.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0]]
    nothing = maker().partly(PartlyLabelled("en", "a map"))
    assert nothing.categories[[REQUEST, WANTS]].tolist() == [0, 0]
    assert np.isnan(nothing.categories).sum() == len(CATEGORIES) - 2
    assert nothing.asks_known
    assert not nothing.spans.any()


def test_where_the_quote_is_in_several_sentences_is_not_known() -> None:
    """A wording of two sentences tells that it asks, not where."""
    two = maker().partly(PartlyLabelled("en", "I got lost. Is a map too much?", "a map"))
    assert two.categories[REQUEST] == 1
    assert not two.asks_known
