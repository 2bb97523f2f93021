"""A file of pairs from the student's own machine."""

import streamlit as st

from pages.parts.pairs.checks import message
from pages.parts.session import Session
from pages.parts.state import PairsState, remembered
from pages.parts.texts import text
from seq2seq.data.files import PairsFileError, read_pairs

_MAX_PROBLEMS = 10  # of a file


def show(session: Session) -> None:
    """Shows the uploader and, as long as the file is there, what is wrong with it."""
    state = remembered(PairsState)
    upload = st.file_uploader(
        text("pairs.upload"), key="upload", on_change=_read, args=(session, state), help=text("pairs.upload_help")
    )
    if upload is None or (refused := state.refused) is None:
        return
    st.error(text("pairs.refused"), icon=":material/error:")
    for problem in refused.problems[:_MAX_PROBLEMS]:
        st.text(message(problem))
    if refused.pairs:
        label = text("pairs.use_rest", pairs=f"{len(refused.pairs):,}")
        st.button(label, on_click=_use_rest, args=(session, state), key="use-rest")


def _read(session: Session, state: PairsState) -> None:
    """Takes over an uploaded file, or remembers what is wrong with it."""
    state.refused = None
    if (upload := st.session_state.get("upload")) is None:
        return
    try:
        session.open(read_pairs(upload.getvalue()))
        st.toast(text("pairs.uploaded", pairs=f"{len(session.rows):,}"), icon=":material/check:")
    except PairsFileError as error:
        state.refused = error


def _use_rest(session: Session, state: PairsState) -> None:
    """Takes over the lines of a refused file that can be read."""
    if state.refused is not None:  # a double click comes twice
        session.open(state.refused.pairs)
        state.refused = None
