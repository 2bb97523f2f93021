"""The page Pairs: the table, what is wrong with a row, files."""

import re
import unicodedata

import pytest

from seq2seq import NOTEBOOK_PAIRS
from seq2seq.data.files import write_pairs
from seq2seq.limits import MAX_PAIRS
from tests.data.workbook import xlsx, zipped
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
    click(app, "frame.undo")
    assert session.rows == NOTEBOOK_PAIRS
    assert app.data_editor[0].value["target"].tolist() == [target for _, target in NOTEBOOK_PAIRS]
    assert button(app, "frame.undo").disabled
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
    click(app, "frame.undo")
    assert session.rows == ()


def test_a_large_paste(session):
    app = open_page("pairs", session)
    pasted = [{"source": f"{n} ".ljust(300, "x"), "target": f"{n} ".ljust(300, "가")} for n in range(4500)]  # 5 MB
    edit(app, added=pasted)
    assert shows(app, "pairs.used", used="4,505", rows="4,505")
    click(app, "frame.undo")
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


def test_what_is_left_out_comes_before_any_note_and_many_notes_are_one_line():
    rows = [
        ("Hi.", unicodedata.normalize("NFD", "안녕.")),
        *[(f"{n}", unicodedata.normalize("NFD", "안")) for n in range(200)],
    ]
    app = open_page("pairs", new_session([*rows, ("Bye.", "")]))
    assert [mark for mark, _ in listed_problems(app)] == ["✗"]
    assert any(expander.label == TEXTS["problem.many_composed"].format(count=201) for expander in app.expander)


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


def use(app):
    return checked(next(button for button in app.button if button.key == "use-file").click().run())


def preview(app):
    return app.dataframe[-1].value.to_numpy().tolist()


def choose(app, name, value):
    return checked(next(box for box in app.selectbox if box.key == f"Reading-{name}").select(value).run())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_changes_nothing_until_it_is_taken_over(encoding, session):
    rows = (("Bye.", "잘 가."), ("Yes, 'it' is.", "네"))
    lines = "\r\n".join(f"{source}\t{target}\tCC-BY 2.0 (France)" for source, target in rows)
    app = upload(open_page("pairs", session), lines.encode(encoding))
    assert session.rows == NOTEBOOK_PAIRS
    assert not app.warning  # nothing is in doubt
    assert preview(app) == [list(row) for row in rows]
    unused = TEXTS["reading.others"].format(columns="3 · CC-BY 2.0 (France) (much the same in all rows)")
    assert unused in plain_texts(app)
    use(app)
    assert session.rows == rows
    assert app.data_editor[0].value["source"].tolist() == ["Bye.", "Yes, 'it' is."]
    assert shows(app, "pairs.used", used=2, rows=2)
    assert [toast.value for toast in app.toast] == ["Pairs read: 2"]
    click(app, "frame.undo")
    assert session.rows == NOTEBOOK_PAIRS


def test_what_is_in_doubt_is_said_and_can_be_changed(session):
    content = "id,korean,note,english\n17,안녕.,formal,Hello.\n9,잘 가.,informal,Bye.\n12,네.,polite,Yes.\n".encode(
        "cp949"
    )
    app = upload(open_page("pairs", session), content)
    for kind in ("doubt_encoding", "doubt_header", "doubt_numbers", "doubt_columns"):
        assert any(re.search(pattern_of(TEXTS[f"problem.{kind}"]), text) for text in plain_texts(app)), kind
    assert next(box for box in app.selectbox if box.key == "Reading-encoding").value == "cp949"
    choose(choose(app, "source", 3), "target", 1)
    assert not any(re.search(pattern_of(TEXTS["problem.doubt_columns"]), text) for text in plain_texts(app))
    assert preview(app)[0] == ["Hello.", "안녕."]
    click(app, "reading.swap")
    assert preview(app)[0] == ["안녕.", "Hello."]
    click(app, "reading.swap")
    checked(next(toggle for toggle in app.toggle if toggle.key == "Reading-header").set_value(False).run())
    assert preview(app)[0] == ["english", "korean"]
    choose(app, "encoding", "cp1252")
    assert preview(app)[1][1] != "안녕."
    choose(app, "encoding", "cp949")
    assert session.rows == NOTEBOOK_PAIRS
    use(app)
    assert session.rows == (("english", "korean"), ("Hello.", "안녕."), ("Bye.", "잘 가."), ("Yes.", "네."))


