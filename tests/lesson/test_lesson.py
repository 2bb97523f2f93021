"""Configurations and lessons: what they refuse and what follows from them."""

import math
import pickle
import unicodedata
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, lesson
from seq2seq.data import checks
from seq2seq.data.checks import check_pairs
from seq2seq.limits import SETTING_RANGES

CONFIG_OF = {name: config for config in (ModelConfig, TrainingConfig) for name in config.__dataclass_fields__}
AT_THE_EDGES = [
    ("hidden_size", 1, 512, [0, -1, 513]),
    ("epochs", 1, 10_000, [0, -1, 10_001]),
    ("batch_size", 1, 4096, [0, -1, 4097]),
    ("learning_rate", 0.0001, 1.0, [0, -0.1, 0.00009, 1.01]),
    ("patience", 0, 10_000, [-1, 10_001]),
    ("seed", 0, 2**31 - 1, [-1, 2**31]),
    ("clip_norm", 0.0, 1e6, [-0.1, 1e7]),
    ("held_out", 0.0, 0.5, [-0.1, 0.51]),
]


def test_every_range_is_of_a_setting():
    assert {name for name, *_ in AT_THE_EDGES} == set(SETTING_RANGES)


@pytest.mark.parametrize(("name", "least", "most", "bad"), AT_THE_EDGES)
def test_a_number_out_of_its_range_is_refused_by_its_name(name, least, most, bad):
    config = CONFIG_OF[name]
    assert [getattr(config(**{name: value}), name) for value in (least, most)] == [least, most]
    for value in [*bad, math.nan, math.inf, -math.inf]:
        with pytest.raises(ValueError, match=name):
            config(**{name: value})
        with pytest.raises(ValueError, match=name):
            replace(config(), **{name: value})


@pytest.mark.parametrize("name", ["hidden_size", "epochs", "batch_size", "patience", "seed"])
def test_what_is_counted_must_be_a_whole_number(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        CONFIG_OF[name](**{name: 2.5})


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
    checked_rows = []
    monkeypatch.setattr(lesson, "check_pairs", lambda rows: checked_rows.append(rows) or check_pairs(rows))
    rows = [(" a", "b"), ("", "c"), ("a", "b"), ("c", "d")]
    checked = Lesson(check_pairs(rows).usable)
    assert checked.pairs == (("a", "b"), ("c", "d"))
    assert replace(pickle.loads(pickle.dumps(checked)), training=TrainingConfig(seed=1)).pairs is not None
    assert replace(checked, model=ModelConfig(8)).pairs is checked.pairs
    assert checked_rows == []
    own = replace(Lesson(NOTEBOOK_PAIRS), model=ModelConfig(8))
    assert checked_rows == [NOTEBOOK_PAIRS]
    with pytest.raises(ValueError, match="row 6: the source is empty"):  # other pairs are not those that were checked
        Lesson((*own.pairs, ("", "b")))


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(checks, "MAX_PAIRS", 3)
    with pytest.raises(ValueError, match="more than 3 rows"):
        Lesson((("a", "b"),) * 4)


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
