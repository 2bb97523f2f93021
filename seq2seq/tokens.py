"""Texts ↔ tokens. What a model reads and writes one by one can be characters, jamo or words.

Small tokens make a small vocabulary and long sentences; large ones make few time steps, and a word that was not in the
training cannot be read or said at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LEVELS = ("character", "jamo", "word")

_SYLLABLES = re.compile("[가-힣]+")
_MARKS = "".join(c for c in map(chr, range(0x300, 0x10000)) if unicodedata.category(c)[0] == "M")  # accents and such
_LETTERS = rf"\w[\w{_MARKS}]*"
_WORDS = re.compile(rf" ?(?:{_LETTERS}(?:['’]{_LETTERS})*|[^ ][{_MARKS}]*)| ")


def split(text: str, level: str) -> list[str]:
    """Splits a text into tokens.

    - "character": 안녕 is 2 tokens.
    - "jamo": Hangul syllables are taken apart, 안녕 is 6 tokens. The ㄴ that ends a syllable is another token than the
      ㄴ that begins one, which is how they can be put together again. Everything else stays a character: é is one
      letter, though Unicode could take it apart as well.
    - "word": a run of letters and digits, with the space before it; every other character is a token of its own.
      "I'm hungry." is "I'm", " hungry", ".". With the spaces inside the tokens nothing has to be guessed when a text
      is put together, as in GPT-2 (Radford et al. 2019). Scripts without spaces, such as Chinese, give no words.

    Args:
        text: a normalised text, see `pairs.normalise`.
        level: one of `LEVELS`.
    """
    if level == "word":
        return _WORDS.findall(text)
    return list(_SYLLABLES.sub(_taken_apart, text) if level == "jamo" else text)


def join(tokens: Iterable[str], level: str) -> str:
    """Puts tokens together: `join(split(text, level), level) == text`. Jamo that make no syllable stay alone."""
    text = "".join(tokens)
    return unicodedata.normalize("NFC", text) if level == "jamo" else text


def _taken_apart(syllables: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", syllables[0])
