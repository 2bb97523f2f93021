"""The pictures show what they are given."""

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pages.parts.charts import character_boxes

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
