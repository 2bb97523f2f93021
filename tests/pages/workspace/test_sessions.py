"""Sessions are written as they change, put away when nobody looks, and come back as they were."""

import contextlib
import gc
import sqlite3
import sys
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from pages.parts.questions.question import Given
from pages.parts.workspace import sessions as sessions_file
from pages.parts.workspace.keeping import marks_of
from pages.parts.workspace.rows import Table
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import NotThereError, Sessions
from seq2seq import Lesson, ModelConfig, Pair, TrainingConfig, TrainingState
from seq2seq.training import advance
from tests.pages.app import a_run, new_session
from tests.takeaway.test_packing import assert_same

PATIENCE = 60


_WRITE = Sessions._write  # before conftest.py puts another in its place


@pytest.fixture(autouse=True)
def database(monkeypatch):
    """The real one."""
    monkeypatch.setattr(Sessions, "_write", _WRITE)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'lab.db'}"


@pytest.fixture
def sessions(url):
    sessions = Sessions(url)
    yield sessions
    sessions.close()


def wait_until(holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def written(sessions, session):
    """Waits until all of a session is in the database, what trains as well."""
    session = sessions.use(session)
    wait_until(lambda: session.kept.marks == marks_of(session))
    return session


def begun(sessions, session):
    """The same of a new session, in which something was changed."""
    sessions.use(session).sentence = "typed"
    return written(sessions, session)


def after_a_restart(url, id):
    """Returns a session as another server finds it."""
    other = Sessions(url)
    session = other.find(id)
    other.close()
    return session


def assert_same_session(one, other):
    for name in ("lesson_name", "rows", "start", "model", "training", "look_at", "chosen", "sentence", "asks"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours == theirs if name != "start" else ours.rows == theirs.rows
    for name in ("answers", "is_large", "has_shortcuts", "language", "hidden", "sentence_of"):
        assert getattr(one, name) == getattr(other, name)
    for stack in ("undo_stack", "redo_stack"):
        ours, theirs = ([moment.table.rows for moment in getattr(who, stack)] for who in (one, other))
        assert ours == theirs
    for runs in ("runs", "deleted"):
        for ours, theirs in zip(getattr(one, runs), getattr(other, runs), strict=True):
            for name in ("name", "lesson_key", "baseline", "is_shown", "lesson"):
                assert getattr(ours, name) == getattr(theirs, name)
            for name in ("id", "status", "stop_reason", "target_epoch", "has_rules", "history", "error"):
                assert getattr(ours.run, name) == getattr(theirs.run, name)
            assert_same(ours.run.state, theirs.run.state)
    assert (one.run and one.run.id) == (other.run and other.run.id)


def test_all_of_a_session_is_there_after_a_restart(sessions, url, trained):
    session = sessions.use(new_session(run=a_run(trained)))
    session.replace(Table.of([("Hello.", ""), ("a\u200b", "👋"), ("x" * 400, "y")]))
    session.change_setting("model", "hidden_size", 7)
    session.undo()
    session.choose(session.new_run(Lesson((Pair("a", "b"),), ModelConfig(2))).run)
    session.delete(session.runs[0].run)
    session.answers |= {"shape": Given((5, 18, 23), True), "hidden": Given(None, False), "token": Given("안", False)}
    session.sentence, session.sentence_of = "Hello.", trained.lesson.pairs
    session.language, session.is_large, session.hidden = "ko", True, frozenset({"train"})
    session = written(sessions, session)
    assert_same_session(after_a_restart(url, session.id), session)
    session.undo()  # the deleted run
    again = after_a_restart(url, written(sessions, session).id)
    assert_same_session(again, session)
    again.redo()
    session.redo()
    assert_same_session(again, session)


def test_a_training_that_was_interrupted_goes_on_from_its_last_slice(sessions, url, engine):
    state = advance(TrainingState.new(Lesson((Pair("a", "b"), Pair("c", "d")), ModelConfig(2))), epochs=3)
    session = new_session(run=a_run(state, "training", None, target_epoch=150))
    more = a_run(replace(state), "training", None, target_epoch=10, has_rules=False)
    session.runs.append(replace(session.runs[0], run=more, name="2."))
    begun(sessions, session)
    other = Sessions(url)
    again = other.find(session.id)
    assert [named.run.status for named in again.runs] == ["paused"] * 2  # a page has not asked for it
    assert other.use(again) is again
    assert [(run.id, run.status, run.target_epoch, run.has_rules) for run in engine.submitted] == [
        (session.run.id, "queued", 150, True),
        (more.id, "queued", 10, False),
    ]
    assert_same(again.run.state, state)
    other.use(again)
    assert len(engine.submitted) == 2
    for run in (*(named.run for named in again.runs), *(named.run for named in session.runs)):
        run.status = "paused"
    other.close()


def test_what_nobody_changed_is_not_written(sessions, url):
    session = sessions.use(Session.new("notebook"))
    sessions.use(session).chosen = 1
    written(sessions, session)
    other = sessions.use(Session.new("notebook"))
    written(sessions, other)
    assert after_a_restart(url, session.id).chosen == 1
    assert after_a_restart(url, other.id) is None


def test_who_is_not_seen_leaves_memory_and_comes_back(sessions, monkeypatch):
    monkeypatch.setattr(sessions_file, "REST_SECONDS", 0)
    session = begun(sessions, new_session([("mine", "내 것")]))
    session.replace(Table.of([("mine", "제 것")]))
    sessions.use(session)
    id, gone = session.id, weakref.ref(session)

    def is_gone():
        sessions._wake.set()
        gc.unfreeze()
        gc.collect()
        return gone() is None

    del session
    wait_until(is_gone)
    assert sessions.find(id).rows == (("mine", "제 것"),)


def test_as_long_as_a_tab_holds_a_session_there_is_no_other(sessions, monkeypatch):
    """A laptop that slept comes back with what it had, even where a click of it is older than the page."""
    monkeypatch.setattr(sessions_file, "REST_SECONDS", 0)
    session = begun(sessions, new_session([("mine", "내 것")]))
    wait_until(lambda: sessions._wake.set() or session.id not in sessions._used)
    session.replace(Table.of([("late", "늦게")]))
    assert sessions.find(session.id) is session
    written(sessions, session)


def test_an_address_is_one_session_however_many_ask_for_it(sessions):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    news = [Session.new("notebook") for _ in range(500)]
    for new in news:
        new.id = "one"
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(sessions.use, news))) == 1
    sys.setswitchinterval(interval)


