"""All settings as in the notebook: a button for them, and why the numbers of another lesson are not the notebook's."""

from dataclasses import replace

import streamlit as st

from pages.parts.session import Session
from pages.parts.texts import text
from seq2seq import Lesson


def preset(session: Session, lesson: Lesson) -> None:
    """Offers all settings of the notebook; where they are set, those that suit the lesson."""
    notebook = Lesson.as_in_notebook(lesson.pairs)
    training = replace(session.training, seed=notebook.training.seed)
    wide = {"width": "stretch", "help": text("model.notebook_changes")}
    if (session.model, training) == (notebook.model, notebook.training):
        st.button(text("model.suggested"), icon=":material/thumb_up:", on_click=session.use_suggested_settings, **wide)
    else:
        use = {"on_click": session.use_settings_of, "args": (notebook,)}
        st.button(text("model.as_in_notebook"), icon=":material/menu_book:", **use, **wide)
