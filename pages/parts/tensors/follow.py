"""A pair over time, and one token of it followed to its place in the tensor and through the kernel."""

import numpy as np
import streamlit as st

from pages.parts.drawing.choosing import step_through, switch, table_behind
from pages.parts.drawing.tokens import ZERO_ROW, display_token
from pages.parts.state import TensorsState, remembered
from pages.parts.tensors.charts import clicked_box, draw_one_hot, draw_over_time, draw_product
from pages.parts.tensors.over_time import TENSORS, OverTime, over_time, time_table, vocabulary_of
from pages.parts.tensors.tables import KERNELS, one_hot_table, printed, printed_product, product_table, row_in_short
from pages.parts.texts import text
from pages.parts.workspace.session import Session
from seq2seq import Lesson
from seq2seq.state import Weights
from seq2seq.tensors import Tensors, one_hot, token_ids
from seq2seq.vocabulary import PAD_ID, Vocabulary

FOLLOWING = ("steps", "one_hot", "product")  # the sections in which a token is followed


@st.fragment
def follow(session: Session, lesson: Lesson, n: int, weights: Weights, epoch: int | None) -> None:
    """Shows one of the sections that follow a token of pair n; choosing another token reruns this alone.

    Its one-hot rows are multiplied with the weights of an epoch; None if they are untrained.
    """
    state = remembered(TensorsState)
    ids = token_ids(lesson, [n])  # of this pair alone: (1, time)
    last = getattr(ids, state.tensor).shape[1] - 1
    state.step = min(state.step, last)
    if state.section == "steps":
        pair = _show_over_time(session, lesson, ids)
        st.caption(text("tensors.follow_title"))
    tensors, steps = st.columns(2, vertical_alignment="bottom")
    switch(text("tensors.tensor"), {tensor: text(f"tensors.{tensor}") for tensor in TENSORS}, state, "tensor", tensors)
    with steps:
        t = step_through(session, text("tensors.choose_step"), last, state, "step")
    sentence, vocabulary = getattr(ids, state.tensor)[0], vocabulary_of(lesson, state.tensor)
    row = one_hot(sentence[t], len(vocabulary))  # (tokens,)
    if state.section == "steps":
        _show_chain(state.tensor, n, t, row, vocabulary)
        _explain_shift(lesson, pair)
    elif state.section == "one_hot":
        _show_one_hot(session, sentence, vocabulary, n, t)
    elif state.tensor not in KERNELS:
        st.info(text("tensors.picks_target"), icon=":material/info:")
    else:
        _show_product(session, row, weights[KERNELS[state.tensor]], vocabulary)
        _show_code([printed_product(state.tensor, n, t, row, weights[KERNELS[state.tensor]])])
        st.caption(text("cell.untrained") if epoch is None else text("cell.trained", epoch=epoch))


def _show_over_time(session: Session, lesson: Lesson, ids: Tensors) -> OverTime:
    """Shows a pair over time, with a legend; returns what is drawn."""
    state = remembered(TensorsState)

    def on_click() -> None:
        if clicked := clicked_box():
            state.tensor, state.step = clicked
            state.clicks += 1

    pair = over_time(lesson, ids, session.theme)
    draw_over_time(session.theme, pair, state, on_click)
    legend = [text("tensors.legend_markers")] if lesson.model.markers else []
    padding = "tensors.legend_left_out" if lesson.model.mask_padding else "tensors.legend_padding"
    legend.append(text(padding, zero=ZERO_ROW))
    if "earlier" in set(pair.boxes["kind"]):
        legend.append(text("tensors.legend_earlier"))
    st.caption("  \n".join(legend))
    return pair


def _explain_shift(lesson: Lesson, pair: OverTime) -> None:
    """Says how the decoder's target is shifted, and offers the picture as a table."""
    kind = text(f"tokens.{lesson.model.target_tokens}")
    st.markdown(text("tensors.shift_markers" if lesson.model.markers else "tensors.shift_notebook", kind=kind))
    if (behind := table_behind("steps-table")) is not None:
        behind.dataframe(time_table(pair.boxes).rename(columns=lambda name: text(f"tensors.{name}")))


def _show_chain(tensor: str, n: int, t: int, row: np.ndarray, vocabulary: Vocabulary) -> None:
    """Shows token → id → one-hot row → place in the tensor, and the NumPy that looks there."""
    is_token = bool(row.any())
    token_id = int(row.argmax())
    place = f"{tensor}[{n}, {t}, {token_id}]" if is_token else f"{tensor}[{n}, {t}]"
    links = {
        text("tensors.token"): display_token(vocabulary.tokens[token_id]) if is_token else text("tensors.padding"),
        "id": str(token_id) if is_token else "–",
        text("tensors.row"): row_in_short(row),
        text("tensors.place" if is_token else "tensors.place_of_row"): place,
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for number, (name, value) in enumerate(links.items()):
            if number:
                st.text("→", width="content")
            with st.container(border=True, width="content", gap=None):
                st.caption(name)
                st.text(value)
    _show_code(printed(tensor, n, t, row))
    st.caption(text("tensors.axes", n=n, t=t, v=token_id) if is_token else text("tensors.no_token", n=n, t=t))


def _show_code(lines: list[tuple[str, str]]) -> None:
    st.code("\n".join(f"print({line})  # {value}" for line, value in lines), wrap_lines=True)


def _show_one_hot(session: Session, sentence: np.ndarray, vocabulary: Vocabulary, n: int, t: int) -> None:
    """Shows the ids of a sentence, (time,), one-hot, with the row of one time step framed."""
    tensor = remembered(TensorsState).tensor
    table = one_hot_table(sentence, vocabulary)
    draw_one_hot(session.theme, table, t, tensor)
    if table.shape[1] < len(vocabulary):
        st.caption(text("tensors.used_columns", shown=table.shape[1], all=f"{len(vocabulary):,}"))
    zero = int(np.count_nonzero(sentence == PAD_ID))
    key = "tensors.zero_rows" if zero else "tensors.no_zero_rows"
    st.markdown(text(key, zero=zero, steps=len(sentence), tensor=tensor, pair=n))
    if (behind := table_behind("one-hot-table")) is not None:
        behind.dataframe(table.rename_axis(text("tensors.time_step")))


def _show_product(session: Session, row: np.ndarray, kernel: np.ndarray, vocabulary: Vocabulary) -> None:
    """Shows that a one-hot row, (tokens,), times a kernel, (tokens, 4 · hidden), is a row of the kernel."""
    table = product_table(row, kernel, vocabulary)
    draw_product(session.theme, table, float(np.abs(kernel).max()))
    rows, columns = len(table) - 1, table.shape[1] - 1
    all_rows, all_columns = (f"{count:,}" for count in kernel.shape)
    if kernel.shape != (rows, columns):
        st.caption(text("tensors.picks_window", rows=rows, columns=columns, all_rows=all_rows, all_columns=all_columns))
    st.markdown(text("tensors.picks", id=row.argmax()) if row.any() else text("tensors.picks_nothing"))
    if (behind := table_behind("product-table")) is not None:
        behind.dataframe(table)
