"""The pictures of the page Tensors: three tensors over time, one token followed, the row it picks, the memory."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import theme
from pages.parts.tensors.tables import (
    KERNELS,
    TENSORS,
    memory_table,
    one_hot_table,
    printed,
    printed_product,
    product_table,
    row_in_short,
    shift_rows,
    size,
    steps_per_line,
    time_rows,
    time_table,
    vocabulary_of,
)
from pages.parts.texts import text
from pages.parts.theme import MONOSPACE, PADDING, RIGHT, SOURCE, TARGET
from seq2seq import Lesson
from seq2seq.state import Weights
from seq2seq.tensors import Tensors, one_hot, token_ids
from seq2seq.vocabulary import PAD_ID, Vocabulary

COLOURS = dict(zip(TENSORS, (SOURCE, TARGET, RIGHT), strict=True))
LAPTOP = 8 * 10**9  # bytes
FACTORS = (1, 2, 5, 10, 20, 50, 100)

# --- The pictures ----------------------------------------------------------------------------------------------------

_BOX, _LABEL, _GAP = 34, 20, 32  # pixels: height of a box, of a line of words, of the arrows
_LEFT = -1.75  # before the first time step there is room for what was said before
_CANVAS = {"usermeta": {"embedOptions": {"renderer": "canvas"}}, "config": {"view": {"stroke": None}}}


def _heights(rows: pd.DataFrame) -> tuple[dict[tuple[int, str], float], dict[tuple[int, str], float], int]:
    """Returns in pixels where the boxes of each line and tensor stand, where their names, and the whole height."""
    boxes, names, y = {}, {}, 0
    for line, own in rows.groupby("line"):
        names[line, "time"] = y + _LABEL / 2
        y += _LABEL
        if "encoder_inputs" in set(own["tensor"]):
            names[line, "encoder_inputs"] = y + _LABEL / 2 - 2
            boxes[line, "encoder_inputs"] = y + _LABEL + _BOX / 2
            y += _LABEL + _BOX + 8
        if "decoder_inputs" in set(own["tensor"]):
            names[line, "decoder_inputs"] = y + _LABEL / 2 - 2
            boxes[line, "decoder_inputs"] = y + _LABEL + _BOX / 2
            boxes[line, "decoder_targets"] = y + _LABEL + _BOX + _GAP + _BOX / 2
            y += _LABEL + 2 * _BOX + _GAP
            names[line, "decoder_targets"] = y + _LABEL / 2 + 2  # below, or the arrows would run through it
            y += _LABEL + 8
    return boxes, names, y


def time_steps(lesson: Lesson, ids: Tensors, tensor: str, step: int, version: int, on_pick) -> None:
    """Draws one pair over time: encoder input, decoder input, decoder target, and how the last two are shifted.

    Args:
        lesson: for its vocabularies and its settings.
        ids: the tensors of this pair alone, as ids: (1, time) each.
        tensor, step: the box that is followed.
        version: changes with every click, so that the same box can be clicked once more.
        on_pick: called when a box was clicked; what was clicked is in `st.session_state["steps"]`.
    """
    rows, arrows = time_rows(lesson, ids), shift_rows(lesson, ids)
    boxes, names, height = _heights(rows)
    rows["y"] = [boxes[place] for place in zip(rows["line"], rows["tensor"], strict=True)]
    what = {
        "token": "",
        "bos": text("tensors.marker"),
        "eos": text("tensors.marker"),
        "padding": text("tensors.padding"),
        "left_out": text("tensors.left_out"),
        "missing": text("tensors.missing"),
        "earlier": text("tensors.earlier"),
    }
    titles = {name: text(f"tensors.{name}") for name in TENSORS}
    kinds = {name: text(f"tokens.{vocabulary_of(lesson, name).level}") for name in TENSORS}
    rows["what"] = [what[kind] or kinds[tensor] for kind, tensor in zip(rows["kind"], rows["tensor"], strict=True)]
    rows["title"] = rows["tensor"].map(titles)
    rows["now"] = (rows["tensor"] == tensor) & (rows["step"] == step) & (rows["x"] >= 0)
    rows["version"] = version
    arrows["y"] = [boxes[line, "decoder_targets"] - _BOX / 2 for line in arrows["line"]]
    missing = f" · {text('tensors.missing_mark')}" if not lesson.model.markers else ""
    labels = [
        {"y": y, "title": titles[name] + missing * (name == "decoder_targets" and line == 0)}
        for (line, name), y in names.items()
        if name != "time"
    ]
    times = rows[rows["x"] >= 0].drop_duplicates("step")[["step", "line", "x"]]
    times["y"] = [names[line, "time"] for line in times["line"]]
    columns = min(steps_per_line(lesson), max(12, *(array.shape[1] for array in ids)))
    # The lines beneath each other are one picture, so that a click anywhere is one selection.
    datasets = {"boxes": rows, "arrows": arrows, "labels": pd.DataFrame(labels), "times": times}
    st.vega_lite_chart(
        spec=_time_spec(columns, height, theme.ink(), theme.type_size()) | {"datasets": datasets},
        width="stretch",
        key="steps",
        on_select=on_pick,
        alt=text("tensors.steps_alt"),
    )


def _time_spec(columns: int, height: int, ink: str, type_size: float) -> dict:
    """Returns the specification of the three tensors over time without its data.

    Args:
        columns: time steps in a line.
        height: in pixels, with type of the usual size.
        ink, type_size: of texts.
    """
    right = columns - 0.45
    column = f"(width / {right - _LEFT})"  # pixels
    x = {"field": "x", "type": "quantitative", "scale": {"domain": [_LEFT, right], "nice": False}, "axis": None}
    y = {"field": "y", "type": "quantitative", "scale": {"domain": [height, 0], "nice": False}, "axis": None}
    place = {
        "x": x | {"field": "left"}, "x2": {"field": "right"}, "y": y | {"field": "top"}, "y2": {"field": "bottom"}
    }  # fmt: skip
    by_tensor = {"field": "tensor", "scale": {"domain": list(COLOURS), "range": list(COLOURS.values())}, "legend": None}
    word = {"type": "text", "color": ink, "font": MONOSPACE}
    limit = {"limit": {"expr": f"0.84 * {column}"}}  # a long word is cut off; the tooltip has all of it
    edges = [
        {"calculate": "datum.x - 0.42", "as": "left"},
        {"calculate": "datum.x + 0.42", "as": "right"},
        {"calculate": f"datum.y - {_BOX / 2}", "as": "top"},
        {"calculate": f"datum.y + {_BOX / 2}", "as": "bottom"},
    ]

    def kinds(*names: str) -> list[dict]:
        return [{"filter": {"field": "kind", "oneOf": list(names)}}]

    def boxes(*names: str, **mark) -> dict:
        outlined = {"filled": False, "strokeWidth": 2.5} if mark.get("filled") is False else {}
        return {
            "transform": [*kinds(*names), *edges],
            "mark": {"type": "rect", "cornerRadius": 4} | outlined | mark,
            "encoding": place | ({} if {"fill", "stroke"} & set(mark) else {"color": by_tensor}),
        }

    def hatching(shift: float) -> dict:
        lines = [
            {"calculate": f"datum.x + {shift - 0.14}", "as": "left"},
            {"calculate": f"datum.x + {shift + 0.14}", "as": "right"},
        ]
        return {
            "transform": [*kinds("padding"), *edges[2:], *lines],
            "mark": {"type": "rule", "stroke": PADDING, "strokeWidth": 1.5, "opacity": 0.8},
            "encoding": {"x": place["x"], "x2": place["x2"], "y": y | {"field": "bottom"}, "y2": {"field": "top"}},
        }

    def written(names: list[str], colour: dict, **mark) -> dict:
        return {
            "transform": kinds(*names),
            "mark": word | {"text": {"expr": "datum.token"}, **limit} | mark,
            "encoding": {"x": x, "y": y, "color": colour},
        }

    def frame(colour: str, width: float) -> dict:
        return {
            "transform": [{"filter": "datum.now"}, *edges],
            "mark": {"type": "rect", "filled": False, "cornerRadius": 4, "stroke": colour, "strokeWidth": width},
            "encoding": place,
        }

    letters = {
        "fontSize": {"expr": f"max(9, min({18 * type_size}, 0.85 * {column} / length(datum.token)))"},
        "fontWeight": "bold",
    }
    on_colour = {"condition": {"test": "datum.tensor == 'decoder_inputs'", "value": "black"}, "value": "white"}
    heads = [
        {"calculate": "datum.x - 0.72", "as": "left"},
        {"calculate": "datum.x - 0.2", "as": "right"},
        {"calculate": "datum.y - 2", "as": "bottom"},
        {"calculate": f"datum.y - {_GAP} + 8", "as": "top"},
    ]
    angle = f"-atan2({(_GAP - 10) * type_size}, 0.52 * {column}) * 180 / PI"
    arrow = {"color": ink, "opacity": 0.85}
    return {
        "height": round(height * type_size),
        "padding": {"bottom": 0},  # else Streamlit takes 20 pixels of the height for it, and our own measures are off
        "data": {"name": "boxes"},
        "config": {"view": {"stroke": None}},
        "layer": [
            {
                "data": {"name": "labels"},
                "mark": {"type": "text", "align": "left", "x": 0, "color": ink, "fontWeight": "bold"}
                | {"fontSize": 13 * type_size, "text": {"expr": "datum.title"}, "limit": {"expr": "width"}},
                "encoding": {"y": y},
            },
            {
                "data": {"name": "times"},
                "mark": {"type": "text", "color": ink, "fontSize": 11 * type_size, "opacity": 0.8},
                "encoding": {"x": x, "y": y, "text": {"field": "step"}},
            },
            {
                "data": {"name": "times"},
                "transform": [{"filter": "datum.x == 0"}],
                "mark": {
                    "type": "text",
                    "color": ink,
                    "fontSize": 11 * type_size,
                    "opacity": 0.8,
                    "align": "left",
                    "x": 0,
                }
                | {"text": {"expr": f"{column} > 38 ? {json.dumps(text('tensors.time_step'))} : 't'"}},
                "encoding": {"y": y},
            },
            {
                "data": {"name": "arrows"},
                "transform": heads,
                "mark": {"type": "rule", "strokeWidth": 2, **arrow},
                "encoding": place | {"y": y | {"field": "bottom"}, "y2": {"field": "top"}},
            },
            {
                "data": {"name": "arrows"},
                "transform": heads,
                "mark": {"type": "point", "shape": "triangle-right", "filled": True, "size": 70, **arrow}
                | {"angle": {"expr": angle}},
                "encoding": {"x": x | {"field": "right"}, "y": y | {"field": "top"}},
            },
            boxes("token"),
            boxes("bos", "eos", filled=False),
            boxes("earlier", filled=False, strokeDash=[3, 3], opacity=0.7),
            boxes("padding", fill=PADDING, fillOpacity=0.25),
            *map(hatching, (-0.28, 0, 0.28)),
            boxes("left_out", filled=False, stroke=PADDING, strokeDash=[3, 3], strokeWidth=1.5),
            boxes("missing", filled=False, stroke=ink, strokeDash=[4, 3]),
            written(["token"], on_colour, **letters),
            written(["left_out", "missing", "earlier"], {"value": ink}, **letters),
            # A phone's boxes have no room for more than one character; the hatching says that it is no digit.
            written(
                ["padding"],
                {"value": ink},
                **letters | {"text": {"expr": f"{column} > 24 ? datum.token : '0'"}, "limit": 0},
            ),
            # ⟨bos⟩ and ⟨eos⟩ do not fit into a phone's boxes: there, a triangle starts and a square stops.
            written(
                ["bos", "eos"],
                {"value": ink},
                fontWeight="bold",
                fontSize={"expr": f"{column} > 39 ? min({14 * type_size}, 0.25 * {column}) : 0.55 * {column}"},
                limit=0,
                text={"expr": f"{column} > 39 ? datum.token : datum.kind == 'bos' ? '▶' : '■'"},
            ),
            frame("white", 5),
            frame("black", 2.5),
            {
                "transform": [{"filter": "datum.x >= 0"}, *edges],
                "params": [{"name": "pick", "select": {"type": "point", "fields": ["tensor", "step", "version"]}}],
                "mark": {"type": "rect", "opacity": 0, "cursor": "pointer"},
                "encoding": place
                | {
                    "tooltip": [
                        {"field": "title", "title": text("tensors.tensor")},
                        {"field": "step", "title": text("tensors.time_step")},
                        {"field": "token", "title": text("tensors.token")},
                        {"field": "id", "title": "id"},
                        {"field": "what", "title": text("tensors.what")},
                    ]
                },
            },
        ],
    }


def one_hot_picture(table: pd.DataFrame, step: int, colour: str) -> None:
    """Draws one sentence one-hot: a row per time step, a column per token, one filled box a row, none for padding.

    Args:
        table: see `one_hot_table`.
        step: the row that is followed.
        colour: of the ones.
    """
    tokens = list(table.columns)
    steps, places = np.nonzero(table.to_numpy())
    zeros = np.flatnonzero(~table.to_numpy().any(axis=1))
    x = {"field": "token", "type": "nominal", "title": text("tensors.column"), "scale": {"domain": tokens}}
    x["axis"] = {"labelAngle": -90, "labelFont": MONOSPACE, "orient": "top", "labelOverlap": True, "labelLimit": 120}
    y = {"field": "step", "type": "ordinal", "title": text("tensors.time_step")}
    y["scale"] = {"domain": list(range(len(table)))}
    row = {"y": y, "x": {"value": 0}, "x2": {"value": "width"}}
    longest = max(map(len, tokens), default=0)
    type_size = theme.type_size()
    ink = "black" if colour == TARGET else "white"
    grid, word = {"filled": False, "stroke": PADDING, "strokeOpacity": 0.35}, {"fontSize": 11 * type_size}
    spec = _CANVAS | {
        "height": round(type_size * (30 + min(120, 8 * longest) + 20 * len(table))),
        "layer": [
            {"data": {"name": "steps"}, "mark": {"type": "rect", **grid}, "encoding": row},
            {
                "data": {"name": "tokens"},
                "mark": {"type": "rect", **grid},
                "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": "height"}},
            },
            {
                "data": {"name": "zeros"},
                "mark": {"type": "rect", "fill": PADDING, "opacity": 0.35},
                "encoding": row,
            },
            {
                "data": {"name": "zeros"},
                "mark": {"type": "text", "text": "0 0 0 … 0 0 0", "font": MONOSPACE, "color": theme.ink()} | word,
                "encoding": {"y": y, "x": {"value": {"expr": "width / 2"}}},
            },
            {
                "data": {"name": "ones"},
                "mark": {"type": "rect", "fill": colour},
                "encoding": {
                    "x": x,
                    "y": y,
                    "tooltip": [
                        {"field": "step", "title": text("tensors.time_step")},
                        {"field": "token", "title": text("tensors.column")},
                    ],
                },
            },
            {
                "data": {"name": "ones"},
                "mark": {"type": "text", "text": "1", "color": ink} | word,
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"name": "now"},
                "mark": {"type": "rect", "filled": False, "stroke": theme.ink(), "strokeWidth": 2.5},
                "encoding": row,
            },
        ],
        "datasets": {
            "steps": pd.DataFrame({"step": range(len(table))}),
            "tokens": pd.DataFrame({"token": tokens}),
            "zeros": pd.DataFrame({"step": zeros}),
            "ones": pd.DataFrame({"step": steps, "token": [tokens[place] for place in places]}),
            "now": pd.DataFrame({"step": [step]}),
        },
    }
    st.vega_lite_chart(spec=spec, width="stretch", key="one-hot", alt=text("tensors.one_hot_title"))


def product_picture(table: pd.DataFrame, largest: float) -> None:
    """Draws a one-hot row beside the kernel it is multiplied with, and the product below.

    Args:
        table: see `product_table`.
        largest: the end of the colours' symmetric scale.
    """
    rows, columns = [*table.index[:-1], " ", table.index[-1]], ["x", " ", *table.columns[1:]]
    cells = table.rename_axis("row").reset_index().melt("row", var_name="column").dropna()
    x_of = cells["row"].map(table["x"]).fillna(1)  # the product counts as well
    cells["counts"] = x_of > 0
    x = {"field": "column", "type": "nominal", "title": text("tensors.kernel_column")}
    x |= {"scale": {"domain": columns, "paddingInner": 0.06}}
    x["axis"] = {"labelAngle": 0, "orient": "top", "domain": False, "ticks": False}
    y = {"field": "row", "type": "nominal", "title": text("tensors.kernel_row")}
    y |= {"scale": {"domain": rows, "paddingInner": 0.1}}
    type_size = theme.type_size()
    y["axis"] = {"domain": False, "ticks": False, "labelFont": MONOSPACE}
    y["axis"] |= {"labelLimit": 90 * type_size, "labelFontSize": 12 * type_size}
    scale = {"domain": [-largest, 0, largest], "range": [theme.NEGATIVE, theme.ZERO, theme.POSITIVE]}
    faded = {"condition": {"test": "datum.counts", "value": 1}, "value": 0.25}
    dark = f"datum.counts && datum.column != 'x' && abs(datum.value) > {0.6 * largest}"
    written = "datum.column == 'x' ? format(datum.value, 'd') : format(datum.value, '.2f')"
    tooltip = [
        {"field": "row", "title": text("tensors.kernel_row")},
        {"field": "column", "title": text("tensors.kernel_column")},
        {"field": "value", "title": text("stepper.value"), "format": ".6f"},
    ]
    spec = _CANVAS | {
        "height": round(type_size * (28 * len(rows) + 60)),
        "encoding": {"x": x, "y": y, "opacity": faded},
        "layer": [
            {
                "transform": [{"filter": "datum.column != 'x'"}],
                "mark": {"type": "rect"},
                "encoding": {
                    "color": {"field": "value", "type": "quantitative", "scale": scale, "legend": None},
                    "tooltip": tooltip,
                },
            },
            {
                "transform": [{"filter": "datum.column == 'x'"}],
                "mark": {"type": "rect", "filled": False, "stroke": theme.ink(), "strokeWidth": 1.5},
            },
            {
                "mark": {"type": "text", "fontSize": {"expr": f"min({14 * type_size}, 0.34 * width / {len(columns)})"}}
                | {"text": {"expr": written}},
                "encoding": {
                    "color": {
                        "condition": [
                            {"test": dark, "value": "white"},
                            {"test": "datum.counts && datum.column != 'x'", "value": "black"},
                        ],
                        "value": theme.ink(),
                    },
                    "opacity": {"condition": {"test": "datum.counts", "value": 1}, "value": 0.6},
                },
            },
            {
                "transform": [{"filter": "datum.counts && datum.column != 'x'"}],
                "mark": {"type": "rect", "filled": False, "stroke": theme.ink(), "strokeWidth": 1.5},
            },
        ],
    }
    st.vega_lite_chart(cells, spec, width="stretch", key="product", alt=text("tensors.picks_title"))


def memory_picture(table: pd.DataFrame, own: pd.DataFrame) -> None:
    """Draws the memory of one-hot tensors and of ids over the number of pairs.

    Args:
        table: see `memory_table`.
        own: the row of it that is this lesson, which stays where it is when the lines move.
    """
    names = {"dense": text("tensors.dense"), "ids": text("tensors.as_ids")}
    lines, points = (
        part.rename(columns=names).rename_axis("pairs").reset_index().melt("pairs", var_name="kind")
        for part in (table, own)
    )
    lines["written"], points["written"] = (
        lines["value"].map(size),
        points["value"].map(size),
    )
    x = {"field": "pairs", "type": "quantitative", "title": text("tensors.number_of_pairs")}
    x |= {"scale": {"type": "log", "domain": [1, 1e6]}, "axis": {"format": "~s", "tickCount": 6, "grid": False}}
    y = {"field": "value", "type": "quantitative", "title": text("tensors.bytes")}
    y["scale"] = {"type": "log", "domain": [10, 1e14]}  # stands still while the lines move
    y["axis"] = {"values": [10**n for n in range(3, 13, 3)], "labelExpr": "format(datum.value, '~s') + 'B'"}
    colour = {"field": "kind", "type": "nominal", "legend": None}
    colour["scale"] = {"domain": list(names.values()), "range": [SOURCE, RIGHT]}
    dash = {"field": "kind", "scale": {"domain": list(names.values()), "range": [[1, 0], [6, 4]]}, "legend": None}
    tooltip = [
        {"field": "kind", "title": " "},
        {"field": "pairs", "title": text("tensors.number_of_pairs"), "format": ","},
        {"field": "written", "title": text("tensors.bytes")},
    ]
    here = {"data": {"name": "own"}}
    limit = {"data": {"values": [{"value": LAPTOP}]}}
    points["words"] = [  # not by colour alone: the lines' patterns as well
        f"● {line} {kind} · {text('tensors.this_lesson', size=written)}"
        for line, kind, written in zip("━╌", points["kind"], points["written"], strict=True)
    ]
    type_size = theme.type_size()
    points["from_below"] = [32 * type_size, 12 * type_size]  # no line ever comes into that corner
    spec = {
        "height": round(300 * type_size),
        "datasets": {"lines": lines, "own": points},
        "data": {"name": "lines"},
        "encoding": {"x": x, "y": y, "color": colour},
        "layer": [
            {
                **limit,
                "mark": {"type": "rule", "strokeDash": [3, 3], "strokeWidth": 2, "color": theme.WRONG},
                "encoding": {"x": None, "y": y, "color": None},
            },
            {
                **limit,
                "mark": {"type": "text", "align": "left", "baseline": "bottom", "x": 6, "dy": -3}
                | {
                    "color": theme.ink(),
                    "fontSize": 12 * type_size,
                    "text": text("tensors.laptop", size=size(LAPTOP)),
                },
                "encoding": {"x": None, "y": y, "color": None},
            },
            {"mark": {"type": "line", "strokeWidth": 3, "clip": True}, "encoding": {"strokeDash": dash}},
            {
                "mark": {"type": "point", "filled": True, "size": 30, "clip": True},
                "encoding": {"tooltip": tooltip},
            },
            here | {"mark": {"type": "point", "filled": True, "size": 160}, "encoding": {"tooltip": tooltip}},
            here
            | {
                "mark": {
                    "type": "text",
                    "fontSize": 13 * type_size,
                    "fontWeight": "bold",
                    "color": theme.ink(),
                    "align": "right",
                }
                | {"x": {"expr": "width - 4"}, "y": {"expr": "height - datum.from_below"}},
                "encoding": {"x": None, "text": {"field": "words"}, "color": None},
            },
        ],
    }
    st.vega_lite_chart(spec=spec, width="stretch", key="memory", alt=text("tensors.memory_title"))


# --- The rooms -------------------------------------------------------------------------------------------------------


def _as_table(table: pd.DataFrame, key: str) -> None:
    """Offers the numbers of a picture."""
    numbers = st.expander(text("tensors.as_table"), icon=":material/table:", on_change="rerun", key=f"{key}-table")
    if numbers.open:
        numbers.dataframe(table, width="stretch")


@st.fragment
def follow(lesson: Lesson, n: int, weights: Weights, epoch: int | None) -> None:
    """Shows a pair over time, and follows one token of it to its place in the tensor and through the kernel.

    Choosing another token reruns this alone.

    Args:
        lesson: the lesson.
        n: which pair.
        weights: that the one-hot rows are multiplied with.
        epoch: how far they are trained; None if they are not.
    """
    ids = token_ids(lesson, [n])  # of this pair alone: (1, time)
    tensor = st.session_state.setdefault("followed-tensor", TENSORS[0])
    last = getattr(ids, tensor).shape[1] - 1
    t = st.session_state["followed-step"] = min(st.session_state.get("followed-step", 0), last)
    version = st.session_state.setdefault("followed-version", 0)

    def on_pick():
        if picked := st.session_state["steps"]["selection"]["pick"]:
            st.session_state["followed-tensor"] = picked[0]["tensor"]
            st.session_state["followed-step"] = int(picked[0]["step"])
            st.session_state["followed-version"] += 1

    time_steps(lesson, ids, tensor, t, version, on_pick)
    st.caption(_legend(lesson, ids))
    kind = text(f"tokens.{lesson.model.target_tokens}")
    st.markdown(text("tensors.shift_markers" if lesson.model.markers else "tensors.shift_notebook", kind=kind))
    _as_table(
        time_table(time_rows(lesson, ids)).rename(columns=lambda name: text(f"tensors.{name}")),
        "steps",
    )

    st.subheader(text("tensors.follow_title"), anchor=False)
    _choose_token(last)
    sentence, vocabulary = getattr(ids, tensor)[0], vocabulary_of(lesson, tensor)
    row = one_hot(sentence[t], len(vocabulary))  # (tokens,)
    _chain(tensor, n, t, row, vocabulary)

    st.subheader(text("tensors.one_hot_title"), anchor=False)
    table = one_hot_table(sentence, vocabulary)
    one_hot_picture(table, t, COLOURS[tensor])
    if table.shape[1] < len(vocabulary):
        st.caption(text("tensors.used_columns", shown=table.shape[1], all=f"{len(vocabulary):,}"))
    zero = int(np.count_nonzero(sentence == PAD_ID))
    key = "tensors.zero_rows" if zero else "tensors.no_zero_rows"
    st.markdown(text(key, zero=zero, steps=len(sentence), tensor=tensor, pair=n))
    _as_table(table.rename_axis(text("tensors.time_step")), "one-hot")

    st.subheader(text("tensors.picks_title"), anchor=False)
    if tensor not in KERNELS:
        st.info(text("tensors.picks_target"), icon=":material/info:")
        return
    kernel = weights[KERNELS[tensor]]  # (tokens, 4 · hidden)
    st.caption(text("cell.untrained") if epoch is None else text("cell.trained", epoch=epoch))
    table = product_table(row, kernel, vocabulary)
    product_picture(table, float(np.abs(kernel).max()))
    rows, columns = len(table) - 1, table.shape[1] - 1
    all_rows, all_columns = (f"{count:,}" for count in kernel.shape)
    if kernel.shape != (rows, columns):
        st.caption(text("tensors.picks_window", rows=rows, columns=columns, all_rows=all_rows, all_columns=all_columns))
    st.markdown(text("tensors.picks", id=row.argmax()) if row.any() else text("tensors.picks_nothing"))
    _code([printed_product(tensor, n, t, row, kernel)])
    _as_table(table, "product")


def _legend(lesson: Lesson, ids: Tensors) -> str:
    parts = [text("tensors.legend_markers")] if lesson.model.markers else []
    padding = "tensors.legend_left_out" if lesson.model.mask_padding else "tensors.legend_padding"
    parts.append(text(padding, zero=theme.ZERO_ROW))
    if ids.decoder_inputs.shape[1] > steps_per_line(lesson):
        parts.append(text("tensors.legend_earlier"))
    return "  \n".join(parts)


def _choose_token(last: int) -> None:
    """Offers every box of the picture to those who do not click it."""

    def move(by: int) -> None:
        st.session_state["followed-step"] = max(0, min(last, st.session_state["followed-step"] + by))

    st.segmented_control(
        text("tensors.tensor"),
        TENSORS,
        required=True,
        format_func=lambda name: text(f"tensors.{name}"),
        key="followed-tensor",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(text("cell.back"), icon=":material/chevron_left:", shortcut="Left", on_click=move, args=(-1,))
        st.button(text("cell.forward"), icon=":material/chevron_right:", shortcut="Right", on_click=move, args=(1,))
        if last:
            st.slider(text("tensors.choose_step"), 0, last, key="followed-step")


def _chain(tensor: str, n: int, t: int, row: np.ndarray, vocabulary: Vocabulary) -> None:
    """Shows token → id → one-hot row → place in the tensor, and the NumPy that looks there."""
    is_token = bool(row.any())
    token_id = int(row.argmax())
    place = f"{tensor}[{n}, {t}, {token_id}]" if is_token else f"{tensor}[{n}, {t}]"
    links = {
        text("tensors.token"): theme.display_token(vocabulary.tokens[token_id])
        if is_token
        else text("tensors.padding"),
        "id": str(token_id) if is_token else "–",
        text("tensors.row"): row_in_short(row),
        text("tensors.place" if is_token else "tensors.place_of_row"): place,
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for number, (name, value) in enumerate(links.items()):
            if number:
                st.text("→", width="content")
            with st.container(border=True, width="content", gap=None):
                st.caption(name)
                st.text(value)
    _code(printed(tensor, n, t, row))
    st.caption(text("tensors.axes", n=n, t=t, v=token_id) if is_token else text("tensors.no_token", n=n, t=t))


def _code(lines: list[tuple[str, str]]) -> None:
    st.code("\n".join(f"print({line})  # {value}" for line, value in lines), wrap_lines=True)


@st.fragment
def memory(lesson: Lesson) -> None:
    """Shows what one-hot costs as pairs, sentences and vocabularies grow."""
    longer, larger = (
        column.select_slider(label, FACTORS, format_func="× {}".format)
        for column, label in zip(st.columns(2), (text("tensors.longer"), text("tensors.larger")), strict=True)
    )
    table, own = (
        memory_table(lesson, longer, larger),
        memory_table(lesson).loc[[len(lesson.pairs)]],
    )
    memory_picture(table, own)
    dense, kept = own.iloc[0]
    st.caption(
        text(
            "tensors.memory",
            dense=size(dense),
            ids=size(kept),
            times=f"{dense / kept:,.0f}",
        )
    )
    table.columns = [text("tensors.dense"), text("tensors.as_ids")]
    _as_table(table.map(size).rename_axis(text("tensors.number_of_pairs")), "memory")
