"""What the charts of all pages share: built with Altair once, then redrawn with other data.

Building an Altair chart takes 10 to 70 ms, drawing one that is there 1 to 3. So a chart is a function of what it looks
like (the theme, its sizes, its titles) whose specification is kept, and its data are tables with names, fed at each
redraw. Places, edges and windows are columns of these tables, computed in Python, where tests can look at them; the
browser knows one thing that Python does not, how wide a chart is.
"""

import itertools
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from threading import Lock
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts.drawing.pictures import keep
from pages.parts.state import Drawn
from pages.parts.theme import NEGATIVE, OPEN_GATE, PADDING, POSITIVE, RUNS, ZERO, Theme

# With round ends. One kind fewer than there are colours of runs, so that no two of a dozen runs are alike.
_DASHES = [[1, 0], [8, 6], [1, 5], [8, 6, 1, 6], [16, 6], [4, 6], [1, 9]]


def specification(build: Callable[..., alt.TopLevelMixin]) -> Callable[..., dict]:
    """Keeps the specifications that a function's charts come to, by its arguments, which can be hashed."""

    @lru_cache(maxsize=64)
    def made(*args) -> dict:
        # A screen reader is told what a chart shows, its axes, and the numbers in a table; not each mark by itself.
        chart = build(*args).configure_mark(aria=False)
        # Altair has checked each part when it was built. To check the whole again would take half as long again as all
        # the rest, and what Vega-Lite refuses fails in the tests with a browser.
        return chart.to_dict(validate=False)

    building = Lock()

    @wraps(build)
    def kept(*args) -> dict:
        with building:  # a class opens a page at one moment: one thread builds, the others wait for it
            return made(*args)

    return kept


def draw(
    spec: dict,
    tables: Mapping[str, Any],
    *,
    key: str,
    alt: str,
    on_select: Callable[[], None] | str = "ignore",
    where=st,
) -> None:
    """Draws a chart, which the end of the page offers as a file.

    Args:
        spec: of a function under `specification`.
        tables: name → the data that it draws, as Pandas or Arrow tables.
        key: a name that stays, so that the browser redraws the chart instead of making a new one.
        alt: what it shows, for who cannot see it.
        on_select: called when something was clicked.
        where: a column or container.
    """
    keep(key, Drawn(spec, dict(tables), alt))
    spec = spec | {"datasets": {name: _arrow(table) for name, table in tables.items()}}
    where.vega_lite_chart(spec=spec, width="stretch", key=key, alt=alt, on_select=on_select)


def _arrow(table: pd.DataFrame | pa.Table) -> pa.Table:
    """Returns a table as Streamlit sends it. It would do so itself, with the index, and takes twice as long."""
    return pa.table(dict(table.items())) if isinstance(table, pd.DataFrame) else table


def named(table: str, **properties) -> alt.Chart:
    """Returns a chart of a named table, which has no marks yet."""
    return alt.Chart(alt.NamedData(table), **properties)


# Altair's own `value` would do, but finds the class of its channel by comparing it with all others: 15 ms each.
FULL_HEIGHT = {"y": alt.YValue(0), "y2": alt.Y2Value("height")}  # encodings of what goes all the way across a chart
FULL_WIDTH = {"x": alt.XValue(0), "x2": alt.X2Value("width")}

CANVAS = {"embedOptions": {"renderer": "canvas"}}  # `usermeta` of charts with hundreds of boxes, drawn at each step


def diverging_scale(end: float = 1.0) -> alt.Scale:
    """Returns the scale of states: negative, zero, positive."""
    return alt.Scale(domain=[-end, 0, end], range=[NEGATIVE, ZERO, POSITIVE], clamp=True)


def gate_scale() -> alt.Scale:
    """Returns the scale of gates, from closed to open."""
    return alt.Scale(domain=[0, 1], range=[ZERO, OPEN_GATE])


