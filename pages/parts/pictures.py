"""The encoder–decoder as boxes and arrows. Boxes wrap on a narrow screen, which a drawing could not.

Only our own texts and numbers stand here: what students type never becomes HTML.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.texts import text
from seq2seq import Lesson
from seq2seq.tensors import dense_shapes


def story() -> None:
    """Draws what an encoder–decoder does, with one sentence."""
    st.html(
        _flow(
            _box("source", text("picture.encoder"), text("picture.encoder_reads"), "<code>H e l l o .</code>"),
            _arrow("h, c"),
            _box("context", text("picture.context"), text("picture.context_is")),
            _arrow("h, c"),
            _box("target", text("picture.decoder"), text("picture.decoder_writes"), "<code>안 녕 하 세 요 .</code>"),
        )
    )


def model(lesson: Lesson) -> None:
    """Draws the model of a lesson with the shapes of what flows along the arrows."""
    shapes, hidden = dense_shapes(lesson), lesson.model.hidden_size
    _, source_steps, source_tokens = shapes.encoder_inputs
    _, target_steps, target_tokens = shapes.decoder_inputs
    thrown = f'<span class="thrown">{text("picture.output")} (batch, {hidden})</span>'
    st.html(
        _flow(
            _arrow(f"encoder_inputs<br><code>(batch, {source_steps}, {source_tokens})</code>"),
            _box("source", text("picture.encoder"), f"LSTM, units={hidden}", thrown),
            _arrow(f"state_h<br><code>(batch, {hidden})</code>"),
            _box("context", text("picture.context"), "h, c", text("picture.all_it_knows")),
            _arrow(f"state_c<br><code>(batch, {hidden})</code>"),
            _box("target", text("picture.decoder"), f"LSTM, units={hidden}", text("picture.starts_from")),
        )
        + "<br>"
        + _flow(
            _arrow(f"decoder_inputs<br><code>(batch, {target_steps}, {target_tokens})</code>"),
            _box("target", text("picture.decoder"), "return_sequences=True"),
            _arrow(f"{text('picture.all_h')}<br><code>(batch, {target_steps}, {hidden})</code>"),
            _box("target", "Dense", "softmax", text("picture.same_each_step")),
            _arrow(f"{text('picture.probabilities')}<br><code>(batch, {target_steps}, {target_tokens})</code>"),
        )
    )


def _flow(*parts: str) -> str:
    return f'<div class="flow">{"".join(parts)}</div>'


def _box(role: str, title: str, *lines: str) -> str:
    return f'<div class="box {role}"><b>{title}</b>{"<br>".join(lines)}</div>'


def _arrow(label: str) -> str:
    return f'<div class="arrow">{label}</div>'
