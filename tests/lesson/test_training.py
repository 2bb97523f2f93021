"""Training: its numbers are Keras's, and `advance` is one pure function however it is cut into slices."""

import itertools
import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import seq2seq.compiled.epochs as epochs_module
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator, training, vectorize
from seq2seq.compiled.lstm import fused_lstm, keras_lstm, looped_lstm
from seq2seq.limits import SETTING_RANGES
from seq2seq.state import weight_shapes
from seq2seq.tensors import token_ids
from seq2seq.training import advance, batch_order
from seq2seq.vocabulary import PAD_ID

WEIGHTS = ("weights", "adam_m", "adam_v")


def assert_same(state, other):
    """Bit for bit."""
    assert (state.lesson, state.step, state.epoch, state.batch) == (other.lesson, other.step, other.epoch, other.batch)
    assert (state.sums, state.history) == (other.sums, other.history)
    for group, name in itertools.product(WEIGHTS, weight_shapes(state.lesson)):
        np.testing.assert_array_equal(getattr(state, group)[name], getattr(other, group)[name], err_msg=name)


def assert_close(weights, keras_weights, tolerance):
    for (name, ours), theirs in zip(weights.items(), keras_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=name)


def lesson_of(model=None, **settings):
    return Lesson(NOTEBOOK_PAIRS, model or ModelConfig(8), TrainingConfig(**settings))


# --- The notebook's own fit


def plain_keras(lesson, mask):
    """The notebook's model, in its own lines; `mask` puts Masking before both LSTMs."""
    n, encoder_text_len, decoder_text_len = 32, len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    heard = keras.layers.Masking() if mask else keras.layers.Identity()
    encoder_input = keras.layers.Input(shape=(None, encoder_text_len))
    _, encoder_h, encoder_c = keras.layers.LSTM(units=n, return_state=True)(heard(encoder_input))
    decoder_input = keras.layers.Input(shape=(None, decoder_text_len))
    decoder = keras.layers.LSTM(units=n, return_sequences=True, return_state=True)
    decoder_output, _, _ = decoder(heard(decoder_input), initial_state=[encoder_h, encoder_c])
    decoder_output = keras.layers.Dense(units=decoder_text_len, activation="softmax")(decoder_output)
    return keras.models.Model([encoder_input, decoder_input], decoder_output)


@pytest.mark.parametrize(("batch_size", "epochs"), [(1, 50), (2, 8)])
def test_the_notebooks_own_fit(notebook_lesson, notebook_trained, notebook_tensors, batch_size, epochs):
    lesson = replace(notebook_lesson, training=replace(notebook_lesson.training, batch_size=batch_size))
    start = TrainingState.new(lesson)
    state = notebook_trained if lesson == notebook_lesson else advance(start, epochs=epochs)

    model = plain_keras(lesson, mask=False)
    model.set_weights(list(start.weights.values()))
    model.compile(optimizer="Adam", loss="categorical_crossentropy", metrics=["accuracy"])
    *inputs, targets = notebook_tensors(NOTEBOOK_PAIRS)
    history = model.fit(inputs, targets, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0).history
    assert len(state.history) == epochs
    for key in ("loss", "accuracy"):
        np.testing.assert_allclose([record[key] for record in state.history], history[key], rtol=0, atol=1e-4)
    assert_close(state.weights, model.get_weights(), 1e-3)
    assert history["loss"][-1] < history["loss"][0] - 0.05


# --- The masked loss


def masked_loss(targets, probabilities):
    """Cross-entropy over characters alone, by hand."""
    is_token = tf.reduce_sum(targets, axis=-1)  # (batch, time): 1, and 0 for padding
    loss = -tf.reduce_sum(targets * tf.math.log(probabilities), axis=-1)
    return tf.reduce_sum(loss * is_token) / tf.reduce_sum(is_token)


