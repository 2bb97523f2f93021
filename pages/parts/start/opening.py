"""A lesson file from the student's own machine. It becomes a workspace of its own; the one at hand stays as it is."""

import streamlit as st

from pages.parts import menu
from pages.parts.door import address
from pages.parts.state import StartState, remembered
from pages.parts.texts import text
from pages.parts.workspace.handing_on import copy_of_file
from pages.parts.workspace.session import Session
from seq2seq.limits import MAX_LESSON_FILE_BYTES
from seq2seq.takeaway.document import DamagedError

_OF_THE_VIEWER = ("language", "is_large", "has_shortcuts")  # not of the lesson


def section(session: Session) -> None:
    """Shows the uploader; opens what is chosen, or says why that cannot be done."""
    state = remembered(StartState)
    chosen = st.file_uploader(
        text("start.open_file"),
        "zip",
        key="lesson-file",
        help=text("start.open_file_help"),
        on_change=_forget,
        args=(state,),
        max_upload_size=MAX_LESSON_FILE_BYTES // 2**20,
    )
    if chosen is not None and state.refused is None:
        with st.spinner(text("start.opening")):
            try:
                opened = opened_file(chosen.getvalue(), session)
            except DamagedError as error:
                state.refused = error.problem
            else:
                address.go_over_to(opened)
                menu.go_to("pairs")
    if state.refused is not None:
        st.error(text(f"problem.{state.refused.kind}", **state.refused.details), icon=":material/error:")


def opened_file(content: bytes, viewer: Session) -> Session:
    """Returns a new session that begins as a lesson file says; language, type and keys stay those of the viewer.

    Raises:
        DamagedError: it is no lesson file, or not whole.
    """
    session = copy_of_file(content)
    for name in _OF_THE_VIEWER:
        setattr(session, name, getattr(viewer, name))
    return session


def _forget(state: StartState) -> None:
    state.refused = None
