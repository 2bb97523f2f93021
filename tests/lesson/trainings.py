"""What the tests of training share."""

import itertools

import keras
import numpy as np

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig
from seq2seq.state import weight_shapes

WEIGHTS = ("weights", "adam_m", "adam_v")


def lesson_of(model=None, **settings):
    """Returns the notebook's five pairs as a small lesson."""
    return Lesson(NOTEBOOK_PAIRS, model or ModelConfig(8), TrainingConfig(**settings))


def assert_same(state, other):
    """Bit for bit."""
    for name in ("lesson", "step", "epoch", "batch", "sums", "evaluation", "history"):
        assert getattr(state, name) == getattr(other, name)
    for group, name in itertools.product(WEIGHTS, weight_shapes(state.lesson)):
        np.testing.assert_array_equal(getattr(state, group)[name], getattr(other, group)[name], err_msg=name)


def assert_close(weights, keras_weights, tolerance):
    for (name, ours), theirs in zip(weights.items(), keras_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=name)


def plain_keras(lesson, mask):
    """The notebook's model, in its own lines; `mask` puts Masking before both LSTMs."""
    n, encoder_text_len, decoder_text_len = 32, len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    masked = keras.layers.Masking() if mask else keras.layers.Identity()
    encoder_input = keras.layers.Input(shape=(None, encoder_text_len))
    _, encoder_h, encoder_c = keras.layers.LSTM(units=n, return_state=True)(masked(encoder_input))
    decoder_input = keras.layers.Input(shape=(None, decoder_text_len))
    decoder = keras.layers.LSTM(units=n, return_sequences=True, return_state=True)
    decoder_output, _, _ = decoder(masked(decoder_input), initial_state=[encoder_h, encoder_c])
    decoder_output = keras.layers.Dense(units=decoder_text_len, activation="softmax")(decoder_output)
    return keras.models.Model([encoder_input, decoder_input], decoder_output)
