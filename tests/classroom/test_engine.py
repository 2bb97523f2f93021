"""The engine with real worker processes."""

import dataclasses
import gc
import itertools
import json
import math
import operator
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import dask
import numpy as np
import psutil
import pytest
from distributed import Client

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom import cluster
from seq2seq.classroom import engine as engine_module
from seq2seq.classroom.engine import Engine
from seq2seq.classroom.run import Run
from seq2seq.classroom.stopping import stop_reason
from seq2seq.state import is_checkpoint

TIMEOUT = 400  # seconds; far more than anything here takes on a machine that is not choked
ENDLESS = 10_000  # the most epochs that a lesson may ask for; whoever begins them pauses them
ONE_BATCH = 1e-6  # seconds of a slice that is over after its first batch, on any machine

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import what is here


class HeardEngine(Engine):
    """Remembers how its runs stood whenever a slice of theirs had told something."""

    def __init__(self, workers):
        self._heard = []
        super().__init__(workers)

    def heard_of(self, run):
        return [moment for owner, moment in self._heard if owner is run]

    def _receive(self, event):
        super()._receive(event)
        if run := self._in_flight.get(event[1]["run"]):
            attributes = ("state", "history", "status", "queue_position", "epoch_progress")
            self._heard.append((run, SimpleNamespace(**{name: getattr(run, name) for name in attributes})))


@pytest.fixture(scope="module")
def engine():
    """An engine with one worker, so that runs have to take turns."""
    engine = HeardEngine(workers=1)
    yield engine
    engine.close()


@pytest.fixture
def train_in_one_go(engine):
    """Trains a state until its rules end it, by one `advance`, on the engine's own worker while that has a rest."""

    def train(state):
        wait_until(lambda: engine.ready)
        with Client(engine._client.scheduler.address, set_as_default=False) as client:
            call = client.submit(pickle.loads, cloudpickle.dumps(partial(_train_in_one_go, state)))
            return client.submit(operator.call, call).result(TIMEOUT)

    return train


def _train_in_one_go(state):
    from seq2seq.training import advance  # noqa: PLC0415

    training = state.lesson.training
    last = advance(state, epochs=training.epochs - state.epoch)
    epochs = next(n for n in range(1, training.epochs + 1) if stop_reason(last.history[:n], training))
    return last if epochs == training.epochs else advance(state, epochs=epochs - state.epoch)


def new_state(epochs=100, pairs=NOTEBOOK_PAIRS, hidden_size=32, **training):
    return TrainingState.new(
        Lesson(pairs, ModelConfig(hidden_size), TrainingConfig(epochs=epochs, stop_when_right=False, **training))
    )


def wait_until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


def wait_for(*runs):
    wait_until(lambda: not any(run.is_active for run in runs))


def assert_same(state, expected):
    """Asserts that two states are equal, bit for bit."""
    for name in ("weights", "adam_m", "adam_v"):
        for key, values in getattr(expected, name).items():
            np.testing.assert_array_equal(getattr(state, name)[key], values, f"{name} {key}")
    for name in ("lesson", "step", "epoch", "batch", "sums", "history"):
        assert getattr(state, name) == getattr(expected, name), name


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def find_processes(engine):
    """Returns the process of the engine's embedded cluster and the one of its only worker."""
    wait_until(lambda: engine.ready)
    command = ["seq2seq.classroom.cluster", "1"]
    [cluster_process] = [p for p in psutil.Process().children() if p.cmdline()[-2:] == command]
    [worker] = [p for p in cluster_process.children(recursive=True) if "--multiprocessing-fork" in p.cmdline()]
    return cluster_process, worker


WEB_PROCESS = """
import dataclasses, json, sys, time
import psutil
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState
from seq2seq.classroom.engine import Engine

if __name__ == "__main__":
    engine = Engine(workers=1)
    good = TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(epochs=3)))
    bad = dataclasses.replace(good, weights={})
    runs = [engine.submit(good), engine.submit(bad)]
    while any(run.is_active for run in runs):
        time.sleep(0.01)
    print(json.dumps({
        "statuses": [run.status for run in runs],
        "loaded": sorted({"keras", "tensorflow"} & set(sys.modules)),
        "children": [child.pid for child in psutil.Process().children(recursive=True)],
    }), flush=True)
    engine.submit(TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(epochs=10_000))))
    time.sleep(1000)
"""


