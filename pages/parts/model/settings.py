"""What the model is: its settings, one by one or all as in the notebook."""

import streamlit as st

from pages.parts.drawing import notebook
from pages.parts.drawing.choosing import switch_markers_and_mask
from pages.parts.state import bound_setting
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson
from seq2seq.lesson import ATTENTIONS
from seq2seq.limits import SETTING_RANGES
from seq2seq.vocabulary import LEVELS


def section(session: Session, lesson: Lesson) -> None:
    """Offers the settings of the model; those of the training change with "as in the notebook" alone."""
    size, switches, *sides, attention, presets = st.columns([4, 6, 3, 3, 3, 5], vertical_alignment="bottom")
    size.number_input(
        text("model.hidden_size"),
        *SETTING_RANGES["hidden_size"],
        help=text("model.hidden_size_help"),
        **bound_setting(session, "model", "hidden_size"),
    )
    with switches, st.container(gap="xxsmall"):  # three are as high as a field and its label
        switch_markers_and_mask(session)
        st.toggle(
            text("model.bidirectional"),
            help=text("model.bidirectional_help"),
            **bound_setting(session, "model", "bidirectional"),
        )
    names = {level: text(f"tokens.{level}") for level in LEVELS}
    for column, side in zip(sides, ("source", "target"), strict=True):
        column.selectbox(
            text(f"model.{side}_tokens"),
            LEVELS,
            format_func=names.get,
            help=text("model.tokens_help"),
            **bound_setting(session, "model", f"{side}_tokens", LEVELS),
        )
    attention.selectbox(
        text("model.attention"),
        ATTENTIONS,
        format_func={name: text(f"attention.{name}") for name in ATTENTIONS}.get,
        help=text("model.attention_help"),
        **bound_setting(session, "model", "attention", ATTENTIONS),
    )
    with presets:
        notebook.preset(session, lesson)
