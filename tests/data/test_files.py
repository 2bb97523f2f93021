"""Reading and writing files of pairs."""

import codecs
import csv
import gzip
import io
import random
import string
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.data import checks, delimited, files
from seq2seq.data.checks import PROBLEM_MESSAGES, Problem, check_pairs
from seq2seq.data.files import PairsFileError, Reading, read_pairs, understand, write_pairs
from seq2seq.data.pairs import Pair
from seq2seq.limits import MAX_CHARACTERS, MAX_FILE_BYTES
from tests.data.workbook import xlsx, zipped

REAL_FILES = Path(__file__).parents[3] / "shared" / "data"
DECOMPOSED = unicodedata.normalize("NFD", "안녕")
SEVERAL = 30  # pairs allowed in some tests: what is beyond a limit costs no more to test than that

text = st.text(st.characters(), max_size=15) | st.text("a한é \t\n\r\",'=-＋\u202f\u2028\x85\ufeff", max_size=12)
text |= st.sampled_from(["=1+1", "'=1", "''@a", "'a", "_x0041_", "#html:true", '"a"', "sep=", "a,b", "a;b", "|||"])
valid_pairs = st.lists(st.tuples(text, text), max_size=6).map(lambda rows: check_pairs(rows).usable).filter(len)


def kinds(problems):
    return [problem.kind for problem in problems]


def refused(content):
    with pytest.raises(PairsFileError) as caught:
        read_pairs(content)
    return caught.value


@pytest.fixture
def few_pairs(monkeypatch):
    for module in (checks, delimited, files):
        monkeypatch.setattr(module, "MAX_PAIRS", SEVERAL)


THREE = (Pair("Hello.", "안녕하세요."), Pair("Hi, Tom.", "톰, 안녕."), Pair('He said "no".', '"아니"라고 했다.'))
TAB_TEXT = "\n".join("\t".join(pair) for pair in THREE)
ANKI_TEXT = "".join("\t".join((*pair, "CC-BY 2.0 #1 (someone)")) + "\n" for pair in THREE)
CSV_TEXT = 'Hello.,안녕하세요.\r\n"Hi, Tom.","톰, 안녕."\r\n"He said ""no"".","""아니""라고 했다."\r\n'
EXCEL_TAB_TEXT = CSV_TEXT.replace(".,", ".\t").replace('","', '"\t"')


@pytest.mark.parametrize("text", [TAB_TEXT, ANKI_TEXT, CSV_TEXT, EXCEL_TAB_TEXT])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_every_usual_form_of_file_is_read_alike(text, line_end, mark, encoding):
    text = text.replace("\r\n", "\n").replace("\n", line_end)
    assert read_pairs(mark + text.encode(encoding)) == THREE


