"""Ids and one-hot tensors."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, tensors, vectorize
from seq2seq.tensors import dense_bytes, dense_shapes, token_ids
from seq2seq.vocabulary import LEVELS, PAD_ID, join

words = st.text("abcd 한글", min_size=1, max_size=9).filter(str.strip)
some_pairs = st.lists(st.tuples(words, words), min_size=1, max_size=6).map(tuple)
models = st.builds(
    ModelConfig,
    markers=st.booleans(),
    mask_padding=st.booleans(),
    source_tokens=st.sampled_from(LEVELS),
    target_tokens=st.sampled_from(LEVELS),
)


def test_the_notebooks_shapes(notebook_lesson):
    shapes = [array.shape for array in vectorize(notebook_lesson)]
    assert shapes == [(5, 18, 23), (5, 10, 24), (5, 10, 24)] == list(dense_shapes(notebook_lesson))


def notebook_tensors(pairs):
    """Builds the three tensors with the notebook's own lines, but for the sorted characters."""
    input_texts, target_texts = [source for source, _ in pairs], [target for _, target in pairs]
    input_token = {char: i for i, char in enumerate(sorted(set("".join(input_texts))))}
    target_token = {char: i for i, char in enumerate(sorted(set("".join(target_texts))))}
    source_length, target_length = max(map(len, input_texts)), max(map(len, target_texts))
    encoder_inputs = np.zeros((len(pairs), source_length, len(input_token)), "float32")
    decoder_inputs = np.zeros((len(pairs), target_length, len(target_token)), "float32")
    decoder_targets = np.zeros((len(pairs), target_length, len(target_token)), "float32")
    for i, (input_text, target_text) in enumerate(zip(input_texts, target_texts, strict=True)):
        for t, char in enumerate(input_text):
            encoder_inputs[i, t, input_token[char]] = 1.0
        for t, char in enumerate(target_text):
            decoder_inputs[i, t, target_token[char]] = 1.0
            if t > 0:
                decoder_targets[i, t - 1, target_token[char]] = 1.0
    return encoder_inputs, decoder_inputs, decoder_targets


