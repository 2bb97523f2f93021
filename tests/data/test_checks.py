"""Checking pairs: what is usable, and what there is to say about each row."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.data import checks
from seq2seq.data.checks import Problem, check_pairs
from seq2seq.data.pairs import normalise
from seq2seq.limits import MAX_CHARACTERS

DECOMPOSED = unicodedata.normalize("NFD", "안녕")

anything = st.text(st.characters(), max_size=15)  # lone surrogates and control characters too
tricky = st.text(st.sampled_from("a한é \t\n\r\",'=\u202f\u2028\x85\ufeff"), max_size=12)
cells = st.one_of(anything, tricky, st.none(), st.floats(allow_nan=True))
rows = st.lists(st.tuples(cells, cells), max_size=6)


def kinds(problems):
    return [problem.kind for problem in problems]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("", "값"), Problem("empty_source", row=0)),
        ((" \t", "값"), Problem("empty_source", row=0)),
        ((None, "값"), Problem("empty_source", row=0)),
        (("Price.", float("nan")), Problem("empty_target", row=0)),
        (("", None), Problem("empty_row", row=0)),
        (("a" * 10_000, "값"), Problem("too_long", {"side": "source", "length": 10_000, "limit": MAX_CHARACTERS}, 0)),
        (("a\0b", "값"), Problem("forbidden_character", {"side": "source", "character": "U+0000"}, 0)),
        (("a", "값\x1bb"), Problem("forbidden_character", {"side": "target", "character": "U+001B"}, 0)),
        (("a", "\ud83d"), Problem("forbidden_character", {"side": "target", "character": "U+D83D"}, 0)),
        (("a\ufffdb", "값"), Problem("forbidden_character", {"side": "source", "character": "U+FFFD"}, 0)),
    ],
)
def test_errors_leave_the_row_out(row, expected):
    assert check_pairs([row, ("Hello.", "안녕하세요.")]) == ((("Hello.", "안녕하세요."),), [expected])
    assert expected.is_error


@pytest.mark.parametrize(
    ("target", "kind", "details"),
    [
        (DECOMPOSED, "composed", {"typed": 6, "composed": 2}),
        ("👨‍👩‍👧!", "joined_characters", {"characters": "👨‍👩‍👧", "tokens": 5}),
        ("ok 👍🏽", "joined_characters", {"characters": "👍🏽", "tokens": 2}),
        ("❤\ufe0f", "joined_characters", {"characters": "❤\ufe0f", "tokens": 2}),
        ("ab🇰🇷", "joined_characters", {"characters": "🇰🇷", "tokens": 2}),
        ("e\u0301\u0302", "joined_characters", {"characters": "é\u0302", "tokens": 2}),
        ("ᄒᆞᆫ글", "joined_characters", {"characters": "ᄒᆞᆫ", "tokens": 3}),
        ("a\u200bb", "invisible_character", {"character": "U+200B"}),
        ("क्\u200dष", "joined_characters", {"characters": "क्\u200dष", "tokens": 4}),
        ("র\u200d্যাব", "joined_characters", {"characters": "র\u200d্", "tokens": 3}),
        ("পড়া।", "joined_characters", {"characters": "ড়া", "tokens": 3}),
        ("ab\u200cc", "invisible_character", {"character": "U+200C"}),
        ("می\u200c", "invisible_character", {"character": "U+200C"}),
        ("a\u200db", "invisible_character", {"character": "U+200D"}),
        ("«\u00a0Ça va\u202f?\u00a0»", "other_space", {"character": "U+00A0", "count": 2}),
        ("こんにちは。\u3000はい。", "other_space", {"character": "U+3000", "count": 1}),
        ("a\ufeffb", "invisible_character", {"character": "U+FEFF"}),
    ],
)
def test_notes_leave_the_row_in(target, kind, details):
    checked = check_pairs([("x", target)])
    problems = [problem for problem in checked.problems if problem.kind == kind]
    assert problems == [Problem(kind, {"side": "target"} | details, row=0)]
    assert not problems[0].is_error
    assert checked.usable == (("x", normalise(target)),)


@pytest.mark.parametrize(
    "text", ["a", "안녕하세요.", "می\u200cخواهم بروم.", "ه\u200d.", "😀", "“Hi” – né…", "ㅋㅋㅋ ㅠㅠ", "日本語"]
)
def test_ordinary_texts_need_no_word(text):
    assert check_pairs([(text, text)]).problems == []


@pytest.mark.parametrize("letter", ["\u09dc", "\u0958", "\u2126", "q\u0307\u0323"])
def test_nothing_is_called_composed_that_has_not_become_shorter(letter):
    """NFC takes some letters apart (ড়, क़), and writes others in another way (Ω, marks in order)."""
    assert not unicodedata.is_normalized("NFC", letter)
    assert "composed" not in kinds(check_pairs([("x", letter)]).problems)


def test_the_same_pair_is_used_once_however_it_is_typed():
    usable, problems = check_pairs([("Hi.", "안녕"), ("Hi.", "야"), (" Hi.", DECOMPOSED)])
    assert problems == [
        Problem("duplicate", {"first_row": 1}, row=2),
        Problem("composed", {"side": "target", "typed": 6, "composed": 2}, row=2),
    ]
    assert usable == (("Hi.", "안녕"), ("Hi.", "야"))


def test_a_row_can_have_several_errors():
    (usable, problems) = check_pairs([("", "\0" + "b" * 400)])
    assert (usable, kinds(problems)) == ((), ["empty_source", "too_long", "forbidden_character"])


def test_rows_beyond_the_limit_are_left_out_and_said_so(monkeypatch):
    monkeypatch.setattr(checks, "MAX_PAIRS", 30)
    usable, problems = check_pairs([(str(n), "값") for n in range(50)])
    assert problems == [Problem("too_many_rows", {"limit": 30}, row=30)]
    assert len(usable) == 30


@given(rows)
def test_what_is_usable_is_free_of_errors_and_stays_as_it_is(pairs):
    usable = check_pairs(pairs).usable
    again = check_pairs(usable)
    assert set(kinds(again.problems)) <= {"joined_characters", "invisible_character", "other_space"}
    assert again.usable == usable


@given(rows)
def test_every_row_is_used_or_has_a_problem(pairs):
    usable, problems = check_pairs(pairs)
    left_out = {problem.row for problem in problems if problem.is_error or problem.kind == "duplicate"}
    assert len(usable) == len(pairs) - len(left_out)
    assert [problem.row for problem in problems] == sorted(problem.row for problem in problems)


def test_messages_count_rows_from_one_and_name_the_remedy():
    message = str(check_pairs([("Hi.", "안녕"), ("Bye.", "")]).problems[0])
    assert message == "row 2: the target is empty; write a translation or delete the row"
