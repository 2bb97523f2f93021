"""The pictures show what they are given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pages.parts.theme import display_token
from pages.parts.train import charts
from pages.parts.train.charts import _curve, _points, _rate_changes, character_boxes
from seq2seq.vocabulary import split

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
    assert [display_token(jamo) for jamo in split("한 꿈.", "jamo")] == ["ㅎ", "ㅏ", "-ㄴ", "␣", "ㄲ", "ㅜ", "-ㅁ", "."]
    every = {jamo for code in range(0xAC00, 0xD7A4) for jamo in split(chr(code), "jamo")}
    drawn = [display_token(jamo) for jamo in every]
    assert len(set(drawn)) == len(every) == 19 + 21 + 27
    assert all("ㄱ" <= letter[-1] <= "ㅣ" and letter[:-1] in ("", "-") for letter in drawn)


def test_words_are_drawn_with_their_space():
    assert [display_token(word) for word in split("I'm  hungry.", "word")] == ["I'm", "␣", "␣hungry", "."]


# --- Curves ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [0, 1, 2, 299, 300, 301, 598, 599, 600, 601, 1500, 10_000])
def test_a_line_has_at_most_300_points_and_its_last_one(epochs):
    history = [{"epoch": epoch, "loss": 1 / epoch} for epoch in range(1, epochs + 1)]
    drawn = [point["epoch"] for point in _points("1.", history, "loss")]
    assert len(drawn) <= 300 and drawn == sorted(set(drawn))
    assert drawn[:1] + drawn[-1:] == [record["epoch"] for record in history[:1] + history[-1:]]
    assert epochs > 300 or len(drawn) == epochs


def test_only_what_was_evaluated_is_drawn():
    history = [{"epoch": 1, "cer": 0.5}, {"epoch": 2}, {"epoch": 3, "cer": 2.5}]
    assert [(point["epoch"], point["value"]) for point in _points("1.", history, "cer")] == [(1, 0.5), (3, 2.5)]


def test_a_changed_learning_rate_is_marked_where_it_begins(monkeypatch):
    monkeypatch.setattr(charts, "text", lambda key: key)
    history = [{"epoch": n, "learning_rate": rate} for n, rate in enumerate([0.1, 0.1, 0.01, 0.01, 0.2], start=1)]
    marks = [(mark["epoch"], mark["mark"].split()[-1]) for mark in _rate_changes("1.", history)]
    assert marks == [(3, "0.01"), (5, "0.2")]
    assert _rate_changes("1.", history[:1]) == _rate_changes("1.", []) == []


def encodings(spec):
    return [spec["encoding"] | layer["encoding"] for layer in spec["layer"]]


def curve(runs=("1.",), kind="open", size=1.0):
    return _curve.__wrapped__(runs, "Loss", ("Epoch", "Run", "Mark"), 50, kind, size)


@pytest.mark.parametrize("number", [2, 8, 12])
def test_runs_are_told_apart_without_colour_as_well(number):
    line = encodings(curve(tuple(map(str, range(number)))))[0]
    looks = list(zip(map(str, line["color"]["scale"]["range"]), line["strokeDash"]["scale"]["range"], strict=True))
    assert len({str(look) for look in looks}) == number
    assert len({str(dash) for _, dash in looks}) == min(number, 7)
    assert line["color"]["legend"] == line["strokeDash"]["legend"] is not None  # one legend shows both


def test_letters_in_a_chart_grow_with_the_type():
    usual, large = (curve(size=size)["layer"][2]["mark"]["fontSize"] for size in (1, 1.3))
    assert large == pytest.approx(1.3 * usual)


def test_only_shares_end_at_one():
    assert "clamp" not in encodings(curve(kind="open"))[0]["y"]["scale"]
    assert encodings(curve(kind="share"))[0]["y"]["scale"]["domain"] == [0, 1]
