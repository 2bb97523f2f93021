"""Requests that come close together, put to Streamlit's own session in the order that a busy server makes of them."""

import asyncio
import contextlib
import threading
import time
from unittest.mock import MagicMock, patch

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.session_manager import SessionClientDisconnectedError
from streamlit.util import calc_hash

from pages.parts import under_load

PAGE = """
import streamlit as st

def count(name):
    st.session_state[name] = st.session_state.get(name, 0) + 1

def click():
    count("begun")
    count("done")

count("runs")
st.button("click", on_click=click)

@st.fragment(run_every=1)
def look():
    st.text("looked")

look()
st.text(st.session_state.runs)
"""
CLICKS = 20

BUTTON = """
import streamlit as st
from tests.pages import test_under_load as story

@st.fragment(run_every=1)
def look():
    st.text("looked")

def heard():
    st.session_state["heard"] = st.session_state["field"]

def start():
    look()
    if st.button("go"):
        st.switch_page(pages[1])

def two():
    story.reached.set()
    story.may_go_on.wait(10)
    st.text_input("field", key="field", on_change=heard)

pages = [st.Page(page, url_path=name) for name, page in (("start", start), ("two", two))]
st.navigation(pages).run()
"""
reached, may_go_on = threading.Event(), threading.Event()

LINKS = """
import time
import streamlit as st

def page():
    st.text_input("field")
    time.sleep({seconds})
    st.text(current.url_path or "start")

current = st.navigation([st.Page(page, url_path=name) for name in ("start", "one", "two")])
current.run()
"""


@contextlib.contextmanager
def session(folder, text=PAGE):
    page = folder / "page.py"
    page.write_text(text)
    with patch("streamlit.runtime.get_instance"):
        yield AppSession(ScriptData(str(page), False), MagicMock(), ScriptCache(), None, {})


async def settled(session):
    """Waits until the last run was handed over; returns what the browser is sent."""
    while session._scriptrunner is not None:
        await asyncio.sleep(0.001)
    return under_load._flush(session)


def run(story):
    return asyncio.run(story())


@pytest.mark.parametrize("sent", [3, under_load._AT_ONCE])  # before the browser is gone, or to its end
def test_messages_go_out_together_but_not_more_than_a_connection_holds(monkeypatch, sent):
    def send(client, message):
        if len(out) == sent < under_load._AT_ONCE:
            raise SessionClientDisconnectedError
        out.append(message)

    out, waiting = [], [ForwardMsg() for _ in range(2 * under_load._AT_ONCE)]
    monkeypatch.setattr(under_load, "_flush", lambda _: waiting)
    monkeypatch.setattr(under_load, "get_instance", lambda: MagicMock(_send_message=send))
    later = AppSession.flush_browser_queue(MagicMock())
    assert out + later == waiting and len(out) == sent


def test_a_timer_that_asks_as_a_run_ends_does_not_make_the_browser_miss_it(tmp_path):
    async def story():
        with session(tmp_path) as page:
            page.request_rerun(ClientState())
            timer = next(m.auto_rerun.fragment_id for m in await settled(page) if m.HasField("auto_rerun"))
            page.request_rerun(ClientState())
            page._scriptrunner._script_thread.join()  # what it drew waits for this loop
            page.request_rerun(ClientState(fragment_id=timer))
            return [m.delta.new_element.text.body for m in await settled(page)]

    shown = run(story)
    assert "2" in shown
    assert shown.count("looked") == 1  # of the timer; the one before need not be sent any more


@pytest.mark.parametrize("busy", [0, 0.01])
@pytest.mark.parametrize("seconds", [0, 0.001, 0.003])
def test_a_click_is_done_to_its_end_whatever_comes_after_it(tmp_path, monkeypatch, seconds, busy):
    def begin_late(runner):
        time.sleep(busy)  # as where many threads want to run
        begin(runner)

    begin = ScriptRunner._run_script_thread
    monkeypatch.setattr(ScriptRunner, "_run_script_thread", begin_late)

    async def story():
        with session(tmp_path) as page:
            page.request_rerun(ClientState())
            sent = [m.delta.new_element for m in await settled(page)]
            button = next(one.button.id for one in sent if one.HasField("button"))
            for _ in range(CLICKS):
                click = ClientState()
                click.widget_states.widgets.add(id=button, trigger_value=True)
                page.request_rerun(click)
                await asyncio.sleep(seconds)
                page.request_rerun(ClientState())
                await settled(page)
            return page.session_state.filtered_state

    state = run(story)
    assert state["begun"] == state["done"] == CLICKS


@pytest.mark.parametrize("rests", [False, True])  # the page whose link was clicked, when the last word of the old comes
@pytest.mark.parametrize("seconds", [0, 0.05])  # that a page takes
def test_words_that_come_after_a_click_on_a_link_do_not_lead_back(tmp_path, seconds, rests):
    async def story():
        with session(tmp_path, LINKS.format(seconds=seconds)) as page:

            def asks(name, words=None, fragment=""):
                asked = ClientState(page_script_hash=calc_hash(name), fragment_id=fragment)
                if words:
                    asked.widget_states.widgets.add(id="$$ID-of-None", string_value=words)
                page.request_rerun(asked)

            async def shown():
                sent = [m.delta.new_element for m in await settled(page)]
                return {element.text.body for element in sent if element.HasField("text")}

            page.request_rerun(ClientState())
            assert await shown() == {"start"}
            asks("one")
            assert await shown() == {"one"}
            asks("two")
            if rests:
                assert await shown() == {"two"}
            for late in ({"words": "an edit"}, {"words": "that came in two"}, {"fragment": "a timer's"}):
                asks("one", **late)
                assert await shown() == {"two"}
            asks("two", "heard of it")
            assert await shown() == {"two"}
            asks("one")  # now it is a link back
            assert await shown() == {"one"}
            asks("one", "stays there")
            assert await shown() == {"one"}

    run(story)


@pytest.mark.parametrize("has_heard", [False, True])  # the session, of the page that a button leads to
def test_a_timer_that_comes_after_a_button_led_away_does_not_forget_the_page_shown(tmp_path, has_heard):
    """The words typed next would be lost with it."""
    reached.clear()
    may_go_on.clear()

    async def story():
        with session(tmp_path, BUTTON) as page:
            page.request_rerun(ClientState())
            sent = await settled(page)
            timer = next(m.auto_rerun.fragment_id for m in sent if m.HasField("auto_rerun"))
            start, elements = page.page_script_hash, [m.delta.new_element for m in sent]
            click = ClientState(page_script_hash=start)
            click.widget_states.widgets.add(id=next(e.button.id for e in elements if e.HasField("button")))
            click.widget_states.widgets[0].trigger_value = True
            page.request_rerun(click)
            assert reached.wait(10)  # and what the run tells this loop waits for it
            async with asyncio.timeout(10):
                while has_heard and page.page_script_hash == start:
                    await asyncio.sleep(0)
            page.request_rerun(ClientState(page_script_hash=start, fragment_id=timer))
            may_go_on.set()
            elements = [m.delta.new_element for m in await settled(page)]
            typed = ClientState(page_script_hash=page.page_script_hash)
            field = [e.text_input.id for e in elements if e.HasField("text_input")][-1]
            typed.widget_states.widgets.add(id=field, string_value="an edit")
            page.request_rerun(typed)
            await settled(page)
            return page.page_script_hash != start, page.session_state.filtered_state

    led_on, state = run(story)
    assert led_on
    assert state["heard"] == state["field"] == "an edit"
