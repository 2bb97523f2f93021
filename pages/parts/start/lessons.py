"""What a student can begin with: a supplied lesson, or what they have themselves."""

import streamlit as st

from pages.parts import menu
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq.classroom import measured
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS, SuppliedLesson

_IN_A_ROW = 3


def supplied(session: Session) -> None:
    """Offers the supplied lessons: what each teaches, how large it is, and how long its training took here."""
    st.header(text("start.choose"), anchor=False)
    lessons = list(SUPPLIED_LESSONS.values())
    for row in range(0, len(lessons), _IN_A_ROW):
        for column, lesson in zip(st.columns(_IN_A_ROW), lessons[row : row + _IN_A_ROW], strict=False):
            with column.container(border=True, height="stretch"):
                _card(session, lesson)


def _card(session: Session, lesson: SuppliedLesson) -> None:
    name, first = lesson.name, lesson.pairs[0]
    st.subheader(text(f"lesson.{name}"), anchor=False)
    st.write(text(f"lesson.{name}_reason"))
    size, seconds = text("start.size", pairs=len(lesson.pairs)), measured.seconds(name)
    st.caption(size if seconds is None else f"{size} · {text('start.trained_in', seconds=_in_short(seconds))}")
    st.text(f"{first.source} → {first.target}")
    opened = session.lesson_name == name and session.is_at_start
    label = text("start.opened" if opened else "start.open")
    if st.button(label, key=f"open-{name}", disabled=opened, width="stretch"):
        session.open(lesson.pairs, name)
        menu.go_to("pairs")


def _in_short(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"


def own() -> None:
    """Leads to what else can be opened: pairs, and a link that somebody handed on."""
    st.header(text("start.own_title"), anchor=False)
    pairs, link = st.columns(2, gap="medium")
    with pairs:
        st.write(text("start.own_pairs"))
        menu.link("pairs")
    link.write(text("start.own_link"))
