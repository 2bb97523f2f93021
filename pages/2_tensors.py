"""Tensors: how sentences become the numbers that the model reads."""

import streamlit as st

from pages.parts import frame
from pages.parts.drawing.choosing import choose_pair, switch_markers_and_mask
from pages.parts.questions import card as questions
from pages.parts.session import untrained
from pages.parts.tensors.follow import follow
from pages.parts.tensors.shapes import show_memory, show_shapes
from pages.parts.tensors.vocabulary import show_levels, show_vocabularies
from pages.parts.texts import text

session = frame.open_page("tensors")
lesson = frame.need_lesson(session)

choosing, switches = st.columns([3, 2], vertical_alignment="bottom")
n = choose_pair(lesson, session, "chosen", choosing)
with switches:
    switch_markers_and_mask(session)
frame.direction_note(lesson)

pair, trained = lesson.pairs[n], session.trained
if trained is not None and (trained.lesson.pairs, trained.lesson.model) != (lesson.pairs, lesson.model):
    trained = None  # it belongs to another lesson
if not n or questions.may_show_pair(session, "tensors", pair.source):  # the page begins with the first
    follow(session, lesson, n, (trained or untrained(lesson)).weights, trained and trained.epoch)

st.subheader(text("tensors.levels_title"), anchor=False)
show_levels(pair, lesson)
st.markdown(text("tensors.levels"))

st.subheader(text("tensors.shapes_title"), anchor=False)
questions.ask(session, "tensors")
if questions.may_show(session, "shape"):
    show_shapes(lesson)

st.subheader(text("tensors.memory_title"), anchor=False)
show_memory(session, lesson)

st.subheader(text("tensors.vocabularies"), anchor=False)
st.markdown(text("tensors.sorted"))
show_vocabularies(pair, lesson, trained)
frame.close_page("tensors")
