"""The model and the whole workspace, to be taken home. Each file is made when somebody asks for it."""

import math
from dataclasses import replace

import streamlit as st

from pages.parts.texts import text
from pages.parts.workspace.keeping import document_of
from pages.parts.workspace.session import Session
from seq2seq import TrainingState
from seq2seq.classroom.shared import shared_engine
from seq2seq.limits import MAX_LESSON_FILE_BYTES, MAX_LESSON_ROWS, MAX_LESSON_TEXT_BYTES, MAX_RUNS
from seq2seq.takeaway.keras_file import to_keras_file
from seq2seq.takeaway.lesson_file import ENDING, write_lesson_file
from seq2seq.takeaway.packing import Packer, write_records, write_rows

_PATIENCE = 60  # seconds; a worker may have to finish slices of others first
_MEGABYTE = 2**20


def section(session: Session) -> None:
    """Offers the lesson as a file that this app opens, and the model as one that Keras loads."""
    st.subheader(text("share.model_title"), anchor=False)
    _lesson_file(session)
    _keras_file(session.trained)


def _lesson_file(session: Session) -> None:
    st.write(text("share.lesson_file", ending=ENDING))
    size = sum(named.checkpoint_bytes + _latest_bytes(named.run.state) for named in session.runs)
    if why := _why_too_large(session, size):
        st.warning(why, icon=":material/warning:")
        return
    st.download_button(
        text("share.download_lesson", size=f"{max(0.1, size / _MEGABYTE):,.1f}"),
        lambda: lesson_file_of(session),
        f"{session.lesson_name}{ENDING}",
        "application/zip",
        icon=":material/download:",
        key="download-lesson",
    )


def _why_too_large(session: Session, size: int) -> str | None:
    """Says what there is too much of for a lesson file, or None. Once it is being made, no page can say so."""
    states, tables = [named.run.state for named in session.runs], [session.table.rows]
    for rows in [rows for named in session.runs for rows in (named.lesson_key[0], named.run.state.lesson.pairs)]:
        if rows not in tables:  # a table that runs have in common is in the file once
            tables.append(rows)
    words = sum(len(write_rows(rows)) for rows in tables) + sum(len(write_records(of.history)) for of in states)
    for kind, amount, limit in (
        ("runs", len(states), MAX_RUNS),
        ("rows", sum(map(len, tables)), MAX_LESSON_ROWS),
        ("text", words / _MEGABYTE, MAX_LESSON_TEXT_BYTES // _MEGABYTE),
        ("large", size / _MEGABYTE, MAX_LESSON_FILE_BYTES // _MEGABYTE),
    ):
        if amount > limit:
            return text(f"share.lesson_too_{kind}", size=f"{math.ceil(amount):,}", limit=f"{limit:,}")
    return None


def lesson_file_of(session: Session) -> bytes:
    """Returns the file of a session as it is now."""
    packer = Packer()
    document = document_of(session, packer)
    return write_lesson_file(document, packer.blobs)


def _latest_bytes(state: TrainingState) -> int:
    return 3 * sum(values.nbytes for values in state.weights.values())  # with Adam's two means


def _keras_file(trained: TrainingState | None) -> None:
    st.write(text("share.keras"))
    if trained is None:
        st.caption(text("share.untrained"))
        return
    unavailable = text("share.keras_unavailable")  # what is called later knows no language

    def make() -> bytes:
        light = replace(trained, adam_m={}, adam_v={}, history=(), checkpoints=())
        try:
            return shared_engine().call(to_keras_file, light).result(_PATIENCE)
        except (RuntimeError, TimeoutError) as error:
            raise RuntimeError(unavailable) from error

    st.download_button(
        text("share.download_keras", epoch=trained.epoch),
        make,
        "model.keras",
        "application/octet-stream",
        icon=":material/download:",
        key="download-keras",
    )
