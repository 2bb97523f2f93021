"""The engine with a worker that trains. All tests share it, so that runs take turns."""

import dataclasses
import gc
import pickle
import sys
import threading
import time
import weakref

import cloudpickle
import numpy as np
import psutil
import pytest

from seq2seq import Translator
from seq2seq.analysis.checkpoints import is_checkpoint
from seq2seq.classroom import engine as engine_module
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import stop_reason
from seq2seq.takeaway.keras_file import to_keras_file
from tests.classroom.engines import (
    ENDLESS,
    HeardEngine,
    is_alive,
    is_worker,
    new_state,
    own_client,
    start_light_cluster,
    wait_for,
    wait_until,
    with_epochs,
)

ONE_BATCH = 1e-6  # seconds of a slice that is over after its first batch, on any machine

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import what is here


@pytest.fixture(scope="module")
def engine():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module, "start_cluster", start_light_cluster)
        engine = HeardEngine()
        yield engine
        engine.close()


@pytest.fixture(scope="module")
def train_in_one_go(engine):
    """Trains a state until its rules end it, by one `advance`, on the engine's own worker while it is free."""
    wait_until(lambda: engine.ready)
    with own_client(engine) as client:
        yield lambda state: client.submit(_train_in_one_go, client.submit(pickle.loads, pickle.dumps(state))).result()


def _train_in_one_go(state):
    from seq2seq.training import advance  # noqa: PLC0415

    training = state.lesson.training
    last = advance(state, epochs=training.epochs - state.epoch)
    epochs = next(n for n in range(1, training.epochs + 1) if stop_reason(last.history[:n], training))
    return last if epochs == training.epochs else advance(state, epochs=epochs - state.epoch)


def assert_same(state, expected):
    """Asserts that two states are equal, bit for bit."""
    for name in ("weights", "adam_m", "adam_v"):
        for key, values in getattr(expected, name).items():
            np.testing.assert_array_equal(getattr(state, name)[key], values, f"{name} {key}")
    for name in ("lesson", "step", "epoch", "batch", "sums", "history"):
        assert getattr(state, name) == getattr(expected, name), name


# --- Slices


@pytest.mark.parametrize("seconds", [1000, ONE_BATCH])
def test_slices_give_the_numbers_of_one_go_and_every_epoch_is_streamed(engine, train_in_one_go, monkeypatch, seconds):
    monkeypatch.setattr(engine_module, "SLICE_SECONDS", seconds)
    state = new_state(epochs=20, batch_size=2)  # three batches an epoch
    run = engine.submit(state)
    wait_for(run)
    assert (run.status, run.stop_reason, run.error, run.queue_position) == ("finished", "epochs", None, 0)
    assert_same(run.state, train_in_one_go(state))
    assert run.history == list(run.state.history)
    assert [record["epoch"] for record in run.history] == list(range(1, 21))
    assert [epoch for epoch, _ in run.state.checkpoints] == [n for n in range(1, 21) if is_checkpoint(n)]
    assert all(("exact_match" in record) == is_checkpoint(record["epoch"]) for record in run.history)
    assert state.epoch == 0 and run.seconds_trained > 0 and run.seconds_left is None
    assert run.outputs and run.outputs.keys() <= dict(run.state.checkpoints).keys()  # a late message is not heard
    for epoch, outputs in run.outputs.items():
        translator = Translator(run.state.at(epoch))
        assert outputs == {source: translator.translate(source) for source, _ in run.state.lesson.pairs}

    heard = engine.heard_of(run)
    assert {(moment.status, moment.queue_position) for moment in heard} == {("training", 0)}
    assert all(moment.history == run.history[: len(moment.history)] for moment in heard)  # none twice, none changed
    whole = {"epoch", "evaluated"}  # pages count with them
    told = [record for moment in heard for record in moment.history]
    assert all(isinstance(record[name], int) for record in told for name in whole & set(record))
    assert any(len(moment.history) > moment.state.epoch for moment in heard)  # before the slice came back
    if seconds == ONE_BATCH:
        assert run._slice > 20  # so slices ended within epochs
        assert {0 < moment.epoch_progress < 1 for moment in heard} == {True, False}


def test_patience_ends_a_run_after_exactly_its_epoch_and_for_good(engine, train_in_one_go, monkeypatch):
    noted = []
    monkeypatch.setattr(engine_module.measured, "note", noted.append)
    state = new_state(epochs=200, learning_rate=0.1, patience=4)
    run = engine.submit(state)
    wait_for(run)
    assert (run.status, run.stop_reason) == ("finished", "patience")
    assert run.state.epoch < 200
    assert_same(run.state, train_in_one_go(state))
    again = engine.submit(run.state)
    wait_for(again)
    assert (again.status, again.stop_reason) == ("finished", "patience")
    assert again.state is run.state and again.id != run.id
    assert noted == [run]  # which was trained, with the time that it took


def test_a_paused_run_keeps_what_was_learned_and_can_be_resumed(engine, train_in_one_go):
    run = engine.submit(new_state(ENDLESS))
    wait_until(lambda: run._slice > 2)
    engine.pause(run)
    wait_for(run)
    assert (run.status, run.stop_reason) == ("paused", None)
    assert run.state.epoch > 0
    assert run.history == list(run.state.history)

    epochs = run.state.epoch + 20
    resumed = engine.submit(with_epochs(run.state, epochs))
    assert resumed.history == run.history
    wait_for(resumed)
    assert resumed.status == "finished"
    assert_same(resumed.state, train_in_one_go(new_state(epochs)))


