"""What a training is estimated to take."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

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


# A lesson of different characters, as (source time, source tokens, target time, target tokens, units, batch).
MEASURE = """
import resource, sys
import psutil
from seq2seq import Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.memory import training_bytes
from seq2seq.training import advance

source_time, source_tokens, target_time, target_tokens, units, batch = map(int, sys.argv[1:])

def text(n, time, tokens):
    return "".join(chr(0x4E00 + (n * time + t) % tokens) for t in range(time))

pairs = tuple((text(n, source_time, source_tokens), text(n, target_time, target_tokens)) for n in range(batch))
lesson = Lesson(pairs, ModelConfig(units), TrainingConfig(batch_size=batch))
small = Lesson((("a", "b"),) * batch, ModelConfig(256), TrainingConfig(batch_size=batch))
advance(TrainingState.new(small), epochs=1)  # compiles the same function
before = psutil.Process().memory_info().rss
advance(TrainingState.new(lesson), seconds=1e-9)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before, training_bytes(lesson))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is told in other units")
@pytest.mark.parametrize(
    "sizes",
    [(300, 1500, 1, 1, 32, 100), (60, 60, 60, 60, 256, 128)],
    ids=["many source tokens to one letter", "many units"],
)
def test_it_is_what_a_process_takes_within_a_factor_of_two(sizes):
    run = [sys.executable, "-c", MEASURE, *map(str, sizes)]
    done = subprocess.run(run, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    measured, estimated = map(int, done.stdout.split()[-2:])
    assert measured > 1e8  # so that what else a process does is little beside it
    assert measured / 2 < estimated < 2 * measured


def test_many_source_tokens_to_one_letter_are_refused():
    """They were let through: their one-hot rows were counted by the length of the target."""
    pairs = tuple(("".join(chr(0x4E00 + (n * 300 + t) % 5000) for t in range(300)), "x") for n in range(1000))
    assert training_bytes(Lesson(pairs, training=TrainingConfig(batch_size=1000))) > MAX_TRAINING_BYTES
