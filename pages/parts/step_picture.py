"""One step of the decoding as a picture: the loop so far, what was probable, and the states before and after.

The first half turns steps into tables of numbers, which the tests compare with Keras; the second half draws them.
Each picture has one specification, built once, and one size; from step to step only its data change. They are made as
Arrow tables, in which they travel to the browser; turning a Pandas table into one takes 2 ms, and there are five.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import looks
from pages.parts.looks import CONTEXT, MONOSPACE, PADDING, TARGET
from pages.parts.texts import text
from seq2seq import DecodingStep
from seq2seq.decoding import Context
from seq2seq.vocabulary import Vocabulary

CANDIDATES = 9  # tokens with a bar of their own; the others share one
_MOST_COLUMNS = 11  # steps that can be told apart on a phone
_LINE = 32  # half-width characters of the translation in a line, as many as a phone can show

# The picture's own measures: a column for each step, a lane each for what is heard, the cell and what is said, and
# below them a row of boxes for each state.
_LEFT, _TOP, _BOTTOM = -2.05, 2.62, -2.25
_LANE_HEIGHT, _LINE_HEIGHT = 60, 26  # pixels, of a lane and of a line of the translation; more in large type
_STATE_TOPS, _STATE_HEIGHT, _STATES_LEFT = {"h_in": -0.62, "h_out": -1.0, "c_in": -1.48, "c_out": -1.86}, 0.36, -0.95

# --- The numbers -----------------------------------------------------------------------------------------------------


def state_table(steps: Sequence[DecodingStep], n: int, context: Context) -> pd.DataFrame:
    """Returns the states around one step: (hidden,) rows, columns "h_in", "h_out", "c_in", "c_out".

    Args:
        steps: a translation.
        n: which of its steps, from 0.
        context: what the decoder started from.
    """
    before = context if n == 0 else steps[n - 1]
    after = steps[n]
    return pd.DataFrame(
        {"h_in": before.state_h, "h_out": after.state_h, "c_in": before.state_c, "c_out": after.state_c}
    )


def unit_table(table: pd.DataFrame, titles: Sequence[str]) -> pa.Table:
    """Returns a table of states with the numbers of the units, rounded to what can be read in a tooltip.

    Args:
        table: of `state_table`.
        titles: of the columns: the unit, and each state.
    """
    values = [np.arange(len(table)), *table.to_numpy(float).round(6).T]
    return pa.table(dict(zip(titles, values, strict=True)))


def probability_table(step: DecodingStep, vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns every token with its probability as the next one, the most probable first.

    Returns:
        (target tokens,) rows, columns "token_id", "token", "p", "picked".
    """
    order = np.argsort(-step.probabilities, kind="stable")
    return pd.DataFrame(
        {
            "token_id": order,
            "token": [looks.shown(vocabulary.tokens[token_id]) for token_id in order],
            "p": step.probabilities[order],
            "picked": order == step.token_id,
        }
    )


def bar_rows(step: DecodingStep, vocabulary: Vocabulary) -> pa.Table:
    """Returns the most probable tokens, which get a bar each, and all others summed up as one with the id -1.

    A token that was picked though it is not among the most probable takes the last bar.
    """
    order = np.argsort(-step.probabilities, kind="stable").tolist()
    chosen = order[:CANDIDATES]
    if step.token_id not in chosen:
        chosen[-1] = step.token_id
    tokens = [looks.shown(vocabulary.tokens[token_id]) for token_id in chosen]
    p, others = step.probabilities[chosen].tolist(), len(order) - len(chosen)
    if others:
        chosen, tokens, p = [*chosen, -1], [*tokens, ""], [*p, float(np.delete(step.probabilities, chosen).sum())]
    return pa.table(
        {
            "rank": range(len(chosen)),
            "token_id": chosen,
            "token": tokens,
            "ems": [_ems(token) for token in tokens],
            "p": p,
            "others": [others if token_id == -1 else 0 for token_id in chosen],
            "picked": [token_id == step.token_id for token_id in chosen],
            "forced": [token_id == step.token_id and step.forced for token_id in chosen],
        }
    )


