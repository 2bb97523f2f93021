"""The nearest sentences of the training: what a model that has memorised falls back on."""

from __future__ import annotations

import streamlit as st

from pages.parts.texts import text
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.contexts.tables import nearest_table
from pages.parts.translate.query import Query


def show(query: Query, around: Neighbourhood) -> None:
    """Names the nearest sentences of the training."""
    title = text("contexts.nearest_title")
    st.subheader(title, anchor=False)
    st.caption(text("contexts.nearest_seen" if query.kind == "trained" else "contexts.nearest_unseen"))
    st.dataframe(nearest_table(query, around), hide_index=True, width="stretch", key="nearest", alt=title)
    st.caption(text("contexts.distance_how", farthest=f"{around.distances.max():.3f}"))
    say_how_many_were_searched(around)


def say_how_many_were_searched(around: Neighbourhood) -> None:
    """Says so where the nearest sentence was looked for among some of the training sentences only."""
    lesson, searched = around.encoded.lesson, len(around.nearest)
    everything = len(lesson.targets) - len(lesson.held_out_sources)
    if searched < everything:
        st.caption(text("contexts.searched_of", searched=f"{searched:,}", all=f"{everything:,}"))
