"""The two wirings of the page Model, and the questions that their parts answer."""

import re

from pages.parts.model.wiring import QUESTIONS
from seq2seq import NOTEBOOK_PAIRS, Lesson, vectorize
from tests.pages.app import checked, new_session, open_page, shows


def drawn(app):
    return next(html.value for html in app.get("html") if "wirings" in html.value)


def test_the_wirings_have_the_shapes_of_the_lesson():
    app = open_page("model", new_session())
    for asked in (None, *QUESTIONS):
        checked(app.button_group(key="ModelState-asked").set_value(asked).run())
        training, translating = wirings = drawn(app).split("wiring translating")
        shapes = [{*re.findall(r"<code>(\([\w, ]+\))</code>", wiring)} for wiring in wirings]
        for wiring in wirings:  # every arrow, and what goes round: the pick, the states, those thrown away
            assert all("<code>(" in arrow for arrow in re.findall('<div class="arrow .*?</div>', wiring))
            for letter in "ABC":  # the same weights in both
                assert f'<span class="weights">{letter}</span>' in wiring
        assert "<code>(batch, 32)</code></s>" in training.split('class="decoder')[1]
        assert "<code>(1, 32)</code> →" in translating.split('class="decoder')[1]
        source, _, target = (array.shape for array in vectorize(Lesson(NOTEBOOK_PAIRS)))
        assert f"Python <code>(1, 1, {target[2]})</code>" in translating
        for name in ("encoder_model", "decoder_model"):  # the names in the code are those of the frames
            assert translating.count(name) == 2
        assert {f"(batch, {source[1]}, {source[2]})", f"(batch, {target[1]}, {target[2]})", "(batch, 32)"} <= shapes[0]
        assert {f"(1, 6, {source[2]})", f"(1, 1, {target[2]})", "(1, 32)", "(1, 1, 32)"} == shapes[1]
        assert ("aside" in training) == (asked is not None)
    places = set(re.findall(r'<div class="([a-z_]+)', drawn(app)))
    of_others = {"attention"}  # which this model has not
    assert set().union(*QUESTIONS.values()) - of_others <= places  # what answers a question is there to stay bright


def test_other_units_do_not_fit(session):
    app = open_page("model", session)
    assert not [field for field in app.number_input if (field.key or "").startswith("decoder-units")]
    checked(app.button_group(key="ModelState-asked").set_value("units").run())
    assert shows(app, "model.units_fit", units=32)
    assert any("(1, 32) @ (32, 128)\n(1, 128)" in block.value for block in app.code)
    checked(app.number_input(key="decoder-units-32").set_value(24).run())
    assert shows(app, "model.units_clash", given=32, taken=24)
    assert any("(1, 32) @ (24, 96)\nValueError" in block.value for block in app.code)
    assert session.model.hidden_size == 32  # the lesson stays as it is


def test_the_notebooks_loop_counts():
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    wirings = drawn(open_page("model", new_session(model=notebook.model, training=notebook.training)))
    assert "for t in range(10)" in wirings
    assert "while" not in wirings
    assert "(1, 18, 23)" in wirings  # padding is read where nothing masks it
