"""How tokens are drawn that would not be seen, or not be told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.drawing.tokens import display_text, display_token, em_width, has_right_to_left, token_label
from seq2seq.vocabulary import split


def test_lone_jamo_are_drawn_as_letters_and_those_that_end_a_syllable_with_a_hyphen():
    assert [display_token(jamo) for jamo in split("한 꿈.", "jamo")] == ["ㅎ", "ㅏ", "-ㄴ", "␣", "ㄲ", "ㅜ", "-ㅁ", "."]
    every = {jamo for code in range(0xAC00, 0xD7A4) for jamo in split(chr(code), "jamo")}
    drawn = [display_token(jamo) for jamo in every]
    assert len(set(drawn)) == len(every) == 19 + 21 + 27
    assert all("ㄱ" <= letter[-1] <= "ㅣ" and letter[:-1] in ("", "-") for letter in drawn)


def test_words_are_drawn_with_their_space():
    assert [display_token(word) for word in split("I'm  hungry.", "word")] == ["I'm", "␣", "␣hungry", "."]


def test_joiners_are_drawn_by_what_they_do_and_by_their_number_where_they_do_nothing():
    assert display_text("👩‍🚀 ab\u200cc") == "👩‍🚀 ab‹U+200C›c"
    assert display_token("\u200c") == "‹U+200C›"
    assert "‹" not in display_token("می\u200cخواهم")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"])))
def test_words_are_isolated_where_their_direction_is_another_and_nothing_else_is_done_to_them(words):
    shown = display_text(words)
    inside = shown[1:-1] if has_right_to_left(words) else shown
    assert shown in (inside, f"\u2068{inside}\u2069")
    assert not {"\u2068", "\u2069"} & {*inside, *token_label(words)}


@pytest.mark.parametrize(
    ("words", "is_right_to_left"), [("مرحبا!", True), ("שלום", True), ("안녕 (23)", False), ("٣", False)]
)
def test_right_to_left(words, is_right_to_left):
    assert has_right_to_left(words) == is_right_to_left
    assert em_width(display_token(words)) == em_width(words)


@pytest.mark.parametrize(
    ("token", "ems"), [("a", 0.6), ("한", 1), ("é\u0302", 0.6), ("\u0941", 0.6), ("क्\u200dष", 1.2)]
)
def test_accents_and_joiners_need_no_space_of_their_own(token, ems):
    assert em_width(token) == pytest.approx(ems)