def test_the_web_process_loads_no_tensorflow_and_leaves_no_process_behind(tmp_path, engine):
    """It comes first, so that the engine of the other tests starts meanwhile."""
    script = tmp_path / "web_process.py"
    script.write_text(WEB_PROCESS)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    web = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment)
    told = json.loads(web.stdout.readline())
    children = [psutil.Process(pid) for pid in told["children"]]
    assert told["statuses"] == ["finished", "failed"]
    assert told["loaded"] == []
    assert len(children) >= 2 and all(map(is_alive, children))  # the cluster and its worker, at least
    web.kill()
    web.wait()
    wait_until(lambda: not any(map(is_alive, children)))


@pytest.mark.parametrize("seconds", [engine_module.SLICE_SECONDS, ONE_BATCH])
def test_slices_give_the_numbers_of_one_go_and_every_epoch_is_streamed(engine, train_in_one_go, monkeypatch, seconds):
    monkeypatch.setattr(engine_module, "SLICE_SECONDS", seconds)
    state = new_state(epochs=20, batch_size=2)  # three batches an epoch
    run = engine.submit(state)
    wait_for(run)
    assert (run.status, run.stop_reason, run.error, run.queue_position) == ("finished", "epochs", None, 0)
    assert_same(run.state, train_in_one_go(state))
    assert run.history == list(run.state.history)
    assert [record["epoch"] for record in run.history] == list(range(1, 21))
    assert state.epoch == 0 and run.seconds_trained > 0 and run.seconds_left is None

    heard = engine.heard_of(run)
    assert {(moment.status, moment.queue_position) for moment in heard} == {("training", 0)}
    assert all(moment.history == run.history[: len(moment.history)] for moment in heard)  # none twice, none changed
    assert any(len(moment.history) > moment.state.epoch for moment in heard)  # before the slice came back
    if seconds == ONE_BATCH:
        assert run._slice > 20  # so slices ended within epochs
        assert {0 < moment.epoch_progress < 1 for moment in heard} == {True, False}


def test_patience_ends_a_run_after_exactly_its_epoch(engine, train_in_one_go):
    state = new_state(epochs=200, learning_rate=0.1, patience=4)
    run = engine.submit(state)
    wait_for(run)
    assert (run.status, run.stop_reason) == ("finished", "patience")
    assert run.state.epoch < 200
    assert_same(run.state, train_in_one_go(state))


def test_a_state_whose_training_is_over_comes_back_as_it_was(engine):
    first = engine.submit(new_state(epochs=2))
    wait_for(first)
    second = engine.submit(first.state)
    wait_for(second)
    assert (second.status, second.stop_reason) == ("finished", "epochs")
    assert second.state is first.state and second.id != first.id


def test_stop_keeps_what_was_learned_and_the_run_can_be_continued(engine, train_in_one_go):
    run = engine.submit(new_state(ENDLESS))
    wait_until(lambda: run._slice > 2)
    engine.pause(run)
    wait_for(run)
    assert (run.status, run.stop_reason) == ("paused", None)
    assert run.state.epoch > 0
    assert run.history == list(run.state.history)

    target_epoch = new_state(run.state.epoch + 20)
    continued = engine.submit(dataclasses.replace(run.state, lesson=target_epoch.lesson))
    assert continued.history == run.history
    wait_for(continued)
    assert continued.status == "finished"
    assert_same(continued.state, train_in_one_go(target_epoch))


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


def test_runs_take_turns_and_know_their_place(engine):
    runs = [engine.submit(new_state(ENDLESS, seed=seed)) for seed in range(3)]
    places = [set() for _ in runs]

    def all_were_everywhere():
        for run, seen in zip(runs, places, strict=True):
            seen.add(run.queue_position)
        return all(seen >= {0, 1, 2} for seen in places) and all(run.state.epoch for run in runs)

    wait_until(all_were_everywhere)
    assert all(seen <= {0, 1, 2, 3} for seen in places)  # 3 before the first slice of all was sent
    assert all(run.is_active for run in runs)
    for run in runs:
        engine.pause(run)
    wait_for(*runs)
    assert len({run.state.weights["dense_bias"].tobytes() for run in runs}) == 3


