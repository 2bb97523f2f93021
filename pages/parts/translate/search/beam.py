"""Beam search, and greedy as a beam of one: their tree, their hypotheses, and what several candidates change."""

from __future__ import annotations

import math

import streamlit as st

from pages.parts.drawing.choosing import table_behind
from pages.parts.session import Session
from pages.parts.state import TranslateState, bound
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.query import Query
from pages.parts.translate.search import finder
from pages.parts.translate.search.charts import draw_nodes
from pages.parts.translate.search.tables import hypotheses_table, percent, readable, tree_nodes
from seq2seq.analysis.search import BeamSearch, Hypothesis, score


def show_greedy(theme: Theme, query: Query) -> None:
    """Shows the greedy search."""
    found = query.beam_search(num_beams=1)
    _tree(theme, found, query, 1)
    st.markdown(_whole(found.hypotheses[0].total))
    _tree_as_table(found, query)


def show(session: Session, query: Query, state: TranslateState) -> None:
    """Shows a beam search beside the greedy one."""
    picture = st.container()  # above what it is steered by, so that it can be seen without scrolling
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(text("search.num_beams"), 2, 5, width=220, **bound(state, "num_beams"))
        st.slider(
            text("search.length_penalty"),
            0.0,
            2.0,
            step=0.1,
            help=text("search.length_penalty_help"),
            width=220,
            **bound(state, "length_penalty"),
        )
    found = query.beam_search(state.num_beams, state.length_penalty)
    with picture:
        _tree(session.theme, found, query, state.num_beams)
    _beside_greedy(query, found.hypotheses[0], state.length_penalty)
    st.dataframe(
        hypotheses_table(found, query),
        hide_index=True,
        width="stretch",
        key="hypotheses",
        alt=text("search.hypotheses_alt"),
    )
    st.caption(text("search.score_how", length_penalty=f"{state.length_penalty:g}"))
    _tree_as_table(found, query)
    finder.show(session, query.translator, state)


def _tree(theme: Theme, found: BeamSearch, query: Query, num_beams: int) -> None:
    draw_nodes(theme, tree_nodes(found, query), num_beams + 1, text("search.tree_alt"), "tree")
    st.caption(text("search.tree_how" if num_beams > 1 else "search.greedy_how"))


def _tree_as_table(found: BeamSearch, query: Query) -> None:
    if (behind := table_behind("tree-numbers", text("search.tree_table"))) is not None:
        table = readable(tree_nodes(found, query))
        behind.dataframe(table, hide_index=True, width="stretch", alt=text("search.tree_alt"))


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
