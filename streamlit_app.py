"""Start: what this is, and which lesson to start with."""

import streamlit as st

from pages.parts import frame
from pages.parts.door import recent
from pages.parts.drawing.wiring import story
from pages.parts.questions import card as questions
from pages.parts.start import lessons, opening
from pages.parts.texts import text
from pages.parts.tour import guide
from pages.parts.workspace.sessions import KEEP_DAYS

session = frame.open_page("start")
story()
with st.container(key="door", horizontal=True, vertical_alignment="center"):
    guide.offer(session)
    recent.offer(session)
st.markdown(text("start.points"))
st.caption(text("start.kept", days=f"{KEEP_DAYS:g}"))
questions.ask(session, "start")

if session.shows("lessons"):
    lessons.supplied(session)
    lessons.own()
    opening.section(session)
frame.close_page("start")
