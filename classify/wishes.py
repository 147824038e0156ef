"""How wishes are worded in English: spaCy matcher patterns, and what only looks like a wish."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

Shape = list[dict[str, Any]]


def _words(*wordings: str) -> tuple[tuple[str, ...], ...]:
    """Every phrase that ``wordings`` stand for: ``a|b`` is either, ``a?`` may be absent."""
    phrases: set[tuple[str, ...]] = set()
    for wording in wordings:
        choices = [
            [*word.rstrip("?").split("|"), *([""] if word.endswith("?") else [])]
            for word in wording.split()
        ]
        for chosen in product(*choices):
            phrases.add(tuple(word for word in chosen if word))
    return tuple(sorted(phrases))


_WE = "i|we|you|they|u|it"
_NOT = "n't|not|nt|n’t"

WISH_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "wish": _words("wish", "wishing", "wished", "if only", "my wish"),
    "would_love": _words(
        "would|'d|d really? love|like|appreciate|prefer",
        "would love|like to see",
        "dying|begging|hoping|waiting|desperate for|to",
    ),
    "would_be_nice": _words(
        "would|'d be so|really|very|also? nice|great|good|cool|awesome|better|perfect",
        "would|'d be so|really|very|also? helpful|useful",
        "would make|help",
    ),
    "want": _words("want", "wants", "wanted", "wanna", "really want"),
    "need": _words("need", "needs", "needed", "in need of", "must have", "must be", "has|have to"),
    "should": _words("should", "should have", "should be", "ought to", "shoud", "shld"),
    "please": _words("please", "pls", "plz", "pleaseee", "plzz", "kindly"),
    "why_not": _words(
        f"why ca|can|do|does|is|wo|are|could|would {_NOT}",
        "why not",
        "why no",
        "why is there no",
        f"why can {_WE} not",
    ),
    "can_we": _words(
        f"can|could|would|will {_WE}|someone|anyone please?",
        "is it possible",
        "would it be possible",
        "any chance|plans|way",
    ),
    "bring_back": _words(
        "bring|give|put|get|need|want back",
        "bring it|them|the|this|that back",
        "come back",
        "go back to",
        "used to",
        "no longer",
        "not|n't anymore",
        "again",
        "miss the|my",
    ),
    "give_us": _words("give us|me|people", "let us|me|people|users", "allow us|me|people|users?"),
    "add": _words("add", "adding", "implement", "include", "introduce", "offer", "support for"),
    "make": _words(
        "make it|the|this|them|sure", "change", "fix", "improve", "update", "hire", "train"
    ),
    "hope": _words("hope", "hoping", "hopefully", "looking forward"),
    "missing": _words(
        "no option|way|button|support|place|ability",
        "there is|are|'s no",
        "lack|lacks|lacking",
        "missing",
        f"do|does|did {_NOT} have|offer|serve|sell|take|accept|allow|support|work",
        f"ca|can|could|wo {_NOT}",
        "unable to",
        "not available|able|possible",
        "stops|ends at",
        "instead of",
        "without",
    ),
    "ability": _words("the? option|ability|way|chance|feature to|of|for", "there be a|an"),
    "idea": _words(
        "suggestion", "idea", "request", "how about", "what about", "what if", "if there was|were"
    ),
    "more": _words("more", "better", "less", "fewer", "faster", "cleaner", "longer", "cheaper"),
}
"""Name of a wish -> its wordings, for spaCy's PhraseMatcher over lower-case tokens."""

WISH_SHAPES: dict[str, list[Shape]] = {
    "please_do": [[{"LOWER": {"IN": ["please", "pls", "plz", "just"]}}, {"TAG": "VB"}]],
    "imperative": [
        [{"IS_SENT_START": True, "TAG": "VB"}],
        [{"IS_SENT_START": True, "LOWER": {"IN": ["bring", "add", "make", "let", "allow", "fix"]}}],
    ],
}
"""Wishes known by their grammar, for spaCy's Matcher. All names are marks that models weigh."""

EXPLICIT = re.compile(
    r"\b(?:wish|want(?:s|ed)?|wanna|would (?:really )?(?:love|like|be)|i'?d (?:love|like)|please"
    r"|plz|pls|should|needs?|must|hope|bring (?:\w+ ){0,3}back|give us|let (?:us|me)|add|allow|hire"
    r"|fix|make|why (?:not|can'?t|don'?t|doesn'?t|isn'?t|no)|can (?:we|you|i|they)"
    r"|could (?:we|you|i|they)"
    r"|suggest\w*|request|idea|how about|better if|if (?:only|there was)|want back|get rid of|stop"
    r"|begging|craving|crave|dying for)\b",
    re.IGNORECASE,
)
"""Words that say a want outright; an ask without them is implicit."""

NO_WISH = re.compile(
    r"\bwish (?:me|us|him|her|them|you(?: all| guys)?) (?:luck|well|the best|all the best|a |happy)"
    r"|\bwish (?:that )?(?:i|we|you|there (?:was|were)) (?:could |can |an? )?"
    r"(?:give|rate|leave|option)?"
    r"[^.!?\n]{0,40}\b(?:zero|0|no|negative|minus|half|less than)[ -]*(?:a )?(?:one |1 )?stars?\b"
    r"|\b(?:zero|0|no|negative|minus) stars? (?:should be|if)"
    r"|\bbest wishes\b|\bwish(?:ing)? (?:every|all)(?:one|body)?\b"
    r"|\b(?:love|glad|happy|like|grateful|thankful|great|nice|awesome|pleased)(?: it)?(?: that)? "
    r"(?:they|you|it|this place|this app)(?:'ve|'s)? ?(?:have|has|had|serve|serves|offer|offers|got"
    r"|added|brought|finally)\b",
    re.IGNORECASE,
)
"""What reads like a wish and is none: good wishes, the zero-stars phrase, praise of what exists."""