@given(some_pairs)
def test_the_notebooks_way_of_building_gives_the_same_values(pairs):
    for chosen in (pairs, NOTEBOOK_PAIRS):
        lesson = Lesson.as_in_notebook(chosen)
        for ours, theirs in zip(vectorize(lesson), notebook_tensors(lesson.pairs), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_the_default_lessons_shapes_have_room_for_the_markers():
    dense = vectorize(Lesson(NOTEBOOK_PAIRS))
    assert [array.shape for array in dense] == [(5, 18, 23), (5, 11, 26), (5, 11, 26)]
    assert dense.decoder_inputs[:, 0, 0].tolist() == [1] * 5  # every sentence starts with ⟨bos⟩
    assert dense.decoder_inputs[:, :, 1].sum() == 0  # ⟨eos⟩ is an output, never an input
    assert dense.decoder_targets[:, :, 1].sum() == 5
    assert dense.decoder_targets[:, :, 0].sum() == 0  # ⟨bos⟩ is an input, never an output


@given(some_pairs, models)
def test_the_decoders_target_is_its_input_one_step_later(pairs, model):
    lesson = Lesson(pairs, model)
    ids = token_ids(lesson)
    vocabulary = lesson.target_vocabulary
    for n, (source, target) in enumerate(lesson.pairs):
        assert lesson.source_vocabulary.decode(ids.encoder_inputs[n]) == source
        assert vocabulary.decode(ids.decoder_inputs[n]) == target
        tokens = vocabulary.split(target)
        left = tokens if model.markers else tokens[1:]
        assert vocabulary.decode(ids.decoder_targets[n]) == join(left, model.target_tokens)
        length = len(tokens) + model.markers
        decoder_ids, target_ids = ids.decoder_inputs[n], ids.decoder_targets[n]
        np.testing.assert_array_equal(decoder_ids[1:length], target_ids[: length - 1])
        assert target_ids[length - 1] == (vocabulary.eos_id if model.markers else PAD_ID)
        assert (decoder_ids[length:] == PAD_ID).all()
        assert (target_ids[length:] == PAD_ID).all()
        assert (ids.encoder_inputs[n, len(lesson.source_vocabulary.split(source)) :] == PAD_ID).all()


@given(some_pairs, models)
def test_a_row_has_a_single_one_and_padding_is_a_row_of_zeros(pairs, model):
    lesson = Lesson(pairs, model)
    for ids, dense, shape in zip(token_ids(lesson), vectorize(lesson), dense_shapes(lesson), strict=True):
        assert dense.shape == shape
        assert dense.dtype == np.float32
        np.testing.assert_array_equal(dense.sum(axis=-1), ids != PAD_ID)
        np.testing.assert_array_equal(dense.argmax(axis=-1), np.maximum(ids, 0))
        assert set(np.unique(dense)) <= {0, 1}


@given(some_pairs, models)
def test_the_size_is_known_beforehand(pairs, model):
    lesson = Lesson(pairs, model)
    assert dense_bytes(lesson) == sum(array.nbytes for array in vectorize(lesson))


def test_at_the_limit_and_one_byte_above(monkeypatch, notebook_lesson):
    monkeypatch.setattr(tensors, "MAX_DENSE_BYTES", dense_bytes(notebook_lesson))
    vectorize(notebook_lesson)
    monkeypatch.setattr(tensors, "MAX_DENSE_BYTES", dense_bytes(notebook_lesson) - 1)
    with pytest.raises(ValueError, match="GB"):
        vectorize(notebook_lesson)


def synthetic_lesson(pairs, length, tokens, mean=None):
    """Returns a lesson of random texts; the first pair has the full length and every token."""
    rng = random.Random(0)
    alphabet = [chr(ord("가") + n) for n in range(tokens)]
    long_text = "".join(rng.choices(alphabet, k=100_000))

    def text():
        size = length if mean is None else min(length, max(1, round(rng.expovariate(1 / mean))))
        start = rng.randrange(len(long_text) - size)
        return long_text[start : start + size]

    whole = "".join(alphabet)
    complete = [(part.ljust(length, "가"),) * 2 for part in (whole[i : i + length] for i in range(0, tokens, length))]
    return Lesson(tuple(complete + [(text(), text()) for _ in range(pairs - len(complete))]))


def test_a_gigabyte_is_refused_before_it_is_taken():
    lesson = synthetic_lesson(10_000, 60, 150)
    assert dense_bytes(lesson) == 4 * 10_000 * (60 * 150 + 2 * 61 * 152)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"1\.1 GB"):
            vectorize(lesson)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_the_size_of_a_huge_lesson_does_not_overflow():
    lesson = synthetic_lesson(20_000, 300, 3000, mean=20)
    assert dense_bytes(lesson) == 4 * 20_000 * (300 * 3000 + 2 * 301 * 3002) > 2**37


def test_76_000_pairs_would_fit_into_some_ten_megabytes():
    ids = token_ids(synthetic_lesson(760, 70, 110, mean=20))
    assert ids.encoder_inputs.shape == (760, 70)
    assert 100 * sum(array.nbytes for array in ids) < 60e6


def test_more_tokens_than_a_short_integer_counts():
    alphabet = "".join(map(chr, [*range(0x4E00, 0x9C20), *range(0x20000, 0x23300)]))
    pairs = tuple((alphabet[i : i + 300], "b") for i in range(0, len(alphabet), 300))
    lesson = Lesson(pairs)
    assert len(lesson.source_vocabulary) > np.iinfo(np.int16).max
    ids = token_ids(lesson).encoder_inputs
    assert [lesson.source_vocabulary.decode(row) for row in ids] == [source for source, _ in pairs]
