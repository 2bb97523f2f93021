"""Where each step of a decoding looked: the attention weights as a heat map, source across and target down."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from pages.parts.drawing.charts import draw, named, specification
from pages.parts.drawing.choosing import table_behind
from pages.parts.drawing.tokens import ZERO_ROW, token_label
from pages.parts.texts import text
from pages.parts.theme import OPEN_GATE, ZERO, Theme
from seq2seq import DecodingStep, Translator

_ROW, _AROUND = 24, 200  # pixels of a row, and of legend, title and labels above them


def show(theme: Theme, translator: Translator, sentence: str, steps: Sequence[DecodingStep]) -> None:
    """Shows where the decoder looked at each of some steps; "" is a sentence in which there is nothing to be seen."""
    st.subheader(text("attention.title"), anchor=False)
    labels, label = source_labels(translator, sentence), text("attention.alt")
    if not labels:
        st.caption(text("attention.nothing"))
        return
    table = weights_table(labels, steps)
    draw(heat_map(theme, len(steps)), {"weights": table}, key="attention", alt=label)
    st.caption(text("attention.how"))
    if (behind := table_behind("attention-numbers")) is not None:
        rows = table.pivot(index="output", columns="source", values="weight")
        rows = rows.reindex(index=table["output"].unique(), columns=table["source"].unique())
        behind.dataframe(rows.style.format("{:.3f}"), alt=label)


def source_labels(translator: Translator, sentence: str) -> list[str]:
    """Returns the tokens that the encoder gets of a sentence, each with its place, as the heat map names them."""
    tokens, ids = translator.lesson.source_vocabulary.tokens, translator.source_ids(sentence).tolist()
    return [f"{n} {ZERO_ROW if i < 0 else token_label(tokens[i])}" for n, i in enumerate(ids, start=1)]


def weights_table(labels: Sequence[str], steps: Sequence[DecodingStep]) -> pd.DataFrame:
    """Returns a row for each step and source token: "output" and "source" with their places, and the "weight" α."""
    return pd.DataFrame(
        {"output": f"{n} {token_label(step.token)}", "source": label, "weight": float(weight)}
        for n, step in enumerate(steps, start=1)
        for label, weight in zip(labels, step.attention.weights, strict=True)
    )


@specification
def heat_map(theme: Theme, steps: int) -> alt.Chart:
    """Draws the table "weights": a row of boxes for each of so many steps."""
    across = alt.X(
        "source:O",
        sort=None,
        title=theme.text("attention.source"),
        axis=alt.Axis(orient="top", labelAngle=0, labelOverlap="greedy"),
    )
    down = alt.Y("output:O", sort=None, title=theme.text("attention.output"), axis=alt.Axis(labelOverlap=False))
    legend = alt.Legend(orient="top", title=theme.text("attention.weight"), gradientLength=160, values=[0, 0.5, 1])
    scale = alt.Scale(domain=[0, 1], range=[ZERO, OPEN_GATE])
    tooltip = [
        alt.Tooltip("output:N", title=theme.text("attention.output")),
        alt.Tooltip("source:N", title=theme.text("attention.source")),
        alt.Tooltip("weight:Q", title=theme.text("attention.weight"), format=".3f"),
    ]
    colour = alt.Color("weight:Q", scale=scale, legend=legend)
    height = round(theme.size * (_AROUND + _ROW * steps))
    return named("weights", height=height).mark_rect().encode(x=across, y=down, color=colour, tooltip=tooltip)