def state_scale(steps: Sequence[DecodingStep], context: Context) -> float:
    """Returns the end of a symmetric scale for c that is good for every step of a translation: 1, 2, 5, 10, 20, 50 …

    It holds 95% of the numbers. A few units grow far larger than all others and would leave those without colour.
    """
    all_c = np.stack([state.state_c for state in (context, *steps)])  # (steps + 1, hidden)
    return looks.end_of_scale(float(np.quantile(np.abs(all_c), 0.95)))


def loop_rows(steps: Sequence[DecodingStep], n: int, is_given: bool, begins: str = "h, c") -> list[dict]:
    """Returns what the picture of the loop consists of up to one step: boxes, arrows, and the translation so far.

    Only the last steps find room, in columns; where a line of them is full, the next one begins with its last step.

    Args:
        steps: a translation.
        n: which of its steps, from 0.
        is_given: the first token was fed by the student, because the model has no ⟨bos⟩.
        begins: what stands in the box of the context vector.
    """
    first = 0 if n < _MOST_COLUMNS else (n - 1) // (_MOST_COLUMNS - 1) * (_MOST_COLUMNS - 1)
    rows = []
    for i in range(first, n + 1):
        x, step = i - first, steps[i]
        here = {"step": i + 1, "now": i == n}
        fed = {"token": "0", "empty": True} if step.fed is None else {"token": looks.shown(step.fed)}
        was_forced = is_given if i == 0 else steps[i - 1].forced
        rows += [
            here | {"kind": "fed", "x": x, "y": 0, "forced": was_forced} | fed,
            here | {"kind": "cell", "x": x, "y": 1, "token": "LSTM"},
            here | {"kind": "said", "x": x, "y": 2, "token": looks.shown(step.token), "forced": step.forced},
            here | _arrow("state", x - 0.6, 1, x - 0.42, 1),
            here | _arrow("in", x, 0.34, x, 0.62),
            here | _arrow("in", x, 1.34, x, 1.62),
        ]
        if step.ended_by is None:
            rows.append(here | _arrow("feed", x + 0.4, 1.75, x + 0.62, 0.3))
    last, x = steps[n], n - first
    rows.append({"kind": "earlier" if first else "context", "x": -1.05, "y": 1, "token": begins, "now": True})
    if last.ended_by is None:
        rows += [
            {"kind": "next", "x": x + 1, "y": 0, "token": looks.shown(last.token), "step": n + 2},
            {"step": n + 1, "now": True} | _arrow("state", x + 0.4, 1, x + 0.58, 1),
        ]
    return rows + [row | {"now": row["step"] == n + 1} for row in _so_far(steps, is_given) if row["step"] <= n + 1]


def loop_tables(rows: Sequence[dict]) -> dict[str, pa.Table]:
    """Sorts the rows of the loop into a table for each sort of mark; what is not said of a row is null there.

    From one table, each of a dozen layers would have to pick its rows at every step.
    """
    return {
        name: pa.Table.from_pylist(
            [row | {"ems": _ems(row.get("token", ""))} for row in rows if row["kind"] in kinds],
            pa.schema([(column, _TYPES.get(column, pa.float64())) for column in columns.split()]),
        )
        for name, kinds, columns in (
            ("boxes", _BOXES, "kind x y step token ems now forced empty"),
            ("arrows", _ARROWS, "kind x y x2 y2 now"),
            ("so_far", ("so_far",), "token x y x2 now forced"),
        )
    }


_BOXES, _ARROWS = ("fed", "cell", "said", "next", "context", "earlier"), ("state", "in", "feed")
_TYPES = {"kind": pa.string(), "token": pa.string(), "now": pa.bool_(), "forced": pa.bool_(), "empty": pa.bool_()}


def lines_of(steps: Sequence[DecodingStep], is_given: bool) -> int:
    """Returns how many lines the whole translation takes, so that the picture can be as high from the first step."""
    return int(_so_far(steps, is_given)[-1]["y"]) + 1


