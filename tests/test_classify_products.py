"""Items take the names of the settings' products, and nothing else changes."""

from __future__ import annotations

import pytest

from classify.products import Products

PRODUCTS = Products(["Egg Stack", "plum fizz", "hash coins", "stack"], ["bramble burger"])


@pytest.mark.parametrize(
    ("item", "quote", "window", "expected"),
    [
        # A product in the quote names the item.
        ("noon", "an egg-stack at noon would save me", "", "egg stack"),
        # An item that names a product stays as it is.
        ("egg stack after 10:30", "an egg stack after 10:30", "", "egg stack after 10:30"),
        # Words that name nothing take the product named around them.
        ("it back", "bring it back", "Plum Fizz was the best. bring it back", "plum fizz"),
        # The brand's own name is nothing to ask for.
        ("sort bramble", "sort it bramble", "no hash coins. sort it bramble", "hash coins"),
        # An item with a name of its own does not take one from elsewhere.
        ("dark mode", "a dark mode please", "hash coins and a dark mode please", "dark mode"),
        # The longer name is the one that was meant.
        ("me", "give me egg stacks", "", "egg stack"),
    ],
)
def test_items_in_the_words_of_the_settings(
    item: str, quote: str, window: str, expected: str
) -> None:
    """See the cases."""
    assert PRODUCTS.item(item, quote, window) == expected


def test_without_products_nothing_changes() -> None:
    """A project that names none gets the items of the model, under the model's own version."""
    assert Products().item("it back", "bring it back", "plum fizz") == "it back"
    assert Products().version == ""
    assert Products(["a"]).version != Products(["b"]).version
