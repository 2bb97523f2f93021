"""Model: encoder, context vector and decoder, with every shape and every parameter counted."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import frame
from pages.parts.drawing import wiring as pictures
from pages.parts.model import cell
from pages.parts.questions import card as questions
from pages.parts.session import untrained
from pages.parts.texts import text
from seq2seq import Lesson, ModelConfig, Translator
from seq2seq.state import weight_shapes
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import LEVELS, PAD_ID


def parameters(lesson: Lesson) -> pd.DataFrame:
    """Returns a row for each layer: the formula with this lesson's numbers, what its parts come to, the count."""
    hidden, source, target = lesson.model.hidden_size, len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    formulas = {
        "encoder": f"4 × ({source} + {hidden} + 1) × {hidden}",
        "decoder": f"4 × ({target} + {hidden} + 1) × {hidden}",
        "dense": f"({hidden} + 1) × {target}",
    }
    sizes = {name: math.prod(shape) for name, shape in weight_shapes(lesson).items()}
    rows = [
        {
            text("model.layer"): f"{letter}  {text(f'model.{layer}')}",
            text("model.formula"): formula,
            **{text(f"model.{part}"): _count(sizes.get(f"{layer}_{part}")) for part in _PARTS},
            text("model.parameters"): _count(sum(size for name, size in sizes.items() if name.startswith(layer))),
        }
        for letter, (layer, formula) in zip("ABC", formulas.items(), strict=True)
    ]
    total = {
        text("model.layer"): text("model.total"),
        text("model.formula"): " + ".join(row[text("model.parameters")] for row in rows),
        text("model.parameters"): _count(sum(sizes.values())),
    }
    return pd.DataFrame([*rows, total]).fillna("")


_PARTS = ("kernel", "recurrent", "bias")  # a layer's arrays of weights


def _count(size: int | None) -> str:
    return "" if size is None else f"{size:,}"


@st.fragment
def wiring(lesson: Lesson) -> None:
    """Shows the two wirings, and which of their parts answer a question."""
    pictures.model(lesson, sentence_length(lesson), st.session_state.get("asked"))
    asked = st.pills(
        text("model.ask"),
        pictures.QUESTIONS,
        format_func=lambda question: text(f"model.ask_{question}"),
        key="asked",
        label_visibility="collapsed",
    )
    st.markdown(text(f"model.answer_{asked or ''}"))
    if asked == "units":
        other_units(lesson.model.hidden_size)


def other_units(hidden: int) -> None:
    """Lets NumPy do what a decoder with another number of units would have to do with the encoder's h."""
    key = f"decoder-units-{hidden}"  # begins anew with another encoder
    units = st.number_input(text("model.decoder_units"), 1, 512, hidden, key=key, width=260)
    state_h, recurrent = np.zeros((1, hidden), np.float32), np.zeros((units, 4 * units), np.float32)
    try:
        came_out = (state_h @ recurrent).shape
    except ValueError as error:
        came_out = f"ValueError: {error}"
    st.code(
        f"state_h @ decoder_recurrent  # {state_h.shape} @ {recurrent.shape}\n{came_out}",
        language=None,
        wrap_lines=True,
    )
    if units == hidden:
        st.markdown(f":green[{text('model.units_fit', units=units)}]")
    else:
        st.markdown(f":red[{text('model.units_clash', given=hidden, taken=units)}]")


def sentence_length(lesson: Lesson) -> int:
    """Returns the time steps that the encoder takes for the sentence chosen on the page Tensors."""
    ids = token_ids(lesson, [min(session.chosen, len(lesson.pairs) - 1)]).encoder_inputs  # (1, time)
    return int(np.count_nonzero(ids != PAD_ID)) if lesson.model.mask_padding else ids.shape[1]


session = frame.open_page("model")
lesson = frame.need_lesson(session)
frame.outdated_warning(session)

size, switches, *sides, presets = st.columns([4, 6, 3, 3, 5], vertical_alignment="bottom")
hidden = size.number_input(
    text("model.hidden_size"), 1, 512, session.model.hidden_size, help=text("model.hidden_size_help")
)
with switches:
    markers = st.toggle(text("model.markers"), session.model.markers, help=text("model.markers_help"))
    masked = st.toggle(text("model.mask_padding"), session.model.mask_padding, help=text("model.mask_padding_help"))
names = {level: text(f"tokens.{level}") for level in LEVELS}
levels = [
    column.selectbox(
        text(f"model.{side}_tokens"),
        LEVELS,
        LEVELS.index(getattr(session.model, f"{side}_tokens")),
        format_func=names.get,
        help=text("model.tokens_help"),
    )
    for column, side in zip(sides, ("source", "target"), strict=True)
]
chosen = ModelConfig(hidden, markers, masked, *levels)
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

wiring(lesson)

st.subheader(text("cell.title"), anchor=False)
trained = session.trained
cell.room(Translator(trained or untrained(lesson)), trained and trained.epoch, session.chosen)

st.subheader(text("model.parameters_title"), anchor=False)
questions.ask(session, "model")
if questions.may_show(session, "parameters"):
    st.markdown(text("model.four_gates", columns=len(lesson.source_vocabulary), units=lesson.model.hidden_size))
    st.dataframe(parameters(lesson), hide_index=True, width="stretch")
frame.close_page("model")
