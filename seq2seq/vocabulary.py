"""Tokens ↔ ids. The ids are the columns of the one-hot tensors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seq2seq.tokens import join, split

BOS = "⟨bos⟩"  # beginning of sentence: what the decoder is fed first
EOS = "⟨eos⟩"  # end of sentence: what the decoder says when it is done
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
    saved on Monday would speak gibberish on Tuesday. Here they are sorted, so the same pairs give the same ids.

    Args:
        tokens: every token once; a token's place is its id.
        level: what a token is, one of `tokens.LEVELS`.
    """

    tokens: tuple[str, ...]
    level: str = "character"

    @classmethod
    def from_texts(cls, texts: Iterable[str], markers: bool = False, level: str = "character") -> Vocabulary:
        """Collects the tokens of some texts.

        Args:
            texts: any number of texts.
            markers: put ⟨bos⟩ and ⟨eos⟩ before the other tokens, as ids 0 and 1.
            level: what a token is, one of `tokens.LEVELS`.

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
        """Turns ids back into a text; markers and padding say nothing, so they are left out."""
        spoken = (self.tokens[i] for i in ids if i != PAD_ID)
        return join((token for token in spoken if token not in (BOS, EOS)), self.level)
