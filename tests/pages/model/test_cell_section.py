"""Inside the cell, on the page Model: what is shown is what the model computes."""

import base64
import json
import math
import re
import struct
import zlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts import texts as page_texts
from pages.parts import theme
from pages.parts.model import cell
from pages.parts.texts import LANGUAGES
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingState, Translator, vectorize
from seq2seq.cell import Gates
from seq2seq.state import weight_shapes
from tests.pages.app import a_run, button, checked, new_session, open_page, said, shows

SIDES_AND_ROWS = [(side, row) for side in cell.SIDES for row in range(len(NOTEBOOK_PAIRS))]


@pytest.fixture(params=["trained", "notebook_trained"])
def translator(request):
    return Translator(request.getfixturevalue(request.param))


def keras_lstm(translator, side):
    import keras  # noqa: PLC0415

    from seq2seq.model import to_keras  # noqa: PLC0415
    from seq2seq.state import TrainingState  # noqa: PLC0415

    state = TrainingState.new(translator.lesson)
    state.weights.update(translator.weights)
    lstm = to_keras(state).get_layer(side)
    again = keras.layers.LSTM(lstm.units, return_sequences=True, return_state=True)
    again.build((None, None, lstm.cell.kernel.shape[0]))
    again.set_weights(lstm.get_weights())
    return again, lstm.cell


def begins_with(translator, side, row):
    """Returns the h and c, (1, hidden), that Keras begins this side with."""
    hidden = translator.lesson.model.hidden_size
    nothing = [np.zeros((1, hidden), np.float32)] * 2
    if side == "encoder":
        return nothing
    lstm, _ = keras_lstm(translator, "encoder")
    read = cell.passage(translator, "encoder", row)
    x = np.eye(len(translator.lesson.source_vocabulary), dtype=np.float32)[read.ids] * (read.ids >= 0)[:, None]
    _, h, c = lstm(x[None])
    return [np.asarray(h), np.asarray(c)]


@pytest.mark.parametrize(("side", "row"), SIDES_AND_ROWS)
def test_the_states_are_kerass(side, row, translator):
    passed = cell.passage(translator, side, row)
    lstm, _ = keras_lstm(translator, side)
    tensors = vectorize(translator.lesson)
    x = (tensors.encoder_inputs if side == "encoder" else tensors.decoder_inputs)[row : row + 1, : len(passed)]
    state = begins_with(translator, side, row)
    np.testing.assert_allclose(passed.state_h[0], state[0][0], atol=1e-5)
    np.testing.assert_allclose(passed.state_c[0], state[1][0], atol=1e-5)
    for step in range(len(passed)):  # one by one, for Keras shows c only at the end
        _, *state = (np.asarray(value) for value in lstm(x[:, step : step + 1], initial_state=state))
        now = cell.table(passed, step)
        np.testing.assert_allclose(now["h"], state[0][0], atol=1e-5)
        np.testing.assert_allclose(now["c"], state[1][0], atol=1e-5)
        np.testing.assert_array_equal(now["h_before"], passed.state_h[step])


@pytest.mark.parametrize(("side", "row"), SIDES_AND_ROWS)
def test_the_gates_are_kerass(side, row, translator):
    """Keras keeps its gates to itself: they are what its cell's own function makes of its own kernels."""
    passed = cell.passage(translator, side, row)
    _, keras_cell = keras_lstm(translator, side)
    kernel, recurrent, bias = (np.asarray(weights) for weights in keras_cell.get_weights())
    x = np.where((passed.ids >= 0)[:, None], kernel[passed.ids], 0)
    z = np.split(x + passed.state_h[:-1] @ recurrent + bias, 4, axis=1)
    functions = [keras_cell.recurrent_activation] * 2 + [keras_cell.activation, keras_cell.recurrent_activation]
    for name, function, values in zip(Gates._fields, functions, z, strict=True):
        expected = np.asarray(function(values))
        np.testing.assert_allclose(getattr(passed.gates, name), expected, atol=1e-5)


@pytest.mark.parametrize("side", cell.SIDES)
def test_every_sentence_is_read_to_its_end(side, translator):
    lesson = translator.lesson
    for row, pair in enumerate(lesson.pairs):
        passed = cell.passage(translator, side, row)
        ids = passed.ids[passed.ids >= 0]
        vocabulary = lesson.source_vocabulary if side == "encoder" else lesson.target_vocabulary
        assert vocabulary.decode(ids) == getattr(pair, "source" if side == "encoder" else "target")
        assert len(passed) == len(passed.ids) == len(passed.state_h) - 1
    last = cell.passage(translator, "encoder", 0)
    np.testing.assert_array_equal(last.state_h[-1], translator.context(lesson.pairs[0].source).state_h)
    np.testing.assert_array_equal(cell.passage(translator, "decoder", 0).state_c[0], last.state_c[-1])


