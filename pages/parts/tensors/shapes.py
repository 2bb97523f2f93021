"""The shapes of the three tensors, and where each number in them comes from."""

from __future__ import annotations

import streamlit as st

from pages.parts.texts import text
from seq2seq import Lesson
from seq2seq.tensors import Tensors, dense_shapes


def show_shapes(lesson: Lesson) -> None:
    """Shows the shapes of the three tensors, one-hot."""
    columns, sides = st.columns(3), ("source", "target", "target")
    for column, name, shape, side in zip(columns, Tensors._fields, dense_shapes(lesson), sides, strict=True):
        pairs, steps, tokens = shape
        plus = "_plus" if lesson.model.markers and side == "target" else ""
        longest, different = (steps - 1, tokens - 2) if plus else (steps, tokens)  # ⟨bos⟩ or ⟨eos⟩; both are columns
        kinds = text(f"tokens.{getattr(lesson.model, f'{side}_tokens')}_many")
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{text(f'tensors.{name}')}**  \n`{name}.shape`")
            st.markdown(f"### `({pairs}, {steps}, {tokens})`")
            st.markdown(text("tensors.axis_pairs", n=f"{pairs:,}"))
            st.markdown(text(f"tensors.axis_time_{side}{plus}", n=steps, longest=longest, kinds=kinds))
            st.markdown(text(f"tensors.axis_tokens_{side}{plus}", n=tokens, different=different, kinds=kinds))
