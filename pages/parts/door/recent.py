"""The workspaces that a browser remembers: it notes the present one on every page, and offers the others on Start.

They are in the browser's own storage alone. The server learns of an id when its address is opened, as of any other.
"""

from pathlib import Path

import streamlit as st

from pages.parts.drawing.tokens import display_text
from pages.parts.state import FrameState, remembered
from pages.parts.texts import language, text
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import KEEP_DAYS
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS

_MAX_CHARACTERS = 40  # of each sentence of the first pair


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_component = st.components.v2.component("recent", html=_beside(".html"), css=_beside(".css"), js=_beside(".js"))


def note(session: Session) -> None:
    """Lets the browser note the session once something of it is kept, and forget what was deleted.

    Where it remembers a session of which nothing is kept any longer, the student is told so.
    """
    first = [display_text(sentence[:_MAX_CHARACTERS]) for sentence in next(iter(session.rows), ())]
    data = {
        "id": session.id,
        "is_kept": bool(session.kept.version),
        "deleted": remembered(FrameState).deleted,
        "lesson": session.lesson_name,
        "pairs": len(session.rows),
        "first": " → ".join(first),
    }
    _component(key="recent", data=data, on_gone_change=_say_that_it_is_gone)


def _say_that_it_is_gone() -> None:
    gone = text("frame.gone", days=f"{KEEP_DAYS:g}")
    st.toast(gone, icon=":material/warning:", duration="infinite")


def offer(session: Session) -> None:
    """Lets the browser draw links to what it remembers, but for the present session; a welcome if there is nothing."""
    data = {
        "left_out": [session.id, remembered(FrameState).deleted],
        "language": language(),
        "names": {name: text(f"lesson.{name}") for name in (*SUPPLIED_LESSONS, "own")},
        "texts": {
            "title": text("start.go_on"),
            "welcome": text("start.welcome"),
            "facts": text("start.go_on_facts", pairs="{pairs}", when="{when}"),
            "forget": text("start.forget", name="{name}"),
        },
    }
    _component(key="go-on", data=data)
