"""One pair over time: its boxes are the rows of the tensors, and each stands where it belongs."""

import numpy as np
import pytest

from pages.parts.drawing.tokens import ZERO_ROW, display_token
from pages.parts.tensors.over_time import BOX, LEFT, over_time, steps_per_line, time_table, vocabulary_of
from pages.parts.theme import Theme
from seq2seq import vectorize
from seq2seq.tensors import Tensors, token_ids
from seq2seq.vocabulary import BOS, EOS, PAD_ID


@pytest.fixture(scope="module")
def pairs(lesson):
    return [over_time(lesson, token_ids(lesson, [n]), Theme()) for n in range(len(lesson.pairs))]


def test_every_box_is_a_row_of_the_tensor(lesson, pairs):
    dense = vectorize(lesson)
    for n, pair in enumerate(pairs):
        own = pair.boxes[pair.boxes["x"] >= 0]
        assert len(own) == sum(tensor.shape[1] for tensor in dense)
        for box in own.itertuples():
            row = getattr(dense, box.tensor)[n, box.step]
            assert (box.line, box.x) == divmod(box.step, steps_per_line(lesson))
            if not row.any():
                left_out = lesson.model.mask_padding
                assert (box.kind, box.token) == (("left_out", "–") if left_out else ("padding", ZERO_ROW))
                continue
            token = vocabulary_of(lesson, box.tensor).tokens[row.argmax()]
            assert (box.id, box.token) == (str(row.argmax()), display_token(token))
            assert box.kind == {BOS: "bos", EOS: "eos"}.get(token, "token")


def test_every_arrow_leads_from_a_target_to_the_next_input(lesson, pairs):
    dense = vectorize(lesson)
    for n, pair in enumerate(pairs):
        inputs, targets = (pair.boxes[pair.boxes["tensor"] == name] for name in ("decoder_inputs", "decoder_targets"))
        for arrow in pair.arrows.itertuples():
            target = box_at(targets, "top", arrow.left, arrow.bottom)
            following = box_at(inputs, "bottom", arrow.right, arrow.top)
            assert (following["step"], target["step"]) == (arrow.step, arrow.step - 1)
            assert target["kind"] == "missing" or target["token"] == following["token"]
        # ⟨bos⟩ alone is an input and no target before it
        assert len(pair.arrows) == dense.decoder_inputs[n].any(axis=-1).sum() - lesson.model.markers


def box_at(boxes, edge, x, y):
    """Returns the box that has an edge within a few pixels of a point."""
    left, right, height = (boxes[name].to_numpy() for name in ("left", "right", edge))
    [place] = np.flatnonzero((left < x) & (x < right) & (np.abs(height - y) < 9))
    return boxes.iloc[place]


def test_nothing_stands_in_the_way(pairs):
    for pair in pairs:
        boxes = pair.boxes
        assert not boxes.duplicated(["x", "y"]).any()
        assert (
            boxes["left"].ge(LEFT).all() and boxes["right"].le(pair.right).all() and boxes["x"].diff().abs().max() >= 1
        )
        rows = np.sort(boxes["y"].unique())
        assert (np.diff(rows) > BOX).all() and rows[0] > BOX / 2 and rows[-1] + BOX / 2 < pair.height
        for words in (pair.names, pair.times):
            assert (np.abs(words["y"].to_numpy()[:, None] - rows) > BOX / 2 + 7).all()  # half a line of words


def test_padding_that_is_read_is_hatched(pairs):
    for pair in pairs:
        padding = pair.boxes[pair.boxes["kind"] == "padding"]
        around = pair.strokes.merge(padding, on=["tensor", "step"], suffixes=("", "_of_box"))
        assert len(pair.strokes) == len(around) == 3 * len(padding)
        assert (around["left"] >= around["left_of_box"] - 1e-9).all()
        assert (around["right"] <= around["right_of_box"] + 1e-9).all()
        assert around["top"].equals(around["top_of_box"].rename("top"))


def test_what_is_missing_without_markers(lesson, pairs):
    kinds = pairs[0].boxes["kind"].tolist()
    assert kinds.count("missing") == (0 if lesson.model.markers else 1)
    assert (kinds.count("bos"), kinds.count("eos")) == ((1, 1) if lesson.model.markers else (0, 0))


def test_the_table_has_every_token(lesson, pairs):
    table, ids = time_table(pairs[2].boxes), token_ids(lesson, [2])
    assert table.shape == (max(lesson.source_length, lesson.target_length), 3)
    for tensor, sequence in zip(Tensors._fields, ids, strict=True):
        for step, token_id in enumerate(sequence[0].tolist()):
            assert (f"({token_id})" in table[tensor][step]) == (token_id != PAD_ID)