def _so_far(steps: Sequence[DecodingStep], is_given: bool) -> list[dict]:
    """Returns the tokens of a translation with their places in lines of a fixed width."""
    said = [(0, steps[0].fed, True)] if is_given else []
    said += [(n + 1, step.token, step.forced) for n, step in enumerate(steps)]
    rows, line, place = [], 0, 0
    for step, token, forced in said:
        shown = looks.shown(token)
        width = math.ceil(_ems(shown) / 0.6)
        if place and place + width > _LINE:
            line, place = line + 1, 0
        rows.append(
            {"kind": "so_far", "step": step, "token": shown, "forced": forced, "x": place, "y": line, "x2": width}
        )
        place += width
    return rows


def _arrow(kind: str, x: float, y: float, x2: float, y2: float) -> dict:
    return {"kind": kind, "x": x, "y": y, "x2": x2, "y2": y2}


def _ems(token: str) -> float:
    """Returns the width of a token in a monospaced face, in ems."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in token)


# --- The pictures ----------------------------------------------------------------------------------------------------


def _height(lines: int, type_size: float) -> int:
    """Returns the height of the pictures in pixels."""
    return round((lines * _LINE_HEIGHT + (_TOP - _BOTTOM) * _LANE_HEIGHT) * type_size)


def _quoted(value: object) -> str:
    """Returns a text or a table of texts as Vega's expressions write it."""
    return json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=64)
