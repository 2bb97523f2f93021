"""Inside the cell: what an LSTM reads, decides and keeps at each time step of one sentence."""

from __future__ import annotations

import base64
import inspect
import json
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import theme
from pages.parts.texts import text
from seq2seq import Translator, cell
from seq2seq.cell import GateInputs, Gates
from seq2seq.decoding import Context
from seq2seq.tensors import one_hot, token_ids
from seq2seq.vocabulary import PAD_ID

SIDES = ("encoder", "decoder")
PARTS = ("h_before", "c_before", *Gates._fields, "c", "h")  # rows of the grid: what goes in, gates, what comes out
_MAX_LISTED = 1000  # sentences in a list; more are chosen by number


# --- The numbers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passage:
    """A sentence on its way through one LSTM: every number of every time step.

    Args:
        tokens: what is read, None for a zero row: (time,).
        ids: the same as ids: (time,).
        inputs: what flows into the gates: (time, 4 · hidden) each, the bias (4 · hidden,).
        gates: (time, hidden) each.
        state_h, state_c: before the first step and after each: (time + 1, hidden).
    """

    tokens: tuple[str | None, ...]
    ids: np.ndarray
    inputs: GateInputs
    gates: Gates
    state_h: np.ndarray
    state_c: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def hidden(self) -> int:
        return self.state_h.shape[1]

    @property
    def states(self) -> dict[str, np.ndarray]:
        return {"h": self.state_h, "c": self.state_c}

    def at(self, step: int) -> dict[str, np.ndarray]:
        """Returns part → (hidden,) of one time step, in the order of `PARTS`."""
        before = {"h_before": self.state_h[step], "c_before": self.state_c[step]}
        gates = {name: values[step] for name, values in self.gates._asdict().items()}
        return before | gates | {"c": self.state_c[step + 1], "h": self.state_h[step + 1]}


def passage(translator: Translator, side: str, row: int) -> Passage:
    """Sends a sentence of the lesson through the encoder, or its translation through the decoder.

    The decoder is fed the right tokens, as in training (teacher forcing), and begins with the context vector.

    Args:
        translator: whose weights are used.
        side: one of `SIDES`.
        row: of the lesson's pairs.
    """
    lesson, source = translator.lesson, translator.lesson.pairs[row].source
    if side == "encoder":
        vocabulary, ids = lesson.source_vocabulary, translator.source_ids(source)
        steps = list(translator.encode(source))
        nothing = Context.zeros(lesson.model.hidden_size)
        states = [nothing, *(Context(step.state_h, step.state_c) for step in steps)]
    else:
        vocabulary, ids = lesson.target_vocabulary, token_ids(lesson, [row]).decoder_inputs[0]
        ids = ids[ids != PAD_ID]
        states, steps = [translator.context(source)], []
        for token_id in ids:
            steps.append(translator.decoder_step(int(token_id), states[-1]))
            states.append(Context(steps[-1].state_h, steps[-1].state_c))
    state_h, state_c = (np.stack(values) for values in zip(*states, strict=True))  # (time + 1, hidden)
    weights = [translator.weights[f"{side}_{part}"] for part in ("kernel", "recurrent", "bias")]
    return Passage(
        tokens=tuple(None if i == PAD_ID else vocabulary.tokens[i] for i in ids),
        ids=ids,
        inputs=cell.gate_inputs(one_hot(ids, len(vocabulary)), state_h[:-1], *weights),
        gates=Gates(*(np.stack(values) for values in zip(*(step.gates for step in steps), strict=True))),
        state_h=state_h,
        state_c=state_c,
    )


def grid(passed: Passage, step: int) -> pd.DataFrame:
    """Returns a row for each part and unit at one time step: part, unit, value, shade (-1…1, of c by its scale)."""
    values = passed.at(step)
    end = scale_of_c(passed)
    return pd.DataFrame(
        {
            "part": pd.Categorical(np.repeat(PARTS, passed.hidden), PARTS),
            "unit": np.tile(np.arange(passed.hidden, dtype=np.int16), len(PARTS)),
            "value": np.concatenate([values[part] for part in PARTS]),
            "shade": np.concatenate([values[part] / (end if part in ("c", "c_before") else 1) for part in PARTS]),
        }
    )


