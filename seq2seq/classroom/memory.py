"""What a small server can bear, computed before any memory is taken."""

from __future__ import annotations

from seq2seq.lesson import Lesson
from seq2seq.state import weight_shapes


def training_bytes(lesson: Lesson) -> int:
    """Estimates the memory that one training step of a lesson takes at its peak.

    Per time step and sentence an LSTM keeps about 30 numbers a unit until the gradients are computed, and the output
    layer 5 numbers for each token of the target; per weight there are the weight, its gradient and Adam's two means,
    before and after the step, and what is computed between them.
    """
    batch = min(lesson.training.batch_size, len(lesson.pairs))
    steps = lesson.source_length + lesson.target_length
    tokens = len(lesson.source_vocabulary) + 5 * len(lesson.target_vocabulary)
    numbers = batch * (steps * 30 * lesson.model.hidden_size + lesson.target_length * tokens)
    for shape in weight_shapes(lesson).values():
        numbers += 11 * shape[0] * (shape[1] if len(shape) == 2 else 1)
    return 4 * numbers
