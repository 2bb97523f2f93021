"""Pairs: the table that everything else comes from."""

import streamlit as st

from pages.parts import frame
from pages.parts.drawing.files import download_pairs
from pages.parts.pairs import adding, checks, table, upload
from pages.parts.questions import card as questions
from pages.parts.texts import text
from seq2seq.limits import MAX_PAIRS

session = frame.open_page("pairs")
with st.container():  # where questions come and go, the table must stay at its place, or a cell being typed closes
    questions.ask(session, "pairs")
with st.container(horizontal=True, vertical_alignment="center"):
    if session.shows("editing"):
        restart = {"disabled": session.is_at_start, "on_click": session.restart, "key": "restart"}
        st.button(text("pairs.restart"), icon=":material/restart_alt:", **restart)
    download_pairs(session)
left, right = st.columns([3, 2], gap="medium")
with left:
    if session.shows("editing"):
        table.show(session)
        adding.show(session)
        st.caption(text("pairs.how"))
    else:
        table.show_only(session)
with right:
    checks.show(session)
    if session.shows("upload"):
        upload.show(session)
        st.caption(text("pairs.limits", pairs=f"{MAX_PAIRS:,}"))
frame.close_page("pairs")
