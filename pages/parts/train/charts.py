"""The curves of a training, and its translations character by character.

They are redrawn twice a second while it trains, so their data are made as Arrow tables, in which they travel to the
browser; turning a Pandas table into one takes 2 ms.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st
from rapidfuzz.distance import Levenshtein

from pages.parts.texts import text
from pages.parts.theme import MONOSPACE, RIGHT, WRONG, display_text, display_token, type_size
from seq2seq.classroom.run import Run

# Of runs that are compared, the current one first; told apart by colour-blind people too (Okabe and Ito), and by their
# dashes, of which there is one kind fewer, so that no two of a dozen runs are alike.
_RUN_COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999"]
_RUN_DASHES = [[1, 0], [8, 6], [1, 5], [8, 6, 1, 6], [16, 6], [4, 6], [1, 9]]  # with round ends
_POINTS_PER_LINE = 300  # more than a screen can show apart


def training_curves(
    runs: Mapping[str, Run], measure: str, goal: int, is_log: bool, stops: Sequence[tuple[int, str]]
) -> None:
    """Draws the loss of some runs, and another measure of them, over the epochs as they were reported.

    Args:
        runs: name → run, the current one first.
        measure: a key of the history's records, drawn beside the loss; where it was evaluated.
        goal: the epoch that the current run is training up to.
        is_log: draw the loss on a logarithmic scale.
        stops: (epoch, label) of what is marked on the current run's loss.
    """
    longest = max(len(run.history) for run in runs.values())
    # The time axis stands still while the lines grow, and is lengthened when they come to its end.
    epochs = max(longest, min(goal, max(50, 1 << longest.bit_length())))
    masks = {run.state.lesson.model.mask_padding for run in runs.values()}
    words = tuple(text(f"train.{name}") for name in ("epoch", "run", "mark"))
    rates = [mark for name, run in runs.items() for mark in _rate_changes(name, run.history)]
    watched = [
        {"run": next(iter(runs)), "epoch": epoch, "mark": label, "top": n}
        for n, (epoch, label) in enumerate(stops, start=1)
    ]
    for name, column in zip(("loss", measure), st.columns(2), strict=True):
        drawn, title = name, text(f"train.{name}")
        if name in ("loss", "accuracy") and masks != {True}:  # what is reported then counts padding as well
            drawn = name if masks == {False} else f"masked_{name}"
            title = text(f"train.padded_{name}" if masks == {False} else f"train.masked_{name}")
        points = [point for run_name, run in runs.items() for point in _points(run_name, run.history, drawn)]
        data = pa.Table.from_pylist(points + rates + (watched if name == "loss" else []), _POINT)
        is_share = not points or name in ("accuracy", "exact_match")
        kind = "share" if is_share else "log" if is_log and name == "loss" else "open"
        spec = _curve(tuple(runs), title, words, epochs, kind, type_size())
        column.vega_lite_chart(data, spec, width="stretch", key=f"curve-{name}", alt=title)
    if len(masks) == 2:
        st.caption(text("train.unlike_masks"))


_POINT = pa.schema(
    [("run", pa.string()), ("epoch", pa.int64()), ("value", pa.float64()), ("mark", pa.string()), ("top", pa.int64())]
)


def _points(run: str, history: Sequence[dict[str, float]], name: str) -> list[dict]:
    """Returns the points of a run's line, at most `_POINTS_PER_LINE`, the last one among them."""
    records = [record for record in history if name in record]
    every = math.ceil((len(records) - 1) / (_POINTS_PER_LINE - 1)) or 1
    return [{"run": run, "epoch": r["epoch"], "value": r[name]} for r in [*records[:-1:every], *records[-1:]]]


def _rate_changes(run: str, history: Sequence[dict[str, float]]) -> list[dict]:
    """Returns a mark for each epoch from which on a run had another learning rate."""
    rates = np.array([record["learning_rate"] for record in history])
    return [
        {"run": run, "epoch": before + 2, "mark": f"{text('train.learning_rate')} {rates[before + 1]:g}", "top": 0}
        for before in np.flatnonzero(np.diff(rates)).tolist()
    ]


