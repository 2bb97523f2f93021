"""Tensors: how sentences become the numbers that the model reads, in sections of which one is open."""

import streamlit as st

from pages.parts import frame
from pages.parts.drawing import notebook
from pages.parts.drawing.choosing import choose_pair, choose_section, switch_markers_and_mask
from pages.parts.questions import card as questions
from pages.parts.state import TensorsState, remembered
from pages.parts.tensors.follow import FOLLOWING, follow
from pages.parts.tensors.shapes import show_memory, show_shapes
from pages.parts.tensors.vocabulary import show_levels, show_vocabularies
from pages.parts.texts import text
from pages.parts.workspace.session import untrained

session = frame.open_page("tensors")
lesson = frame.need_lesson(session)

card = st.container()  # a section may choose which question is in it
choosing, switches, preset = st.columns([6, 5, 4], vertical_alignment="bottom")
n = choose_pair(lesson, session, "chosen", choosing)
with switches:
    switch_markers_and_mask(session)
with preset:
    notebook.preset(session, lesson)
names = (*FOLLOWING, "shapes", "memory", "levels", "vocabularies")
sections = {name: text(f"tensors.section_{name}") for name in names}
section = choose_section(text("translate.section"), sections, remembered(TensorsState))
frame.direction_note(lesson)

pair, trained = lesson.pairs[n], session.trained
if trained is not None and (trained.lesson.pairs, trained.lesson.model) != (lesson.pairs, lesson.model):
    trained = None  # it belongs to another lesson
if section in FOLLOWING:
    may_show = not n or questions.may_show_pair(session, "tensors", pair.source)  # the page begins with the first
    if may_show and (trained or frame.can_draw_weights(lesson)):
        follow(session, lesson, n, (trained or untrained(lesson)).weights, trained and trained.epoch)
elif section == "shapes":
    if questions.may_show(session, "shape"):
        show_shapes(lesson)
elif section == "memory":
    show_memory(session, lesson)
elif section == "levels":
    show_levels(pair, lesson)
    st.markdown(text("tensors.levels"))
else:
    show_vocabularies(pair, lesson, trained)
with card:
    questions.ask(session, "tensors")
frame.close_page("tensors")
