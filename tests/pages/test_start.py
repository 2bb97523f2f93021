"""The first page: which lesson to start with."""

import re

import pytest

from pages.parts.frame import PAGES
from pages.parts.texts import LANGUAGES
from seq2seq.classroom.lessons import SUPPLIED_LESSONS
from tests.pages.app import (
    button,
    checked,
    new_session,
    open_page,
    shows,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


@pytest.mark.parametrize("language", LANGUAGES)
def test_door_offers_the_lessons(language):
    app = open_page("start", language=language)
    for name in SUPPLIED_LESSONS:
        assert shows(app, f"lesson.{name}", language)
        assert shows(app, f"lesson.{name}_reason", language)
    assert shows(app, "start.kept", language)


@pytest.mark.parametrize("name", SUPPLIED_LESSONS)
def test_choosing_a_lesson_opens_its_table(name):
    session = new_session([("mine", "내 것")])
    app = open_page("start", session)
    app.button(key=f"open-{name}").click()
    checked(app.run())
    supplied = SUPPLIED_LESSONS[name]
    assert app.title[0].value == "Pairs"
    assert (session.rows, session.model, session.training) == (supplied.pairs, supplied.model, supplied.training)
    assert len(app.data_editor[0].value) == len(supplied.pairs)
    app.switch_page(PAGES["pairs"][0])  # the app tester would go back to the page it was sent to
    checked(button(app, "pairs.undo").click().run())
    assert session.rows == (("mine", "내 것"),)


def test_the_lesson_that_is_open_cannot_be_opened_again():
    assert open_page("start").button(key="open-notebook").disabled
