"""A long day in class: many trainings in a row, of changing sizes. `python -m benchmarks.soak [trainings]`.

Prints how much memory the web process and each worker have by then, and how long one and the same training takes: both
should stay where they are.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import psutil

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.engine import Engine
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS

REFERENCE = Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(epochs=50, stop_when_right=False))
TRAININGS_AT_ONCE = 4


class Point(NamedTuple):
    """How things stand after some trainings."""

    trainings: int
    web_bytes: int
    worker_bytes: list[int]
    reference_seconds: float  # which workers spent on the reference training


def lesson(number: int) -> Lesson:
    """Returns a lesson of the day: some pairs of a supplied one, with units and batches of its own."""
    rng = np.random.default_rng(number)
    pairs = list(SUPPLIED_LESSONS.values())[number % len(SUPPLIED_LESSONS)].pairs
    some = sorted(rng.permutation(len(pairs))[: rng.integers(3, len(pairs) + 1)])
    return Lesson(
        tuple(pairs[row] for row in some),
        ModelConfig(int(rng.integers(4, 200)), markers=bool(rng.integers(2)), mask_padding=bool(rng.integers(2))),
        TrainingConfig(epochs=int(rng.integers(2, 12)), batch_size=int(rng.integers(1, 33)), stop_when_right=False),
    )


def soak(engine: Engine, trainings: int, every: int) -> Iterator[Point]:
    """Trains through an engine, some at once, and looks at it every few trainings.

    Raises:
        RuntimeError: a training failed.
    """
    for done in range(0, trainings + 1, every):
        seconds = _train(engine, [REFERENCE])
        workers = [p for p in psutil.Process().children(recursive=True) if "--multiprocessing-fork" in p.cmdline()]
        memory = [process.memory_info().rss for process in (psutil.Process(), *workers)]
        yield Point(done, memory[0], memory[1:], seconds)
        lessons = [lesson(number) for number in range(done, min(done + every, trainings))]
        for first in range(0, len(lessons), TRAININGS_AT_ONCE):
            _train(engine, lessons[first : first + TRAININGS_AT_ONCE])


def _train(engine: Engine, lessons: list[Lesson]) -> float:
    runs = [engine.submit(TrainingState.new(lesson)) for lesson in lessons]
    while any(run.is_active for run in runs):
        time.sleep(0.01)
        for run in runs:
            run.watch()
    if failed := [run.error for run in runs if run.status == "failed"]:
        raise RuntimeError("; ".join(failed))
    return sum(run.seconds_trained for run in runs)


def main(trainings: int) -> None:
    """Prints the curve as a Markdown table."""
    print("| trainings | web process, MB | workers, MB | the same training, s |\n|---|---|---|---|")
    with closing(Engine()) as engine:
        for point in soak(engine, trainings, every=max(1, trainings // 20)):
            workers = ", ".join(f"{size / 1e6:.0f}" for size in point.worker_bytes)
            print(
                f"| {point.trainings} | {point.web_bytes / 1e6:.0f} | {workers} | {point.reference_seconds:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
