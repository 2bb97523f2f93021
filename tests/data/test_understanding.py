"""Files as people have them: what is understood of each, what is doubted, and that Python refuses to guess."""

from pathlib import Path

import pytest

from seq2seq.data.columns import is_heading
from seq2seq.data.delimited import Row
from seq2seq.data.encodings import ENCODINGS, detect
from seq2seq.data.files import PairsFileError, read_pairs, understand
from tests.data.workbook import ods, xlsx

REAL_FILES = Path(__file__).parents[3] / "shared" / "data" / "files"
ENGLISH = ("Hello, Tom.", "How are you?", "What is your name, please?", "I'm hungry.", "Go home; now.")
KOREAN = ("안녕, 톰.", "잘 지내니?", "너의 이름이 뭐니?", "나 배고파.", "집에 가; 당장.")
JAPANESE = ("こんにちは、トム。", "お元気ですか。", "お名前は何ですか。", "お腹がすいた。", "家に帰れ。")
FRENCH = ("Bonjour, Tom.", "Comment vas-tu ?", "Quel âge as-tu ?", "J'ai faim.", "Rentre chez toi ; là.")
RUSSIAN = ("Привет, Том.", "Как дела?", "Как тебя зовут?", "Я голоден.", "Иди домой.")


def lines(pattern, targets=KOREAN, sources=ENGLISH):
    numbered = enumerate(zip(sources, targets, strict=True))
    return "".join(pattern.format(s=source, t=target, n=n) + "\n" for n, (source, target) in numbered)


def pairs(targets=KOREAN, sources=ENGLISH):
    return tuple(zip(sources, targets, strict=True))


def kinds(problems):
    return [problem.kind for problem in problems]


def columns_of(found):
    return found.reading.source, found.reading.target


def test_semicolons_between_sentences_with_commas():
    found = understand(lines("{s};{t}", FRENCH[:4], ENGLISH[:4]).encode())
    assert (found.reading.delimiter, found.pairs, found.doubts) == (";", pairs(FRENCH[:4], ENGLISH[:4]), [])
    assert understand(lines('"{s}";"{t}"').encode()).pairs == pairs()


def test_commas_between_sentences_with_semicolons():
    content = lines('"{s}","{t}"').replace(", ", "; ")
    found = understand(content.encode())
    assert found.reading.delimiter == ","
    assert not found.doubts
    assert understand("Hi; Tom.,안녕; 톰.\nGo.,가.\n".encode()).pairs == (("Hi; Tom.", "안녕; 톰."), ("Go.", "가."))


def test_where_two_delimiters_fit_it_is_said_and_can_be_changed():
    content = b"a,b;c,d\ne,f;g,h\n"
    found = understand(content)
    assert kinds(found.doubts)[0] == "doubt_delimiter"
    assert read_pairs(content, delimiter=";") == (("a,b", "c,d"), ("e,f", "g,h"))


def test_a_line_that_names_the_delimiter():
    found = understand(("sep=;\r\n" + lines('"{s}";"{t}"')).encode())
    assert (found.pairs, found.doubts) == (pairs(), [])


@pytest.mark.parametrize("delimiter", ["|", " ||| "])
def test_bars_between_sentences(delimiter):
    found = understand(lines(f"{{s}}{delimiter}{{t}}").encode())
    assert (found.reading.delimiter, found.pairs, found.doubts) == (delimiter.strip(), pairs(), [])


def test_in_a_tab_file_a_sentence_may_begin_with_a_hash_or_a_quote():
    content = '#1 is best.\t1등이 최고다.\n"Quote" first.\t인용.\n#separator\t구분\n'
    assert read_pairs(content.encode()) == tuple(tuple(line.split("\t")) for line in content.splitlines())


ANKI = """#separator:tab
#html:true
#notetype column:1
#deck column:2
#tags column:5
Basic\tKorean\t"Hello <b>you</b>"\t"안녕<br>하세요"\t
Basic\tKorean\t"<div>first</div>
<div>""second""</div>"\t둘&nbsp;셋 &amp; 넷\ttag
"""


def test_ankis_own_exports():
    found = understand(ANKI.encode())
    assert found.pairs == (("Hello you", "안녕 하세요"), ('first "second"', "둘 셋 & 넷"))
    assert (columns_of(found), found.reading.html, found.doubts) == ((2, 3), True, [])
    as_written = read_pairs(ANKI.encode(), html=False)
    assert as_written[0] == ("Hello <b>you</b>", "안녕<br>하세요")


