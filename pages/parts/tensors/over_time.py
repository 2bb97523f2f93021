"""One pair over time, as tables: the boxes of the three tensors and the arrows between them, each in its place.

The plane that they stand in: x in time steps; y in pixels, downwards, as it is with type of the usual size. A sentence
that is too long for one line goes on in the next one.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pages.parts.drawing.charts import boxes, hatching
from pages.parts.drawing.tokens import ZERO_ROW, display_token, em_width
from pages.parts.theme import Theme
from seq2seq import Lesson
from seq2seq.tensors import Tensors
from seq2seq.vocabulary import PAD_ID, Vocabulary

TENSORS = Tensors._fields
LEFT = -1.75  # before the first time step there is space for what is output before it
BOX, WORDS, GAP = 34, 20, 32  # pixels: height of a box, of a line of words, of the arrows
_BOX_WIDTH = 0.84  # time steps
_STEPS_PER_LINE = 20  # as many boxes as can be told apart on a phone
_WORDS_PER_LINE = 6
_SHORT = {"bos": "▶", "eos": "■", "padding": "0"}  # what is written where there is no space for the token
_SIZES = {"bos": 14, "eos": 14, "padding": 12}  # of the token in pixels; of others 18
_OUTLINES = {"token": "none", "padding": "none", "left_out": "padding", "missing": "ink", "earlier": "earlier"}


class OverTime(NamedTuple):
    """One pair over time."""

    # "tensor", "title", "step"; "line" and "x", its place in the line, -1 being before the first; the edges "left",
    # "right", "top", "bottom"; "token", "short" for where that has no space, and "id"; "ems", the space that the token
    # needs, and "size", at most; "fill", "outline", "ink", what their colours stand for; "kind" and "what" it is. The
    # kinds: "token"; "bos" and "eos"; "padding", or "left_out" if the mask leaves it out; "missing" is the target that
    # the decoder would need before step 0 and never has, for want of ⟨bos⟩; "earlier" is the target of the last step in
    # the line above.
    boxes: pd.DataFrame
    strokes: pd.DataFrame  # the edges of the strokes that hatch the boxes of padding
    # From the target of one step to the input of the next, "step"; the edges of the box that each crosses from its
    # lower left to its upper right corner, where its head is.
    arrows: pd.DataFrame
    names: pd.DataFrame  # "line", "tensor", "title" and "y" of a tensor's name
    times: pd.DataFrame  # "step", "x" and "y" of the number of a time step
    right: float  # where the plane ends
    height: int  # of the plane


def vocabulary_of(lesson: Lesson, tensor: str) -> Vocabulary:
    """Returns the vocabulary whose tokens are the columns of a tensor."""
    return lesson.source_vocabulary if tensor == "encoder_inputs" else lesson.target_vocabulary


def steps_per_line(lesson: Lesson) -> int:
    """Returns how many boxes of this lesson's tokens stand in a line."""
    return _WORDS_PER_LINE if "word" in (lesson.model.source_tokens, lesson.model.target_tokens) else _STEPS_PER_LINE


