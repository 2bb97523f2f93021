"""How tokens are written wherever they stand, so that none is taken for another or not seen at all."""

import contextlib
import unicodedata

from seq2seq import Translator
from seq2seq.data.checks import WORKING_JOINERS
from seq2seq.vocabulary import PAD_ID

ZERO_ROW = "0…0"  # where a row of zeros is the input instead of a token: "0" alone would be the digit


def display_token(token: str) -> str:
    """Returns how a token is drawn: as its label, isolated."""
    return isolated(token_label(token))


def token_label(token: str) -> str:
    """Returns how a token is typed: the space as ␣, characters that cannot be seen by their number, jamo as letters."""
    return "".join(_JAMO.get(c, c) for c in _visible(token)).replace(" ", "␣")


def source_labels(translator: Translator, sentence: str) -> list[str]:
    """Returns how the tokens that the encoder gets of a sentence are typed; padding is a zero row."""
    tokens, ids = translator.lesson.source_vocabulary.tokens, translator.source_ids(sentence).tolist()
    return [ZERO_ROW if token_id == PAD_ID else token_label(tokens[token_id]) for token_id in ids]


def display_text(sentence: str) -> str:
    """Returns a sentence with the characters that cannot be seen by their number, but for the usual space; isolated."""
    return isolated(_visible(sentence))


def isolated(words: str) -> str:
    """Returns words that keep their own direction in a text or a chart of another one.

    Else a full stop at the end of an Arabic sentence would stand before it, and a number after it in the middle.
    """
    return f"\u2068{words}\u2069" if has_right_to_left(words) else words


def has_right_to_left(words: str) -> bool:
    """Tells whether some of the letters are those of a script that is read from right to left."""
    return not words.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in words)


def _visible(words: str) -> str:
    if words.isprintable():
        return words
    working = {match.start() for match in WORKING_JOINERS.finditer(words)}
    return "".join(c if c.isprintable() or n in working else f"‹U+{ord(c):04X}›" for n, c in enumerate(words))


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
    """Returns the width of a token in a monospaced face, in ems; accents and joiners have none unless alone."""
    wide = (c for c in token if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return max(0.6, sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in wide))
