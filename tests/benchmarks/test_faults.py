"""A short form of the second half of `make chaos`: slices are stand-ins, for a real one waits for TensorFlow."""

import dataclasses
import sys
import time
from contextlib import closing

import cloudpickle
import pytest
from distributed import get_worker

from benchmarks import faults
from seq2seq.classroom import client
from seq2seq.classroom import engine as engine_module
from seq2seq.classroom.engine import Engine
from tests.classroom.engines import start_light_cluster

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import what is here


def _one_epoch(lesson, start, target_epoch, seconds, topic, label):
    record = {"epoch": start.epoch + 1}
    get_worker().log_event(topic, label | {"records": [record], "outputs": [], "progress": 0.0})
    time.sleep(0.1)
    return dataclasses.replace(start, step=start.step + 1, epoch=start.epoch + 1, history=(record,)), 0.1, 1


@pytest.mark.long
def test_runs_get_through_a_kill_and_a_pause(monkeypatch):
    compared = []
    monkeypatch.setattr(engine_module, "start_cluster", start_light_cluster)
    monkeypatch.setattr(client, "train_slice_there", _one_epoch)
    monkeypatch.setattr(faults, "_compare", lambda fault, run: compared.append((run.status, run.state.history)))
    killed, *_, paused = faults.FAULTS
    with closing(Engine()) as engine:
        for fault in (paused, killed):
            assert sorted(seconds := faults.endure(engine, fault, seed=0, workers=1)) == list(seconds)
    assert len(compared) == 2 * faults.RUNS
    for status, history in compared:
        assert status == "paused"
        assert [record["epoch"] for record in history] == list(range(1, len(history) + 1))
