"""Tables to take home: what was written, and what was measured."""

import streamlit as st

from pages.parts.drawing.files import download_pairs
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq.takeaway.tables import write_epochs, write_runs

_WRITES = {"runs": write_runs, "epochs": write_epochs}


def section(session: Session) -> None:
    """Offers the tables of a lesson, each made on the click."""
    st.subheader(text("share.tables"), anchor=False)
    st.caption(text("share.tables_how"))
    with st.container(horizontal=True, vertical_alignment="center"):
        download_pairs(session)
        _tables(session)


def _tables(session: Session) -> None:
    """Offers the runs, and every epoch of them."""
    for name, write in _WRITES.items():
        file = {"data": lambda write=write: write(_states(session)), "file_name": f"{name}.csv", "mime": "text/csv"}
        label, why = text(f"share.{name}"), None if session.runs else text("share.untrained")
        button = {
            "icon": ":material/download:",
            "disabled": not session.runs,
            "help": why,
            "key": f"download-{name}",
            "on_click": "ignore",
        }
        st.download_button(label, **button, **file)


def _states(session: Session) -> dict:
    return {named.name: named.run.state for named in session.runs}