def table(passed: Passage, step: int) -> pd.DataFrame:
    """Returns the same with a row for each unit and a column for each part."""
    return pd.DataFrame(passed.at(step)).rename_axis("unit")


def over_time(passed: Passage, states: np.ndarray) -> pd.DataFrame:
    """Returns a row for each unit and a column for each time step.

    Args:
        passed: the sentence.
        states: its `state_h` or `state_c`.
    """
    return pd.DataFrame(states[1:].T, columns=step_labels(passed)).rename_axis("unit")


def step_labels(passed: Passage) -> list[str]:
    """Returns what stands below each time step: its number, which makes it unique, and what is read."""
    return [f"{step} {reads(token)}" for step, token in enumerate(passed.tokens)]


def reads(token: str | None) -> str:
    return theme.ZERO_ROW if token is None else theme.display_token(token)


def scale_of_c(passed: Passage) -> float:
    """Returns the end of a symmetric scale that holds c at every time step."""
    return theme.end_of_scale(float(np.abs(passed.state_c).max()))


def padding(translator: Translator, row: int) -> tuple[int, float, float]:
    """Returns what the padding of a source does to the encoder's h where it is read, or would do if it were.

    Args:
        translator: whose weights are used.
        row: of the lesson's pairs.

    Returns:
        How many rows of zeros follow the last token, up to the longest source; the Euclidean distance from h after
        the last token to h after them; the length of h after the last token, to compare it with.
    """
    lesson = translator.lesson
    ids = lesson.source_vocabulary.encode(lesson.pairs[row].source)
    weights = [translator.weights[f"encoder_{part}"] for part in ("kernel", "recurrent", "bias")]
    padded = np.pad(ids, (0, lesson.source_length - len(ids)), constant_values=PAD_ID)  # (time,)
    states = [Context.zeros(lesson.model.hidden_size)]
    for x in one_hot(padded, len(lesson.source_vocabulary)):  # (source tokens,)
        step = cell.lstm_step(x, *states[-1], *weights)
        states.append(Context(step.state_h, step.state_c))
    last_token, end = states[len(ids)].state_h, states[-1].state_h
    return len(padded) - len(ids), float(np.linalg.norm(end - last_token)), float(np.linalg.norm(last_token))


def gate_sums(passed: Passage, step: int, unit: int) -> pd.DataFrame:
    """Returns a row for each gate of one unit: the three parts of z, their sum, and the gate."""
    columns = np.arange(4) * passed.hidden + unit  # the unit's place in each of the four blocks i, f, g, o
    bias, token, state = passed.inputs
    parts = {"bias": bias[columns], "from_token": token[step, columns], "from_state": state[step, columns]}
    gates = [values[step, unit] for values in passed.gates]
    return pd.DataFrame(parts | {"z": sum(parts.values()), "gate": gates}, index=list(Gates._fields))


def state_sums(passed: Passage, step: int, unit: int) -> dict[str, list[str]]:
    """Writes out how one unit's new c and h come about: state → numbers in their places, …, the result."""
    now = {part: values[unit] for part, values in passed.at(step).items()}
    i, f, g, o, c_before, c, h = (number(now[part]) for part in ("i", "f", "g", "o", "c_before", "c", "h"))
    tanh_c = number(np.tanh(now["c"]))
    return {
        "c": [f"{f} · {factor(c_before)} + {i} · {factor(g)}", c],
        "h": [f"{o} · tanh({c})", f"{o} · {factor(tanh_c)}", h],
    }


def number(value: float) -> str:
    """Writes a number with four digits after the point, and zero without a sign."""
    return f"{value:.4f}".replace("-0.0000", "0.0000").replace("-", "−")


def factor(written: str) -> str:
    """Puts a negative number in brackets, as it stands after a sign."""
    return f"({written})" if written.startswith("−") else written


