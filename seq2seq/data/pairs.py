"""Sentence pairs, and how a text is normalised before it becomes a part of one."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


NOTEBOOK_PAIRS: tuple[Pair, ...] = (
    Pair("Hello.", "안녕하세요."),
    Pair("How are you?", "잘 지내니?"),
    Pair("What is your name?", "너의 이름이 뭐니?"),
    Pair("I'm hungry.", "나 배고파."),
    Pair("How old are you?", "너는 몇 살이니?"),
)

_MARK = "\ufeff"
_OUTER = _MARK + "".join(character for character in map(chr, range(0x3001)) if character.isspace())
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")


def normalise(text: str) -> str:
    """Returns the text composed (NFC), without outer white space, tabs and line breaks inside turned into one space.

    Composed, because Hangul typed on a Mac can arrive jamo by jamo: it looks the same and would be other tokens.
    A byte order mark goes from the ends, where it stands if files were put together. Other kinds of space stay, such as
    the narrow one (U+202F) before a French question mark.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if _MARK in text:
        text = text.strip(_OUTER)
    return _BREAKS.sub(" ", text)


def to_pair(source: Any, target: Any) -> Pair:
    """Returns two cells of a table as a pair, normalised; a cell that is not a string counts as empty."""
    return Pair(*(normalise(cell) if isinstance(cell, str) else "" for cell in (source, target)))
