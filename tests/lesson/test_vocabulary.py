"""Characters to ids and back."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.data.pairs import normalise
from seq2seq.vocabulary import BOS, EOS, LEVELS, PAD_ID, UnknownTokenError, Vocabulary

anything = st.text(st.characters(), max_size=40)


@given(st.lists(anything.map(normalise), max_size=5), st.booleans(), st.sampled_from(LEVELS))
def test_decoding_takes_back_encoding(texts, markers, level):
    vocabulary = Vocabulary.from_texts(texts, markers, level)
    for text in texts:
        ids = vocabulary.encode(text)
        assert ids.shape == (len(vocabulary.split(text)),)
        assert ids.dtype == np.int32
        assert vocabulary.decode(ids) == text


@given(st.lists(anything, max_size=5), st.booleans())
def test_every_character_once_in_the_order_of_code_points_after_the_markers(texts, markers):
    vocabulary = Vocabulary.from_texts(texts, markers)
    characters = vocabulary.tokens[2 * markers :]
    assert vocabulary.tokens[: 2 * markers] == ((BOS, EOS) if markers else ())
    assert list(characters) == sorted(set("".join(texts)))
    assert len(vocabulary) == len(characters) + 2 * markers


@given(st.lists(anything, max_size=5), st.randoms())
def test_the_order_of_the_texts_changes_nothing(texts, random):
    shuffled = random.sample(texts, len(texts))
    assert Vocabulary.from_texts(texts) == Vocabulary.from_texts(shuffled)


def test_markers_have_the_first_ids_and_say_nothing():
    vocabulary = Vocabulary.from_texts(["ab"], markers=True)
    assert (vocabulary.bos_id, vocabulary.eos_id) == (0, 1)
    assert vocabulary.encode("ba").tolist() == [3, 2]
    assert vocabulary.decode([0, 3, PAD_ID, 2, 1, PAD_ID]) == "ba"


def test_without_markers_there_are_no_ids_for_them():
    vocabulary = Vocabulary.from_texts(["ab"])
    assert (vocabulary.bos_id, vocabulary.eos_id) == (None, None)
    assert vocabulary.encode("ba").tolist() == [1, 0]


@pytest.mark.parametrize("level", LEVELS)
def test_a_text_that_spells_a_marker_is_only_a_text(level):
    vocabulary = Vocabulary.from_texts([BOS + EOS], markers=True, level=level)
    ids = vocabulary.encode(BOS + EOS)
    assert len(ids) == len(vocabulary.split(BOS + EOS)) > 2
    assert not {vocabulary.bos_id, vocabulary.eos_id} & set(ids.tolist())
    assert vocabulary.decode(ids) == BOS + EOS


def test_unknown_characters_are_named_once_in_the_order_of_the_text():
    vocabulary = Vocabulary.from_texts(["abc"])
    assert vocabulary.unknown("zayaz") == ["z", "y"]
    assert vocabulary.unknown("abc") == []
    with pytest.raises(UnknownTokenError, match="'z', 'y'") as caught:
        vocabulary.encode("zayaz")
    assert caught.value.tokens == ["z", "y"]
    assert vocabulary.encode("zayaz", skip_unknown=True).tolist() == [0, 0]


@given(anything, anything)
def test_a_text_is_encoded_or_its_unknown_characters_named(known, text):
    vocabulary = Vocabulary.from_texts([known])
    unknown = vocabulary.unknown(text)
    assert set(unknown) == set(text) - set(known)
    if unknown:
        with pytest.raises(UnknownTokenError) as caught:
            vocabulary.encode(text)
        assert caught.value.tokens == unknown
    else:
        assert vocabulary.decode(vocabulary.encode(text)) == text


def test_the_same_under_every_hash_seed():
    code = (
        "from seq2seq import NOTEBOOK_PAIRS, Lesson\n"
        "lesson = Lesson(NOTEBOOK_PAIRS)\n"
        "print(ascii((list({'a', 'b', 'c', 'd'}), lesson.source_vocabulary.tokens, lesson.target_vocabulary.tokens)))"
    )
    outputs = []
    for seed in ("0", "1", "2", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append(run.stdout)
    sets, *vocabularies = zip(*(eval(output) for output in outputs), strict=True)
    assert len(set(map(tuple, sets))) > 1  # the seeds do shuffle a set
    for same in vocabularies:
        assert len(set(same)) == 1
