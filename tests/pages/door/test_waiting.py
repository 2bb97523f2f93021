"""A server that is full lets newcomers wait in line, and in by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.parts.door import waiting
from pages.parts.door.waiting import Newcomers
from pages.parts.state import FrameState
from pages.parts.workspace.sessions import REST_SECONDS, shared_sessions
from tests.pages.app import ROOT, TEXTS, checked, open_page, shows, visit


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60))
def test_no_more_come_in_than_there_are_places_and_in_the_order_in_which_they_came(visits):
    inside, came = set(), []
    line = Newcomers(3, lambda: inside)
    for number, leaves in visits:
        id = str(number)
        if leaves:
            inside.discard(id)
            continue
        if id not in inside and id not in came:
            came.append(id)
        position = line.position(id)
        if id in inside:
            assert position == 0
        else:
            assert position == max(0, came.index(id) + 1 - (3 - len(inside)))
        if not position and id not in inside:
            inside.add(id)
            came.remove(id)
            line.leave(id)
        assert len(inside) <= 3


def test_who_may_come_in_has_the_place_before_the_session_is_open():
    line = Newcomers(1, set)
    assert [line.position(id) for id in ("a", "b", "a", "b", "c")] == [0, 1, 0, 1, 2]


def test_who_does_not_ask_any_more_is_out_of_the_line(monkeypatch):
    now = 0.0
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now)
    line = Newcomers(1, lambda: {"inside"})
    assert [line.position(id) for id in ("a", "b")] == [1, 2]
    now = waiting._GONE_SECONDS - 1
    assert line.position("b") == 2
    now += 2
    assert line.position("b") == 1


@pytest.fixture
def places(monkeypatch):
    """A function that sets how many places there are beside those who are in already from other tests."""

    def set_places(more):
        most = len(shared_sessions().looked_at()) + more
        monkeypatch.setattr(waiting, "MAX_STUDENTS", most)
        monkeypatch.setattr(waiting, "_newcomers", Newcomers(most, shared_sessions().looked_at))

    return set_places


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_newcomer_waits_until_a_place_is_free(places, language):
    places(1)
    first = open_page("pairs")
    assert shows(first, "pairs.title")
    newcomer = open_page("train", language=language)
    assert shows(newcomer, "waiting.title", language) and shows(newcomer, "waiting.position", language, position=1)
    assert "session" not in newcomer.session_state
    assert shows(open_page("pairs"), "waiting.position", position=2)
    checked(first.run())  # who is in stays in
    assert shows(first, "pairs.title")
    first.session_state["session"].seen_at -= REST_SECONDS  # somebody closed the tab
    assert shows(checked(newcomer.run()), "train.title", language)
    assert not shows(newcomer, "waiting.title", language)


def test_a_reload_keeps_the_place_in_the_line_and_in_the_class(places):
    places(1)
    first = open_page("pairs")
    newcomer = open_page("train")
    open_page("train")
    for app, says in ((first, "pairs.title"), (newcomer, "waiting.position")):
        again = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
        again.session_state["FrameState"] = FrameState("en")
        again.query_params.update(app.query_params)
        visit(again, "pairs")
        assert shows(again, says, position=1)
    assert newcomer.query_params["lesson"] == again.query_params["lesson"]


def test_without_a_limit_nobody_waits(places, monkeypatch):
    places(0)
    monkeypatch.setattr(waiting, "MAX_STUDENTS", 0)
    assert TEXTS["waiting.title"] not in open_page("start").title.values