def test_html_that_no_line_announces_is_doubted():
    content = b"a<br>b\tc\nif x < 3 & y > 4\td\n"
    assert kinds(understand(content).doubts) == ["doubt_html"]
    assert read_pairs(content, html=True) == (("a b", "c"), ("if x < 3 & y > 4", "d"))
    assert not understand(b"if x < 3 & y > 4\td\nAT&T\te\n").doubts


def test_tatoebas_four_columns():
    content = lines("{n}7\t{s}\t{n}9\t{t}\t").encode()
    found = understand(content)
    assert (columns_of(found), found.pairs) == ((1, 3), pairs())
    assert kinds(found.doubts) == ["doubt_numbers", "doubt_numbers", "doubt_columns"]
    with pytest.raises(PairsFileError, match=r"columns=\(1, 3\)") as refused:
        read_pairs(content)
    assert refused.value.pairs == pairs()
    assert read_pairs(content, columns=(3, 1)) == pairs(ENGLISH, KOREAN)


def test_an_index_in_front_of_two_columns_or_one():
    assert columns_of(understand(lines('{n},"{s}","{t}"').encode())) == (1, 2)
    assert kinds(understand(lines("{n}\t{s}").encode()).doubts) == ["doubt_numbers", "doubt_columns"]
    assert not understand("12\t열둘\n7\t일곱\n".encode()).doubts  # numbers are not an index


def test_a_label_in_front():
    found = understand('source,english,hindi\nnews,The sun is up.,सूरज निकला है।\ntalk,"Well, go.",जाओ।\n'.encode())
    assert columns_of(found) == (1, 2)
    assert kinds(found.doubts) == ["doubt_header", "doubt_columns"]
    labelled = understand(lines("news\t{s}\t{t}").encode())
    assert [column.kind for column in labelled.columns] == ["alike", "text", "text"]
    assert kinds(labelled.doubts) == ["doubt_columns"]


def test_what_further_columns_hold_is_told_and_leaves_no_doubt_if_it_is_no_sentence():
    found = understand(lines("{t}\t{s}\tCC-BY 2.0 #{n}\t0{n}\t").encode())
    assert [column.kind for column in found.columns] == ["text", "text", "alike", "numbers", "few"]
    assert not found.doubts
    three = understand(lines("{t}\t{s}\t{t}!").encode())
    assert kinds(three.doubts) == ["doubt_columns"]


def test_a_heading_is_doubted_and_can_be_kept():
    content = "Q,A,label\n배고파,밥 드세요.,0\n졸려,푹 주무세요.,1\n".encode()
    found = understand(content)
    assert (found.headings, kinds(found.doubts)) == (["Q", "A", "label"], ["doubt_header"])
    assert found.pairs[0] == ("배고파", "밥 드세요.")
    assert read_pairs(content, header=False, columns=(0, 1))[0] == ("Q", "A")
    assert read_pairs(content, header=True) == found.pairs
    assert is_heading([Row(1, ["Nr", "Text", "Gesagt"]), Row(2, ["1", "a", "b"])])
    assert not is_heading([Row(1, ["English", "영어"])])  # nothing comes after it


@pytest.mark.parametrize(
    ("encoding", "targets"),
    [
        ("cp949", KOREAN),
        ("cp932", JAPANESE),
        ("euc_jp", JAPANESE),
        ("cp1252", FRENCH),
        ("cp1251", RUSSIAN),
        ("utf-16-le", KOREAN),
    ],
)
def test_other_encodings_are_suggested_and_never_taken_unseen(encoding, targets):
    content = lines('"{s}","{t}"', targets).encode(encoding)
    found = understand(content)
    assert (found.reading.encoding, found.pairs) == (encoding, pairs(targets))
    assert kinds(found.doubts) == ["doubt_encoding"]
    with pytest.raises(PairsFileError, match="encoding="):
        read_pairs(content)
    assert read_pairs(content, encoding=encoding) == pairs(targets)


def test_an_encoding_that_python_does_not_know():
    with pytest.raises(LookupError):
        read_pairs(b"a\tb", encoding="no such")
    assert all(b"".decode(encoding) == "" for encoding in ENCODINGS)


def test_a_file_that_was_cut_offers_its_whole_lines():
    content = lines("{s}\t{t}").encode()[:-3]
    found = understand(content)
    assert detect(content) == ("utf-8", True)
    assert [(problem.kind, problem.line) for problem in found.problems] == [("file_cut", len(ENGLISH))]
    assert found.pairs == pairs()[:-1]