@pytest.mark.parametrize("lstm", [fused_lstm, looped_lstm])
@pytest.mark.parametrize("rows", [[0], [0, 3], [4, 2, 0, 1, 3]], ids=str)
@pytest.mark.parametrize("markers", [True, False], ids=["markers", "bare"])
def test_the_masked_loss_and_its_gradients_are_kerass(trained_a_little, markers, rows, lstm):
    state = trained_a_little[markers]
    ids, dense = ([array[rows] for array in arrays] for arrays in (token_ids(state.lesson), vectorize(state.lesson)))
    model = trained_a_little[markers, "keras"]
    with tf.GradientTape() as tape:
        probabilities = model(dense[:2])
        expected = masked_loss(dense[2], probabilities)
    expected_gradients = tape.gradient(expected, model.trainable_variables)

    loss, sums, gradients = our_loss(state, ids, True, lstm)
    hits = (np.argmax(probabilities, -1) == np.argmax(dense[2], -1)) & (ids[2] != PAD_ID)
    tokens = (ids[2] != PAD_ID).sum()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(sums, [expected * tokens, hits.sum(), tokens, 0, 0], rtol=1e-5)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=3e-6)


@pytest.fixture(scope="module")
def trained_a_little():
    """With and without markers, a masked lesson after 15 epochs: some characters are right and some wrong by then."""
    states = {}
    for markers in (True, False):
        states[markers] = advance(TrainingState.new(lesson_of(ModelConfig(32, markers))), epochs=15)
        states[markers, "keras"] = plain_keras(states[markers].lesson, mask=True)
        states[markers, "keras"].set_weights(list(states[markers].weights.values()))
    return states


