"""What `make load` judges by. The clients themselves: tests/browser/test_load.py."""

import json

from benchmarks import load
from benchmarks.student import FIRST_CHARACTER, Student
from seq2seq import NOTEBOOK_PAIRS

OTHERS = chr(FIRST_CHARACTER + 7)


def judged(student, **found):
    as_it_should_be = {
        "rows": NOTEBOOK_PAIRS,
        "unfinished": [],
        "unlike": [],
        "translations": {"Hi": "안녕"},
        "best": "1",
    }
    return load.judge(student, as_it_should_be | found)


def test_a_foreign_text_is_found_however_it_is_written():
    student = Student(1, "")
    student.summary = ["epoch 1"]
    own = chr(FIRST_CHARACTER + 1)
    for text in (own * 3, "안녕하세요", "\u202e日本"):
        student._see(text.encode())
        student._see(json.dumps([text]).encode())
    assert judged(student) == []
    for message in (f"저는 {OTHERS * 3} 1.".encode(), json.dumps(OTHERS).encode()):
        other = Student(1, "")
        other._see(message)
        assert "student 7" in other.problems[0]


def test_whatever_differs_from_the_lesson_alone_is_named():
    student = Student(1, "")
    student.summary, student.translations = ["in epoch 1"], {"Hi": "안녕"}
    assert judged(student) == []
    for found in (
        {"rows": NOTEBOOK_PAIRS[1:]},
        {"unfinished": ["1. is paused"]},
        {"unlike": ["1."]},
        {"translations": {"Hi": "안"}},
        {"best": "another"},
    ):
        (problem,) = judged(student, **found)
        assert problem.startswith("student 1: ")
    student.tab.problems.append("shown")
    assert judged(student) == ["student 1: shown"]


def test_the_table_has_a_column_for_each_class():
    took = {name: [0.1, 0.2] for name in load.ROWS.values()} | {"end": [2.0, 3.0]}
    classes = [load.Measured(students, took, 1.5, 3e8, [60.0, 30.0], []) for students in (30, 60)]
    head, _, *rows = load.table(classes).splitlines()
    assert head.count("|") == 4 and "30 students" in head
    assert all(row.count("|") == 4 for row in rows)
    assert any("3.00 s, 2.0 ×" in row for row in rows)
    assert any("2.00 s | 1.00 s" in row for row in rows) and any("1.00 s | 500 ms" in row for row in rows)
