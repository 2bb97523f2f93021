"""One-click comparisons: the same run again, with one thing changed. Both train, taking turns."""

from dataclasses import replace

import streamlit as st

from pages.parts.session import Session
from pages.parts.texts import text
from pages.parts.train.controls import is_too_large, train
from seq2seq import Lesson

COMPARISONS = {  # name: what is changed in the lesson; "train.what_if_…" in the catalogues says it
    "units": lambda lesson: _with_model(lesson, hidden_size=8),
    "mask": lambda lesson: _with_model(lesson, mask_padding=not lesson.model.mask_padding),
    "batch": lambda lesson: replace(lesson, training=replace(lesson.training, batch_size=5)),
}


def _with_model(lesson: Lesson, **changes: object) -> Lesson:
    return replace(lesson, model=replace(lesson.model, **changes))


def offer(session: Session) -> None:
    """Offers to compare the current run, or what it is compared with itself; a click begins the other one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text("train.what_if"), width="content")
        asked = [name for name in COMPARISONS if st.button(text(f"train.what_if_{name}"), key=f"what-if-{name}")]
    for name in asked:
        baseline = session.baseline
        changed = COMPARISONS[name](baseline.run.state.lesson)
        if is_too_large(changed):
            return
        train(session, changed, baseline)
        for named in session.runs:
            named.is_shown |= named is baseline or named.run is session.run
        st.rerun()
