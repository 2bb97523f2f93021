"""The section "Inside the cell": moving through a sentence, choosing a unit, whose numbers they are."""

from dataclasses import replace

import numpy as np
import pytest

from pages.parts.drawing.tokens import ZERO_ROW
from pages.parts.model.trace import (
    display_input,
    gate_sums,
    padding_effect,
    state_sums,
    time_table,
    trace_lstm,
    unit_table,
    written,
)
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from tests.pages.app import a_run, chart, chart_tables, checked, click, new_session, open_page, plain_texts, send, shows

GRID = "cell.grid_alt"
STEP, UNIT, ROW, SIDE = (f"ModelState-{field}" for field in ("step", "unit", "row", "side"))


def untrained_trace(side="encoder", row=0):
    return trace_lstm(Translator(TrainingState.new(Lesson(NOTEBOOK_PAIRS))), side, row)


def moved(app, step):
    return checked(app.select_slider(key=STEP).set_value(step).run())


def arithmetic(app):
    return next(html.value for html in app.get("html") if 'class="arithmetic"' in html.value)


def is_at(app, step, trace):
    """Tells whether everything shows one step: the line, the numbers of the grid, the frames over time."""
    unit = app.number_input(key=UNIT).value
    grid = chart_tables(app, GRID)
    h, c = (chart_tables(app, "cell.over_time", state=state) for state in ("h", "c"))
    line = f"t = {step}, input: {display_input(trace.tokens[step])}"
    sums = state_sums(trace, step, unit)
    return (
        line in plain_texts(app)
        and np.array_equal(grid["units"][list(trace.at(step))], unit_table(trace, step))
        and {*grid["now"]["unit"], *h["steps"]["unit"]} == {unit}
        and {*h["now"]["step"], *c["now"]["step"]} == {trace.labels[step]}
        and np.array_equal(c["steps"]["value"], trace.state_c[1:, unit])
        and all(f"= {part}</span>" in arithmetic(app) for part in (*sums["c"], *sums["h"]))
    )


def test_moving_through_the_sentence():
    app, trace = open_page("model", new_session()), untrained_trace()
    for step in range(len(trace)):
        assert is_at(app, step, trace)
        click(app, "choosing.forward")
    assert is_at(app, len(trace) - 1, trace)  # the end is the end
    assert is_at(moved(app, 1), 1, trace)
    assert is_at(click(app, "choosing.back"), 0, trace)


def test_a_unit_is_typed_or_clicked():
    app, trace = open_page("model", new_session()), untrained_trace()
    checked(app.number_input(key=UNIT).set_value(7).run())
    for unit in (7, 18):
        assert is_at(app, 0, trace)
        assert f"<b>{written(gate_sums(trace, 0, unit)['result']['f'])}</b>" in arithmetic(app)
        # What a narrow grid is drawn around.
        for table in (chart_tables(app, GRID)[name] for name in ("parts", "units")):
            assert {*table.loc[table["rank"] == 0, "unit"]} == {unit}
        clicks = chart_tables(app, GRID)["units"]["clicks"].iloc[0]
        app = send(app, chart(app, GRID), {"selection": {"unit": [{"unit": 18, "clicks": int(clicks)}]}})
    # The browser tells of a click only where it chooses something else: the same unit is another choice by now.
    assert chart_tables(app, GRID)["units"]["clicks"].iloc[0] != clicks
    assert app.number_input(key=UNIT).value == 18
    send(app, chart(app, GRID), {"selection": {"unit": []}})  # the choice is taken back, by a double click
    assert app.number_input(key=UNIT).value == 18


def test_a_row_of_zeros_is_not_the_digit():
    app = open_page("model", new_session((("0", "영"), ("100", "백")), model=ModelConfig(4, mask_padding=False)))
    tokens = [next(text for text in plain_texts(moved(app, n)) if text.startswith("t =")) for n in range(3)]
    assert tokens == ["t = 0, input: 0", f"t = 1, input: {ZERO_ROW}", f"t = 2, input: {ZERO_ROW}"]
    assert ZERO_ROW != "0"


