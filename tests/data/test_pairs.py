"""Normalising texts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.data.pairs import normalise

anything = st.text(st.characters(), max_size=40)
tricky = st.text(st.sampled_from("a한é \t\n\r\",'=\u202f\u2028\x85\ufeff"), max_size=12)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (unicodedata.normalize("NFD", "안녕"), "안녕"),
        ("  Hello. \n", "Hello."),
        ("Hello\tthere\r\nyou", "Hello there you"),
        ("Ça va\u202f?", "Ça va\u202f?"),
        ("two  spaces", "two  spaces"),
        ("NA", "NA"),
        ("007", "007"),
    ],
)
def test_normalise(typed, expected):
    assert normalise(typed) == expected


@given(anything | tricky)
def test_normalising_again_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
