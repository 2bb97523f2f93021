"""The pictures that are charts. What students typed appears as chart data, never as markup.

One visual language on all pages: source blue, context purple, target orange, right green, wrong vermilion, padding
grey with a 0 in it (its one-hot row is all zeros).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.texts import text
from seq2seq import DecodingStep, Lesson
from seq2seq.tensors import Tensors
from seq2seq.vocabulary import BOS, EOS, PAD_ID, Vocabulary

SOURCE, CONTEXT, TARGET, RIGHT, WRONG, PADDING = "#0072B2", "#CC79A7", "#E69F00", "#009E73", "#D55E00", "#9A9A9A"
MONOSPACE = "ui-monospace, 'D2Coding', 'Nanum Gothic Coding', Menlo, Consolas, monospace"
_STEPS_PER_LINE = 20  # as many boxes as can be told apart on a phone
_POINTS_PER_LINE = 300  # more than a screen can show apart


def shown(token: str) -> str:
    """Returns how a single token is drawn: the space as ␣, characters that cannot be seen by their number."""
    return "␣" if token == " " else shown_text(token)


def shown_text(sentence: str) -> str:
    """Returns a sentence with the characters that cannot be seen, the ordinary space apart, by their number."""
    return "".join(c if c.isprintable() else f"‹U+{ord(c):04X}›" for c in sentence)


def time_steps(lesson: Lesson, ids: Tensors, pair: int) -> None:
    """Draws one pair over time: encoder input, decoder input, decoder target, and how the last two are shifted.

    Args:
        lesson: for its vocabularies.
        ids: the lesson's tensors as ids.
        pair: row in the tensors.
    """
    lanes = {
        text("tensors.encoder_inputs"): (ids.encoder_inputs[pair], lesson.source_vocabulary, SOURCE),
        text("tensors.decoder_inputs"): (ids.decoder_inputs[pair], lesson.target_vocabulary, TARGET),
        text("tensors.decoder_targets"): (ids.decoder_targets[pair], lesson.target_vocabulary, RIGHT),
    }
    rows = [
        {"lane": lane, "step": t, "line": t // _STEPS_PER_LINE} | _box(token_id, vocabulary, colour)
        for lane, (sequence, vocabulary, colour) in lanes.items()
        for t, token_id in enumerate(sequence.tolist())
    ]
    boxes = pd.DataFrame(rows)
    _, heard, said = lanes
    spoken = np.flatnonzero(ids.decoder_targets[pair] != PAD_ID)
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
    steps = list(range(line * _STEPS_PER_LINE, (line + 1) * _STEPS_PER_LINE))
    if line == 0:
        steps = steps[: max(12, int(boxes["step"].max()) + 1)]
    x = alt.X("step:O", title=text("tensors.time_step"), scale=alt.Scale(domain=steps, paddingInner=0.12))
    x = x.axis(labelAngle=0, orient="top", domain=False, ticks=False)
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
    ).properties(height=210)


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


def training_curves(history: Sequence[dict[str, float]], epochs: int) -> None:
    """Draws loss and accuracy over the epochs, as the callback reported them.

    Args:
        history: one record per epoch.
        epochs: the end of the time axis, so that it stands still while the lines grow.
    """
    every = math.ceil(len(history) / _POINTS_PER_LINE) or 1
    kept = [record for n, record in enumerate(history) if n % every == 0 or n == len(history) - 1]
    for metric, colour, column in zip(("loss", "accuracy"), (WRONG, RIGHT), st.columns(2), strict=True):
        data = pd.DataFrame([{"epoch": r["epoch"], "value": r[metric]} for r in kept], columns=["epoch", "value"])
        column.vega_lite_chart(
            data, _curve(text(f"train.{metric}"), text("train.epoch"), metric, colour, epochs),
            width="stretch", key=f"curve-{metric}", alt=text(f"train.{metric}"),
        )  # fmt: skip


@st.cache_data(max_entries=64)
def _curve(title: str, epoch: str, metric: str, colour: str, epochs: int) -> dict:
    """Returns the specification of a curve without its data: building it takes longer than drawing it."""
    scale = {"domain": [0, 1]} if metric == "accuracy" else {"domainMin": 0}
    x = {"field": "epoch", "type": "quantitative", "title": epoch, "scale": {"domain": [1, max(2, epochs)]}}
    y = {"field": "value", "type": "quantitative", "title": title, "scale": scale}
    tooltip = [{"field": "epoch", "title": epoch}, {"field": "value", "title": title, "format": ".4f"}]
    return {
        "height": 260,
        "encoding": {"x": x | {"axis": {"tickMinStep": 1, "format": "d"}}, "y": y, "tooltip": tooltip},
        "layer": [
            {"mark": {"type": "line", "color": colour, "strokeWidth": 2.5}},
            {"mark": {"type": "circle", "color": colour, "opacity": 0.25, "size": 40}},
        ],
    }


def decoding_steps(steps: Sequence[DecodingStep], vocabulary: Vocabulary, candidates: int = 4) -> None:
    """Draws each turn of the decoding loop: what went in, the most probable tokens, which of them was picked.

    Args:
        steps: the whole translation.
        vocabulary: of the target.
        candidates: how many tokens to show at each step.
    """
    per_line = 4
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