def test_a_run_is_resumed_for_some_epochs_whatever_the_rules_say(engine, train_in_one_go):
    run = engine.submit(new_state(epochs=20))
    wait_for(run)
    engine.resume(run, epochs=1)
    assert run.target_epoch == 21
    wait_for(run)
    assert (run.status, run.stop_reason, run.state.epoch) == ("paused", None, 21)
    engine.resume(run, epochs=9)
    wait_for(run)
    assert_same(with_epochs(run.state, 30), train_in_one_go(new_state(epochs=30)))


def test_of_several_who_resume_a_run_at_once_one_does(engine, monkeypatch):
    begin, begun = Run._begin, []

    def begin_slowly(run, epochs):
        time.sleep(0.05)  # in which the others come
        begun.append(run)
        begin(run, epochs)

    monkeypatch.setattr(Run, "_begin", begin_slowly)
    run = Run(new_state())
    tabs = [threading.Thread(target=engine.resume, args=(run, 2)) for _ in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    wait_for(run)
    assert begun == [run]
    assert (run.status, run.state.epoch) == ("paused", 2)


def test_a_pause_that_comes_too_late_does_not_stop_what_begins_after_it(engine, monkeypatch):
    begin = Run._begin

    def begin_after_a_pause(run, epochs):
        begin(run, epochs)
        engine._loop.call_soon_threadsafe(engine._pause, run)  # asked for when the run still was active

    monkeypatch.setattr(Run, "_begin", begin_after_a_pause)
    monkeypatch.setattr(engine_module, "SLICE_SECONDS", ONE_BATCH)
    run = Run(new_state())
    engine.resume(run, epochs=2)
    wait_for(run)
    assert (run.status, run.state.epoch) == ("paused", 2)


def test_an_error_in_a_slice_is_told_and_others_train_on(engine):
    state = new_state()
    broken = dataclasses.replace(state, weights=state.weights | {"dense_bias": np.zeros(3, np.float32)})
    run = engine.submit(broken)
    wait_for(run)
    assert (run.status, run.stop_reason, run.state) == ("failed", None, broken)
    assert "InvalidArgumentError" in run.error
    next_run = engine.submit(new_state(epochs=1))
    wait_for(next_run)
    assert next_run.status == "finished"


def test_the_engine_keeps_no_state_that_a_run_has_left_behind(engine):
    state = new_state(epochs=2)
    left = weakref.ref(state.weights["dense_bias"])
    runs = [engine.submit(state)]
    del state
    wait_for(*runs)
    runs.append(engine.submit(new_state(epochs=2)))  # what was sent last is held until more is sent
    wait_for(*runs)
    engine._heard.clear()
    gc.collect()
    assert left() is None


# --- Calls


def test_a_worker_calls_what_needs_tensorflow_while_others_train(engine):
    run = engine.submit(new_state(ENDLESS))
    wait_until(lambda: run.history)
    model = engine.call(to_keras_file, dataclasses.replace(new_state(), adam_m={}, adam_v={})).result()
    assert model.startswith(b"PK")
    assert run.is_active
    engine.pause(run)
    wait_for(run)


def test_what_goes_wrong_in_a_call_is_told(engine, monkeypatch):
    with pytest.raises(RuntimeError, match="ValueError: invalid literal"):
        engine.call(int, "no number").result()
    monkeypatch.setattr(engine, "_threads", {})
    with pytest.raises(RuntimeError, match="try again"):
        engine.call(int, "1").result()


# --- The queue


def test_runs_take_turns_and_know_their_position(engine):
    runs = [engine.submit(new_state(ENDLESS, seed=seed)) for seed in range(3)]
    positions = [set() for _ in runs]

    def all_were_everywhere():
        for run, seen in zip(runs, positions, strict=True):
            seen.add(run.queue_position)
        return all(seen >= {0, 1, 2} for seen in positions) and all(run.state.epoch for run in runs)

    wait_until(all_were_everywhere)
    assert all(seen <= {0, 1, 2, 3} for seen in positions)  # 3 before the first slice of all was sent
    assert all(run.is_active for run in runs)
    for run in runs:
        engine.pause(run)
    wait_for(*runs)
    assert len({run.state.weights["dense_bias"].tobytes() for run in runs}) == 3


def test_pausing_a_waiting_run_moves_the_others_up(engine):
    runs = [engine.submit(new_state(ENDLESS, seed=seed)) for seed in range(3)]
    wait_until(lambda: all(run.history for run in runs))
    for run in runs[1:]:
        engine.pause(run)
    wait_for(*runs[1:])
    assert runs[0].is_active and all(run.state.epoch == len(run.history) > 0 for run in runs[1:])
    wait_until(lambda: runs[0].seconds_left)
    engine.pause(runs[0])
    wait_for(runs[0])


def test_closing_pauses_what_trains_and_leaves_no_process_behind(engine):
    """Also where a worker comes or goes at that moment. It comes last, for it closes the engine of all tests."""
    run = engine.submit(new_state(ENDLESS))
    wait_until(lambda: run.history)
    processes = psutil.Process().children(recursive=True)
    assert any(map(is_worker, processes))
    engine._loop.call_soon_threadsafe(lambda: (engine._cluster_changed.set(), engine._closing.set()))
    engine.close()
    assert (run.status, engine.ready) == ("paused", False)
    wait_until(lambda: not any(map(is_alive, processes)))
