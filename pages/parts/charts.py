"""The pictures that are charts. What students typed appears as chart data, never as markup.

One visual language on all pages: source blue, context purple, target orange, right green, wrong vermilion, padding
grey with a 0 in it (its one-hot row is all zeros).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from rapidfuzz.distance import Levenshtein

from pages.parts.texts import text
from seq2seq import DecodingStep, Lesson
from seq2seq.tensors import Tensors
from seq2seq.vocabulary import BOS, EOS, PAD_ID, Vocabulary

SOURCE, CONTEXT, TARGET, RIGHT, WRONG, PADDING = "#0072B2", "#CC79A7", "#E69F00", "#009E73", "#D55E00", "#9A9A9A"
MONOSPACE = "ui-monospace, 'D2Coding', 'Nanum Gothic Coding', Menlo, Consolas, monospace"
# Of runs that are compared, the current one first; told apart by colour-blind people too (Okabe and Ito).
_RUN_COLOURS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999"]
_STEPS_PER_LINE = 20  # as many boxes as can be told apart on a phone
_POINTS_PER_LINE = 300  # more than a screen can show apart


def shown(token: str) -> str:
    """Returns how a single token is drawn: the space as ␣, characters that cannot be seen by their number."""
    return "␣" if token == " " else shown_text(token)


def shown_text(sentence: str) -> str:
    """Returns a sentence with the characters that cannot be seen, the ordinary space apart, by their number."""
    return "".join(c if c.isprintable() else f"‹U+{ord(c):04X}›" for c in sentence)


def time_steps(lesson: Lesson, ids: Tensors) -> None:
    """Draws one pair over time: encoder input, decoder input, decoder target, and how the last two are shifted.

    Args:
        lesson: for its vocabularies.
        ids: the tensors of this pair alone, as ids: (1, time) each.
    """
    lanes = {
        text("tensors.encoder_inputs"): (ids.encoder_inputs[0], lesson.source_vocabulary, SOURCE),
        text("tensors.decoder_inputs"): (ids.decoder_inputs[0], lesson.target_vocabulary, TARGET),
        text("tensors.decoder_targets"): (ids.decoder_targets[0], lesson.target_vocabulary, RIGHT),
    }
    rows = [
        {"lane": lane, "step": t, "line": t // _STEPS_PER_LINE} | _box(token_id, vocabulary, colour)
        for lane, (sequence, vocabulary, colour) in lanes.items()
        for t, token_id in enumerate(sequence.tolist())
    ]
    boxes = pd.DataFrame(rows)
    _, heard, said = lanes
    spoken = np.flatnonzero(ids.decoder_targets[0] != PAD_ID)
    shifts = [
        {"lane": lane, "step": step, "line": step // _STEPS_PER_LINE, "shift": int(t)}
        for t in spoken[:-1]
        if (t + 1) % _STEPS_PER_LINE  # an arrow cannot go on to the next line
        for lane, step in ((said, int(t)), (heard, int(t) + 1))
    ]
    arrows = pd.DataFrame(shifts, columns=["lane", "step", "line", "shift"])
    for line in range(int(boxes["line"].max()) + 1):
        st.altair_chart(
            _time_line(boxes[boxes["line"] == line], arrows[arrows["line"] == line], list(lanes), line),
            width="stretch",
            key=f"steps-{line}",
            alt=text("tensors.steps_title"),
        )


def _box(token_id: int, vocabulary: Vocabulary, colour: str) -> dict:
    if token_id == PAD_ID:
        return {"token": "0", "id": "–", "colour": PADDING, "ink": "#808080", "what": text("tensors.padding")}
    token = vocabulary.tokens[token_id]
    what = "tensors.marker" if token in (BOS, EOS) else "tensors.character"
    return {"token": shown(token), "id": str(token_id), "colour": colour, "ink": _ink(colour), "what": text(what)}


def _ink(colour: str) -> str:
    return "black" if colour == TARGET else "white"


def _time_line(boxes: pd.DataFrame, arrows: pd.DataFrame, lanes: list[str], line: int) -> alt.LayerChart:
    steps = list(range(line * _STEPS_PER_LINE, (line + 1) * _STEPS_PER_LINE))  # boxes of one size on every line
    if line == 0:
        steps = steps[: max(12, int(boxes["step"].max()) + 1)]
    lanes = [lane for lane in lanes if (boxes["lane"] == lane).any()]
    x = alt.X("step:O", title=text("tensors.time_step"), scale=alt.Scale(domain=steps, paddingInner=0.12))
    x = x.axis(labelAngle=0, orient="top", domain=False, ticks=False, values=sorted(boxes["step"].unique().tolist()))
    y = alt.Y("lane:N", title=None, scale=alt.Scale(domain=lanes, paddingInner=0.5))
    y = y.axis(domain=False, ticks=False, labelLimit=90, labelFontSize=13)
    tooltip = [
        alt.Tooltip("lane:N", title=text("tensors.tensor")),
        alt.Tooltip("step:O", title=text("tensors.time_step")),
        alt.Tooltip("token:N", title=text("tensors.token")),
        alt.Tooltip("id:N", title="id"),
        alt.Tooltip("what:N", title=text("tensors.what")),
    ]
    base = alt.Chart(boxes).encode(x=x, y=y)
    colour = alt.Color("colour:N", scale=None)
    return alt.layer(
        alt.Chart(arrows).mark_line(color=TARGET, strokeWidth=2, opacity=0.7).encode(x=x, y=y, detail="shift:N"),
        base.mark_rect(cornerRadius=4, strokeWidth=2).encode(
            fill=colour,
            stroke=colour,
            fillOpacity=alt.condition(alt.datum.colour == PADDING, alt.value(0.15), alt.value(1)),
            tooltip=tooltip,
        ),
        base.transform_filter("length(datum.token) < 3")
        .mark_text(font=MONOSPACE, fontSize=alt.ExprRef("min(17, width / 30)"))
        .encode(text="token:N", color=alt.Color("ink:N", scale=None)),
        # ⟨bos⟩ and ⟨eos⟩ do not fit into a phone's boxes: there, a triangle starts and a square stops.
        base.transform_filter("length(datum.token) >= 3")
        .mark_text(
            font=MONOSPACE,
            fontSize=alt.ExprRef("min(11, width / 30)"),
            text=alt.ExprRef(
                f"width > 500 ? datum.token : datum.token == '{BOS}' ? '▶' : datum.token == '{EOS}' ? '■' : '?'"
            ),
        )
        .encode(color=alt.Color("ink:N", scale=None)),
    ).properties(height=60 + 50 * len(lanes))


def one_hot_picture(ids: np.ndarray, vocabulary: Vocabulary, colour: str) -> None:
    """Draws one sentence one-hot: a row per time step, a column per token, one filled box a row, none for padding.

    Args:
        ids: (time,).
        vocabulary: its tokens name the columns.
        colour: of the ones.
    """
    tokens = [f"{token_id} {shown(token)}" for token_id, token in enumerate(vocabulary.tokens)]
    ones = pd.DataFrame(
        {
            "step": np.arange(len(ids)),
            "token": [tokens[i] if i != PAD_ID else None for i in ids],
            "read": [shown(vocabulary.tokens[i]) if i != PAD_ID else "0" for i in ids],
        }
    )
    if len(tokens) > 80:  # only the columns that this sentence uses can be told apart
        tokens = [tokens[i] for i in sorted(set(ids.tolist()) - {PAD_ID})]
    y = alt.Y("step:O", title=text("tensors.time_step"), scale=alt.Scale(domain=list(range(len(ids)))))
    grid = pd.DataFrame({"step": np.repeat(np.arange(len(ids)), len(tokens)), "token": tokens * len(ids)})
    x = alt.X("token:N", title=text("tensors.column"), scale=alt.Scale(domain=tokens))
    x = x.axis(labelAngle=-90, labelFont=MONOSPACE, orient="top", labelOverlap=True)
    chart = alt.layer(
        alt.Chart(grid).mark_rect(filled=False, stroke=PADDING, strokeOpacity=0.35).encode(x=x, y=y),
        alt.Chart(ones.dropna())
        .mark_rect(fill=colour)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("step:O", title=text("tensors.time_step")),
                alt.Tooltip("token:N", title=text("tensors.column")),
            ],
        ),
        alt.Chart(ones.dropna()).mark_text(text="1", color=_ink(colour)).encode(x=x, y=y),
    ).properties(height=60 + 20 * len(ids))
    st.altair_chart(chart, width="stretch", key="one-hot", alt=text("tensors.one_hot_title"))


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
        data = pd.DataFrame(_points(runs, name), columns=["run", "epoch", "value", "learning_rate"])
        kind = "log" if is_log and name == "loss" else "loss" if name == "loss" and len(data) else "share"
        title = text("train.padded_loss" if name == "loss" and not is_masked else f"train.{name}")
        titles = (title, text("train.epoch"), text("train.run"), text("train.learning_rate"))
        spec = _curve(tuple(runs), titles, epochs, kind)
        column.vega_lite_chart(data, spec, width="stretch", key=f"curve-{name}", alt=title)


def _points(runs: Mapping[str, Sequence[dict[str, float]]], name: str) -> list[tuple]:
    points = []
    for run, history in runs.items():
        records = [record for record in history if name in record]
        changed = {
            after["epoch"]: after["learning_rate"]
            for before, after in itertools.pairwise(history)
            if before["learning_rate"] != after["learning_rate"]
        }
        every = math.ceil(len(records) / _POINTS_PER_LINE) or 1
        points += [(run, r["epoch"], r[name], None) for r in [*records[::every], *records[-1:]]]
        points += [(run, epoch, None, rate) for epoch, rate in changed.items()]
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
    boxes = [(n, *box) for n, (_, said, target) in enumerate(rows) for box in character_boxes(said, target)]
    data = pd.DataFrame(boxes, columns=["sentence", "place", "token", "kind"])
    data["what"] = data["kind"].map({kind: text(f"train.{kind}") for kind in ("right", "wrong", "missing")})
    data["colour"] = data["kind"].map({"right": RIGHT, "wrong": WRONG, "missing": WRONG})
    data["filled"] = data["kind"].map({"right": 1.0, "wrong": 1.0, "missing": 0.0})
    labels = [f"{n + 1}  {shown_text(source)}" for n, (source, _, _) in enumerate(rows)]
    data["sentence"] = data["sentence"].map(dict(enumerate(labels)))
    places = list(range(max(16, int(data["place"].max()) + 1 if len(data) else 0)))
    x = alt.X("place:O", scale=alt.Scale(domain=places, paddingInner=0.1), axis=None)
    y = alt.Y("sentence:N", title=None, scale=alt.Scale(domain=labels, paddingInner=0.25))
    y = y.axis(domain=False, ticks=False, labelLimit=130, labelFontSize=13)
    colour = alt.Color("colour:N", scale=None)
    base = alt.Chart(data).encode(x=x, y=y)
    chart = alt.layer(
        base.mark_rect(cornerRadius=3, strokeWidth=1.5).encode(
            fill=colour,
            stroke=colour,
            fillOpacity=alt.FillOpacity("filled:Q", scale=None),
            tooltip=[
                alt.Tooltip("token:N", title=text("tensors.token")),
                alt.Tooltip("what:N", title=text("tensors.what")),
            ],
        ),
        base.transform_calculate(ink=f"datum.filled ? 'white' : '{WRONG}'")
        .mark_text(font=MONOSPACE, fontSize=alt.ExprRef(f"min(16, width / {len(places)} * 0.7)"))
        .encode(text="token:N", color=alt.Color("ink:N", scale=None)),
        # Not by colour alone: what is wrong is struck out.
        base.transform_filter("datum.kind == 'wrong'")
        .mark_text(text="╱", fontSize=alt.ExprRef(f"min(18, width / {len(places)} * 0.8)"), opacity=0.8)
        .encode(color=alt.value("white")),
    ).properties(height=34 * len(rows) + 10)
    st.altair_chart(chart, width="stretch", key="marked", alt=text("train.translations_alt"))


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


def decoding_steps(steps: Sequence[DecodingStep], vocabulary: Vocabulary, candidates: int = 4) -> None:
    """Draws each turn of the decoding loop: what went in, the most probable tokens, which of them was picked.

    Args:
        steps: the whole translation.
        vocabulary: of the target.
        candidates: how many tokens to show at each step.
    """
    per_line = 3  # as many as a phone can show
    bars, heads = [], []
    for n, step in enumerate(steps):
        x, line = n % per_line, n // per_line
        fed = "0" if step.fed is None else shown(step.fed)
        heads.append({"x": x, "line": line, "head": text("translate.step", n=n + 1), "fed": fed + " →"})
        best = np.argsort(-step.probabilities, kind="stable")[:candidates].tolist()
        if step.token_id not in best:  # a forced one
            best[-1] = step.token_id
        for rank, token_id in enumerate(best):
            p = float(step.probabilities[token_id])
            bars.append(
                {"x": x, "line": line, "rank": rank, "from": x + 0.3, "to": x + 0.3 + 0.5 * p, "p": p,
                 "token": shown(vocabulary.tokens[token_id]), "percent": f"{p:.0%}", "step": n + 1, "fed": fed,
                 "picked": token_id == step.token_id}
            )  # fmt: skip
    bars, heads = pd.DataFrame(bars), pd.DataFrame(heads)
    for line in range(int(heads["line"].max()) + 1):
        st.altair_chart(
            _decoding_line(bars[bars["line"] == line], heads[heads["line"] == line], per_line, candidates),
            width="stretch",
            key=f"decoding-{line}",
            alt=text("translate.steps_title"),
        )


def _decoding_line(bars: pd.DataFrame, heads: pd.DataFrame, per_line: int, candidates: int) -> alt.LayerChart:
    ink = "#FAFAFA" if st.context.theme.type == "dark" else "#31333F"
    x, y = alt.Scale(domain=[0, per_line], nice=False), alt.Scale(domain=[candidates - 0.4, -2.6], nice=False)
    row = alt.Chart(bars).encode(y=alt.Y("rank:Q", scale=y, axis=None))
    head = alt.Chart(heads)
    colour = alt.condition(alt.datum.picked, alt.value(TARGET), alt.value(PADDING))
    tooltip = [
        alt.Tooltip("step:O", title=text("translate.column_step")),
        alt.Tooltip("fed:N", title=text("translate.column_fed")),
        alt.Tooltip("token:N", title=text("translate.column_token")),
        alt.Tooltip("p:Q", title=text("translate.column_probability"), format=".4f"),
    ]

    def at(offset: float, chart=row):
        return chart.transform_calculate(at=f"datum.x + {offset}").encode(x=alt.X("at:Q", scale=x, axis=None))

    def in_head(level: float, field: str, **style):
        here = at(0.05, head).encode(y=alt.Y(datum=level, type="quantitative", scale=y, axis=None), text=field)
        return here.mark_text(align="left", color=ink, **style)

    return alt.layer(
        in_head(-2.0, "head:N", fontSize=12, opacity=0.75),
        in_head(-1.1, "fed:N", fontSize=15, font=MONOSPACE),
        row.mark_bar(height=14, cornerRadius=2).encode(
            x=alt.X("from:Q", scale=x, axis=None), x2="to:Q", color=colour, tooltip=tooltip
        ),
        at(0.27).mark_text(align="right", color=ink, fontSize=14, font=MONOSPACE).encode(text="token:N"),
        row.mark_text(align="left", dx=3, color=ink, fontSize=11).encode(
            x=alt.X("to:Q", scale=x, axis=None), text="percent:N"
        ),
    ).properties(height=150)
