"""What every page has around it: title, language, menu, and how far the training is."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts import address
from pages.parts.questions import card as questions
from pages.parts.session import Session
from pages.parts.state import FrameState, bound, remembered
from pages.parts.texts import LANGUAGES, text
from pages.parts.theme import style_sheet
from seq2seq import Lesson
from seq2seq.classroom.engine import shared_engine
from seq2seq.classroom.run import Run

PAGES = {  # name: (file, icon), in the order of the story
    "start": ("streamlit_app.py", ":material/door_open:"),
    "pairs": ("pages/1_pairs.py", ":material/table_rows:"),
    "tensors": ("pages/2_tensors.py", ":material/grid_on:"),
    "model": ("pages/3_model.py", ":material/account_tree:"),
    "train": ("pages/4_train.py", ":material/model_training:"),
    "translate": ("pages/5_translate.py", ":material/translate:"),
}

_IDLE_SECONDS = 5  # between two looks of a page while nobody trains: what another tab began shows by then


def open_page(name: str) -> Session:
    """Begins a page: browser title, menu and status in the sidebar, headline and language.

    Args:
        name: a key of `PAGES`.

    Returns:
        The student's session.
    """
    icon = Path(__file__).with_name("icon.svg")
    st.set_page_config(page_title=f"{text(f'{name}.menu')} · Seq2Seq Lab", page_icon=icon, layout="wide")
    shared_engine()  # workers warm up while the student reads
    session = address.current()
    st.html(style_sheet(session.is_large, text("frame.choose_file")))
    with st.sidebar:
        st.markdown("**Seq2Seq Lab**")
        st.caption(text(f"lesson.{session.lesson_name}"))
        for page in PAGES:
            link(page)
        _training_status(session, name)
        questions.progress(session)
        st.toggle(text("frame.large"), help=text("frame.large_help"), **bound(session, "is_large"))
    with st.container(horizontal=True, key="phone-menu"):  # a phone's sidebar would stay open over the chosen page
        for page in PAGES:
            link(page)
    # There from the beginning: if it came later, what is below would move, and a cell that is being typed would close.
    with st.container(key="phone-status"):
        if session.run is not None and name != "train":
            st.caption(_run_line(session.run))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(text(f"{name}.title"), anchor=False, width="content")
        _language_switch()
    st.markdown(text(f"{name}.intro"))
    return session


def close_page(name: str) -> None:
    """Ends a page with the way to the next one."""
    names = list(PAGES)
    if name != names[-1]:
        st.divider()
        following = names[names.index(name) + 1]
        link(following, text("frame.next", page=text(f"{following}.menu")))


def go_to(page: str) -> None:
    """Leaves for another page."""
    st.switch_page(PAGES[page][0], query_params=address.parameters())


def link(page: str, label: str | None = None) -> None:
    """Draws a link to another page, which keeps the session."""
    file, icon = PAGES[page]
    st.page_link(file, label=label or text(f"{page}.menu"), icon=icon, query_params=address.parameters())


def need_lesson(session: Session) -> Lesson:
    """Returns the lesson; without one the page says where to get it and ends here."""
    if session.lesson is None:
        st.warning(text("frame.no_pairs"), icon=":material/warning:")
        link("pairs")
        st.stop()
    return session.lesson


def outdated_warning(session: Session) -> None:
    """Says when the trained model belongs to other pairs or settings than the lesson has now."""
    if session.is_outdated:
        trained = session.run.state.lesson
        st.warning(
            text("frame.outdated", pairs=f"{len(trained.pairs):,}", units=trained.model.hidden_size),
            icon=":material/history:",
        )


def _language_switch() -> None:
    st.segmented_control(
        text("frame.language"),
        list(LANGUAGES),
        required=True,
        format_func=LANGUAGES.get,
        label_visibility="collapsed",
        **bound(remembered(FrameState), "language", starts="default"),
    )


def _training_status(session: Session, name: str) -> None:
    """Shows the training's progress on every page; the page Train shows more of it itself.

    Where a run was begun, ended or renamed meanwhile, be it in another tab, the page is drawn anew.
    """
    drawn = session.redraw_key
    is_shown = session.run is not None and name != "train"

    @st.fragment(run_every=1.0 if is_shown and session.is_active else _IDLE_SECONDS)
    def status():
        session.watch()
        if session.redraw_key != drawn:
            st.rerun()
        if is_shown:
            st.divider()
            st.progress(progress(session.run), _run_line(session.run))

    status()


def _run_line(run: Run) -> str:
    return f"{text(f'run.{run.status}')} · {text('run.epochs', done=len(run.history), epochs=run.target_epoch)}"


def progress(run: Run) -> float:
    """Returns how much of a training is done, 0…1."""
    return min(1.0, (len(run.history) + run.epoch_progress) / run.target_epoch)