def loop_spec(
    columns: int, lines: int, units: int, scale: float, ink: str, type_size: float, words: tuple[str, ...]
) -> dict:
    """Returns the specification of the loop's picture without its data, which `draw` puts together.

    Args:
        columns: that the loop takes.
        lines: that the translation takes above the loop.
        units: hidden size.
        scale: end of c's scale; h's is always 1.
        ink, type_size: of texts.
        words: hears, says, context, step, token, forced, unit, and the names of the four states.
    """
    hears, says, context, step, token, forced, unit, *states = words
    names = dict(zip(_STATE_TOPS, states, strict=True))
    lane, line = _LANE_HEIGHT * type_size, _LINE_HEIGHT * type_size  # pixels
    top = _TOP + lines * line / lane
    right = columns + 0.5
    column = f"(width / {right - _LEFT})"  # pixels
    x = {"field": "x", "type": "quantitative", "scale": {"domain": [_LEFT, right], "nice": False}, "axis": None}
    y_axis = {"type": "quantitative", "scale": {"domain": [_BOTTOM, top], "nice": False}, "axis": None}
    y = y_axis | {"field": "y"}
    to = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    font = {
        "font": MONOSPACE,
        "fontSize": {"expr": f"min({22 * type_size}, 0.74 * {column} / datum.ems / (datum.y == 1 ? 1.3 : 1))"},
    }
    tooltip = [
        {"field": "step", "title": step},
        {"field": "token", "title": token},
        {"field": "mark", "title": " "},
    ]

    def faded(now: float, before: float) -> dict:
        return {"condition": {"test": "datum.now", "value": now}, "value": before}

    def kinds(*names: str) -> list[dict]:
        return [{"filter": {"field": "kind", "oneOf": list(names)}}]

    def boxes(*names: str, **mark) -> dict:
        return {
            "transform": [
                *kinds(*names),
                {"calculate": "datum.x - 0.38", "as": "from"},
                {"calculate": "datum.x + 0.38", "as": "to"},
                {"calculate": "datum.y - 0.29", "as": "below"},
                {"calculate": "datum.y + 0.29", "as": "over"},
                {"calculate": f"datum.forced ? {_quoted(forced)} : ''", "as": "mark"},
            ],
            "mark": {"type": "rect", "cornerRadius": 4} | mark,
            "encoding": {
                "x": x | {"field": "from"}, "x2": {"field": "to"},
                "y": y | {"field": "below"}, "y2": {"field": "over"},
                "fillOpacity": faded(1, 0.25), "strokeOpacity": faded(1, 0.4), "tooltip": tooltip,
            },
        }  # fmt: skip

    def label(words: str, at: float, weight: str = "bold") -> dict:
        mark = {"type": "text", "align": "left", "color": ink, "text": words, "x": 0}
        mark |= {"fontSize": {"expr": f"min({15 * type_size}, max(9, {column} / 4))"}, "fontWeight": weight}
        return {"data": {"values": [{"y": at}]}, "mark": mark, "encoding": {"y": y}}

    def written(left: float, right: float, over: float, below: float) -> dict:
        """Places a mark of the translation so far: in widths of its token from the middle, in pixels from its line."""
        x, x2 = ({"expr": f"(datum.x + ({0.5 + side}) * datum.x2) * {10.5 * type_size} + 5"} for side in (left, right))
        y, y2 = ({"expr": f"datum.y * {line} + {pixels * type_size}"} for pixels in (over, below))
        return {"x": x, "y": y} if left == right else {"x": x, "x2": x2, "y": y, "y2": y2}

    def place(x: float) -> float:
        """Turns a place of the picture into a number of units: 0 is the middle of the first one's box."""
        return (x - _STATES_LEFT) / width - 0.5

    width = (right - _STATES_LEFT) / units
    units_x = x | {"field": unit, "scale": {"domain": [place(_LEFT), place(right)], "nice": False}}
    gap = 0.06 if units <= 64 else 0  # more have no room for one

    def pixels(y: float) -> dict:
        return {"value": round((top - y) * lane, 1)}

    def state(name: str, end: float) -> list[dict]:
        """Draws a row of boxes, one for each unit, that tell the unit's numbers.

        With 256 units there are a thousand of them, so that everything counts that need not be computed for each: their
        heights are constants, and in the tooltip their data stand as they are.
        """
        shades = {"domain": [-end, 0, end], "range": [looks.NEGATIVE, looks.ZERO, looks.POSITIVE], "clamp": True}
        numbers = {"field": names[name], "type": "quantitative", "scale": shades, "legend": None}
        above = _STATE_TOPS[name]
        return [
            label(names[name], above - _STATE_HEIGHT / 2, weight="normal"),
            {
                "data": {"name": "units"},
                "mark": {"type": "rect", "width": {"expr": "box_width"}, "tooltip": {"content": "data"}},
                "encoding": {"x": units_x, "y": pixels(above), "y2": pixels(above - _STATE_HEIGHT), "fill": numbers},
            },
        ]  # fmt: skip

    ends = {"h_in": 1, "h_out": 1, "c_in": scale, "c_out": scale}
    no_fill = {"filled": False, "strokeWidth": 2}
    colours = {"domain": ["state", "in", "feed"], "range": [CONTEXT, PADDING, TARGET]}
    angle = f"atan2((datum.y - datum.y2) * {lane}, (datum.x2 - datum.x) * {column})"
    return {
        "height": _height(lines, type_size),
        "padding": {"bottom": 0},  # else Streamlit takes 20 pixels of the height for it, and our own measures are off
        "data": {"name": "boxes"},
        "params": [{"name": "box_width", "expr": f"{width * (1 - gap)} * {column}"}],
        "config": {"view": {"stroke": None}, "mark": {"aria": False}},
        "resolve": {"scale": {"fill": "independent", "x": "independent"}},
        "usermeta": {"embedOptions": {"renderer": "svg" if units <= 64 else "canvas"}},
        "layer": [
            # The translation so far, above the loop
            {
                "data": {"name": "so_far"}, "transform": [{"filter": "datum.now"}],
                "mark": {"type": "rect", "color": TARGET, "cornerRadius": 3, **written(-0.5, 0.5, 2, 24)},
            },
            {
                "data": {"name": "so_far"},
                "mark": {"type": "text", "font": MONOSPACE, "fontSize": 17 * type_size, **written(0, 0, 13, 13)},
                "encoding": {
                    "text": {"field": "token"},
                    "color": {"condition": {"test": "datum.now", "value": "black"}, "value": ink},
                },
            },
            {
                "data": {"name": "so_far"}, "transform": [{"filter": "datum.forced"}],
                "mark": {"type": "rect", "color": ink, **written(-0.45, 0.45, 24, 26)},
            },
            # The loop
            label(says, 2), label(hears, 0),
            boxes("cell", filled=False, stroke=TARGET, strokeWidth=2),
            boxes("context", fill=CONTEXT),
            boxes("next", stroke=TARGET, strokeDash=[4, 3], **no_fill),
            {
                "data": {"name": "arrows"},
                "mark": {"type": "rule", "strokeWidth": 2.5},
                "encoding": {
                    "x": x, "y": y, **to, "opacity": faded(1, 0.4),
                    "color": {"field": "kind", "scale": colours, "legend": None},
                },
            },
            {
                "data": {"name": "arrows"},
                "mark": {"type": "point", "shape": "triangle-right", "filled": True, "size": 60}
                | {"angle": {"expr": f"{angle} * 180 / PI"}},
                "encoding": {
                    "x": x | {"field": "x2"}, "y": y | {"field": "y2"}, "opacity": faded(1, 0.4),
                    "color": {"field": "kind", "scale": colours, "legend": None},
                },
            },
            boxes("fed", "said", fill={"expr": f"datum.empty ? 'transparent' : '{TARGET}'"}, strokeWidth=2.5,
                  stroke={"expr": f"datum.forced ? '{ink}' : datum.empty ? '{PADDING}' : '{TARGET}'"}),
            {
                "transform": kinds("fed", "said", "cell", "next", "context"),
                "mark": {"type": "text", **font},
                "encoding": {
                    "x": x, "y": y, "text": {"field": "token"},
                    "opacity": faded(1, 0.75),
                    "color": {
                        "condition": {"test": "datum.now && datum.kind != 'cell' && !datum.empty", "value": "black"},
                        "value": ink,
                    },
                },
            },
            {
                "transform": [*kinds("fed", "said"), {"filter": "datum.forced"}],
                "mark": {"type": "text", "text": "✎", "fontSize": 15 * type_size, "color": ink, "dy": -17 * type_size}
                | {"dx": {"expr": f"0.33 * {column}"}},
                "encoding": {"x": x, "y": y, "opacity": faded(1, 0.4)},
            },
            {
                "transform": [*kinds("cell"), {"calculate": "2.45", "as": "over"}],
                "mark": {"type": "text", "color": ink, "fontSize": 12 * type_size},
                "encoding": {"x": x, "y": y | {"field": "over"}, "text": {"field": "step"}, "opacity": faded(1, 0.4)},
            },
            {
                "transform": kinds("context", "earlier"),
                "mark": {"type": "text", "color": ink}
                | {"fontSize": {"expr": f"min({12 * type_size}, max(8, {column} / 4))"}}
                | {"dy": {"expr": f"datum.kind == 'context' ? {26 * type_size} : 0"}}
                | {"text": {"expr": f"datum.kind == 'context' ? {_quoted(context)} : '⋯'"}},
                "encoding": {"x": x, "y": y},
            },
            # The states before and after this step
            *(layer for name, end in ends.items() for layer in state(name, end)),
        ],
    }  # fmt: skip


