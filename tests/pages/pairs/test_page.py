"""The page Pairs: the table, what is wrong with a row, files."""

import re
import unicodedata

import pytest

from seq2seq import NOTEBOOK_PAIRS
from seq2seq.limits import MAX_PAIRS
from tests.pages.app import (
    TEXTS,
    button,
    checked,
    click,
    edit,
    new_session,
    open_page,
    pattern_of,
    plain_texts,
    shows,
    visit,
)

# --- The table -------------------------------------------------------------------------------------------------------


def test_editing_the_table_and_another_page_and_back(session):
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안녕!"}}, [{"source": "Bye.", "target": "잘 가."}], [4])
    assert shows(app, "pairs.used", used=5, rows=5)
    visit(visit(app, "train"), "pairs")
    assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:4], ("Bye.", "잘 가."))
    assert app.data_editor[0].value["target"].tolist() == [target for _, target in session.rows]
    click(app, "pairs.undo")
    assert session.rows == NOTEBOOK_PAIRS
    assert app.data_editor[0].value["target"].tolist() == [target for _, target in NOTEBOOK_PAIRS]
    assert button(app, "pairs.undo").disabled
    assert button(app, "pairs.restart").disabled


def test_a_pair_typed_into_the_fields_is_put_at_the_end(session):
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안녕!"}})
    for pair in (("Bye.", "잘 가."), (" ", ""), ("Thanks.", "")):
        for side, sentence in zip(("source", "target"), pair, strict=True):
            app.text_input(key=f"new-{side}").set_value(sentence)
        click(app, "pairs.add")
    assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:], ("Bye.", "잘 가."), ("Thanks.", ""))
    assert app.data_editor[0].value["target"].tolist() == [target for _, target in session.rows]


def test_back_to_the_start(session):
    app = open_page("pairs", session)
    edit(app, deleted=[0, 1, 2, 3, 4])
    assert shows(app, "pairs.none_used")
    click(app, "pairs.restart")
    assert session.rows == NOTEBOOK_PAIRS
    assert len(app.data_editor[0].value) == 5
    click(app, "pairs.undo")
    assert session.rows == ()


def test_a_large_paste(session):
    app = open_page("pairs", session)
    pasted = [{"source": f"{n} ".ljust(300, "x"), "target": f"{n} ".ljust(300, "가")} for n in range(4500)]  # 5 MB
    edit(app, added=pasted)
    assert shows(app, "pairs.used", used="4,505", rows="4,505")
    click(app, "pairs.undo")
    assert session.rows == NOTEBOOK_PAIRS


@pytest.mark.parametrize("pasted", [0, 200])
def test_half_a_character_is_marked_as_lost_and_breaks_nothing(pasted, session):
    """A browser may send it, and no file can hold it."""
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안\ud83d"}}, [{"source": f"{n}\udc00", "target": f"{n}"} for n in range(pasted)])
    assert session.rows[0] == ("Hello.", "안\ufffd")
    assert len(session.lesson.pairs) == 4
    assert [mark for mark, message in listed_problems(app) if "U+FFFD" in message] == ["✗"] * min(100, 1 + pasted)
    visit(visit(app, "train"), "pairs")  # back there, the table begins with these rows
    assert app.data_editor[0].value["target"][1] == "안\ufffd"
    click(app, "pairs.restart")
    assert session.rows == NOTEBOOK_PAIRS


# --- What is wrong with a row ----------------------------------------------------------------------------------------


def listed_problems(app) -> list[tuple[str, str]]:
    """Returns (mark, message) of each problem that the page lists."""
    return [tuple(text.split(" ", 1)) for text in plain_texts(app) if text[:1] in ("✗", "·")]


PROBLEMS = {  # a row, whether it is left out, and how many pairs are used of this and the notebook's five
    "empty_source": (("", "안녕."), "✗", 5),
    "empty_target": (("Hi.", " "), "✗", 5),
    "too_long": (("x" * 10_000, "안녕."), "✗", 5),
    "forbidden_character": (("Hi\x07.", "안녕."), "✗", 5),
    "duplicate": (("Hello.", "안녕하세요."), "·", 5),
    "composed": (("Hi.", unicodedata.normalize("NFD", "안녕.")), "·", 6),
    "joined_characters": (("👩‍🚀", "안녕."), "·", 6),
    "invisible_character": (("H\u200bi.", "안녕."), "·", 6),
    "other_space": (("Hi\u00a0!", "안녕."), "·", 6),
}


