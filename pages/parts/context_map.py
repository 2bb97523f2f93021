"""The context vectors of a lesson's sentences: a map of them, the nearest ones, and two of them side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import looks
from pages.parts.looks import CONTEXT, NEGATIVE, POSITIVE, SOURCE, TARGET, ZERO
from pages.parts.texts import text
from seq2seq import Translator
from seq2seq.contexts import MOST_MAPPED, PCA, context_vectors, distances
from seq2seq.metrics import examined_rows
from seq2seq.pairs import MAX_CHARACTERS, normalise
from seq2seq.weights import Weights

_LEAST_MAPPED = 3  # two points lie on a line, whatever they are
_NEAREST = 5
_KINDS = {
    "training": (CONTEXT, "circle"),
    "held_out": (SOURCE, "square"),
    "a": (TARGET, "diamond"),
    "b": (TARGET, "cross"),
}


@dataclass(frozen=True)
class _Mapped:
    """The sentences on the map.

    Args:
        of: the weights that they were encoded with.
        sources: the sentences, those of the training first.
        is_training: whether each was in the training.
        vectors: (sentences, 2 · hidden).
        total: how many sentences the lesson has.
    """

    of: Weights
    sources: list[str]
    is_training: np.ndarray
    vectors: np.ndarray
    total: int


def show(translator: Translator, sentence: str) -> None:
    """Shows where the context vector of a sentence lies among those of the lesson.

    Args:
        translator: of the trained model.
        sentence: the source.
    """
    mapped = _mapped(translator)
    vector = context_vectors(translator, [sentence])[0]  # (2 · hidden,)
    apart = distances(mapped.vectors, vector)
    nearest = _nearest(mapped, apart)  # indices into the sentences
    picture = st.container()  # above the choice of B, which is on it
    _neighbours(translator, mapped, nearest, apart, sentence)
    st.subheader(text("contexts.two_title"), anchor=False)
    other = _choose_other(translator, mapped, nearest, sentence)
    other_vector = context_vectors(translator, [other])[0]
    with picture:
        _map(mapped, nearest, {"a": (sentence, vector), "b": (other, other_vector)})
    _two(translator, sentence, vector, other, other_vector)


def _mapped(translator: Translator) -> _Mapped:
    """Returns the encoded sentences of the lesson. They are kept until the model is another one."""
    kept = st.session_state.get("mapped")
    if kept is None or kept.of is not translator.weights:
        pairs = translator.lesson.pairs
        trained = list(dict.fromkeys(pairs[row].source for row in translator.lesson.training_rows))
        held_out = list(dict.fromkeys(pairs[row].source for row in translator.lesson.held_out_rows))
        everything = [*trained, *held_out]
        chosen = examined_rows(np.arange(len(everything)), MOST_MAPPED)
        sources = [everything[n] for n in chosen]
        kept = st.session_state["mapped"] = _Mapped(
            translator.weights,
            sources,
            chosen < len(trained),
            context_vectors(translator, sources),
            len(everything),
        )
    return kept


def _nearest(mapped: _Mapped, apart: np.ndarray) -> list[int]:
    """Returns the sentences of the training, the nearest first."""
    order = np.argsort(apart, kind="stable")
    return [int(n) for n in order if mapped.is_training[n]]


def nearest_trained(translator: Translator, sentence: str) -> str:
    """Returns the sentence of the training whose context vector is nearest to that of another one."""
    mapped = _mapped(translator)
    return mapped.sources[_nearest(mapped, distances(mapped.vectors, context_vectors(translator, [sentence])[0]))[0]]


def _choose_other(translator: Translator, mapped: _Mapped, nearest: list[int], sentence: str) -> str:
    """Lets the student choose or type a second sentence; the nearest one to begin with."""
    candidates = [mapped.sources[n] for n in nearest if mapped.sources[n] != sentence]
    chosen = st.selectbox(
        text("contexts.other"),
        mapped.sources,
        index=None,
        format_func=looks.shown_text,
        placeholder=text("contexts.other_nearest"),
        accept_new_options=True,
        key="second-sentence",
        help=text("contexts.other_help"),
        persist_state="session",
    )
    other = normalise(chosen or "")[:MAX_CHARACTERS]
    if unknown := translator.unknown(other):
        kinds = text(f"tokens.{translator.lesson.model.source_tokens}_many")
        st.warning(text("translate.unknown", kinds=kinds), icon=":material/warning:")
        st.text(" ".join(looks.shown(token) for token in unknown))
    return other or (candidates or [sentence])[0]


# --- The map ---------------------------------------------------------------------------------------------------------


def _map(mapped: _Mapped, nearest: list[int], marked: dict[str, tuple[str, np.ndarray]]) -> None:
    if len(mapped.sources) < _LEAST_MAPPED:
        st.info(text("contexts.too_few", least=_LEAST_MAPPED), icon=":material/info:")
        return
    pca = PCA.fit(mapped.vectors)
    points = map_table(mapped.sources, mapped.is_training, mapped.vectors, pca, nearest, marked)
    words = {kind: text(f"contexts.{kind}") for kind in _KINDS}
    titles = [
        text("contexts.component", n=n, share=f"{share:.0%}")
        for n, share in enumerate(pca.explained_variance_ratio, start=1)
    ]
    columns = tuple(text(f"contexts.{name}") for name in ("sentence", "kind", "distance"))
    spec = _map_spec(tuple(words.values()), tuple(titles), columns, looks.ink(), looks.type_size())
    data = points.assign(kind=points["kind"].map(words))
    st.vega_lite_chart(data, spec, width="stretch", key="context-map", alt=text("contexts.map_alt"))
    st.caption(text("contexts.how", share=f"{pca.explained_variance_ratio.sum():.0%}", numbers=mapped.vectors.shape[1]))
    if len(mapped.sources) < mapped.total:
        st.caption(text("contexts.shown_of", shown=len(mapped.sources), all=f"{mapped.total:,}"))
    table = st.expander(text("contexts.table"), icon=":material/table:", on_change="rerun", key="map-numbers")
    if table.open:
        readable = data[["source", "kind", "x", "y", "distance"]].round(3)
        readable.columns = [columns[0], columns[1], *titles, columns[2]]
        table.dataframe(readable, hide_index=True, width="stretch", key="map-table", alt=text("contexts.map_alt"))


def map_table(
    sources: list[str],
    is_training: np.ndarray,
    vectors: np.ndarray,
    pca: PCA,
    nearest: list[int],
    marked: dict[str, tuple[str, np.ndarray]],
) -> pd.DataFrame:
    """Returns the points of the map, a row each.

    Args:
        sources: sentences of the lesson.
        is_training: whether each was in the training.
        vectors: (sentences, 2 · hidden).
        pca: the map.
        nearest: those of the training, the nearest to the sentence "a" first.
        marked: "a", the typed sentence, and "b", the other one, with their context vectors.

    Returns:
        "source", "kind" ("training", "held_out", "a", "b"), "x", "y", "distance" to the sentence "a" over all numbers,
        "label": its letter, or its rank among the nearest.
    """
    everything = np.stack([*vectors, *(vector for _, vector in marked.values())])  # (points, 2 · hidden)
    labels = [""] * len(sources)
    for rank, n in enumerate(nearest[:_NEAREST], start=1):
        labels[n] = str(rank)
    x, y = pca.project(everything).T
    return pd.DataFrame(
        {
            "source": [looks.shown_text(source) for source in [*sources, *(source for source, _ in marked.values())]],
            "kind": [*np.where(is_training, "training", "held_out"), *marked],
            "x": x,
            "y": y,
            "distance": distances(everything, marked["a"][1]),
            "label": [*labels, *(name.upper() for name in marked)],
        }
    )


@st.cache_data(max_entries=64)
def _map_spec(
    kinds: tuple[str, ...], titles: tuple[str, ...], columns: tuple[str, ...], ink: str, type_size: float
) -> dict:
    """Returns the specification of the map without its data.

    Args:
        kinds: the names of `_KINDS`.
        titles: of the axes.
        columns: sentence, kind, distance.
        ink, type_size: of texts.
    """
    sentence, kind, distance = columns
    colours, shapes = zip(*_KINDS.values(), strict=True)
    axis = {"grid": True, "tickCount": 5}
    legend = {"orient": "top", "direction": "horizontal", "title": None, "columns": 2, "labelLimit": 220}
    is_marked = f"datum.kind == '{kinds[2]}' || datum.kind == '{kinds[3]}'"
    return {
        "height": 400,
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": titles[0], "axis": axis},
            "y": {"field": "y", "type": "quantitative", "title": titles[1], "axis": axis},
        },
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.85},
                "encoding": {
                    "color": {"field": "kind", "type": "nominal", "legend": legend}
                    | {"scale": {"domain": list(kinds), "range": list(colours)}},
                    "shape": {"field": "kind", "type": "nominal", "legend": legend}
                    | {"scale": {"domain": list(kinds), "range": list(shapes)}},
                    "size": {"condition": {"test": is_marked, "value": 260}, "value": 70},
                    "stroke": {"condition": {"test": is_marked, "value": ink}, "value": None},
                    "tooltip": [
                        {"field": "source", "title": sentence},
                        {"field": "kind", "title": kind},
                        {"field": "distance", "title": distance, "format": ".3f"},
                    ],
                },
            },
            {
                "transform": [{"filter": "datum.label != ''"}],
                "mark": {"type": "text", "dy": -11, "color": ink, "fontWeight": "bold"}
                | {"dx": {"expr": f"{is_marked} ? -13 : 10"}}
                | {"fontSize": {"expr": f"({is_marked} ? 18 : 13) * {type_size}"}},
                "encoding": {"text": {"field": "label"}},
            },
        ],
    }  # fmt: skip


def _neighbours(translator: Translator, mapped: _Mapped, nearest: list[int], apart: np.ndarray, sentence: str) -> None:
    """Names the nearest sentences of the training: what a model that has memorised falls back on."""
    lesson, targets = translator.lesson, {}
    for row in lesson.training_rows:
        targets.setdefault(lesson.pairs[row].source, []).append(lesson.pairs[row].target)
    says = translator.translate(sentence, _prefix(translator, sentence))
    # What the model says may be learned from a sentence that lies further away; its rank then tells so.
    listed = [
        (rank, n) for rank, n in enumerate(nearest, start=1) if rank <= _NEAREST or says in targets[mapped.sources[n]]
    ]
    st.subheader(text("contexts.nearest_title"), anchor=False)
    st.caption(text("contexts.nearest_seen" if sentence in targets else "contexts.nearest_unseen"))
    st.dataframe(
        pd.DataFrame(
            {
                text("contexts.rank"): rank,
                text("contexts.sentence"): mapped.sources[n],
                text("contexts.table_says"): " / ".join(targets[mapped.sources[n]]),
                text("contexts.says"): "✓" if says in targets[mapped.sources[n]] else "",
                text("contexts.distance"): f"{apart[n]:.3f}",
            }
            for rank, n in listed
        ),
        hide_index=True,
        width="stretch",
        key="nearest",
        alt=text("contexts.nearest_title"),
    )
    st.caption(text("contexts.distance_how", farthest=f"{apart.max():.3f}"))


def _prefix(translator: Translator, sentence: str) -> str:
    """Returns what a model without ⟨bos⟩ has to be given: the first token of a known translation, or of the first."""
    pairs = translator.lesson.pairs
    return translator.lesson.prefix(next((pair.target for pair in pairs if pair.source == sentence), pairs[0].target))


# --- Two sentences side by side --------------------------------------------------------------------------------------


def _two(translator: Translator, a: str, vector_a: np.ndarray, b: str, vector_b: np.ndarray) -> None:
    for column, name, sentence in zip(st.columns(2), "AB", (a, b), strict=True):
        with column.container(border=True):
            st.caption(f"**{name}**")
            st.text(sentence)
            st.text("→ " + translator.translate(sentence, _prefix(translator, sentence)))
    table = strips_table(vector_a, vector_b)
    words = tuple(text(f"contexts.{name}") for name in ("unit", "value", "state"))
    st.vega_lite_chart(
        table,
        _strips_spec(len(vector_a) // 2, looks.ink(), words),
        width="stretch",
        key="context-strips",
        alt=text("contexts.strips_alt"),
    )
    (h_a, c_a), (h_b, c_b) = np.split(vector_a, 2), np.split(vector_b, 2)
    st.caption(
        text(
            "contexts.strips_how",
            distance=f"{np.linalg.norm(vector_a - vector_b):.3f}",
            h=f"{np.linalg.norm(h_a - h_b):.3f}",
            c=f"{np.linalg.norm(c_a - c_b):.3f}",
        )
    )
    numbers = st.expander(
        text("contexts.strips_table"), icon=":material/table:", on_change="rerun", key="strip-numbers"
    )
    if numbers.open:
        wide = table.pivot(index="unit", columns="state", values="value")[list(_STRIPS)].rename_axis(words[0])
        numbers.dataframe(wide, width="stretch", key="strips-table", alt=text("contexts.strips_alt"))


_STRIPS = ("h A", "h B", "h A−B", "c A", "c B", "c A−B")


def strips_table(vector_a: np.ndarray, vector_b: np.ndarray) -> pd.DataFrame:
    """Returns two context vectors and their difference: a row for each number, with its "state", "unit" and "value"."""
    (h_a, c_a), (h_b, c_b) = np.split(vector_a, 2), np.split(vector_b, 2)
    strips = dict(zip(_STRIPS, (h_a, h_b, h_a - h_b, c_a, c_b, c_a - c_b), strict=True))
    return pd.DataFrame(
        [(state, unit, value) for state, values in strips.items() for unit, value in enumerate(values.tolist())],
        columns=["state", "unit", "value"],
    )


@st.cache_data(max_entries=64)
def _strips_spec(units: int, ink: str, words: tuple[str, ...]) -> dict:
    """Returns the specification of the strips without their data: a line for each state, a box for each unit.

    Args:
        units: hidden size.
        ink: colour of texts.
        words: unit, value, state.
    """
    unit, value, state = words
    scale = {"domain": [-1, 0, 1], "range": [NEGATIVE, ZERO, POSITIVE], "clamp": True}
    axis = {"grid": False, "tickMinStep": 1, "format": "d", "tickCount": min(units, 16)}
    return {
        "height": 290,
        "config": {"view": {"stroke": None}, "mark": {"aria": False}},
        "usermeta": {"embedOptions": {"renderer": "canvas"}},  # up to thousands of boxes
        "transform": [
            {"calculate": "datum.unit - 0.48", "as": "left"},
            {"calculate": "datum.unit + 0.48", "as": "right"},
        ],
        "mark": {"type": "rect"},
        "encoding": {
            "x": {"field": "left", "type": "quantitative", "title": unit, "axis": axis}
            | {"scale": {"domain": [-0.5, units - 0.5], "nice": False}},
            "x2": {"field": "right"},
            "y": {"field": "state", "type": "ordinal", "title": None}
            | {"scale": {"domain": [*_STRIPS[:3], " ", *_STRIPS[3:]], "paddingInner": 0.12}}
            | {"axis": {"domain": False, "ticks": False, "labelColor": ink, "labelFontSize": 13}},
            "color": {"field": "value", "type": "quantitative", "scale": scale}
            | {"legend": {"orient": "top", "title": None, "gradientLength": 220, "values": [-1, 0, 1]}},
            "tooltip": [
                {"field": "state", "title": state},
                {"field": "unit", "title": unit},
                {"field": "value", "title": value, "format": "+.4f"},
            ],
        },
    }  # fmt: skip
