"""Tensors: how sentences become the numbers that the model reads."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import charts, frame
from pages.parts.texts import text
from seq2seq.tensors import dense_bytes, dense_shapes, token_ids


def size(number_of_bytes: int) -> str:
    """Writes a size in the unit that suits it."""
    for unit in ("B", "kB", "MB"):
        if number_of_bytes < 1000:
            return f"{number_of_bytes:,.3g} {unit}"
        number_of_bytes /= 1000
    return f"{number_of_bytes:,.3g} GB"


def vocabulary_table(name: str, vocabulary) -> None:
    st.caption(text(f"tensors.{name}_vocabulary", tokens=len(vocabulary)))
    ids, tokens = range(len(vocabulary)), map(charts.shown, vocabulary.tokens)
    table = pd.DataFrame({"id": ids, text("tensors.token"): list(tokens)})
    st.dataframe(table.set_index("id").T, width="stretch", row_height=36)


_MOST_LISTED = 1000  # pairs in a list; more are chosen by number


session = frame.open_page("tensors")
lesson = frame.need_lesson(session)
shapes = dense_shapes(lesson)

last = len(lesson.pairs) - 1
if last < _MOST_LISTED:
    session.chosen = st.selectbox(
        text("tensors.choose_pair"),
        range(len(lesson.pairs)),
        index=min(session.chosen, last),
        format_func=lambda n: f"[{n}] {lesson.pairs[n].source} → {lesson.pairs[n].target}",
    )
else:
    session.chosen = st.number_input(text("tensors.choose_number", last=last), 0, last, min(session.chosen, last))
    st.text(" → ".join(lesson.pairs[session.chosen]))

st.subheader(text("tensors.steps_title"), anchor=False)
ids = token_ids(lesson, [session.chosen])  # of this pair alone: (1, time)
charts.time_steps(lesson, ids)
st.markdown(text("tensors.shift_markers" if lesson.model.markers else "tensors.shift_notebook"))

st.subheader(text("tensors.shapes_title"), anchor=False)
for column, name, shape, side in zip(st.columns(3), ids._fields, shapes, ("source", "target", "target"), strict=True):
    pairs, steps, tokens = shape
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{text(f'tensors.{name}')}**  \n`{name}.shape`")
        st.markdown(f"### `({pairs}, {steps}, {tokens})`")
        plus = "_plus" if lesson.model.markers and side == "target" else ""
        longest = steps - bool(plus)
        characters = tokens - 2 * bool(plus)
        st.markdown(text("tensors.axis_pairs", n=f"{pairs:,}"))
        st.markdown(text(f"tensors.axis_time_{side}{plus}", n=steps, longest=longest))
        st.markdown(text(f"tensors.axis_tokens_{side}{plus}", n=tokens, characters=characters))

st.subheader(text("tensors.one_hot_title"), anchor=False)
name = st.segmented_control(
    text("tensors.tensor"),
    ids._fields,
    default=ids._fields[0],
    required=True,
    format_func=lambda field: text(f"tensors.{field}"),
    label_visibility="collapsed",
)
is_source = name == "encoder_inputs"
vocabulary = lesson.source_vocabulary if is_source else lesson.target_vocabulary
sentence = getattr(ids, name)[0]  # (time,)
charts.one_hot_picture(sentence, vocabulary, charts.SOURCE if is_source else charts.TARGET)
zero_rows = int(np.count_nonzero(sentence < 0))
said = text("tensors.zero_rows", zero=zero_rows, steps=len(sentence), tensor=name, pair=session.chosen)
st.markdown(said if zero_rows else text("tensors.no_zero_rows", steps=len(sentence), tensor=name, pair=session.chosen))

st.subheader(text("tensors.vocabularies"), anchor=False)
vocabulary_table("source", lesson.source_vocabulary)
vocabulary_table("target", lesson.target_vocabulary)
st.markdown(text("tensors.sorted"))

dense, kept = dense_bytes(lesson), len(lesson.pairs) * sum(array.nbytes for array in ids)
st.caption(text("tensors.memory", dense=size(dense), ids=size(kept), times=f"{dense / kept:,.0f}"))
frame.close_page("tensors")
