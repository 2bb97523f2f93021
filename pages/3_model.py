"""Model: encoder, context vector and decoder, with every shape and every parameter counted."""

import streamlit as st

from pages.parts import frame
from pages.parts.model import cell, parameters, settings, wiring
from pages.parts.texts import text
from pages.parts.workspace.session import untrained
from seq2seq import Translator

session = frame.open_page("model")
lesson = frame.need_lesson(session)
frame.outdated_warning(session)
if session.shows("model_settings"):
    settings.section(session, lesson)
wiring.section(lesson, session.chosen, session.is_large)

if session.shows("cell"):
    st.subheader(text("cell.title"), anchor=False)
    frame.direction_note(lesson)
    trained = session.trained
    if trained or frame.can_draw_weights(lesson):
        cell.section(Translator(trained or untrained(lesson)), trained and trained.epoch, session.chosen, session)

st.subheader(text("model.parameters_title"), anchor=False)
parameters.section(session, lesson)
frame.close_page("model")
