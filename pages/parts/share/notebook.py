"""The lesson as plain Keras, to take home."""

import streamlit as st

from pages.parts import frame
from pages.parts.texts import language, text
from pages.parts.workspace.session import Session, untrained
from seq2seq import TrainingState
from seq2seq.limits import MAX_DENSE_BYTES
from seq2seq.takeaway.notebook import is_too_large, to_notebook, to_script
from seq2seq.tensors import dense_bytes


def section(session: Session) -> None:
    """Offers the notebook and the script of the current run's lesson; before any run, of the lesson as it stands."""
    if session.run is None and (session.lesson is None or not frame.can_draw_weights(session.lesson)):
        return
    state = untrained(session.lesson) if session.run is None else session.run.state
    pairs, units = f"{len(state.lesson.pairs):,}", state.lesson.model.hidden_size
    st.subheader(text("share.notebook_title"), anchor=False)
    st.write(text("share.notebook", pairs=pairs, units=units))
    if is_too_large(state):
        sizes = {"needed": f"{dense_bytes(state.lesson) / 1e9:.1f}", "limit": f"{MAX_DENSE_BYTES / 1e9:.1f}"}
        st.caption(text("share.notebook_too_large", **sizes))
        return
    spoken = language()  # asked now: at the click there is no page
    how = {"on_click": "ignore", "icon": ":material/download:"}
    with st.container(horizontal=True):
        file = "seq2seq.ipynb", "application/x-ipynb+json"
        st.download_button(text("share.notebook_ipynb"), lambda: _notebook(state, spoken), *file, **how)
        file = "seq2seq.py", "text/x-python"
        st.download_button(text("share.notebook_py"), lambda: to_script(state, spoken), *file, **how)


def _notebook(state: TrainingState, spoken: str) -> str:
    import nbformat  # noqa: PLC0415

    return nbformat.writes(to_notebook(state, spoken))
