"""Which session an address stands for.

A session lives behind an unguessable id in the address bar: reloading the page, or opening the address in a second tab
or after the server was started again, finds the same session. A link to a lesson that was handed on begins a new one,
whose id takes the link's place.
"""

import re
from urllib.parse import parse_qsl

import streamlit as st

from pages.parts.state import FrameState, remembered
from pages.parts.workspace import handing_on
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import shared_sessions
from seq2seq.takeaway.document import DamagedError

ID = "lesson"  # its name in the address bar


def current() -> Session:
    """Returns the session that the address bar names; a new one begins with the notebook's lesson."""
    session = st.session_state.get("session")
    if session is not None and session.is_deleted:
        st.query_params.pop(ID, None)  # or a new one would begin at the address of the old
        remembered(FrameState).deleted = session.id
        session = None
    session = session or _opened()
    session = st.session_state["session"] = shared_sessions().use(session)
    for link in (handing_on.OPEN, handing_on.SHARED):  # is used up: a refresh goes on with what was made of it
        st.query_params.pop(link, None)
    if st.query_params.get(ID) != session.id:
        st.query_params[ID] = session.id
    return session


def go_over_to(session: Session) -> None:
    """Makes a new session the one of this tab; the one before stays at its own address."""
    st.session_state["session"] = shared_sessions().use(session)


def _opened() -> Session:
    """Returns the session of an address that was opened just now, with the switches that the address sets."""
    # Whoever adds "?large=on" to an address that has a "?" already means another parameter.
    id, _, more = st.query_params.get(ID, "").partition("?")
    given = st.query_params.to_dict() | dict(parse_qsl(more))
    try:
        session = handing_on.opened(given) or _found(id[:64])
    except DamagedError as error:
        remembered(FrameState).link_problem = error.problem
        session = Session.new("notebook")
    if session.language is not None:
        remembered(FrameState).language = session.language
    # A teacher can pass on an address without questions, without single keys or in large type: switches of the sidebar.
    if session.shows("answers"):
        session.asks = given.get("questions", "on" if session.asks else "off") != "off"
    session.has_shortcuts = given.get("shortcuts", "on" if session.has_shortcuts else "off") != "off"
    session.is_large = given.get("large", "on" if session.is_large else "off") == "on"
    return session


def _found(id: str) -> Session:
    """Returns the session of an id; a new one where there is none."""
    id = id if re.fullmatch(r"[\w-]+", id, re.ASCII) else ""
    session = shared_sessions().find(id) if id else None
    if session is None:
        # Also of an id that there was once: teachers make up ids of their own, and nobody else can tell them from old
        # ones but the browser that remembers it. See recent.py.
        session = Session.new("notebook")
        session.id = id or session.id
    return session


def parameters() -> dict[str, str]:
    """Returns what a link to another page needs to keep the session."""
    return {ID: st.session_state["session"].id}
