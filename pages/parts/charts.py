"""The curves of a training, and its translations character by character.

They are redrawn twice a second while it trains, so their data are made as Arrow tables, in which they travel to the
browser; turning a Pandas table into one takes 2 ms.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import pyarrow as pa
import streamlit as st
from rapidfuzz.distance import Levenshtein

from pages.parts.looks import MONOSPACE, RIGHT, WRONG, shown, shown_text, type_size
from pages.parts.texts import text

# Of runs that are compared, the current one first; told apart by colour-blind people too (Okabe and Ito).
_RUN_COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999"]
_POINTS_PER_LINE = 300  # more than a screen can show apart


def training_curves(
    runs: Mapping[str, Sequence[dict[str, float]]], measure: str, goal: int, is_log: bool, is_masked: bool
) -> None:
    """Draws the loss of some runs, and another measure of them, over the epochs as they were reported.

    Args:
        runs: name → history, the current run first.
        measure: a key of the history's records, drawn beside the loss; where it was examined.
        goal: the epoch that the current run is training up to.
        is_log: draw the loss on a logarithmic scale.
        is_masked: whether the current run's loss leaves padding out.
    """
    longest = max(map(len, runs.values()))
    # The time axis stands still while the lines grow, and is lengthened when they come to its end.
    epochs = max(longest, min(goal, max(50, 1 << longest.bit_length())))
    for name, column in zip(("loss", measure), st.columns(2), strict=True):
        data = pa.Table.from_pylist(_points(runs, name), _POINT)
        kind = "log" if is_log and name == "loss" else "loss" if name == "loss" and len(data) else "share"
        title = text("train.padded_loss" if name == "loss" and not is_masked else f"train.{name}")
        titles = (title, text("train.epoch"), text("train.run"), text("train.learning_rate"))
        spec = _curve(tuple(runs), titles, epochs, kind)
        column.vega_lite_chart(data, spec, width="stretch", key=f"curve-{name}", alt=title)


_POINT = pa.schema(
    [("run", pa.string()), ("epoch", pa.int64()), ("value", pa.float64()), ("learning_rate", pa.float64())]
)


def _points(runs: Mapping[str, Sequence[dict[str, float]]], name: str) -> list[dict]:
    """Returns the points of the lines, and where the learning rate was changed; what is not said of one is null."""
    points = []
    for run, history in runs.items():
        records = [record for record in history if name in record]
        every = math.ceil(len(records) / _POINTS_PER_LINE) or 1
        points += [{"run": run, "epoch": r["epoch"], "value": r[name]} for r in [*records[::every], *records[-1:]]]
        points += [
            {"run": run, "epoch": after["epoch"], "learning_rate": after["learning_rate"]}
            for before, after in itertools.pairwise(history)
            if before["learning_rate"] != after["learning_rate"]
        ]
    return points


@st.cache_data(max_entries=256)
def _curve(runs: tuple[str, ...], titles: tuple[str, ...], epochs: int, kind: str) -> dict:
    """Returns the specification of a curve without its data: building it takes longer than drawing it."""
    title, epoch, run, learning_rate = titles
    scale = {"loss": {"domainMin": 0}, "log": {"type": "log"}, "share": {"domainMin": 0, "domainMax": 1, "clamp": True}}
    x = {"field": "epoch", "type": "quantitative", "title": epoch, "scale": {"domain": [1, max(2, epochs)]}}
    y = {"field": "value", "type": "quantitative", "title": title, "scale": scale[kind]}
    colour = {
        "field": "run",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(runs), "range": _RUN_COLOURS[: len(runs)]},
        "legend": {"orient": "top", "direction": "horizontal", "labelLimit": 140} if len(runs) > 1 else None,
    }
    tooltip = [
        {"field": "run", "title": run},
        {"field": "epoch", "title": epoch},
        {"field": "value", "title": title, "format": ".4f"},
    ]
    changed = "datum.learning_rate != null"
    return {
        "height": 260 if len(runs) == 1 else 300,  # with a legend
        "encoding": {"x": x | {"axis": {"tickMinStep": 1, "format": "d"}}, "color": colour},
        "layer": [
            {
                "transform": [{"filter": "datum.value != null"}],
                "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 25}, "clip": True},
                "encoding": {"y": y, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": changed}],
                "mark": {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 1.5},
                "encoding": {"tooltip": [tooltip[0], tooltip[1], {"field": "learning_rate", "title": learning_rate}]},
            },
            {
                "transform": [{"filter": changed}],
                "mark": {"type": "text", "align": "left", "baseline": "top", "dx": 4, "y": 2, "fontSize": 11},
                "encoding": {"text": {"field": "learning_rate", "format": ".4~f"}},
            },
        ],
    }


def marked_translations(rows: Sequence[tuple[str, str, str]]) -> None:
    """Draws what a model says, character by character: right, wrong, or missing.

    Args:
        rows: (source, what the model says, the target nearest to it).
    """
    labels = [f"{n + 1}  {shown_text(source)}" for n, (source, _, _) in enumerate(rows)]
    words = {kind: text(f"train.{kind}") for kind in ("right", "wrong", "missing")}
    boxes = [
        {"sentence": label, "place": place, "token": token, "kind": kind, "what": words[kind]}
        for label, (_, said, target) in zip(labels, rows, strict=True)
        for place, token, kind in character_boxes(said, target)
    ]
    places = max([16, *(box["place"] + 1 for box in boxes)])
    spec = _marked_spec(tuple(labels), places, type_size(), (text("tensors.token"), text("tensors.what")))
    spec |= {"datasets": {"boxes": pa.Table.from_pylist(boxes, _BOX)}}
    st.vega_lite_chart(spec=spec, width="stretch", key="marked", alt=text("train.translations_alt"))


_BOX = pa.schema(
    [("sentence", pa.string()), ("place", pa.int64())] + [(name, pa.string()) for name in ("token", "kind", "what")]
)


@st.cache_data(max_entries=64)
def _marked_spec(labels: tuple[str, ...], places: int, size: float, words: tuple[str, str]) -> dict:
    """Returns the specification of that picture without its data, "boxes": building it takes longer than drawing it.

    Args:
        labels: of the sentences.
        places: characters that a line has room for.
        size: of type.
        words: token, what.
    """
    import altair as alt  # noqa: PLC0415, takes 0.4 s, for which nobody should wait at the door

    x = alt.X("place:O", scale=alt.Scale(domain=list(range(places)), paddingInner=0.1), axis=None)
    y = alt.Y("sentence:N", title=None, scale=alt.Scale(domain=labels, paddingInner=0.25))
    y = y.axis(domain=False, ticks=False, labelLimit=130 * size, labelFontSize=13 * size)
    kinds = alt.Scale(domain=["right", "wrong", "missing"], range=[RIGHT, WRONG, WRONG])
    colour = {"field": "kind", "type": "nominal", "scale": kinds, "legend": None}
    base = alt.Chart(alt.NamedData("boxes")).encode(x=x, y=y)
    picture = alt.layer(
        base.mark_rect(cornerRadius=3, strokeWidth=1.5).encode(
            fill=alt.Fill(**colour),
            stroke=alt.Stroke(**colour),
            fillOpacity=alt.condition("datum.kind == 'missing'", alt.value(0), alt.value(1)),
            tooltip=[alt.Tooltip("token:N", title=words[0]), alt.Tooltip("what:N", title=words[1])],
        ),
        base.mark_text(font=MONOSPACE, fontSize=alt.ExprRef(f"min({16 * size}, width / {places} * 0.7)")).encode(
            text="token:N",
            color=alt.condition("datum.kind == 'missing'", alt.value(WRONG), alt.value("white")),
        ),
        # Not by colour alone: what is wrong is struck out.
        base.transform_filter("datum.kind == 'wrong'")
        .mark_text(text="╱", fontSize=alt.ExprRef(f"min({18 * size}, width / {places} * 0.8)"), opacity=0.8)
        .encode(color=alt.value("white")),
    )
    return picture.properties(height=round(34 * size) * len(labels) + 10).to_dict()


def character_boxes(said: str, target: str) -> list[tuple[int, str, str]]:
    """Compares what was said with what should have been, by the fewest edits (Levenshtein).

    Returns:
        (place, character, kind) in order: "right" and "wrong" characters are what was said, "missing" ones were not.
    """
    boxes = []
    for kind, said_from, said_to, target_from, target_to in Levenshtein.opcodes(said, target):
        boxes += [(character, "right" if kind == "equal" else "wrong") for character in said[said_from:said_to]]
        if kind == "insert":
            boxes += [(character, "missing") for character in target[target_from:target_to]]
    return [(place, shown(character), kind) for place, (character, kind) in enumerate(boxes)]
