"""What a question is: one right answer, and wrong ones with what is mistaken in each."""

import random
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Answer = int | float | str | tuple[int, ...]

MAX_CHOICES = 4


class Given(NamedTuple):
    """What a student said to a question."""

    answer: Answer | None  # None: they had it shown
    is_right: bool  # kept, for the question may be about a lesson that is another one by now


@dataclass(frozen=True)
class Question:
    """A question with one right answer."""

    name: str  # the catalogues have its words
    right: Answer
    mistakes: Mapping[Answer, str]  # wrong answer → what was mistaken
    kind: str = "number"  # of the answers; or "typed", "shape", "token", "text" (a sentence), "words" of the pages
    values: Mapping[str, int] = field(default_factory=dict)  # numbers in the question or in what explains its answer
    about: Mapping[str, str] = field(default_factory=dict)  # texts of the lesson that it is about
    level: str = "character"  # of the tokens that it is about, one of `vocabulary.LEVELS`

    @property
    def id(self) -> str:
        """The same for the same question about the same data, in every process."""
        parts = (list(part.items()) for part in (self.mistakes, self.values, self.about))
        return f"{self.name}-{zlib.crc32(repr((self.right, *parts, self.level)).encode()):08x}"

    @property
    def choices(self) -> list[Answer]:
        """The right answer among the wrong ones, in an order that says nothing and is always the same."""
        choices = [self.right, *self.mistakes]
        random.Random(self.id).shuffle(choices)
        return choices


def mistakes_of(right: Answer, mistaken: Iterable[tuple[str, Answer]]) -> dict[Answer, str]:
    """Returns wrong answer → what was mistaken: the first few that are neither right nor there twice."""
    mistakes = {}
    for reason, answer in mistaken:
        if answer != right and len(mistakes) < MAX_CHOICES - 1:
            mistakes.setdefault(answer, reason)
    return mistakes
