"""A day of the one that `make soak` runs, with an engine that trains in name."""

import psutil

from benchmarks import soak
from seq2seq.classroom.run import Run


class Engine:
    """Ends every training at once, and remembers their lessons in the order in which they came."""

    def __init__(self):
        self.lessons = []

    def submit(self, state):
        self.lessons.append(state.lesson)
        run = Run(state)
        run.seconds_trained = 0.5
        run._finish("finished", "epochs")
        return run


def test_the_same_training_is_measured_between_those_of_the_day():
    engine = Engine()
    points = list(soak.soak(engine, trainings=7, every=3))
    assert [point.trainings for point in points] == [0, 3, 6]
    assert all(point.reference_seconds == 0.5 for point in points)
    assert all(0 < point.web_bytes < psutil.virtual_memory().total for point in points)
    day = [soak.lesson(number) for number in range(7)]
    reference = soak.REFERENCE
    assert engine.lessons == [reference, *day[:3], reference, *day[3:6], reference, day[6]]


def test_lessons_of_the_day_differ_and_can_be_repeated():
    sizes = {(len(soak.lesson(n).pairs), soak.lesson(n).model, soak.lesson(n).training) for n in range(20)}
    assert len(sizes) == 20
    assert soak.lesson(7) == soak.lesson(7)