# --- The pictures ----------------------------------------------------------------------------------------------------


@st.cache_data(max_entries=64)
def _grid_spec(units: int, end: float, titles: dict[str, str], type_size: float) -> dict:
    """Returns the specification of the grid without its data: building it takes longer than drawing it.

    On a narrow screen there are as many units as have room for their numbers, with the chosen one in the middle.

    Args:
        units: hidden size.
        end: of c's scale; the other scales are always the same.
        titles: of the parts, the axes and the legends.
        type_size: of texts.
    """
    is_narrow = f"width < {_NARROW * min(units, _ALL_UNITS)}"
    fit = f"max(1, floor(width / {30 * type_size}))"
    first = f"clamp(datum.chosen - floor({fit} / 2), 0, {units} - {fit})"
    drawn = {"filter": f"!({is_narrow}) || (datum.unit >= {first} && datum.unit < {first} + {fit})"}
    column_width = f"(width / ({is_narrow} ? {fit} : {units}))"
    x = {"field": "unit", "type": "ordinal", "title": titles["unit"]}
    x |= {"axis": {"labelAngle": 0, "labelOverlap": True, "orient": "top", "domain": False, "ticks": False}}
    rows = [*PARTS[:2], "", *PARTS[2:6], " ", *PARTS[6:]]  # with a gap before and after the gates
    y = {"field": "part", "type": "nominal", "title": None, "scale": {"domain": rows, "paddingInner": 0.06}}
    names = json.dumps({part: titles[part] for part in PARTS}, ensure_ascii=False)
    y["axis"] = {"labelExpr": f"{names}[datum.value]", "labelOverlap": False, "domain": False, "ticks": False}
    gates, states = ({"field": "shade", "type": "quantitative", "scale": scale} for scale in (_GATES, _STATES))
    legend = {"orient": "bottom", "direction": "horizontal", "gradientLength": 130, "gradientThickness": 10}
    is_gate = {"field": "part", "oneOf": ["i", "f", "o"]}
    is_dark = (
        "datum.part == 'i' || datum.part == 'f' || datum.part == 'o' ? datum.shade > 0.45 : abs(datum.shade) > 0.6"
    )
    numbers = {
        "transform": [drawn, {"filter": f"{column_width} >= {_NARROW}"}],
        "mark": {"type": "text", "fontSize": {"expr": f"min({13 * type_size}, 0.37 * {column_width})"}},
        "encoding": {
            "text": {"field": "value", "format": ".2f"},
            "color": {"condition": {"test": is_dark, "value": "white"}, "value": "black"},
        },
    }
    column = {"x": x, "y": {"value": 0}, "y2": {"value": "height"}}
    tooltip = [{"field": "unit", "title": titles["unit"]}]
    tooltip += [{"field": part, "title": titles[part], "format": ".4f"} for part in PARTS]
    return {
        "data": {"name": "parts"},
        "height": round(type_size * (24 * len(rows) + 110)),  # the axis and the legends
        **_QUICK,
        "resolve": {"scale": {"color": "independent"}},
        "layer": [
            {
                "transform": [{"filter": is_gate}, drawn],
                "mark": "rect",
                "encoding": {
                    **{"x": x, "y": y},
                    "color": gates | {"legend": legend | {"title": "i, f, o", "values": [0, 0.5, 1]}},
                },
            },
            {
                "transform": [{"filter": {"not": is_gate}}, drawn],
                "mark": "rect",
                "encoding": {
                    **{"x": x, "y": y},
                    "color": states | {"legend": legend | _state_legend(end) | {"title": "g, h | c"}},
                },
            },
            numbers | {"encoding": {"x": x, "y": y} | numbers["encoding"]},
            {
                "data": {"name": "units"},
                "transform": [drawn],
                "params": [{"name": "unit", "select": {"type": "point", "fields": ["unit"], "toggle": False}}],
                "mark": {"type": "rect", "opacity": 0, "cursor": "pointer"},
                "encoding": column | {"tooltip": tooltip},
            },
            *_frames(column),
        ],
    }


