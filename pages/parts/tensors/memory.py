"""What one-hot costs as pairs, sentences and vocabularies grow."""

from __future__ import annotations

import streamlit as st

from pages.parts.drawing.choosing import table_behind
from pages.parts.session import Session
from pages.parts.tensors.charts import draw_memory
from pages.parts.tensors.tables import memory_table, size
from pages.parts.texts import text
from seq2seq import Lesson

_FACTORS = (1, 2, 5, 10, 20, 50, 100)


@st.fragment
def show_memory(session: Session, lesson: Lesson) -> None:
    """Shows the memory of the three tensors, one-hot and as ids; another length or size reruns this alone."""
    longer, larger = (
        column.select_slider(label, _FACTORS, format_func="× {}".format)
        for column, label in zip(st.columns(2), (text("tensors.longer"), text("tensors.larger")), strict=True)
    )
    table, own = memory_table(lesson, longer, larger), memory_table(lesson).loc[[len(lesson.pairs)]]
    draw_memory(session.theme, table, own)
    dense, ids = own.iloc[0]
    st.caption(text("tensors.memory", dense=size(dense), ids=size(ids), times=f"{dense / ids:,.0f}"))
    if (behind := table_behind("memory-table")) is not None:
        table.columns = [text("tensors.dense"), text("tensors.as_ids")]
        behind.dataframe(table.map(size).rename_axis(text("tensors.number_of_pairs")))
