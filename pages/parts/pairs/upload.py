"""A file of pairs from the student's own machine. What is understood of it is shown before it changes anything."""

import streamlit as st

from pages.parts.pairs import reading
from pages.parts.state import OpenedFile, PairsState, remembered
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq.limits import MAX_FILE_BYTES

_MOST = MAX_FILE_BYTES // 2**20 + 5  # what is a little too large is told so in the student's language


def show(session: Session) -> None:
    """Shows the uploader and, as long as a chosen file is neither taken over nor given up, how it is read."""
    state = remembered(PairsState)
    key = f"upload-{state.uploads}"  # another one, and thus empty, once a file is done with
    st.file_uploader(
        text("pairs.upload"),
        key=key,
        on_change=_open,
        args=(state, key),
        help=text("pairs.upload_help"),
        max_upload_size=_MOST,
    )
    if state.opened is not None:
        reading.show(session, state)


def _open(state: PairsState, key: str) -> None:
    chosen = st.session_state.get(key)
    state.opened = chosen and OpenedFile(chosen.name, chosen.getvalue())