def test_two_files_put_together():
    one = b"\xef\xbb\xbf" + lines('"{s}","{t}"').encode()
    found = understand(one + one)
    assert found.pairs == 2 * pairs()
    assert [(note.kind, note.line) for note in found.notes] == [("joined_files", len(ENGLISH) + 1)]
    assert read_pairs(one + one) == found.pairs  # a note is no doubt


def test_excels_workbooks():
    content = xlsx(
        {"Empty": {}, "Pairs": {"A1": "English", "B1": "Korean", "A2": "Hi.", "B2": "안녕.", "A3": 7, "B3": "칠"}}
    )
    found = understand(content)
    assert (found.sheets, found.reading.sheet, found.headings) == (["Pairs"], "Pairs", ["English", "Korean"])
    assert found.pairs == (("Hi.", "안녕."), ("7", "칠"))
    assert kinds(found.doubts) == ["doubt_header"]


def test_one_of_several_sheets_is_chosen():
    content = xlsx({"One": {"A1": "a", "B1": "b"}, "Two": {"C5": "c", "D5": "d"}})
    found = understand(content)
    assert (found.sheets, kinds(found.doubts)) == (["One", "Two"], ["doubt_sheet"])
    assert read_pairs(content, sheet="Two") == (("c", "d"),)
    with pytest.raises(PairsFileError, match="cannot be read"):
        read_pairs(content, sheet="Three")


def test_libreoffices_workbooks():
    assert read_pairs(ods(pairs())) == pairs()


def test_a_workbook_that_asks_for_all_memory_is_refused():
    """A process of its own ends; this one goes on."""
    with pytest.raises(PairsFileError, match="cannot be read"):
        read_pairs(xlsx({"Far": {"A1": "a", "XFD1048576": "b"}}))


def test_what_was_understood_reads_the_same_if_it_is_asked_for():
    for content in (ANKI.encode(), lines("{n}7\t{s}\t{n}9\t{t}").encode(), lines('"{s}";"{t}"').encode("cp949")):
        found = understand(content)
        again = understand(content, found.reading)
        assert (again.reading, again.pairs, again.doubts) == (found.reading, found.pairs, [])


@pytest.mark.parametrize(
    ("name", "count", "doubts"),
    [
        ("anki_notes_headers.txt", 2, []),
        ("chatbot_header.csv", 2, ["doubt_header"]),
        ("corpus_label_first.csv", 2, ["doubt_header", "doubt_columns"]),
        ("cp949_excel.csv", 2, ["doubt_encoding"]),
        ("last_character_cut.txt", 300, []),
        ("nfc_grows_bengali.txt", 1, []),
        ("rtl_arabic_4pairs.txt", 4, []),
        ("tatoeba_pairs_4_columns.tsv", 2, ["doubt_numbers", "doubt_numbers", "doubt_columns"]),
        ("word_level_zwnj.txt", 2, []),
    ],
)
def test_real_files(name, count, doubts):
    path = REAL_FILES / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = understand(path.read_bytes())
    assert (len(found.pairs), kinds(found.doubts)) == (count, doubts)


@pytest.mark.parametrize(
    "arguments",
    [{"columns": (0, 0)}, {"columns": (-1, 0)}, {"columns": (0,)}, {"delimiter": "::"}, {"delimiter": ""}],
)
def test_arguments_that_mean_nothing(arguments):
    with pytest.raises(ValueError, match=r"columns|delimiter") as refused:
        read_pairs(b"a\tb", **arguments)
    assert not isinstance(refused.value, PairsFileError)


def test_nothing_but_a_heading_is_no_lesson():
    with pytest.raises(PairsFileError, match="empty"):
        read_pairs(b"source\ttarget\n", header=True)


def test_a_sentence_that_begins_as_ankis_lines_do_is_kept():
    assert read_pairs(b'#tags: are fun\ta\n"b\tc\n') == (("#tags: are fun", "a"), ('"b', "c"))


def test_a_file_that_was_cut_and_has_the_line_ends_of_old_macs():
    found = understand("a\tb\rc\td가".encode()[:-1])
    assert [(problem.kind, problem.line) for problem in found.problems] == [("file_cut", 2)]
    assert found.pairs == (("a", "b"),)


@pytest.mark.parametrize("cell", ["<b " * 200_000, "y\ufeff" + " " * 200_000 + "x", "<br" * 200_000])
def test_a_huge_cell_costs_no_more_than_its_length(cell):
    """Half an hour, if an expression begins anew at each of its characters; the test would be ended before."""
    assert [problem.kind for problem in understand(f"a\tb\n{cell}\tc\n".encode()).problems] == ["too_long"]
