"""The page Model: settings and parameters."""

import math
from dataclasses import replace

import pytest

from pages.parts.texts import catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState
from seq2seq.classroom.lessons import suggested_settings
from seq2seq.state import weight_shapes
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

SETTINGS = {name: f"ModelConfig-{name}" for name in ModelConfig.__dataclass_fields__}


def shown_settings(app) -> ModelConfig:
    """Returns the model that the page's widgets show."""
    hidden = app.number_input(key=SETTINGS["hidden_size"]).value
    toggles = [app.toggle(key=SETTINGS[name]).value for name in ("markers", "mask_padding")]
    return ModelConfig(
        hidden, *toggles, *(app.selectbox(key=SETTINGS[f"{s}_tokens"]).value for s in ("source", "target"))
    )


def test_as_in_the_notebook():
    session = new_session()
    app = open_page("model", session)
    checked(button(app, "model.as_in_notebook").click().run())
    assert counts(app) == ["7,168", "7,296", "792", "15,256"]
    assert app.dataframe[0].value.iloc[:, 1].tolist() == [
        "4 × (23 + 32 + 1) × 32",
        "4 × (24 + 32 + 1) × 32",
        "(32 + 1) × 24",
        "7,168 + 7,296 + 792",
    ]
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    assert (session.model, session.training) == (notebook.model, notebook.training)
    assert shown_settings(app) == notebook.model
    checked(button(app, "model.suggested").click().run())
    assert (session.model, session.training) == suggested_settings(5)
    assert shown_settings(app) == session.model


def test_units_and_switches_change_the_model():
    session = new_session()
    app = open_page("model", session)
    app.number_input(key=SETTINGS["hidden_size"]).set_value(8)
    checked(app.run())
    assert session.model == ModelConfig(8)
    assert counts(app) == ["1,024", "1,120", "234", "2,378"]
    assert "(batch, 8)" in "".join(element.value for element in app.get("html"))
    app.toggle(key=SETTINGS["markers"]).set_value(False)
    app.toggle(key=SETTINGS["mask_padding"]).set_value(False)
    checked(app.run())
    assert session.model == ModelConfig(8, markers=False, mask_padding=False)
    assert counts(app) == ["1,024", "1,056", "216", "2,296"]
    assert shown_settings(open_page("model", session)) == session.model


def test_two_tabs_change_the_same_model():
    """Each takes over what was changed in it, and nothing of what it showed before."""
    session = new_session()
    first, second = open_page("model", session), open_page("model", session)
    first.number_input(key=SETTINGS["hidden_size"]).set_value(8)
    checked(first.run())
    second.toggle(key=SETTINGS["markers"]).set_value(False)
    checked(second.run())
    assert session.model == ModelConfig(8, markers=False)
    assert shown_settings(second) == shown_settings(checked(first.run())) == session.model


@pytest.mark.parametrize(
    ("levels", "shapes"),
    [
        (("character", "jamo"), ("(5, 18, 23)", "(5, 19, 31)")),
        (("jamo", "character"), ("(5, 18, 23)", "(5, 11, 26)")),
        (("word", "word"), ("(5, 5, 13)", "(5, 5, 15)")),
    ],
)
def test_a_choice_of_tokens_holds_on_every_page(levels, shapes):
    session = new_session()
    app = open_page("model", session)
    for side, level in zip(("source", "target"), levels, strict=True):
        app.selectbox(key=SETTINGS[f"{side}_tokens"]).set_value(level)
        checked(app.run())
    assert session.model == ModelConfig(source_tokens=levels[0], target_tokens=levels[1])
    app = open_page("tensors", session)
    encoder, decoder = shapes
    assert [e.value for e in app.markdown if e.value.startswith("###")] == [
        f"### `{shape}`" for shape in (encoder, decoder, decoder)
    ]
    kinds = [catalogue("en")[f"tokens.{level}_many"] for level in levels]
    assert shows(app, "tensors.axis_tokens_source", kinds=kinds[0])
    assert shows(app, "tensors.axis_tokens_target_plus", kinds=kinds[1])
    tables = [table.value for table in app.dataframe[:2]]
    assert [table.iloc[:, 1].tolist() for table in tables] == [[6, 6, 2], [6, 13, 2]]  # Hello. and 안녕하세요.
    assert list(tables[1].iloc[1, 2])[:6] == ["ㅇ", "ㅏ", "-ㄴ", "ㄴ", "ㅕ", "-ㅇ"]
    state = replace(TrainingState.new(session.lesson), step=1)
    trained_session = new_session(run=a_run(state), model=session.model)
    for page in ("train", "translate"):
        open_page(page, trained_session)
    app = open_page("model", trained_session)
    checked(button(app, "model.as_in_notebook").click().run())
    assert (trained_session.model.source_tokens, trained_session.model.target_tokens) == ("character", "character")


@pytest.mark.parametrize("units", [1, 32, 200])
def test_the_parameters_add_up(units):
    session = new_session(model=ModelConfig(units))
    table = next(frame.value for frame in open_page("model", session).dataframe if "Parameters" in frame.value)
    counts = [int(count.replace(",", "")) for count in table["Parameters"]]
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(units))
    assert counts[-1] == sum(counts[:-1]) == sum(math.prod(shape) for shape in weight_shapes(lesson).values())
    for _, row in table.iloc[:-1].iterrows():
        parts = [int(row[name].replace(",", "")) for name in table.columns[2:5] if row[name]]
        total = int(row["Parameters"].replace(",", ""))
        assert sum(parts) == total == eval(row.iloc[1].replace("×", "*"))


def test_unknown_tokens_are_named_by_what_they_are():
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(source_tokens="word", target_tokens="jamo", markers=False))
    session = new_session(run=a_run(replace(TrainingState.new(lesson), step=1)), model=lesson.model)
    app = open_page("translate", session)
    words = catalogue("en")["tokens.word_many"]
    translate(app, "What is life?")
    assert shows(app, "translate.unknown", kinds=words)
    assert "␣life" in translation(app)
    translate(app, "Nobody knows")
    assert shows(app, "translate.all_unknown", kinds=words)
