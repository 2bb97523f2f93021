"""What every page has around it: title, language, menu, and how far the training is."""

from pathlib import Path

import streamlit as st

from pages.parts import address, menu, refresh
from pages.parts.drawing.choosing import switch
from pages.parts.drawing.tokens import has_right_to_left
from pages.parts.questions import card as questions
from pages.parts.session import Session
from pages.parts.state import FrameState, bound, remembered
from pages.parts.texts import LANGUAGES, language, text
from pages.parts.theme import style_sheet
from seq2seq import Lesson
from seq2seq.classroom.engine import shared_engine

_SIDEBAR = 220  # pixels; Streamlit's own 300 would be missing beside the pictures
_document = st.components.v2.component("document", js=Path(__file__).with_name("document.js").read_text("utf-8"))


def open_page(name: str) -> Session:
    """Begins a page: browser title, menu and status in the sidebar, headline and language.

    Args:
        name: a key of `menu.PAGES`.

    Returns:
        The student's session.
    """
    icon = Path(__file__).with_name("icon.svg")
    title = f"{text(f'{name}.menu')} · Seq2Seq Lab"
    st.set_page_config(page_title=title, page_icon=icon, layout="wide", initial_sidebar_state=_SIDEBAR)
    shared_engine()  # workers warm up while the student reads
    session = address.current()
    labels = {"choose_file": text("frame.choose_file"), "delete_rows": text("frame.delete_rows")}
    st.html(style_sheet(session.theme, **labels))
    with st.sidebar:
        st.markdown("**Seq2Seq Lab**")
        st.caption(text(f"lesson.{session.lesson_name}"))
        menu.links()
        refresh.training_status(session, name)
        questions.progress(session)
        st.toggle(text("frame.large"), help=text("frame.large_help"), **bound(session, "is_large"))
        st.toggle(text("frame.shortcuts"), help=text("frame.shortcuts_help"), **bound(session, "has_shortcuts"))
        _document(key="document", data={"language": language()})
    with st.container(horizontal=True, key="phone-menu"):  # a phone's sidebar would stay open over the chosen page
        menu.links()
    # There from the beginning: if it came later, what is below would move, and a cell that is being typed would close.
    with st.container(key="phone-status"):
        if session.run is not None and name != "train":
            st.caption(refresh.run_line(session))
    with st.container(key="headline", horizontal=True, vertical_alignment="center"):
        st.title(text(f"{name}.title"), anchor=False, width="content")
        st.markdown(text(f"{name}.intro"))  # beside the title: lines of its own would push the picture down
        switch(text("frame.language"), LANGUAGES, remembered(FrameState), "language")
    return session


def close_page(name: str) -> None:
    """Ends a page with the way to the next one."""
    names = list(menu.PAGES)
    if name != names[-1]:
        st.divider()
        following = names[names.index(name) + 1]
        menu.link(following, text("frame.next", page=text(f"{following}.menu")))


def need_lesson(session: Session) -> Lesson:
    """Returns the lesson; without one the page says where to get it and ends here."""
    if session.lesson is None:
        st.warning(text("frame.no_pairs"), icon=":material/warning:")
        menu.link("pairs")
        st.stop()
    return session.lesson


def direction_note(lesson: Lesson) -> None:
    """Says how pictures are to be read, where the lesson has a script that is read from right to left."""
    if any(has_right_to_left(sentence) for pair in lesson.pairs[:10] for sentence in pair):
        st.caption(text("frame.direction"))


def outdated_warning(session: Session) -> None:
    """Says when the trained model belongs to other pairs or settings than the lesson has now."""
    if session.is_outdated:
        trained = session.run.state.lesson
        st.warning(
            text("frame.outdated", pairs=f"{len(trained.pairs):,}", units=trained.model.hidden_size),
            icon=":material/history:",
        )