@lru_cache(maxsize=64)
def bars_spec(rows: int, height: int, ink: str, type_size: float, words: tuple[str, ...]) -> dict:
    """Returns the specification of the probabilities' picture without its data. A bar can be clicked.

    Args:
        rows: bars.
        height: in pixels, of the whole picture.
        ink, type_size: of texts.
        words: probability, token, others.
    """
    probability, token, others = words
    x = {"type": "quantitative", "scale": {"domain": [-0.45, 1.4], "nice": False}, "axis": None}
    y = {"field": "rank", "type": "quantitative", "scale": {"domain": [rows - 0.4, -1.4], "nice": False}, "axis": None}
    size = min(18 * type_size, int(height / (rows + 1)) - 4)
    name = f"datum.others ? replace({_quoted(others)}, '#', datum.others) : datum.token"
    sign = "datum.forced ? ' ✎' : datum.picked ? ' ◀' : ''"
    return {
        "height": height,
        "padding": {"bottom": 0},
        "config": {"view": {"stroke": None}},
        "transform": [
            {"calculate": "datum.rank - 0.4", "as": "top"},
            {"calculate": "datum.rank + 0.4", "as": "bottom"},
            {"calculate": "0", "as": "zero"},
        ],
        "layer": [
            {
                "data": {"values": [{"rank": -0.9}]},
                "mark": {"type": "text", "align": "left", "x": 0, "text": probability, "color": ink}
                | {"fontSize": 13 * type_size, "fontWeight": "bold", "limit": {"expr": "width"}},
                "encoding": {"y": y},
            },
            {
                "mark": {"type": "rect", "cornerRadius": 2},
                "encoding": {
                    "x": x | {"field": "zero"}, "x2": {"field": "p"},
                    "y": y | {"field": "top"}, "y2": {"field": "bottom"},
                    "color": {"condition": {"test": "datum.picked", "value": TARGET}, "value": PADDING},
                },
            },
            {
                "mark": {"type": "text", "align": "right", "dx": -5, "color": ink, "text": {"expr": name}}
                | {"font": MONOSPACE, "limit": {"expr": "width * 0.23"}}
                | {"fontSize": {"expr": f"datum.others ? 10 : max(10, min({size}, width * 0.22 / datum.ems))"}},
                "encoding": {"x": x | {"field": "zero"}, "y": y},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": ink, "fontSize": min(14 * type_size, size)}
                | {"text": {"expr": f"format(datum.p, '.1%') + ({sign})"}}
                | {"fontWeight": {"expr": "datum.picked ? 'bold' : 'normal'"}},
                "encoding": {"x": x | {"field": "p"}, "y": y},
            },
            {
                # What is clicked is the whole row: a bar may be too short to hit.
                "transform": [{"filter": "datum.token_id >= 0"}],
                "params": [{"name": "pick", "select": {"type": "point", "fields": ["token_id", "version"]}}],
                "mark": {"type": "rect", "opacity": 0, "cursor": "pointer", "x": 0, "x2": {"expr": "width"}},
                "encoding": {
                    "y": y | {"field": "top"}, "y2": {"field": "bottom"},
                    "tooltip": [
                        {"field": "token", "title": token}, {"field": "p", "title": probability, "format": ".6f"},
                    ],
                },
            },
        ],
    }  # fmt: skip


