"""What the tests of the engine share."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
from distributed import Client

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState
from seq2seq.classroom.engine import Engine

ENDLESS = 10_000  # the most epochs that a lesson may ask for; whoever begins them pauses them
LIGHT_CLUSTER = """
from seq2seq.classroom import cluster
start = cluster.LocalCluster
cluster.LocalCluster = lambda preload, **settings: start(**settings)
cluster.main(workers=1)
"""


def python(code):
    """Starts a Python process as the engine starts its cluster."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )


def start_light_cluster(workers=1):
    """Starts a cluster whose worker loads TensorFlow with its first slice, if at all."""
    return python(LIGHT_CLUSTER)


class HeardEngine(Engine):
    """Remembers how its runs stood whenever a slice of theirs had told something."""

    def __init__(self, workers=None):
        self._heard = []
        super().__init__(workers)

    def heard_of(self, run):
        return [moment for owner, moment in self._heard if owner is run]

    def _receive(self, event):
        super()._receive(event)
        if run := self._in_flight.get(event[1]["run"]):
            attributes = ("state", "history", "status", "queue_position", "epoch_progress")
            self._heard.append((run, SimpleNamespace(**{name: getattr(run, name) for name in attributes})))


def own_client(engine):
    """Returns a connection of the test's own to the cluster of an engine."""
    theirs = engine._client
    return Client(theirs.scheduler.address, security=theirs.security, set_as_default=False)


def new_state(epochs=100, **training):
    return TrainingState.new(
        Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(epochs=epochs, stop_when_right=False, **training))
    )


def with_epochs(state, epochs):
    """Returns a state of a lesson that asks for so many epochs."""
    training = dataclasses.replace(state.lesson.training, epochs=epochs)
    return dataclasses.replace(state, lesson=dataclasses.replace(state.lesson, training=training))


def wait_until(condition):
    while not condition():  # where that never comes, pytest's own timeout ends it
        time.sleep(0.002)


def wait_for(*runs):
    wait_until(lambda: not any(run.is_active for run in runs))


def is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_worker(process):
    return "--multiprocessing-fork" in process.cmdline()
