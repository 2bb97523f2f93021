"""Which pairs make up which batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import Lesson, ModelConfig, TrainingConfig
from seq2seq.compiled.batch_order import batch_order


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**31 - 1), st.integers(0, 10_000), st.booleans())
def test_an_epoch_has_every_pair_exactly_once(pairs, batch_size, seed, epoch, shuffle):
    lesson = Lesson((("a", "b"),) * pairs, training=TrainingConfig(batch_size=batch_size, seed=seed, shuffle=shuffle))
    order = batch_order(lesson, epoch)
    assert order.shape == (-(-pairs // batch_size), batch_size)
    rows = [row for batch in order.tolist() for row in batch if row >= 0]
    assert sorted(rows) == list(range(pairs))
    assert min(map(max, order.tolist())) >= 0  # no batch is empty
    assert shuffle or rows == list(range(pairs))
    np.testing.assert_array_equal(order, batch_order(lesson, epoch))


@given(st.lists(st.integers(0, 8), min_size=2, max_size=40), st.floats(0, 0.5), st.integers(0, 100))
def test_what_is_held_out_is_never_trained_on_nor_is_another_pair_of_its_source(sources, held_out, seed):
    pairs = tuple((f"s{source}", f"t{n}") for n, source in enumerate(sources))
    lesson = Lesson(pairs, training=TrainingConfig(batch_size=3, seed=seed, held_out=held_out))
    rows = [row for row in batch_order(lesson, epoch=0).ravel().tolist() if row >= 0]
    assert sorted([*rows, *lesson.held_out_rows]) == list(range(len(pairs)))
    assert not {sources[row] for row in rows} & {sources[row] for row in lesson.held_out_rows}


def test_masked_a_batch_has_pairs_of_like_length():
    """So few of its time steps are padding. Without a mask padding is trained on, and any order costs the same."""
    pairs = tuple(("a" * (1 + n % 25), "b" * (1 + n % 25)) for n in range(200))
    training = TrainingConfig(batch_size=8)
    spread = {}
    for masked in (True, False):
        lesson = Lesson(pairs, ModelConfig(mask_padding=masked), training)
        batches = lesson.lengths.sum(axis=1)[batch_order(lesson, epoch=3)]  # (batches, batch size)
        spread[masked] = np.ptp(batches, axis=1).mean()
        assert not np.array_equal(batches, np.sort(batches.ravel()).reshape(batches.shape))  # in no order of length
    assert spread[True] < spread[False] / 3


def test_every_epoch_and_every_seed_has_another_order():
    def order(seed, epoch, shuffle=True):
        training = TrainingConfig(seed=seed, shuffle=shuffle)
        return tuple(batch_order(Lesson((("a", "b"),) * 30, training=training), epoch).ravel())

    assert len({order(seed, epoch) for seed in range(5) for epoch in range(5)}) == 25
    assert len({order(seed, epoch, shuffle=False) for seed in range(5) for epoch in range(5)}) == 1
