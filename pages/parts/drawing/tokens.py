"""How tokens are written wherever they stand, so that none is taken for another or not seen at all."""

import contextlib
import unicodedata

ZERO_ROW = "0…0"  # where a row of zeros is the input instead of a token: "0" alone would be the digit


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


def em_width(token: str) -> float:
    """Returns the width of a token in a monospaced face, in ems."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in token)
