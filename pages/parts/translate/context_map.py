"""The context vectors of a lesson's sentences: a map of them, the nearest ones, and two of them side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import theme
from pages.parts.texts import text
from pages.parts.theme import CONTEXT, NEGATIVE, POSITIVE, SOURCE, TARGET, ZERO
from seq2seq import Translator
from seq2seq.analysis.contexts import MAX_MAPPED, MAX_SEARCHED, PCA, context_vectors, distances
from seq2seq.analysis.metrics import spread_evenly
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS
from seq2seq.state import Weights

_LEAST_MAPPED = 3  # two points lie on a line, whatever they are
_NEAREST = 5
# What the model knows of a sentence, and how that is drawn; A and B have shapes of their own, in the colour of theirs.
_COLOURS = {"training": CONTEXT, "held_out": SOURCE, "unseen": TARGET}
_SHAPES = {"training": "circle", "held_out": "square", "a": "diamond", "b": "cross"}


@dataclass(frozen=True)
class Encoded:
    """Sentences of a lesson and their context vectors.

    Args:
        of: the weights that they were encoded with.
        kinds: every sentence of the lesson → "training" or "held_out".
        sources: the encoded ones: all of them, or some spread evenly over a very large lesson.
        vectors: (sources, 2 · hidden).
    """

    of: Weights
    kinds: dict[str, str]
    sources: list[str]
    vectors: np.ndarray

    def kind(self, sentence: str) -> str:
        """Tells what the model knows of a sentence: a key of `_COLOURS`."""
        return self.kinds.get(sentence, "unseen")

    def nearest(self, apart: np.ndarray) -> list[int]:
        """Returns which of the sources were in the training, by their distances: the nearest first."""
        return [n for n in np.argsort(apart, kind="stable").tolist() if self.kinds[self.sources[n]] == "training"]


def show(translator: Translator, sentence: str, prefix: str) -> None:
    """Shows where the context vector of a sentence lies among those of the lesson.

    Args:
        translator: of the trained model.
        sentence: the source.
        prefix: given to a model without ⟨bos⟩.
    """
    encoded = _encoded(translator, sentence)
    vector = context_vectors(translator, [sentence])[0]  # (2 · hidden,)
    apart = distances(encoded.vectors, vector)
    nearest = encoded.nearest(apart)
    spread = spread_evenly(np.arange(len(encoded.sources)), MAX_MAPPED)
    mapped = np.union1d(spread, nearest[:_NEAREST])
    picture = st.container()  # above the choice of B, which is on it
    _neighbours(translator, encoded, nearest, apart, sentence, prefix)
    st.subheader(text("contexts.two_title"), anchor=False)
    other = _choose_other(translator, encoded, mapped, nearest, sentence)
    other_vector = context_vectors(translator, [other])[0]
    with picture:
        pca = PCA.fit(encoded.vectors[spread])  # so the map is the same whatever is typed
        _map(encoded, mapped, nearest, pca, {"a": (sentence, vector), "b": (other, other_vector)})
    other_prefix = prefix if other == sentence else _prefix(translator, other, prefix)
    _two(translator, (sentence, prefix, vector), (other, other_prefix, other_vector))


def _encoded(translator: Translator, sentence: str) -> Encoded:
    """Returns sentences of the lesson, this one among them if it was in the training.

    They are kept until the model is another one.
    """
    kept = st.session_state.get("encoded")
    if kept is None or kept.of is not translator.weights:
        lesson = translator.lesson
        rows_of = {"training": lesson.training_rows, "held_out": lesson.held_out_rows}
        kinds = {lesson.pairs[row].source: kind for kind, rows in rows_of.items() for row in rows}
        everything = list(kinds)
        sources = [everything[n] for n in spread_evenly(np.arange(len(everything)), MAX_SEARCHED)]
        kept = Encoded(translator.weights, kinds, sources, context_vectors(translator, sources))
        st.session_state["encoded"] = kept
    if kept.kind(sentence) != "training" or sentence in kept.sources:
        return kept
    vectors = np.concatenate([kept.vectors, context_vectors(translator, [sentence])])
    return replace(kept, sources=[*kept.sources, sentence], vectors=vectors)


def nearest_trained(translator: Translator, sentence: str) -> str:
    """Returns the sentence of the training whose context vector is nearest to that of another one."""
    encoded = _encoded(translator, sentence)
    apart = distances(encoded.vectors, context_vectors(translator, [sentence])[0])
    return encoded.sources[encoded.nearest(apart)[0]]


def _choose_other(
    translator: Translator, encoded: Encoded, mapped: np.ndarray, nearest: list[int], sentence: str
) -> str:
    """Lets the student choose or type a second sentence; the nearest one to begin with."""
    candidates = [encoded.sources[n] for n in nearest if encoded.sources[n] != sentence]
    chosen = st.selectbox(
        text("contexts.other"),
        [encoded.sources[n] for n in mapped],
        index=None,
        format_func=theme.display_text,
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
        st.text(" ".join(theme.display_token(token) for token in unknown))
    return other or (candidates or [sentence])[0]


# --- The map ---------------------------------------------------------------------------------------------------------


def _map(
    encoded: Encoded, mapped: np.ndarray, nearest: list[int], pca: PCA, marked: dict[str, tuple[str, np.ndarray]]
) -> None:
    if len(mapped) < _LEAST_MAPPED:
        st.info(text("contexts.too_few", least=_LEAST_MAPPED), icon=":material/info:")
        return
    points = map_table(encoded, mapped, nearest, pca, marked)
    kinds = {"training": "training", "held_out": "held_out"} | dict(zip(points["form"], points["kind"], strict=True))
    words = {kind: text(f"contexts.{kind}") for kind in _COLOURS}
    words |= {form: text(f"contexts.mark_{form}", kind=words[kinds[form]]) for form in marked}
    symbols = tuple((words[form], _COLOURS[kind], _SHAPES[form]) for form, kind in kinds.items())
    titles = [
        text("contexts.component", n=n, share=f"{share:.0%}")
        for n, share in enumerate(pca.explained_variance_ratio, start=1)
    ]
    columns = tuple(text(f"contexts.{name}") for name in ("sentence", "kind", "distance"))
    spec = _map_spec(symbols, tuple(titles), columns, theme.ink(), theme.type_size())
    data = points.assign(kind=points["form"].map(words))
    st.vega_lite_chart(data, spec, width="stretch", key="context-map", alt=text("contexts.map_alt"))
    numbers = encoded.vectors.shape[1]
    st.caption(text("contexts.how", share=f"{pca.explained_variance_ratio.sum():.0%}", numbers=numbers))
    if len(mapped) < len(encoded.kinds):
        st.caption(text("contexts.shown_of", shown=len(mapped), all=f"{len(encoded.kinds):,}"))
    table = st.expander(text("contexts.table"), icon=":material/table:", on_change="rerun", key="map-numbers")
    if table.open:
        readable = data[["source", "kind", "x", "y", "distance"]].round(3)
        readable.columns = [columns[0], columns[1], *titles, columns[2]]
        table.dataframe(readable, hide_index=True, width="stretch", key="map-table", alt=text("contexts.map_alt"))


def map_table(
    encoded: Encoded, mapped: np.ndarray, nearest: list[int], pca: PCA, marked: dict[str, tuple[str, np.ndarray]]
) -> pd.DataFrame:
    """Returns the points of the map, a row each.

    Args:
        encoded: sentences of the lesson.
        mapped: which of them are on the map.
        nearest: which of them were in the training, the nearest to the sentence "a" first.
        pca: the map.
        marked: "a", the typed sentence, and "b", the other one, with their context vectors.

    Returns:
        "source", "kind" (a key of `_COLOURS`), "form" (of `_SHAPES`), "x", "y", "distance" to the sentence "a" over
        all numbers, "label": its letter, or its rank among the nearest; "above": its letter stands above it.
    """
    sources = [*(encoded.sources[n] for n in mapped), *(source for source, _ in marked.values())]
    vectors = np.stack([*encoded.vectors[mapped], *(vector for _, vector in marked.values())])  # (points, 2 · hidden)
    kinds = [encoded.kind(source) for source in sources]
    ranks = {n: str(rank) for rank, n in enumerate(nearest[:_NEAREST], start=1)}
    x, y = pca.project(vectors).T
    a_is_above = bool(y[-2] >= y[-1])  # letters stand away from each other, as their points may lie close together
    return pd.DataFrame(
        {
            "source": [theme.display_text(source) for source in sources],
            "kind": kinds,
            "form": [*kinds[: len(mapped)], *marked],
            "x": x,
            "y": y,
            "distance": distances(vectors, marked["a"][1]),
            "label": [*(ranks.get(n, "") for n in mapped.tolist()), *(name.upper() for name in marked)],
            "above": [*([True] * len(mapped)), a_is_above, not a_is_above],
        }
    )


@st.cache_data(max_entries=64)
def _map_spec(
    symbols: tuple[tuple[str, str, str], ...],
    titles: tuple[str, ...],
    columns: tuple[str, ...],
    ink: str,
    type_size: float,
) -> dict:
    """Returns the specification of the map without its data.

    Args:
        symbols: the name, colour and shape of each sort of point.
        titles: of the axes.
        columns: sentence, kind, distance.
        ink, type_size: of texts.
    """
    sentence, kind, distance = columns
    names, colours, shapes = zip(*symbols, strict=True)
    axis = {"grid": True, "tickCount": 5}
    legend = {"orient": "top", "direction": "horizontal", "title": None, "labelLimit": 260}
    legend |= {"columns": {"expr": "width < 440 ? 1 : 2"}}
    is_marked = "(datum.form == 'a' || datum.form == 'b')"
    return {
        "height": round(400 * type_size),
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": titles[0], "axis": axis},
            "y": {"field": "y", "type": "quantitative", "title": titles[1], "axis": axis},
        },
        "layer": [
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.85},
                "encoding": {
                    "color": {"field": "kind", "type": "nominal", "legend": legend}
                    | {"scale": {"domain": list(names), "range": list(colours)}},
                    "shape": {"field": "kind", "type": "nominal", "legend": legend}
                    | {"scale": {"domain": list(names), "range": list(shapes)}},
                    "size": {"condition": {"test": is_marked, "value": 260 * type_size}, "value": 70 * type_size},
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
                "mark": {"type": "text", "color": ink, "fontWeight": "bold"}
                | {"dx": {"expr": f"({is_marked} ? 0 : 10) * {type_size}"}}
                | {"dy": {"expr": f"({is_marked} ? (datum.above ? -18 : 20) : -11) * {type_size}"}}
                | {"fontSize": {"expr": f"({is_marked} ? 18 : 13) * {type_size}"}},
                "encoding": {"text": {"field": "label"}},
            },
        ],
    }  # fmt: skip


def _neighbours(
    translator: Translator, encoded: Encoded, nearest: list[int], apart: np.ndarray, sentence: str, prefix: str
) -> None:
    """Names the nearest sentences of the training: what a model that has memorised falls back on."""
    lesson, targets = translator.lesson, {}
    for row in lesson.training_rows:
        targets.setdefault(lesson.pairs[row].source, []).append(lesson.pairs[row].target)
    says = translator.translate(sentence, prefix)
    # What the model says may be learned from a sentence that lies further away; its rank then tells so.
    listed = [
        (rank, n) for rank, n in enumerate(nearest, start=1) if rank <= _NEAREST or says in targets[encoded.sources[n]]
    ]
    st.subheader(text("contexts.nearest_title"), anchor=False)
    st.caption(text("contexts.nearest_seen" if sentence in targets else "contexts.nearest_unseen"))
    st.dataframe(
        pd.DataFrame(
            {
                text("contexts.rank"): rank,
                text("contexts.sentence"): encoded.sources[n],
                text("contexts.table_says"): " / ".join(targets[encoded.sources[n]]),
                text("contexts.says"): "✓" if says in targets[encoded.sources[n]] else "",
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
    if len(nearest) < len(targets):
        st.caption(text("contexts.searched_of", searched=f"{len(nearest):,}", all=f"{len(targets):,}"))


def _prefix(translator: Translator, sentence: str, prefix: str) -> str:
    """Returns what a model without ⟨bos⟩ is given for the second sentence: as its translation begins, if it has one."""
    pairs = translator.lesson.pairs
    return next((translator.lesson.prefix(pair.target) for pair in pairs if pair.source == sentence), prefix)


# --- Two sentences side by side --------------------------------------------------------------------------------------


def _two(translator: Translator, a: tuple[str, str, np.ndarray], b: tuple[str, str, np.ndarray]) -> None:
    """Shows what the model says of two sentences, and their context vectors.

    Args:
        translator: of the trained model.
        a, b: a sentence, what a model without ⟨bos⟩ is given for it, and its context vector.
    """
    for column, name, (sentence, prefix, _) in zip(st.columns(2), "AB", (a, b), strict=True):
        with column.container(border=True):
            st.caption(f"**{name}**")
            st.text(sentence)
            st.text("→ " + translator.translate(sentence, prefix))
    vector_a, vector_b = a[-1], b[-1]
    table = strips_table(vector_a, vector_b)
    words = tuple(text(f"contexts.{name}") for name in ("unit", "value", "state"))
    st.vega_lite_chart(
        table,
        _strips_spec(len(vector_a) // 2, theme.ink(), theme.type_size(), words),
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
def _strips_spec(units: int, ink: str, type_size: float, words: tuple[str, ...]) -> dict:
    """Returns the specification of the strips without their data: a line for each state, a box for each unit.

    Args:
        units: hidden size.
        ink, type_size: of texts.
        words: unit, value, state.
    """
    unit, value, state = words
    scale = {"domain": [-1, 0, 1], "range": [NEGATIVE, ZERO, POSITIVE], "clamp": True}
    axis = {"grid": False, "tickMinStep": 1, "format": "d", "tickCount": min(units, 16)}
    return {
        "height": round(290 * type_size),
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
            | {"axis": {"domain": False, "ticks": False, "labelColor": ink, "labelFontSize": 13 * type_size}},
            "color": {"field": "value", "type": "quantitative", "scale": scale}
            | {"legend": {"orient": "top", "title": None, "gradientLength": 220, "values": [-1, 0, 1]}},
            "tooltip": [
                {"field": "state", "title": state},
                {"field": "unit", "title": unit},
                {"field": "value", "title": value, "format": "+.4f"},
            ],
        },
    }  # fmt: skip
