"""English–French pairs in the size of Keras's example: 10,000 of them, 256 units, batches of 64."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seq2seq import Lesson, read_pairs
from seq2seq.classroom.lessons import suggested_settings

# What the example trains on, from manythings.org/anki in its older form of two columns; not part of this project.
FILE = Path(__file__).parents[2] / "shared/data/fra-10k.txt"
PAIRS = 10_000


def french_lesson(pairs: int = PAIRS) -> Lesson:
    """Returns a lesson of so many of the pairs, with the settings that the app suggests for all of them."""
    everything = read_pairs(FILE)
    return Lesson(tuple(everything[row] for row in spread(len(everything), pairs)), *suggested_settings(PAIRS))


def spread(available: int, wanted: int) -> Sequence[int]:
    """Returns which rows to take, evenly spread, for the file is sorted by length."""
    return np.unique(np.linspace(0, available - 1, wanted).astype(int))
