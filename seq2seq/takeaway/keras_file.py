"""The model as a `.keras` file, which plain Keras loads without this project."""

from __future__ import annotations

import tempfile
from pathlib import Path

from seq2seq.state import TrainingState


def to_keras_file(state: TrainingState) -> bytes:
    """Returns the training model with its weights as `keras.models.load_model` wants it, not compiled.

    This imports Keras: pages have it called by a worker (`Engine.call`).

    Args:
        state: its lesson and weights are all that is needed.
    """
    from seq2seq.model import to_keras  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        to_keras(state).save(path)
        return path.read_bytes()