def our_loss(state, ids, masked, lstm):
    """Returns loss, sums, and the gradients as Keras orders them."""
    names, change = weight_shapes(state.lesson), epochs_module._swap_gates if lstm is fused_lstm else dict
    row = np.concatenate([change(state.weights)[name].ravel() for name in names])
    shapes = [shape.numpy() for shape in epochs_module._weight_shapes(epochs_module._sizes(state.lesson))]
    parts = np.split(row, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    parts = [tf.constant(part.reshape(shape)) for part, shape in zip(parts, shapes, strict=True)]
    with tf.GradientTape() as tape:
        tape.watch(parts)
        ids = (tf.constant(x, tf.int32) for x in ids)
        loss, sums, scored = epochs_module._loss(parts, *ids, tf.constant(masked), lstm)
        loss /= tf.cast(scored, tf.float32)
    row = np.concatenate([tf.reshape(gradient, [-1]) for gradient in tape.gradient(loss, parts)])
    gradients = np.split(row, np.cumsum([np.prod(shape) for shape in names.values()])[:-1])
    gradients = {name: part.reshape(names[name]) for name, part in zip(names, gradients, strict=True)}
    return loss, sums, list(change(gradients).values())


def pad(ids, source=7, target=5):
    extra = (source, target, target)
    return [np.pad(x, ((0, 0), (0, n)), constant_values=PAD_ID) for x, n in zip(ids, extra, strict=True)]


@pytest.mark.parametrize("lstm", [fused_lstm, looped_lstm])
def test_masked_more_padding_changes_neither_loss_nor_gradient(trained_a_little, lstm):
    state = trained_a_little[True]
    ids = token_ids(state.lesson)
    for ours, theirs in zip(our_loss(state, ids, True, lstm), our_loss(state, pad(ids), True, lstm), strict=True):
        for a, b in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
            np.testing.assert_array_equal(a, b)
    unmasked = [our_loss(state, x, False, lstm)[0] for x in (ids, pad(ids))]
    assert abs(unmasked[0] - unmasked[1]) > 0.01  # where nothing is masked it does


@pytest.mark.parametrize("hidden_size", [8, 128], ids=["fused", "looped"])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_masked_more_padding_changes_no_weight(monkeypatch, hidden_size, batch_size):
    start = TrainingState.new(lesson_of(ModelConfig(hidden_size), batch_size=batch_size))
    plain = advance(start, epochs=2)
    padded = [tf.constant(x, tf.int32) for x in pad(token_ids(start.lesson))]
    monkeypatch.setattr(training, "_data", lambda lesson: padded)
    assert_same(advance(start, epochs=2), plain)


def test_masked_the_loss_of_an_epoch_is_the_mean_over_its_characters(trained_a_little, monkeypatch):
    """Not over its batches, of which the last one is smaller, and not over its sentences."""
    monkeypatch.setitem(SETTING_RANGES, "learning_rate", (0, 1))  # at 0 all batches are of the same model
    state = trained_a_little[True]
    records = []
    for batch_size in (1, 2, 3, 5):
        settings = replace(state.lesson.training, batch_size=batch_size, learning_rate=0)
        later = advance(replace(state, lesson=replace(state.lesson, training=settings)), epochs=1)
        records.append(later.history[-1])
    for record in records:
        np.testing.assert_allclose(record["loss"], records[0]["loss"], rtol=1e-3)
        assert record["accuracy"] == records[0]["accuracy"]
    ids = token_ids(state.lesson)
    sentences = [our_loss(state, [array[[n]] for array in ids], True, fused_lstm)[0] for n in range(5)]
    assert abs(np.mean(sentences) / records[0]["loss"] - 1) > 0.01


# --- Adam


def test_adam_is_kerass():
    rng = np.random.default_rng(3)
    weights = tf.constant(rng.normal(size=34), tf.float32)
    m = v = tf.zeros(34)
    variable, optimizer = keras.Variable(weights), keras.optimizers.Adam(0.003)
    for step in range(1, 21):
        gradient = tf.constant(rng.normal(0, 10.0 ** rng.integers(-6, 3), 34), tf.float32)
        optimizer.apply([gradient], [variable])
        move, m, v = epochs_module._adam(m, v, gradient, float(step), 0.003)
        weights -= move
        np.testing.assert_allclose(weights, variable, rtol=1e-6, atol=1e-6)


def test_steps_are_those_of_kerass_adam_with_the_global_norm_clipped():
    """Masked, shuffled and clipped: the default lesson against Masking, a loss by hand and Keras's optimizer."""
    start = TrainingState.new(lesson_of(ModelConfig(32), clip_norm=0.3, batch_size=2, seed=4))
    state, dense = advance(start, epochs=3), vectorize(start.lesson)
    model = plain_keras(start.lesson, mask=True)
    model.set_weights(list(start.weights.values()))
    optimizer = keras.optimizers.Adam(0.01, global_clipnorm=0.3)

    @tf.function(input_signature=[tf.TensorSpec([None, None, array.shape[-1]]) for array in dense])
    def take_step(inputs, heard, said):
        with tf.GradientTape() as tape:
            loss = masked_loss(said, model([inputs, heard]))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss * tf.reduce_sum(said), tf.reduce_sum(said), tf.linalg.global_norm(gradients)

    norms = []
    for epoch in range(3):
        results = []
        for rows in batch_order(start.lesson, epoch):
            results.append([x.numpy() for x in take_step(*(tf.constant(x[rows[rows >= 0]]) for x in dense))])
        losses, tokens, more_norms = np.transpose(results)
        norms.extend(more_norms)
        np.testing.assert_allclose(state.history[epoch]["loss"], losses.sum() / tokens.sum(), rtol=1e-4)
    assert_close(state.weights, model.get_weights(), 1e-4)
    assert min(norms) > 0.3  # so every step was clipped
    assert state.step == len(norms)


# --- The default lesson


@pytest.mark.parametrize("seed", range(10))
def test_the_default_lesson_is_learned_from_every_seed(seed, trained):
    lesson = Lesson(pairs=NOTEBOOK_PAIRS, model=ModelConfig(hidden_size=32), training=TrainingConfig(seed=seed))
    state = trained if lesson == trained.lesson else advance(TrainingState.new(lesson), epochs=150)
    translator = Translator(state)
    assert [translator.translate(source) for source, _ in NOTEBOOK_PAIRS] == [target for _, target in NOTEBOOK_PAIRS]
    assert (state.epoch, state.step, state.batch, state.sums) == (150, 750, 0, ())
    assert [record["epoch"] for record in state.history] == list(range(1, 151))
    assert {"epoch", "loss", "accuracy"} <= set(state.history[-1])
    assert state.history[-1]["accuracy"] == 1
    assert state.history[-1]["loss"] < 0.1 < state.history[0]["loss"]


def test_what_a_page_gets_is_plain_numbers(trained):
    for record in trained.history:
        assert {type(value) for value in record.values()} <= {int, float}
    for group, (name, shape) in itertools.product(WEIGHTS, weight_shapes(trained.lesson).items()):
        values = getattr(trained, group)[name]
        assert isinstance(values, np.ndarray)
        assert (values.shape, values.dtype) == (shape, np.float32)


# --- One pure function


def test_fifty_slices_of_an_epoch_are_one_advance_bit_for_bit():
    state = start = TrainingState.new(lesson_of(ModelConfig(32)))
    assert start.lesson.training.shuffle
    for _ in range(50):
        state = advance(state, epochs=1)
    assert_same(state, advance(start, epochs=50))


@pytest.mark.parametrize(
    "lesson",
    [lesson_of(), lesson_of(batch_size=2), lesson_of(ModelConfig(128)), Lesson.as_in_notebook(NOTEBOOK_PAIRS)],
    ids=["default", "batches of two", "looped", "notebook"],
)
def test_slices_that_end_within_an_epoch_are_one_advance_bit_for_bit(monkeypatch, lesson):
    start = TrainingState.new(lesson)
    whole = advance(start, epochs=6)
    monkeypatch.setattr(training, "_CALL_SECONDS", 0)  # a batch per call of the compiled function
    state, batches = start, []
    while state.epoch < 6:
        state = pickle.loads(pickle.dumps(advance(state, seconds=1e-9)))  # as it travels between machines
        batches.append(state.batch)
    assert_same(state, whole)
    in_an_epoch = -(-5 // lesson.training.batch_size)
    assert batches == [*range(1, in_an_epoch), 0] * 6


@settings(max_examples=10)
@given(st.lists(st.one_of(st.integers(1, 3), st.just(None)), max_size=12), st.sampled_from([0, 0.005, 0.1]))
def test_slices_of_any_kind_are_one_advance_bit_for_bit(slices, call_seconds):
    start = TrainingState.new(lesson_of())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_CALL_SECONDS", call_seconds)
        state = start
        for epochs in slices:
            state = advance(state, seconds=1e-9) if epochs is None else advance(state, epochs=epochs)
        if state.batch:
            state = advance(state, epochs=1)  # the one under way counts as the first
    assert_same(state, advance(start, epochs=state.epoch) if state.epoch else start)


def test_whichever_ends_first():
    start = TrainingState.new(lesson_of())
    assert advance(start, epochs=2, seconds=1000).epoch == 2
    assert advance(start, epochs=1000, seconds=1e-9).step == 1  # the first call of the compiled function is a batch


def test_the_old_state_is_left_as_it_was():
    state = advance(TrainingState.new(lesson_of()), epochs=2)
    before = pickle.dumps(state)
    copies = pickle.loads(before)
    later = advance(state, epochs=3)
    assert_same(state, copies)
    assert (later.epoch, later.step, len(later.history)) == (5, 25, 5)
    assert later.history[:2] == state.history
    for group, name in itertools.product(WEIGHTS, state.weights):
        assert (getattr(later, group)[name] != getattr(state, group)[name]).any()
        assert not np.shares_memory(getattr(later, group)[name], getattr(state, group)[name])


def test_two_trainings_do_not_disturb_each_other():
    """Not even interleaved in one process, and whatever Keras's global seed."""
    one = other = TrainingState.new(lesson_of(seed=1))
    two = TrainingState.new(lesson_of(ModelConfig(5, markers=False), seed=2))
    for seed in range(4):
        keras.utils.set_random_seed(seed)
        one, two = advance(one, epochs=1), advance(two, epochs=1)
    assert_same(one, advance(other, epochs=4))


def test_a_seed_decides_everything():
    first, again, other = (advance(TrainingState.new(lesson_of(seed=seed)), epochs=3) for seed in (1, 1, 2))
    assert_same(first, again)
    assert first.history != other.history
    assert (first.weights["dense_kernel"] != other.weights["dense_kernel"]).any()


@pytest.mark.parametrize("patience", [0, 1])
def test_rules_that_end_a_training_are_the_callers(patience):
    state = advance(TrainingState.new(lesson_of(epochs=1, patience=patience)), epochs=3)
    assert state.epoch == 3


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"epochs": 0},
        {"epochs": -1},
        {"seconds": -1.0},
        {"epochs": 0, "seconds": 1.0},
        {"epochs": 1, "seconds": -1.0},
        {"seconds": 0},
        {"epochs": 1, "seconds": float("nan")},
        {"epochs": 1.5, "seconds": 1e-9},
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=r"epochs|seconds"):
        advance(TrainingState.new(lesson_of()), **arguments)


