"""The rules that end a training, compared with Keras's callback."""

from types import SimpleNamespace

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import TrainingConfig
from seq2seq.classroom.stopping import epochs_without_improvement, stop_reason

few_values = st.sampled_from([0.5, 1.0, 1.5, 2.0])  # so that a loss often equals the best one
normal_floats = st.floats(0, 2**20, width=32, allow_subnormal=False)  # Keras compares them as float32
losses = st.lists(few_values | normal_floats, max_size=25)


def history_of(values):
    return [{"epoch": n, "loss": loss, "accuracy": 0.5} for n, loss in enumerate(values, start=1)]


@given(losses, st.integers(1, 8))
def test_patience_is_keras_early_stopping(values, patience):
    callback = keras.callbacks.EarlyStopping(monitor="loss", patience=patience)
    callback.set_model(SimpleNamespace(stop_training=False))
    callback.on_train_begin()
    training = TrainingConfig(epochs=1000, patience=patience)
    history = history_of(values)
    for n, loss in enumerate(values):
        callback.on_epoch_end(n, {"loss": loss})
        assert epochs_without_improvement(history[: n + 1]) == callback.wait
        assert stop_reason(history[: n + 1], training) == ("patience" if callback.model.stop_training else None)
        if callback.model.stop_training:
            break


@given(losses, st.integers(1, 30))
def test_without_patience_only_the_epochs_count(values, epochs):
    training = TrainingConfig(epochs=epochs, patience=0)
    assert stop_reason(history_of(values), training) == ("epochs" if len(values) >= epochs else None)


def test_nothing_ends_before_it_began():
    assert stop_reason([], TrainingConfig(epochs=1, patience=1)) is None
    assert epochs_without_improvement([]) == 0


def test_where_both_rules_hold_patience_is_named():
    assert stop_reason(history_of([1, 2, 2]), TrainingConfig(epochs=3, patience=2)) == "patience"
    assert stop_reason(history_of([1, 2, 2]), TrainingConfig(epochs=3, patience=3)) == "epochs"


def test_an_equal_loss_is_no_improvement():
    assert epochs_without_improvement(history_of([2, 1, 1, 1])) == 2


@pytest.mark.parametrize("values", [[3, 2, 1], [1], [5, 6, 4.9]])
def test_a_new_best_starts_the_count_anew(values):
    assert epochs_without_improvement(history_of(values)) == 0
