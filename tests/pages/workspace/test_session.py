"""What a student has at hand, without a page: also while several tabs and many students use it at once."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from pages.parts.pairs.table import with_edits
from pages.parts.workspace import lesson, rows
from pages.parts.workspace.rows import Table
from pages.parts.workspace.session import NamedRun
from seq2seq import NOTEBOOK_PAIRS, ModelConfig
from seq2seq.data.checks import check_pairs
from tests.pages.app import a_run, new_session


@pytest.fixture
def crowd():
    """Threads that give way to each other as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(16) as pool:
        yield lambda do, *arguments: list(pool.map(do, *arguments))
    sys.setswitchinterval(interval)


# --- The lesson ------------------------------------------------------------------------------------------------------


def test_a_table_that_is_replaced_while_it_is_checked_leaves_nothing_behind(monkeypatch, session):

    def interrupted(checked_rows):
        monkeypatch.setattr(rows, "check_pairs", check_pairs)
        session.replace(Table.of([("a", "b")]))  # another tab, in the half second that 80,000 rows take
        assert session.lesson.pairs == (("a", "b"),)
        return check_pairs(checked_rows)

    monkeypatch.setattr(rows, "check_pairs", interrupted)
    assert session.lesson.pairs == NOTEBOOK_PAIRS  # as it was when it was asked for
    assert session.lesson.pairs == (("a", "b"),)
    session.undo()
    assert session.lesson.pairs == NOTEBOOK_PAIRS


def test_pairs_are_checked_once_for_each_table(monkeypatch):
    checked = []
    monkeypatch.setattr(rows, "check_pairs", lambda some: checked.append(some) or check_pairs(some))
    session = new_session()
    session.model = ModelConfig(hidden_size=8)
    assert session.lesson.model.hidden_size == 8
    assert session.problems == []
    session.training = replace(session.training, epochs=3)
    assert session.lesson.training.epochs == 3
    session.replace(Table.of([("a", "b"), ("", "c")]))
    assert [problem.row for problem in session.problems] == [1]
    assert len(session.lesson.pairs) == 1
    assert session.lesson is session.lesson
    assert len(checked) == 2


def test_edits_of_different_rows_at_the_same_moment_all_survive(crowd):
    start = Table.of(("a", str(n)) for n in range(300))
    session = new_session()
    session.replace(start)
    crowd(lambda n: session.edit(start, with_edits(start, {n: {"target": "new"}}, [])), range(300))
    assert session.rows == (("a", "new"),) * 300


# --- The runs --------------------------------------------------------------------------------------------------------


def test_empty_runs_are_dropped_before_trained_ones(trained, session):
    made = [session.new_run(session.lesson) for _ in range(2)]
    assert session.runs == made[1:]  # the first one was empty
    for n in range(11):
        session.run.state = trained if n else session.run.state  # the first of these is left without a step
        session.run.status = "finished" if n else "queued"
        made.append(session.new_run(session.lesson))
    empty, *others = made[1:]
    empty.run.status = "paused"
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others, made[-1]]  # not the oldest one, which was trained
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others[1:], *made[-2:]]
    assert len({named.name for named in session.runs}) == len(session.runs) == 12


def test_a_run_that_trains_is_never_dropped(trained, session):
    active = [a_run(trained, "training", None) for _ in range(12)]
    session.runs = [NamedRun(run, f"{n}.", (session.lesson.pairs, session.model)) for n, run in enumerate(active)]
    session.run = active[-1]
    session.new_run(session.lesson, baseline=session.runs[3])
    assert [named.run for named in session.runs] == [*active, session.run]


def test_another_current_run_begins_with_its_latest_epoch(trained_session, trained):
    trained_session.look_at = 15
    trained_session.runs.append(NamedRun(a_run(trained), "2.", trained_session.runs[0].lesson_key))
    trained_session.delete(trained_session.run)
    assert trained_session.trained is trained


def test_what_another_tab_has_to_draw_anew(trained_session):
    session = trained_session
    for change in (
        lambda: setattr(session, "look_at", 15),
        lambda: session.new_run(session.lesson),
        session.resume,
        session.pause,
        lambda: setattr(session.run, "state", replace(session.run.state, step=5)),  # begun and ended between two looks
        lambda: setattr(session.runs[0], "name", "first"),
        lambda: session.delete(session.runs[0].run),
        lambda: session.delete(session.run),
    ):
        before = session.redraw_key
        change()
        assert session.redraw_key != before
        if session.is_active:
            before = session.redraw_key
            session.run.history = session.runs[0].run.history
            assert session.redraw_key == before  # an epoch alone is no reason


# --- Undo and Redo ---------------------------------------------------------------------------------------------------


def test_undo_and_redo_go_through_pairs_settings_and_deleted_runs(trained):
    session = new_session(run=a_run(trained))
    run = session.run
    table = session.table
    changes = [
        lambda: session.replace(Table.of([("a", "b")])),
        lambda: session.change_setting("model", "hidden_size", 8),
        lambda: session.delete(run),
        lambda: session.change_setting("training", "epochs", 3),
        lambda: session.open([("c", "d")]),
    ]
    kinds = ["pairs", "settings", "runs", "settings", "lesson"]

    def seen():
        return session.rows, session.model, session.training, [named.run for named in session.runs], session.run

    moments = [seen()]
    for change in changes:
        change()
        moments.append(seen())
    assert all(one != other for one, other in pairwise(moments))
    for moment, kind in reversed(list(zip(moments, kinds, strict=False))):
        assert session.moment.differs_by(session.undo_stack[-1]) == kind
        session.undo()
        assert seen() == moment
    assert not session.undo_stack and session.table is table
    for moment in moments[1:]:
        session.redo()
        assert seen() == moment
    assert not session.redo_stack
    session.undo()
    session.replace(Table.of([("e", "f")]))
    assert not session.redo_stack  # what comes after another change is no longer what was undone


def test_a_setting_turned_up_and_up_is_one_change(session):
    before = session.model
    for units in (33, 34, 35):
        session.change_setting("model", "hidden_size", units)
    session.change_setting("training", "epochs", 1)
    session.undo()
    assert session.model.hidden_size == 35
    session.undo()
    assert session.model == before and not session.undo_stack


def test_a_run_that_undo_cannot_bring_back_is_forgotten(trained, monkeypatch):
    monkeypatch.setattr(lesson, "MAX_UNDO", 3)
    session = new_session(run=a_run(trained))
    session.delete(session.run)
    for n in range(3):
        assert session.deleted
        session.replace(Table.of([(str(n), "b")]))
    assert not session.deleted


def test_a_new_run_stays_when_something_before_it_is_undone(session, trained):
    session.change_setting("model", "hidden_size", 8)
    new = session.new_run(session.lesson)
    session.undo()
    assert session.runs == [new] and session.run is new.run
