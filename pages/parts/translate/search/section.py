"""The section on other ways than greedy to choose the next token: beam search, and sampling."""

import math

import pandas as pd
import streamlit as st

from pages.parts.drawing.choosing import switch, table_behind
from pages.parts.drawing.tokens import display_text
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.query import Query
from pages.parts.translate.search import finder
from pages.parts.translate.search.charts import draw_nodes
from pages.parts.translate.search.tables import hypotheses_table, percent, readable, sample_nodes, tree_nodes
from pages.parts.workspace.session import Session
from seq2seq.analysis.search import BeamSearch, Hypothesis, SampledStep, score
from seq2seq.limits import SETTING_RANGES

_WAYS = ("greedy", "beam", "sampling")
_SAMPLES = 5


def show(session: Session, query: Query, state: TranslateState) -> None:
    """Shows how a sentence is translated by keeping several candidates, or by chance."""
    switch(text("search.way"), {way: text(f"search.{way}") for way in _WAYS}, state, "way")
    st.caption(text(f"search.{state.way}_what"))
    if state.way == "sampling":
        _samples(session.theme, query, state)
    elif state.way == "greedy":
        found = query.beam_search(num_beams=1)
        _tree(session.theme, found, query, 1)
        st.markdown(_whole(found.hypotheses[0].total))
        _tree_as_table(found, query)
    else:
        _beam(session, query, state)


def _beam(session: Session, query: Query, state: TranslateState) -> None:
    """Shows a beam search beside the greedy one."""
    picture = st.container()  # above what it is steered by, so that it can be seen without scrolling
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(text("search.num_beams"), 2, 5, width=220, **bound(state, "num_beams"))
        about = text("search.length_penalty_help")
        st.slider(
            text("search.length_penalty"), 0.0, 2.0, step=0.1, help=about, width=220, **bound(state, "length_penalty")
        )
    found = query.beam_search(state.num_beams, state.length_penalty)
    with picture:
        _tree(session.theme, found, query, state.num_beams)
    _beside_greedy(query, found.hypotheses[0], state.length_penalty)
    st.dataframe(hypotheses_table(found, query), hide_index=True, key="hypotheses", alt=text("search.hypotheses_alt"))
    st.caption(text("search.score_how", length_penalty=f"{state.length_penalty:g}"))
    _tree_as_table(found, query)
    finder.show(session, query.translator, state)


def _tree(theme: Theme, found: BeamSearch, query: Query, num_beams: int) -> None:
    draw_nodes(theme, tree_nodes(found, query), num_beams + 1, text("search.tree_alt"), "tree")
    st.caption(text("search.tree_how" if num_beams > 1 else "search.greedy_how"))


def _tree_as_table(found: BeamSearch, query: Query) -> None:
    if (behind := table_behind("tree-numbers", text("search.tree_table"))) is not None:
        behind.dataframe(readable(tree_nodes(found, query)), hide_index=True, alt=text("search.tree_alt"))


def _whole(total: float) -> str:
    """Says how probable a whole translation is."""
    return text("search.whole", p=percent(total), total=f"{total:.3f}")


def _beside_greedy(query: Query, best: Hypothesis, length_penalty: float) -> None:
    """Shows the greedy translation beside the best of the beam, and says what several candidates have changed."""
    greedy = query.greedy
    for column, name, hypothesis in zip(st.columns(2), ("greedy", "best"), (greedy, best), strict=True):
        with column.container(border=True):
            st.caption(text(f"search.{name}"))
            output = query.output_text(hypothesis.token_ids)
            st.text(output or text("translate.nothing_said"))
            mark = "" if not query.targets else ":green[**✓**] " if output in query.targets else ":orange[**✗**] "
            st.markdown(mark + _whole(hypothesis.total))
    if best.token_ids == greedy.token_ids:
        st.info(text("search.same"), icon=":material/equal:")
    elif best.total > greedy.total:
        times = f"{math.exp(min(700, best.total - greedy.total)):,.3g}"
        st.info(text("search.more", times=times), icon=":material/trending_up:")
    elif best.score > score(greedy.total, len(greedy.token_ids), length_penalty):
        st.info(text("search.longer"), icon=":material/straighten:")
    else:
        st.info(text("search.lost"), icon=":material/trending_down:")
    _beside_right(query, best)


def _beside_right(query: Query, best: Hypothesis) -> None:
    """Where the best of the beam is wrong, says whether that is the model's mistake or the search's."""
    if query.right is None or query.output_text(best.token_ids) in query.targets:
        return
    target, total = query.right
    st.markdown(text("search.model_wrong" if total <= best.total else "search.search_wrong", p=percent(total)))
    st.text(display_text(target))


def _samples(theme: Theme, query: Query, state: TranslateState) -> None:
    """Shows translations whose tokens are drawn by chance."""
    least, most = SETTING_RANGES["seed"]

    def other_seed() -> None:
        state.sampling_seed = (state.sampling_seed + _SAMPLES) % most  # none of these samples comes again

    picture = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        about = text("search.temperature_help")
        st.slider(text("search.temperature"), 0.1, 2.0, step=0.1, help=about, width=220, **bound(state, "temperature"))
        st.number_input(text("search.seed"), least, most, width=150, **bound(state, "sampling_seed"))
        st.button(text("search.new_seed"), icon=":material/casino:", on_click=other_seed)
    samples = {
        seed: query.sample(state.temperature, seed)
        for seed in range(state.sampling_seed, state.sampling_seed + _SAMPLES)
    }
    nodes, alt = sample_nodes(list(samples.values()), query), text("search.samples_alt")
    with picture:
        draw_nodes(theme, nodes, _SAMPLES, alt, "samples")
        st.caption(text("search.samples_how"))
    table = pd.DataFrame(_sample_row(query, seed, steps) for seed, steps in samples.items())
    st.dataframe(table, hide_index=True, key="samples-outputs", alt=alt)
    st.caption(text("search.samples_probability", p=percent(query.greedy.total)))
    if (behind := table_behind("samples-numbers", text("search.samples_table"))) is not None:
        behind.dataframe(readable(nodes), hide_index=True, alt=alt)


def _sample_row(query: Query, seed: int, steps: list[SampledStep]) -> dict:
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