@st.cache_data(max_entries=64)
def _time_spec(state: str, steps: int, longest: int, units: int, end: float, titles: dict[str, str]) -> dict:
    """Returns the specification of a state over time without its data.

    Args:
        state: "h" or "c".
        steps: of the sentence.
        longest: characters of its longest token.
        units: hidden size.
        end: of the state's scale.
        titles: of the axes.
    """
    fits = f"width / {steps} > {8 * longest}"  # else the tokens stand upright
    x = {"field": "step", "type": "ordinal", "sort": None, "title": titles["step"]}
    x["axis"] = {
        "labelExpr": "slice(datum.label, indexof(datum.label, ' ') + 1)",
        "labelFont": theme.MONOSPACE,
        "labelAngle": {"expr": f"{fits} ? 0 : -90"},
        "labelAlign": {"expr": f"{fits} ? 'center' : 'right'"},
        "labelBaseline": {"expr": f"{fits} ? 'top' : 'middle'"},
        "labelOverlap": True,
        "labelLimit": 60,
        "domain": False,
        "ticks": False,
    }
    y = {"type": "quantitative", "title": titles["unit"], "scale": {"domain": [units - 0.5, -0.5], "nice": False}}
    y["axis"] = {"grid": False, "domain": False, "ticks": False, "format": "d", "tickMinStep": 1}
    colour = {"field": "value", "type": "quantitative", "title": state, "scale": _STATES | {"domain": [-end, 0, end]}}
    colour["legend"] = {"orient": "top", "direction": "horizontal", "gradientLength": 130, "values": [-end, 0, end]}
    column = {"x": x, "y": {"value": 0}, "y2": {"value": "height"}}
    size = {"width": {"expr": "width"}, "height": {"expr": "height"}}
    tooltip = [
        {"field": "step", "title": titles["step"]},
        {"field": "unit", "title": titles["unit"]},
        {"field": "value", "title": state, "format": ".4f"},
    ]
    return {
        "data": {"name": "steps"},
        "height": min(280, max(100, 6 * units)) + 130,  # the axes and the legend
        **_QUICK,
        "layer": [
            {
                "data": {"name": "picture"},
                "mark": {"type": "image", "aspect": False, "smooth": False, "align": "left", "baseline": "top", **size},
                "encoding": {"url": {"field": "url"}, "x": {"value": 0}, "y": {"value": 0}},
            },
            {"mark": {"type": "rect", "opacity": 0}, "encoding": column | {"color": colour, "tooltip": tooltip}},
            *_frames(column),
            *_frames(
                {"y": y | {"field": "top"}, "y2": {"field": "bottom"}, "x": {"value": 0}, "x2": {"value": "width"}}
            ),
        ],
    }


_GATES = {"domain": [0, 1], "range": [theme.ZERO, "#00204C"]}
_STATES = {"domain": [-1, 0, 1], "range": [theme.NEGATIVE, theme.ZERO, theme.POSITIVE]}
_NARROW = 22  # pixels; no number fits into a box that is narrower
_ALL_UNITS = 32  # where as many have room for their numbers, all are drawn, be it without numbers
_QUICK = {  # what is drawn anew at each step: on a canvas, and without a description of each box
    "usermeta": {"embedOptions": {"renderer": "canvas"}},
    "config": {"view": {"stroke": None}, "mark": {"aria": False}},
}


