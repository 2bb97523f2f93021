"""The page Model: settings and parameters."""

import re
from dataclasses import replace
from itertools import product

import pytest

from pages.parts.frame import PAGES
from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState
from seq2seq.classroom.lessons import suggested_settings
from tests.pages.app import (
    a_run,
    button,
    checked,
    counts,
    new_session,
    open_page,
    shows,
    translate,
    translation,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_in_the_notebook(language):
    session = new_session()
    app = open_page("model", session, language)
    checked(button(app, "model.as_in_notebook", language).click().run())
    assert counts(app) == ["7,168", "7,296", "792", "15,256"]
    assert app.dataframe[0].value.iloc[:, 1].tolist() == [
        "4 × (23 + 32 + 1) × 32",
        "4 × (24 + 32 + 1) × 32",
        "(32 + 1) × 24",
        "7,168 + 7,296 + 792",
    ]
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    assert (session.model, session.training) == (notebook.model, notebook.training)
    assert [toggle.value for toggle in app.main.toggle] == [False, False]
    checked(button(app, "model.suggested", language).click().run())
    assert (session.model, session.training) == suggested_settings(5)
    assert [toggle.value for toggle in app.main.toggle] == [True, True]


def test_units_and_switches_change_the_model():
    session = new_session()
    app = open_page("model", session)
    app.number_input[0].set_value(8)
    checked(app.run())
    assert session.model == ModelConfig(8)
    assert counts(app) == ["1,024", "1,120", "234", "2,378"]
    assert "(batch, 8)" in "".join(element.value for element in app.get("html"))
    app.main.toggle[0].set_value(False)
    app.main.toggle[1].set_value(False)
    checked(app.run())
    assert session.model == ModelConfig(8, markers=False, mask_padding=False)
    assert counts(app) == ["1,024", "1,056", "216", "2,296"]
    app.switch_page(PAGES["tensors"][0])
    checked(app.run())
    app.switch_page(PAGES["model"][0])
    checked(app.run())
    assert app.number_input[0].value == 8
    assert [toggle.value for toggle in app.main.toggle] == [False, False]


LEVEL_SHAPES = {
    ("character", "jamo"): ("(5, 18, 23)", "(5, 19, 31)"),
    ("jamo", "character"): ("(5, 18, 23)", "(5, 11, 26)"),
    ("word", "word"): ("(5, 5, 13)", "(5, 5, 15)"),
}


@pytest.mark.parametrize(("levels", "language"), product(LEVEL_SHAPES, LANGUAGES))
def test_a_choice_of_tokens_holds_on_every_page(levels, language):
    session = new_session()
    app = open_page("model", session, language)
    for side, level in zip(("source", "target"), levels, strict=True):
        label = catalogue(language)[f"model.{side}_tokens"]
        next(box for box in app.selectbox if box.label == label).set_value(level)
        checked(app.run())
    assert session.model == ModelConfig(source_tokens=levels[0], target_tokens=levels[1])
    app = open_page("tensors", session, language)
    encoder, decoder = LEVEL_SHAPES[levels]
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == [f"### `{shape}`" for shape in (encoder, decoder, decoder)]
    kinds = [catalogue(language)[f"tokens.{level}_many"] for level in levels]
    assert shows(app, "tensors.axis_tokens_source", language, kinds=kinds[0])
    assert shows(app, "tensors.axis_tokens_target_plus", language, kinds=kinds[1])
    tables = [table.value for table in app.dataframe[:2]]
    assert [table.iloc[:, 1].tolist() for table in tables] == [[6, 6, 2], [6, 13, 2]]  # Hello. and 안녕하세요.
    assert list(tables[1].iloc[1, 2])[:6] == ["ㅇ", "ㅏ", "-ㄴ", "ㄴ", "ㅕ", "-ㅇ"]
    state = replace(TrainingState.new(session.lesson), step=1)
    trained_session = new_session(run=a_run(state), model=session.model)
    for page in ("train", "translate"):
        open_page(page, trained_session, language)
    app = open_page("model", trained_session, language)
    checked(button(app, "model.as_in_notebook", language).click().run())
    assert (trained_session.model.source_tokens, trained_session.model.target_tokens) == ("character", "character")


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_tokens_are_named_by_what_they_are(language):
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(source_tokens="word", target_tokens="jamo", markers=False))
    session = new_session(run=a_run(replace(TrainingState.new(lesson), step=1)), model=lesson.model)
    app = open_page("translate", session, language)
    words = catalogue(language)["tokens.word_many"]
    translate(app, "What is life?")
    assert shows(app, "translate.unknown", language, kinds=words)
    assert "␣life" in translation(app)
    translate(app, "Nobody knows")
    assert shows(app, "translate.all_unknown", language, kinds=words)
