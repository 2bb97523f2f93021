"""The notebook's five sentences: an epoch, and the way from nothing to all five right."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras

from benchmarks.data import notebook_lesson
from benchmarks.keras_example import KerasExample
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState, vectorize
from seq2seq.analysis.checkpoints import is_checkpoint
from seq2seq.classroom.worker import EpochStream
from seq2seq.model import build_model
from seq2seq.state import Weights, initial_weights
from seq2seq.training import advance

MAX_EPOCHS = 1_000  # the example is given up after


class Ours:
    """The training of the app, in the notebook's setting and in the default one."""

    def __init__(self, attention: str = "none"):
        self._lesson = notebook_lesson(attention)
        self.train(epochs=1)

    def train(self, epochs: int) -> list[float]:
        """Trains as in the notebook, and evaluates and keeps the model as the app does; returns each epoch's loss."""
        state = advance(TrainingState.new(self._lesson), epochs=epochs)
        return [record["loss"] for record in state.history]

    def until_right(self, seed: int) -> dict:
        """Trains the default lesson as a worker does until its rules end it."""
        start = TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(seed=seed)))
        rules = EpochStream(start, has_rules=True, send=lambda message: None)
        state = advance(start, epochs=start.lesson.training.epochs, callbacks=[rules])
        return {"epochs": state.epoch, "right": state.history[-1].get("exact_match") == 1}


class Fit:
    """The notebook's `model.fit`, from the same first weights."""

    def __init__(self, attention: str = "none"):
        lesson = notebook_lesson(attention)
        self._weights = initial_weights(lesson)
        *self._inputs, self._targets = vectorize(lesson)
        self._model = build_model(lesson)
        self._model.compile(optimizer="Adam", loss="categorical_crossentropy", metrics=["accuracy"])
        self._begin_anew = _restart(self._model)
        self.train(epochs=1)

    def train(self, epochs: int) -> list[float]:
        """Runs the notebook's call; only the order of the pairs stays, or the losses could not be compared."""
        self._begin_anew(self._weights)
        early = keras.callbacks.EarlyStopping(monitor="loss", patience=5)
        history = self._model.fit(
            self._inputs, self._targets, batch_size=1, epochs=epochs, shuffle=False, verbose=0, callbacks=[early]
        )
        return history.history["loss"]


class Example:
    """Keras's example on the five sentences, with as many units and as small batches as we have."""

    def __init__(self):
        self._example = KerasExample(NOTEBOOK_PAIRS, hidden_size=32)
        self._begin_anew = _restart(self._example.model)
        self._example.model.fit(self._example.inputs, self._example.decoder_targets, batch_size=1, verbose=0)
        self._example.translate(0)

    def until_right(self, seed: int) -> dict:
        """Trains until every sentence comes out right at one of the epochs at which we evaluate ours."""
        lesson = Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(seed=seed))
        self._begin_anew(initial_weights(lesson))  # ⟨bos⟩ and ⟨eos⟩ are its two control characters: same sizes
        stop = _StopWhenRight(self._example)
        self._example.model.fit(
            self._example.inputs,
            self._example.decoder_targets,
            batch_size=1,
            epochs=MAX_EPOCHS,
            verbose=0,
            callbacks=[stop],
        )
        return {"epochs": stop.epochs, "right": stop.is_right, "seconds_translating": stop.seconds_translating}


class _StopWhenRight(keras.callbacks.Callback):
    """Our stopping rule for the example: at the same epochs, with its way of translating."""

    def __init__(self, example: KerasExample):
        super().__init__()
        self._example = example
        self.epochs, self.is_right, self.seconds_translating = 0, False, 0.0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs = epoch + 1
        if is_checkpoint(self.epochs):
            began = time.perf_counter()
            outputs = [self._example.translate(row) for row in range(len(self._example.targets))]
            self.is_right = self.model.stop_training = outputs == self._example.targets
            self.seconds_translating += time.perf_counter() - began


def _restart(model: keras.Model) -> Callable[[Weights], None]:
    """Returns a function that makes a compiled model as it was before any training, with given weights.

    A model compiled anew would be traced anew (1–2 s), which is not what is to be measured.
    """
    model.optimizer.build(model.trainable_variables)
    before = [variable.numpy() for variable in model.optimizer.variables]

    def begin_anew(weights: Weights) -> None:
        model.set_weights(list(weights.values()))
        for variable, value in zip(model.optimizer.variables, before, strict=True):
            variable.assign(value)

    return begin_anew
