"""Translate: a sentence, what the model makes of it, and three sections to look at how."""

import streamlit as st

from pages.parts import frame, menu
from pages.parts.drawing.choosing import choose_section
from pages.parts.questions import card as questions
from pages.parts.state import TranslateState, remembered
from pages.parts.texts import text
from pages.parts.translate import by_length, sentence
from pages.parts.translate.contexts import section as contexts
from pages.parts.translate.contexts.encoded import neighbourhood
from pages.parts.translate.search import section as search
from pages.parts.translate.stepper import section as stepper
from seq2seq import Translator

session = frame.open_page("translate")
run, trained = session.run, session.trained  # once: they may change at any moment
if trained is None:
    st.info(text("translate.empty"), icon=":material/info:")
    menu.link("train")
    frame.close_page("translate")
    st.stop()
frame.outdated_warning(session)
if not trained.is_finite:
    st.error(text("translate.not_finite", epoch=trained.epoch), icon=":material/error:")
    menu.link("train")
    frame.stop()
questions.ask(session, "translate")
state = remembered(TranslateState)
query = sentence.choose(session, state, Translator(trained))

translation = st.container()  # stands above the choice of the section, which decides what is computed
names = [name for name in ("steps", "search", "contexts") if session.shows(name)]
sections = {name: text(f"translate.section_{name}") for name in names}
section = choose_section(text("translate.section"), sections, state)
around = None
with translation:
    if query.kind != "trained" or section == "contexts":
        around = neighbourhood(query, state, is_live=run.is_active)
    sentence.show(query, trained.epoch, around)

frame.direction_note(query.lesson)
if section == "steps":
    stepper.show(session, query, state, (run.id, query.sentence, query.prefix))
elif section == "search":
    search.show(session, query, state)
else:
    contexts.show(session.theme, query, around, state)
if questions.may_show(session, "first_wrong_length"):
    by_length.section(session, state, trained)
frame.close_page("translate")
