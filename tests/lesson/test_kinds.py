"""Models with attention, and with an encoder that reads both ways: NumPy, Keras and the compiled epochs agree."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator, vectorize
from seq2seq.analysis.batched import encode_all, search_start, teacher_forced, translate_all
from seq2seq.analysis.search import beam_search
from seq2seq.cell import Memory, attend
from seq2seq.compiled import epochs
from seq2seq.compiled.lstm import fused_lstm, keras_lstm, looped_lstm
from seq2seq.decoding import Context, Encoded
from seq2seq.lesson import ATTENTIONS
from seq2seq.model import to_keras
from seq2seq.state import weight_shapes
from seq2seq.tensors import token_ids
from seq2seq.training import advance
from seq2seq.vocabulary import PAD_ID
from tests.lesson.trainings import assert_close, assert_same, lesson_of

MODELS = {
    "default": ModelConfig(12, attention="dot"),
    "unmasked": ModelConfig(12, mask_padding=False, attention="dot"),
    "bare": ModelConfig(12, markers=False, mask_padding=False, attention="dot"),
    "both ways": ModelConfig(8, bidirectional=True),
    "both ways with attention": ModelConfig(8, attention="dot", bidirectional=True),
    "both ways bare": ModelConfig(8, markers=False, mask_padding=False, attention="dot", bidirectional=True),
}


@pytest.fixture(scope="module", params=MODELS)
def state(request):
    """A model that was trained a little."""
    return advance(TrainingState.new(lesson_of(MODELS[request.param])), epochs=12)


# --- One step --------------------------------------------------------------------------------------------------------


def attended_by_hand(state_h, all_h, kernel):
    scores = np.array([h @ state_h for h in all_h], float)
    weights = np.exp(scores) / np.exp(scores).sum()
    context = sum(weight * h for weight, h in zip(weights, all_h, strict=True))
    return weights, context, np.tanh(np.concatenate([context, state_h]) @ kernel)


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_it_is_the_formula_whatever_padding_follows(hidden, steps, seed):
    rng = np.random.default_rng(seed)
    state_h, all_h, kernel = (rng.normal(size=shape) for shape in (hidden, (steps + 2, hidden), (2 * hidden, hidden)))
    seen = attend(state_h, Memory(all_h, np.arange(steps + 2) < steps), kernel)
    weights, context, output = attended_by_hand(state_h, all_h[:steps], kernel)
    np.testing.assert_allclose(seen.weights, [*weights, 0, 0], atol=1e-12)
    np.testing.assert_allclose(seen.context, context, atol=1e-12)
    np.testing.assert_allclose(seen.output, output, atol=1e-12)


def test_where_there_is_nothing_to_look_at_it_sees_zeros(state):
    translator = Translator(state)
    for encoded in (translator.encoded(""), Encoded(translator.context("Hello."))):
        assert encoded.memory is None or state.lesson.model.attention == "dot"
        if encoded.memory is None and state.lesson.model.attention == "dot":
            step = translator.decoder_step(0, encoded.context)
            assert not step.attention.weights.any()
            assert not step.attention.context.any()
            assert np.isfinite(step.probabilities).all()


# --- NumPy and Keras -------------------------------------------------------------------------------------------------


def test_weights_are_in_keras_order(state):
    model = to_keras(state)
    assert [tuple(values.shape) for values in model.get_weights()] == list(weight_shapes(state.lesson).values())
    if state.lesson.model.attention == "dot":
        kernel = model.get_layer("attention_output").kernel.numpy()
        np.testing.assert_array_equal(kernel, state.weights["attention_kernel"])
    if state.lesson.model.bidirectional:
        names = [f"encoder_backward_{part}" for part in ("kernel", "recurrent", "bias")]
        backward = model.get_layer("bidirectional").backward_layer.get_weights()
        for name, values in zip(names, backward, strict=True):
            np.testing.assert_array_equal(values, state.weights[name])
    assert model.count_params() == sum(map(np.size, state.weights.values()))


def test_every_step_is_kerass(state):
    """Stepwise in NumPy, a batch of whole sentences in Keras, with padding where the lesson has it."""
    model, translator, ids = to_keras(state), Translator(state), token_ids(state.lesson)
    all_h = model.get_layer("decoder").output[0]
    heads = [all_h, model.output]
    if state.lesson.model.attention == "dot":
        encoder_h = model.get_layer("bidirectional" if state.lesson.model.bidirectional else "encoder").output[0]
        heads.append(keras.layers.Attention(name="again")([all_h, encoder_h], return_attention_scores=True)[1])
    heads = keras.Model(model.inputs, heads)
    all_h, probabilities, *weights = (values.numpy() for values in heads(list(vectorize(state.lesson)[:2])))
    for n, (source, _) in enumerate(NOTEBOOK_PAIRS):
        before, memory = translator.encoded(source)
        for t, fed_id in enumerate(ids.decoder_inputs[n]):
            if fed_id == PAD_ID and state.lesson.model.mask_padding:
                break
            step = translator.decoder_step(int(fed_id), before, memory)
            for expected in weights:  # one or none
                looked = step.attention.weights
                np.testing.assert_allclose(looked.sum(), 1, atol=1e-6)
                np.testing.assert_allclose(looked, expected[n, t, : len(looked)], atol=2e-6)
                assert not expected[n, t, len(looked) :].any()
            np.testing.assert_allclose(step.state_h, all_h[n, t], atol=2e-6)
            np.testing.assert_allclose(step.probabilities, probabilities[n, t], atol=2e-6)
            before = Context(step.state_h, step.state_c)


# --- One sentence and many -------------------------------------------------------------------------------------------


def test_many_sentences_at_once_are_each_by_itself(state):
    translator, lesson = Translator(state), state.lesson
    sources = [pair.source for pair in lesson.pairs]
    encoded = encode_all(translator, [*sources, "", "H"])
    for n, source in enumerate([*sources, "", "H"]):
        alone, memory = translator.encoded(source)
        np.testing.assert_allclose([part[n] for part in encoded.context], alone, atol=1e-6)
        if lesson.model.attention == "dot":
            seen = encoded.memory.all_h[n][encoded.memory.is_attended[n]]
            nothing = np.empty((0, lesson.model.decoder_size))
            np.testing.assert_allclose(seen, nothing if memory is None else memory.all_h, atol=1e-6)
    prefixes = [lesson.prefix(pair.target) for pair in lesson.pairs]
    one_by_one = [translator.translate(*each) for each in zip(sources, prefixes, strict=True)]
    assert translate_all(translator, sources, prefixes) == one_by_one
    ids = token_ids(lesson)
    probabilities = teacher_forced(translator, encode_all(translator, sources), ids.decoder_inputs)
    for row, (source, target) in enumerate(lesson.pairs):
        wanted = [token for token in ids.decoder_targets[row].tolist() if token != PAD_ID]
        forced = dict(enumerate(wanted))
        steps = translator.steps(source, lesson.prefix(target), forced, max_new_tokens=len(wanted))
        for step, expected in zip(steps, probabilities[row], strict=False):
            np.testing.assert_allclose(step.probabilities, expected, atol=1e-6)


def test_one_beam_is_greedy(state):
    translator = Translator(state)
    for source, target in state.lesson.pairs:
        prefix = state.lesson.prefix(target)
        (greedy,) = beam_search(search_start(translator, source, prefix), 1).hypotheses
        given = (
            len(state.lesson.target_vocabulary.split(prefix)) - 1 if prefix and not state.lesson.model.markers else 0
        )
        steps = list(translator.steps(source, prefix))[max(0, given) :]
        assert greedy.token_ids == tuple(step.token_id for step in steps)


@settings(max_examples=20)
@given(st.text("Helo. ☃", max_size=12), st.integers(0, 5), st.sampled_from(ATTENTIONS), st.booleans())
def test_any_text_is_translated(text, seed, attention, bidirectional):
    model = ModelConfig(4, attention=attention, bidirectional=bidirectional)
    lesson = Lesson(NOTEBOOK_PAIRS, model, TrainingConfig(seed=seed))
    steps = list(Translator(TrainingState.new(lesson)).steps(text))
    assert all(np.isfinite(step.probabilities).all() for step in steps)
    assert steps[-1].stop_reason in ("eos", "length")


# --- Training --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attention", "bidirectional"),
    [
        ("dot", True),
        pytest.param("dot", False, marks=pytest.mark.long),
        pytest.param("none", True, marks=pytest.mark.long),
    ],
)
def test_its_training_is_kerass_fit(attention, bidirectional):
    """50 epochs of the notebook's lesson."""
    lesson = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    lesson = replace(lesson, model=replace(lesson.model, attention=attention, bidirectional=bidirectional))
    start = TrainingState.new(lesson)
    model, (*inputs, targets) = to_keras(start), vectorize(lesson)
    model.compile(optimizer=keras.optimizers.Adam(0.001), loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(inputs, targets, batch_size=1, epochs=50, shuffle=False, verbose=0).history
    state = advance(start, epochs=50)
    np.testing.assert_allclose([record["loss"] for record in state.history], history["loss"], atol=1e-4)
    assert_close(state.weights, model.get_weights(), 1e-3)


@pytest.mark.parametrize("name", ["both ways with attention", pytest.param("default", marks=pytest.mark.long)])
def test_masked_its_training_is_kerass_fit(name):
    """With padding left out of the encoder, of attention and of the loss, in batches of three."""
    settings = {"batch_size": 3, "clip_norm": 0.0, "shuffle": False, "learning_rate": 0.003}
    start = TrainingState.new(lesson_of(MODELS[name], **settings))
    model, (*inputs, targets) = to_keras(start), vectorize(start.lesson)
    loss = keras.losses.CategoricalCrossentropy(reduction="mean_with_sample_weight")
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss=loss)
    is_token = targets.any(axis=-1).astype("float32")
    model.fit(inputs, targets, sample_weight=is_token, batch_size=3, epochs=20, shuffle=False, verbose=0)
    assert_close(advance(start, epochs=20).weights, model.get_weights(), 1e-3)