def over_time(lesson: Lesson, ids: Tensors, theme: Theme) -> OverTime:
    """Places one pair of a lesson, whose tensors alone are `ids`: (1, time) each."""
    per_line = steps_per_line(lesson)
    middles, names, height = _heights(ids, per_line)
    titles = {tensor: theme.text(f"tensors.{tensor}") for tensor in TENSORS}
    placed = _boxes(lesson, ids, per_line)
    what = _what(lesson, theme)
    for box in placed:
        tensor, kind = box["tensor"], box["kind"]
        box["y"] = middles[box["line"], tensor]
        box["ems"] = 1 + 1.2 * (max(1, em_width(box["token"])) - 1)
        box["size"] = _SIZES.get(kind, 18)
        box["fill"] = tensor if kind == "token" else "padding" if kind == "padding" else "none"
        box["outline"] = _OUTLINES.get(kind, tensor)
        box["ink"] = "ink" if kind != "token" else "white" if tensor == "encoder_inputs" else "black"
        box["title"], box["what"] = titles[tensor], what[tensor if kind == "token" else kind]
    named = [
        {"line": line, "tensor": of, "y": y, "title": titles[of]} for (line, of), y in names.items() if of in titles
    ]
    if not lesson.model.markers:
        first = next(name for name in named if name["tensor"] == "decoder_targets")
        first["title"] += f" · {theme.text('tensors.missing_mark')}"
    steps = max(array.shape[1] for array in ids)
    times = [{"step": t, "x": t % per_line, "y": names[t // per_line, "time"]} for t in range(steps)]
    table = boxes(pd.DataFrame(placed), _BOX_WIDTH, BOX)
    strokes = hatching(table[table["kind"] == "padding"])
    right = min(per_line, max(12, steps)) - 0.45
    arrows = _arrows(lesson, ids, middles)
    return OverTime(table, strokes, arrows, pd.DataFrame(named), pd.DataFrame(times), right, height)


def _what(lesson: Lesson, theme: Theme) -> dict[str, str]:
    """Returns what a box of each kind is; a token is one of its tensor."""
    what = {tensor: theme.text(f"tokens.{vocabulary_of(lesson, tensor).level}") for tensor in TENSORS}
    what |= {kind: theme.text(f"tensors.{kind}") for kind in ("padding", "left_out", "missing", "earlier")}
    return what | dict.fromkeys(("bos", "eos"), theme.text("tensors.marker"))


def _boxes(lesson: Lesson, ids: Tensors, per_line: int) -> list[dict]:
    """Returns what is in every box, and in which line and where it stands in it."""
    placed = []
    for tensor, sequence in zip(TENSORS, ids, strict=True):
        filled = [_box(lesson, tensor, step, token_id) for step, token_id in enumerate(sequence[0].tolist())]
        placed += [box | {"line": t // per_line, "x": t % per_line} for t, box in enumerate(filled)]
        if tensor == "decoder_targets":
            inputs = np.flatnonzero(ids.decoder_inputs[0] != PAD_ID).tolist()
            begins = [t for t in inputs if t and t % per_line == 0]
            placed += [filled[t - 1] | {"kind": "earlier", "short": "", "line": t // per_line, "x": -1} for t in begins]
    if not lesson.model.markers:
        missing = {"tensor": "decoder_targets", "step": -1, "token": "?", "short": "", "id": "", "kind": "missing"}
        placed.append(missing | {"line": 0, "x": -1})
    return placed


def _box(lesson: Lesson, tensor: str, step: int, token_id: int) -> dict:
    vocabulary = vocabulary_of(lesson, tensor)
    if token_id == PAD_ID:
        kind, token = ("left_out", "–") if lesson.model.mask_padding else ("padding", ZERO_ROW)
    else:
        kind = {vocabulary.bos_id: "bos", vocabulary.eos_id: "eos"}.get(token_id, "token")
        token = display_token(vocabulary.tokens[token_id])
    written_id = "" if token_id == PAD_ID else str(token_id)
    short = _SHORT.get(kind, "")
    return {"tensor": tensor, "step": step, "token": token, "short": short, "id": written_id, "kind": kind}


def _heights(ids: Tensors, per_line: int) -> tuple[dict[tuple[int, str], float], dict[tuple[int, str], float], int]:
    """Returns in pixels where the boxes of each (line, tensor) have their middle, and its name; and the whole height.

    Above the boxes of a line are the numbers of the time steps, named "time".
    """
    middles, names, y = {}, {}, 0
    encoder_lines, decoder_lines = (-(-array.shape[1] // per_line) for array in ids[:2])
    for line in range(max(encoder_lines, decoder_lines)):
        names[line, "time"] = y + WORDS / 2
        y += WORDS
        if line < encoder_lines:
            names[line, "encoder_inputs"] = y + WORDS / 2 - 2
            middles[line, "encoder_inputs"] = y + WORDS + BOX / 2
            y += WORDS + BOX + 8
        if line < decoder_lines:
            names[line, "decoder_inputs"] = y + WORDS / 2 - 2
            middles[line, "decoder_inputs"] = y + WORDS + BOX / 2
            middles[line, "decoder_targets"] = y + WORDS + BOX + GAP + BOX / 2
            y += WORDS + 2 * BOX + GAP
            names[line, "decoder_targets"] = y + WORDS / 2 + 2  # below, or the arrows would run through it
            y += WORDS + 8
    return middles, names, y


def _arrows(lesson: Lesson, ids: Tensors, middles: dict[tuple[int, str], float]) -> pd.DataFrame:
    per_line = steps_per_line(lesson)
    steps = np.flatnonzero(ids.decoder_inputs[0] != PAD_ID)
    steps = steps[1:] if lesson.model.markers else steps  # ⟨bos⟩ is an input before there was any output
    x, lines = steps % per_line, steps // per_line
    y = np.array([middles[line, "decoder_targets"] - BOX / 2 for line in lines.tolist()])
    return pd.DataFrame(
        {"step": steps, "left": x - 0.72, "right": x - 0.2, "top": y - GAP + 8, "bottom": y - 2}, dtype=float
    )


def time_table(boxes: pd.DataFrame) -> pd.DataFrame:
    """Returns the boxes as a table: a row for each time step, a column for each tensor, "token (id)" in the cells."""
    own = boxes[boxes["x"] >= 0]
    written = own["token"] + own["id"].map(lambda token_id: f" ({token_id})" if token_id else "")
    return own.assign(written=written).pivot(index="step", columns="tensor", values="written")[list(TENSORS)].fillna("")
