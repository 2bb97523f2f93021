"""What the pictures of the page Tensors show, as tables of numbers, which the tests compare with `vectorize`."""

from __future__ import annotations

import random
from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd

from pages.parts import theme
from seq2seq import Lesson
from seq2seq.tensors import Tensors, dense_shapes, id_type, one_hot
from seq2seq.vocabulary import PAD_ID, Vocabulary

TENSORS = Tensors._fields
KERNELS = {"encoder_inputs": "encoder_kernel", "decoder_inputs": "decoder_kernel"}  # what a tensor is multiplied with
_STEPS_PER_LINE = 20  # as many boxes as can be told apart on a phone
_WORDS_PER_LINE = 6
_MAX_COLUMNS = 80  # of a vocabulary that can be told apart
_KERNEL_ROWS, _KERNEL_COLUMNS = 7, 7  # that are drawn with their numbers


def vocabulary_of(lesson: Lesson, tensor: str) -> Vocabulary:
    """Returns the vocabulary whose tokens are the columns of a tensor."""
    return lesson.source_vocabulary if tensor == "encoder_inputs" else lesson.target_vocabulary


def steps_per_line(lesson: Lesson) -> int:
    """Returns how many boxes of this lesson's tokens stand in a line."""
    return _WORDS_PER_LINE if "word" in (lesson.model.source_tokens, lesson.model.target_tokens) else _STEPS_PER_LINE


