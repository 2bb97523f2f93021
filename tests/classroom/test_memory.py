"""What a training is estimated to take."""

from dataclasses import replace

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.memory import MAX_TRAINING_BYTES, training_bytes
from seq2seq.classroom.supplied_lessons import suggested_settings
from seq2seq.training import advance


def lesson_of(pairs=64, length=20, hidden_size=32, batch_size=8):
    texts = ("ab" * length)[:length], ("cd" * length)[:length]
    return Lesson((texts,) * pairs, ModelConfig(hidden_size), TrainingConfig(batch_size=batch_size))


@given(st.integers(1, 511), st.integers(1, 63), st.integers(1, 200))
def test_it_grows_with_batch_units_and_length(hidden_size, batch_size, length):
    sizes = {"hidden_size": hidden_size, "batch_size": batch_size, "length": length}
    least = training_bytes(lesson_of(**sizes))
    assert isinstance(least, int)
    assert least > 0
    for name, size in sizes.items():
        assert training_bytes(lesson_of(**sizes | {name: size + 1})) > least


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


def different_characters(source, target, hidden_size, batch_size):
    """Returns a lesson that is one batch; each side is given as (time, tokens)."""

    def text(n, time, tokens):
        return "".join(chr(0x4E00 + (n * time + t) % tokens) for t in range(time))

    pairs = tuple((text(n, *source), text(n, *target)) for n in range(batch_size))
    return Lesson(pairs, ModelConfig(hidden_size), TrainingConfig(batch_size=batch_size))


@pytest.mark.parametrize(
    "lesson",
    [lesson_of(4096, 300, 256, 4096), different_characters((300, 5000), (1, 1), 32, 1000)],
    ids=["greatest settings", "many source tokens to one letter"],
)
def test_what_would_fill_a_server_is_refused(lesson):
    assert training_bytes(lesson) > MAX_TRAINING_BYTES


@pytest.mark.parametrize(
    "sizes",
    [((300, 3000), (1, 1), 32), ((20, 20), (120, 3000), 32), ((40, 60), (300, 60), 256)],
    ids=["many source tokens", "many target tokens", "many units"],
)
def test_it_is_what_a_step_takes_within_a_factor_of_two(sizes):
    """TensorFlow tells the peak of its tensors. A process would tell of earlier lessons: what it took it keeps.

    In batches too small to be computed in halves: these take turns or meet, as it happens, and need less or more.
    """
    lesson = different_characters(*sizes, batch_size=31)
    state = TrainingState.new(lesson)
    try:
        tf.config.experimental.reset_memory_stats("CPU:0")
    except ValueError:
        pytest.skip("this TensorFlow does not count")
    advance(state, seconds=1e-9)
    measured = tf.config.experimental.get_memory_info("CPU:0")["peak"]
    assert measured > 1e8
    assert measured < training_bytes(lesson) < 2 * measured  # the allocator leaves gaps between tensors
