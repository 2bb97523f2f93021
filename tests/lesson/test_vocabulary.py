"""Texts to tokens to ids, and back."""

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.data.pairs import normalise
from seq2seq.vocabulary import BOS, EOS, LEVELS, PAD_ID, UnknownTokenError, Vocabulary, join, split

anything = st.text(st.characters(), max_size=40)
LEAST_TO_MOST = ("jamo", "character", "word")  # the tokens grow
# Composed and lone Hangul, marks that compose and marks that do not, emoji of several characters, every kind of space.
TRICKY = "안녕뷁 각ㄱㅏ한ᆨ éx́́ñ가́ नमस्ते 漢字 👩‍🚀☕️🇰🇷 \u00a0\u3000\u202f\u200b\u200c می aB9_'’.,?!()⟨bos⟩"
texts = st.one_of(st.text(st.characters(), max_size=40), st.text(TRICKY, max_size=40)).map(normalise)


@pytest.mark.parametrize("level", LEVELS)
@given(text=texts)
def test_joining_takes_back_splitting(level, text):
    tokens = split(text, level)
    assert join(tokens, level) == text
    assert all(tokens)


@given(texts)
def test_smaller_tokens_are_more(text):
    counts = [len(split(text, level)) for level in LEAST_TO_MOST]
    assert all(more >= fewer for more, fewer in pairwise(counts))


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("안녕", {"character": 2, "jamo": 6, "word": 1}),
        ("너의 이름이 뭐니?", {"character": 10, "jamo": 18, "word": 4}),
        ("What is your name?", {"character": 18, "jamo": 18, "word": 5}),
        ("é", {"character": 1, "jamo": 1, "word": 1}),
        ("", {"character": 0, "jamo": 0, "word": 0}),
    ],
)
def test_how_many_tokens(text, counts):
    assert {level: len(split(text, level)) for level in LEVELS} == counts


def test_jamo_are_unicodes_own_and_everything_else_stays():
    assert split("강é가", "jamo") == ["ᄀ", "ᅡ", "ᆼ", "é", "ᄀ", "ᅡ"]
    assert "".join(split("안녕하세요", "jamo")) == unicodedata.normalize("NFD", "안녕하세요")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I'm hungry.", ["I'm", " hungry", "."]),
        ("나 배고파.", ["나", " 배고파", "."]),
        ("a  b", ["a", " ", " b"]),
        ("He said 'yes' (why?)", ["He", " said", " '", "yes", "'", " (", "why", "?", ")"]),
        ("2024-03-03", ["2024", "-", "03", "-", "03"]),
        ("x́y नमस्ते", ["x́y", " नमस्ते"]),
        ("می\u200cخواهم بروم.", ["می\u200cخواهم", " بروم", "."]),
        ("क्\u200dष ක්\u200dර", ["क्\u200dष", " ක්\u200dර"]),
        ("Quoi\u202f?", ["Quoi", "\u202f", "?"]),
    ],
)
def test_words_keep_the_space_before_them(text, tokens):
    assert split(text, "word") == tokens


@pytest.mark.parametrize("tokens", [["ᄒ"], ["ᅡ"], ["ᆫ"], ["ᆫ", "ᄒ", "ᅡ"], ["ᄒ", "ᄒ", "ᅡ", "ᆫ", "ᆫ", "ᅡ"]])
def test_jamo_that_make_no_syllable_stay_alone(tokens):
    assert split(join(tokens, "jamo"), "jamo") == tokens


# --- Tokens and ids --------------------------------------------------------------------------------------------------


@given(st.lists(anything.map(normalise), max_size=5), st.booleans(), st.sampled_from(LEVELS))
def test_decoding_takes_back_encoding(texts, markers, level):
    vocabulary = Vocabulary.from_texts(texts, markers, level)
    for text in texts:
        ids = vocabulary.encode(text)
        assert ids.shape == (len(vocabulary.split(text)),)
        assert ids.dtype == np.int32
        assert vocabulary.decode(ids) == text


@pytest.mark.parametrize("level", LEVELS)
@given(st.lists(anything, max_size=5), st.booleans())
def test_every_token_once_in_the_order_of_code_points_after_the_markers(level, texts, markers):
    vocabulary = Vocabulary.from_texts(texts, markers, level)
    tokens = vocabulary.tokens[2 * markers :]
    assert vocabulary.tokens[: 2 * markers] == ((BOS, EOS) if markers else ())
    assert list(tokens) == sorted({token for text in texts for token in split(text, level)})
    assert len(vocabulary) == len(tokens) + 2 * markers


def test_markers_have_the_first_ids_and_are_no_text():
    vocabulary = Vocabulary.from_texts(["ab"], markers=True)
    assert (vocabulary.bos_id, vocabulary.eos_id) == (0, 1)
    assert vocabulary.encode("ba").tolist() == [3, 2]
    assert vocabulary.decode([0, 3, PAD_ID, 2, 1, PAD_ID]) == "ba"
    without = Vocabulary.from_texts(["ab"])
    assert (without.bos_id, without.eos_id) == (None, None)
    assert without.encode("ba").tolist() == [1, 0]


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
