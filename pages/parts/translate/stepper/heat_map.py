"""Source across, target down: how much each source token counts at each step of a decoding, as a heat map."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from pages.parts.drawing.charts import CANVAS, named, specification
from pages.parts.drawing.tokens import token_label
from pages.parts.theme import OPEN_GATE, ZERO, Theme
from seq2seq import DecodingStep

MOST_BOXES = 10_000  # more would not be told from each other, and take seconds to draw
_ROW, _AROUND = 24, 200  # pixels of a row, and of legend, title and labels above them


def numbered(tokens: Sequence[str]) -> list[str]:
    """Returns tokens each with its place, as the heat map names them."""
    return [f"{n} {token}" for n, token in enumerate(tokens, start=1)]


def boxes_table(labels: Sequence[str], steps: Sequence[DecodingStep], values: Sequence[np.ndarray]) -> pd.DataFrame:
    """Returns a row for each step and source token: "output" and "source" with their places, and the "value" there."""
    return pd.DataFrame(
        {"output": f"{n} {token_label(step.token)}", "source": label, "value": float(value)}
        for n, (step, of_step) in enumerate(zip(steps, values, strict=True), start=1)
        for label, value in zip(labels, of_step, strict=True)
    )


@specification
def heat_map(theme: Theme, title: str, steps: int) -> alt.Chart:
    """Draws the table "boxes": a row for each of so many steps; the title is that of the values, 0 to 1."""
    across = alt.X(
        "source:O",
        sort=None,
        title=theme.text("attention.source"),
        axis=alt.Axis(orient="top", labelAngle=0, labelOverlap="greedy"),
    )
    down = alt.Y("output:O", sort=None, title=theme.text("attention.output"), axis=alt.Axis(labelOverlap=False))
    legend = alt.Legend(orient="top", title=title, gradientLength=160, values=[0, 0.5, 1])
    scale = alt.Scale(domain=[0, 1], range=[ZERO, OPEN_GATE])
    tooltip = [
        alt.Tooltip("output:N", title=theme.text("attention.output")),
        alt.Tooltip("source:N", title=theme.text("attention.source")),
        alt.Tooltip("value:Q", title=title, format=".3f"),
    ]
    colour = alt.Color("value:Q", scale=scale, legend=legend)
    height = round(theme.size * (_AROUND + _ROW * steps))
    return (
        named("boxes", height=height, usermeta=CANVAS)
        .mark_rect()
        .encode(x=across, y=down, color=colour, tooltip=tooltip)
    )


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the numbers behind it: a row for each output, a column for each source token."""
    rows = table.pivot(index="output", columns="source", values="value")
    return rows.reindex(index=table["output"].unique(), columns=table["source"].unique())
