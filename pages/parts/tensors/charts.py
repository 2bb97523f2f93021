"""The four pictures of the page Tensors: three tensors over time, a sentence one-hot, a product, the memory."""

import json
from collections.abc import Callable

import altair as alt
import pandas as pd
import streamlit as st

from pages.parts.drawing.charts import (
    CANVAS,
    FULL_HEIGHT,
    FULL_WIDTH,
    RISING,
    diverging_scale,
    draw,
    framed,
    hatched,
    inks,
    look,
    named,
    place,
    specification,
)
from pages.parts.state import TensorsState
from pages.parts.tensors.over_time import GAP, LEFT, TENSORS, OverTime
from pages.parts.tensors.tables import memory_tables, one_hot_marks, product_cells
from pages.parts.theme import MONOSPACE, PADDING, RIGHT, SOURCE, TARGET, WRONG, Theme

STEPS = "steps"  # the key of the picture that boxes are clicked in
_COLOURS = dict(zip(TENSORS, (SOURCE, TARGET, RIGHT), strict=True))


def _sorted_by(place: str) -> alt.EncodingSortField:
    return alt.EncodingSortField(place, op="min")  # of several tables, the browser can take but the least or greatest


# --- Three tensors over time -----------------------------------------------------------------------------------------


def draw_over_time(theme: Theme, pair: OverTime, state: TensorsState, on_click: Callable[[], None]) -> None:
    """Draws one pair over time: encoder input, decoder input, decoder target, and how the last two are shifted.

    When a box was clicked, `on_click` is called, and `clicked_box` tells which.
    """
    boxes = pair.boxes.assign(clicks=state.clicks)
    now = boxes[(boxes["tensor"] == state.tensor) & (boxes["step"] == state.step) & (boxes["x"] >= 0)]
    tables = {"boxes": boxes, "now": now, "strokes": pair.strokes, "arrows": pair.arrows}
    tables |= {"names": pair.names, "times": pair.times}
    spec = _over_time(theme, pair.right, pair.height)
    draw(spec, tables, key=STEPS, alt=theme.text("tensors.steps_alt"), on_select=on_click)


def clicked_box() -> tuple[str, int] | None:
    """Returns the tensor and the step of the box that was just clicked; None where a click took the choice back."""
    if STEPS not in st.session_state:
        return None  # a run that was cut short may have lost the picture, and is told that it was clicked
    chosen = st.session_state[STEPS]["selection"]["pick"]
    return (chosen[0]["tensor"], int(chosen[0]["step"])) if chosen else None


@specification
def _over_time(theme: Theme, right: float, height: int) -> alt.LayerChart:
    """Draws the tables of `OverTime`: its lines are one plane, so that a click anywhere is one selection."""
    plane = (LEFT, right), (0, height)
    column = f"(width / {right - LEFT})"  # pixels
    box, at = place(*plane), place(*plane, ("x", "y"), None)
    layers = [
        *_names(theme, at, column),
        *_arrows(theme, plane, column),
        *_boxes(theme, box),
        hatched(named("strokes"), place(*plane, **RISING)),
        _tokens(theme, at, column),
        *framed(named("now"), box, radius=4),
        _clickable(theme, box),
    ]
    return (
        alt.layer(*layers)
        # Without `padding` Streamlit takes 20 pixels of the height for it, and our own measures are off.
        .properties(height=round(height * theme.size), padding={"bottom": 0})
        .resolve_scale(**dict.fromkeys(("color", "fill", "stroke"), "independent"))
        .configure_view(stroke=None)
    )


def _names(theme: Theme, at: dict, column: str) -> list[alt.Chart]:
    """Draws the names of the tensors, and the numbers of the time steps with theirs."""
    name = {"color": theme.ink, "align": "left", "x": 0}
    number = {"color": theme.ink, "fontSize": 11 * theme.size, "opacity": 0.8}
    time = alt.ExprRef(f"{column} > 38 ? {json.dumps(theme.text('tensors.time_step'))} : 't'")
    return [
        named("names")
        .mark_text(**name, fontSize=13 * theme.size, fontWeight="bold", limit=alt.ExprRef("width"))
        .encode(y=at["y"], text="title:N"),
        named("times").mark_text(**number).encode(**at, text="step:Q"),
        named("times").transform_filter("datum.x == 0").mark_text(**number | name, text=time).encode(y=at["y"]),
    ]


def _arrows(theme: Theme, plane: tuple, column: str) -> list[alt.Chart]:
    """Draws the arrows; how steep they are depends on how wide the picture is."""
    ink = {"color": theme.ink, "opacity": 0.85}
    angle = alt.ExprRef(f"-atan2({(GAP - 10) * theme.size}, 0.52 * {column}) * 180 / PI")
    head = {"shape": "triangle-right", "filled": True, "size": 70, "angle": angle}
    return [
        named("arrows").mark_rule(strokeWidth=2, **ink).encode(**place(*plane, **RISING)),
        named("arrows").mark_point(**head, **ink).encode(**place(*plane, RISING["end"], None)),
    ]


