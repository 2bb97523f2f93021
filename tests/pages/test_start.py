"""The first page: which lesson to start with."""

import pytest

from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from tests.pages.app import checked, click, new_session, open_page, shows, visit


def test_it_offers_the_lessons_but_not_the_one_that_is_open():
    app = open_page("start")
    for name in SUPPLIED_LESSONS:
        assert shows(app, f"lesson.{name}")
        assert shows(app, f"lesson.{name}_reason")
        assert app.button(key=f"open-{name}").disabled == (name == "notebook")
    assert shows(app, "start.kept")


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
