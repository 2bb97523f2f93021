"""Train: steer the training, see what the numbers mean, compare runs."""

import streamlit as st

from pages.parts import frame
from pages.parts.questions import card as questions
from pages.parts.texts import text
from pages.parts.train import controls, live, runs, settings

session = frame.open_page("train")
lesson = frame.need_lesson(session)
run, drawn = session.run, session.redraw_key

is_in_range = not session.shows("training_settings") or settings.form(session)
buttons = st.container()  # stand above what may keep them from starting anything
can_start = not controls.is_too_large(lesson) and is_in_range
with buttons:
    controls.buttons(session, can_start)
    controls.say_what_gives_way(session)
frame.outdated_warning(session)
questions.ask(session, "train")

if run is None:
    st.info(text("train.empty", pairs=f"{len(lesson.training_rows):,}"), icon=":material/info:")
else:
    live.show(session, run, drawn)
    if session.shows("runs"):
        st.subheader(text("train.runs_title"), anchor=False)
        runs.offer_comparisons(session)
        runs.show_table(session)
frame.close_page("train")
