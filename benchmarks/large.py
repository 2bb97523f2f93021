"""An epoch of a large lesson, by the app and by Keras's example as it is published."""

from __future__ import annotations

import numpy as np

from benchmarks.data import large_lesson
from benchmarks.keras_example import KerasExample
from seq2seq import TrainingState, Translator
from seq2seq.analysis.batched import encode_all, teacher_forced
from seq2seq.compiled.batch_order import batch_order, id_tensors
from seq2seq.tensors import token_ids
from seq2seq.training import advance
from seq2seq.vocabulary import PAD_ID

MAX_SCORED = 1_000  # pairs, on which the loss per real character is computed


class Ours:
    """The training of the app."""

    def __init__(self, pairs: int):
        self._state = TrainingState.new(large_lesson(pairs))
        advance(self._state, seconds=1e-9)  # a few batches, to be warm

    def train(self) -> float:
        """Trains on for an epoch; returns its loss, averaged while it was learning."""
        self._state = advance(self._state, epochs=1)
        return self._state.history[-1]["loss"]

    def batches(self) -> list[list[int]]:
        """Returns which pairs make up each batch of the next epoch."""
        order = batch_order(self._state.lesson, self._state.epoch)
        return [rows[rows >= 0].tolist() for rows in order]

    def loss_per_character(self) -> float:
        """Returns the loss of the model as it is now, per character of the targets and end marker."""
        lesson, translator = self._state.lesson, Translator(self._state)
        ids = token_ids(lesson, range(len(lesson.pairs))[:MAX_SCORED])
        encoded = encode_all(translator, [pair.source for pair in lesson.pairs[:MAX_SCORED]])
        probabilities = teacher_forced(translator, encoded, ids.decoder_inputs)
        n, t = np.nonzero(ids.decoder_targets != PAD_ID)
        return float(-np.log(probabilities[n, t, ids.decoder_targets[n, t]]).mean())

    def data_bytes(self) -> int:
        """Returns the memory of the ids that a worker holds for the training."""
        return sum(tensor.numpy().nbytes for tensor in id_tensors(self._state.lesson))


class Example:
    """Keras's example as it is published, on the same pairs."""

    def __init__(self, pairs: int):
        lesson = large_lesson(pairs)  # with the example's number of units and its batch size
        self._batch_size = lesson.training.batch_size
        self._example = KerasExample(lesson.pairs, lesson.model.hidden_size)
        weights = self._example.model.get_weights()
        first = [tensor[: self._batch_size] for tensor in (*self._example.inputs, self._example.decoder_targets)]
        self._example.model.fit(first[:2], first[2], verbose=0)
        self._example.model.set_weights(weights)

    def train(self) -> None:
        """Trains on for an epoch."""
        self._example.model.fit(self._example.inputs, self._example.decoder_targets, self._batch_size, verbose=0)

    def loss_per_character(self) -> float:
        """Returns the same as ours: the spaces after the end do not count."""
        inputs = [tensor[:MAX_SCORED] for tensor in self._example.inputs]
        probabilities = self._example.model.predict(inputs, verbose=0)
        targets = np.argmax(self._example.decoder_targets[:MAX_SCORED], axis=-1)
        lengths = np.array([len(target) + 1 for target in self._example.targets[:MAX_SCORED]])
        n, t = np.nonzero(np.arange(targets.shape[1]) < lengths[:, np.newaxis])
        return float(-np.log(probabilities[n, t, targets[n, t]]).mean())

    def data_bytes(self) -> int:
        """Returns the memory of its three dense tensors."""
        return sum(tensor.nbytes for tensor in (*self._example.inputs, self._example.decoder_targets))
