"""The first page: which lesson to start with."""

import re

import pytest

from pages.parts.door import address
from pages.parts.share.model import lesson_file_of
from seq2seq.classroom import measured
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from tests.pages.app import TEXTS, checked, click, links, new_session, open_page, pattern_of, shows, visit


def test_it_offers_the_lessons_but_not_the_one_that_is_open():
    app = open_page("start")
    for name in SUPPLIED_LESSONS:
        assert shows(app, f"lesson.{name}")
        assert shows(app, f"lesson.{name}_reason")
        assert app.button(key=f"open-{name}").disabled == (name == "notebook")
    assert shows(app, "start.kept")
    assert not shows(app, "start.trained_in")
    assert links(app)[-2] == TEXTS["pairs.menu"]  # for pairs of one's own; the last one is to the next page


@pytest.mark.parametrize(("seconds", "shown"), [(0.31, "0.3"), (12.4, "12")])
def test_it_says_how_long_a_lesson_took_here(seconds, shown, monkeypatch):
    monkeypatch.setattr(measured, "_seconds", {"dates": seconds})
    app, pattern = open_page("start"), pattern_of(TEXTS["start.trained_in"])
    assert [caption.value for caption in app.caption if re.search(pattern, caption.value)] == [
        f"{TEXTS['start.size'].format(pairs=800)} · {TEXTS['start.trained_in'].format(seconds=shown)}"
    ]


@pytest.mark.parametrize("name", SUPPLIED_LESSONS)
def test_choosing_a_lesson_opens_its_table(name):
    session = new_session([("mine", "내 것")])
    app = open_page("start", session)
    checked(app.button(key=f"open-{name}").click().run())
    supplied = SUPPLIED_LESSONS[name]
    assert app.title[0].value == "Pairs"
    assert (session.rows, session.model, session.training) == (supplied.pairs, supplied.model, supplied.training)
    assert len(app.data_editor[0].value) == len(supplied.pairs)
    click(visit(app, "pairs"), "frame.undo")  # without a visit the app tester goes back to the page it was sent to
    assert session.rows == (("mine", "내 것"),)


# --- A lesson file ---------------------------------------------------------------------------------------------------


def open_file(app, content):
    return checked(app.file_uploader(key="lesson-file").set_value(("a.seq2seq.zip", content, "application/zip")).run())


def test_a_lesson_file_opens_as_a_lesson_of_its_own(trained_session):
    viewer = new_session([("mine", "내 것")])
    app = open_file(open_page("start", viewer), lesson_file_of(trained_session))
    opened = app.session_state["session"]
    assert app.title[0].value == "Pairs"
    assert opened.rows == trained_session.rows
    assert (viewer.rows, viewer.undo_stack) == ((("mine", "내 것"),), ())
    assert app.query_params[address.ID] == opened.id != viewer.id
    translate = visit(app, "translate")
    assert shows(translate, "translate.right")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda content: b"Hello.\t...", "no_lesson_file"),
        (lambda content: content[:-100], "lesson_cut"),
        (lambda content: content.replace(b"PK\x01\x02", b"PK\x01\x03", 1), "lesson_damaged"),
    ],
)
def test_a_file_that_cannot_be_opened_says_why_and_changes_nothing(trained_session, session, damage, kind):
    content = lesson_file_of(trained_session)
    app = open_file(open_page("start", session), damage(content))
    assert shows(app, f"problem.{kind}")
    assert app.session_state["session"] is session
    open_file(app, content)
    assert app.session_state["session"] is not session
