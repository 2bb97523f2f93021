"""Where each step of a decoding looked: the attention weights."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import table_behind
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.stepper.heat_map import MOST_BOXES, boxes_table, heat_map, numbered, numbers
from seq2seq import DecodingStep


def show(theme: Theme, tokens: Sequence[str], steps: Sequence[DecodingStep]) -> None:
    """Shows where the decoder looked at each of some steps: at which of the source's tokens, if there are any."""
    st.subheader(text("attention.title"), anchor=False)
    labels, label = numbered(tokens), text("attention.alt")
    if not labels or len(labels) * len(steps) > MOST_BOXES:
        st.caption(text("attention.too_long" if labels else "attention.nothing"))
        return
    table = boxes_table(labels, steps, [step.attention.weights for step in steps])
    draw(heat_map(theme, text("attention.weight"), len(steps)), {"boxes": table}, key="attention", alt=label)
    st.caption(text("attention.how"))
    if (behind := table_behind("attention-numbers")) is not None:
        behind.dataframe(numbers(table).style.format("{:.3f}"), alt=label)