def test_problems_are_said_with_their_rows():
    """A new row that is still empty is none."""
    app = open_page("pairs", new_session([*NOTEBOOK_PAIRS, ("", ""), *(row for row, *_ in PROBLEMS.values())]))
    assert shows(app, "pairs.used", used=5 + sum(used - 5 for *_, used in PROBLEMS.values()), rows=15)
    listed = listed_problems(app)
    assert len(listed) == len(PROBLEMS)
    for row, (kind, (_, expected, _)) in enumerate(PROBLEMS.items(), start=7):
        said = pattern_of(TEXTS["problem.in_row"], row=row, message="{message}")
        said = said.replace(re.escape("{message}"), pattern_of(TEXTS[f"problem.{kind}"]))
        assert [mark for mark, message in listed if re.fullmatch(said, message)] == [expected]


def test_many_problems_are_cut_off():
    app = open_page("pairs", new_session([*NOTEBOOK_PAIRS, *[("x", "")] * 1234]))
    assert len(listed_problems(app)) == 100
    assert shows(app, "pairs.more_problems", shown=100, all="1,234")


def test_more_rows_than_allowed():
    app = open_page("pairs", new_session([(f"{n}", "안녕.") for n in range(100_000)]))
    assert shows(app, "pairs.used", used=f"{MAX_PAIRS:,}", rows="100,000")
    message = TEXTS["problem.too_many_rows"].format(limit=f"{MAX_PAIRS:,}")
    assert listed_problems(app)[0] == ("✗", f"Row {MAX_PAIRS + 1}: {message}")


def test_a_single_pair():
    assert shows(open_page("pairs", new_session([("a", "가")])), "pairs.only_one")


# --- Files -----------------------------------------------------------------------------------------------------------


def upload(app, content, name="pairs.txt"):
    return checked(app.file_uploader[0].set_value((name, content, "text/plain")).run())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_uploading_three_columns(encoding, session):
    rows = (("Bye.", "잘 가."), ("Yes, 'it' is.", "네"))
    lines = "\r\n".join(f"{source}\t{target}\tCC-BY 2.0 (France)" for source, target in rows)
    app = upload(open_page("pairs", session), lines.encode(encoding))
    assert session.rows == rows
    assert app.data_editor[0].value["source"].tolist() == ["Bye.", "Yes, 'it' is."]
    assert shows(app, "pairs.used", used=2, rows=2)
    assert [toast.value for toast in app.toast] == ["Pairs read: 2"]
    click(app, "pairs.undo")
    assert session.rows == NOTEBOOK_PAIRS


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


def test_a_bad_file_is_refused_and_nothing_is_lost(session):
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안녕!"}})
    for kind, content in BAD_FILES.items():
        upload(app, content, "pairs.csv")
        assert shows(app, "pairs.refused")
        assert any(re.search(pattern_of(TEXTS[f"problem.{kind}"]), text) for text in plain_texts(app)), kind
        assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:])
    assert not shows(checked(app.file_uploader[0].set_value(None).run()), "pairs.refused")
    upload(app, BAD_FILES["one_column"])
    assert not shows(upload(app, b"Bye.\tx\n"), "pairs.refused")  # a good file takes the message away as well
    assert session.rows == (("Bye.", "x"),)


def test_the_lines_that_are_fine_can_be_used(session):
    app = upload(open_page("pairs", session), "Hello.\t안녕.\nBye.\n\tx\nYes.\t네.\n".encode())
    lines = [text.partition(":")[0] for text in plain_texts(app) if text.startswith("Line")]
    assert lines == ["Line 2", "Line 3"]
    checked(next(b for b in app.button if b.label == "Use the 2 lines that can be read").click().run())
    assert session.rows == (("Hello.", "안녕."), ("Yes.", "네."))
    assert not shows(app, "pairs.refused")
