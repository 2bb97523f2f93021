"""The section on other ways than greedy to choose the next token."""

from __future__ import annotations

import streamlit as st

from pages.parts.session import Session
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.translate.query import Query
from pages.parts.translate.search import beam, sampling

_WAYS = ("greedy", "beam", "sampling")


def show(session: Session, query: Query, state: TranslateState) -> None:
    """Shows how a sentence is translated by keeping several candidates, or by chance."""
    st.segmented_control(
        text("search.way"),
        _WAYS,
        required=True,
        format_func=lambda name: text(f"search.{name}"),
        label_visibility="collapsed",
        **bound(state, "way", starts="default"),
    )
    st.caption(text(f"search.{state.way}_what"))
    if state.way == "sampling":
        sampling.show(session.theme, query, state)
    elif state.way == "greedy":
        beam.show_greedy(session.theme, query)
    else:
        beam.show(session, query, state)
