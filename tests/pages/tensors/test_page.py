"""The page Tensors: shapes and switches."""

import re

import pytest

from pages.parts.texts import LANGUAGES
from seq2seq import NOTEBOOK_PAIRS, Lesson
from tests.pages.app import (
    checked,
    new_session,
    open_page,
    shows,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


@pytest.mark.parametrize("language", LANGUAGES)
def test_shapes_of_the_notebook(language):
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    app = open_page("tensors", new_session(model=notebook.model, training=notebook.training), language)
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == ["### `(5, 18, 23)`", "### `(5, 10, 24)`", "### `(5, 10, 24)`"]
    assert shows(app, "tensors.axis_time_source", language, n=18, longest=18)
    assert shows(app, "tensors.axis_tokens_target", language, n=24, characters=24)
    assert shows(app, "tensors.shift_notebook", language)
    assert shows(app, "tensors.zero_rows", language, tensor="encoder_inputs", pair=0, steps=18, zero=12)


def test_shapes_with_markers():
    app = open_page("tensors", new_session())
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == ["### `(5, 18, 23)`", "### `(5, 11, 26)`", "### `(5, 11, 26)`"]
    assert shows(app, "tensors.axis_time_target_plus", n=11, longest=10)
    assert shows(app, "tensors.axis_tokens_target_plus", n=26, characters=24)
    assert shows(app, "tensors.shift_markers")
    vocabularies = [table.value.to_numpy().ravel().tolist() for table in app.dataframe[-2:]]
    assert [len(tokens) for tokens in vocabularies] == [23, 26]
    assert "␣" in vocabularies[0]
    assert {"⟨bos⟩", "⟨eos⟩", "␣"} <= set(vocabularies[1])


def test_choosing_a_pair_and_a_tensor():
    session = new_session()
    app = open_page("tensors", session)
    app.selectbox[0].set_value(3)
    checked(app.run())
    assert session.chosen == 3
    assert shows(app, "tensors.zero_rows", tensor="encoder_inputs", pair=3, steps=18, zero=7)
    next(group for group in app.button_group if group.key != "FrameState-language").set_value("decoder_targets")
    checked(app.run())
    assert shows(app, "tensors.zero_rows", tensor="decoder_targets", pair=3, steps=11, zero=4)
