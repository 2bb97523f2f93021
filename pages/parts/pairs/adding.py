"""A pair that is typed into two fields: the plain way, which every keyboard can take."""

import streamlit as st

from pages.parts.texts import text
from pages.parts.workspace.rows import Table
from pages.parts.workspace.session import Session
from seq2seq.data.pairs import Pair


def show(session: Session) -> None:
    """Offers the fields; document.js says what Enter does in them."""
    with (
        st.form("adding", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom", key="new-pair"),
    ):
        for side in Pair._fields:
            st.text_input(text(f"pairs.{side}"), key=f"new-{side}")
        st.form_submit_button(text("pairs.add"), icon=":material/add:", on_click=_add, args=(session,))


def _add(session: Session) -> None:
    """Puts the pair at the end of the table."""
    pair = Pair(*(st.session_state[f"new-{side}"] for side in Pair._fields))
    if any(map(str.strip, pair)):
        session.edit(Table(), Table.of([tuple(pair)]))
