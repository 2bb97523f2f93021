"""The rules that end a training; patience is compared with Keras's callback."""

from types import SimpleNamespace

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import TrainingConfig
from seq2seq.classroom.stopping import epochs_without_improvement, first_stop, stop_reason

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
    for n, loss in enumerate(values, start=1):
        callback.on_epoch_end(n - 1, {"loss": loss})
        stops = callback.model.stop_training
        assert epochs_without_improvement(history[:n]) == callback.wait
        assert stop_reason(history[:n], training) == ("patience" if stops else None)
        assert first_stop(history[:n], patience) == (n if stops else None)
        if stops:
            break


@given(st.lists(st.none() | st.integers(0, 5), max_size=30), st.integers(1, 5))
def test_what_is_measured_now_and_then_is_waited_for_as_long(values, patience):
    """The held-out loss is known of some epochs only."""
    history = [{"held_out": value} if value is not None else {} for value in values]
    known = {epoch: value for epoch, value in enumerate(values, start=1) if value is not None}
    stops = (
        epoch
        for epoch, value in known.items()
        if epoch - min((e for e in known if e <= epoch), key=lambda e: (known[e], e)) >= patience
    )
    assert first_stop(history, patience, "held_out") == next(stops, None)


@given(losses, st.integers(1, 30))
def test_without_patience_only_the_epochs_count(values, epochs):
    training = TrainingConfig(epochs=epochs, patience=0)
    assert stop_reason(history_of(values), training) == ("epochs" if len(values) >= epochs else None)


@pytest.mark.parametrize(
    ("exact_match", "rules", "reason"),
    [
        (1.0, {}, "right"),
        (1.0, {"stop_when_right": False}, "patience"),
        (0.8, {}, "patience"),
        (0.8, {"patience": 3}, "epochs"),
        (0.8, {"patience": 3, "epochs": 4}, None),
    ],
)
def test_of_several_rules_the_first_is_named(exact_match, rules, reason):
    history = history_of([1, 2, 2])
    history[-1]["exact_match"] = exact_match
    assert stop_reason(history, TrainingConfig(**({"epochs": 3, "patience": 2} | rules))) == reason


def test_nothing_ends_before_it_began():
    assert stop_reason([], TrainingConfig(epochs=1, patience=1)) is None
    assert epochs_without_improvement([]) == 0
