"""The pictures show what they are given."""

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pages.parts.charts import character_boxes
from pages.parts.looks import shown
from seq2seq.tokens import split

WORDS = st.text("안녕하세요. ?", max_size=12)


@given(WORDS, WORDS)
def test_boxes_are_what_was_said_and_what_is_missing(said, target):
    boxes = character_boxes(said, target)
    assert [place for place, _, _ in boxes] == list(range(len(boxes)))
    drawn = "".join(character for _, character, kind in boxes if kind != "missing")
    assert drawn == said.replace(" ", "␣")
    faults = sum(kind != "right" for _, _, kind in boxes)
    assert faults == Levenshtein.distance(said, target)


@given(WORDS)
def test_what_is_right_is_all_right(text):
    assert {kind for _, _, kind in character_boxes(text, text)} <= {"right"}


def test_lone_jamo_are_drawn_as_letters_and_those_that_end_a_syllable_with_a_hyphen():
    assert [shown(jamo) for jamo in split("한 꿈.", "jamo")] == ["ㅎ", "ㅏ", "-ㄴ", "␣", "ㄲ", "ㅜ", "-ㅁ", "."]
    every = {jamo for code in range(0xAC00, 0xD7A4) for jamo in split(chr(code), "jamo")}
    drawn = [shown(jamo) for jamo in every]
    assert len(set(drawn)) == len(every) == 19 + 21 + 27
    assert all("ㄱ" <= letter[-1] <= "ㅣ" and letter[:-1] in ("", "-") for letter in drawn)


def test_words_are_drawn_with_their_space():
    assert [shown(word) for word in split("I'm  hungry.", "word")] == ["I'm", "␣", "␣hungry", "."]
