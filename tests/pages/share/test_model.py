"""The files that the page Share gives."""

import pytest

from pages.parts.share import model
from pages.parts.share.model import lesson_file_of
from pages.parts.start.opening import opened_file
from seq2seq.takeaway import lesson_file
from seq2seq.takeaway.document import DamagedError
from tests.pages.app import TEXTS, new_session, open_page, shows
from tests.takeaway.test_packing import assert_same


def downloads(app):
    return {button.proto.label: button.proto for button in app.get("download_button")}


def test_the_file_of_a_lesson_opens_as_another_lesson_with_the_same_trainings(trained_session):
    trained_session.new_run(trained_session.run.state.lesson, trained_session.runs[0])
    trained_session.hidden = frozenset({"train"})
    viewer = new_session()
    viewer.language, viewer.is_large = "ko", True
    opened = opened_file(lesson_file_of(trained_session), viewer)
    assert [named.name for named in opened.runs] == [named.name for named in trained_session.runs]
    for ours, theirs in zip(opened.runs, trained_session.runs, strict=True):
        assert_same(ours.run.state, theirs.run.state)
        assert ours.run.id != theirs.run.id
    assert opened.runs[1].baseline == opened.runs[0].run.id and opened.run is opened.runs[1].run
    assert (opened.rows, opened.model, opened.hidden) == (trained_session.rows, trained_session.model, {"train"})
    assert (opened.language, opened.is_large) == ("ko", True)
    assert opened.id != trained_session.id and not opened.undo_stack
    again = opened_file(lesson_file_of(opened), viewer)
    assert {named.run.id for named in again.runs}.isdisjoint(named.run.id for named in opened.runs)


def test_a_run_that_trains_rests_in_the_file(trained_session):
    trained_session.run.status = "training"
    opened = opened_file(lesson_file_of(trained_session), new_session())
    assert opened.run.status == "paused"


def test_without_a_model_there_is_no_keras_file(session, trained_session):
    app = open_page("share", session)
    assert shows(app, "share.untrained")
    assert not any(label.startswith("Download the model") for label in downloads(app))
    app = open_page("share", trained_session)
    assert TEXTS["share.download_keras"].format(epoch=trained_session.run.state.epoch) in downloads(app)


@pytest.mark.parametrize(
    ("limit", "value", "kind"),
    [
        ("MAX_LESSON_FILE_BYTES", 2**20, "large"),
        ("MAX_LESSON_TEXT_BYTES", 0, "text"),
        ("MAX_LESSON_ROWS", 4, "rows"),
        ("MAX_RUNS", 0, "runs"),
    ],
)
def test_a_lesson_that_is_too_large_is_not_offered_and_it_is_said_why(trained_session, monkeypatch, limit, value, kind):
    monkeypatch.setattr(lesson_file, limit, value)
    with pytest.raises(DamagedError):
        lesson_file_of(trained_session)
    monkeypatch.setattr(model, limit, value)
    app = open_page("share", trained_session)
    assert shows(app, f"share.lesson_too_{kind}", limit=1 if kind == "large" else value)
    assert not any(label.startswith("Download the lesson") for label in downloads(app))


def test_rows_that_runs_have_in_common_count_once(trained_session, monkeypatch):
    trained_session.new_run(trained_session.run.state.lesson, trained_session.runs[0])
    for module in (model, lesson_file):
        monkeypatch.setattr(module, "MAX_LESSON_ROWS", 5)
    assert any(label.startswith("Download the lesson") for label in downloads(open_page("share", trained_session)))
    assert lesson_file_of(trained_session)
