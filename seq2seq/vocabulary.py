"""Texts ↔ tokens ↔ ids. The ids are the columns of the one-hot tensors.

A token, the model's input or output at one time step, can be a character, a jamo or a word. Small tokens make a small
vocabulary and long sentences; large ones make few time steps, and a word that was not in the training has no id at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

LEVELS = ("character", "jamo", "word")

_SYLLABLES = re.compile("[가-힣]+")
_JOINERS = "\u200c\u200d"  # Persian and Indic scripts need them inside words
_MARKS = "".join(c for c in map(chr, range(0x300, 0x10000)) if unicodedata.category(c)[0] == "M")  # accents and such
_LETTERS = rf"\w[\w{_MARKS}{_JOINERS}]*"
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


BOS = "⟨bos⟩"  # beginning of sentence: the decoder's first input
EOS = "⟨eos⟩"  # end of sentence: the decoder's last output
PAD_ID = -1  # no token here: its one-hot row is all zeros


class UnknownTokenError(ValueError):
    """A text has tokens that the vocabulary does not know.

    Attributes:
        tokens: the unknown ones, each once, in the order of the text.
    """

    def __init__(self, tokens: list[str]):
        super().__init__(f"not in the vocabulary: {tokens}")
        self.tokens = tokens


@dataclass(frozen=True)
class Vocabulary:
    """The different tokens of one side of a lesson, in a fixed order.

    The notebook numbers its tokens in the order of a `set`, which Python shuffles anew in every run: weights
    saved on Monday would put out gibberish on Tuesday. Here they are sorted, so the same pairs give the same ids.

    Args:
        tokens: every token once; a token's place is its id.
        level: what a token is, one of `LEVELS`.
    """

    tokens: tuple[str, ...]
    level: str = "character"

    @classmethod
    def from_texts(cls, texts: Iterable[str], markers: bool = False, level: str = "character") -> Vocabulary:
        """Collects the tokens of some texts.

        Args:
            texts: any number of texts.
            markers: put ⟨bos⟩ and ⟨eos⟩ before the other tokens, as ids 0 and 1.
            level: what a token is, one of `LEVELS`.

        Returns:
            The vocabulary: the markers, then the tokens in the order of their code points.
        """
        tokens = set()
        for text in texts:
            tokens.update(split(text, level))
        return cls(((BOS, EOS) if markers else ()) + tuple(sorted(tokens)), level)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: token_id for token_id, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def bos_id(self) -> int | None:
        return self._ids.get(BOS)

    @property
    def eos_id(self) -> int | None:
        return self._ids.get(EOS)

    def split(self, text: str) -> list[str]:
        """Splits a text into tokens, with and without an id."""
        return split(text, self.level)

    def unknown(self, text: str) -> list[str]:
        """Returns the tokens of `text` that have no id, each once, in the order of the text."""
        return [token for token in dict.fromkeys(self.split(text)) if token not in self._ids]

    def encode(self, text: str, skip_unknown: bool = False) -> np.ndarray:
        """Turns a text into ids.

        Args:
            text: a text without markers.
            skip_unknown: leave out tokens that have no id.

        Returns:
            (time,) int32, an id for each token.

        Raises:
            UnknownTokenError: a token has no id and is not to be left out.
        """
        tokens = self.split(text)
        ids = [self._ids[token] for token in tokens if token in self._ids]
        if len(ids) < len(tokens) and not skip_unknown:
            raise UnknownTokenError(self.unknown(text))
        return np.array(ids, dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """Turns ids back into a text; markers and padding are no part of it, so they are left out."""
        tokens = (self.tokens[token_id] for token_id in ids if token_id != PAD_ID)
        return join((token for token in tokens if token not in (BOS, EOS)), self.level)
