"""Figures by the length of the source: groups, and what is counted in them."""

from hypothesis import given
from hypothesis import strategies as st

from seq2seq import Lesson, ModelConfig, Pair, TrainingConfig
from seq2seq.analysis.lengths import MAX_GROUPS, by_length

PAIRS = tuple(Pair("a" * n, "b" * n) for n in range(1, 6))


def test_each_length_by_itself_where_there_are_few():
    outputs = {"a": "b", "aa": "b", "aaa": "bbb", "aaaa": "", "aaaaa": "bbbbb"}
    found = by_length(Lesson(PAIRS), outputs)
    assert [(of.least, of.most, of.sentences) for of in found] == [(n, n, 1) for n in range(1, 6)]
    assert [of.exact_match for of in found] == [1, 0, 1, 0, 1]
    assert [of.cer for of in found] == [0, 0.5, 0, 1, 0]
    assert not any(of.is_held_out for of in found)


def test_what_is_held_out_is_counted_apart():
    lesson = Lesson(PAIRS, training=TrainingConfig(held_out=0.4))
    found = by_length(lesson, {pair.source: pair.target for pair in PAIRS})
    assert sum(of.sentences for of in found if of.is_held_out) == 2
    assert sum(of.sentences for of in found if not of.is_held_out) == 3


@given(st.sets(st.integers(1, 300), min_size=1, max_size=30))
def test_every_sentence_is_in_one_of_a_dozen_groups(lengths):
    pairs = tuple(Pair("a" * n, "b") for n in lengths)
    found = by_length(Lesson(pairs, ModelConfig(1)), dict(pairs))
    assert sum(of.sentences for of in found) == len(pairs)
    assert len(found) <= MAX_GROUPS
    for n in lengths:
        assert sum(of.least <= n <= of.most for of in found) == 1
