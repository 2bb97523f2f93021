"""Model: encoder, context vector and decoder, with every shape and every parameter counted."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import frame, pictures
from pages.parts.texts import text
from seq2seq import Lesson, ModelConfig
from seq2seq.weights import weight_shapes


def parameters(lesson: Lesson) -> pd.DataFrame:
    """Returns a row for each layer: what it is, the formula with this lesson's numbers, the count."""
    hidden, source, target = lesson.model.hidden_size, len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    lstm = f"4 × ({{}} + {hidden} + 1) × {hidden}"
    formulas = {
        "encoder": lstm.format(source),
        "decoder": lstm.format(target),
        "dense": f"({hidden} + 1) × {target}",
    }
    counts = {
        layer: sum(_size(shape) for name, shape in weight_shapes(lesson).items() if name.startswith(layer))
        for layer in formulas
    }
    return pd.DataFrame(
        {
            text("model.layer"): [text(f"model.{layer}") for layer in formulas] + [text("model.total")],
            text("model.formula"): [*formulas.values(), " + ".join(f"{count:,}" for count in counts.values())],
            text("model.parameters"): [f"{count:,}" for count in [*counts.values(), sum(counts.values())]],
        }
    )


def _size(shape: tuple[int, ...]) -> int:
    return shape[0] * (shape[1] if len(shape) == 2 else 1)


session = frame.open_page("model")
lesson = frame.need_lesson(session)
frame.outdated_warning(session)

size, switches, presets = st.columns([1, 1, 1], gap="medium")
hidden = size.number_input(
    text("model.hidden_size"), 1, 512, session.model.hidden_size, help=text("model.hidden_size_help")
)
with switches:
    markers = st.toggle(text("model.markers"), session.model.markers, help=text("model.markers_help"))
    masked = st.toggle(text("model.mask_padding"), session.model.mask_padding, help=text("model.mask_padding_help"))
chosen = ModelConfig(hidden, markers, masked)
if chosen != session.model:
    session.model = chosen
    st.rerun()
with presets:
    notebook = Lesson.as_in_notebook(lesson.pairs)
    is_notebook = (session.model, replace(session.training, seed=notebook.training.seed)) == (
        notebook.model,
        notebook.training,
    )
    label, icon = ("suggested", ":material/thumb_up:") if is_notebook else ("as_in_notebook", ":material/menu_book:")
    if st.button(text(f"model.{label}"), icon=icon, width="stretch", help=text("model.notebook_changes")):
        session.use_suggested_settings() if is_notebook else session.use_settings_of(notebook)
        st.rerun()

pictures.model(lesson)
st.markdown(text("model.equal_units"))

st.subheader(text("model.parameters_title"), anchor=False)
st.dataframe(parameters(lesson), hide_index=True, width="stretch")
st.markdown(text("model.four_gates"))
frame.close_page("model")
