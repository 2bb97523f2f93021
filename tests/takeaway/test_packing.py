"""Trainings and rows come out of blobs as they went in, and nothing else does."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import Lesson, ModelConfig, Pair, TrainingConfig, TrainingState
from seq2seq.takeaway.document import DamagedError, MomentDocument, WorkspaceDocument, read_document, write_document
from seq2seq.takeaway.packing import Packer, Unpacker, read_records, read_rows, write_records, write_rows
from seq2seq.training import advance

cells = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.one_of(st.integers(-(2**60), 2**60), st.floats())


def same_arrays(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], strict=True)


def assert_same(one, other):
    """Two trainings are the same to the last bit."""
    assert one.lesson == other.lesson
    for part in ("weights", "adam_m", "adam_v"):
        same_arrays(getattr(one, part), getattr(other, part))
    scalars = ("step", "epoch", "batch", "sums", "evaluation", "history")
    assert [getattr(one, name) for name in scalars] == [getattr(other, name) for name in scalars]
    assert [epoch for epoch, _ in one.checkpoints] == [epoch for epoch, _ in other.checkpoints]
    for (_, ours), (_, theirs) in zip(one.checkpoints, other.checkpoints, strict=True):
        same_arrays(ours, theirs)


@pytest.fixture(scope="module")
def within_an_epoch():
    """A training that was interrupted after two batches of its 131st epoch."""
    pairs = tuple(Pair(a + b, b + a) for a in "ab" for b in "cd")
    state = TrainingState.new(Lesson(pairs, ModelConfig(4), TrainingConfig(shuffle=True, stop_when_right=False)))
    state = advance(state, epochs=130)
    while not state.batch:
        state = advance(state, seconds=1e-9)
    return state


def test_a_training_goes_on_as_if_it_had_never_been_packed(within_an_epoch):
    packer = Packer()
    document = packer.state(within_an_epoch)
    unpacked = Unpacker(packer.blobs).state(document)
    assert_same(unpacked, within_an_epoch)
    assert_same(advance(unpacked, epochs=2), advance(within_an_epoch, epochs=2))


def names_in(document):
    return {document.pairs, document.latest, *document.history, *(name for _, name in document.checkpoints)}


def test_what_was_packed_before_is_not_packed_again(within_an_epoch):
    packer = Packer()
    document = packer.state(within_an_epoch)
    assert set(packer.blobs) == names_in(document)
    packer.forget(names_in(document))
    assert packer.state(within_an_epoch) == document
    assert not packer.blobs
    later = packer.state(advance(within_an_epoch, epochs=30))
    assert set(packer.blobs) == names_in(later) - names_in(document)
    assert later.history[0] == document.history[0] and len(later.history) == 2


def test_first_weights_come_back():
    state = TrainingState.new(Lesson((Pair("ab", "cd"),), ModelConfig(3)))
    assert not all(values.flags.c_contiguous for values in state.weights.values())
    packer = Packer()
    assert_same(Unpacker(packer.blobs).state(packer.state(state)), state)


@given(st.lists(st.tuples(cells, cells)))
def test_rows_come_back(rows):
    assert read_rows(write_rows(rows)) == tuple(rows)


@given(st.lists(st.dictionaries(st.text(max_size=5), numbers), max_size=5))
def test_records_come_back_with_losses_that_went_astray(records):
    back = read_records(write_records(records))
    assert list(map(str, back)) == list(map(str, records))  # nan is not nan


@pytest.mark.parametrize(
    "content",
    [
        b'["a"]\n',
        b'["a","b","c"]\n',
        b'["a",1]\n',
        b"{}\n",
        b"[" * 100_000,
        b'["a","\xff"]\n',
        b'["a","b"]\n' * 100_001,
    ],
)
def test_what_are_no_rows(content):
    with pytest.raises(DamagedError):
        read_rows(content)


def damaged(packer, document, **changes):
    with pytest.raises(DamagedError) as error:
        Unpacker(packer.blobs).state(replace(document, **changes))
    return str(error.value)


def test_parts_that_do_not_fit_together_are_refused(within_an_epoch):
    packer = Packer()
    document = packer.state(within_an_epoch)
    assert "missing" in damaged(packer, document, latest="0" * 32)
    assert "weights" in damaged(packer, document, model=ModelConfig(5))
    assert "weights" in damaged(packer, document, latest=document.pairs)
    assert "history" in damaged(packer, document, epoch=131)
    assert "further" in damaged(packer, document, batch=5)
    packer.blobs["f" * 32] = write_rows([("a", ""), ("b", "c")])
    assert "target" in damaged(packer, document, pairs="f" * 32)


def a_document(**changes):
    now = MomentDocument("own", "0" * 32, "0" * 32, ModelConfig(), TrainingConfig())
    return replace(WorkspaceDocument(now), **changes)


def test_documents_come_back():
    document = a_document(sentence="안녕", language="ko", hidden=("train",))
    assert read_document(write_document(document)) == document


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"hidden_size":32', b'"hidden_size":1e9'),
        (b'"hidden_size":32', b'"hidden_size":"32"'),
        (b'"learning_rate":0.01', b'"learning_rate":null'),
        (b'"epochs":150', b'"epochs":10001'),
        (b'"chosen":0', b'"chosen":-1'),
        (b'"table":"0', b'"table":"../'),
        (b'"format":1', b'"format":2'),
        (b'"runs":[]', b'"runs":' + b"[" * 1_000_000),
        (b'"now"', b'"then"'),
    ],
)
def test_documents_are_checked_as_what_is_typed(before, after):
    content = write_document(a_document())
    assert before in content
    with pytest.raises(DamagedError):
        read_document(content.replace(before, after))


def test_a_document_of_a_later_version_is_called_that():
    with pytest.raises(DamagedError, match="later version"):
        read_document(b'{"format": 2, "what we do not know": true}')


def test_a_loss_that_went_astray_is_kept(within_an_epoch):
    packer = Packer()
    astray = replace(within_an_epoch, sums=(math.inf, *within_an_epoch.sums[1:]))
    assert Unpacker(packer.blobs).state(packer.state(astray)).sums == astray.sums
