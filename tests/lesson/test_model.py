"""The Keras model, and that NumPy and both LSTMs of the training give its numbers."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator, vectorize
from seq2seq.decoding import Context
from seq2seq.model import build_model, to_keras
from seq2seq.state import weight_shapes
from seq2seq.tensors import one_hot, token_ids
from seq2seq.vocabulary import PAD_ID

# --- The Keras model


def test_the_notebooks_parameters_layer_by_layer(notebook_lesson):
    model = build_model(notebook_lesson)
    counts = {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}
    assert counts == {"encoder": 7168, "decoder": 7296, "dense": 792}
    assert model.count_params() == 15256


@pytest.mark.parametrize("model", [ModelConfig(7), ModelConfig(3, markers=False, mask_padding=False)])
def test_our_weights_are_in_keras_order(model):
    state = TrainingState.new(Lesson(NOTEBOOK_PAIRS, model))
    keras_model = to_keras(state)
    assert [tuple(values.shape) for values in keras_model.get_weights()] == list(weight_shapes(state.lesson).values())
    layers = {
        "encoder_kernel": keras_model.get_layer("encoder").cell.kernel,
        "encoder_recurrent": keras_model.get_layer("encoder").cell.recurrent_kernel,
        "encoder_bias": keras_model.get_layer("encoder").cell.bias,
        "decoder_kernel": keras_model.get_layer("decoder").cell.kernel,
        "decoder_recurrent": keras_model.get_layer("decoder").cell.recurrent_kernel,
        "decoder_bias": keras_model.get_layer("decoder").cell.bias,
        "dense_kernel": keras_model.get_layer("dense").kernel,
        "dense_bias": keras_model.get_layer("dense").bias,
    }
    for name, variable in layers.items():
        np.testing.assert_array_equal(variable.numpy(), state.weights[name])


@pytest.mark.parametrize("mask_padding", [True, False])
def test_only_a_masking_model_has_a_mask(mask_padding):
    model = build_model(Lesson(NOTEBOOK_PAIRS, ModelConfig(2, mask_padding=mask_padding)))
    assert any(isinstance(layer, keras.layers.Masking) for layer in model.layers) == mask_padding


# --- NumPy and Keras


class KerasHeads:
    """A lesson's Keras model with its inner states to read.

    Args:
        state: whose weights.
    """

    def __init__(self, state):
        model = to_keras(state)
        _, h, c = model.get_layer("encoder").output
        all_h, last_h, last_c = model.get_layer("decoder").output
        self.encoder = quick(keras.Model(model.inputs[0], [h, c]))
        self.decoder = quick(keras.Model(model.inputs, [all_h, last_h, last_c, model.output]))
        hidden, tokens = state.lesson.model.hidden_size, len(state.lesson.target_vocabulary)
        fed, state_h, state_c = keras.Input((1, tokens)), keras.Input((hidden,)), keras.Input((hidden,))
        next_h, *states = model.get_layer("decoder")(fed, initial_state=[state_h, state_c])
        self.one_step = quick(keras.Model([fed, state_h, state_c], [model.get_layer("dense")(next_h), *states]))


def quick(model):
    """Returns the model compiled for any number of time steps."""
    shapes = [tf.TensorSpec([None, *tensor.shape[1:]]) for tensor in model.inputs]
    function = tf.function(lambda *inputs: model(list(inputs) if len(inputs) > 1 else inputs[0]), shapes)
    return lambda *inputs: [tensor.numpy() for tensor in function(*inputs)]


@pytest.fixture(scope="module")
def all_models(trained, notebook_trained):
    """States and their Keras models: an untrained one, the default lesson's, the notebook's."""
    new = TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(20)))
    states = {"new": new, "trained": trained, "notebook": notebook_trained}
    return {name: (state, KerasHeads(state)) for name, state in states.items()}


@pytest.fixture(params=["new", "trained", "notebook"])
def both(request, all_models):
    return all_models[request.param]


# One step agrees to 1e-6. Over a sentence the roundings of both add up: each is within 1e-6 of what float64 gives, and
# so are they within 2e-6 of each other. c has no bound as h has, so it is measured by its own size.
ONE_STEP, SENTENCE = 1e-6, 2e-6


def close(ours, theirs, tolerance=SENTENCE):
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=tolerance, atol=tolerance)


def test_the_context_vector_is_kerass(both):
    state, heads = both
    translator, dense = Translator(state), vectorize(state.lesson)
    all_h, all_c = heads.encoder(dense.encoder_inputs)
    for n, (source, _) in enumerate(NOTEBOOK_PAIRS):
        close(translator.context(source), [all_h[n], all_c[n]])


def test_every_step_of_the_encoder_is_kerass(both):
    state, heads = both
    rows = one_hot(Translator(state).source_ids("I'm hungry."), len(state.lesson.source_vocabulary))
    for n, step in enumerate(Translator(state).encode("I'm hungry."), start=1):
        h, c = heads.encoder(rows[np.newaxis, :n])
        close([step.state_h, step.state_c], [h[0], c[0]])


def test_every_step_of_the_decoder_is_kerass_with_the_true_target_fed(both):
    """Stepwise in NumPy, the whole sentence at once in Keras."""
    state, heads = both
    translator, ids, dense = Translator(state), token_ids(state.lesson), vectorize(state.lesson)
    decoded = [  # Keras tells h of every step but c only of the last one, so it reads each beginning of the sentences
        heads.decoder(dense.encoder_inputs, dense.decoder_inputs[:, : t + 1]) for t in range(state.lesson.target_length)
    ]
    all_h, _, _, probabilities = decoded[-1]
    for n, (source, _) in enumerate(NOTEBOOK_PAIRS):
        before = translator.context(source)
        for t, fed_id in enumerate(ids.decoder_inputs[n]):
            if fed_id == PAD_ID and state.lesson.model.mask_padding:
                break
            step = translator.decoder_step(int(fed_id), before)
            close(step.state_h, all_h[n, t])
            close(step.state_h, decoded[t][1][n])
            close(step.state_c, decoded[t][2][n])
            close(step.probabilities, probabilities[n, t])
            before = Context(step.state_h, step.state_c)


@pytest.mark.parametrize("source", ["How old are you?", "How hungry are you?"], ids=["seen", "unseen"])
def test_a_translation_step_by_step_is_kerass(both, source):
    state, heads = both
    vocabulary, translator = state.lesson.target_vocabulary, Translator(state)
    before = translator.context(source)
    all_theirs = [part[np.newaxis] for part in before]
    fed = PAD_ID if vocabulary.bos_id is None else vocabulary.bos_id
    for step in translator.steps(source):
        row = one_hot(np.array([[fed]]), len(vocabulary))
        probabilities, h, c = heads.one_step(row, *(part[np.newaxis] for part in before))
        close(step.probabilities, probabilities[0, 0], ONE_STEP)
        close([step.state_h, step.state_c], [h[0], c[0]], ONE_STEP)
        probabilities, *all_theirs = heads.one_step(row, *all_theirs)  # and on its own all the way
        close(step.probabilities, probabilities[0, 0])
        close([step.state_h, step.state_c], [part[0] for part in all_theirs])
        before, fed = Context(step.state_h, step.state_c), int(np.argmax(probabilities))
        assert step.token_id == fed


def test_in_keras_more_padding_changes_nothing(all_models):
    trained, heads = all_models["trained"]
    dense = vectorize(trained.lesson)
    longer = [np.pad(array, ((0, 0), (0, extra), (0, 0))) for array, extra in zip(dense[:2], (9, 4), strict=True)]
    close(heads.encoder(longer[0]), heads.encoder(dense.encoder_inputs))
    probabilities, more = heads.decoder(*dense[:2])[-1], heads.decoder(*longer)[-1]
    close(more[:, : trained.lesson.target_length], probabilities)


def test_where_nothing_is_known_keras_has_no_context_either(all_models):
    trained, heads = all_models["trained"]
    nothing = np.zeros((1, 4, len(trained.lesson.source_vocabulary)), np.float32)
    np.testing.assert_array_equal(heads.encoder(nothing), np.zeros((2, 1, 32)))
    np.testing.assert_array_equal(Translator(trained).context("☃☃☃☃"), np.zeros((2, 32)))


def test_without_the_mask_padding_is_read(all_models):
    """So the tests above would notice a mask that does nothing."""
    trained, heads = all_models["trained"]
    unmasked = replace(trained, lesson=replace(trained.lesson, model=ModelConfig(32, mask_padding=False)))
    dense = vectorize(trained.lesson)
    difference = heads.encoder(dense.encoder_inputs)[0] - KerasHeads(unmasked).encoder(dense.encoder_inputs)[0]
    assert np.abs(difference).max() > 0.1
    contexts = [Translator(state).context("Hello.") for state in (trained, unmasked)]
    assert np.abs(contexts[0].state_h - contexts[1].state_h).max() > 0.1
