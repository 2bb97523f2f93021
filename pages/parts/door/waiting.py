"""Who waits for a place, where this server is to serve no more than some number of students at once."""

import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import streamlit as st

from pages.parts import document
from pages.parts.door.address import ID
from pages.parts.texts import text
from pages.parts.workspace.sessions import shared_sessions
from seq2seq.limits import MAX_STUDENTS

_ASKS_SECONDS = 5
_GONE_SECONDS = 90  # without asking; a hidden tab asks once a minute


class Newcomers:
    """Those who wait, in the order in which they came.

    Args:
        places: how many students may be in.
        inside: returns the ids of those who are.
    """

    def __init__(self, places: int, inside: Callable[[], Collection[str]]):
        self._places, self._inside = places, inside
        self._asked: dict[str, float] = {}  # when each asked last; who may come in stays at its head until they are in
        self._lock = threading.Lock()

    def position(self, id: str) -> int:
        """Returns the place in line of somebody who wants to come in; 0 if they may."""
        with self._lock:
            inside, now = self._inside(), time.monotonic()
            if id in inside:
                return 0
            self._asked[id] = now
            self._asked = {one: at for one, at in self._asked.items() if now - at < _GONE_SECONDS and one not in inside}
            free = max(0, self._places - len(inside))
            return max(0, list(self._asked).index(id) + 1 - free)

    def leave(self, id: str) -> None:
        """Takes somebody who is in out of the line."""
        with self._lock:
            self._asked.pop(id, None)


_newcomers = Newcomers(MAX_STUDENTS, lambda: shared_sessions().looked_at())


@contextmanager
def a_place() -> Iterator[None]:
    """Opens a session when there is a place for it; until then the page says so, and asks again by itself.

    Who is in stays in, in this tab for good, and with a tab opened anew as long as the session is looked at.
    """
    if not MAX_STUDENTS or "session" in st.session_state:
        yield
        return
    given, _, more = st.query_params.get(ID, "").partition("?")  # see address.py
    id = given[:64] or secrets.token_urlsafe(16)
    if _newcomers.position(id):
        if not given:
            st.query_params[ID] = f"{id}?{more}" if more else id  # by which a page that is reloaded finds its place
        _wait(id)
        st.stop()
    yield
    _newcomers.leave(id)


def _wait(id: str) -> None:
    st.title(text("waiting.title"), anchor=False)
    st.markdown(text("waiting.why", limit=MAX_STUDENTS))
    document.set_up()

    @st.fragment(run_every=_ASKS_SECONDS)
    def ask() -> None:
        position = _newcomers.position(id)
        if not position:
            st.rerun()
        st.markdown(text("waiting.position", position=position))

    ask()
