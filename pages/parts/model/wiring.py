"""The model as boxes and arrows, twice: as it is trained, and as it translates; and questions that its parts answer.

Only our own texts and numbers stand here: what students type never becomes HTML.
"""

import numpy as np
import streamlit as st

from pages.parts.drawing.wiring import arrow, box
from pages.parts.state import ModelState, bound, remembered
from pages.parts.texts import text
from seq2seq import Lesson, ModelConfig
from seq2seq.limits import SETTING_RANGES
from seq2seq.tensors import dense_shapes, token_ids
from seq2seq.vocabulary import PAD_ID

QUESTIONS = {  # about the model: which parts of the picture answer it
    "input": {"goal", "target_input", "target_from", "loop"},
    "models": {"code", "goal", "loop", "name", "frame", "encoder", "attention", "decoder", "dense"},
    "thrown": {"thrown", "states", "attention", "all_h", "decoder"},
    "units": {"encoder", "states", "decoder"},
}
_TRAINING_CODE = """model.fit(
  [encoder_inputs,
   decoder_inputs],
  decoder_targets)"""
_TRANSLATING_CODE = """{encoded} = encoder_model({sentence})
token = {first}
{loop}:
  p, h, c = decoder_model(
      token, {encoded})
  token = argmax(p)"""


@st.fragment
def section(lesson: Lesson, row: int, is_large: bool) -> None:
    """Shows the two wirings, with a row of the lesson as the sentence to translate, and what answers a question."""
    state = remembered(ModelState)
    # In large type the two wirings need all of the width to be compared.
    with st.container(gap="xsmall"):
        questions, picture = [st.container(gap="xsmall") for _ in range(2)] if is_large else st.columns([1, 4])
    with picture:
        _draw(lesson, row, state.asked)
    with questions:
        st.pills(
            text("model.ask"),
            QUESTIONS,
            format_func=lambda question: text(f"model.ask_{question}"),
            label_visibility="collapsed",
            wrap=True,
            **bound(state, "asked", starts="default"),
        )
        is_kept = state.asked == "thrown" and lesson.model.attention != "none"
        is_doubled = state.asked == "units" and lesson.model.bidirectional
        answer = "kept" if is_kept else "doubled" if is_doubled else state.asked or ""
        st.markdown(text(f"model.answer_{answer}", units=lesson.model.hidden_size, twice=lesson.model.decoder_size))
        if state.asked == "units":
            _other_units(lesson.model.decoder_size)


def _other_units(hidden: int) -> None:
    """Lets NumPy do what a decoder with another number of units would have to do with the encoder's h."""
    key = f"decoder-units-{hidden}"  # no field of `ModelState`: with another encoder it is another one and begins anew
    least, most = SETTING_RANGES["hidden_size"]  # twice as many where the encoder reads both ways
    units = st.number_input(text("model.decoder_units"), least, 2 * most, hidden, key=key, width=260)
    state_h, recurrent = np.zeros((1, hidden), np.float32), np.zeros((units, 4 * units), np.float32)
    try:
        result = (state_h @ recurrent).shape
    except ValueError as error:
        result = f"ValueError: {error}"
    product = f"state_h @ decoder_recurrent  # {state_h.shape} @ {recurrent.shape}"
    st.code(f"{product}\n{result}", language=None, wrap_lines=True)
    if units == hidden:
        st.markdown(f":green[{text('model.units_fit', units=units)}]")
    else:
        st.markdown(f":red[{text('model.units_clash', given=hidden, taken=units)}]")


def _draw(lesson: Lesson, row: int, asked: str | None) -> None:
    """Draws both wirings with the shapes of what flows along the arrows; parts that do not answer step back."""
    ids = token_ids(lesson, [min(row, len(lesson.pairs) - 1)]).encoder_inputs  # (1, time)
    steps = int(np.count_nonzero(ids != PAD_ID)) if lesson.model.mask_padding else ids.shape[1]
    wirings = {"training": _training(lesson), "translating": _translating(lesson, steps)}
    drawn = ""
    for wiring, parts in wirings.items():
        cells = ""
        for area, part in parts.items():
            is_aside = asked is not None and area != "title" and area.split("-")[0] not in QUESTIONS[asked]
            cells += f'<div class="{area}{" aside" if is_aside else ""}">{part}</div>'
        drawn += f'<div class="wiring {wiring}">{cells}</div>'
    st.html(f'<div class="wirings">{drawn}</div>')