def test_what_another_server_wrote_is_not_overwritten(sessions, url):
    """The later one goes on from what the earlier one wrote, is told, and finds its own one step back."""
    session = begun(sessions, new_session([("a", "b")]))
    other = Sessions(url)
    theirs = other.use(other.find(session.id))
    theirs.replace(Table.of([("theirs", "1")]))
    theirs.answers["question"] = Given(1, True)
    written(other, theirs)
    session.change_setting("model", "hidden_size", 5)
    session.replace(Table.of([("ours", "2")]))
    sessions.use(session)
    wait_until(lambda: session.was_overtaken)
    session = written(sessions, session)
    assert session.rows == (("theirs", "1"),) and session.answers == {"question": Given(1, True)}
    session.undo()
    assert session.rows == (("ours", "2"),) and session.model.hidden_size == 5
    written(sessions, session)
    assert after_a_restart(url, session.id).rows == (("ours", "2"),)
    other.close()


def test_two_servers_that_train_do_not_tell_of_each_other(sessions, url, engine):
    state = TrainingState.new(Lesson((Pair("a", "b"),), ModelConfig(2)))
    session = begun(sessions, new_session(run=a_run(state, "paused", None)))
    other = Sessions(url)
    theirs = other.use(other.find(session.id))
    theirs.run.state = replace(theirs.run.state)
    written(other, theirs)
    session.run.state = replace(session.run.state)
    written(sessions, session)
    assert not session.was_overtaken and not session.undo_stack
    other.close()


def test_deleting_leaves_nothing(sessions, url):
    session = begun(sessions, new_session([("a", "b")]))
    other = Sessions(url)
    theirs = other.use(other.find(session.id))
    sessions.delete(session)
    session.replace(Table.of([("late", "click")]))
    assert sessions.find(session.id) is None
    theirs.replace(Table.of([("another", "server")]))
    other.use(theirs)
    wait_until(lambda: theirs.is_deleted)
    assert other._store.load(session.id) is None
    other.close()


def test_without_a_database_pages_work_and_say_so(tmp_path):
    (tmp_path / "file").write_text("")
    sessions = Sessions(f"sqlite:///{tmp_path / 'file' / 'lab.db'}")
    session = sessions.use(new_session([("a", "b")]))
    session.replace(Table.of([("c", "d")]))
    assert not sessions.is_written(session)
    with pytest.raises(NotThereError):
        sessions.find("another")
    (tmp_path / "file").unlink()
    sessions._opened_at = 0
    written(sessions, session)
    sessions.close()


def test_a_long_training_is_kept_slice_by_slice(sessions, url):
    training = TrainingConfig(stop_when_right=False)
    state = TrainingState.new(Lesson((Pair("ab", "ba"), Pair("b", "b")), ModelConfig(3), training))
    session = sessions.use(new_session(run=a_run(state, "paused", None)))
    for epochs in (1, 1, 98, 30):
        session.run.state = advance(session.run.state, epochs=epochs)
        written(sessions, session)
        assert_same(after_a_restart(url, session.id).run.state, session.run.state)
    assert len(sessions._store.load(session.id).blobs) == len(session.kept.digests)


