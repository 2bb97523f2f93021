"""Inside the cell: the inputs, gates, candidate and states of an LSTM at each time step of one sentence."""

import inspect

import streamlit as st

from pages.parts.drawing.choosing import choose_pair, step_through, switch, table_behind
from pages.parts.model import charts
from pages.parts.model.trace import (
    SIDES,
    LSTMTrace,
    display_input,
    gate_sums,
    padding_effect,
    state_sums,
    time_table,
    trace_lstm,
    unit_table,
    written,
)
from pages.parts.state import ModelState, bound, remembered
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Translator, cell


def section(translator: Translator, epoch: int | None, chosen: int, session: Session) -> None:
    """Shows a sentence, at first that of Tensors, inside a cell of a model after an epoch; None: it is untrained."""
    state = remembered(ModelState)
    if state.taken_over != (translator.lesson.pairs, chosen):
        state.taken_over, state.row = (translator.lesson.pairs, chosen), chosen
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    sides = [side for side in SIDES if f"{side}_kernel" in translator.weights]
    state.side = state.side if state.side in sides else "encoder"
    switch(text("cell.side"), {side: text(f"picture.{side}") for side in sides}, state, "side", left)
    row = choose_pair(translator.lesson, state, "row", right)
    whose = text("cell.untrained") if epoch is None else text("cell.trained", epoch=epoch)
    st.caption(f"{whose} {text(f'cell.{state.side}_input')}")
    if state.side == "encoder":
        _tell_padding(translator, row)
    trace = trace_lstm(translator, state.side, row)
    _steps(session, trace, charts.heat_maps(trace))
    with st.expander(text("cell.code")):
        functions = cell.lstm_step, cell.gate_inputs, cell.cell_update, cell.sigmoid
        st.code("\n\n".join(map(inspect.getsource, functions)), language="python", wrap_lines=True)


def _tell_padding(translator: Translator, row: int) -> None:
    zeros, distance, length = padding_effect(translator, row)
    if zeros:
        key = "cell.padding_masked" if translator.lesson.model.mask_padding else "cell.padding_read"
        st.markdown(text(key, zeros=zeros, distance=f"{distance:.2f}", length=f"{length:.2f}"))


@st.fragment
def _steps(session: Session, trace: LSTMTrace, pictures: dict[str, str]) -> None:
    """Shows one time step; moving through time, and choosing a unit, reruns this alone."""
    state = remembered(ModelState)
    step = step_through(session, text("cell.step"), len(trace) - 1, state, "step")
    last = trace.hidden - 1
    state.unit = min(state.unit, last)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(key="cell-token", width="content"):
            st.text(text("cell.input", step=step, token=display_input(trace.tokens[step])))
        st.number_input(text("cell.unit", last=last), 0, last, width=260, **bound(state, "unit"))

    def take_clicked() -> None:
        if (unit := charts.clicked_unit()) is not None:
            state.unit, state.clicks = unit, state.clicks + 1

    charts.draw_grid(trace, state, session.theme, take_clicked)
    _write_out(trace, step, state.unit)
    charts.draw_over_time(trace, pictures, state, session.theme)
    if (behind := table_behind("cell-tables", text("cell.tables"))) is not None:
        names = {part: text(f"cell.part_{part}") for part in trace.at(step)}
        behind.dataframe(unit_table(trace, step).rename(columns=names), height=250)
        for name in trace.states:
            behind.caption(text("cell.over_time", state=name))
            behind.dataframe(time_table(trace, name), height=250)


def _write_out(trace: LSTMTrace, step: int, unit: int) -> None:
    """Writes the arithmetic of one unit. Only numbers and our own words stand here."""
    rows = ""
    for name, (bias, token, state, z, result) in gate_sums(trace, step, unit).iterrows():
        numbers = "".join(f"<td>{written(part)}</td>" for part in (bias, token, state, z))
        squash = "tanh" if name == "g" else "σ"
        rows += f"<tr><th>{name}</th>{numbers}<td>{squash}(z) = <b>{written(result)}</b></td></tr>"
    heads = "".join(f"<th>{text(f'cell.sum_{part}')}</th>" for part in ("bias", "token", "state"))
    formulas = {"c": "f · c<sub>t−1</sub> + i · g", "h": "o · tanh(c<sub>t</sub>)"}
    lines = ""
    for name, numbers in state_sums(trace, step, unit).items():
        *places, result = (f"<span>= {part}</span>" for part in (formulas[name], *numbers))
        lines += f"<p><b>{name}<sub>t</sub></b> {' '.join(places)} <b>{result}</b></p>"
    st.html(
        f'<div class="arithmetic"><table><tr><th></th>{heads}<th>= z</th><th>{text("cell.sum_result")}</th></tr>'
        f"{rows}</table>{lines}</div>"
    )
    st.caption(text("cell.rounded"))