@pytest.mark.parametrize("side", cell.SIDES)
def test_the_tables_agree(side, translator):
    """The grid, its table, and the table over time are the same numbers."""
    passed = cell.passage(translator, side, 2)
    for step in range(len(passed)):
        grid, table = cell.grid(passed, step), cell.table(passed, step)
        wide = grid.pivot(index="unit", columns="part", values="value")
        np.testing.assert_array_equal(wide[list(cell.PARTS)], table[list(cell.PARTS)])
        assert grid["shade"].abs().max() <= 1
        for state, states in passed.states.items():
            over_time = cell.over_time(passed, states)
            np.testing.assert_array_equal(over_time.iloc[:, step], table[state])
    assert list(over_time.columns) == cell.step_labels(passed)
    assert len(set(cell.step_labels(passed))) == len(passed)


def value(written):
    return float(written.replace("−", "-"))


@pytest.mark.parametrize("side", cell.SIDES)
def test_the_arithmetic_can_be_done_again(side, translator):
    """With what is written and a pocket calculator: each result follows from its line, but for the rounding."""
    sigmoid = {"g": math.tanh} | dict.fromkeys("ifo", lambda z: 1 / (1 + math.exp(-z)))
    passed = cell.passage(translator, side, 1)
    for step in range(len(passed)):
        for unit in range(0, passed.hidden, 5):
            near = 2e-4 * max(1, float(abs(passed.state_c).max()))
            for gate, row in cell.gate_sums(passed, step, unit).iterrows():
                bias, token, state, z, opened = (value(cell.number(part)) for part in row)
                assert z == pytest.approx(bias + token + state, abs=2e-4)
                assert opened == pytest.approx(sigmoid[gate](z), abs=2e-4)
                assert row["gate"] == pytest.approx(getattr(passed.gates, gate)[step, unit])
            for name, (*places, result) in cell.state_sums(passed, step, unit).items():
                for place in places:
                    sums = place.replace("−", "-").replace("·", "*")
                    assert eval(sums, {"tanh": math.tanh}) == pytest.approx(value(result), abs=near)
                assert value(result) == pytest.approx(passed.states[name][step + 1, unit], abs=6e-5)


@given(st.floats(-1000, 1000))
def test_numbers_are_written_to_four_digits(number):
    written = cell.number(number)
    assert re.fullmatch(r"−?\d+\.\d{4}", written)
    assert value(written) == pytest.approx(number, abs=5.1e-5)
    assert written != "−0.0000"
    assert cell.factor(written).startswith("(") == written.startswith("−")


def pixels(address):
    """Decodes a picture as a browser does."""
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        chunks[kind] = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + chunks[kind]),)
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def test_a_heat_map_has_a_pixel_for_each_number():
    low, middle, high = ([int(c[n : n + 2], 16) for n in (1, 3, 5)] for c in cell._STATES["range"])
    drawn = pixels(cell.heat_map(np.array([[-2.0, 0.0, 2.0], [0.0, 1.0, 9.0]]), end=2))
    assert drawn[0].tolist() == [low, middle, high]
    assert drawn[1, 0].tolist() == middle
    assert drawn[1, 1].tolist() == np.round((np.array(middle) + high) / 2).astype(int).tolist()
    assert drawn[1, 2].tolist() == high


@given(st.integers(1, 400), st.integers(1, 70), st.integers(0, 99))
def test_heat_maps_of_any_size(rows, columns, seed):
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    assert pixels(cell.heat_map(values, 1)).shape == (rows, columns, 3)


# --- On the page -----------------------------------------------------------------------------------------------------


def arithmetic(app):
    return next(html.value for html in app.get("html") if 'class="arithmetic"' in html.value)


def test_scrubbing_moves_through_the_sentence(trained):
    session = new_session(run=a_run(trained), model=trained.lesson.model, training=trained.lesson.training)
    app = open_page("model", session)
    passed = cell.passage(Translator(trained), "encoder", 0)
    seen = set()
    for step in range(len(passed)):
        assert shows_step(app, step, passed)
        seen.add(arithmetic(app))
        for part in (*cell.state_sums(passed, step, 0)["c"], *cell.state_sums(passed, step, 0)["h"]):
            assert f"= {part}</span>" in arithmetic(app)
        button(app, "cell.forward").click()
        checked(app.run())
    assert len(seen) == len(passed)
    assert shows_step(app, len(passed) - 1, passed)  # the end is the end
    app.slider(key="cell-step").set_value(1)
    assert shows_step(checked(app.run()), 1, passed)
    button(app, "cell.back").click()
    assert shows_step(checked(app.run()), 0, passed)
    app.number_input(key="cell-unit").set_value(7)
    checked(app.run())
    assert f"<b>{cell.number(passed.gates.f[0, 7])}</b>" in arithmetic(app)


