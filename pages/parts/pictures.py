"""The encoder–decoder as boxes and arrows. On a narrow screen they stand below each other, which a drawing could not.

Only our own texts and numbers stand here: what students type never becomes HTML.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.texts import text
from seq2seq import Lesson
from seq2seq.tensors import dense_shapes


def story() -> None:
    """Draws what an encoder–decoder does, with one sentence."""
    parts = (
        _box("source", text("picture.encoder"), text("picture.encoder_reads"), "<code>H e l l o .</code>"),
        _arrow("right", "h, c"),
        _box("context", text("picture.context"), text("picture.context_is")),
        _arrow("right", "h, c"),
        _box("target", text("picture.decoder"), text("picture.decoder_writes"), "<code>안 녕 하 세 요 .</code>"),
    )
    st.html(f'<div class="flow">{"".join(parts)}</div>')


def model(lesson: Lesson) -> None:
    """Draws the model of a lesson with the shapes of what flows along the arrows."""
    shapes, hidden = dense_shapes(lesson), lesson.model.hidden_size
    _, source_steps, source_tokens = shapes.encoder_inputs
    _, target_steps, target_tokens = shapes.decoder_inputs
    parts = {  # grid area: what is drawn there, in the order of reading
        "read": _arrow("up", "encoder_inputs", _shape(source_steps, source_tokens)),
        "encoder": _box("source", text("picture.encoder"), text("picture.units", units=hidden)),
        "thrown": _arrow("up thrown", text("picture.output"), _shape(hidden)),
        "give": _arrow("right", "state_h, state_c", _shape(hidden)),
        "context": _box("context", text("picture.context"), "h, c", text("picture.all_it_knows")),
        "take": _arrow("right", text("picture.initial_state")),
        "hear": _arrow("up", "decoder_inputs", _shape(target_steps, target_tokens)),
        "decoder": _box("target", text("picture.decoder"), text("picture.units", units=hidden)),
        "all_h": _arrow("up", text("picture.all_h"), _shape(target_steps, hidden)),
        "dense": _box("target", "Dense", "softmax", text("picture.same_each_step")),
        "say": _arrow("up", text("picture.probabilities"), _shape(target_steps, target_tokens)),
    }
    cells = "".join(f'<div style="grid-area: {area}">{part}</div>' for area, part in parts.items())
    st.html(f'<div class="network">{cells}</div>')


def _shape(*axes: int) -> str:
    return f"<code>(batch, {', '.join(map(str, axes))})</code>"


def _box(role: str, title: str, *lines: str) -> str:
    return f'<div class="box {role}"><b>{title}</b>{"<br>".join(lines)}</div>'


def _arrow(direction: str, *labels: str) -> str:
    return f'<div class="arrow {direction}">{"<br>".join(labels)}</div>'
