"""A short day of the long one that `make soak` runs."""

from benchmarks.soak import lesson, soak


def test_memory_stays_where_it_is():
    points = list(soak(trainings=4, every=2))
    assert [point.trainings for point in points] == [0, 2, 4]
    warm, end = points[1], points[-1]
    assert end.web_bytes - warm.web_bytes < 100e6
    assert len(end.worker_bytes) >= 1
    assert max(end.worker_bytes) - max(warm.worker_bytes) < 100e6


def test_lessons_of_the_day_differ_and_can_be_repeated():
    sizes = {(len(lesson(n).pairs), lesson(n).model, lesson(n).training) for n in range(20)}
    assert len(sizes) == 20
    assert lesson(7) == lesson(7)