def test_a_path_is_read_as_well(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_bytes(TAB_TEXT.encode())
    assert read_pairs(path) == read_pairs(str(path)) == THREE
    with pytest.raises(FileNotFoundError):
        read_pairs(tmp_path / "nothing.txt")


def test_blank_lines_are_skipped_and_lines_still_counted():
    assert read_pairs(b"\n \t \na\tb\n\n\t\nc\td\n\n") == (("a", "b"), ("c", "d"))
    assert read_pairs(b"\n,,\na,b,\n\n") == (("a", "b"),)
    assert [problem.line for problem in refused(b"\na\tb\n\n\nc\t\n").problems] == [5]
    assert [problem.line for problem in refused(b'\n"a\nb",c\n\nd,\n').problems] == [5]


def test_words_stay_words():
    assert read_pairs(b"NA\tnull\n007\t1e3\nTrue\t-\n") == (("NA", "null"), ("007", "1e3"), ("True", "-"))


def test_a_file_may_repeat_a_pair():
    assert read_pairs(b"a\tb\na\tb\n") == (("a", "b"), ("a", "b"))


def test_texts_of_a_file_are_composed():
    assert read_pairs(f"Hi.\t{DECOMPOSED}".encode()) == (("Hi.", "안녕"),)


@pytest.mark.parametrize(
    "line",
    [
        '"Hello,\t안녕',
        'Hello.\t"안녕',
        '"Hi!" "Hey!"\t"안녕!" "야!"',
        'She said "Hi."\t"안녕"이라고 했다.',
        '"Hello."\t안녕.',
    ],
)
def test_in_a_tab_file_written_quotes_stay_and_swallow_nothing(line):
    text = f"a\tb\n{line}\nOne, two.\t하나, 둘.\n"
    assert read_pairs(text.encode()) == (("a", "b"), tuple(line.split("\t")), ("One, two.", "하나, 둘."))


@pytest.mark.parametrize(
    "text",
    [
        'a\tb\n"Hello, Tom."\t"톰, 안녕."',  # every cell with a comma has quotes: Excel
        '"a"\t"b"\n"Hello, Tom."\t"톰, 안녕."',  # every cell has quotes
    ],
)
def test_in_a_tab_file_a_spreadsheets_quotes_go(text):
    assert read_pairs(text.encode()) == (("a", "b"), ("Hello, Tom.", "톰, 안녕."))


def test_in_a_comma_file_quotes_hold_commas_and_line_breaks():
    text = 'a, "b, c"\n"d\r\ne",f\n'
    assert read_pairs(text.encode()) == (("a", "b, c"), ("d e", "f"))


@pytest.mark.parametrize(
    ("content", "problem", "others"),
    [
        (b"a\tb\nc\nd\te", Problem("one_column", line=2), ("ab", "de")),
        (b"c\na\tb\nd\te", Problem("one_column", line=1), ("ab", "de")),
        (b"a,b\nc\nd,e", Problem("one_column", line=2), ("ab", "de")),
        (b"a\tb\n\tc\nd\te", Problem("empty_source", line=2), ("ab", "de")),
        (b"a,b\nc,\nd,e", Problem("empty_target", line=2), ("ab", "de")),
        (b"a\tb\n\t\tCC-BY\nd\te", Problem("empty_row", line=2), ("ab", "de")),
        (
            b"a\tb\nc\x07\td\nd\te",
            Problem("forbidden_character", {"side": "source", "character": "U+0007"}, line=2),
            ("ab", "de"),
        ),
        (
            b"a\tb\nc\t" + b"x" * 301,
            Problem("too_long", {"side": "target", "length": 301, "limit": MAX_CHARACTERS}, line=2),
            ("ab",),
        ),
        (b"x, y,z\na,b\nd,e", Problem("other_columns", {"columns": 3, "expected": 2}, line=1), ("ab", "de")),
        (b"a,b,1\nx,y\nd,e,2", Problem("other_columns", {"columns": 2, "expected": 3}, line=2), ("ab", "de")),
        (b'a,b\n"c,x\nd,e\n', Problem("open_quote", {"last_line": 3}, line=2), ("ab",)),
        (b'a,b\n"c,x\nf,g\n"h",i\nd,e\n', Problem("open_quote", {"last_line": 4}, line=2), ("ab", "de")),
        (b'a,b\n"Hi" she said,x\nd,e\n', Problem("open_quote", {"last_line": 2}, line=2), ("ab", "de")),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_offered(content, problem, others):
    error = refused(content)
    assert error.problems == [problem]
    assert problem.is_error
    assert error.pairs == tuple(Pair(*letters) for letters in others)
    assert str(error).startswith(f"line {problem.line}: ")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty_file"),
        (codecs.BOM_UTF8 + b"\r\n \n", "empty_file"),
        (b"Hello.\nBye.\n", "no_delimiter"),
        (zipped({"kor.txt": b"a\tb", "other/": b""}), "archive"),
        (zipped({"[Content_Types].xml": b"<w/>"}), "document"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<t/>"}), "document"),
        (zipped({"xl/workbook.xml": b"<workbook"}), "workbook_unreadable"),
        (b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"), "workbook_unreadable"),
        (b"\xd0\xcf\x11\xe0" + "WordDocument".encode("utf-16-le"), "document"),
        (zipped({"mimetype": b"application/hwp+zip", "Contents/section0.xml": b"<t/>"}), "document"),
        (b"a\t" * 1000, "too_many_columns"),
        (gzip.compress(b"a\tb", mtime=0), "archive_unreadable"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00,\x00", "archive_unreadable"),
        (codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"), "not_text"),
        (random.Random(0).randbytes(10_000), "not_text"),
        (b"a,b\n" * (MAX_FILE_BYTES // 4 + 1), "file_too_large"),
    ],
)
def test_a_file_that_cannot_be_read(content, kind):
    error = refused(content)
    assert kinds(error.problems) == [kind]
    assert error.pairs == ()


def test_broken_characters_are_found_by_their_lines_and_the_others_offered():
    error = refused("a\tb\nc\t가나다라\n".encode() + b"d\t\xb0\xa1\n")
    details = {"side": "target", "character": "U+FFFD"}
    assert error.problems == [Problem("forbidden_character", details, line=3)]
    assert error.pairs == (("a", "b"), ("c", "가나다라"))


def test_a_large_file_on_disk_is_refused(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert kinds(refused(path).problems) == ["file_too_large"]


@pytest.mark.usefixtures("few_pairs")
@pytest.mark.parametrize("delimiter", ["\t", ","])
@pytest.mark.parametrize("first_line", ["a{}a\n", "wrong\n"])
def test_rows_of_a_file_beyond_the_limit_are_refused_and_the_first_ones_offered(delimiter, first_line):
    lines = (f"{n}{delimiter}{n}\n" for n in range(1, SEVERAL + 20))
    error = refused((first_line.format(delimiter) + "".join(lines)).encode())
    assert error.problems[0] == Problem("too_many_rows", {"limit": SEVERAL})
    assert len(error.pairs) in (SEVERAL, SEVERAL - 1)


@pytest.mark.usefixtures("few_pairs")
def test_every_message_names_only_details_that_there_are():
    bad_rows = [
        *[
            ("", ""),
            ("", "b"),
            ("a", ""),
            ("a" * 400, "b"),
            ("a\0", "b"),
            ("a\u200b", "e\u0301\u0302"),
            ("a\xa0!", "b"),
        ],
        *[("a", "b")] * SEVERAL,
    ]
    contents = [
        *[b"a\tb\nc", b'a,b\nc,d,e\nf,"g', b"", b"a\nb", b"\0\xff", b"a\tb\n" * (SEVERAL + 1)],
        *[b"a" * (MAX_FILE_BYTES + 1), b"a\tb\nc\t\xea\xb0", b"1\ta\tb", b"source\ttarget\na<br>b\tc", b"a,b;c"],
        *["Hi.,안녕하세요.".encode("cp949"), b"\0", zipped({"a": b""}), zipped({"[Content_Types].xml": b""})],
        *[b"PK\3\4", b"\xd0\xcf\x11\xe0" + "Book".encode("utf-16-le"), b"a,b" + b"," * 60],
        xlsx({"One": {"A1": "a", "B1": "b"}, "Two": {"A1": "c"}}),
    ]
    problems = [*check_pairs(bad_rows).problems, *(problem for each in contents for problem in refused(each).problems)]
    problems += files.understand(b"'=a\tb\n\xef\xbb\xbfc\td").notes
    # See test_lesson_file.py and test_link.py.
    of_lessons = {kind for kind in PROBLEM_MESSAGES if "lesson" in kind or kind.startswith("link")}
    assert set(kinds(problems)) == set(PROBLEM_MESSAGES) - of_lessons
    assert not [message for message in map(str, problems) if "{" in message]


def test_the_error_shows_the_first_problems():
    message = str(refused(b"a\tb\n" * 20 + b"x\n" * 12))
    assert message.count("\n") == 5
    assert message.endswith("and 7 more")


AS_WRITTEN = {"header": False, "columns": (0, 1), "html": False}  # what is a guess in any file


@given(valid_pairs)
@pytest.mark.parametrize(("kind", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_what_is_written_is_read_back(kind, delimiter, pairs):
    assert read_pairs(write_pairs(pairs, kind), delimiter=delimiter, **AS_WRITTEN) == pairs


@settings(max_examples=10)  # each is read in a process of its own
@given(valid_pairs)
def test_a_workbook_that_is_written_is_read_back(pairs):
    content = write_pairs(pairs, "xlsx")
    assert read_pairs(content, **AS_WRITTEN) == pairs
    assert content == write_pairs(pairs, "xlsx")


@given(valid_pairs, st.sampled_from(["csv", "tsv"]))
def test_a_spreadsheet_runs_nothing_of_what_is_written(pairs, kind):
    text = io.StringIO(write_pairs(pairs, kind).decode("utf-8-sig"))
    rows = csv.reader(text, delimiter={"csv": ",", "tsv": "\t"}[kind])
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@＝＋－＠\t\r\n"))]


def test_formulas_are_texts_in_a_workbook():
    with zipfile.ZipFile(io.BytesIO(write_pairs([("=1+1", "@SUM(A1)")], "xlsx"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b'"inlineStr"') == 2 and b"<f>" not in sheet


@pytest.mark.parametrize(
    ("content", "pair", "lines"),
    [
        (b"a\t'=1\n'-b\t''+c", ("a", "=1"), [1]),
        (b"a\t'=1\n=b\tc", ("a", "'=1"), []),  # nobody made these harmless
        (b"'a\t'twas", ("'a", "'twas"), []),
        (xlsx({"One": {"A1": "'=1", "B1": "b"}}), ("'=1", "b"), []),
    ],
)
def test_apostrophes_go_where_a_file_was_made_harmless_and_that_is_told(content, pair, lines):
    found = files.understand(content)
    assert found.pairs[0] == pair
    assert [note.line for note in found.notes] == lines and not found.doubts
    assert files.understand(content, Reading(escaped=not lines)).pairs[0] != pair or pair[0] == "'a"


@pytest.mark.parametrize("lesson", SUPPLIED_LESSONS.values(), ids=list(SUPPLIED_LESSONS))
def test_a_lesson_that_was_written_is_read_back_without_a_doubt(lesson):
    assert read_pairs(write_pairs(lesson.pairs)) == lesson.pairs


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
def test_half_a_character_cannot_be_written(kind):
    with pytest.raises(UnicodeEncodeError):
        write_pairs([("a", "\ud83d")], kind)


def test_written_files_open_in_excel_with_hangul():
    content = write_pairs([(" Hi, Tom. ", DECOMPOSED), ("", None)])
    assert content == codecs.BOM_UTF8 + '"Hi, Tom.","안녕"\r\n"",""\r\n'.encode()
    tabs = write_pairs([(" Hi, Tom. ", DECOMPOSED), ("", None)], "tsv")
    assert tabs == codecs.BOM_UTF8 + "Hi, Tom.\t안녕\r\n\t\r\n".encode()


@given(st.lists(st.tuples(*[st.text(string.printable + "한é", max_size=8)] * 2), max_size=8), st.sampled_from("\t,"))
def test_any_lines_are_read_or_refused_with_a_message(lines, delimiter):
    content = "\n".join(delimiter.join(line) for line in lines).encode()
    try:
        pairs = read_pairs(content)
    except PairsFileError as error:
        pairs = error.pairs
        assert error.problems
        assert str(error)
    assert not [problem for problem in check_pairs(pairs).problems if problem.is_error]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        read_pairs(content)
    except PairsFileError as error:
        assert error.problems


@pytest.mark.parametrize(("name", "count", "repeated"), [("kor.txt", 904, 0), ("fra-10k.txt", 10_000, 1)])
def test_real_files(name, count, repeated):
    path = REAL_FILES / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    pairs = read_pairs(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert pairs == tuple(tuple(line.split("\t")[:2]) for line in lines)  # nothing cut, unquoted or swallowed
    assert len(pairs) == count
    found = kinds(check_pairs(pairs).problems)
    assert [kind for kind in found if kind != "other_space"] == ["duplicate"] * repeated  # French has narrow spaces
    assert read_pairs(write_pairs(pairs)) == pairs


def test_three_bars_separate_below_ankis_first_lines_as_well():
    """No reader of CSV takes more than one character, and Anki's files are read as CSV."""
    found = understand(b"#html:true\na ||| b\nc ||| d\n")
    assert found.reading.delimiter == "|||"
    assert found.pairs == (("a", "b"), ("c", "d"))
