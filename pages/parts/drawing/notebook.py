"""All settings as in the notebook: a button for them, and why the numbers of another lesson are not the notebook's."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson


def preset(session: Session, lesson: Lesson) -> None:
    """Offers all settings of the notebook; where they are set, those that suit the lesson."""
    if not (session.shows("model_settings") and session.shows("training_settings")):
        return
    notebook = Lesson.as_in_notebook(lesson.pairs)
    training = replace(session.training, seed=notebook.training.seed)
    wide = {"width": "stretch", "help": text("model.notebook_changes")}
    if (session.model, training) == (notebook.model, notebook.training):
        st.button(text("model.suggested"), icon=":material/thumb_up:", on_click=session.use_suggested_settings, **wide)
    else:
        use = {"on_click": session.use_settings_of, "args": (notebook,)}
        st.button(text("model.as_in_notebook"), icon=":material/menu_book:", **use, **wide)


def compare(lesson: Lesson, figures: Callable[[Lesson], str]) -> None:
    """Says what some figures would be as in the notebook, and which settings make them others in this lesson."""
    notebook = Lesson.as_in_notebook(lesson.pairs)
    if figures(lesson) == figures(notebook):
        st.caption(text("model.notebook_same"))
        return
    said = [text("model.notebook_numbers", numbers=figures(notebook))]
    for name in ("markers", "hidden_size", "source_tokens", "target_tokens", "attention", "bidirectional"):
        changed = replace(lesson.model, **{name: getattr(notebook.model, name)})
        if changed == lesson.model or figures(other := replace(lesson, model=changed)) == figures(lesson):
            continue
        said.append(
            text(
                f"model.notebook_{name}",
                ids=len(lesson.target_vocabulary) - len(other.target_vocabulary),
                steps=lesson.target_length - other.target_length,
                units=lesson.model.hidden_size,
                notebook=notebook.model.hidden_size,
                kinds=text(f"tokens.{getattr(lesson.model, name)}_many") if name.endswith("_tokens") else "",
            )
        )
    st.caption(" ".join(said))
