"""Characters ↔ ids. The ids are the columns of the one-hot tensors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

BOS = "⟨bos⟩"  # beginning of sentence: what the decoder is fed first
EOS = "⟨eos⟩"  # end of sentence: what the decoder says when it is done
PAD_ID = -1  # no token here: its one-hot row is all zeros


class UnknownTokenError(ValueError):
    """A text has characters that the vocabulary does not know.

    Attributes:
        tokens: the unknown characters, each once, in the order of the text.
    """

    def __init__(self, tokens: list[str]):
        super().__init__(f"not in the vocabulary: {tokens}")
        self.tokens = tokens


@dataclass(frozen=True)
class Vocabulary:
    """The different tokens of one side of a lesson, in a fixed order.

    The notebook numbers its characters in the order of a `set`, which Python shuffles anew in every run: weights
    saved on Monday would speak gibberish on Tuesday. Here they are sorted, so the same pairs give the same ids.

    Args:
        tokens: every token once; a token's place is its id.
    """

    tokens: tuple[str, ...]

    @classmethod
    def from_texts(cls, texts: Iterable[str], markers: bool = False) -> Vocabulary:
        """Collects the characters of some texts.

        Args:
            texts: any number of texts.
            markers: put ⟨bos⟩ and ⟨eos⟩ before the characters, as ids 0 and 1.

        Returns:
            The vocabulary: the markers, then the characters in the order of their code points.
        """
        return cls(((BOS, EOS) if markers else ()) + tuple(sorted(set().union(*texts))))

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

    def unknown(self, text: str) -> list[str]:
        """Returns the characters of `text` that have no id, each once, in the order of the text."""
        return [token for token in dict.fromkeys(text) if token not in self._ids]

    def encode(self, text: str) -> np.ndarray:
        """Turns a text into ids.

        Args:
            text: a text without markers.

        Returns:
            (len(text),) int32.

        Raises:
            UnknownTokenError: a character has no id. Leaving it out or guessing is the caller's decision.
        """
        if unknown := self.unknown(text):
            raise UnknownTokenError(unknown)
        return np.array([self._ids[token] for token in text], dtype=np.int32)  # (time,)

    def decode(self, ids: Iterable[int]) -> str:
        """Turns ids back into a text; markers and padding say nothing, so they are left out."""
        spoken = (self.tokens[i] for i in ids if i != PAD_ID)
        return "".join(token for token in spoken if token not in (BOS, EOS))
