"""The pairs as a file to take home, in a format to choose."""

import streamlit as st

from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq.data.files import write_pairs

_MIME = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download_pairs(session: Session) -> None:
    """Offers the table of pairs as a file of each kind, which is made on the click, of the pairs as they are then."""
    with st.popover(text("pairs.download"), icon=":material/download:", key="download-pairs"):
        for kind, mime in _MIME.items():
            file = {"data": lambda kind=kind: write_pairs(session.rows, kind), "file_name": f"pairs.{kind}"}
            st.download_button(text(f"pairs.as_{kind}"), mime=mime, key=f"pairs-{kind}", on_click="ignore", **file)
