"""The pictures of a cell: gates, candidate and states at one time step, a column a unit, and the states over time."""

import base64
import io
from collections.abc import Callable

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from pages.parts.drawing.charts import (
    CANVAS,
    FULL_HEIGHT,
    FULL_WIDTH,
    diverging_scale,
    draw,
    framed,
    gate_scale,
    named,
    specification,
)
from pages.parts.model.trace import (
    GATES,
    PARTS,
    LSTMTrace,
    display_input,
    grid_table,
    ranks_around,
    time_table,
    unit_table,
)
from pages.parts.state import ModelState
from pages.parts.theme import MONOSPACE, NEGATIVE, POSITIVE, ZERO, Theme

GRID = "cell-grid"  # the key of the chart that units are clicked in
_NUMBER = 27  # pixels; no number fits into a box that is narrower
_ALL_UNITS = 32  # where as many have space for their numbers, all are drawn, be it without numbers
_LEGEND = {"direction": "horizontal", "gradientLength": 110}  # two of them fit beside each other on a phone


def draw_grid(trace: LSTMTrace, state: ModelState, theme: Theme, on_click: Callable[[], None]) -> None:
    """Draws the states before a time step, gates and candidate, and the states after it, a column for each unit.

    When a unit was clicked, `on_click` is called, and `clicked_unit` tells which.
    """
    parts = grid_table(trace, state.step, state.unit)
    parts["part"] = parts["part"].cat.rename_categories(_part_names(theme))
    ranks = ranks_around(state.unit, trace.hidden)
    units = unit_table(trace, state.step).reset_index().assign(rank=ranks, clicks=state.clicks)
    tables = {"parts": parts, "units": units, "now": pd.DataFrame({"unit": [state.unit]})}
    spec = _grid_spec(theme, trace.hidden, trace.ends["c"])
    draw(spec, tables, key=GRID, alt=theme.text("cell.grid_alt"), on_select=on_click)


def clicked_unit() -> int | None:
    """Returns the unit of the grid that was just clicked; None where a click beside it took the choice back."""
    if GRID not in st.session_state:
        return None  # a run that was cut short may have lost the grid, and is told that it was clicked
    chosen = st.session_state[GRID]["selection"]["unit"]
    return int(chosen[0]["unit"]) if chosen else None


@specification
def _grid_spec(theme: Theme, units: int, end: float) -> alt.LayerChart:
    """Returns the grid without its data.

    On a narrow screen there are as many units as have space for their numbers, with the chosen one in their middle.
    `end` is that of c's scale; the other scales are always the same.
    """
    fits = f"max(1, floor(width / {30 * theme.size}))"
    drawn = alt.param("drawn", expr=f"width < {_NUMBER * min(units, _ALL_UNITS)} ? min({units}, {fits}) : {units}")
    x = alt.X("unit:O", title=theme.text("cell.unit_title"))
    x = x.axis(labelAngle=0, labelOverlap=True, orient="top", domain=False, ticks=False)
    parts = named("parts").transform_filter("datum.rank < drawn")
    names = _part_names(theme)
    lines = [*names[:2], "", *names[2:6], " ", *names[6:]]  # with a gap before i and after o
    y = alt.Y("part:N", title=None, scale=alt.Scale(domain=lines, paddingInner=0.06))
    boxes = parts.encode(x=x, y=y.axis(labelOverlap=False, domain=False, ticks=False))
    are_gates = alt.FieldOneOfPredicate("part", [theme.text(f"cell.part_{gate}") for gate in GATES])
    gates = alt.Legend(orient="bottom", title="i, f, o", values=[0, 0.5, 1], gradientThickness=10, **_LEGEND)
    column = {"x": x, **FULL_HEIGHT}
    size = alt.ExprRef(f"max(10, min({13 * theme.size}, 0.37 * width / drawn))")
    chart = alt.layer(
        boxes.transform_filter(are_gates).mark_rect().encode(alt.Color("shade:Q", scale=gate_scale(), legend=gates)),
        boxes.transform_filter(alt.LogicalNotPredicate(**{"not": are_gates}))
        .mark_rect()
        .encode(alt.Color("shade:Q", scale=diverging_scale(), legend=_states_legend(end))),
        boxes.transform_filter(f"width / drawn >= {_NUMBER}")
        .mark_text(fontSize=size)
        .encode(text=alt.Text("value:Q", format=".2f"), color=alt.Color("ink:N", scale=None)),
        _clickable(theme, column),
        *framed(named("now"), column),
    )
    return _quick(chart.add_params(drawn).resolve_scale(color="independent")).properties(
        height=round(theme.size * (24 * len(lines) + 110))  # the axis and the legends
    )


def _part_names(theme: Theme) -> list[str]:
    return [theme.text(f"cell.part_{part}") for part in PARTS]


def _states_legend(end: float) -> alt.Legend:
    """Returns a legend of h's scale with c's numbers beside h's."""
    labels = f"datum.value < 0 ? '−1 | −{end:g}' : datum.value > 0 ? '1 | {end:g}' : '0'"
    return alt.Legend(
        orient="bottom", title="g, h | c", values=[-1, 0, 1], labelExpr=labels, gradientThickness=10, **_LEGEND
    )