def shows_step(app, step, passed):
    return [t.value for t in app.text if t.value == f"t = {step}, reads: {cell.reads(passed.tokens[step])}"]


def test_a_row_of_zeros_is_not_the_digit():
    pairs = (("0", "영"), ("100", "백"))
    session = new_session(pairs, model=ModelConfig(4, markers=False, mask_padding=False))
    app = open_page("model", session)
    assert shown_at(app, 0).endswith(": 0")
    for step in (1, 2):
        assert shown_at(app, step).endswith(f": {theme.ZERO_ROW}")
    assert theme.ZERO_ROW != "0"


def shown_at(app, step):
    app.slider(key="cell-step").set_value(step)
    checked(app.run())
    return next(t.value for t in app.text if t.value.startswith(f"t = {step}"))


@pytest.mark.parametrize("side", cell.SIDES)
def test_the_numbers_can_be_read_as_tables(side, trained):
    session = new_session(run=a_run(trained), model=trained.lesson.model, training=trained.lesson.training)
    app = open_page("model", session)
    app.button_group(key="cell-side").set_value(side)
    app.session_state["cell-tables"] = True
    checked(app.run())
    passed = cell.passage(Translator(trained), side, 0)
    tables = [table.value for table in app.dataframe]
    for expected in (cell.table(passed, 0), *(cell.over_time(passed, states) for states in passed.states.values())):
        assert any(t.shape == expected.shape and np.array_equal(t.to_numpy(), expected.to_numpy()) for t in tables)
    assert all(shows(app, "cell.over_time", state=state) for state in ("h", "c"))


@pytest.mark.parametrize("row", range(len(NOTEBOOK_PAIRS)))
def test_what_padding_does_to_the_state(row, translator):
    """By the same weights in a lesson without a mask: there the encoder reads to the longest source."""
    lesson = translator.lesson
    read, masked = (
        Translator(
            SimpleNamespace(
                lesson=replace(lesson, model=replace(lesson.model, mask_padding=is_masked)), weights=translator.weights
            )
        )
        for is_masked in (False, True)
    )
    source = lesson.pairs[row].source
    last_token, end = masked.context(source).state_h, read.context(source).state_h
    zeros, distance, length = cell.padding(translator, row)
    assert zeros == (~vectorize(lesson).encoder_inputs[row].any(axis=1)).sum()
    assert distance == pytest.approx(np.sqrt(((end - last_token) ** 2).sum()), abs=1e-5)
    assert length == pytest.approx(np.sqrt((last_token**2).sum()), abs=1e-5)
    assert (distance > 0) == (zeros > 0)


