"""A short form of `make load`: students that speak the browser's protocol, on the server of the browser tests."""

import asyncio
import os

import pytest

from benchmarks import load
from benchmarks.student import Student


@pytest.mark.long
def test_a_class_gets_what_each_would_get_alone_and_nobody_what_is_somebody_elses(address, monkeypatch):
    monkeypatch.setattr("benchmarks.student.THINKING", 0.0)
    students = [Student(n, address) for n in range(3)]

    async def play():
        await load.lesson(students)
        await load.together(students, *(student.undoes() for student in students))
        await load.together(students, *(student.saves() for student in students))
        await asyncio.gather(*(student.tab.close() for student in students))

    asyncio.run(play())
    found = load.Alone(os.environ["SEQ2SEQ_DATABASE_URL"]).train([student.workspace for student in students])
    assert [problem for student in students for problem in load.judge(student, found[student.workspace])] == []
    for student in students:
        assert len(student.translations) == len(student.rows) and student.took["end"]
