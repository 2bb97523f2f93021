"""Whose turn it is: students take turns, however many runs each has."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState
from seq2seq.classroom.line import Line
from seq2seq.classroom.run import Run

STATE = TrainingState.new(Lesson(NOTEBOOK_PAIRS))


def line_of(students):
    line = Line()
    for student in students:
        run = Run(STATE)
        run.student = student
        line.add(run)
    return line


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=20), st.integers(1, 60))
def test_students_have_as_many_turns_each(students, slices):
    """All train on and on: nobody has two turns more than anybody else, nor one of their runs than another."""
    line = line_of(students)
    turns, of_run = Counter(dict.fromkeys(students, 0)), Counter(dict.fromkeys(line, 0))
    for _ in range(slices):
        run = next(iter(line))
        line.send(run)
        line.add(run)
        turns[run.student] += 1
        of_run[run] += 1
    assert max(turns.values()) - min(turns.values()) <= 1
    for student in turns:
        counts = [count for run, count in of_run.items() if run.student == student]
        assert max(counts) - min(counts) <= 1


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=20), st.integers(0, 30))
def test_the_order_that_is_told_is_the_order_that_comes(students, slices):
    """As long as nobody comes back."""
    line = line_of(students)
    for run in list(line)[:slices]:
        line.send(run)
    told, came = list(line), []
    while line:
        came.append(next(iter(line)))
        line.send(came[-1])
    assert [run.student for run in told] == [run.student for run in came]


def test_who_begins_late_waits_for_nobody_s_second_turn():
    line = line_of(["many"] * 20)
    first = next(iter(line))
    line.send(first)
    late = Run(STATE)
    line.add(late)
    assert next(iter(line)) is late


def test_what_came_to_nothing_is_first_again():
    line = line_of("abc")
    a, b, c = line
    line.send(a)
    line.send(b)
    line.put_back([a, b])
    assert list(line) == [a, b, c]
    line.remove(b)
    assert b not in line and c in line