def test_a_way_of_reading_that_finds_nothing_is_given_up(session):
    app = upload(open_page("pairs", session), "Hello.\t안녕.\nBye.\t잘 가.\n".encode())
    choose(app, "encoding", "utf-16-le")
    assert shows(app, "reading.kept")
    assert next(box for box in app.selectbox if box.key == "Reading-encoding").value == "utf-8"
    assert preview(app) == [["Hello.", "안녕."], ["Bye.", "잘 가."]]
    choose(app, "source", 1)  # which is the target's: they swap
    assert not shows(app, "reading.kept")
    use(app)
    assert session.rows == (("안녕.", "Hello."), ("잘 가.", "Bye."))


def test_another_delimiter_means_other_columns(session):
    app = upload(open_page("pairs", session), b"a,b;c,d\ne,f;g,h\n")
    assert TEXTS["problem.doubt_delimiter"].format(delimiter="comma", other="semicolon") in "".join(plain_texts(app))
    choose(app, "delimiter", ";")
    use(app)
    assert session.rows == (("a,b", "c,d"), ("e,f", "g,h"))


def test_one_sheet_of_a_workbook(session):
    content = xlsx({"First": {"A1": "Hello.", "B1": "안녕."}, "Second": {"A1": "Bye.", "B1": "잘 가."}})
    app = upload(open_page("pairs", session), content, "pairs.xlsx")
    assert TEXTS["problem.doubt_sheet"].format(sheet="First") in plain_texts(app)
    use(choose(app, "sheet", "Second"))
    assert session.rows == (("Bye.", "잘 가."),)


UNREADABLE = {
    "not_text": b"\x00\xff\x9c",
    "archive": zipped({"kor.txt": b"a\tb"}),
    "no_delimiter": "Hello. 안녕.\nBye. 잘 가.\n".encode(),
    "empty_file": b"\n\n",
    "file_too_large": b"x" * (21 * 1024**2),
}
FAULTY = {  # with a line that is fine
    "one_column": "Hello.\t안녕.\nBye.\n".encode(),
    "other_columns": b"a,b\nc,d\ne,f,g\n",
    "open_quote": b'a,b\n"c,d\n',
    "too_long": ("x" * 10_000 + "\t안녕.\nHi.\t안녕.\n").encode(),
    "file_cut": "Hello.\t안녕.\nBye.\t잘 가.".encode()[:-2],
}


def test_a_bad_file_is_named_and_nothing_is_lost(session):
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안녕!"}})
    for kind, content in (UNREADABLE | FAULTY).items():
        upload(app, content, "pairs.csv")
        assert shows(app, "reading.unreadable") == (kind in UNREADABLE), kind
        assert any(re.search(pattern_of(TEXTS[f"problem.{kind}"]), text) for text in plain_texts(app)), kind
        assert any(button.key == "use-file" for button in app.button) == (kind in FAULTY), kind
        assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:])
    click(app, "reading.cancel")
    assert not shows(app, "reading.problems")
    assert session.rows == (("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:])


def test_a_file_without_a_usable_line_cannot_be_used(session):
    app = upload(open_page("pairs", session), b"a\t" + b"x" * 301)
    assert shows(app, "reading.no_pairs")
    assert not any(button.key == "use-file" for button in app.button)


def test_the_lines_that_are_fine_can_be_used(session):
    app = upload(open_page("pairs", session), "Hello.\t안녕.\nBye.\n\tx\nYes.\t네.\n".encode())
    lines = [text.partition(":")[0] for text in plain_texts(app) if text.startswith("Line")]
    assert lines == ["Line 2", "Line 3"]
    use(app)
    assert session.rows == (("Hello.", "안녕."), ("Yes.", "네."))


def test_a_file_that_was_made_harmless_comes_back_and_can_be_taken_as_it_is(session):
    rows = (("=1+1", "'=x"), ("Hello.", "안녕."))
    for is_escaped, read in ((True, rows), (False, (("'=1+1", "''=x"), rows[1]))):
        app = upload(open_page("pairs", session), write_pairs(rows, "tsv"))
        assert shows(app, "problem.escaped_cells", rows=1)
        checked(app.toggle(key="Reading-escaped").set_value(is_escaped).run())
        assert shows(app, "problem.escaped_cells") == is_escaped
        use(app)
        assert session.rows == read


def test_two_files_put_together_are_told(session):
    content = b"a\tb\n\xef\xbb\xbfc\td\n"
    app = upload(open_page("pairs", session), content)
    assert shows(app, "problem.joined_files")
    use(app)
    assert session.rows == (("a", "b"), ("c", "d"))
