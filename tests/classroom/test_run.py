"""How long a training will still take, as far as that can be said."""

import time

import pytest

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState
from seq2seq.classroom.run import Run, given_up

SLICE = 0.25  # seconds


def run_after(epochs, target=150):
    """Returns a run after some slices, each of which ended at one of these epochs."""
    run, now = Run(TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(epochs=target)))), time.monotonic()
    run.status = "training"
    run._pace_samples = tuple((now + SLICE * (n - len(epochs) + 1), epoch) for n, epoch in enumerate(epochs))
    return run


@pytest.mark.parametrize("epochs", [[], [0.1], [0.1, 0.2, 0.3], [1, 4, 7, 10, 13], [3, 9, 15, 20, 25, 30], [5] * 8])
def test_nothing_is_said_before_it_can_be_said_well(epochs):
    """Of quick epochs the first ones are no measure: each of them is evaluated, and few of the later ones are."""
    assert run_after(epochs).seconds_left is None


@pytest.mark.parametrize(
    ("epochs", "slices"),
    [([0.1, 0.2, 0.3, 0.4], 1496), ([14, 15, 20, 30, 40, 50], 10), ([100, 120, 140, 150], 0)],
)
def test_the_rest_is_judged_by_the_recent_pace(epochs, slices):
    run = run_after(epochs)
    assert run.seconds_left == pytest.approx(slices * SLICE, abs=0.2)
    run.status = "paused"
    assert run.seconds_left is None


def test_silence_is_told_where_it_is_longer_than_it_ever_was():
    run = run_after([100, 120, 140, 150], target=10_000)
    run._silence = 1.5
    assert run.silent_seconds is None and run.seconds_left
    run._silence = 2.5
    assert run.silent_seconds == 2.5 and run.seconds_left is None
    run._follow_slice([], [], 0.5)  # its batches take that long
    run._silence = 4.5
    assert run.silent_seconds is None


def test_a_slice_is_given_up_later_each_time_and_where_batches_are_slow():
    run = run_after([1])
    run._silence = 15
    assert run._is_hanging
    run._losses = 1  # it may be that slow
    assert not run._is_hanging
    run._silence = 60
    assert run._is_hanging
    run._losses, run._longest_silence = 0, 7
    assert not run._is_hanging


def test_who_waits_for_a_lesson_in_a_process_that_hangs_is_not_given_up_with_it():
    stuck, waiting, well = (run_after([1]) for _ in range(3))
    for run in (stuck, waiting, well):
        run._begin_slice()
    stuck._follow_slice([], [], 0.5), well._follow_slice([], [], 0.5)
    stuck._silence = waiting._silence = 14.5
    assert given_up([stuck, waiting, well], 0.5) == [stuck]
    assert (waiting._silence, well._silence) == (0.0, 0.5)
    assert given_up([waiting], 15) == [waiting]  # nobody else is to blame then