def time_rows(lesson: Lesson, ids: Tensors) -> pd.DataFrame:
    """Returns a box for each time step of the three tensors, and what stands before the first box of a line.

    The kinds: "token"; "bos" and "eos"; "padding", or "left_out" if the mask leaves it out; "missing" is what the
    decoder would have to say before step 0 and is never asked to, for want of ⟨bos⟩; "earlier" is what it says at the
    last step of the line above.

    Args:
        lesson: for its vocabularies and its settings.
        ids: the tensors of one pair alone, as ids: (1, time) each.

    Returns:
        Columns "tensor", "step", "line", "x" (place in the line, -1 is before the first), "token", "id", "kind".
    """
    per_line = steps_per_line(lesson)
    rows = []
    for tensor, sequence in zip(TENSORS, ids, strict=True):
        boxes = [_box(lesson, tensor, step, int(token_id)) for step, token_id in enumerate(sequence[0])]
        rows += [box | {"line": t // per_line, "x": t % per_line} for t, box in enumerate(boxes)]
        if tensor == "decoder_targets":
            heard = np.flatnonzero(ids.decoder_inputs[0] != PAD_ID)
            begins = [step for step in heard.tolist() if step and step % per_line == 0]
            rows += [boxes[t - 1] | {"kind": "earlier", "line": t // per_line, "x": -1} for t in begins]
    if not lesson.model.markers:
        nothing = {"tensor": "decoder_targets", "step": -1, "token": "?", "id": "", "kind": "missing"}
        rows.append(nothing | {"line": 0, "x": -1})
    return pd.DataFrame(rows)


def _box(lesson: Lesson, tensor: str, step: int, token_id: int) -> dict:
    vocabulary = vocabulary_of(lesson, tensor)
    box = {"tensor": tensor, "step": step}
    if token_id == PAD_ID:
        kind, token = ("left_out", "–") if lesson.model.mask_padding else ("padding", theme.ZERO_ROW)
        return box | {"token": token, "id": "", "kind": kind}
    kind = {vocabulary.bos_id: "bos", vocabulary.eos_id: "eos"}.get(token_id, "token")
    return box | {"token": theme.display_token(vocabulary.tokens[token_id]), "id": str(token_id), "kind": kind}


def shift_rows(lesson: Lesson, ids: Tensors) -> pd.DataFrame:
    """Returns the arrows of the shift: from what should be said at one step to what is heard at the next.

    Returns:
        Columns "step" (of what is heard), "line", "x" (where it is heard; it is said one place before).
    """
    per_line = steps_per_line(lesson)
    heard = np.flatnonzero(ids.decoder_inputs[0] != PAD_ID)
    heard = heard[1:] if lesson.model.markers else heard  # ⟨bos⟩ is heard before anything was said
    return pd.DataFrame({"step": heard, "line": heard // per_line, "x": heard % per_line})


def time_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the boxes as a table: a row for each time step, a column for each tensor, "token (id)" in the cells."""
    own = rows[~rows["kind"].isin(["missing", "earlier"])]
    said = own["token"] + own["id"].map(lambda token_id: f" ({token_id})" if token_id else "")
    return own.assign(said=said).pivot(index="step", columns="tensor", values="said")[list(TENSORS)].fillna("")


def printed(tensor: str, n: int, t: int, row: np.ndarray) -> list[tuple[str, str]]:
    """Returns lines of NumPy that look at one time step of a tensor, and what each prints.

    Args:
        tensor: its name.
        n: the pair.
        t: the time step.
        row: its one-hot row: (tokens,).
    """
    here, token_id = f"{tensor}[{n}, {t}]", row.argmax()
    lines = [(f"{here}.sum()", row.sum()), (f"{here}.argmax()", token_id)]
    if row.any():
        lines.insert(0, (f"{tensor}[{n}, {t}, {token_id}]", row[token_id]))
    return [(line, str(value)) for line, value in lines]


def printed_product(tensor: str, n: int, t: int, row: np.ndarray, kernel: np.ndarray) -> tuple[str, str]:
    """Returns the line of NumPy that compares the product of a one-hot row and a kernel with a row of the kernel.

    Args:
        tensor, n, t: see `printed`.
        row: (tokens,).
        kernel: (tokens, 4 · hidden).
    """
    product, name = f"{tensor}[{n}, {t}] @ {KERNELS[tensor]}", KERNELS[tensor]
    if not row.any():
        return f"np.any({product})", str(np.any(row @ kernel))
    return f"np.array_equal({product}, {name}[{row.argmax()}])", str(np.array_equal(row @ kernel, kernel[row.argmax()]))


def numbered_as_a_set(lesson: Lesson, seed: int) -> Lesson:
    """Returns a lesson whose tokens, markers included, are numbered in an order drawn by chance, as a `set` gives it.

    Weights that were trained with the sorted ids fit into it, but they mean other tokens.
    """
    renumbered, drawn = copy(lesson), random.Random(seed)
    for side in ("source", "target"):
        vocabulary = getattr(lesson, f"{side}_vocabulary")
        tokens = tuple(drawn.sample(vocabulary.tokens, len(vocabulary)))
        renumbered.__dict__[f"{side}_vocabulary"] = replace(vocabulary, tokens=tokens)  # in place of the cached one
    return renumbered


def window(size: int, at: int, most: int) -> range:
    """Returns at most so many neighbouring places of a row, with one of them as near to the middle as can be."""
    first = max(0, min(at - most // 2, size - most))
    return range(first, min(size, first + most))


def row_in_short(row: np.ndarray) -> str:
    """Writes a one-hot row: its numbers around the 1."""
    places = window(len(row), int(row.argmax()), 9)
    numbers = [f"{row[place]:g}" for place in places]
    return " ".join(["…"] * (places[0] > 0) + numbers + ["…"] * (places[-1] < len(row) - 1))


def one_hot_table(ids: np.ndarray, vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns a sentence one-hot: a row for each time step, a column "id token" for each token.

    Of a large vocabulary only the columns that this sentence uses can be told apart, so only they are returned.

    Args:
        ids: (time,).
        vocabulary: its tokens name the columns.
    """
    columns = range(len(vocabulary))
    if len(vocabulary) > _MAX_COLUMNS:
        columns = sorted(set(ids.tolist()) - {PAD_ID})
    names = [f"{token_id} {theme.display_token(vocabulary.tokens[token_id])}" for token_id in columns]
    return pd.DataFrame(one_hot(ids, len(vocabulary))[:, list(columns)].astype(int), columns=names)


def product_table(row: np.ndarray, kernel: np.ndarray, vocabulary: Vocabulary) -> pd.DataFrame:
    """Returns a window of a one-hot row, the kernel it is multiplied with, and their product as the last row.

    Args:
        row: x: (tokens,).
        kernel: (tokens, 4 · hidden).
        vocabulary: its tokens name the kernel's rows.

    Returns:
        Rows "id token" and "x @ kernel"; the column "x", then the kernel's columns by their number.
    """
    rows = window(len(row), int(row.argmax()), _KERNEL_ROWS)
    columns = range(min(_KERNEL_COLUMNS, kernel.shape[1]))
    names = [f"{token_id} {theme.display_token(vocabulary.tokens[token_id])}" for token_id in rows]
    table = pd.DataFrame(kernel[rows.start : rows.stop, : len(columns)], index=names, columns=map(str, columns))
    table.loc["x @ kernel"] = (row @ kernel)[: len(columns)]
    table.insert(0, "x", [*row[rows.start : rows.stop], np.nan])
    return table


def memory_table(lesson: Lesson, longer: int = 1, larger: int = 1) -> pd.DataFrame:
    """Returns the bytes of the three tensors, one-hot ("dense") and as ids ("ids"), for 1 to a million pairs.

    Args:
        lesson: for its lengths, its vocabularies and its number of pairs, which is one of the rows.
        longer: how many times as long the sentences are.
        larger: how many times as large the vocabularies are.
    """
    shapes = [(steps * longer, tokens * larger) for _, steps, tokens in dense_shapes(lesson)]
    dense = 4 * sum(steps * tokens for steps, tokens in shapes)
    ids = sum(steps * np.dtype(id_type(tokens)).itemsize for steps, tokens in shapes)
    pairs = sorted({*(10**power for power in range(7)), len(lesson.pairs)})
    return pd.DataFrame({"dense": [n * dense for n in pairs], "ids": [n * ids for n in pairs]}, index=pairs)


def size(number_of_bytes: float) -> str:
    """Writes a size in the unit that suits it."""
    for unit in ("B", "kB", "MB", "GB"):
        if number_of_bytes < 999.5:
            return f"{number_of_bytes:.3g} {unit}"
        number_of_bytes /= 1000
    return f"{number_of_bytes:,.0f} TB" if number_of_bytes >= 100 else f"{number_of_bytes:.3g} TB"
