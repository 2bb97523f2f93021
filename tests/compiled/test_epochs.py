"""The compiled epochs: their loss, gradients and steps are those of Keras, whichever LSTM computes them."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq import ModelConfig, TrainingState, vectorize
from seq2seq.compiled import epochs
from seq2seq.compiled.batch_order import batch_order
from seq2seq.compiled.lstm import fused_lstm, keras_lstm, looped_lstm
from seq2seq.limits import SETTING_RANGES
from seq2seq.tensors import Tensors, token_ids
from seq2seq.training import advance
from seq2seq.vocabulary import PAD_ID
from tests.lesson.trainings import assert_close, assert_same, lesson_of, plain_keras

# --- The masked loss


def masked_loss(targets, probabilities):
    """Cross-entropy over characters alone, by hand."""
    is_token = tf.reduce_sum(targets, axis=-1)  # (batch, time): 1, and 0 for padding
    loss = -tf.reduce_sum(targets * tf.math.log(probabilities), axis=-1)
    return tf.reduce_sum(loss * is_token) / tf.reduce_sum(is_token)


@pytest.fixture(scope="module", params=[True, False], ids=["markers", "bare"])
def trained_a_little(request):
    """A masked lesson after 15 epochs: some characters are right and some wrong by then."""
    return advance(TrainingState.new(lesson_of(ModelConfig(32, markers=request.param))), epochs=15)


@pytest.fixture(scope="module", params=[[0], [4, 2, 0, 1, 3]], ids=str)
def batch(request, trained_a_little):
    """Some of its rows, and what Keras makes of them: `METRIC_SUMS` and gradients."""
    rows, lesson = request.param, trained_a_little.lesson
    *inputs, targets = (array[rows] for array in vectorize(lesson))
    model = plain_keras(lesson, mask=True)
    model.set_weights(list(trained_a_little.weights.values()))
    with tf.GradientTape() as tape:
        probabilities = model(inputs)
        loss = masked_loss(targets, probabilities)
    is_token = targets.any(axis=-1)
    hits = (np.argmax(probabilities, -1) == np.argmax(targets, -1)) & is_token
    sums = [loss * is_token.sum(), hits.sum(), is_token.sum(), 0, 0]
    return rows, sums, tape.gradient(loss, model.trainable_variables)


@pytest.fixture(params=[fused_lstm, looped_lstm])
def lstm(request, monkeypatch):
    """The one that all lessons are trained with."""
    monkeypatch.setattr(epochs, "fastest_lstm", lambda *sizes: request.param)


def ours(state, rows=range(5), mask_padding=True):
    """Returns `METRIC_SUMS` of some rows, and the gradients by name: from zero, Adam's m is a tenth of them."""
    model = replace(state.lesson.model, mask_padding=mask_padding)
    lesson = replace(state.lesson, model=model, training=replace(state.lesson.training, clip_norm=0))
    start = TrainingState(lesson, state.weights, *(TrainingState.new(lesson).adam_m,) * 2)
    optimizer, [sums], _ = epochs.epoch_trainer(lesson)(epochs.to_optimizer(start), (), [np.array([rows])])
    return sums, {name: m / 0.1 for name, m in epochs.from_optimizer(optimizer, start).adam_m.items()}


@pytest.mark.usefixtures("lstm")
def test_the_masked_loss_and_its_gradients_are_kerass(trained_a_little, batch):
    rows, expected_sums, expected_gradients = batch
    sums, gradients = ours(trained_a_little, rows)
    np.testing.assert_allclose(sums, expected_sums, rtol=1e-5)
    assert_close(gradients, expected_gradients, 3e-6)


@pytest.fixture
def pad(monkeypatch):
    """A function that makes the tensors of the lesson of a state longer by padding."""

    def make_longer(state):
        ids, extra = token_ids(state.lesson), (7, 5, 5)
        longer = [np.pad(x, ((0, 0), (0, n)), constant_values=PAD_ID) for x, n in zip(ids, extra, strict=True)]
        padded = Tensors(*(tf.constant(x, tf.int32) for x in longer))
        monkeypatch.setattr(epochs, "id_tensors", lambda lesson: padded)

    return make_longer


@pytest.mark.usefixtures("lstm")
def test_masked_more_padding_changes_neither_loss_nor_gradient(trained_a_little, pad):
    sums, gradients = ours(trained_a_little)
    unmasked, _ = ours(trained_a_little, mask_padding=False)
    pad(trained_a_little)
    sums_padded, gradients_padded = ours(trained_a_little)
    np.testing.assert_array_equal(sums, sums_padded)
    for name, values in gradients.items():
        np.testing.assert_array_equal(values, gradients_padded[name])
    unmasked_padded, _ = ours(trained_a_little, mask_padding=False)
    assert unmasked_padded[-1] - unmasked[-1] == 5 * 5  # where nothing is masked it is counted


@pytest.mark.usefixtures("lstm")
@pytest.mark.parametrize("batch_size", [1, 3])
def test_masked_more_padding_changes_no_weight(pad, batch_size):
    start = TrainingState.new(lesson_of(batch_size=batch_size))
    plain = advance(start, epochs=2)
    pad(start)
    assert_same(advance(start, epochs=2), plain)


