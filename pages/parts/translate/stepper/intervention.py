"""What if? What can be changed in a decoding, and the translation that it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from pages.parts.translate.query import Query
from seq2seq import DecodingStep, Lesson
from seq2seq.decoding import Context, Encoded


@dataclass(frozen=True)
class Intervention:
    """What is different from the plain translation; the defaults change nothing."""

    context_of: str | None = None  # the source whose context vector the decoder starts from; "" is zeros, None its own
    looks_at: str | None = None  # the source that attention looks at; "" is none, None its own
    one_token: int | None = None  # the only token of it, from 0, that attention may look at
    teacher_forced: bool = False  # the right token is the input of every step, whatever the model outputs
    suppress_eos: bool = False  # ⟨eos⟩ is never picked
    limit: int | None = None  # after how many steps to end; None is the lesson's own limit
    picks: dict[int, int] = field(default_factory=dict)  # step, from 0 → id of the token that is output there instead

    @property
    def other_sentence(self) -> str | None:
        """The sentence whose context vector the decoder starts from, if it is another one."""
        return self.context_of or None

    @property
    def other_looked_at(self) -> str | None:
        """The sentence that attention looks at, if it is another one."""
        return self.looks_at or None


NOTHING = Intervention()


@dataclass(frozen=True)
class Target:
    """A right translation as the decoder is taught it."""

    prefix: str  # the first input, if that is no marker; else ""
    token_ids: tuple[int, ...]  # the right output of each step

    @classmethod
    def of(cls, lesson: Lesson, target: str) -> Self:
        """Returns a target text as it is taught."""
        vocabulary = lesson.target_vocabulary
        token_ids = vocabulary.encode(target).tolist()
        shifted = [*token_ids, vocabulary.eos_id] if lesson.model.markers else token_ids[1:]
        return cls(lesson.prefix(target), tuple(shifted))


def start(query: Query, intervention: Intervention) -> Encoded:
    """Returns what the decoder gets of the source."""
    translator, (context, memory) = query.translator, query.translator.encoded(query.sentence)
    if intervention.context_of == "":
        context = Context.zeros(query.lesson.model.decoder_size)
    elif intervention.context_of is not None:
        context = translator.context(intervention.context_of)
    if intervention.looks_at == "":
        memory = None
    elif intervention.looks_at is not None:
        memory = translator.encoded(intervention.looks_at).memory
    if intervention.one_token is not None and memory is not None:
        is_attended = np.arange(len(memory.all_h)) == intervention.one_token
        memory = memory._replace(is_attended=is_attended)
    return Encoded(context, memory)


def decode(query: Query, intervention: Intervention, target: Target | None) -> list[DecodingStep]:
    """Translates a sentence with something changed; `target` is the right translation, for teacher forcing."""
    prefix, forced, limit, suppressed = query.prefix, {}, intervention.limit, ()
    if intervention.teacher_forced:
        prefix, forced = target.prefix, dict(enumerate(target.token_ids))
        limit = limit or (None if query.lesson.model.markers else len(target.token_ids))
    if intervention.suppress_eos:
        suppressed = (query.lesson.target_vocabulary.eos_id,)
    return list(
        query.translator.steps(start(query, intervention), prefix, forced | intervention.picks, suppressed, limit)
    )


def parting(plain: Sequence[DecodingStep], changed: Sequence[DecodingStep]) -> int | None:
    """Returns the first step, from 0, at which two translations output something different; None if they never do."""
    for n, (ours, theirs) in enumerate(zip(plain, changed, strict=False)):
        if ours.token_id != theirs.token_id:
            return n
    return None if len(plain) == len(changed) else min(len(plain), len(changed))
