"""Start: what this is, and which lesson to start with. And the app, which `streamlit run` finds here."""

import streamlit as st

from pages.parts import frame
from pages.parts.door import recent, serving
from pages.parts.drawing.wiring import story
from pages.parts.questions import card as questions
from pages.parts.start import lessons, opening
from pages.parts.texts import text
from pages.parts.tour import guide
from pages.parts.workspace.sessions import KEEP_DAYS


def start() -> None:
    """Is the start page."""
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


if __name__ == "__main__":  # Streamlit runs the file for everybody who looks at the page
    start()
else:  # its server has imported it, once
    app = st.App(__file__, lifespan=serving.serving, middleware=serving.MIDDLEWARE)