def _boxes(theme: Theme, box: dict) -> list[alt.Chart]:
    """Draws the boxes: a token is filled, a marker outlined, padding faint; others are dashed."""
    none = {"none": "transparent"}
    outlines = {"padding": PADDING, "ink": theme.ink, "earlier": f"{RIGHT}B3"}
    looks = {
        "fill": look(alt.Fill, "fill", _COLOURS | none | {"padding": f"{PADDING}40"}),
        "stroke": look(alt.Stroke, "outline", _COLOURS | none | outlines),
    }
    usual, dashed = {"cornerRadius": 4, "strokeWidth": 2.5}, {"strokeDash": [3, 3]}
    return [
        _kinds("token", "bos", "eos", "padding").mark_rect(**usual).encode(**box, **looks),
        _kinds("missing", "earlier").mark_rect(**usual, **dashed).encode(**box, **looks),
        _kinds("left_out").mark_rect(**usual | {"strokeWidth": 1.5}, **dashed).encode(**box, **looks),
    ]


def _kinds(*kinds: str) -> alt.Chart:
    return named("boxes").transform_filter(alt.FieldOneOfPredicate("kind", kinds))


def _tokens(theme: Theme, at: dict, column: str) -> alt.Chart:
    """Draws what is in the boxes as large as they allow; a long word is cut off, and the tooltip has all of it.

    On a phone, markers and padding are short: a triangle starts, a square stops, and hatching says that 0 is no digit.
    """
    share = f"0.85 * {column} / datum.ems"
    fits = f"(datum.short == '' || {share} > 10)"
    return (
        named("boxes")
        .mark_text(
            font=MONOSPACE,
            fontWeight="bold",
            fontSize=alt.ExprRef(
                f"{fits} ? max(10, min({theme.size} * datum.size, {share})) : max(10, 0.55 * {column})"
            ),
            limit=alt.ExprRef(f"datum.short == '' ? 0.84 * {column} : 0"),
            text=alt.ExprRef(f"{fits} ? datum.token : datum.short"),
        )
        .encode(**at, color=inks(theme))
    )


def _clickable(theme: Theme, box: dict) -> alt.Chart:
    """Draws boxes that are not seen, to be clicked, and to tell what they are."""
    tooltip = [
        alt.Tooltip("title:N", title=theme.text("tensors.tensor")),
        alt.Tooltip("step:Q", title=theme.text("tensors.time_step")),
        alt.Tooltip("token:N", title=theme.text("tensors.token")),
        alt.Tooltip("id:N", title="id"),
        alt.Tooltip("what:N", title=theme.text("tensors.what")),
    ]
    # The clicks are part of what is chosen, so that a click on the same box is a new one.
    click = alt.selection_point("pick", fields=["tensor", "step", "clicks"])
    own = named("boxes").transform_filter("datum.x >= 0").properties(name="own")
    return own.mark_rect(opacity=0, cursor="pointer").encode(**box, tooltip=tooltip).add_params(click)


# --- A sentence one-hot ----------------------------------------------------------------------------------------------


def draw_one_hot(theme: Theme, table: pd.DataFrame, step: int, tensor: str) -> None:
    """Draws an `one_hot_table`: a row per time step, the one at `step` framed, and one filled box a row or none."""
    longest = max(map(len, table.columns), default=0)
    spec = _one_hot(theme, tensor, 30 + min(120, 8 * longest) + 20 * len(table))
    draw(spec, one_hot_marks(table, step), key="one-hot", alt=theme.text("tensors.one_hot_alt"))


@specification
def _one_hot(theme: Theme, tensor: str, height: int) -> alt.LayerChart:
    """Draws the tables of `one_hot_marks`."""
    column, time = theme.text("tensors.column"), theme.text("tensors.time_step")
    axis = alt.Axis(labelAngle=-90, labelFont=MONOSPACE, orient="top", labelOverlap=True, labelLimit=120 * theme.size)
    x, y = alt.X("token:N", sort=_sorted_by("place"), title=column, axis=axis), alt.Y("step:O", title=time)
    across, down = {"y": y, **FULL_WIDTH}, {"x": x, **FULL_HEIGHT}
    grid = {"filled": False, "stroke": PADDING, "strokeOpacity": 0.35}
    word = {"fontSize": 11 * theme.size}
    tooltip = [alt.Tooltip("step:O", title=time), alt.Tooltip("token:N", title=column)]
    layers = [
        named("steps").mark_rect(**grid).encode(**across),
        named("tokens").mark_rect(**grid).encode(**down),
        named("zeros").mark_rect(fill=PADDING, opacity=0.35).encode(**across),
        named("zeros")
        .mark_text(text="0 0 0 … 0 0 0", font=MONOSPACE, color=theme.ink, x=alt.ExprRef("width / 2"), **word)
        .encode(y=y),
        named("ones").mark_rect(fill=_COLOURS[tensor]).encode(x=x, y=y, tooltip=tooltip),
        named("ones")
        .mark_text(text="1", color="white" if tensor == "encoder_inputs" else "black", **word)
        .encode(x=x, y=y),
        named("now").mark_rect(filled=False, stroke=theme.ink, strokeWidth=2.5).encode(**across),
    ]
    return alt.layer(*layers).properties(height=round(theme.size * height), usermeta=CANVAS).configure_view(stroke=None)


