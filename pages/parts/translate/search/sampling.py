"""Sampling: translations whose tokens are drawn by chance."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts.drawing.choosing import table_behind
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.query import Query
from pages.parts.translate.search.charts import draw_nodes
from pages.parts.translate.search.tables import percent, readable, sample_nodes
from seq2seq.analysis.search import SampledStep
from seq2seq.limits import SETTING_RANGES

_SAMPLES = 5


def show(theme: Theme, query: Query, state: TranslateState) -> None:
    """Shows some samples."""
    least, most = SETTING_RANGES["seed"]

    def other_seed() -> None:
        state.sampling_seed = (state.sampling_seed + _SAMPLES) % most  # none of these samples comes again

    picture = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(
            text("search.temperature"),
            0.1,
            2.0,
            step=0.1,
            help=text("search.temperature_help"),
            width=220,
            **bound(state, "temperature"),
        )
        st.number_input(text("search.seed"), least, most, width=150, **bound(state, "sampling_seed"))
        st.button(text("search.new_seed"), icon=":material/casino:", on_click=other_seed)
    samples = {
        seed: list(query.translator.sample(query.sentence, query.prefix, temperature=state.temperature, seed=seed))
        for seed in range(state.sampling_seed, state.sampling_seed + _SAMPLES)
    }
    nodes, alt = sample_nodes(list(samples.values()), query), text("search.samples_alt")
    with picture:
        draw_nodes(theme, nodes, _SAMPLES, alt, "samples")
        st.caption(text("search.samples_how"))
    table = pd.DataFrame(_row(query, seed, steps) for seed, steps in samples.items())
    st.dataframe(table, hide_index=True, width="stretch", key="samples-outputs", alt=alt)
    st.caption(text("search.samples_probability", p=percent(query.greedy.total)))
    if (behind := table_behind("samples-numbers", text("search.samples_table"))) is not None:
        behind.dataframe(readable(nodes), hide_index=True, width="stretch", alt=alt)


def _row(query: Query, seed: int, steps: list[SampledStep]) -> dict:
    """Returns a sample as a row of the table."""
    output = query.output_text([step.token_id for step in steps])
    total = sum(step.log_probability for step in steps)
    row = {
        text("search.seed"): seed,
        text("search.translation"): output,
        text("search.probability"): percent(total),
        text("search.total"): f"{total:.3f}",
        text("search.length"): len(steps),
        text("search.ended"): text(f"search.by_{steps[-1].stop_reason}"),
        text("search.as_greedy"): "✓" if output == query.translation else "",
    }
    return row | ({text("search.as_table"): "✓" if output in query.targets else "✗"} if query.targets else {})
