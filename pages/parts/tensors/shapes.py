"""The shapes of the three tensors, where each number in them comes from, and what one-hot costs as they grow."""

import streamlit as st

from pages.parts.drawing import notebook
from pages.parts.drawing.choosing import table_behind
from pages.parts.state import TensorsState, bound, remembered
from pages.parts.tensors.charts import draw_memory
from pages.parts.tensors.tables import memory_table, size
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson
from seq2seq.tensors import Tensors, dense_shapes

_FACTORS = (1, 2, 5, 10, 20, 50, 100)


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
    notebook.compare(lesson, lambda of: ", ".join(map(str, dense_shapes(of))))


@st.fragment
def show_memory(session: Session, lesson: Lesson) -> None:
    """Shows the memory of the three tensors, one-hot and as ids; another length or size reruns this alone."""
    state = remembered(TensorsState)
    labels = {"longer": text("tensors.longer"), "larger": text("tensors.larger")}
    for column, (name, label) in zip(st.columns(2), labels.items(), strict=True):
        column.select_slider(label, _FACTORS, format_func="× {}".format, **bound(state, name))
    table, own = memory_table(lesson, state.longer, state.larger), memory_table(lesson).loc[[len(lesson.pairs)]]
    draw_memory(session.theme, table, own)
    dense, ids = own.iloc[0]
    st.caption(text("tensors.memory", dense=size(dense), ids=size(ids), times=f"{dense / ids:,.0f}"))
    if (behind := table_behind("memory-table")) is not None:
        table.columns = [text("tensors.dense"), text("tensors.as_ids")]
        behind.dataframe(table.map(size).rename_axis(text("tensors.number_of_pairs")))
