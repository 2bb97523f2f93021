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

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator, training, vectorize
from seq2seq.analysis import metrics
from seq2seq.compiled.epochs import epoch_trainer
from seq2seq.state import weight_shapes
from seq2seq.training import advance
from tests.lesson.trainings import WEIGHTS, assert_close, assert_same, lesson_of, plain_keras

# --- The notebook's own fit


def test_the_notebooks_own_fit(notebook_lesson, notebook_trained):
    """50 epochs as in the notebook, and from there 8 more in batches of two, of which the last one is smaller."""
    model = plain_keras(notebook_lesson, mask=False)
    model.set_weights(list(TrainingState.new(notebook_lesson).weights.values()))
    model.compile(optimizer="Adam", loss="categorical_crossentropy", metrics=["accuracy"])
    *inputs, targets = vectorize(notebook_lesson)  # test_tensors.py: they are the notebook's own
    # As a data set, for arrays would be compiled for each size of a batch, and made into one anew for each epoch.
    pairs = tf.data.Dataset.from_tensor_slices((tuple(inputs), targets))
    by_two = replace(notebook_lesson, training=replace(notebook_lesson.training, batch_size=2))
    later = advance(replace(notebook_trained, lesson=by_two), epochs=8)
    for state, batch_size, epochs, steps in ((notebook_trained, 1, 50, 5), (later, 2, 8, 3)):
        batches = pairs.batch(batch_size).repeat()
        history = model.fit(batches, steps_per_epoch=steps, epochs=epochs, shuffle=False, verbose=0).history
        for key in ("loss", "accuracy"):
            ours = [record[key] for record in state.history[-epochs:]]
            np.testing.assert_allclose(ours, history[key], rtol=0, atol=1e-4)
        assert_close(state.weights, model.get_weights(), 1e-3)
        assert history["loss"][-1] < history["loss"][0]


# --- The default lesson


@pytest.mark.parametrize("seed", range(6))
def test_the_default_lesson_is_learned_from_every_seed(seed, trained):
    lesson = Lesson(pairs=NOTEBOOK_PAIRS, model=ModelConfig(hidden_size=32), training=TrainingConfig(seed=seed))
    state = trained if lesson == trained.lesson else advance(TrainingState.new(lesson), epochs=80)
    translator = Translator(state)
    assert [translator.translate(source) for source, _ in NOTEBOOK_PAIRS] == [target for _, target in NOTEBOOK_PAIRS]
    assert (state.step, state.batch, state.sums, state.evaluation) == (5 * state.epoch, 0, (), ())
    assert [record["epoch"] for record in state.history] == list(range(1, state.epoch + 1))
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


@pytest.mark.parametrize("batch_size", [1, 5])  # 5: a call goes on into the next epoch
def test_a_slice_waits_for_one_batch_of_the_evaluation_and_the_next_goes_on_with_it(monkeypatch, trained, batch_size):
    """Of a lesson that is known, every sentence is evaluated: of 80,000 that takes minutes."""
    still = replace(trained.lesson, training=TrainingConfig(batch_size=batch_size, learning_rate=0.0001))
    start = replace(trained, lesson=still, step=0, epoch=0, history=(), checkpoints=())
    monkeypatch.setattr(metrics, "MAX_EVALUATED", 2)
    whole = advance(start, epochs=2)
    counted, count_batch = [], metrics.count_batch
    monkeypatch.setattr(metrics, "count_batch", lambda *args: counted.append(len(args[1])) or count_batch(*args))
    monkeypatch.setattr(training, "_CALL_SECONDS", 0)
    state, recorder = start, Recorder()
    while state.epoch < 2:
        told, before = len(recorder.logs), len(counted)
        state = advance(state, epochs=2 - state.epoch, seconds=1e-9, callbacks=[recorder])
        state = pickle.loads(pickle.dumps(state))  # as it travels between machines
        assert len(counted) - before <= 1 + len(recorder.logs) - told  # the end of one, and the first of the next epoch
    assert counted == [2, 2, 1] * 2
    assert [words for words in recorder.told if "epoch" in words] == epochs_told(0, 2)
    assert recorder.logs == list(state.history)
    assert [len(outputs) for outputs in recorder.outputs] == [1, 1]  # of the last batch; of the others earlier calls
    assert [(record["exact_match"], record["evaluated"]) for record in state.history] == [(1, 5)] * 2
    assert_same(state, whole)


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
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        one, two = advance(one, epochs=1), advance(two, epochs=1)
    assert_same(one, advance(other, epochs=2))


def test_a_seed_decides_everything():
    first, again, other = (advance(TrainingState.new(lesson_of(seed=seed)), epochs=3) for seed in (1, 1, 2))
    assert_same(first, again)
    assert first.history != other.history
    assert (first.weights["dense_kernel"] != other.weights["dense_kernel"]).any()


def test_rules_that_end_a_training_are_the_callers():
    assert advance(TrainingState.new(lesson_of(epochs=1, patience=1)), epochs=3).epoch == 3


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


@pytest.mark.parametrize(("other_target", "hidden_size"), [("a", 8), ("a", 128), ("ab", 128)])
def test_a_target_of_one_character_without_markers_is_trained(other_target, hidden_size):
    pairs = (("a", "b"), ("b", other_target))
    lesson = Lesson(pairs, ModelConfig(hidden_size, markers=False, mask_padding=True))
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
        self.told, self.logs, self.outputs = [], [], []
        self.stop_after, self.stop_at_batch = stop_after, stop_at_batch

    def on_train_begin(self, logs=None):
        self.told.append("train")

    def on_train_end(self, logs=None):
        self.told.append("end of train")

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(f"end of epoch {epoch}")
        self.outputs.append(dict(logs.pop("outputs")))
        self.logs.append(logs)
        if epoch + 1 == self.stop_after:
            self.model.stop_training = True

    def on_train_batch_end(self, batch, logs=None):
        if self.stop_at_batch:
            self.model.stop_training = True


def epochs_told(first, last):
    return [words for n in range(first, last) for words in (f"epoch {n}", f"end of epoch {n}")]


def test_callbacks_see_each_epoch_once_and_in_order():
    start, recorder = TrainingState.new(lesson_of()), Recorder()
    state = advance(start, epochs=3, callbacks=[recorder, keras.callbacks.Callback()])
    assert_same(state, advance(start, epochs=3))  # they change no number
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
    epochs_of_calls = []

    def noted_trainer(lesson):
        train = epoch_trainer(lesson)

        def noted(optimizer, sums, orders):
            epochs_of_calls.append(len(orders))
            return train(optimizer, sums, orders)

        return noted

    class StopAt34(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch + 1 == 34

    monkeypatch.setattr(training, "epoch_trainer", noted_trainer)
    monkeypatch.setattr(training, "_CALL_SECONDS", 3600)  # the second call takes all the epochs that are left
    stopped = advance(start, epochs=10, callbacks=[StopAt34()])
    assert epochs_of_calls == [1, 10, 2]
    assert_same(stopped, advance(start, epochs=2))