def heat_map(values: np.ndarray, end: float) -> str:
    """Returns (rows, columns) numbers as the address of a picture, a pixel each: thousands of boxes are slow to draw.

    Args:
        values: numbers.
        end: of their symmetric scale.
    """
    places = np.clip(values / end, -1, 1)
    ends = np.array([[int(colour[n : n + 2], 16) for colour in _STATES["range"]] for n in (1, 3, 5)])  # (rgb, 3)
    pixels = np.stack([np.interp(places, _STATES["domain"], of_channel) for of_channel in ends], axis=-1)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels.round().astype(np.uint8))  # 0: as it is, not filtered
    height, width = values.shape
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0),  # eight bits each of red, green and blue
        b"IDAT": zlib.compress(lines),
        b"IEND": b"",
    }
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _frames(place: dict) -> list[dict]:
    """Returns a frame around what is looked at, black in white, to be seen on light and dark boxes."""
    return [
        {
            "data": {"name": "now"},
            "mark": {"type": "rect", "filled": False, "stroke": colour, "strokeWidth": width},
            "encoding": place,
        }
        for colour, width in (("white", 4), ("black", 2))
    ]


def _state_legend(end: float) -> dict:
    """Returns a legend of h's scale with c's numbers below h's."""
    return {
        "values": [-1, 0, 1],
        "labelExpr": f"datum.value < 0 ? '−1 | −{end:g}' : datum.value > 0 ? '1 | {end:g}' : '0'",
    }


# --- The room --------------------------------------------------------------------------------------------------------


def room(translator: Translator, epoch: int | None, chosen: int) -> None:
    """Shows a sentence of the lesson inside a cell.

    Args:
        translator: the model to look into.
        epoch: how far it is trained; None if it is not.
        chosen: the sentence to begin with, a row of the lesson's pairs.
    """
    lesson = translator.lesson
    last = len(lesson.pairs) - 1
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    side = left.segmented_control(
        text("cell.side"),
        SIDES,
        default=SIDES[0],
        required=True,
        format_func=lambda side: text(f"picture.{side}"),
        key="cell-side",
        label_visibility="collapsed",
    )
    if last < _MAX_LISTED:
        row = right.selectbox(
            text("cell.sentence"),
            range(last + 1),
            index=min(chosen, last),
            format_func=lambda n: f"[{n}] {lesson.pairs[n].source} → {lesson.pairs[n].target}",
            key="cell-sentence",
        )
    else:
        row = right.number_input(
            text("cell.sentence_number", last=last), 0, last, min(chosen, last), key="cell-sentence"
        )
        right.text(" → ".join(lesson.pairs[row]))
    whose = text("cell.untrained") if epoch is None else text("cell.trained", epoch=epoch)
    st.caption(f"{whose} {text(f'cell.{side}_reads')}")
    if side == "encoder":
        _tell_padding(translator, row)
    passed = passage(translator, side, row)
    ends = {"h": 1, "c": scale_of_c(passed)}
    maps = {state: heat_map(states[1:].T, ends[state]) for state, states in passed.states.items()}
    _scrub(passed, maps)
    with st.expander(text("cell.code")):
        functions = cell.lstm_step, cell.gate_inputs, cell.cell_update, cell.sigmoid
        st.code("\n\n".join(map(inspect.getsource, functions)), language="python", wrap_lines=True)


def _tell_padding(translator: Translator, row: int) -> None:
    zeros, distance, length = padding(translator, row)
    if zeros:
        key = "cell.padding_masked" if translator.lesson.model.mask_padding else "cell.padding_read"
        st.markdown(text(key, zeros=zeros, distance=f"{distance:.2f}", length=f"{length:.2f}"))


@st.fragment
def _scrub(passed: Passage, maps: dict[str, str]) -> None:
    """Shows one time step; moving through time reruns this alone."""
    last = len(passed) - 1
    st.session_state["cell-step"] = min(st.session_state.get("cell-step", 0), last)
    st.session_state["cell-unit"] = min(st.session_state.get("cell-unit", 0), passed.hidden - 1)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for by, icon, key in ((-1, ":material/chevron_left:", "Left"), (1, ":material/chevron_right:", "Right")):
            st.button(
                text("cell.back" if by < 0 else "cell.forward"),
                icon=icon,
                shortcut=key,
                on_click=_move,
                args=(by, last),
            )
        if last:
            st.slider(text("cell.step"), 0, last, key="cell-step")
    step = st.session_state["cell-step"]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(key="cell-token", width="content"):
            st.text(text("cell.reads", step=step, token=reads(passed.tokens[step])))
        unit = st.number_input(
            text("cell.unit", last=passed.hidden - 1), 0, passed.hidden - 1, key="cell-unit", width=260
        )
    _draw_grid(passed, step, unit)
    _write_out(passed, step, unit)
    _draw_time(passed, maps, step, unit)
    tables = st.expander(text("cell.tables"), on_change="rerun", key="cell-tables")
    if tables.open:
        tables.dataframe(table(passed, step).rename(columns=_titles()), height=250)
        for state, states in passed.states.items():
            tables.caption(text("cell.over_time", state=state))
            tables.dataframe(over_time(passed, states), height=250)