def test_stopping_a_waiting_run_moves_the_others_up(engine):
    runs = [engine.submit(new_state(ENDLESS, seed=seed)) for seed in range(3)]
    wait_until(lambda: all(run.history for run in runs))
    for run in runs[1:]:
        engine.pause(run)
    wait_for(*runs[1:])
    assert runs[0].is_active and all(run.state.epoch == len(run.history) > 0 for run in runs[1:])
    wait_until(lambda: runs[0].seconds_left)
    engine.pause(runs[0])
    wait_for(runs[0])


def test_an_error_in_a_slice_is_told_and_the_engine_goes_on(engine):
    state = new_state()
    broken = dataclasses.replace(state, weights=state.weights | {"dense_bias": np.zeros(3, np.float32)})
    run = engine.submit(broken)
    wait_for(run)
    assert (run.status, run.stop_reason, run.state) == ("failed", None, broken)
    assert "InvalidArgumentError" in run.error
    next_run = engine.submit(new_state(epochs=1))
    wait_for(next_run)
    assert next_run.status == "finished"


def test_a_remote_scheduler_is_used_when_it_is_named(engine, train_in_one_go, monkeypatch):
    wait_until(lambda: engine.ready)
    monkeypatch.setenv("SEQ2SEQ_SCHEDULER", engine._client.scheduler.address)
    before = len(psutil.Process().children())
    other = Engine()
    state = new_state(epochs=20)
    run = other.submit(state)
    wait_for(run)
    assert_same(run.state, train_in_one_go(state))
    assert len(psutil.Process().children()) == before
    other.close()
    assert engine.ready


def test_a_remote_scheduler_that_is_not_there_fails_the_runs(monkeypatch):
    monkeypatch.setenv("SEQ2SEQ_SCHEDULER", "tcp://127.0.0.1:9")
    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        engine = Engine()
        for _ in range(2):  # the second submission tries again
            run = engine.submit(new_state())
            wait_for(run)
            assert run.status == "failed" and "127.0.0.1:9" in run.error
    engine.close()


