"""A short day of the long one that `make soak` runs."""

from contextlib import closing

from benchmarks.soak import lesson, soak
from seq2seq.classroom.engine import Engine


def test_memory_stays_where_it_is():
    with closing(Engine(workers=1)) as engine:
        points = list(soak(engine, trainings=4, every=2))
    assert [point.trainings for point in points] == [0, 2, 4]
    warm, end = points[1], points[-1]
    assert end.web_bytes - warm.web_bytes < 100e6
    [worker_then], [worker_now] = warm.worker_bytes, end.worker_bytes
    assert worker_now - worker_then < 100e6


def test_lessons_of_the_day_differ_and_can_be_repeated():
    sizes = {(len(lesson(n).pairs), lesson(n).model, lesson(n).training) for n in range(20)}
    assert len(sizes) == 20
    assert lesson(7) == lesson(7)