def test_a_new_learning_rate_goes_on_from_the_same_weights():
    state = advance(TrainingState.new(lesson_of()), epochs=5)

    def resume(learning_rate):
        lesson = replace(state.lesson, training=replace(state.lesson.training, learning_rate=learning_rate))
        later = advance(replace(state, lesson=lesson), epochs=2)
        assert (later.epoch, later.step, later.history[:5]) == (7, 35, state.history)
        return max(np.abs(later.weights[name] - values).max() for name, values in state.weights.items())

    assert 0 < resume(0.0001) < 0.002  # ten steps, each at most about the learning rate
    assert resume(0.01) > 0.01
    assert_same(advance(replace(state, lesson=lesson_of()), epochs=2), advance(state, epochs=2))


TARGETS_OF_ONE = {
    "all": (("a", "b"), ("b", "a")),
    "one": (("a", "b"), ("b", "ab")),
}


@pytest.mark.parametrize(
    ("pairs", "hidden_size"),
    [(TARGETS_OF_ONE["all"], 8), (TARGETS_OF_ONE["all"], 128), (TARGETS_OF_ONE["one"], 128)],
)
def test_a_target_of_one_character_without_markers_is_trained_or_refused_in_words(pairs, hidden_size):
    try:
        lesson = Lesson(pairs, ModelConfig(hidden_size, markers=False, mask_padding=True))
    except ValueError:
        return
    state = advance(TrainingState.new(lesson), epochs=2)
    assert np.isfinite([record["loss"] for record in state.history]).all()
    assert all(np.isfinite(values).all() for values in state.weights.values())