def test_masked_the_loss_of_an_epoch_is_the_mean_over_its_characters(trained_a_little, monkeypatch):
    """Not over its batches, of which the last one is smaller, and not over its sentences."""
    monkeypatch.setitem(SETTING_RANGES, "learning_rate", (0.0, 1.0))  # at 0 all batches are of the same model
    state = trained_a_little
    records = []
    for batch_size in (1, 2, 3, 5):
        settings = replace(state.lesson.training, batch_size=batch_size, learning_rate=0)
        later = advance(replace(state, lesson=replace(state.lesson, training=settings)), epochs=1)
        records.append(later.history[-1])
    for record in records:
        np.testing.assert_allclose(record["loss"], records[0]["loss"], rtol=1e-6)
        assert record["accuracy"] == records[0]["accuracy"]
    sums = [ours(state, [n])[0] for n in range(5)]
    assert abs(np.mean([loss / tokens for loss, _, tokens, *_ in sums]) / records[0]["loss"] - 1) > 0.01


# --- Adam


def test_adam_is_kerass():
    rng = np.random.default_rng(3)
    weights = tf.constant(rng.normal(size=34), tf.float32)
    m = v = tf.zeros(34)
    variable, optimizer = keras.Variable(weights), keras.optimizers.Adam(0.003)
    for step in range(1, 21):
        gradient = tf.constant(rng.normal(0, 10.0 ** rng.integers(-6, 3), 34), tf.float32)
        optimizer.apply([gradient], [variable])
        move, m, v = epochs._adam(m, v, gradient, float(step), 0.003)
        weights -= move
        np.testing.assert_allclose(weights, variable, rtol=1e-6, atol=1e-6)


def test_steps_are_those_of_kerass_adam_with_the_global_norm_clipped():
    """Masked, shuffled and clipped: the default lesson against Masking, a loss by hand and Keras's optimizer."""
    start = TrainingState.new(lesson_of(ModelConfig(32), clip_norm=0.1, batch_size=3, seed=4))
    state, dense = advance(start, epochs=1), vectorize(start.lesson)
    model = plain_keras(start.lesson, mask=True)
    model.set_weights(list(start.weights.values()))
    optimizer = keras.optimizers.Adam(0.01, global_clipnorm=0.1)

    def take_step(encoder_inputs, decoder_inputs, targets):
        with tf.GradientTape() as tape:
            loss = masked_loss(targets, model([encoder_inputs, decoder_inputs]))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss * tf.reduce_sum(targets), tf.reduce_sum(targets), tf.linalg.global_norm(gradients)

    results = []
    for rows in batch_order(start.lesson, epoch=0):  # of three and of two pairs
        results.append([x.numpy() for x in take_step(*(tf.constant(x[rows[rows >= 0]]) for x in dense))])
    losses, tokens, norms = np.transpose(results)
    np.testing.assert_allclose(state.history[0]["loss"], losses.sum() / tokens.sum(), rtol=1e-4)
    assert_close(state.weights, model.get_weights(), 1e-4)
    assert max(norms) > 1.05 * min(norms) > 0.1  # so every step was clipped, and Adam could tell if not
    assert state.step == len(norms)


# --- Whichever LSTM


def test_every_lstm_trains_alike(monkeypatch):
    start = TrainingState.new(lesson_of(batch_size=2))
    sizes = epochs._sizes(start.lesson)
    states = []
    for lstm, *fixed in ([fused_lstm], [looped_lstm], [keras_lstm, sizes]):
        monkeypatch.setattr(epochs, "fastest_lstm", lambda *sizes, lstm=lstm: lstm)
        states.append(advance(start, epochs=3))
        traced = epochs._compiled(epochs.Kind(lstm, "none", False, 1), *fixed).experimental_get_tracing_count()
        assert traced == (2 if fixed else 1)  # Keras's layers are built in the first one
    for state in states[1:]:
        assert_close(state.weights, states[0].weights.values(), 1e-4)


@pytest.mark.parametrize("masked", [True, False], ids=["masked", "unmasked"])
def test_halves_of_a_batch_train_as_the_whole(monkeypatch, masked):
    """Also where a batch is a single pair, of which one half is nothing."""
    monkeypatch.setattr(epochs, "fastest_lstm", lambda *sizes: looped_lstm)
    start = TrainingState.new(lesson_of(ModelConfig(8, mask_padding=masked), batch_size=2))
    states = []
    for least in (1, 1000):
        monkeypatch.setattr(epochs, "_HALVED", least)
        states.append(advance(start, epochs=3))
    assert_close(states[0].weights, states[1].weights.values(), 1e-5)
    np.testing.assert_allclose(*([record["loss"] for record in state.history] for state in states), rtol=1e-5)


def test_each_lstm_is_compiled_once_for_every_lesson():
    for model in (ModelConfig(3), ModelConfig(9, markers=False), ModelConfig(4, mask_padding=False)):
        advance(TrainingState.new(lesson_of(model, batch_size=2)), epochs=1)
    assert epochs._compiled(epochs.Kind(fused_lstm, "none", False, 1)).experimental_get_tracing_count() == 1
