"""Bytes → text: which encoding a file is in, and where it is damaged."""

from __future__ import annotations

import codecs
import io
import re
from typing import NamedTuple

from charset_normalizer import from_bytes

# What people's files are in, besides UTF-8: what Windows and Excel write by default in Korea, Japan, China, Taiwan,
# Europe, the Arab world, Thailand …, and UTF-16. Of those that read the same, the first is suggested.
ENCODINGS = (
    *("utf-8", "utf-16-le", "utf-16-be", "cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1252", "cp1250", "cp1251"),
    *("koi8-r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
)
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ALIKE = {"euc_jis_2004": "euc_jp", "euc_jisx0213": "euc_jp", "shift_jis": "cp932", "euc_kr": "cp949"}  # parts of it
_KNOWN = {codecs.lookup(name).name: name for name in ENCODINGS}
_LOST = "\ufffd"  # stands where bytes are no character
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")  # an image or a program is full of these


class Encoding(NamedTuple):
    """What a file's bytes tell of its encoding."""

    name: str
    is_certain: bool  # a mark says so, or it is UTF-8, which no other text happens to be


def detect(content: bytes) -> Encoding | None:
    """Finds out the encoding of a text file; None if it is no text.

    UTF-8 with a few broken characters is still UTF-8: a download that was cut, or two files put together. All others
    look alike to a program: charset-normalizer suggests what reads best, and somebody has to look.
    """
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return None if "\0" in content.decode(name, "replace") else Encoding(name, True)
    text = content.decode("utf-8", "replace")
    broken = text.count(_LOST)
    is_mostly_whole = not broken or 2 * broken <= len(re.findall("[^\0-\x7f]", text)) or _is_cut(content, "utf-8")
    if is_mostly_whole and "\0" not in text:
        return Encoding("utf-8", True)
    return next((Encoding(name, False) for name in suggestions(content) if _is_text(content, name)), None)


def suggestions(content: bytes) -> list[str]:
    """Returns those of `ENCODINGS` that charset-normalizer thinks possible, the most probable first."""
    found = {}
    for match in from_bytes(content):
        for name in match.could_be_from_charset:
            known = _KNOWN.get(codecs.lookup(_ALIKE.get(name, name)).name)
            found.setdefault(known, (match.chaos, -match.coherence, known and ENCODINGS.index(known)))
    found.pop(None, None)
    return sorted(found, key=found.get)


def cut_line(content: bytes, encoding: str) -> int | None:
    """Returns the line of a file that ends in the middle of a character, from 1; None if it does not."""
    return sum(1 for _ in lines_of(content, encoding)) if _is_cut(content, encoding) else None


def lines_of(content: bytes, encoding: str) -> io.TextIOWrapper:
    """Returns the lines one by one, to save memory; their breaks stay as they are, broken characters are U+FFFD.

    Raises:
        LookupError: there is no such encoding.
    """
    return io.TextIOWrapper(io.BytesIO(content), encoding, errors="replace", newline="")


def _is_cut(content: bytes, encoding: str) -> bool:
    """Tells whether all is well but that a character begins at the end and is not there whole."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(content)
    except UnicodeDecodeError:
        return False
    return bool(decoder.getstate()[0])


def _is_text(content: bytes, encoding: str) -> bool:
    text = content[:100_000].decode(encoding, "replace")
    return "\0" not in text and len(_NO_TEXT.findall(text)) <= 2 + len(text) / 100