@pytest.mark.parametrize(("is_masked", "key"), [(True, "cell.padding_masked"), (False, "cell.padding_read")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_padding_is_told(language, is_masked, key, monkeypatch):
    monkeypatch.setattr(page_texts, "language", lambda: language)  # the app tester writes the choices itself
    session = new_session(model=ModelConfig(mask_padding=is_masked))
    app = open_page("model", session, language)
    zeros, distance, length = cell.padding(Translator(TrainingState.new(session.lesson)), 0)
    assert shows(app, key, language, zeros=zeros, distance=f"{distance:.2f}", length=f"{length:.2f}")
    longest = max(range(len(NOTEBOOK_PAIRS)), key=lambda row: len(NOTEBOOK_PAIRS[row][0]))
    app.selectbox(key="cell-sentence").set_value(longest)
    assert not shows(checked(app.run()), key, language)
    app.selectbox(key="cell-sentence").set_value(0)
    app.button_group(key="cell-side").set_value("decoder")
    assert not shows(checked(app.run()), key, language)


def test_the_chosen_unit_is_what_a_narrow_grid_is_drawn_around():
    app = open_page("model", new_session())
    app.number_input(key="cell-unit").set_value(7)
    checked(app.run())
    chart = next(chart for chart in app.get("vega_lite_chart") if chart.proto.id.endswith("-cell-grid"))
    layers = json.loads(chart.proto.spec)["layer"]
    windows = [str(layer["transform"]) for layer in layers if "transform" in layer]
    assert len(windows) == 4  # gates, states, numbers, what is clicked
    assert all("datum.chosen" in window and "width <" in window for window in windows)
    data = {d.name: pa.ipc.open_stream(d.data.data).read_pandas() for d in chart.proto.datasets}
    assert {*data["parts"]["chosen"], *data["units"]["chosen"], *data["now"]["unit"]} == {7}


def test_a_shorter_sentence_or_fewer_units_bring_back_into_range():
    session = new_session((("abcdefgh", "가"), ("b", "나나나")))
    app = open_page("model", session)
    app.slider(key="cell-step").set_value(7)
    app.number_input(key="cell-unit").set_value(31)
    checked(app.run())
    session.model = ModelConfig(4)
    app.selectbox(key="cell-sentence").set_value(1)
    checked(app.run())
    assert app.number_input(key="cell-unit").value == 3
    assert not [slider for slider in app.slider if slider.key == "cell-step"]  # one step needs no slider
    app.button_group(key="cell-side").set_value("decoder")
    checked(app.run())
    assert app.slider(key="cell-step").value == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_whose_numbers_they_are_is_said(language, trained):
    assert shows(open_page("model", new_session(), language), "cell.untrained", language)
    session = new_session((("other", "다른"),), run=a_run(trained))  # the model belongs to an older lesson
    app = open_page("model", session, language)
    assert shows(app, "cell.trained", language, epoch=trained.epoch)
    assert len(app.selectbox(key="cell-sentence").options) == len(trained.lesson.pairs)


def test_the_code_is_the_source():
    code = "\n".join(block.value for block in open_page("model").code)
    for line in ("inputs = gate_inputs(x, state_h, kernel, recurrent, bias)", "state_h = gates.o * np.tanh(state_c)"):
        assert line in code


@pytest.mark.parametrize("asked", [None, "input", "models", "thrown", "units"])
def test_the_wirings_have_the_shapes_of_the_lesson(asked):
    app = open_page("model", new_session())
    app.button_group(key="asked").set_value(asked)
    checked(app.run())
    training, translating = next(h.value for h in app.get("html") if "wirings" in h.value).split("wiring translating")
    shapes = [re.findall(r"<code>(\([\w, ]+\))</code>", wiring) for wiring in (training, translating)]
    for wiring in (training, translating):  # every arrow, and what goes round: the pick, the states, those thrown away
        assert all("<code>(" in arrow for arrow in re.findall('<div class="arrow .*?</div>', wiring))
    assert "<code>(batch, 32)</code></s>" in training.split('class="decoder')[1]
    assert "<code>(1, 32)</code> →" in translating.split('class="decoder')[1]
    assert f"Python <code>(1, 1, {vectorize(Lesson(NOTEBOOK_PAIRS)).decoder_targets.shape[2]})</code>" in translating
    for name in ("encoder_model", "decoder_model"):  # the names in the code are those of the frames
        assert translating.count(name) == 2
    lesson = Lesson(NOTEBOOK_PAIRS)
    source, target = vectorize(lesson).encoder_inputs.shape, vectorize(lesson).decoder_targets.shape
    assert {f"(batch, {source[1]}, {source[2]})", f"(batch, {target[1]}, {target[2]})", "(batch, 32)"} <= {*shapes[0]}
    assert {f"(1, 6, {source[2]})", f"(1, 1, {target[2]})", "(1, 32)", "(1, 1, 32)"} == {*shapes[1]}
    assert ("aside" in training) == (asked is not None)
    for letter in "ABC":  # the same weights in both
        assert all(f'<span class="weights">{letter}</span>' in wiring for wiring in (training, translating))


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_units_do_not_fit(language, monkeypatch):
    monkeypatch.setattr(page_texts, "language", lambda: language)  # the app tester writes the choices itself
    session = new_session()
    app = open_page("model", session, language)
    assert not [field for field in app.number_input if (field.key or "").startswith("decoder-units")]
    app.button_group(key="asked").set_value("units")
    checked(app.run())
    assert shows(app, "model.units_fit", language, units=32)
    assert any("(1, 32) @ (32, 128)\n(1, 128)" in block.value for block in app.code)
    app.number_input(key="decoder-units-32").set_value(24)
    checked(app.run())
    assert shows(app, "model.units_clash", language, given=32, taken=24)
    assert any("(1, 32) @ (24, 96)\nValueError" in block.value for block in app.code)
    assert session.model.hidden_size == 32  # the lesson stays as it is


def test_the_notebooks_loop_counts(notebook_lesson):
    app = open_page("model", new_session(model=notebook_lesson.model, training=notebook_lesson.training))
    drawn = next(h.value for h in app.get("html") if "wirings" in h.value)
    assert "for t in range(10)" in drawn
    assert "while" not in drawn
    assert "(1, 18, 23)" in drawn  # padding is read where nothing masks it


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


def test_what_students_type_is_no_markup_here():
    picture = "![x](https://example.org/x.png)<b>"
    app = open_page("model", new_session([(picture, picture), ("a", "b")]))
    assert [t for t in (*said(app), *(h.value for h in app.get("html"))) if "example.org" in t] == []
    longest = Lesson((Pair("s" * 200, "t" * 200),), ModelConfig(64))
    assert len(cell.passage(Translator(TrainingState.new(longest)), "decoder", 0)) == 201