@pytest.mark.parametrize(
    "typed",
    [
        lambda session: setattr(session, "sentence", "x" * 30_000),
        lambda session: setattr(session.runs[0], "name", "half an emoji \ud83d" + "x" * 400),
        lambda session: session.replace(Table.of([("x" * 30_000, "y")])),
        lambda session: session.replace(Table.of([("x", "y")] * 110_000)),
    ],
    ids=["sentence", "name", "cell", "rows"],
)
def test_whatever_is_typed_can_be_read_again(sessions, url, trained, typed):
    session = sessions.use(new_session(run=a_run(trained)))
    typed(session)
    session = written(sessions, session)
    again = after_a_restart(url, session.id)
    assert again.rows == session.rows and (again.sentence or "") == (session.sentence or "")[:20_000]


def test_undo_of_large_tables_is_bounded(session):
    for n in range(10):
        session.replace(Table.of([(str(n), "b")] * 50_000))
    assert len(session.undo_stack) == 6  # with 50,000 rows each
    session.undo()
    assert session.rows[0] == ("8", "b")


def test_one_session_that_cannot_be_written_keeps_no_other_waiting(sessions, monkeypatch):
    bad, good = (sessions.use(new_session([(name, "b")])) for name in ("bad", "good"))
    assert sessions.find("nobody") is None  # the database is open
    save = type(sessions._store).save

    def fails(store, id, *rest):
        if id == bad.id:
            raise OSError("no space left on device")
        return save(store, id, *rest)

    monkeypatch.setattr(type(sessions._store), "save", fails)
    bad.sentence = "lost?"
    sessions.use(bad)
    wait_until(lambda: bad.kept.error)
    assert not sessions.can_write(bad) and not sessions.is_written(bad)
    good.sentence = "kept"
    written(sessions, good)
    monkeypatch.setattr(type(sessions._store), "save", save)
    bad.kept.next_at = 0
    written(sessions, bad)


def test_a_deleted_session_stays_deleted_though_a_tab_looks_at_it(sessions):
    session = begun(sessions, new_session([("a", "b")]))
    sessions.delete(session)
    sessions.use(session)
    assert sessions.find(session.id) is None


def test_a_run_that_was_trained_further_elsewhere_is_not_set_back(sessions, url, engine):
    state = TrainingState.new(Lesson((Pair("a", "b"),), ModelConfig(2)))
    session = begun(sessions, new_session(run=a_run(state, "paused", None)))
    other = Sessions(url)
    theirs = other.use(other.find(session.id))
    theirs.run.state = advance(theirs.run.state, epochs=2)
    written(other, theirs)
    session.replace(Table.of([("c", "d")]))
    session = written(sessions, session)
    assert_same(session.run.state, theirs.run.state)
    assert not engine.submitted
    other.close()


# --- A database that fails while it is open


@contextlib.contextmanager
def trouble_of(kind, engine):
    """Has another process write and not end, or no page more fit into the file; each connection is a new one."""
    engine.dispose()
    limits = {"locked": "busy_timeout=10", "full": "max_page_count=1", "read-only": "query_only=1"}

    def limit(connection, _):
        connection.execute(f"PRAGMA {limits[kind]}")  # more pages than there are, where that is too few

    sa.event.listen(engine, "connect", limit)
    other = sqlite3.connect(engine.url.database, isolation_level=None)
    if kind == "locked":
        other.execute("BEGIN IMMEDIATE")
    yield
    other.close()
    sa.event.remove(engine, "connect", limit)
    engine.dispose()


@pytest.mark.parametrize("trouble", ["locked", "full", "read-only"])
def test_what_cannot_be_written_is_said_and_written_later(sessions, url, monkeypatch, caplog, trouble):
    for name in ("RETRY_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(sessions_file, name, 0.05)
    session = begun(sessions, new_session([("a", "b")]))
    with trouble_of(trouble, sessions._store.engine):
        session.replace(Table.of([("x" * 20_000, str(n)) for n in range(100)]))
        sessions.use(session)
        wait_until(lambda: not sessions.can_write(session))
        assert not sessions.is_written(session)
        seen = session.kept.next_at
        wait_until(lambda: session.kept.next_at > seen)  # it was tried again
        assert len([record for record in caplog.records if record.name == sessions_file.__name__]) == 1
    written(sessions, session)
    assert sessions.can_write(session)
    assert after_a_restart(url, session.id).rows == session.rows


def test_a_database_that_is_damaged_while_it_is_open_is_set_aside_and_all_at_hand_is_written(sessions, url, caplog):
    session = begun(sessions, new_session([("a", "b")]))
    other = begun(sessions, new_session([("c", "d")]))
    file = Path(sessions._store.engine.url.database)
    sessions._store.engine.dispose()  # or the journal, not the file, would be read
    file.write_bytes(b"garbage" * 10_000)
    session.sentence = "after it"
    wait_until(lambda: sessions.use(session) and sessions.aside)
    assert file.with_name(sessions.aside).exists()
    written(sessions, session), written(sessions, other)
    assert after_a_restart(url, session.id).sentence == "after it"
    assert after_a_restart(url, other.id).rows == other.rows
    assert sessions.can_write(session)
