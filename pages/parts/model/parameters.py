"""Where the parameters come from: every layer's formula with the numbers of the lesson."""

import math

import pandas as pd
import streamlit as st

from pages.parts.drawing import notebook
from pages.parts.questions import card as questions
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson
from seq2seq.state import weight_shapes

_ARRAYS = ("kernel", "recurrent", "bias")  # of a layer's weights


def section(session: Session, lesson: Lesson) -> None:
    """Asks for the number of parameters, then shows how it is counted."""
    questions.ask(session, "model")
    if questions.may_show(session, "parameters"):
        columns, units = len(lesson.source_vocabulary), lesson.model.hidden_size
        both = "_both" if lesson.model.bidirectional else ""
        st.markdown(text(f"model.four_sets{both}", columns=columns, units=units, twice=2 * units))
        st.dataframe(table(lesson), hide_index=True)
        notebook.compare(lesson, lambda of: " = ".join(table(of).iloc[-1, [1, -1]]))


def table(lesson: Lesson) -> pd.DataFrame:
    """Returns a row for each layer, and one for all: the formula with this lesson's numbers, its arrays, the count."""
    model, source, target = lesson.model, len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    units, hidden = model.hidden_size, model.decoder_size
    formulas = {("A →" if model.bidirectional else "A", "encoder"): f"4 × ({source} + {units} + 1) × {units}"}
    if model.bidirectional:
        formulas["A ←", "encoder_backward"] = formulas["A →", "encoder"]
    formulas["B", "decoder"] = f"4 × ({target} + {hidden} + 1) × {hidden}"
    formulas["C", "dense"] = f"({hidden} + 1) × {target}"
    if model.attention != "none":
        formulas["D", "attention"] = f"2 × {hidden} × {hidden}"
    sizes = {name: math.prod(shape) for name, shape in weight_shapes(lesson).items()}
    rows = []
    for (letter, layer), formula in formulas.items():
        arrays = {array: sizes.get(f"{layer}_{array}", 0) for array in _ARRAYS}
        name = f"{letter}  {text(f'model.{layer}')}"
        rows.append([name, formula, *map(_count, arrays.values()), _count(sum(arrays.values()))])
    together = " + ".join(row[-1] for row in rows)
    rows.append([text("model.total"), together, *[""] * len(_ARRAYS), _count(sum(sizes.values()))])
    heads = [text("model.layer"), text("model.formula"), *(text(f"model.{array}") for array in _ARRAYS)]
    return pd.DataFrame(rows, columns=[*heads, text("model.parameters")])


def _count(size: int) -> str:
    return f"{size:,}" if size else ""
