"""How wishes are worded in English, and what only looks like a wish."""

from __future__ import annotations

import re

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
