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


_TRAINING_CODE = """model.fit(
  [encoder_inputs,
   decoder_inputs],
  decoder_targets)"""
_TRANSLATING_CODE = """h, c = encoder_model(sentence)
token = {first}
{loop}:
  p, h, c = decoder_model(
      token, h, c)
  token = argmax(p)"""

QUESTIONS = {  # about the model: which parts of the picture answer it
    "input": {"goal", "hear", "spoken", "loop"},
    "models": {"code", "goal", "loop", "name", "frame", "encoder", "decoder", "dense"},
    "thrown": {"thrown", "give", "all_h", "decoder"},
    "units": {"encoder", "give", "decoder"},
}


def model(lesson: Lesson, sentence_length: int, asked: str | None = None) -> None:
    """Draws the model twice, with the shapes of what flows along the arrows: as it is trained and as it translates.

    Args:
        lesson: decides the shapes.
        sentence_length: tokens of the sentence to translate.
        asked: a key of `QUESTIONS`; the parts that do not answer it step back.
    """
    wirings = {"training": _training(lesson), "translating": _translating(lesson, sentence_length)}
    drawn = ""
    for wiring, parts in wirings.items():
        cells = ""
        for area, part in parts.items():
            aside = asked is not None and area != "title" and area.split("-")[0] not in QUESTIONS[asked]
            cells += f'<div class="{area}{" aside" if aside else ""}">{part}</div>'
        drawn += f'<div class="wiring {wiring}">{cells}</div>'
    st.html(f'<div class="wirings">{drawn}</div>')


def _training(lesson: Lesson) -> dict[str, str]:
    """Returns place: what is drawn there, in the order of reading."""
    shapes, hidden = dense_shapes(lesson), lesson.model.hidden_size
    _, source_steps, source_tokens = shapes.encoder_inputs
    _, steps, tokens = shapes.decoder_inputs
    states = _struck(f"{text('picture.last_states')} {_shape('batch', hidden)}")
    return {
        "title": _title(text("picture.training"), text("picture.training_is")),
        "code": f"<pre>{_TRAINING_CODE}</pre>",
        "frame": "",
        "name": "model",
        "heard": text("picture.from_data"),
        "read": _arrow("up", "encoder_inputs", _shape("batch", source_steps, source_tokens)),
        "encoder": _encoder(hidden),
        "thrown": _thrown(text("picture.output"), _shape("batch", hidden)),
        "give": _states(_shape("batch", hidden)),
        "spoken": text("picture.teacher_forcing"),
        "hear": _arrow("up", "decoder_inputs", _shape("batch", steps, tokens)),
        "decoder": _layer(
            "B",
            "target",
            text("picture.decoder"),
            text("picture.units", units=hidden),
            text("picture.all_steps", steps=steps),
            states,
        ),
        "all_h": _arrow("up", "<code>return_sequences</code>", text("picture.all_h"), _shape("batch", steps, hidden)),
        "dense": _layer("C", "target", "Dense", "softmax"),
        "say": _arrow("up", text("picture.probabilities"), _shape("batch", steps, tokens)),
        "goal": f"<b>{text('picture.loss')}</b> decoder_targets<br>{_shape('batch', steps, tokens)}",
    }


def _translating(lesson: Lesson, sentence_length: int) -> dict[str, str]:
    """Returns place: what is drawn there, in the order of reading."""
    hidden, markers = lesson.model.hidden_size, lesson.model.markers
    source_tokens, tokens = len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    loop = "while token != eos" if markers else f"for t in range({lesson.target_length})"
    code = _TRANSLATING_CODE.format(first="bos" if markers else "zeros", loop=loop)
    return {
        "title": _title(text("picture.translating"), text("picture.translating_is")),
        "frame-encoder": "",
        "name-encoder": "encoder_model",
        "heard": text("picture.one_sentence", tokens=sentence_length),
        "read": _arrow("up", "encoder_inputs", _shape(1, sentence_length, source_tokens)),
        "encoder": _encoder(hidden),
        "thrown": _thrown(text("picture.output"), _shape(1, hidden)),
        "give": _states(_shape(1, hidden)),
        "code": f"<pre>{code}</pre>",
        "frame-decoder": "",
        "name-decoder": "decoder_model",
        "spoken": text("picture.own_pick" if markers else "picture.own_pick_notebook"),
        "hear": _arrow("up", "token", _shape(1, 1, tokens)),
        "decoder": _layer(
            "B",
            "target",
            text("picture.decoder"),
            text("picture.units", units=hidden),
            text("picture.one_step"),
            f"↻ h, c {_shape(1, hidden)} → {text('picture.next_step')}",
        ),
        "all_h": _arrow("up", text("picture.this_h"), _shape(1, 1, hidden)),
        "dense": _layer("C", "target", "Dense", "softmax"),
        "say": _arrow("up", text("picture.probabilities"), _shape(1, 1, tokens)),
        "goal": f"<b>{text('picture.pick')}</b> <code>argmax</code>",
        "loop": f"<span>Python {_shape(1, 1, tokens)}</span>",
    }


def _title(title: str, line: str) -> str:
    return f"<b>{title}</b> {line}"


def _layer(letter: str, role: str, title: str, *lines: str) -> str:
    """The letter stands for the layer's weights: the same letter, the same weights."""
    return _box(role, f'<span class="weights">{letter}</span> {title}', *lines)


def _encoder(units: int) -> str:
    lines = text("picture.units", units=units), "<code>return_state</code>"
    return _layer("A", "source", text("picture.encoder"), *lines)


def _thrown(*labels: str) -> str:
    return f'{_arrow("up", *map(_struck, labels))}<div class="bin">delete</div>'


def _struck(label: str) -> str:
    return f"<s>{label}</s>"


def _states(shape: str) -> str:
    return _box("context", "h, c", text("picture.context"), shape)


def _shape(*axes: int | str) -> str:
    return f"<code>({', '.join(map(str, axes))})</code>"


def _box(role: str, title: str, *lines: str) -> str:
    return f'<div class="box {role}"><b>{title}</b>{"<br>".join(lines)}</div>'


def _arrow(direction: str, *labels: str) -> str:
    return f'<div class="arrow {direction}">{"<br>".join(labels)}</div>'
