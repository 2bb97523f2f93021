"""Three LSTMs, one result: each gives the outputs and gradients of `keras.layers.LSTM`, and they train alike."""

from functools import cache, partial
from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.compiled.lstm import fastest_lstm, fused_lstm, keras_lstm, looped_lstm
from seq2seq.tensors import one_hot
from seq2seq.vocabulary import PAD_ID

SIZES = [  # (time, batch, tokens, hidden)
    (6, 3, 5, 4),
    (1, 1, 1, 1),
    (5, 4, 6, 1),
    (1, 3, 5, 4),
    (6, 1, 1, 4),
    (9, 16, 40, 128),
]
# What counts are differences of roundings: each is within 1e-6 of what float64 gives.
TOLERANCE = 2e-6


@pytest.fixture(scope="module", params=product(SIZES, [True, False]), ids=str)
def example(request):
    return make_example(*request.param)


def make_example(sizes, masked):
    """Returns random sentences padded on the right, weights, and what `keras.layers.LSTM` makes of them."""
    time, batch, tokens, hidden = sizes
    rng = np.random.default_rng(7)

    def draw(*shape):
        return tf.constant(rng.normal(0, 0.7, shape), tf.float32)

    lengths = rng.integers(1, time + 1, batch)
    lengths[0] = time
    counts = np.arange(time) < lengths[:, np.newaxis]  # (batch, time)
    ids = np.where(counts, rng.integers(0, tokens, (batch, time)), PAD_ID)
    if not masked:  # padding is read as if it were text
        counts[:] = True
    arguments = [
        draw(batch, hidden),
        draw(batch, hidden),
        draw(tokens, 4 * hidden) / np.float32(np.sqrt(tokens)),
        draw(hidden, 4 * hidden) / np.float32(np.sqrt(hidden)),
        draw(4 * hidden),
    ]
    # What counts: h at every token, or padding that is read, and h and c after the last one. Random factors make each
    # gradient another one.
    factors = draw(batch, time, hidden) * counts[..., np.newaxis], draw(batch, hidden), draw(batch, hidden)

    layer = keras.layers.LSTM(hidden, return_sequences=True, return_state=True)
    layer.build((batch, time, tokens))
    layer.set_weights([values.numpy() for values in arguments[2:]])
    with tf.GradientTape() as tape:
        tape.watch(arguments[:2])
        all_h, last_h, last_c = layer(
            one_hot(ids, tokens), initial_state=arguments[:2], mask=tf.constant(counts) if masked else None
        )
        score = sum(tf.reduce_sum(part * factor) for part, factor in zip((all_h, last_h, last_c), factors, strict=True))
    variables = [variable.value for variable in layer.trainable_variables]
    gradients = tape.gradient(score, [*arguments[:2], *variables])
    return ids, counts, arguments, factors, (all_h, last_h, last_c), gradients


def run(ids, lengths, factors, arguments, lstm):
    """Returns what counts of an LSTM's outputs, and the gradients."""
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        state_h, state_c, kernel, recurrent, bias = arguments
        weights = tf.concat([kernel, recurrent], axis=0)
        if lstm is fused_lstm:
            weights, bias = as_igfo(weights), as_igfo(bias)
        all_h, last_h, last_c = lstm(ids, lengths, state_h, state_c, weights, bias)
        parts = tf.transpose(all_h, [1, 0, 2]), last_h, last_c
        score = sum(tf.reduce_sum(part * factor) for part, factor in zip(parts, factors, strict=True))
    return parts, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(score, arguments)]


def as_igfo(weights):
    i, f, g, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, g, f, o], axis=-1)


@cache
def compiled_run(lstm):
    """Returns `run`, compiled as the training does it: once, for any sizes."""
    ids, lengths = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)
    vector, matrix, cube = (tf.TensorSpec([None] * n) for n in (1, 2, 3))
    signature = [ids, lengths, (cube, matrix, matrix), [matrix, matrix, matrix, matrix, vector]]
    return tf.function(partial(run, lstm=lstm), input_signature=signature)


def assert_is_kerass(run_lstm, example):
    ids, counts, arguments, factors, outputs, gradients = example
    lengths = tf.constant(counts.sum(axis=1), tf.int32)
    (all_h, last_h, last_c), our_gradients = run_lstm(tf.constant(ids.T, tf.int32), lengths, factors, arguments)
    is_read = counts[..., np.newaxis]
    for ours, theirs in ((all_h * is_read, outputs[0] * is_read), (last_h, outputs[1]), (last_c, outputs[2])):
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)
    for ours, theirs in zip(our_gradients, gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * max(1, np.abs(theirs).max()))


@pytest.mark.parametrize("lstm", [fused_lstm, looped_lstm])
def test_every_lstm_is_kerass(lstm, example):
    assert_is_kerass(compiled_run(lstm), example)


@pytest.mark.parametrize("masked", [True, False])
def test_the_lstm_for_a_gpu_is_kerass(masked):
    """It is Keras's own layer: what is tested is which way round its arguments go, and its mask."""
    assert_is_kerass(partial(run, lstm=keras_lstm), make_example(SIZES[0], masked))


@pytest.mark.parametrize(
    ("hidden", "tokens", "lstm"), [(32, 60, fused_lstm), (64, 400, fused_lstm), (256, 60, looped_lstm)]
)
def test_small_models_run_on_the_fused_kernel(hidden, tokens, lstm):
    assert fastest_lstm(hidden, 20, tokens) is fastest_lstm(hidden, tokens, 20) is lstm
