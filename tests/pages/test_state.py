"""A widget and its field are kept the same, whoever changes which."""

from types import SimpleNamespace

from streamlit.testing.v1 import AppTest

from tests.pages.app import checked


def steps():
    import streamlit as st  # noqa: PLC0415, this function is a script of its own

    from pages.parts.drawing.choosing import step_through  # noqa: PLC0415

    state = st.session_state["state"]
    st.text(step_through("step", state.last, state, "step"))


def test_a_step_stays_where_there_are_more_of_them():
    app = AppTest.from_function(steps)
    state = app.session_state["state"] = SimpleNamespace(step=0, last=5)
    checked(app.run())
    app.select_slider[0].set_value(3)
    checked(app.run())
    for last, step in ((9, 3), (2, 2), (5, 2)):
        state.last = last
        checked(app.run())
        assert (app.text[0].value, app.select_slider[0].value) == (str(step), step)
