"""How much memory a training takes, computed before any of it is taken, and how much it and a worker may take."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import sys

from seq2seq.lesson import Lesson
from seq2seq.state import weight_shapes

# Of a training step, a setting of whoever runs this: with 2 GB two workers, the web process and the system fit into
# 8 GB.
MAX_TRAINING_BYTES = float(os.environ.get("SEQ2SEQ_MAX_TRAINING_GB", "2")) * 2**30
# A worker has 700 MB when it starts. One that has grown to this is replaced between two slices, which takes seconds.
MAX_WORKER_BYTES = 1.5 * 2**30


def parameters(lesson: Lesson) -> int:
    """Returns how many numbers the model of a lesson learns."""
    return sum(map(math.prod, weight_shapes(lesson).values()))


def training_bytes(lesson: Lesson) -> int:
    """Estimates the memory that one training step of a lesson takes at its peak.

    The factors were measured; a test measures again that they are right within a factor of two.
    """
    batch, hidden = min(lesson.training.batch_size, len(lesson.pairs)), lesson.model.decoder_size
    source_tokens, target_tokens = len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    numbers = 0
    read = source_tokens * (1 + lesson.model.bidirectional)  # the second LSTM reads one-hot rows as well
    for steps, tokens in ((lesson.source_length, read), (lesson.target_length, target_tokens)):
        numbers += 3 * batch * steps * tokens  # one-hot inputs, transposed, and beside h for the gradient
        # States, gates, candidate, their gradients: tensors take 9, a process up to 17, for the allocator leaves gaps.
        numbers += 13 * batch * steps * hidden
    numbers += 5 * batch * lesson.target_length * target_tokens  # logits, probabilities, targets, and their gradients
    if lesson.model.attention != "none":
        # Scores, weights and their gradients; [context; h], h̃, and theirs, and copies with the batch first.
        numbers += batch * lesson.target_length * (6 * lesson.source_length + 12 * hidden)
    # Weights, gradient and Adam's two means, before and after the step, and what is computed between them.
    numbers += 11 * parameters(lesson)
    return 4 * numbers  # bytes of a float32


def give_back() -> None:
    """Gives memory that was freed back to the system: of arrays Linux's C library keeps it for later ones."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)