def _training(lesson: Lesson) -> dict[str, str]:
    """Returns place: what is drawn there, in the order of reading."""
    shapes, hidden = dense_shapes(lesson), lesson.model.decoder_size
    _, source_steps, source_tokens = shapes.encoder_inputs
    _, steps, tokens = shapes.decoder_inputs
    states = _struck(f"{text('picture.last_states')} {_shape('batch', hidden)}")
    return {
        "title": f"<b>{text('picture.training')}</b> {text('picture.training_is')}",
        "code": f"<pre>{_TRAINING_CODE}</pre>",
        "frame": "",
        "name": "model",
        "source_from": text("picture.from_data"),
        "source_input": arrow("up", "encoder_inputs", _shape("batch", source_steps, source_tokens)),
        "encoder": _encoder(lesson.model),
        **_encoder_output(lesson.model, "batch", source_steps),
        "states": _states(_shape("batch", hidden)),
        "target_from": text("picture.teacher_forcing"),
        "target_input": arrow("up", "decoder_inputs", _shape("batch", steps, tokens)),
        "decoder": _decoder(hidden, text("picture.all_steps", steps=steps), states),
        "all_h": arrow("up", "<code>return_sequences</code>", text("picture.all_h"), _shape("batch", steps, hidden)),
        "dense": _layer("C", "target", "Dense", "softmax"),
        "output": arrow("up", text("picture.probabilities"), _shape("batch", steps, tokens)),
        "goal": f"<b>{text('picture.loss')}</b> decoder_targets<br>{_shape('batch', steps, tokens)}",
    }


def _translating(lesson: Lesson, sentence_length: int) -> dict[str, str]:
    """Returns place: what is drawn there, in the order of reading."""
    hidden, markers = lesson.model.decoder_size, lesson.model.markers
    source_tokens, tokens = len(lesson.source_vocabulary), len(lesson.target_vocabulary)
    loop = "while token != eos" if markers else f"for t in range({lesson.target_length})"
    encoded = ("h, c", "sentence") if lesson.model.attention == "none" else ("all_h, h, c", "\n  sentence")
    parts = {"encoded": encoded[0], "sentence": encoded[1], "first": "bos" if markers else "zeros", "loop": loop}
    code = _TRANSLATING_CODE.format(**parts)
    states = f"↻ h, c {_shape(1, hidden)} → {text('picture.next_step')}"
    return {
        "title": f"<b>{text('picture.translating')}</b> {text('picture.translating_is')}",
        "frame-encoder": "",
        "name-encoder": "encoder_model",
        "source_from": text("picture.one_sentence", tokens=sentence_length),
        "source_input": arrow("up", "encoder_inputs", _shape(1, sentence_length, source_tokens)),
        "encoder": _encoder(lesson.model),
        **_encoder_output(lesson.model, 1, sentence_length),
        "states": _states(_shape(1, hidden)),
        "code": f"<pre>{code}</pre>",
        "frame-decoder": "",
        "name-decoder": "decoder_model",
        "target_from": text("picture.own_pick" if markers else "picture.own_pick_notebook"),
        "target_input": arrow("up", "token", _shape(1, 1, tokens)),
        "decoder": _decoder(hidden, text("picture.one_step"), states),
        "all_h": arrow("up", text("picture.this_h"), _shape(1, 1, hidden)),
        "dense": _layer("C", "target", "Dense", "softmax"),
        "output": arrow("up", text("picture.probabilities"), _shape(1, 1, tokens)),
        "goal": f"<b>{text('picture.pick')}</b> <code>argmax</code>",
        "loop": f"<span>Python {_shape(1, 1, tokens)}</span>",
    }


def _layer(letter: str, role: str, title: str, *lines: str) -> str:
    """The letter stands for the layer's weights: the same letter, the same weights."""
    return box(role, f'<span class="weights">{letter}</span> {title}', *lines)


def _encoder(model: ModelConfig) -> str:
    units = model.hidden_size
    lines = [text("picture.units", units=units)]
    if model.bidirectional:
        both = text("picture.forwards", units=units), text("picture.backwards", units=units)
        lines = [text("picture.both_ways"), *both]
    lines.append("<code>return_state</code>")
    lines += ["<code>return_sequences</code>"] * (model.attention != "none")
    return _layer("A", "source", text("picture.encoder"), *lines)


def _encoder_output(model: ModelConfig, batch: int | str, steps: int) -> dict[str, str]:
    """Returns what becomes of the encoder's output: attention looks at it, or nobody does."""
    if model.attention == "none":
        return {"thrown": _thrown(text("picture.output"), _shape(batch, model.decoder_size))}
    return {
        "thrown": arrow("up", text("picture.every_h"), f"{_shape(batch, steps, model.decoder_size)} →"),
        "attention": _layer("D", "context", text("picture.attention"), "softmax(h·h)", "→ h̃ →"),
    }


def _decoder(units: int, *lines: str) -> str:
    return _layer("B", "target", text("picture.decoder"), text("picture.units", units=units), *lines)


def _thrown(*labels: str) -> str:
    return f'{arrow("up", *map(_struck, labels))}<div class="bin">delete</div>'


def _struck(label: str) -> str:
    return f"<s>{label}</s>"


def _states(shape: str) -> str:
    return box("context", "h, c", text("picture.context"), shape)


def _shape(*axes: int | str) -> str:
    return f"<code>({', '.join(map(str, axes))})</code>"
