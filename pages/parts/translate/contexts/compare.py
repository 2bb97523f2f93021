"""Two sentences side by side: what the model outputs for each, and their context vectors unit by unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import choose_sentence, table_behind
from pages.parts.state import TranslateState
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.contexts import charts
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.contexts.tables import STRIPS, mapped, strips_table
from pages.parts.translate.query import Query
from pages.parts.translate.sentence import first_prefix, warn_of_unknown
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS


def choose_second(query: Query, around: Neighbourhood, state: TranslateState) -> Query:
    """Lets the student choose or type a second sentence; the nearest one to begin with."""
    sources = around.encoded.sources
    choose_sentence(
        text("contexts.other"),
        [sources[n] for n in mapped(around)],
        state,
        "second",
        placeholder=text("contexts.other_nearest"),
        accept_new_options=True,
        help=text("contexts.other_help"),
    )
    second = normalise(state.second or "")[:MAX_CHARACTERS]
    warn_of_unknown(query.translator, second)
    nearest = next((sources[n] for n in around.nearest if sources[n] != query.sentence), query.sentence)
    return second_query(query, second or nearest)


def second_query(query: Query, sentence: str) -> Query:
    """Returns another sentence to translate; without ⟨bos⟩ it begins as its own translation, if it has one."""
    if sentence == query.sentence:
        return query
    return replace(query, sentence=sentence, prefix=first_prefix(query.lesson, sentence, query.prefix))


def show(theme: Theme, a: tuple[Query, np.ndarray], b: tuple[Query, np.ndarray]) -> None:
    """Shows two sentences with what the model outputs and their context vectors, (2 · hidden,) each."""
    for column, name, (query, _) in zip(st.columns(2), "AB", (a, b), strict=True):
        with column.container(border=True):
            st.caption(f"**{name}**")
            st.text(query.sentence)
            st.text("→ " + query.translation)
    (_, vector_a), (_, vector_b) = a, b
    table, label = strips_table(vector_a, vector_b), text("contexts.strips_alt")
    draw(charts.strips(theme, len(vector_a) // 2), {"strips": table}, key="context-strips", alt=label)
    h, c = (f"{np.linalg.norm(difference):.3f}" for difference in np.split(vector_a - vector_b, 2))
    distance = f"{np.linalg.norm(vector_a - vector_b):.3f}"
    st.caption(text("contexts.strips_how", distance=distance, h=h, c=c))
    if (behind := table_behind("strip-numbers", text("contexts.strips_table"))) is not None:
        wide = table.pivot(index="unit", columns="state", values="value")[list(STRIPS)]
        behind.dataframe(wide.rename_axis(text("contexts.unit")), width="stretch", alt=label)
