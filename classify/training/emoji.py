"""Emoji as words, for the tokenizers."""

from __future__ import annotations

SPOKEN_EMOJI = {
    "happy": "😀😃😄😁😆😊🙂😇🤗😸😺☺",
    "laugh": "😂🤣😹",
    "love": "😍🥰😘❤💕💖💗💙💚💛💜🖤💯😻💘",
    "delicious": "😋🤤",
    "good": "👍👌🙌👏✨🎉🔥⭐🌟🥳💪✅🏆",
    "please": "🙏🥺",
    "thanks": "🤝",
    "sad": "😢😭😞😔☹🙁😥😿💔😩😫😓",
    "angry": "😡😠🤬😤👿",
    "disgusting": "🤢🤮💩🤧",
    "bad": "👎❌⛔🚫🗑",
    "doubt": "🙄😒😑😐🤔🤨😬🤷🤦",
    "shock": "😱😳😮😲🤯",
    "cool": "😎🤩",
}
"""What the encoder's vocabulary lacks and people say much with, each as a word it has."""