@pytest.mark.parametrize("model", [ModelConfig(1), ModelConfig(128), ModelConfig(4, markers=False, mask_padding=False)])
def test_a_pair_of_one_character_each_is_trained(model):
    state = advance(TrainingState.new(Lesson((("a", "b"),), model)), epochs=30)
    assert state.history[-1]["accuracy"] == 1
    assert Translator(state).translate("a") == "b"


# --- Callbacks


class Recorder(keras.callbacks.Callback):
    """Writes down what it is told.

    Args:
        stop_after: end the training after this many epochs.
        stop_at_batch: or after the first batches.
    """

    def __init__(self, stop_after=None, stop_at_batch=False):
        super().__init__()
        self.told, self.logs = [], []
        self.stop_after, self.stop_at_batch = stop_after, stop_at_batch

    def on_train_begin(self, logs=None):
        self.told.append("train")

    def on_train_end(self, logs=None):
        self.told.append("end of train")

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(f"end of epoch {epoch}")
        self.logs.append(logs)
        if epoch + 1 == self.stop_after:
            self.model.stop_training = True

    def on_train_batch_end(self, batch, logs=None):
        if self.stop_at_batch:
            self.model.stop_training = True


def epochs_told(first, last):
    return [words for n in range(first, last) for words in (f"epoch {n}", f"end of epoch {n}")]