def draw(
    steps: Sequence[DecodingStep],
    n: int,
    context: Context,
    vocabulary: Vocabulary,
    is_given: bool,
    begins: str,
    scale: float,
    version: int,
    on_pick: Callable[[], None],
) -> None:
    """Draws one step.

    Args:
        steps: a translation.
        n: which of its steps, from 0.
        context: what the decoder started from.
        vocabulary: of the target.
        is_given: the first token was fed by the student, because the model has no ⟨bos⟩.
        begins: what stands in the box of the context vector.
        scale: end of c's scale.
        version: changes with every click on a bar, so that the same bar can be clicked once more.
        on_pick: called when a bar was clicked; what was clicked is in `st.session_state["probabilities"]`.
    """
    table, titles = state_table(steps, n, context), unit_words()
    lines, columns = lines_of(steps, is_given), min(_MOST_COLUMNS, max(6, len(steps)))
    type_size = looks.type_size()
    loop, probable = st.columns([2, 1], gap="small")
    spec = loop_spec(columns, lines, len(table), scale, looks.ink(), type_size, _words(*_LOOP_WORDS) + titles)
    data = loop_tables(loop_rows(steps, n, is_given, begins)) | {"units": unit_table(table, titles)}
    loop.vega_lite_chart(
        spec=spec | {"datasets": data},
        width="stretch",
        key="loop",
        alt=text("stepper.loop_alt"),
    )
    bars = bar_rows(steps[n], vocabulary)
    bars = bars.append_column("version", pa.array([version] * len(bars)))
    probable.vega_lite_chart(
        bars,
        bars_spec(
            len(bars), _height(lines, type_size), looks.ink(), type_size, _words("probability", "token", "others")
        ),
        width="stretch",
        key="probabilities",
        on_select=on_pick,
        alt=text("stepper.bars_alt"),
    )


_LOOP_WORDS = ("hears", "says", "context", "step", "token", "forced")


def _words(*names: str) -> tuple[str, ...]:
    return tuple(text(f"stepper.{name}") for name in names)


def unit_words() -> tuple[str, ...]:
    """Returns what the tooltip of a unit, and its row in the table, has as titles."""
    return text("stepper.unit"), *(f"{name[0]} {text(f'stepper.{name[2:]}')}" for name in _STATE_TOPS)
