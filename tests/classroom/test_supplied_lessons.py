"""The supplied lessons, and settings for a student's own pairs."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import Lesson, TrainingState, Translator
from seq2seq.analysis.batched import translate_all
from seq2seq.classroom.supplied_lessons import (
    SUPPLIED_LESSONS,
    date_pairs,
    korean_number,
    letter_pairs,
    number_pairs,
    reverse_pairs,
    suggested_settings,
)
from seq2seq.data.checks import check_pairs
from seq2seq.data.pairs import NOTEBOOK_PAIRS
from seq2seq.lesson import ATTENTIONS, ModelConfig

every_lesson = pytest.mark.parametrize("supplied", SUPPLIED_LESSONS.values(), ids=SUPPLIED_LESSONS)


def pairs_of(name):
    return SUPPLIED_LESSONS[name].pairs


def test_the_notebook_comes_first_with_the_default_model_and_at_least_four_more_follow():
    first = next(iter(SUPPLIED_LESSONS.values()))
    assert (first.name, first.pairs, first.model) == ("notebook", NOTEBOOK_PAIRS, ModelConfig())
    assert set(SUPPLIED_LESSONS) >= {"notebook", "reverse", "dates", "numbers", "greetings"}
    assert all(name == supplied.name for name, supplied in SUPPLIED_LESSONS.items())


@every_lesson
def test_a_lesson_can_be_trained_as_it_is_and_is_short_enough_for_a_class(supplied):
    assert check_pairs(supplied.pairs) == (supplied.pairs, [])  # not even a note
    assert len({pair.source for pair in supplied.pairs}) == len(supplied.pairs) <= 1000
    assert max(len(text) for pair in supplied.pairs for text in pair) <= 30


@pytest.mark.parametrize(
    ("name", "make"),
    [("reverse", reverse_pairs), ("letters", letter_pairs), ("dates", date_pairs), ("numbers", number_pairs)],
)
def test_generated_pairs_are_the_same_every_time(name, make):
    assert make() == make() == pairs_of(name)


@pytest.mark.parametrize("name", ["reverse", "letters"])
def test_words_are_reversed(name):
    for source, target in pairs_of(name):
        assert source.islower()
        assert list(reversed(source)) == list(target)
        assert source != target


def date_and_form(source):
    for form in ("%d %B %Y", "%B %d, %Y", "%d %b %Y"):
        try:
            return datetime.strptime(source, form).date(), form
        except ValueError:
            continue
    raise AssertionError(f"{source} is in none of the forms")


def test_dates_are_the_days_they_name_in_every_form_and_month():
    days, forms = zip(*(date_and_form(source) for source, _ in pairs_of("dates")), strict=True)
    assert [target for _, target in pairs_of("dates")] == [day.isoformat() for day in days]
    assert len(set(forms)) == 3
    assert len({day.month for day in days}) == 12


def test_korean_numbers():
    words = {1: "일", 10: "십", 21: "이십일", 111: "백십일", 808: "팔백팔", 1000: "천", 2024: "이천이십사"}
    assert {number: korean_number(number) for number in words} == words


def test_korean_numbers_say_their_value():
    digits, units = "일이삼사오육칠팔구", {"십": 10, "백": 100, "천": 1000}
    for number in range(1, 10_000):
        value, digit = 0, 0
        for character in korean_number(number):
            if character in units:
                value, digit = value + max(digit, 1) * units[character], 0
            else:
                digit = digits.index(character) + 1
        assert value + digit == number


def test_numbers_leave_some_to_try():
    sources = {pair.source for pair in pairs_of("numbers")}
    assert {str(number) for number in range(1, 10)} < sources
    assert len(sources) < 500


def test_greetings_are_polite_throughout():
    for _, target in pairs_of("greetings"):
        assert target.endswith(("요.", "요?", "요!"))


@given(st.integers(1, 80_000))
def test_there_are_settings_to_begin_with_for_any_number_of_pairs(pairs):
    model, training = suggested_settings(pairs)
    larger_model, larger_training = suggested_settings(pairs + 1000)
    assert model.markers
    assert model.mask_padding
    assert larger_model.hidden_size >= model.hidden_size
    assert larger_training.batch_size >= training.batch_size


def reversed_by(attention, seed):
    """Trains the lesson of letters; returns the state, and held-out words of eight letters and more → the output."""
    from seq2seq.training import advance  # noqa: PLC0415

    supplied = SUPPLIED_LESSONS["letters"]
    model, training = replace(supplied.model, attention=attention), replace(supplied.training, seed=seed)
    lesson = Lesson(supplied.pairs, model, training)
    state = advance(TrainingState.new(lesson), epochs=training.epochs)
    words = sorted(word for word in lesson.held_out_sources if len(word) >= 8)
    return state, dict(zip(words, translate_all(Translator(state), words), strict=True))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 5))])
def test_long_words_go_wrong_without_attention_and_right_with_it(seed):
    """Words that were held out. Attention looks at the last letter first, and then goes back letter by letter."""
    right = {}
    for attention in ATTENTIONS:
        state, outputs = reversed_by(attention, seed)
        right[attention] = np.mean([output == word[::-1] for word, output in outputs.items()])
    assert right["none"] < 0.3
    assert right["dot"] > 0.8
    is_looked_at = [
        np.argmax(step.attention.weights) == len(word) - 1 - n
        for word in state.lesson.held_out_sources
        for n, step in enumerate(Translator(state).steps(word))
        if n < len(word)
    ]
    assert np.mean(is_looked_at) > 0.9