def _clickable(theme: Theme, column: dict) -> alt.Chart:
    """Returns columns that are not seen: to be clicked, and to tell a unit's numbers."""
    tooltip = [alt.Tooltip("unit:O", title=theme.text("cell.unit_title"))]
    for part, name in zip(PARTS, _part_names(theme), strict=True):
        tooltip.append(alt.Tooltip(f"{part}:Q", title=name, format=".4f"))
    click = alt.selection_point("unit", fields=["unit", "clicks"], toggle=False)
    units = named("units", name="columns").transform_filter("datum.rank < drawn")
    return units.mark_rect(opacity=0, cursor="pointer").encode(**column, tooltip=tooltip).add_params(click)


def draw_over_time(trace: LSTMTrace, pictures: dict[str, str], state: ModelState, theme: Theme) -> None:
    """Draws h and c of every unit over time, as `heat_maps`; frames are around the step and the unit looked at."""
    unit = state.unit
    longest = max(len(display_input(token)) for token in trace.tokens)
    now = pd.DataFrame({"step": [trace.labels[state.step]], "top": [unit - 0.5], "bottom": [unit + 0.5]})
    for (name, end), column in zip(trace.ends.items(), st.columns(2), strict=True):
        values = trace.states[name][1:, unit]
        tables = {
            "steps": pd.DataFrame({"step": trace.labels, "unit": unit, "value": values}),
            "picture": pd.DataFrame({"url": [pictures[name]]}),
            "now": now,
        }
        spec = _time_spec(theme, name, (len(trace), longest), trace.hidden, end)
        draw(spec, tables, key=f"cell-{name}", alt=theme.text("cell.over_time", state=name), where=column)


def heat_maps(trace: LSTMTrace) -> dict[str, str]:
    """Returns state → the picture of it over time."""
    return {state: heat_map(time_table(trace, state).to_numpy(), end) for state, end in trace.ends.items()}


def heat_map(values: np.ndarray, end: float) -> str:
    """Returns (rows, columns) numbers, -end…end, as the address of a picture: thousands of boxes would be slow."""
    places = np.clip(np.nan_to_num(values / end), -1, 1)  # what is no number any more has the colour of 0
    ends = np.array([[int(colour[n : n + 2], 16) for colour in (NEGATIVE, ZERO, POSITIVE)] for n in (1, 3, 5)])
    pixels = np.stack([np.interp(places, [-1, 0, 1], channel) for channel in ends], axis=-1)  # (rows, columns, rgb)
    png = io.BytesIO()
    Image.fromarray(pixels.round().astype(np.uint8)).save(png, "png")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


@specification
def _time_spec(theme: Theme, state: str, steps: tuple[int, int], units: int, end: float) -> alt.LayerChart:
    """Returns "h" or "c" over time without its data; `steps`: how many, and the characters of the longest input."""
    of_step, of_unit = (theme.text(f"cell.{name}_title") for name in ("step", "unit"))
    x = alt.X("step:O", sort=None, title=of_step, axis=_input_axis(theme, *steps))
    y_axis = alt.Axis(grid=False, domain=False, ticks=False, format="d", tickMinStep=1)
    y_scale = alt.Scale(domain=[units - 0.5, -0.5], nice=False)
    y = alt.Y("top:Q", title=of_unit, scale=y_scale, axis=y_axis)
    legend = alt.Legend(orient="top", values=[-end, 0, end], **_LEGEND)
    column = {"x": x, **FULL_HEIGHT}
    whole = {"width": alt.ExprRef("width"), "height": alt.ExprRef("height"), "align": "left", "baseline": "top"}
    picture = named("picture").mark_image(aspect=False, smooth=False, **whole)
    values = named("steps").mark_rect(opacity=0)
    now = named("now")
    chart = alt.layer(
        picture.encode(url="url:N", x=alt.XValue(0), y=alt.YValue(0)),
        values.encode(
            **column,
            color=alt.Color("value:Q", title=state, scale=diverging_scale(end), legend=legend),
            tooltip=[
                alt.Tooltip("step:O", title=of_step),
                alt.Tooltip("unit:O", title=of_unit),
                alt.Tooltip("value:Q", title=state, format=".4f"),
            ],
        ),
        *framed(now, column),
        *framed(now, {"y": y, "y2": alt.Y2("bottom"), **FULL_WIDTH}),
    )
    return _quick(chart).properties(height=min(280, max(100, 6 * units)) + 130)  # the axes and the legend


def _input_axis(theme: Theme, steps: int, longest: int) -> alt.Axis:
    """Returns the axis of so many inputs, which stand upright where the longest has no space beside another."""
    fits = f"width / {steps} > {8 * longest}"
    return alt.Axis(
        labelExpr="slice(datum.label, indexof(datum.label, ' ') + 1)",  # without the number that makes it unique
        labelFont=MONOSPACE,
        labelAngle=alt.ExprRef(f"{fits} ? 0 : -90"),
        labelAlign=alt.ExprRef(f"{fits} ? 'center' : 'right'"),
        labelBaseline=alt.ExprRef(f"{fits} ? 'top' : 'middle'"),
        labelOverlap=True,
        labelLimit=60 * theme.size,
        domain=False,
        ticks=False,
    )


def _quick(chart: alt.LayerChart) -> alt.LayerChart:
    """Returns a chart that is drawn anew at each step: on a canvas, and without a description of each box."""
    return chart.properties(usermeta=CANVAS).configure_view(stroke=None)
