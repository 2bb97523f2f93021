"""The page Pairs: the table, files, what is wrong with a row."""

import re
import unicodedata
from itertools import product

import pytest

from pages.parts.frame import PAGES
from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS
from seq2seq.limits import MAX_PAIRS
from tests.pages.app import (
    button,
    checked,
    edit,
    listed_problems,
    new_session,
    open_page,
    shows,
    upload,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


def test_editing_the_table():
    session = new_session()
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안녕!"}}, [{"source": "Bye.", "target": "잘 가."}], [4])
    assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:4], ("Bye.", "잘 가."))
    assert shows(app, "pairs.used", used=5, rows=5)
    checked(button(app, "pairs.undo").click().run())
    assert session.rows == NOTEBOOK_PAIRS
    assert app.data_editor[0].value["target"].tolist() == [target for _, target in NOTEBOOK_PAIRS]
    assert button(app, "pairs.undo").disabled
    assert button(app, "pairs.restart").disabled


def test_back_to_the_start():
    session = new_session()
    app = open_page("pairs", session)
    edit(app, deleted=[0, 1, 2, 3, 4])
    assert shows(app, "pairs.none_used")
    checked(button(app, "pairs.restart").click().run())
    assert session.rows == NOTEBOOK_PAIRS
    assert len(app.data_editor[0].value) == 5
    checked(button(app, "pairs.undo").click().run())
    assert session.rows == ()


def test_what_was_typed_is_still_there_after_another_page():
    session = new_session()
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안녕!"}})
    app.switch_page(PAGES["tensors"][0])
    checked(app.run())
    app.switch_page(PAGES["pairs"][0])
    checked(app.run())
    assert session.rows[0] == ("Hello.", "안녕!")
    assert app.data_editor[0].value["target"][1] == "안녕!"


def test_a_new_row_that_is_still_empty_is_no_problem():
    app = open_page("pairs", new_session([*NOTEBOOK_PAIRS, ("", "")]))
    assert shows(app, "pairs.used", used=5, rows=6)
    assert listed_problems(app) == []


BAD_ROWS = {
    "empty_source": ("", "안녕."),
    "empty_target": ("Hi.", " "),
    "too_long": ("x" * 10_000, "안녕."),
    "forbidden_character": ("Hi\x07.", "안녕."),
    "duplicate": ("Hello.", "안녕하세요."),
    "composed": ("Hi.", unicodedata.normalize("NFD", "안녕.")),
    "joined_characters": ("👩‍🚀", "안녕."),
    "invisible_character": ("H\u200bi.", "안녕."),
}


@pytest.mark.parametrize(("kind", "language"), product(BAD_ROWS, LANGUAGES))
def test_a_problem_is_said_with_its_row(kind, language):
    app = open_page("pairs", new_session([*NOTEBOOK_PAIRS, BAD_ROWS[kind]]), language)
    [(mark, message)] = listed_problems(app)
    wanted = catalogue(language)["problem.in_row"].format(row=6, message=catalogue(language)[f"problem.{kind}"])
    pattern = "[^{}]+".join(map(re.escape, re.split(r"\{\w+\}", wanted)))
    assert re.fullmatch(pattern, message)
    is_left_out = kind in ("empty_source", "empty_target", "too_long", "forbidden_character")
    assert mark == ("✗" if is_left_out else "·")
    assert shows(app, "pairs.used", language, used=5 if is_left_out or kind == "duplicate" else 6, rows=6)


def test_many_problems_are_cut_off():
    app = open_page("pairs", new_session([*NOTEBOOK_PAIRS, *[("x", "")] * 1234]))
    assert len(listed_problems(app)) == 100
    assert shows(app, "pairs.more_problems", shown=100, all="1,234")


def test_more_rows_than_allowed():
    app = open_page("pairs", new_session([(f"{n}", "안녕.") for n in range(100_000)]))
    assert shows(app, "pairs.used", used=f"{MAX_PAIRS:,}", rows="100,000")
    message = catalogue("en")["problem.too_many_rows"].format(limit=f"{MAX_PAIRS:,}")
    assert listed_problems(app)[0] == ("✗", f"Row {MAX_PAIRS + 1}: {message}")


def test_a_large_paste():
    session = new_session()
    app = open_page("pairs", session)
    pasted = [{"source": f"{n} ".ljust(300, "x"), "target": f"{n} ".ljust(300, "가")} for n in range(4500)]  # 5 MB
    edit(app, added=pasted)
    assert shows(app, "pairs.used", used="4,505", rows="4,505")
    checked(button(app, "pairs.undo").click().run())
    assert session.rows == NOTEBOOK_PAIRS


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_single_pair(language):
    assert shows(open_page("pairs", new_session([("a", "가")]), language), "pairs.only_one", language)


def test_uploading_three_columns():
    session = new_session()
    lines = [
        f"{source}\t{target}\tCC-BY 2.0 (France)" for source, target in [("Bye.", "잘 가."), ("Yes, 'it' is.", "네")]
    ]
    app = upload(open_page("pairs", session), "\r\n".join(lines).encode("utf-8-sig"))
    assert session.rows == (("Bye.", "잘 가."), ("Yes, 'it' is.", "네"))
    assert app.data_editor[0].value["source"].tolist() == ["Bye.", "Yes, 'it' is."]
    assert shows(app, "pairs.used", used=2, rows=2)
    assert [toast.value for toast in app.toast] == ["Pairs read: 2"]
    checked(button(app, "pairs.undo").click().run())
    assert session.rows == NOTEBOOK_PAIRS


def test_uploading_utf16():
    session = new_session()
    upload(open_page("pairs", session), "Bye.\t잘 가.\n".encode("utf-16"))
    assert session.rows == (("Bye.", "잘 가."),)


BAD_FILES = {
    "not_text": b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xff\xfe\x9c",
    "one_column": "Hello.\t안녕.\nBye.\n".encode(),
    "no_delimiter": "Hello. 안녕.\nBye. 잘 가.\n".encode(),
    "empty_file": b"\n\n",
    "other_columns": b"a,b\nc,d\ne,f,g\n",
    "open_quote": b'a,b\n"c,d\n',
    "too_long": ("x" * 10_000 + "\t안녕.\nHi.\t안녕.\n").encode(),
    "file_too_large": b"x" * (21 * 1024**2),
}


@pytest.mark.parametrize(("kind", "language"), product(BAD_FILES, LANGUAGES))
def test_a_bad_file_is_refused_and_nothing_is_lost(kind, language):
    session = new_session(language=language)
    app = open_page("pairs", session, language)
    edit(app, {0: {"target": "안녕!"}})
    upload(app, BAD_FILES[kind], "pairs.csv")
    assert shows(app, "pairs.refused", language)
    pattern = "[^{}]+".join(map(re.escape, re.split(r"\{\w+\}", catalogue(language)[f"problem.{kind}"])))
    assert any(re.search(pattern, element.value) for element in app.text)
    assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:])
    # A good file, or none, takes the message away.
    app.file_uploader[0].set_value(None)
    assert not shows(checked(app.run()), "pairs.refused", language)


def test_the_lines_that_are_fine_can_be_used():
    session = new_session()
    app = upload(open_page("pairs", session), "Hello.\t안녕.\nBye.\n\tx\nYes.\t네.\n".encode())
    assert [element.value.partition(":")[0] for element in app.text if element.value.startswith("Line")] == [
        "Line 2",
        "Line 3",
    ]
    checked(next(b for b in app.button if b.label == "Use the 2 lines that can be read").click().run())
    assert session.rows == (("Hello.", "안녕."), ("Yes.", "네."))
    assert not shows(app, "pairs.refused")
