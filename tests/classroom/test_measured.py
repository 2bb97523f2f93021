"""How long a lesson takes here is said of what was measured here, and of nothing else."""

from dataclasses import replace

import pytest

from seq2seq import Lesson, TrainingState
from seq2seq.classroom import measured
from seq2seq.classroom.run import Run
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS

NOTEBOOK = SUPPLIED_LESSONS["notebook"]
LESSON = Lesson(NOTEBOOK.pairs, NOTEBOOK.model, NOTEBOOK.training)


@pytest.fixture(autouse=True)
def nothing_measured(monkeypatch):
    monkeypatch.setattr(measured, "_seconds", {})


def trained(state, seconds):
    run = Run(state)
    run.seconds_trained = seconds
    measured.note(run)


def test_the_last_training_of_the_lesson_as_supplied_counts():
    trained(TrainingState.new(LESSON), 2.5)
    trained(TrainingState.new(LESSON), 1.5)
    assert {name: measured.seconds(name) for name in SUPPLIED_LESSONS} == dict.fromkeys(SUPPLIED_LESSONS) | {
        "notebook": 1.5
    }


def test_another_lesson_or_one_that_began_elsewhere_does_not():
    for changed in ({"pairs": LESSON.pairs[1:]}, {"training": replace(LESSON.training, epochs=10)}):
        trained(TrainingState.new(replace(LESSON, **changed)), 1.5)
    trained(replace(TrainingState.new(LESSON), step=1), 1.5)
    assert measured.seconds("notebook") is None
