"""What every page has around it: title, language, menu, and how far the training is."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.parts import document, menu, refresh
from pages.parts.door import address, recent, waiting
from pages.parts.drawing import pictures
from pages.parts.drawing.choosing import switch
from pages.parts.drawing.tokens import has_right_to_left
from pages.parts.questions import card as questions
from pages.parts.state import FrameState, bound, remembered
from pages.parts.texts import LANGUAGES, text
from pages.parts.theme import style_sheet
from pages.parts.tour import guide
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import NotThereError, shared_sessions
from seq2seq import Lesson
from seq2seq.classroom.memory import parameters
from seq2seq.classroom.shared import shared_engine
from seq2seq.limits import MAX_PARAMETERS

_MOMENT = 0.2  # seconds that a page waits at its end for what was changed to be written
_SIDEBAR = 220  # pixels; Streamlit's own 300 would be missing beside the pictures


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
    session = _current_session()
    pictures.begin(session.theme)
    labels = {"choose_file": text("frame.choose_file"), "delete_rows": text("frame.delete_rows")}
    st.html(style_sheet(session.theme, **labels))
    with st.sidebar:
        st.markdown("**Seq2Seq Lab**")
        st.caption(text(f"lesson.{session.lesson_name}"))
        menu.links()
        _undo_and_redo(session)
        refresh.training_status(session, name)
        questions.progress(session)
        st.toggle(text("frame.large"), help=text("frame.large_help"), **bound(session, "is_large"))
        st.toggle(text("frame.shortcuts"), help=text("frame.shortcuts_help"), **bound(session, "has_shortcuts"))
        document.set_up()
    with st.container(horizontal=True, key="phone-menu"):  # a phone's sidebar would stay open over the chosen page
        menu.links()
    # There from the beginning: if it came later, what is below would move, and a cell that is being typed would close.
    with st.container(key="phone-status"):
        if session.run is not None and name != "train":
            st.caption(refresh.run_line(session))
    with st.container(key="headline", horizontal=True, vertical_alignment="center"):
        st.title(text(f"{name}.title"), anchor=False, width="content")
        # Beside the title: lines of their own would push the picture down.
        if guide.is_taken():
            guide.show(session, name)
        else:
            st.markdown(text(f"{name}.intro"))
        switch(text("frame.language"), LANGUAGES, remembered(FrameState), "language", take=partial(_speak, session))
    if session.was_overtaken:
        session.was_overtaken = False
        st.toast(text("frame.overtaken"), icon=":material/warning:", duration="infinite")
    _say_what_is_wrong_with_the_link()
    _say_what_was_damaged()
    if not session.shows(name):
        st.info(text("frame.hidden"), icon=":material/visibility_off:")
        menu.link(menu.following(name) or "start")
        stop()
    return session


def _say_what_is_wrong_with_the_link() -> None:
    """Says why a link to a lesson could not be opened, until that was read."""
    state = remembered(FrameState)
    if problem := state.link_problem:
        st.error(text(f"problem.{problem.kind}", **problem.details), icon=":material/link_off:")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(text("frame.new_instead"), width="content")
            st.button(text("frame.understood"), on_click=setattr, args=(state, "link_problem", None))


def _say_what_was_damaged() -> None:
    """Says under which name a damaged database was set aside, until that was read."""
    state, aside = remembered(FrameState), shared_sessions().aside
    if aside and state.knows_of != aside:
        st.warning(text("frame.set_aside", name=aside), icon=":material/database:")
        st.button(text("frame.understood"), key="set-aside", on_click=setattr, args=(state, "knows_of", aside))


def _current_session() -> Session:
    try:
        with waiting.a_place():
            return address.current()
    except NotThereError:
        st.error(text("frame.not_there"), icon=":material/error:")
        st.button(text("frame.try_again"), icon=":material/refresh:")
        st.stop()


def _speak(session: Session, language: str) -> None:
    remembered(FrameState).language = session.language = language


def _undo_and_redo(session: Session) -> None:
    """Offers to undo and to do again; what, is said in the tooltip."""
    undo, redo = session.undo_stack, session.redo_stack
    undone = text(f"frame.undo_{session.moment.differs_by(undo[-1])}") if undo else None
    redone = text(f"frame.redo_{session.moment.differs_by(redo[-1])}") if redo else None
    with st.container(horizontal=True, key="undo-and-redo"):
        going_back = {"help": undone, "disabled": not undo, "on_click": session.undo}
        st.button(text("frame.undo"), key="undo", **going_back)
        going_forward = {"help": redone, "disabled": not redo, "on_click": session.redo}
        st.button(text("frame.redo"), key="redo", **going_forward)


def close_page(name: str) -> None:
    """Ends a page with its charts as files, and with the way to the next one."""
    pictures.downloads()
    _say_what_is_kept()
    if following := menu.following(name):
        st.divider()
        menu.link(following, text("frame.next", page=text(f"{following}.menu")))


def stop() -> NoReturn:
    """Ends a page early, where it has nothing to show."""
    _say_what_is_kept()
    st.stop()


def _say_what_is_kept() -> None:
    """Says whether all is written, and lets the browser note it; after the page, so that this need not wait."""
    session = st.session_state["session"]
    with st.sidebar:
        # Looked at again until it is: whoever only reads on has to know that nothing is kept.
        is_written = shared_sessions().is_written(session, patience=_MOMENT)
        st.fragment(_how_much_is_kept, run_every=None if is_written else 1.0)(session)
        recent.note(session)


def _how_much_is_kept(session: Session) -> None:
    written, sessions = session.kept, shared_sessions()
    if not sessions.is_written(session):
        st.caption(text("frame.keeping" if sessions.can_write(session) else "frame.not_kept"))
    elif written.version:
        st.caption(text("frame.kept", time=f"{_local_time(written.at):%H:%M:%S}"))


def _local_time(at: float) -> datetime:
    """Returns a time where the student is, which may be elsewhere than the server."""
    try:
        return datetime.fromtimestamp(at, ZoneInfo(st.context.timezone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.fromtimestamp(at)


def need_lesson(session: Session) -> Lesson:
    """Returns the lesson; without one the page says where to get it and ends here."""
    if session.lesson is None:
        st.warning(text("frame.no_pairs"), icon=":material/warning:")
        menu.link("pairs")
        stop()
    return session.lesson


def can_draw_weights(lesson: Lesson) -> bool:
    """Tells whether this server draws the first weights of a lesson; if it has too many, says so."""
    needed = parameters(lesson)
    if needed > MAX_PARAMETERS:
        said = text("frame.too_many_parameters", parameters=f"{needed:,}", limit=f"{MAX_PARAMETERS:,}")
        st.error(said, icon=":material/error:")
    return needed <= MAX_PARAMETERS


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
