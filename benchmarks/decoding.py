"""One step of the decoder: a token goes in, the probabilities of the next one come out."""

from __future__ import annotations

from itertools import repeat

import keras
import numpy as np
import tensorflow as tf

from benchmarks.keras_example import KerasExample
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.decoding import Context


def _state(hidden_size: int) -> TrainingState:
    return TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(hidden_size)))


class Ours:
    """The app's own step, in NumPy, with gates and candidates kept to be looked at."""

    def __init__(self, hidden_size: int):
        self._translator = Translator(_state(hidden_size))
        self._context = self._translator.context(NOTEBOOK_PAIRS[0].source)
        self.decode(steps=10)

    def decode(self, steps: int) -> list[float]:
        """Takes some steps, each fed by the one before; returns the probabilities after the last."""
        token_id, state = 0, self._context
        for _ in repeat(None, steps):
            step = self._translator.decoder_step(token_id, state)
            token_id, state = step.token_id, Context(step.state_h, step.state_c)
        return step.probabilities.tolist()


class Predict:
    """`model.predict` of the decoder's inference model, as Keras's example does it."""

    def __init__(self, hidden_size: int):
        state = _state(hidden_size)
        self._example = KerasExample(NOTEBOOK_PAIRS, hidden_size)
        self._example.model.set_weights(list(state.weights.values()))
        self._context = [states[np.newaxis] for states in Translator(state).context(NOTEBOOK_PAIRS[0].source)]
        self.decode(steps=2)

    def decode(self, steps: int) -> list[float]:
        """Does the same as ours."""
        token_id, states = 0, self._context
        for _ in repeat(None, steps):
            row = self._example.one_hot(token_id)
            probabilities, *states = self._example.decoder_model.predict([row, *states], verbose=0)
            token_id = int(np.argmax(probabilities[0, -1]))
        return probabilities[0, -1].tolist()


class Compiled:
    """The same step as one compiled function: Keras's layers, with the states staying inside TensorFlow."""

    def __init__(self, hidden_size: int):
        state = _state(hidden_size)
        tokens = len(state.lesson.target_vocabulary)
        self._context = [
            tf.constant(states[np.newaxis]) for states in Translator(state).context(NOTEBOOK_PAIRS[0].source)
        ]
        cell, dense = keras.layers.LSTMCell(hidden_size), keras.layers.Dense(tokens, activation="softmax")
        cell.build((1, tokens))
        dense.build((1, hidden_size))
        for layer, side in ((cell, "decoder"), (dense, "dense")):
            layer.set_weights([values for name, values in state.weights.items() if name.startswith(side)])

        @tf.function(input_signature=[tf.TensorSpec([], tf.int32), *[tf.TensorSpec([1, hidden_size])] * 2])
        def step(token_id, state_h, state_c):
            all_h, (state_h, state_c) = cell(tf.one_hot([token_id], tokens), [state_h, state_c])
            probabilities = dense(all_h)  # (1, tokens)
            return tf.argmax(probabilities[0], output_type=tf.int32), probabilities, state_h, state_c

        self._step = step
        self.decode(steps=10)

    def decode(self, steps: int) -> list[float]:
        """Does the same as ours."""
        token_id, states = tf.constant(0), self._context
        for _ in repeat(None, steps):
            token_id, probabilities, *states = self._step(token_id, *states)
            int(token_id), probabilities.numpy()  # whoever decodes wants to know
        return probabilities.numpy()[0].tolist()