@pytest.mark.parametrize("name", ["both ways with attention", pytest.param("default", marks=pytest.mark.long)])
@pytest.mark.parametrize("batch_size", [1, 2])
def test_every_lstm_trains_it_alike(monkeypatch, batch_size, name):
    start = TrainingState.new(lesson_of(MODELS[name], batch_size=batch_size))
    states = []
    for lstm in (fused_lstm, looped_lstm, keras_lstm):
        monkeypatch.setattr(epochs, "fastest_lstm", lambda *sizes, lstm=lstm: lstm)
        states.append(advance(start, epochs=3))
    for other in states[1:]:
        assert_close(other.weights, states[0].weights.values(), 1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_slices_are_one_advance_bit_for_bit(name):
    start = TrainingState.new(lesson_of(MODELS[name], batch_size=2))
    whole, later = advance(start, epochs=6), start
    while later.epoch < 6:
        later = advance(later, seconds=1e-9)
    assert_same(later, whole)


def test_without_attention_the_same_weights_are_drawn_as_ever():
    """A seed gives a lesson the numbers that it has always given."""
    plain = TrainingState.new(lesson_of(ModelConfig(8))).weights
    weights = TrainingState.new(lesson_of(ModelConfig(8, attention="dot"))).weights
    assert plain.keys() == weights.keys() - {"attention_kernel"}
    for name in plain:
        if not name.startswith("dense"):  # which is drawn after the attention
            np.testing.assert_array_equal(plain[name], weights[name])