def _move(by: int, last: int) -> None:
    st.session_state["cell-step"] = min(max(st.session_state["cell-step"] + by, 0), last)


def _take_clicked() -> None:
    if clicked := st.session_state["cell-grid"]["selection"]["unit"]:
        st.session_state["cell-unit"] = int(clicked[0]["unit"])


def _titles() -> dict[str, str]:
    names = {part: text(f"cell.part_{part}") for part in PARTS}
    return names | {name: text(f"cell.{name}_title") for name in ("unit", "step")}


def _draw_grid(passed: Passage, step: int, unit: int) -> None:
    spec = _grid_spec(passed.hidden, scale_of_c(passed), _titles(), theme.type_size())
    parts, units = (data.assign(chosen=unit) for data in (grid(passed, step), table(passed, step).reset_index()))
    st.vega_lite_chart(
        spec=spec | {"datasets": {"parts": parts, "units": units, "now": pd.DataFrame({"unit": [unit]})}},
        width="stretch",
        key="cell-grid",
        on_select=_take_clicked,
        alt=text("cell.grid_alt"),
    )


def _draw_time(passed: Passage, maps: dict[str, str], step: int, unit: int) -> None:
    labels = step_labels(passed)
    longest = max(len(reads(token)) for token in passed.tokens)
    now = pd.DataFrame({"step": [labels[step]], "top": [unit - 0.5], "bottom": [unit + 0.5]})
    for (state, states), end, column in zip(passed.states.items(), (1, scale_of_c(passed)), st.columns(2), strict=True):
        steps = pd.DataFrame({"step": labels, "unit": unit, "value": states[1:, unit]})
        picture = pd.DataFrame({"url": [maps[state]]})
        spec = _time_spec(state, len(passed), longest, passed.hidden, end, _titles())
        column.vega_lite_chart(
            spec=spec | {"datasets": {"steps": steps, "picture": picture, "now": now}},
            width="stretch",
            key=f"cell-{state}",
            alt=text("cell.over_time", state=state),
        )


def _write_out(passed: Passage, step: int, unit: int) -> None:
    """Writes the arithmetic of one unit. Only numbers and our own words stand here."""
    rows = ""
    for gate, (bias, token, state, z, value) in gate_sums(passed, step, unit).iterrows():
        numbers = "".join(f"<td>{number(part)}</td>" for part in (bias, token, state, z))
        squash = "tanh" if gate == "g" else "σ"
        rows += f"<tr><th>{gate}</th>{numbers}<td>{squash}(z) = <b>{number(value)}</b></td></tr>"
    heads = "".join(f"<th>{text(f'cell.sum_{part}')}</th>" for part in ("bias", "token", "state"))
    formulas = {"c": "f · c<sub>t−1</sub> + i · g", "h": "o · tanh(c<sub>t</sub>)"}
    lines = ""
    for name, written in state_sums(passed, step, unit).items():
        *places, result = (f"<span>= {part}</span>" for part in (formulas[name], *written))
        lines += f"<p><b>{name}<sub>t</sub></b> {' '.join(places)} <b>{result}</b></p>"
    st.html(
        f'<div class="arithmetic"><table><tr><th></th>{heads}<th>= z</th><th>{text("cell.sum_gate")}</th></tr>'
        f"{rows}</table>{lines}</div>"
    )
    st.caption(text("cell.rounded"))
