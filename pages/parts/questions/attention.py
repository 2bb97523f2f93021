"""Questions about a lesson whose model has attention; see questions.py."""

from collections.abc import Mapping, Sequence

import numpy as np

from pages.parts.questions.question import Question, mistakes_of
from seq2seq.decoding import DecodingStep
from seq2seq.lesson import Lesson


def of_a_translation(
    lesson: Lesson, about: Mapping[str, str], steps: Sequence[DecodingStep], seed: int
) -> list[Question]:
    """Asks where a step looks, and what its weights add up to.

    Args:
        lesson: that the model was trained on.
        about: the "source", a sentence of it, and the "output".
        steps: of that translation.
        seed: decides which step is asked about.
    """
    tokens = lesson.source_vocabulary.split(about["source"])
    n = seed % len(steps)
    weights = steps[n].attention.weights[: len(tokens)]
    right = tokens[int(np.argmax(weights))]
    mistaken = [("same_place", tokens[min(n, len(tokens) - 1)]), ("last_read", tokens[-1]), ("first_read", tokens[0])]
    mistaken += [("looked_away", tokens[int(np.argmin(weights))])]
    asked = [_sum(len(tokens))]
    if mistakes := mistakes_of(right, mistaken):
        asked.append(
            Question("looked_at", right, mistakes, "token", {"step": n + 1}, about, lesson.model.source_tokens)
        )
    return asked


def _sum(tokens: int) -> Question:
    mistakes = mistakes_of(1, [("one_each", tokens), ("evenly", round(1 / tokens, 2)), ("none_at_all", 0)])
    return Question("weights_sum", 1, mistakes, values={"tokens": tokens})
