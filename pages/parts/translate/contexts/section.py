"""The section on context vectors: a map of them, the nearest ones, and two of them side by side."""

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import choose_sentence, table_behind
from pages.parts.drawing.tokens import display_text
from pages.parts.state import TranslateState
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.translate.contexts import charts
from pages.parts.translate.contexts.encoded import Neighbourhood
from pages.parts.translate.contexts.tables import STRIPS, map_table, mapped, nearest_table, strips_table
from pages.parts.translate.query import Query
from pages.parts.translate.sentence import first_prefix, say_how_many_were_searched, warn_of_unknown
from seq2seq.analysis.contexts import context_vectors
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS

_LEAST_MAPPED = 3  # two points lie on a line, whatever they are


def show(theme: Theme, query: Query, around: Neighbourhood, state: TranslateState) -> None:
    """Shows where the context vector of a sentence lies among those of the lesson."""
    picture = st.container()  # above the choice of B, which is on it
    _nearest(query, around)
    st.subheader(text("contexts.two_title"), anchor=False)
    second = _choose_second(query, around, state)
    vector = context_vectors(query.translator, [second.sentence])[0]  # (2 · hidden,)
    with picture:
        _map(theme, around, {"a": (query.sentence, around.vector), "b": (second.sentence, vector)})
    _compare(theme, (query, around.vector), (second, vector))


def _map(theme: Theme, around: Neighbourhood, marked: dict[str, tuple[str, np.ndarray]]) -> None:
    """Draws the map; `marked` are the two sentences, see `map_table`."""
    shown, everything = len(mapped(around)), len(around.encoded.lesson.targets)
    if shown < _LEAST_MAPPED:
        st.info(text("contexts.too_few", least=_LEAST_MAPPED), icon=":material/info:")
        return
    points, pca = map_table(around, marked), around.encoded.pca
    kinds = tuple(points["kind"][-2:])
    points["name"] = points["form"].map(charts.form_names(theme, kinds))
    labels = {side: points[(points["side"] == side) & (points["label"] != "")] for side in ("beside", "above", "below")}
    shares = tuple(f"{share:.0%}" for share in pca.explained_variance_ratio)
    spec = charts.context_map(theme, kinds, shares)
    draw(spec, {"points": points} | labels, key="context-map", alt=text("contexts.map_alt"))
    share, numbers = f"{pca.explained_variance_ratio.sum():.0%}", len(around.vector)
    st.caption(text("contexts.how", share=share, numbers=numbers))
    if shown < everything:
        st.caption(text("contexts.shown_of", shown=shown, all=f"{everything:,}"))
    if (behind := table_behind("map-numbers", text("contexts.table"))) is not None:
        readable = points[["source", "name", "x", "y", "distance"]].round(3)
        titles = [charts.axis_title(theme, n, share) for n, share in enumerate(shares, start=1)]
        readable.columns = [text("contexts.sentence"), text("contexts.kind"), *titles, text("contexts.distance")]
        behind.dataframe(readable, hide_index=True, alt=text("contexts.map_alt"))


def _nearest(query: Query, around: Neighbourhood) -> None:
    """Names the nearest sentences of the training: what a model that has memorised falls back on."""
    title = text("contexts.nearest_title")
    st.subheader(title, anchor=False)
    st.caption(text("contexts.nearest_seen" if query.kind == "trained" else "contexts.nearest_unseen"))
    st.dataframe(nearest_table(query, around), hide_index=True, key="nearest", alt=title)
    st.caption(text("contexts.distance_how", farthest=f"{around.distances.max():.3f}"))
    say_how_many_were_searched(around)


def _choose_second(query: Query, around: Neighbourhood, state: TranslateState) -> Query:
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
    typed = normalise(state.second or "")[:MAX_CHARACTERS]
    warn_of_unknown(query.translator, typed)
    sentence = typed or next((sources[n] for n in around.nearest if sources[n] != query.sentence), query.sentence)
    if sentence == query.sentence:
        return query
    # Without ⟨bos⟩ it begins as its own translation, if it has one.
    return replace(query, sentence=sentence, prefix=first_prefix(query.lesson, sentence, query.prefix))


def _compare(theme: Theme, a: tuple[Query, np.ndarray], b: tuple[Query, np.ndarray]) -> None:
    """Shows two sentences with what the model outputs and their context vectors, (2 · hidden,) each."""
    for column, name, (query, _) in zip(st.columns(2), "AB", (a, b), strict=True):
        with column.container(border=True):
            st.caption(f"**{name}**")
            st.text(query.sentence)
            st.text(f"→ {display_text(query.translation)}")
    (_, vector_a), (_, vector_b) = a, b
    table, label = strips_table(vector_a, vector_b), text("contexts.strips_alt")
    draw(charts.strips(theme, len(vector_a) // 2), {"strips": table}, key="context-strips", alt=label)
    h, c = (f"{np.linalg.norm(difference):.3f}" for difference in np.split(vector_a - vector_b, 2))
    distance = f"{np.linalg.norm(vector_a - vector_b):.3f}"
    st.caption(text("contexts.strips_how", distance=distance, h=h, c=c))
    if (behind := table_behind("strip-numbers", text("contexts.strips_table"))) is not None:
        wide = table.pivot(index="unit", columns="state", values="value")[list(STRIPS)]
        behind.dataframe(wide.rename_axis(text("contexts.unit")), alt=label)
