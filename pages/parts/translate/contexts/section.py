"""The section on context vectors: a map of them, the nearest ones, and two of them side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts.state import TranslateState
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.contexts import compare, map, neighbours
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.query import Query
from seq2seq.analysis.contexts import context_vectors


def show(theme: Theme, query: Query, around: Neighbourhood, state: TranslateState) -> None:
    """Shows where the context vector of a sentence lies among those of the lesson."""
    picture = st.container()  # above the choice of B, which is on it
    neighbours.show(query, around)
    st.subheader(text("contexts.two_title"), anchor=False)
    second = compare.choose_second(query, around, state)
    vector = context_vectors(query.translator, [second.sentence])[0]  # (2 · hidden,)
    with picture:
        map.show(theme, around, {"a": (query.sentence, around.vector), "b": (second.sentence, vector)})
    compare.show(theme, (query, around.vector), (second, vector))