@st.cache_data(max_entries=256)
def _curve(runs: tuple[str, ...], title: str, words: tuple[str, ...], epochs: int, kind: str, size: float) -> dict:
    """Returns the specification of a curve without its data: building it takes longer than drawing it.

    Args:
        runs: names.
        title: of what is drawn.
        words: epoch, run, mark.
        epochs: how far the time axis goes.
        kind: of scale.
        size: of type.
    """
    epoch, run, mark = words
    scale = {"open": {"domainMin": 0}, "log": {"type": "log"}, "share": {"domain": [0, 1], "clamp": True}}
    x = {"field": "epoch", "type": "quantitative", "title": epoch, "scale": {"domain": [1, max(2, epochs)]}}
    lines = title.replace(", ", ",\n").split("\n")  # a long title in one would be longer than its axis
    y = {"field": "value", "type": "quantitative", "title": lines, "scale": scale[kind]}
    legend = {
        "orient": "top",
        "direction": "horizontal",
        "symbolType": "stroke",
        "symbolSize": 600 * size,
        "labelLimit": 140 * size,
    }
    of_run = {
        "field": "run",
        "type": "nominal",
        "title": None,
        "legend": legend if len(runs) > 1 else None,
    }
    colour = of_run | {"scale": {"domain": list(runs), "range": _in_turn(_RUN_COLOURS, len(runs))}}
    dash = of_run | {"scale": {"domain": list(runs), "range": _in_turn(_RUN_DASHES, len(runs))}}
    tooltip = [{"field": "run", "title": run}, {"field": "epoch", "title": epoch}]
    is_late = f"datum.epoch > {epochs / 2}"  # so that its words stand on the left of it
    of_mark = {"tooltip": [*tooltip, {"field": "mark", "title": mark}]}
    return {
        "height": round(size * (260 if len(runs) == 1 else 300)),  # with a legend
        "encoding": {"x": x | {"axis": {"tickMinStep": 1, "format": "d"}}, "color": colour},
        "layer": [
            {
                "transform": [{"filter": "datum.value != null"}],
                # Dots would hide the dashes; round ends make a dot of a single epoch.
                "mark": {"type": "line", "strokeWidth": 2.5, "strokeCap": "round", "clip": True}
                | ({"point": {"size": 25}} if len(runs) == 1 else {}),
                "encoding": {
                    "y": y,
                    "strokeDash": dash,
                    "tooltip": [*tooltip, {"field": "value", "title": title, "format": ".4f"}],
                },
            },
            {
                "transform": [{"filter": "datum.mark != null"}],
                "mark": {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 1.5},
                "encoding": of_mark,
            },
            {
                "transform": [{"filter": "datum.mark != null"}],
                "mark": {
                    "type": "text",
                    "align": {"expr": f"{is_late} ? 'right' : 'left'"},
                    "dx": {"expr": f"{is_late} ? -4 : 4"},
                    "y": {"expr": f"2 + datum.top * {15 * size}"},
                    "baseline": "top",
                    "fontSize": 11 * size,
                },
                "encoding": of_mark | {"text": {"field": "mark"}},
            },
        ],
    }


def _in_turn(values: Sequence, number: int) -> list:
    """Returns so many of some values; after the last comes the first again."""
    return list(itertools.islice(itertools.cycle(values), number))


def curves_as_table(runs: Mapping[str, Run]) -> None:
    """Shows every epoch of some runs as a table, none left out, which can be downloaded; drawn where it is opened.

    Args:
        runs: name → run.
    """
    table = st.expander(text("train.as_table"), icon=":material/table:", on_change="rerun", key="history")
    if not table.open:
        return
    history = pd.DataFrame([{"run": name} | record for name, run in runs.items() for record in run.history])
    with table:
        st.dataframe(history, hide_index=True, column_config={name: _column_title(name) for name in history})
        st.download_button(
            text("train.csv"),
            lambda: history.to_csv(index=False),
            "history.csv",
            "text/csv",
            icon=":material/download:",
        )


def _column_title(name: str) -> str:
    """Returns the title of a column of the history; in the downloaded file each has its name in the code."""
    figure = name.removeprefix("held_out_")
    return text(f"train.{figure}") + (f" · {text('train.on_held_out_')}" if figure != name else "")


def marked_translations(rows: Sequence[tuple[str, str, str]]) -> None:
    """Draws what a model says, character by character: right, wrong, or missing.

    Args:
        rows: (source, what the model says, the target nearest to it).
    """
    labels = [f"{n + 1}  {display_text(source)}" for n, (source, _, _) in enumerate(rows)]
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
    return [(place, display_token(character), kind) for place, (character, kind) in enumerate(boxes)]
