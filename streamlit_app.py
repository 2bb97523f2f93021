"""Start: what this is, and which lesson to start with."""

import streamlit as st

from pages.parts import frame, menu
from pages.parts.drawing.wiring import story
from pages.parts.questions import card as questions
from pages.parts.sessions import KEEP_DAYS
from pages.parts.start import opening
from pages.parts.texts import text
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS

session = frame.open_page("start")
story()
st.markdown(text("start.points"))
st.caption(text("start.kept", days=f"{KEEP_DAYS:g}"))
questions.ask(session, "start")

if session.shows("lessons"):
    st.header(text("start.choose"), anchor=False)
    for row in range(0, len(SUPPLIED_LESSONS), 3):
        for column, supplied in zip(st.columns(3), list(SUPPLIED_LESSONS.values())[row : row + 3], strict=False):
            with column.container(border=True, height="stretch"):
                name = supplied.name
                st.subheader(text(f"lesson.{name}"), anchor=False)
                st.write(text(f"lesson.{name}_reason"))
                first = supplied.pairs[0]
                st.caption(text("start.size", pairs=len(supplied.pairs)))
                st.text(f"{first.source} → {first.target}")
                opened = session.lesson_name == name and session.is_at_start
                label = text("start.opened" if opened else "start.open")
                if st.button(label, key=f"open-{name}", disabled=opened, width="stretch"):
                    session.open(supplied.pairs, name)
                    menu.go_to("pairs")
    st.write(text("start.own"))
    opening.section(session)
frame.close_page("start")
