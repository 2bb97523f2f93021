"""Training processes that are killed and stopped, and runs that are paused, while they train.

`python -m benchmarks.faults [times]` does each again and again: at a random moment, so many times or a share of that.
Each time the student must be able to see it, all must go on, the log must name the cause once, and in the end every run
must have the weights of the same lesson trained alone, to the last bit.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from statistics import median
from typing import NamedTuple

import numpy as np
import psutil

from benchmarks.measure import machine
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState
from seq2seq.classroom import engine as engine_file
from seq2seq.classroom.engine import Engine
from seq2seq.classroom.run import Run

WORKERS, RUNS = 2, 3  # so that one waits
MOST_SECONDS = 180  # within which everything must go on


class FaultError(Exception):
    """A run did not get through as it must, or nobody was told."""


class Fault(NamedTuple):
    """Something that goes wrong.

    Attributes:
        name: for the table.
        share: of the times that it is done.
        lines: that the log may have; one at least, where that is not 0.
        do: does it.
    """

    name: str
    share: float
    lines: int
    do: Callable[[Engine, list[Run]], None]


class Seconds(NamedTuple):
    """How long it took after a fault."""

    known: float  # until a page would show it
    again: float  # until every run had ended another slice
    whole: float  # until all training processes were there again


def processes() -> list[psutil.Process]:
    """Returns the training processes of this process."""
    mine = psutil.Process().children(recursive=True)
    return [process for process in mine if "--multiprocessing-fork" in process.cmdline()]


def _cluster() -> psutil.Process:
    [cluster] = {process.parent() for process in processes()}
    return cluster


def _kill_all(engine: Engine, runs: list[Run]) -> None:
    for process in processes():
        process.kill()


FAULTS = (
    Fault("a training process is killed", 1, 1, lambda *_: random.choice(processes()).kill()),
    Fault("all training processes are killed", 0.2, WORKERS, _kill_all),
    Fault("their scheduler is killed", 0.2, 1, lambda *_: _cluster().kill()),
    Fault("a training process stands still", 0.1, 1, lambda *_: random.choice(processes()).suspend()),
    Fault("their scheduler stands still", 0.1, 1, lambda *_: _cluster().suspend()),
    Fault("a run is paused, and continued", 1, 0, lambda engine, runs: engine.pause(random.choice(runs))),
)


def endure(engine: Engine, fault: Fault, seed: int, workers: int = WORKERS) -> Seconds:
    """Has something go wrong while some runs train.

    Raises:
        FaultError: see above.
    """
    random.seed(seed)
    runs = [engine.submit(_state(RUNS * seed + n)) for n in range(RUNS)]
    _seconds_until(lambda: all(run.state.step for run in runs) and len(engine._threads) == workers, runs)
    time.sleep(random.random() / 2)
    with _logged() as lines:
        fault.do(engine, runs)
        known = _seconds_until(lambda: len(engine._threads) < workers or any(map(_is_seen, runs)), runs)
        steps = [run.state.step for run in runs]
        for run in runs:
            engine.resume(run)
        again = known + _seconds_until(lambda: all(run.state.step > steps[n] for n, run in enumerate(runs)), runs)
        whole = again + _seconds_until(lambda: len(engine._threads) == workers, runs)
    if not min(1, fault.lines) <= len(lines) <= fault.lines:
        raise FaultError(f"{fault.name}: the log says {lines}")
    for run in runs:
        engine.pause(run)
    _seconds_until(lambda: not any(run.is_active for run in runs), runs)
    for run in runs:
        _compare(fault, run)
    return Seconds(known, again, whole)


def _is_seen(run: Run) -> bool:
    return bool(run._losses or run.silent_seconds or not run.is_active)


def _state(seed: int) -> TrainingState:
    training = TrainingConfig(epochs=10_000, seed=seed, stop_when_right=False)
    return TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=training))


def _compare(fault: Fault, run: Run) -> None:
    """Trains the same lesson in one go as far, and compares."""
    from seq2seq.training import advance  # noqa: PLC0415  (TensorFlow is loaded when the processes are there)

    if run.status != "paused":
        raise FaultError(f"{fault.name}: {run.status}, {run.error}")
    there = advance(run.state, epochs=1)  # to the end of the epoch in which it was paused
    alone = advance(_state(there.lesson.training.seed), epochs=there.epoch)
    if not all(np.array_equal(alone.weights[name], there.weights[name]) for name in alone.weights):
        raise FaultError(f"{fault.name}: after {there.epoch} epochs the weights are others")


def _seconds_until(holds: Callable[[], bool], runs: list[Run]) -> float:
    began = time.monotonic()
    while not holds():
        time.sleep(0.005)
        for run in runs:
            run.watch()
        if time.monotonic() - began > MOST_SECONDS:
            raise FaultError(f"not within {MOST_SECONDS} s: {[(run.status, run.error) for run in runs]}")
    return time.monotonic() - began


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Yields what the engine logs meanwhile."""
    lines, handler = [], logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    engine_file.logger.addHandler(handler)
    yield lines
    engine_file.logger.removeHandler(handler)


def main(times: int) -> None:
    """Prints a line for each fault, as a Markdown table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(f"{date.today()}, {machine()}\n")
    print("Seconds until … (median, worst):\n")
    print("| fault | times | it is seen | all runs go on | all processes are back |\n|---|--:|--:|--:|--:|")
    with closing(Engine(WORKERS)) as engine:
        for fault in FAULTS:
            all_seconds = [endure(engine, fault, seed) for seed in range(max(1, round(fault.share * times)))]
            columns = [f"{median(some):.1f}, {max(some):.1f}" for some in zip(*all_seconds, strict=True)]
            print(f"| {' | '.join([fault.name, str(len(all_seconds)), *columns])} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