# --- A product -------------------------------------------------------------------------------------------------------


def draw_product(theme: Theme, table: pd.DataFrame, largest: float) -> None:
    """Draws a `product_table`; the largest number has the darkest colour."""
    cells = product_cells(table, largest)
    spec = _product(theme, cells["row"].nunique(), cells["column"].nunique())
    draw(spec, {"cells": cells}, key="product", alt=theme.text("tensors.picks_alt"))


@specification
def _product(theme: Theme, rows: int, columns: int) -> alt.LayerChart:
    """Draws the table of `product_cells`, which has so many rows and columns."""
    row, column = theme.text("tensors.kernel_row"), theme.text("tensors.kernel_column")
    bare = {"domain": False, "ticks": False}
    label = {"labelFont": MONOSPACE, "labelLimit": 90 * theme.size, "labelFontSize": 12 * theme.size}
    x = alt.X("column:N", sort=_sorted_by("across"), title=column, scale=alt.Scale(paddingInner=0.06))
    y = alt.Y(
        "row:N", sort=_sorted_by("down"), title=row, scale=alt.Scale(paddingInner=0.1), axis=alt.Axis(**bare, **label)
    )
    x = x.axis(labelAngle=0, orient="top", **bare)
    cells = named("cells").encode(x=x, y=y)
    tooltip = [
        alt.Tooltip("row:N", title=row),
        alt.Tooltip("column:N", title=column),
        alt.Tooltip("value:Q", title=theme.text("stepper.value"), format=".6f"),
    ]
    shade = alt.Color("shade:Q", scale=diverging_scale(), legend=None)
    counts = {"test": "datum.counts", "value": 1}
    faint = alt.OpacityValue(0.25, condition=counts)
    outline = {"filled": False, "stroke": theme.ink, "strokeWidth": 1.5}
    size = alt.ExprRef(f"max(10, min({14 * theme.size}, 0.34 * width / {columns}))")
    layers = [
        cells.transform_filter("datum.part == 'kernel'").mark_rect().encode(shade, opacity=faint, tooltip=tooltip),
        cells.transform_filter("datum.part == 'x'").mark_rect(**outline).encode(opacity=faint),
        cells.mark_text(fontSize=size).encode(
            text="written:N", color=inks(theme), opacity=alt.OpacityValue(0.6, condition=counts)
        ),
        cells.transform_filter("datum.part == 'kernel' && datum.counts").mark_rect(**outline),
    ]
    picture = alt.layer(*layers, height=round(theme.size * (28 * rows + 60)), usermeta=CANVAS)
    return picture.resolve_scale(color="independent").configure_view(stroke=None)


# --- The memory ------------------------------------------------------------------------------------------------------


def draw_memory(theme: Theme, table: pd.DataFrame, own: pd.DataFrame) -> None:
    """Draws a `memory_table`, and this lesson's own row of it, which stays where it is when the lines move."""
    draw(_memory(theme), memory_tables(theme, table, own), key="memory", alt=theme.text("tensors.memory_alt"))


@specification
def _memory(theme: Theme) -> alt.LayerChart:
    """Draws the tables of `memory_tables`; the axes stand still while the lines move."""
    pairs, memory = theme.text("tensors.number_of_pairs"), theme.text("tensors.bytes")
    x = alt.X("pairs:Q", title=pairs, scale=alt.Scale(type="log", domain=[1, 1e6]))
    x = x.axis(format="~s", tickCount=6, grid=False)
    y = alt.Y("bytes:Q", title=memory, scale=alt.Scale(type="log", domain=[10, 1e14]))
    y = y.axis(values=[10**n for n in range(3, 13, 3)], labelExpr="format(datum.value, '~s') + 'B'")
    colour = look(alt.Color, "kind", {"dense": SOURCE, "ids": RIGHT})
    dash = look(alt.StrokeDash, "kind", {"dense": [1, 0], "ids": [6, 4]})
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("pairs:Q", title=pairs, format=","),
        alt.Tooltip("written:N", title=memory),
    ]
    limit, points = named("limit").encode(y=y), {"x": x, "y": y, "color": colour}
    dot = {"filled": True, "clip": True}
    layers = [
        limit.mark_rule(strokeDash=[3, 3], strokeWidth=2, color=WRONG),
        limit.mark_text(align="left", baseline="bottom", x=6, dy=-3, color=theme.ink, fontSize=12 * theme.size).encode(
            text="label:N"
        ),
        named("lines").mark_line(strokeWidth=3, clip=True).encode(**points, strokeDash=dash),
        named("lines").mark_point(**dot, size=30).encode(**points, tooltip=tooltip),
        named("own").mark_point(**dot, size=160).encode(**points, tooltip=tooltip),
        named("labels")
        .mark_text(align="right", fontSize=13 * theme.size, fontWeight="bold", color=theme.ink, dx=-4)
        .encode(x=x, y=y, text="label:N"),
    ]
    return alt.layer(*layers).properties(height=round(300 * theme.size))
