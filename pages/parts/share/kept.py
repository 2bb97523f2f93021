"""What is kept of a student, where, and how to have it deleted."""

import streamlit as st

from pages.parts import menu
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import KEEP_DAYS, NotThereError, shared_sessions


def section(session: Session) -> None:
    """Says what is kept, and offers to delete it all."""
    st.subheader(text("share.kept_title"), anchor=False)
    st.write(text("share.kept", days=f"{KEEP_DAYS:g}"))
    if st.button(text("share.delete"), icon=":material/delete_forever:", key="delete-all"):
        st.dialog(text("share.delete"), icon=":material/delete_forever:")(_ask)(session)


def _ask(session: Session) -> None:
    st.write(text("share.delete_sure", runs=len(session.runs), pairs=f"{len(session.rows):,}", days=f"{KEEP_DAYS:g}"))
    if st.button(text("share.delete_now"), type="primary", key="delete-now"):
        try:
            shared_sessions().delete(session)
        except NotThereError:
            st.error(text("frame.not_there"), icon=":material/error:")
        else:
            menu.go_to("start")
