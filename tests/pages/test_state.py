"""A widget and its field are kept the same, whoever changes which."""

from types import SimpleNamespace

from streamlit.testing.v1 import AppTest

from tests.pages.app import checked


def steps():
    import streamlit as st  # noqa: PLC0415, this function is a script of its own

    from pages.parts.drawing.choosing import step_through  # noqa: PLC0415
    from pages.parts.workspace.session import Session  # noqa: PLC0415

    state = st.session_state["state"]
    st.text(step_through(Session.new("notebook"), "step", state.last, state, "step"))


def test_a_step_stays_where_there_are_more_of_them():
    app = AppTest.from_function(steps)
    state = app.session_state["state"] = SimpleNamespace(step=0, last=5)
    checked(app.run())
    checked(app.select_slider[0].set_value(3).run())
    for last, step in ((9, 3), (2, 2), (5, 2)):
        state.last = last
        checked(app.run())
        assert (app.text[0].value, app.select_slider[0].value) == (str(step), step)


def widgets():
    import streamlit as st  # noqa: PLC0415, this function is a script of its own

    from pages.parts.state import bound  # noqa: PLC0415

    state, letters = st.session_state["state"], ["a", "b", "c"]
    st.toggle("toggle", **bound(state, "is_on"))
    st.number_input("number", 0, 9, **bound(state, "number"))
    st.slider("slider", 0, 9, **bound(state, "slider"))
    st.select_slider("select_slider", letters, **bound(state, "letter"))
    st.text_input("typed", **bound(state, "typed"))
    st.selectbox("selectbox", letters, **bound(state, "selected", options=letters))
    st.segmented_control("segmented", letters, **bound(state, "segment", starts="default"))


def test_a_widget_that_the_browser_makes_late_starts_with_what_it_shows():
    """Its code comes over the network, and meanwhile the page may have been drawn again, without telling it anything.

    What it then starts with it sends back, as if somebody had chosen it.
    """
    app = AppTest.from_function(widgets)
    state = app.session_state["state"] = SimpleNamespace(
        is_on=True, number=3, slider=4, letter="b", typed="x", selected="c", segment="b"
    )
    for _ in range(2):
        checked(app.run())
        starts = [app.toggle[0], app.number_input[0], app.slider[0], app.select_slider[0]]
        starts += [app.text_input[0], app.selectbox[0], app.button_group[0]]
        assert [widget.proto.default for widget in starts] == [True, 3, [4], [1], "x", 2, [1]]
        assert list(vars(state).values()) == [widget.value for widget in starts]
    state.is_on, state.number, state.selected = False, 5, "a"
    checked(app.run())
    assert (app.toggle[0].value, app.number_input[0].value, app.selectbox[0].value) == (False, 5, "a")
