"""Backpropagation by hand: as finite differences find it, as Keras's tape, and as a training takes its step."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, vectorize
from seq2seq.analysis import gradients
from seq2seq.analysis.gradients import backward, forward
from seq2seq.analysis.metrics import evaluate
from seq2seq.analysis.optimizer import gradient_norm, take_step
from seq2seq.model import to_keras
from seq2seq.tensors import Tensors, token_ids
from seq2seq.training import advance
from seq2seq.vocabulary import PAD_ID
from tests.lesson.trainings import assert_close, lesson_of

ROWS = [4, 0]  # of unlike lengths
FLAGS = [
    {"markers": markers, "mask_padding": mask, "attention": attention}
    for markers in (True, False)
    for mask in (True, False)
    for attention in ("none", "dot")
] + [{"bidirectional": True, "attention": "dot"}, {"bidirectional": True, "mask_padding": False}]


@pytest.fixture(scope="module", params=FLAGS, ids=lambda flags: "-".join(map(str, flags.values())))
def state(request):
    """A model of each kind after a few epochs: some tokens are right and some wrong by then."""
    return advance(TrainingState.new(lesson_of(ModelConfig(8, **request.param), batch_size=2)), epochs=5)


def gradients_of(state, rows=ROWS):
    return backward(state, forward(state, rows))


# --- Are they right? -------------------------------------------------------------------------------------------------


def descended(state, done):
    """The loss whose slope the gradients are: the cross-entropy, and of a zero row what TensorFlow makes its slope."""
    is_token = (done.ids.decoder_targets != PAD_ID) & done.is_scored
    logits = done.outputs @ state.weights["dense_kernel"] + state.weights["dense_bias"]
    of_padding = np.log(np.exp(logits).sum(axis=-1)) * (done.is_scored & ~is_token)  # its slope by the logits is p
    steps = done.is_scored.sum(axis=1)
    return ((done.losses * steps).sum() + of_padding.sum()) / steps.sum()


def test_they_are_what_finite_differences_find(state):
    exact = replace(state, weights={name: values.astype(float) for name, values in state.weights.items()})
    found, rng, h = gradients_of(exact).weights, np.random.default_rng(0), 1e-5
    for name, values in exact.weights.items():
        direction = rng.standard_normal(values.shape)  # all numbers of a matrix at once
        losses = []
        for by in (h, -h):
            moved = replace(exact, weights=exact.weights | {name: values + by * direction})
            losses.append(descended(moved, forward(moved, ROWS)))
        slope = (losses[0] - losses[1]) / (2 * h)
        np.testing.assert_allclose((found[name] * direction).sum(), slope, rtol=1e-4, atol=1e-6, err_msg=name)


def test_they_are_kerass(state):
    *inputs, targets = (array[ROWS] for array in vectorize(state.lesson))
    is_scored = targets.any(axis=-1) | (not state.lesson.model.mask_padding)
    model = to_keras(state)

    @tf.function  # in which Keras finds the logits behind the softmax, as in `fit`
    def taped():
        with tf.GradientTape() as tape:
            loss = keras.losses.categorical_crossentropy(targets, model(inputs))  # (batch, target time)
            loss = tf.reduce_sum(loss * is_scored) / tf.reduce_sum(tf.cast(is_scored, tf.float32))
        return loss, tape.gradient(loss, model.trainable_variables)

    loss, expected = taped()
    found = gradients_of(state)
    np.testing.assert_allclose(found.loss, loss, rtol=1e-4)
    assert_close(found.weights, expected, 1e-4 * max(np.abs(values).max() for values in expected))


@pytest.mark.parametrize("clip_norm", [0.0, 0.05])
def test_a_step_is_the_one_that_a_training_takes(state, clip_norm):
    pairs = tuple(state.lesson.pairs[row] for row in ROWS)
    lesson = Lesson(pairs, state.lesson.model, TrainingConfig(batch_size=2, clip_norm=clip_norm))
    before = advance(TrainingState.new(lesson), epochs=3)
    gradient = gradients_of(before, [0, 1]).weights
    assert not clip_norm or gradient_norm(gradient) > clip_norm
    expected, found = advance(before, epochs=1), take_step(before, gradient, lesson.training.learning_rate)
    assert found.step == expected.step
    for group in ("weights", "adam_m", "adam_v"):
        assert_close(getattr(found, group), getattr(expected, group).values(), 1e-5)


# --- What they say ---------------------------------------------------------------------------------------------------


def test_what_is_taken_from_some_tokens_is_given_to_the_right_one(state):
    done = forward(state, ROWS)
    differences = backward(state, done).differences
    is_token = done.ids.decoder_targets != PAD_ID
    np.testing.assert_allclose(differences.sum(axis=-1)[is_token], 0, atol=1e-5)
    at_targets = np.take_along_axis(differences, np.maximum(done.ids.decoder_targets, 0)[..., np.newaxis], axis=-1)
    assert (at_targets[..., 0][is_token] <= 0).all()
    # Of padding there is no right token: without a mask all is pushed down, and with it nothing.
    of_padding = 0 if state.lesson.model.mask_padding else 1
    np.testing.assert_allclose(differences.sum(axis=-1)[~is_token], of_padding, atol=1e-5)


def test_a_batch_weighs_its_pairs_by_their_steps(state):
    together, alone = gradients_of(state), [gradients_of(state, [row]) for row in ROWS]
    steps = forward(state, ROWS).is_scored.sum(axis=1)
    np.testing.assert_allclose(together.loss, np.average([one.loss for one in alone], weights=steps), rtol=1e-5)
    for name, values in together.weights.items():
        mean = np.average([one.weights[name] for one in alone], axis=0, weights=steps)
        np.testing.assert_allclose(values, mean, atol=1e-6, err_msg=name)


def test_the_loss_of_all_pairs_is_that_of_the_evaluation(state):
    loss = gradients_of(state, range(5)).loss
    kind = "masked" if state.lesson.model.mask_padding else "padded"
    np.testing.assert_allclose(loss, evaluate(state)[f"{kind}_loss"], rtol=1e-4)


@settings(max_examples=10)
@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["none", "dot"]), st.booleans())
def test_masked_padding_changes_nothing(source, target, attention, markers):
    start = TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(6, markers, attention=attention)))
    plain = gradients_of(start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradients, "token_ids", lambda *args: longer(token_ids(*args), source, target))
        padded = gradients_of(start)
    assert padded.loss == pytest.approx(plain.loss, rel=1e-6)
    assert_close(padded.weights, plain.weights.values(), 1e-7)
    assert not padded.differences[:, -target:].any() and not padded.decoder_h[:, -target:].any()


def longer(ids, source, target):
    """Returns ids with so many more steps of padding."""
    extra = (source, target, target)
    return Tensors(*(np.pad(a, ((0, 0), (0, n)), constant_values=PAD_ID) for a, n in zip(ids, extra, strict=True)))


def test_every_time_step_has_its_gradient(state):
    done, found = forward(state, ROWS), gradients_of(state)
    assert len(found.encoder_h) == 1 + state.lesson.model.bidirectional
    assert found.decoder_h.shape == done.ids.decoder_inputs.shape
    assert (found.decoder_h[done.is_scored] > 0).all()
    for norms in found.encoder_h:
        assert norms.shape == done.ids.encoder_inputs.shape
        assert (norms > 0).all()  # a mask passes on what comes back


def test_a_step_leaves_the_training_as_it_was(state):
    before = {name: values.copy() for name, values in state.weights.items()}
    later = take_step(state, gradients_of(state).weights, 0.01)
    assert_close(before, state.weights.values(), 0)
    assert any((later.weights[name] != before[name]).any() for name in before)
    assert gradients_of(later).loss < gradients_of(state).loss