def test_the_numbers_can_be_read_as_tables(session):
    app = open_page("model", session)
    assert len(app.dataframe) == 1  # the parameters: nothing is sent that nobody has opened
    app.session_state["cell-tables"] = True
    for side in ("encoder", "decoder"):
        checked(app.button_group(key=SIDE).set_value(side).run())
        trace, tables = untrained_trace(side), [table.value for table in app.dataframe]
        for expected in (unit_table(trace, 0), *(time_table(trace, state) for state in trace.states)):
            assert any(np.array_equal(table.to_numpy(), expected.to_numpy()) for table in tables)
        assert all(shows(app, "cell.over_time", state=state) for state in ("h", "c"))


@pytest.mark.parametrize("is_masked", [True, False])
def test_padding_is_told(is_masked):
    session = new_session(model=ModelConfig(mask_padding=is_masked))
    app, key = open_page("model", session), "cell.padding_masked" if is_masked else "cell.padding_read"
    zeros, distance, length = padding_effect(Translator(TrainingState.new(session.lesson)), 0)
    assert shows(app, key, zeros=zeros, distance=f"{distance:.2f}", length=f"{length:.2f}")
    longest = max(range(len(NOTEBOOK_PAIRS)), key=lambda row: len(NOTEBOOK_PAIRS[row][0]))
    assert not shows(checked(app.selectbox(key=ROW).set_value(longest).run()), key)
    app.selectbox(key=ROW).set_value(0)
    assert not shows(checked(app.button_group(key=SIDE).set_value("decoder").run()), key)


def test_a_shorter_sentence_or_fewer_units_bring_back_into_range():
    """A unit that there still is stays."""
    session = new_session((("abcdefgh", "가"), ("b", "나나나")))
    app = open_page("model", session)
    app.select_slider(key=STEP).set_value(7)
    checked(app.number_input(key=UNIT).set_value(31).run())
    session.model = ModelConfig(4)
    checked(app.selectbox(key=ROW).set_value(1).run())
    assert not [slider for slider in app.select_slider if slider.key == STEP]  # one step needs no slider
    checked(app.button_group(key=SIDE).set_value("decoder").run())
    assert app.select_slider(key=STEP).value == 0
    for units, unit in ((4, 3), (5, 3), (5, 3), (2, 1)):
        session.model = ModelConfig(units)
        checked(app.run())
        assert {app.number_input(key=UNIT).value, *chart_tables(app, GRID)["now"]["unit"]} == {unit}


def test_it_begins_with_the_sentence_of_the_page_tensors(session):
    """And keeps another one that was chosen here, until another is chosen there."""
    session.chosen = 2
    app = open_page("model", session)
    assert app.selectbox(key=ROW).value == 2
    checked(app.selectbox(key=ROW).set_value(1).run())
    assert (checked(app.run()).selectbox(key=ROW).value, session.chosen) == (1, 2)
    session.chosen = 3
    assert checked(app.run()).selectbox(key=ROW).value == 3


def test_whose_numbers_they_are_is_said_and_how_they_are_computed():
    assert shows(open_page("model", new_session()), "cell.untrained")
    older = replace(TrainingState.new(Lesson(NOTEBOOK_PAIRS)), step=1, epoch=7)
    app = open_page("model", new_session((("other", "다른"),), run=a_run(older)))  # an older lesson's model
    assert shows(app, "cell.trained", epoch=7)
    assert len(app.selectbox(key=ROW).options) == len(NOTEBOOK_PAIRS)
    code = "\n".join(block.value for block in app.code)  # the source itself
    for line in ("inputs = gate_inputs(x, state_h, kernel, recurrent, bias)", "state_h = gates.o * np.tanh(state_c)"):
        assert line in code


def test_other_pairs_begin_with_the_row_of_tensors():
    session = new_session()
    app = open_page("model", session)
    checked(app.selectbox(key=ROW).set_value(4).run())
    session.open(SUPPLIED_LESSONS["greetings"].pairs)
    checked(app.run())
    assert app.selectbox(key=ROW).value == session.chosen == 0