def boxes(table: pd.DataFrame, width: float, height: float) -> pd.DataFrame:
    """Returns a table with the edges of a box around each "x" and "y": "left", "right", "top", "bottom"."""
    return table.assign(
        left=table["x"] - width / 2,
        right=table["x"] + width / 2,
        top=table["y"] - height / 2,
        bottom=table["y"] + height / 2,
    )


def look(channel: type[alt.SchemaBase], field: str, looks: Mapping[str, Any]) -> alt.SchemaBase:
    """Returns an encoding by the values of a column: how each of them looks."""
    # Of itself the scale of sizes and widths would go evenly from the first to the last.
    scale = alt.Scale(type="ordinal", domain=list(looks), range=list(looks.values()))
    return channel(f"{field}:N", scale=scale, legend=None)


def told_apart(runs: tuple[str, ...], theme: Theme) -> tuple[alt.Color, alt.StrokeDash]:
    """Returns how runs are told apart, with one legend for both; one run needs none."""
    # Two names in a line, each as long as there is room for beside its line.
    sizes = {"symbolSize": 600 * theme.size, "labelLimit": alt.ExprRef(f"width / 2 - {50 * theme.size}"), "columns": 2}
    legend = alt.Legend(orient="top", direction="horizontal", symbolType="stroke", **sizes)
    of_run = {"shorthand": "run:N", "title": None, "legend": legend if len(runs) > 1 else None}
    colours, dashes = (
        alt.Scale(domain=list(runs), range=list(itertools.islice(itertools.cycle(values), len(runs))))
        for values in (RUNS, _DASHES)
    )
    return alt.Color(scale=colours, **of_run), alt.StrokeDash(scale=dashes, **of_run)


def inks(theme: Theme) -> alt.Color:
    """Returns the colour of texts by the column "ink": "black", "white", or "ink", which is written on the ground."""
    return look(alt.Color, "ink", {"black": "black", "white": "white", "ink": theme.ink})


def place(
    x: tuple[float, float],
    y: tuple[float, float],
    start: tuple[str, str] = ("left", "top"),
    end: tuple[str, str] | None = ("right", "bottom"),
) -> dict[str, alt.SchemaBase]:
    """Returns an encoding on a plane without axes, y downwards: of boxes (see `boxes`), of strokes or of points.

    Args:
        x, y: from where to where the plane goes.
        start: the columns of the corner where a box or a stroke begins, or of a point.
        end: those of the opposite corner; None for points.
    """
    across = alt.Scale(domain=list(x), nice=False, zero=False)
    down = alt.Scale(domain=[y[1], y[0]], nice=False, zero=False)
    placed = {"x": alt.X(f"{start[0]}:Q", scale=across, axis=None), "y": alt.Y(f"{start[1]}:Q", scale=down, axis=None)}
    return placed | {"x2": alt.X2(end[0]), "y2": alt.Y2(end[1])} if end else placed


RISING = {"start": ("left", "bottom"), "end": ("right", "top")}  # strokes across boxes; see `place`


def hatching(padding: pd.DataFrame) -> pd.DataFrame:
    """Returns the edges of the strokes that hatch boxes of padding: three in each, each rising to the right."""
    strokes, by = padding.loc[padding.index.repeat(3)], np.tile([-0.28, 0, 0.28], len(padding))
    return strokes.assign(left=strokes["x"] + by - 0.14, right=strokes["x"] + by + 0.14)


def hatched(strokes: alt.Chart, encoding: Mapping[str, alt.SchemaBase]) -> alt.Chart:
    """Draws the strokes of `hatching`; the encoding is that of `RISING` ones."""
    return strokes.mark_rule(stroke=PADDING, strokeWidth=1.5, opacity=0.8).encode(**encoding)


def framed(now: alt.Chart, encoding: Mapping[str, alt.SchemaBase], radius: float = 0) -> list[alt.Chart]:
    """Draws a frame around what is looked at: black in white, to be seen on light and dark boxes."""
    return [
        now.mark_rect(filled=False, stroke=colour, strokeWidth=width, cornerRadius=radius).encode(**encoding)
        for colour, width in (("white", 5), ("black", 2.5))
    ]
