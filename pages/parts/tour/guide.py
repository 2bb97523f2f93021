"""The line that leads through the tour, beside the title of every page while it is taken, and the button for it."""

import streamlit as st

from pages.parts import menu, refresh
from pages.parts.state import TourState, remembered
from pages.parts.texts import text
from pages.parts.tour.steps import steps_of
from pages.parts.workspace.session import Session

_LOOK_SECONDS = 1.0  # some things are done in a part of the page that is drawn alone, or by a worker


def offer(session: Session) -> None:
    """Offers the tour, from its beginning."""
    steps = steps_of(session)
    if steps and st.button(text("tour.take"), icon=":material/tour:", key="take-tour"):
        remembered(TourState).left = [(step, step.done(session)) for step in steps]
        menu.go_to(steps[0].page)


def is_taken() -> bool:
    """Tells whether the tour is being taken in this tab."""
    return remembered(TourState).left is not None


@st.fragment(run_every=_LOOK_SECONDS)
def show(session: Session, page: str) -> None:
    """Says what is to be done next, and leads there."""
    state = remembered(TourState)
    if state.left is None:  # it was left here, and this was drawn alone
        st.rerun()
    steps = steps_of(session)
    left = [(step, before) for step, before in state.left if step in steps]
    state.left = [(step, before) for step, before in left if all(one in before for one in step.done(session))]
    step = state.left[0][0] if state.left else None
    number = steps.index(step) + 1 if step else len(steps)
    words = text(f"tour.{step.name}" if step else "tour.done")
    with st.container(key="tour", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{text('tour.number', n=number, of=len(steps))}** · {words}")
        if step and step.page != page:
            menu.link(step.page)
        leave = {"icon": ":material/close:", "type": "tertiary", "on_click": setattr, "args": (state, "left", None)}
        st.button(text("tour.leave" if step else "tour.close"), key="leave-tour", **leave)
        refresh.tell("tour", status=words, line=words)
