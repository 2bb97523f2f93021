"""Configurations and lessons: what they refuse and what follows from them."""

import math
import pickle
import unicodedata
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, lesson
from seq2seq.data.checks import check_pairs
from seq2seq.lesson import suggested_settings

NAN, INFINITY = math.nan, math.inf
BAD_NUMBERS = [
    *[(ModelConfig, "hidden_size", value) for value in (0, -1, 1025, NAN, INFINITY, -INFINITY)],
    *[(TrainingConfig, "epochs", value) for value in (0, -1, 10_001, NAN, INFINITY)],
    *[(TrainingConfig, "batch_size", value) for value in (0, -1, 4097, NAN, INFINITY)],
    *[(TrainingConfig, "learning_rate", value) for value in (0, -0.1, 1e-9, 1.01, NAN, INFINITY)],
    *[(TrainingConfig, "patience", value) for value in (-1, 10_001, NAN, INFINITY)],
    *[(TrainingConfig, "seed", value) for value in (-1, 2**31, NAN, INFINITY)],
    *[(TrainingConfig, "clip_norm", value) for value in (-0.1, 1e7, NAN, INFINITY)],
]
LEAST_AND_MOST = [
    *[(ModelConfig, "hidden_size", value) for value in (1, 1024)],
    *[(TrainingConfig, "epochs", value) for value in (1, 10_000)],
    *[(TrainingConfig, "batch_size", value) for value in (1, 4096)],
    *[(TrainingConfig, "learning_rate", value) for value in (1e-6, 1.0)],
    *[(TrainingConfig, "patience", value) for value in (0, 10_000)],
    *[(TrainingConfig, "seed", value) for value in (0, 2**31 - 1)],
    *[(TrainingConfig, "clip_norm", value) for value in (0.0, 1e6)],
]
WHOLE_NUMBERS = [
    (ModelConfig, "hidden_size"),
    *[(TrainingConfig, n) for n in ("epochs", "batch_size", "patience", "seed")],
]


@pytest.mark.parametrize(("config", "name", "value"), BAD_NUMBERS)
def test_a_bad_number_is_refused_by_its_name(config, name, value):
    with pytest.raises(ValueError, match=name):
        config(**{name: value})
    with pytest.raises(ValueError, match=name):
        replace(config(), **{name: value})


@pytest.mark.parametrize(("config", "name", "value"), LEAST_AND_MOST)
def test_the_least_and_the_most_are_taken(config, name, value):
    assert getattr(config(**{name: value}), name) == value


@pytest.mark.parametrize(("config", "name"), WHOLE_NUMBERS)
def test_what_is_counted_must_be_a_whole_number(config, name):
    with pytest.raises(ValueError, match=name):
        config(**{name: 2.5})


@pytest.mark.parametrize("config", [ModelConfig(), TrainingConfig(), Lesson(NOTEBOOK_PAIRS)])
def test_nothing_can_be_changed_in_place(config):
    with pytest.raises(FrozenInstanceError):
        config.pairs = config.hidden_size = config.epochs = 7


@pytest.mark.parametrize("pairs", [(), []])
def test_a_lesson_needs_a_pair(pairs):
    with pytest.raises(ValueError, match="at least one pair"):
        Lesson(pairs)


@pytest.mark.parametrize(
    "row",
    [("", "b"), ("a", ""), ("a", " \t"), ("a", None), (7, "b"), ("a" * 301, "b"), ("a", "\0b"), ("a", "\ud83d")],
)
def test_a_bad_row_is_refused_by_its_number(row):
    with pytest.raises(ValueError, match="row 2: "):
        Lesson((("a", "b"), row))


def test_pairs_are_checked_once(monkeypatch):
    """80,000 pairs take half a second to check, so not again whenever a setting is changed or a worker is sent them."""
    checks = []
    monkeypatch.setattr(lesson, "check_pairs", lambda rows: checks.append(rows) or check_pairs(rows))
    rows = [(" a", "b"), ("", "c"), ("a", "b"), ("c", "d")]
    checked = Lesson(check_pairs(rows).usable)
    assert checked.pairs == (("a", "b"), ("c", "d"))
    assert replace(pickle.loads(pickle.dumps(checked)), training=TrainingConfig(seed=1)).pairs is not None
    assert replace(checked, model=ModelConfig(8)).pairs is checked.pairs
    assert checks == []
    own = replace(Lesson(NOTEBOOK_PAIRS), model=ModelConfig(8))
    assert checks == [NOTEBOOK_PAIRS]
    with pytest.raises(ValueError, match="row 6: the source is empty"):  # other pairs are not those that were checked
        Lesson((*own.pairs, ("", "b")))


def test_too_many_rows_are_refused():
    with pytest.raises(ValueError, match="80000 rows"):
        Lesson((("a", "b"),) * 80_001)


def test_only_the_first_problems_are_told():
    with pytest.raises(ValueError, match="row 5: ") as caught:
        Lesson((("", "b"),) * 1000)
    assert "row 6: " not in str(caught.value)


@pytest.mark.parametrize("pairs", [NOTEBOOK_PAIRS, [list(pair) for pair in NOTEBOOK_PAIRS]])
def test_hangul_arrives_composed_however_it_was_typed(pairs):
    composed = Lesson(pairs)
    decomposed = Lesson([[unicodedata.normalize("NFD", text) for text in pair] for pair in pairs])
    assert decomposed == composed
    assert hash(decomposed) == hash(composed)
    assert decomposed.target_vocabulary == composed.target_vocabulary
    assert decomposed.target_length == 11


def test_outer_spaces_are_gone():
    assert Lesson(((" a ", "\tb\n"),)).pairs == (("a", "b"),)


@given(st.lists(st.tuples(*[st.text("ab한 é", min_size=1, max_size=9)] * 2), min_size=1, max_size=5), st.booleans())
def test_lengths_and_vocabularies_fit_every_pair(rows, markers):
    rows = [row for row in rows if all(text.strip() for text in row)] or [("a", "b")]
    made = Lesson(tuple(rows), ModelConfig(markers=markers))
    assert made.source_length == max(len(source) for source, _ in made.pairs)
    assert made.target_length == max(len(target) for _, target in made.pairs) + markers
    for source, target in made.pairs:
        assert made.source_vocabulary.unknown(source) == made.target_vocabulary.unknown(target) == []


def test_the_notebooks_lesson(notebook_lesson):
    assert notebook_lesson.pairs == NOTEBOOK_PAIRS
    assert notebook_lesson.model == ModelConfig(hidden_size=32, markers=False, mask_padding=False)
    training = notebook_lesson.training
    assert (training.batch_size, training.learning_rate, training.epochs, training.patience) == (1, 0.001, 200, 5)
    assert (training.shuffle, training.clip_norm) == (False, 0)
    assert (notebook_lesson.source_length, notebook_lesson.target_length) == (18, 10)


def test_the_default_lesson_has_markers_and_a_mask():
    default = Lesson(NOTEBOOK_PAIRS)
    assert default.model == ModelConfig(hidden_size=32, markers=True, mask_padding=True)
    assert default.target_vocabulary.tokens[:2] == ("⟨bos⟩", "⟨eos⟩")
    assert (len(default.source_vocabulary), len(default.target_vocabulary)) == (23, 26)


@given(st.integers(1, 80_000))
def test_there_are_settings_to_begin_with_for_any_number_of_pairs(pairs):
    model, training = suggested_settings(pairs)
    larger_model, larger_training = suggested_settings(pairs + 1000)
    assert model.markers
    assert model.mask_padding
    assert larger_model.hidden_size >= model.hidden_size
    assert larger_training.batch_size >= training.batch_size