def test_a_process_has_one_shared_engine(monkeypatch):
    started = []

    def start():
        time.sleep(0.05)
        started.append(SimpleNamespace(close=lambda: None))
        return started[-1]

    monkeypatch.setattr(engine_module, "Engine", start)
    engine_module._engine_for_life.cache_clear()
    threads = [threading.Thread(target=engine_module.shared_engine) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine_module.shared_engine() is started[0] and len(started) == 1
    engine_module._engine_for_life.cache_clear()


@pytest.mark.parametrize(("cores", "free", "workers"), [(1, 64e9, 1), (8, 64e9, 8), (8, 2e9, 3), (4, 1e8, 1)])
def test_workers_fit_the_machine(monkeypatch, cores, free, workers):
    monkeypatch.setattr(cluster, "CPU_COUNT", cores)
    monkeypatch.setattr(cluster, "MEMORY_LIMIT", 128e9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    assert cluster.worker_count() == workers


def test_a_run_goes_on_for_some_epochs_whatever_the_rules_say(engine, train_in_one_go):
    state = new_state(epochs=20)
    run = engine.submit(state)
    wait_for(run)
    engine.resume(run, epochs=1)
    assert run.target_epoch == 21
    wait_for(run)
    assert (run.status, run.stop_reason, run.state.epoch) == ("paused", None, 21)
    engine.resume(run, epochs=9)
    wait_for(run)
    one_go = train_in_one_go(new_state(epochs=30))
    assert_same(dataclasses.replace(run.state, lesson=one_go.lesson), one_go)


def test_one_of_several_who_let_a_run_go_on_at_once_does(engine, monkeypatch):
    begin, begun = Run._begin, []

    def begin_slowly(run, epochs):
        time.sleep(0.05)
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


def test_kept_epochs_come_back_with_the_state(engine):
    run = engine.submit(new_state(epochs=40))
    wait_for(run)
    assert [epoch for epoch, _ in run.state.checkpoints] == [epoch for epoch in range(1, 41) if is_checkpoint(epoch)]
    assert all(("exact_match" in record) == is_checkpoint(record["epoch"]) for record in run.history)


@pytest.mark.parametrize("most", [1, 2, 3, 4, 11, 20, 40])
def test_checkpoints_are_thinned_to_a_bound_and_stay_closer_together_early(monkeypatch, most):
    weights = {"w": np.zeros(20, np.float32)}
    monkeypatch.setattr(engine_module, "MAX_CHECKPOINT_BYTES", most * 80)
    checkpoints = ()
    for epoch in filter(is_checkpoint, range(1, 2001)):
        checkpoints = engine_module._bounded((*checkpoints, (epoch, weights)))
        epochs = [epoch for epoch, _ in checkpoints]
        assert len(epochs) <= max(2, most)
        assert (epochs[0], epochs[-1]) == (1, epoch)
        gaps = [later - earlier for earlier, later in itertools.pairwise(epochs[:-1])]
        assert gaps == sorted(gaps)
    assert len(epochs) >= most // 2  # it keeps what it can


def test_a_worker_that_has_grown_is_replaced_between_slices(engine, train_in_one_go, monkeypatch):
    _, worker = find_processes(engine)
    monkeypatch.setattr(engine_module, "MAX_WORKER_BYTES", 0)
    monkeypatch.setattr(engine_module, "SLICE_SECONDS", ONE_BATCH)
    state = new_state(epochs=4)
    run = engine.submit(state)
    wait_for(run)
    wait_until(lambda: not is_alive(worker))
    assert is_alive(find_processes(engine)[1])
    assert (run.status, run.error) == ("finished", None)
    assert_same(run.state, train_in_one_go(state))


@pytest.mark.parametrize("problem", [OSError, KeyError])
def test_a_worker_that_could_not_be_replaced_trains_on(engine, monkeypatch, problem):
    asked = []

    async def fail(workers, **settings):
        asked.extend(workers)
        raise problem

    wait_until(lambda: engine.ready)
    monkeypatch.setattr(engine_module, "MAX_WORKER_BYTES", 0)
    monkeypatch.setattr(engine, "_recycled_at", -math.inf)
    monkeypatch.setattr(engine._client, "restart_workers", fail)
    for _ in range(2):
        run = engine.submit(new_state(epochs=1))
        wait_for(run)
        assert run.status == "finished"
    assert len(asked) == 1


def two_under_way(engine, monkeypatch):
    """Returns two runs with an epoch or more behind them, one of them within a slice that has told of more."""
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "SLICE_SECONDS", ONE_BATCH)
        runs = [engine.submit(new_state(epochs=100, seed=seed)) for seed in range(2)]
        wait_until(lambda: all(run.state.epoch for run in runs))
    wait_until(lambda: any(len(run.history) > run.state.epoch for run in runs))
    assert all(run.is_active for run in runs)
    return runs


def test_a_killed_worker_takes_no_run_with_it(engine, train_in_one_go, monkeypatch):
    _, worker = find_processes(engine)
    runs = two_under_way(engine, monkeypatch)
    worker.kill()
    wait_for(*runs)
    for run in runs:
        assert run.status == "finished"
        assert run.history == list(run.state.history)
        assert_same(run.state, train_in_one_go(TrainingState.new(run.state.lesson)))


def test_a_killed_cluster_takes_no_run_with_it(engine, train_in_one_go, monkeypatch):
    cluster_process, _ = find_processes(engine)
    runs = two_under_way(engine, monkeypatch)
    cluster_process.kill()
    wait_until(lambda: not engine.ready)
    stopped = engine.submit(new_state())  # acts while there is no cluster
    engine.pause(stopped)
    wait_for(stopped)
    assert not engine.ready and stopped.status == "paused"
    wait_for(*runs)
    for run in runs:
        assert run.status == "finished"
        assert_same(run.state, train_in_one_go(TrainingState.new(run.state.lesson)))
