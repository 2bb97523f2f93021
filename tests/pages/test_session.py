"""What a student has at hand, without a page: also while several tabs and many students use it at once."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pages.parts import address, rows
from pages.parts.address import Sessions
from pages.parts.pairs.table import with_edits
from pages.parts.rows import Table
from pages.parts.session import NamedRun, Session
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState
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


# --- Many sessions ---------------------------------------------------------------------------------------------------


def test_an_address_is_one_session_however_many_ask_for_it(monkeypatch, crowd):
    monkeypatch.setattr(address, "MAX_SESSIONS", 2)
    sessions = Sessions()
    news = [Session.new("notebook") for _ in range(2000)]
    for n, new in enumerate(news):
        new.id = str(n % 5)  # more than are kept, so that one is dropped whenever another comes
    used = crowd(sessions.use, news)
    assert [session.id for session in used] == [new.id for new in news]
    one = [Session.new("notebook") for _ in range(100)]
    for new in one:
        new.id = "one"
    assert len(set(crowd(sessions.use, one))) == 1


def test_the_session_that_was_not_used_for_longest_is_dropped(monkeypatch):
    monkeypatch.setattr(address, "MAX_SESSIONS", 2)
    sessions = Sessions()
    first, second, third = (Session.new("notebook") for _ in range(3))
    for session in (first, second, first, third):
        assert sessions.use(session) is session

    def found(session):
        new = Session.new("notebook")
        new.id = session.id
        return sessions.use(new) is session

    assert (found(first), found(third)) == (True, True)
    assert not found(second)


def test_all_sessions_together_keep_a_bounded_amount_of_earlier_epochs(monkeypatch):
    """Those that were used last keep theirs, and whatever trains; the latest weights stay everywhere."""
    state = TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(hidden_size=2)))
    size = sum(weights.nbytes for weights in state.weights.values())
    monkeypatch.setattr(address, "MAX_ALL_CHECKPOINT_BYTES", 4 * size)
    sessions = Sessions()
    used = [sessions.use(new_session()) for _ in range(4)]
    kept = tuple((epoch, state.weights) for epoch in (1, 2))
    for session, status in zip(used, ("finished", "training", "paused", "paused"), strict=True):
        runs = [a_run(replace(state, step=1, checkpoints=kept), status) for _ in range(2)]
        session.runs = [NamedRun(run, "1.", (state.lesson.pairs, state.lesson.model)) for run in runs]
    sessions.use(used[2])
    left = [[len(named.run.state.checkpoints) for named in session.runs] for session in used]
    assert left == [[0, 0], [2, 2], [2, 2], [0, 0]]
    assert all(named.run.state.weights is state.weights for session in used for named in session.runs)
