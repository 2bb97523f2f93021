"""How things look on every page: their colours, and tokens that would not be seen.

One visual language: source blue, context purple, target orange, right green, wrong vermilion, padding grey with zeros
in it (its one-hot row). What students typed appears as chart data, never as markup.
"""

from __future__ import annotations

import contextlib
import unicodedata

import streamlit as st

from pages.parts import session as sessions

SOURCE, CONTEXT, TARGET, RIGHT, WRONG, PADDING = "#0072B2", "#CC79A7", "#E69F00", "#009E73", "#D55E00", "#9A9A9A"
NEGATIVE, ZERO, POSITIVE = "#5E3C99", "#F4F4F4", "#E66101"  # of states; told apart by colour-blind people too
MONOSPACE = "ui-monospace, 'D2Coding', 'Nanum Gothic Coding', Menlo, Consolas, monospace"
ZERO_ROW = "0…0"  # where a row of zeros is read instead of a token: "0" alone would be the digit


def display_token(token: str) -> str:
    """Returns how a token is drawn: the space as ␣, characters that cannot be seen by their number, jamo as letters."""
    return "".join(_JAMO.get(c, c) for c in display_text(token)).replace(" ", "␣")


def display_text(sentence: str) -> str:
    """Returns a sentence with the characters that cannot be seen, the ordinary space apart, by their number."""
    return "".join(c if c.isprintable() else f"‹U+{ord(c):04X}›" for c in sentence)


def _jamo_letters() -> dict[str, str]:
    """Returns jamo → the letter it is, with a hyphen before it if it ends a syllable.

    Jamo are made to stand together in a syllable; fonts draw a lone one poorly or at the wrong place.
    """
    letters = {}
    for jamo in map(chr, range(0x1100, 0x1200)):
        _, position, name = unicodedata.name(jamo).split(" ", 2)  # HANGUL JONGSEONG NIEUN
        with contextlib.suppress(KeyError):  # old Hangul had more of them than there are letters
            letters[jamo] = "-" * (position == "JONGSEONG") + unicodedata.lookup(f"HANGUL LETTER {name}")
    return letters


_JAMO = _jamo_letters()


def type_size() -> float:
    """Returns how many times as large as usual type is: in large.css as well, which does not reach into the charts."""
    return 1.3 if sessions.current().is_large else 1


def ink() -> str:
    """Returns the colour of texts in the student's theme."""
    return "#FAFAFA" if st.context.theme.type == "dark" else "#31333F"


def end_of_scale(largest: float) -> float:
    """Returns the end of a symmetric scale that is as good for many pictures: 1, 2, 5, 10, 20, 50 …"""
    return next(end for power in range(10) for end in (10**power, 2 * 10**power, 5 * 10**power) if end >= largest)
