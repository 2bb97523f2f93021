"""Which session an address stands for, and how many of them a server keeps.

A session lives in the memory of the server behind an unguessable id in the address bar: reloading the page, or opening
the address in a second tab, finds the same session. It ends with the server.
"""

import threading
from collections import OrderedDict
from urllib.parse import parse_qsl

import streamlit as st

from pages.parts.session import Session, forget_checkpoints
from seq2seq.limits import MAX_ALL_CHECKPOINT_BYTES, MAX_SESSIONS

ID = "lesson"  # its name in the address bar


class Sessions:
    """The sessions of this server by their ids, the one that was used last at the end."""

    def __init__(self):
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def use(self, session: Session) -> Session:
        """Returns the session of this one's id, which is this one if there is no other, and keeps it for longest."""
        with self._lock:  # pages of other students are drawn in other threads
            session = self._sessions.setdefault(session.id, session)
            self._sessions.move_to_end(session.id)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
            latest_first = [named for kept in reversed(self._sessions.values()) for named in reversed(kept.runs)]
        forget_checkpoints(latest_first, MAX_ALL_CHECKPOINT_BYTES)
        return session


_SESSIONS = Sessions()


def current() -> Session:
    """Returns the session that the address bar names; a new one begins with the notebook's lesson."""
    session = st.session_state["session"] = _SESSIONS.use(st.session_state.get("session") or _opened())
    if st.query_params.get(ID) != session.id:
        st.query_params[ID] = session.id
    return session


def _opened() -> Session:
    """Returns the session of an address that was opened just now, with the switches that the address sets."""
    # Whoever adds "?large=on" to an address that has a "?" already means another parameter.
    id, _, more = st.query_params.get(ID, "").partition("?")
    given = st.query_params.to_dict() | dict(parse_qsl(more))
    new = Session.new("notebook")
    new.id = id[:64] or new.id
    session = _SESSIONS.use(new)
    # A teacher can pass on an address without questions, without single keys or in large type: switches of the sidebar.
    session.asks = given.get("questions", "on" if session.asks else "off") != "off"
    session.has_shortcuts = given.get("shortcuts", "on" if session.has_shortcuts else "off") != "off"
    session.is_large = given.get("large", "on" if session.is_large else "off") == "on"
    return session


def parameters() -> dict[str, str]:
    """Returns what a link to another page needs to keep the session."""
    return {ID: st.session_state["session"].id}
