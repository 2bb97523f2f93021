"""What a training is estimated to take."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig
from seq2seq.classroom.lessons import suggested_settings
from seq2seq.classroom.memory import training_bytes
from seq2seq.limits import MAX_TRAINING_BYTES

hidden_sizes, batch_sizes = st.integers(1, 511), st.integers(1, 64)


def lesson_of(pairs=64, length=20, hidden_size=32, batch_size=8):
    texts = ("ab" * length)[:length], ("cd" * length)[:length]
    return Lesson((texts,) * pairs, ModelConfig(hidden_size), TrainingConfig(batch_size=batch_size))


@given(hidden_sizes, batch_sizes, st.integers(1, 200))
def test_it_grows_with_batch_units_and_length(hidden_size, batch_size, length):
    def estimate(**changes):
        return training_bytes(
            lesson_of(**({"length": length, "hidden_size": hidden_size, "batch_size": batch_size - 1 or 1} | changes))
        )

    least = estimate()
    assert isinstance(least, int)
    assert least > 0
    assert estimate(batch_size=batch_size + 1) > least or batch_size >= 64
    assert estimate(hidden_size=hidden_size + 1) > least
    assert estimate(length=length + 1) > least


def test_it_grows_with_the_vocabularies():
    few, many = Lesson((("aaa", "aaa"),) * 3), Lesson((("abc", "aaa"),) * 3)
    assert training_bytes(many) > training_bytes(few)
    assert training_bytes(Lesson((("aaa", "abc"),) * 3)) > training_bytes(many)


def test_a_sentence_more_takes_more_where_there_is_more_to_say():
    def per_sentence(source, target):
        lessons = [Lesson(((source, target),) * 2, training=TrainingConfig(batch_size=size)) for size in (1, 2)]
        return training_bytes(lessons[1]) - training_bytes(lessons[0])

    assert per_sentence("aaa", "aaa") < per_sentence("abc", "aaa") < per_sentence("aaa", "abc")


def test_a_batch_cannot_be_larger_than_the_lesson():
    all_at_once = lesson_of(pairs=5, batch_size=5)
    assert training_bytes(lesson_of(pairs=5, batch_size=4096)) == training_bytes(all_at_once)
    assert training_bytes(lesson_of(pairs=6, batch_size=4096)) > training_bytes(all_at_once)


def test_what_the_app_suggests_is_far_below_the_limit():
    assert training_bytes(Lesson(NOTEBOOK_PAIRS)) < MAX_TRAINING_BYTES / 100
    for pairs in (20, 400, 2000, 2001):
        model, training = suggested_settings(pairs)
        lesson = replace(lesson_of(pairs=pairs, length=80), model=model, training=training)
        assert training_bytes(lesson) < MAX_TRAINING_BYTES / 2


@pytest.mark.parametrize("hidden_size", [256, 512])
def test_the_greatest_settings_of_all_are_above_it(hidden_size):
    assert training_bytes(lesson_of(4096, 300, hidden_size, 4096)) > MAX_TRAINING_BYTES