def test_callbacks_see_each_epoch_once_and_in_order():
    recorder = Recorder()
    state = advance(TrainingState.new(lesson_of()), epochs=3, callbacks=[recorder])
    assert recorder.told == ["train", *epochs_told(0, 3), "end of train"]
    assert recorder.logs == list(state.history)
    state = advance(state, epochs=2, callbacks=[recorder])
    assert recorder.told[8:] == ["train", *epochs_told(3, 5), "end of train"]
    assert recorder.logs == list(state.history)


def test_callbacks_see_each_epoch_once_in_slices_too(monkeypatch):
    monkeypatch.setattr(training, "_CALL_SECONDS", 0)
    recorder, state, slices = Recorder(), TrainingState.new(lesson_of()), 0
    while state.epoch < 3:
        state = advance(state, seconds=1e-9, callbacks=[recorder])
        slices += 1
    assert slices == 15
    assert [words for words in recorder.told if "epoch" in words] == epochs_told(0, 3)
    assert recorder.logs == list(state.history)


def test_callbacks_change_no_number():
    start = TrainingState.new(lesson_of())
    assert_same(advance(start, epochs=3, callbacks=[Recorder(), keras.callbacks.Callback()]), advance(start, epochs=3))


def test_a_callback_can_stop_after_an_epoch_and_all_that_was_learned_is_kept():
    start, recorder = TrainingState.new(lesson_of()), Recorder(stop_after=3)
    state = advance(start, epochs=50, callbacks=[recorder])
    assert recorder.told == ["train", *epochs_told(0, 3), "end of train"]
    assert_same(state, advance(start, epochs=3))
    assert advance(state, epochs=1).epoch == 4  # and it can go on


def test_a_callback_can_stop_within_an_epoch(monkeypatch):
    start = TrainingState.new(lesson_of())
    whole = advance(start, epochs=1)
    monkeypatch.setattr(training, "_CALL_SECONDS", 0)
    stopped = advance(start, epochs=50, callbacks=[Recorder(stop_at_batch=True)])
    assert (stopped.epoch, stopped.batch, stopped.step) == (0, 1, 1)
    assert_same(advance(stopped, epochs=1), whole)


def test_early_stopping_of_keras_itself_works():
    early = keras.callbacks.EarlyStopping(monitor="loss", patience=2)
    still = lesson_of(learning_rate=0.0001, shuffle=False)
    state = advance(TrainingState.new(still), epochs=5, callbacks=[early])
    assert state.epoch == 5  # the loss still falls
    early = keras.callbacks.EarlyStopping(monitor="loss", patience=2, min_delta=1)
    assert advance(TrainingState.new(still), epochs=50, callbacks=[early]).epoch == 3


def test_a_callback_ends_it_at_its_epoch_though_a_call_trains_on_several(monkeypatch):
    start = advance(TrainingState.new(lesson_of()), epochs=32)
    call, epochs_of_calls = training._call, []

    def noted_call(*args, **settings):
        epochs_of_calls.append(len(args[-1]))
        return call(*args, **settings)

    class StopAt34(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch + 1 == 34

    monkeypatch.setattr(training, "_call", noted_call)
    monkeypatch.setattr(training, "_CALL_SECONDS", 3600)  # the second call takes all the epochs that are left
    stopped = advance(start, epochs=10, callbacks=[StopAt34()])
    assert epochs_of_calls == [1, 10, 2]
    assert_same(stopped, advance(start, epochs=2))


# --- The order of the pairs


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**31 - 1), st.integers(0, 10_000), st.booleans())
def test_an_epoch_has_every_pair_exactly_once(pairs, batch_size, seed, epoch, shuffle):
    lesson = Lesson((("a", "b"),) * pairs, training=TrainingConfig(batch_size=batch_size, seed=seed, shuffle=shuffle))
    order = batch_order(lesson, epoch)
    assert order.shape == (-(-pairs // batch_size), batch_size)
    rows = [row for batch in order.tolist() for row in batch if row >= 0]
    assert sorted(rows) == list(range(pairs))
    assert min(map(max, order.tolist())) >= 0  # no batch is empty
    assert shuffle or rows == list(range(pairs))
    np.testing.assert_array_equal(order, batch_order(lesson, epoch))


def test_masked_a_batch_has_pairs_of_like_length():
    """So few of its time steps are padding. Without a mask padding is trained on, and any order costs the same."""
    pairs = tuple(("a" * (1 + n % 25), "b" * (1 + n % 25)) for n in range(200))
    training = TrainingConfig(batch_size=8)
    spread = {}
    for masked in (True, False):
        lesson = Lesson(pairs, ModelConfig(mask_padding=masked), training)
        batches = lesson.lengths.sum(axis=1)[batch_order(lesson, epoch=3)]  # (batches, batch size)
        spread[masked] = np.ptp(batches, axis=1).mean()
        assert not np.array_equal(batches, np.sort(batches.ravel()).reshape(batches.shape))  # in no order of length
    assert spread[True] < spread[False] / 3


def test_every_epoch_and_every_seed_has_another_order():
    def order(seed, epoch, shuffle=True):
        training = TrainingConfig(seed=seed, shuffle=shuffle)
        return tuple(batch_order(Lesson((("a", "b"),) * 30, training=training), epoch).ravel())

    assert len({order(seed, epoch) for seed in range(5) for epoch in range(5)}) == 25
    assert len({order(seed, epoch, shuffle=False) for seed in range(5) for epoch in range(5)}) == 1


# --- Which LSTM


def test_every_lstm_trains_alike(monkeypatch):
    start = TrainingState.new(lesson_of(batch_size=2))
    sizes = epochs_module._sizes(start.lesson)
    states = []
    for lstm, *fixed in ([fused_lstm, 1], [looped_lstm, 1], [keras_lstm(*sizes), 1, sizes]):
        monkeypatch.setattr(epochs_module, "_lstm_for", lambda lesson, lstm=lstm: lstm)
        states.append(advance(start, epochs=3))
        assert epochs_module._compiled(lstm, *fixed).experimental_get_tracing_count() == 1
    for state in states[1:]:
        assert_close(state.weights, states[0].weights.values(), 1e-4)


@pytest.mark.parametrize("masked", [True, False], ids=["masked", "unmasked"])
def test_halves_of_a_batch_train_as_the_whole(monkeypatch, masked):
    """Also where a batch is a single pair, of which one half is nothing."""
    monkeypatch.setattr(epochs_module, "_lstm_for", lambda lesson: looped_lstm)
    start = TrainingState.new(lesson_of(ModelConfig(8, mask_padding=masked), batch_size=2))
    states = []
    for least in (1, 1000):
        monkeypatch.setattr(epochs_module, "_HALVED", least)
        states.append(advance(start, epochs=3))
    assert_close(states[0].weights, states[1].weights.values(), 1e-5)
    np.testing.assert_allclose(*([record["loss"] for record in state.history] for state in states), rtol=1e-5)


def test_each_lstm_is_compiled_once_for_every_lesson():
    for model in (ModelConfig(3), ModelConfig(9, markers=False), ModelConfig(4, mask_padding=False)):
        advance(TrainingState.new(lesson_of(model, batch_size=2)), epochs=1)
    assert epochs_module._compiled(fused_lstm, 1).experimental_get_tracing_count() == 1
