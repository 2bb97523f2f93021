"""Every page in both languages with Streamlit's app tester: no browser, and no training processes."""

import json
import pickle
import re
import subprocess
import sys
import time
import unicodedata
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import session as sessions
from pages.parts.frame import PAGES
from pages.parts.session import NamedRun
from pages.parts.texts import LANGUAGES, catalogue
from pages.parts.translate import context_map
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator, limits
from seq2seq.analysis.metrics import evaluate
from seq2seq.classroom.lessons import SUPPLIED_LESSONS
from seq2seq.classroom.memory import training_bytes
from seq2seq.data.pairs import MAX_CHARACTERS, MAX_PAIRS
from seq2seq.lesson import suggested_settings
from tests.pages.app import (
    ROOT,
    a_run,
    button,
    changed,
    checked,
    choose,
    counts,
    edit,
    ending,
    listed_problems,
    narrations,
    new_session,
    open_page,
    picture,
    said,
    shows,
    translate,
    translation,
    upload,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")

pytestmark = pytest.mark.timeout(120)


# --- Every page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "language"), product(PAGES, LANGUAGES))
def test_page_speaks_its_language(page, language, trained_session):
    """First as a new student sees it, then with a trained model."""
    for session in (None, trained_session):
        app = open_page(page, session, language)
        assert [title.value for title in app.title] == [catalogue(language)[f"{page}.title"]]
        assert [link.value for link in app.sidebar.get("page_link")] == [
            catalogue(language)[f"{name}.menu"] for name in PAGES
        ]
        texts = set(said(app)) - {catalogue(language)["lesson.numbers_reason"]}  # it has an example
        if language == "ko":
            assert [text for text in texts if ENGLISH_SENTENCE.search(re.sub("`.*?`", "", text))] == []
        else:
            assert [text for text in texts if HANGUL.search(text)] == []


@pytest.mark.parametrize(("locale", "language"), [("ko-KR", "ko"), ("ko", "ko"), ("en-GB", "en"), ("de-DE", "en")])
def test_the_browsers_language_comes_first(locale, language):
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.context["locale"] = locale
    app.run()
    assert shows(app, "start.choose", language)


def test_what_stands_behind_a_second_question_mark_is_no_part_of_the_session():
    """The address bar has a parameter already, and people add "?large=on" to it."""
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.query_params[sessions.ID] = "abc?large=on&questions=off"
    checked(app.run())
    session = app.session_state["session"]
    assert (session.id, session.is_large, session.asks) == ("abc", True, False)
    assert app.query_params[sessions.ID] == "abc"


def test_switching_the_language_keeps_the_work():
    session = new_session((*NOTEBOOK_PAIRS, ("Thanks.", "고마워요.")))
    app = open_page("tensors", session)
    app.button_group(key="language").set_value("ko")
    checked(app.run())
    assert app.title[0].value == "텐서"
    assert app.session_state["session"] is session
    app.switch_page(PAGES["pairs"][0])
    checked(app.run())
    assert shows(app, "pairs.used", "ko", used=6, rows=6)
    app.button_group(key="language").set_value("en")
    assert shows(checked(app.run()), "pairs.used", used=6, rows=6)


@pytest.mark.parametrize(("page", "language"), product(NEEDS_A_LESSON, LANGUAGES))
def test_page_without_a_usable_pair_says_where_to_get_one(page, language):
    app = open_page(page, new_session([("", "안녕."), ("Hello.", ""), ("", "")]), language)
    assert shows(app, "frame.no_pairs", language)
    assert catalogue(language)["pairs.menu"] in [link.value for link in app.main.get("page_link")]


@pytest.mark.parametrize("page", ["pairs", "tensors", "model", "train"])
@pytest.mark.parametrize(
    "rows",
    [
        [("a", "가")],
        [("👩‍🚀 é̱", "🇰🇷 ☕️"), ("<b>**x**</b> $y$ :red[z]", "{0} {name} %s")],
        [("s" * MAX_CHARACTERS, "t" * MAX_CHARACTERS), ("a", "b")],
        [(chr(0xAC00 + n), chr(0x4E00 + n)) for n in range(200)],
    ],
    ids=["one pair", "emoji and markup", "longest", "many characters"],
)
def test_pages_bear_unusual_pairs(page, rows):
    open_page(page, new_session(rows))


def test_what_students_type_never_becomes_markup(trained):
    picture = "![x](https://example.org/x.png)"
    rows = ((picture, picture), *NOTEBOOK_PAIRS)
    state = TrainingState.new(Lesson(rows))
    session = new_session(rows, run=a_run(replace(state, step=1, epoch=1, history=trained.history[:1])))
    for page in PAGES:
        app = open_page(page, session)
        assert [element for element in (*said(app), *(h.value for h in app.get("html"))) if picture in element] == []


def test_no_page_loads_keras(trained, tmp_path):
    """In a process of its own, for other tests load it."""
    (tmp_path / "state").write_bytes(pickle.dumps(trained))
    script = """
import pickle, sys
from pathlib import Path
from pages.parts import frame, session as sessions
import tests.pages.app as t

engine = t.StandInEngine()
frame.shared_engine = sessions.shared_engine = lambda: engine
state = pickle.loads(Path(sys.argv[1]).read_bytes())
for page in t.PAGES:
    t.open_page(page)
    t.open_page(page, t.new_session(run=t.a_run(state)))
print([name for name in ("keras", "tensorflow") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "state"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- The door --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_door_offers_the_lessons(language):
    app = open_page("start", language=language)
    for name in SUPPLIED_LESSONS:
        assert shows(app, f"lesson.{name}", language)
        assert shows(app, f"lesson.{name}_reason", language)
    assert shows(app, "start.kept", language)


@pytest.mark.parametrize("name", SUPPLIED_LESSONS)
def test_choosing_a_lesson_opens_its_table(name):
    session = new_session([("mine", "내 것")])
    app = open_page("start", session)
    app.button(key=f"open-{name}").click()
    checked(app.run())
    supplied = SUPPLIED_LESSONS[name]
    assert app.title[0].value == "Pairs"
    assert (session.rows, session.model, session.training) == (supplied.pairs, supplied.model, supplied.training)
    assert len(app.data_editor[0].value) == len(supplied.pairs)
    app.switch_page(PAGES["pairs"][0])  # the app tester would go back to the page it was sent to
    checked(button(app, "pairs.undo").click().run())
    assert session.rows == (("mine", "내 것"),)


def test_the_lesson_that_is_open_cannot_be_opened_again():
    assert open_page("start").button(key="open-notebook").disabled


# --- Pairs -----------------------------------------------------------------------------------------------------------


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


# --- Tensors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_shapes_of_the_notebook(language):
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    app = open_page("tensors", new_session(model=notebook.model, training=notebook.training), language)
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == ["### `(5, 18, 23)`", "### `(5, 10, 24)`", "### `(5, 10, 24)`"]
    assert shows(app, "tensors.axis_time_source", language, n=18, longest=18)
    assert shows(app, "tensors.axis_tokens_target", language, n=24, characters=24)
    assert shows(app, "tensors.shift_notebook", language)
    assert shows(app, "tensors.zero_rows", language, tensor="encoder_inputs", pair=0, steps=18, zero=12)


def test_shapes_with_markers():
    app = open_page("tensors", new_session())
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == ["### `(5, 18, 23)`", "### `(5, 11, 26)`", "### `(5, 11, 26)`"]
    assert shows(app, "tensors.axis_time_target_plus", n=11, longest=10)
    assert shows(app, "tensors.axis_tokens_target_plus", n=26, characters=24)
    assert shows(app, "tensors.shift_markers")
    vocabularies = [table.value.to_numpy().ravel().tolist() for table in app.dataframe[-2:]]
    assert [len(tokens) for tokens in vocabularies] == [23, 26]
    assert "␣" in vocabularies[0]
    assert {"⟨bos⟩", "⟨eos⟩", "␣"} <= set(vocabularies[1])


def test_choosing_a_pair_and_a_tensor():
    session = new_session()
    app = open_page("tensors", session)
    app.selectbox[0].set_value(3)
    checked(app.run())
    assert session.chosen == 3
    assert shows(app, "tensors.zero_rows", tensor="encoder_inputs", pair=3, steps=18, zero=7)
    next(group for group in app.button_group if group.key != "language").set_value("decoder_targets")
    checked(app.run())
    assert shows(app, "tensors.zero_rows", tensor="decoder_targets", pair=3, steps=11, zero=4)


# --- Model -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_in_the_notebook(language):
    session = new_session()
    app = open_page("model", session, language)
    checked(button(app, "model.as_in_notebook", language).click().run())
    assert counts(app) == ["7,168", "7,296", "792", "15,256"]
    assert app.dataframe[0].value.iloc[:, 1].tolist() == [
        "4 × (23 + 32 + 1) × 32",
        "4 × (24 + 32 + 1) × 32",
        "(32 + 1) × 24",
        "7,168 + 7,296 + 792",
    ]
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    assert (session.model, session.training) == (notebook.model, notebook.training)
    assert [toggle.value for toggle in app.main.toggle] == [False, False]
    checked(button(app, "model.suggested", language).click().run())
    assert (session.model, session.training) == suggested_settings(5)
    assert [toggle.value for toggle in app.main.toggle] == [True, True]


def test_units_and_switches_change_the_model():
    session = new_session()
    app = open_page("model", session)
    app.number_input[0].set_value(8)
    checked(app.run())
    assert session.model == ModelConfig(8)
    assert counts(app) == ["1,024", "1,120", "234", "2,378"]
    assert "(batch, 8)" in "".join(element.value for element in app.get("html"))
    app.main.toggle[0].set_value(False)
    app.main.toggle[1].set_value(False)
    checked(app.run())
    assert session.model == ModelConfig(8, markers=False, mask_padding=False)
    assert counts(app) == ["1,024", "1,056", "216", "2,296"]
    app.switch_page(PAGES["tensors"][0])
    checked(app.run())
    app.switch_page(PAGES["model"][0])
    checked(app.run())
    assert app.number_input[0].value == 8
    assert [toggle.value for toggle in app.main.toggle] == [False, False]


LEVEL_SHAPES = {
    ("character", "jamo"): ("(5, 18, 23)", "(5, 19, 31)"),
    ("jamo", "character"): ("(5, 18, 23)", "(5, 11, 26)"),
    ("word", "word"): ("(5, 5, 13)", "(5, 5, 15)"),
}


@pytest.mark.parametrize(("levels", "language"), product(LEVEL_SHAPES, LANGUAGES))
def test_a_choice_of_tokens_holds_on_every_page(levels, language):
    session = new_session()
    app = open_page("model", session, language)
    for side, level in zip(("source", "target"), levels, strict=True):
        label = catalogue(language)[f"model.{side}_tokens"]
        next(box for box in app.selectbox if box.label == label).set_value(level)
        checked(app.run())
    assert session.model == ModelConfig(source_tokens=levels[0], target_tokens=levels[1])
    app = open_page("tensors", session, language)
    encoder, decoder = LEVEL_SHAPES[levels]
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == [f"### `{shape}`" for shape in (encoder, decoder, decoder)]
    kinds = [catalogue(language)[f"tokens.{level}_many"] for level in levels]
    assert shows(app, "tensors.axis_tokens_source", language, kinds=kinds[0])
    assert shows(app, "tensors.axis_tokens_target_plus", language, kinds=kinds[1])
    tables = [table.value for table in app.dataframe[:2]]
    assert [table.iloc[:, 1].tolist() for table in tables] == [[6, 6, 2], [6, 13, 2]]  # Hello. and 안녕하세요.
    assert list(tables[1].iloc[1, 2])[:6] == ["ㅇ", "ㅏ", "-ㄴ", "ㄴ", "ㅕ", "-ㅇ"]
    state = replace(TrainingState.new(session.lesson), step=1)
    trained_session = new_session(run=a_run(state), model=session.model)
    for page in ("train", "translate"):
        open_page(page, trained_session, language)
    app = open_page("model", trained_session, language)
    checked(button(app, "model.as_in_notebook", language).click().run())
    assert (trained_session.model.source_tokens, trained_session.model.target_tokens) == ("character", "character")


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_tokens_are_named_by_what_they_are(language):
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(source_tokens="word", target_tokens="jamo", markers=False))
    session = new_session(run=a_run(replace(TrainingState.new(lesson), step=1)), model=lesson.model)
    app = open_page("translate", session, language)
    words = catalogue(language)["tokens.word_many"]
    translate(app, "What is life?")
    assert shows(app, "translate.unknown", language, kinds=words)
    assert "␣life" in translation(app)
    translate(app, "Nobody knows")
    assert shows(app, "translate.all_unknown", language, kinds=words)


# --- Train -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_starting_and_stopping(language, engine):
    session = new_session()
    app = open_page("train", session, language)
    assert shows(app, "train.empty", language)
    assert button(app, "train.resume", language).disabled
    for widget, value in zip(app.number_input, (77, 2, 0.02, 3, 9, 20), strict=True):
        widget.set_value(value)
    checked(app.run())
    assert session.training == TrainingConfig(77, 2, 0.02, 3, 9, held_out=0.2)
    checked(button(app, "train.start", language).click().run())
    assert [run.state.lesson for run in engine.submitted] == [session.lesson]
    assert session.run is engine.submitted[0]
    assert shows(app, "train.place", language, place=1)
    checked(button(app, "train.pause", language).click().run())
    assert session.run.status == "paused"
    assert shows(app, "run.paused", language)
    checked(button(app, "train.resume", language).click().run())
    assert engine.submitted == [session.run] * 2 and session.run.is_active


def test_some_epochs_and_beginning_anew(engine):
    session = new_session()
    app = open_page("train", session)
    checked(next(b for b in app.button if b.label == "Epochs +10").click().run())
    assert session.run.target_epoch == 10 and engine.submitted == [session.run]
    first = session.run
    checked(button(app, "train.new_seed").click().run())
    assert first.status == "paused"  # and stays in the table
    assert [named.run for named in session.runs] == [first, session.run]
    assert session.run.state.lesson.training.seed == 1
    assert not session.run.is_active


def test_what_is_begun_quickly_loses_nothing(engine, trained_session):
    """An empty run gives up its row, a second click finds the first one's run, and what was trained stays."""
    trained_run = trained_session.run
    app = open_page("train", trained_session)
    for key in ("reset", "new_seed", "reset", *["new_seed"] * 12):
        checked(button(app, f"train.{key}").click().run())
    assert [named.run for named in trained_session.runs] == [trained_run, trained_session.run]
    for _ in range(2):
        checked(button(app, "train.start").click().run())
        assert [named.run for named in trained_session.runs] == [trained_run, trained_session.run]
    assert engine.submitted == [trained_session.run]
    assert [named.name for named in trained_session.runs] == ["1.", "2. seed 13"]
    for _ in range(2):
        checked(app.button(key="what-if-units").click().run())
        assert len(trained_session.runs) == 3


def test_empty_runs_are_dropped_before_trained_ones(trained):
    session = new_session()
    made = [session.new_run(session.lesson) for _ in range(2)]
    assert session.runs == made[1:]  # the first one was empty
    for n in range(11):
        session.run.state = trained if n else session.run.state  # the first of these is left without a step
        session.run.status = "finished" if n else "queued"
        made.append(session.new_run(session.lesson))
    empty, *others = made[1:]
    empty.run.status = "paused"
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others, made[-1]]  # not the oldest one, which was trained
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others[1:], *made[-2:]]
    assert len({named.name for named in session.runs}) == len(session.runs) == 12


def test_a_run_that_trains_is_never_dropped(trained):
    session = new_session()
    active = [a_run(trained, "training", None) for _ in range(12)]
    session.runs = [NamedRun(run, f"{n}.", (session.lesson.pairs, session.model)) for n, run in enumerate(active)]
    session.run = active[-1]
    session.new_run(session.lesson, baseline=session.runs[3])
    assert [named.run for named in session.runs] == [*active, session.run]


@pytest.mark.parametrize("name", ["2nd try", "8units", "²", "1.5 times", "2. seed 7", "**x**"])
def test_a_run_can_be_called_anything(name, trained_session, engine):
    app = open_page("train", trained_session)
    edit(app, {0: {"name": name}})
    assert [named.name for named in trained_session.runs] == [name]
    checked(button(app, "train.start").click().run())
    checked(button(app, "train.new_seed").click().run())
    names = [named.name for named in trained_session.runs]
    assert len(set(names)) == 3
    edit(app, {0: {"name": names[1]}})  # which is taken
    assert [toast.value for toast in app.toast] == [catalogue("en")["run.name_taken"]]
    for empty in ("  ", None):
        edit(app, {0: {"name": empty}})
    assert [named.name for named in trained_session.runs] == names


def test_the_table_of_runs_can_be_edited_while_something_trains(trained):
    run = a_run(replace(trained, epoch=75, history=trained.history[:75]), "training", None)
    session = new_session(run=run, training=trained.lesson.training)
    session.runs.insert(0, NamedRun(a_run(trained), "another", session.runs[0].lesson_key))
    app = open_page("train", session)
    for epochs, edits in (
        (80, {0: {"name": "earlier"}}),
        (90, {0: {"shown": True}}),
        (100, {0: {"shown": False}, 1: {"name": "now"}}),
    ):
        run.history = list(trained.history[:epochs])
        edit(app, edits)
        assert app.data_editor[0].value["epochs"].tolist() == [150, epochs]
    assert [(named.name, named.is_shown) for named in session.runs] == [("earlier", False), ("now", False)]
    edit(app, {0: {"used": True}})
    assert session.run is session.runs[0].run and run.is_active
    assert app.data_editor[0].value["status"].tolist() == ["Finished", "Training"]
    edit(app, deleted=[0])
    assert [named.run for named in session.runs] == [session.run] == [run]


def test_after_the_last_run_is_deleted(trained_session, engine):
    """Another tab may still have its buttons."""
    trained_session.look_at = 15
    app, other = (open_page("train", trained_session) for _ in range(2))
    edit(app, deleted=[0])
    assert shows(app, "train.empty")
    assert (trained_session.run, trained_session.look_at, trained_session.trained) == (None, None, None)
    trained_session.pause()
    checked(button(other, "train.resume").click().run())
    assert shows(other, "train.empty")
    assert engine.submitted == []


def test_another_current_run_begins_with_its_latest_epoch(trained_session, trained):
    trained_session.look_at = 15
    trained_session.runs.append(NamedRun(a_run(trained), "2.", trained_session.runs[0].lesson_key))
    trained_session.delete(trained_session.run)
    assert trained_session.trained is trained


def test_what_another_tab_has_to_draw_anew(trained_session):
    redraw_keys = [trained_session.redraw_key]
    trained_session.new_run(trained_session.lesson)
    redraw_keys.append(trained_session.redraw_key)
    trained_session.resume()
    redraw_keys.append(trained_session.redraw_key)
    trained_session.run.history = trained_session.runs[0].run.history  # an epoch alone is no reason
    assert trained_session.redraw_key == redraw_keys[-1]
    trained_session.pause()
    redraw_keys.append(trained_session.redraw_key)
    trained_session.run.state = replace(trained_session.run.state, step=5)  # begun and ended between two looks
    redraw_keys.append(trained_session.redraw_key)
    trained_session.runs[0].name = "first"
    redraw_keys.append(trained_session.redraw_key)
    trained_session.delete(trained_session.runs[0].run)
    redraw_keys.append(trained_session.redraw_key)
    trained_session.delete(trained_session.run)
    redraw_keys.append(trained_session.redraw_key)
    assert all(before != after for before, after in pairwise(redraw_keys))


def test_a_pause_is_shown_as_soon_as_it_is_there(engine, trained, monkeypatch):
    """The slice under way is finished first."""
    run = a_run(trained, "training", None)
    app = open_page("train", new_session(run=run, training=trained.lesson.training))
    sleep = time.sleep

    def sleep_through_the_slice(seconds):
        if seconds == 0.01 and engine.pausing:
            run.status = "paused"
        sleep(seconds)

    engine.pausing = []
    monkeypatch.setattr(engine, "pause", engine.pausing.append)
    monkeypatch.setattr(time, "sleep", sleep_through_the_slice)
    checked(button(app, "train.pause").click().run())
    assert engine.pausing == [run]
    assert shows(app, "run.paused")
    assert not button(app, "train.resume").disabled


def test_a_run_that_goes_on_takes_over_the_rate_and_the_rules(engine, trained):
    session = new_session(run=a_run(trained, "paused", None), training=trained.lesson.training)
    app = open_page("train", session)
    for widget, value in zip(app.number_input, (300, 2, 0.002, 7, 9, 20), strict=True):
        widget.set_value(value)
    app.main.toggle[0].set_value(False)
    checked(app.run())
    checked(button(app, "train.resume").click().run())
    taken_over = dict(epochs=300, learning_rate=0.002, patience=7, stop_when_right=False)
    assert session.run.state.lesson.training == replace(trained.lesson.training, **taken_over)
    assert session.run.state.weights is trained.weights
    assert session.run.target_epoch == 300 and session.run._has_rules
    rate = app.number_input[2]
    assert (rate.label, rate.disabled) == ("Learning rate", True)  # it waits for a pause
    checked(button(app, "train.pause").click().run())
    assert not app.number_input[2].disabled


@pytest.mark.parametrize("status", ["paused", "finished"])
def test_where_a_rule_has_ended_it_it_goes_on_all_the_same(status, engine, trained):
    """Whether it has just been finished or was paused on its way on."""
    run = a_run(trained, status, "epochs" if status == "finished" else None)
    session = new_session(run=run, training=trained.lesson.training)
    checked(button(open_page("train", session), "train.resume").click().run())
    assert engine.submitted == [run] and run.target_epoch == 300


def test_the_settings_follow_the_run_that_is_chosen(trained_session):
    """Or going on would change what nobody has typed."""
    first = trained_session.run
    trained_session.training = replace(trained_session.training, learning_rate=0.5, patience=3, seed=4)
    trained_session.new_run(trained_session.lesson)
    app = open_page("train", trained_session)
    edit(app, {0: {"used": True}})
    assert trained_session.run is first
    assert [app.number_input[n].value for n in (2, 3, 4)] == [0.01, 0, 4]
    checked(button(app, "train.resume").click().run())
    assert first.state.lesson.training == TrainingConfig()


@pytest.mark.parametrize(
    ("name", "changed"),
    [("units", {"hidden_size": 8}), ("mask", {"mask_padding": False}), ("batch", {"batch_size": 5})],
)
def test_what_changes_if(name, changed, trained_session, engine):
    before = trained_session.run
    app = open_page("train", trained_session)
    checked(button(app, f"train.what_if_{name}").click().run())
    lesson, other = trained_session.run.state.lesson, before.state.lesson
    differing = {
        field
        for config, same in ((lesson.model, other.model), (lesson.training, other.training))
        for field in vars(config)
        if getattr(config, field) != getattr(same, field)
    }
    assert differing == set(changed)
    assert trained_session.run.is_active and trained_session.runs[0].is_shown
    assert not shows(app, "frame.outdated")


def test_what_ifs_have_one_base(trained_session, engine):
    """Which trains on, if it does."""
    baseline = trained_session.run
    baseline.status = "training"
    app = open_page("train", trained_session)
    for name in ("units", "batch", "mask"):
        trained_session.training = replace(trained_session.training, learning_rate=0.5)  # typed in, and not asked for
        checked(app.button(key=f"what-if-{name}").click().run())
    lessons = [named.run.state.lesson for named in trained_session.runs]
    assert [lesson.model.hidden_size for lesson in lessons] == [32, 8, 32, 32]
    assert [lesson.training.batch_size for lesson in lessons] == [1, 1, 5, 1]
    assert [lesson.model.mask_padding for lesson in lessons] == [True, True, True, False]
    assert {lesson.training.learning_rate for lesson in lessons} == {0.01}
    assert [named.name for named in trained_session.runs] == ["1.", "2. 8 units", "3. batch 5", "4. mask ✗"]
    assert all(named.is_shown and named.run.is_active for named in trained_session.runs)
    checked(button(app, "train.pause").click().run())
    assert not trained_session.is_active  # all of them
    checked(button(app, "train.new_seed").click().run())
    checked(app.button(key="what-if-units").click().run())
    assert trained_session.run.state.lesson.training.seed == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_if_of_an_earlier_lesson_says_so(language, trained_session):
    trained_session.edit((("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]))
    app = open_page("train", trained_session, language)
    checked(app.button(key="what-if-units").click().run())
    assert trained_session.run.state.lesson.pairs == NOTEBOOK_PAIRS
    assert shows(app, "frame.outdated", language, pairs=5, units=8)


def test_earlier_epochs_of_many_runs_are_forgotten(trained, monkeypatch):
    """Thirty students' would fill the server's memory."""
    size = sum(weights.nbytes for _, kept in trained.checkpoints for weights in kept.values())
    monkeypatch.setattr(sessions, "MAX_RESTING_CHECKPOINT_BYTES", 2 * size)
    session = new_session(run=a_run(trained, "training", None))
    (active,) = session.runs
    for _ in range(4):
        session.new_run(session.lesson, baseline=active)
        session.run.state, session.run.status = trained, "finished"
    assert [bool(named.run.state.checkpoints) for named in session.runs] == [True, False, True, True, True]
    session.choose(session.runs[1].run)
    app = open_page("train", session)
    assert not app.select_slider
    assert shows(app, "train.translations_title", epoch=150)


def test_looking_back_at_a_kept_epoch(trained_session):
    app = open_page("train", trained_session)
    app.select_slider[0].set_value(15)
    checked(app.run())
    assert shows(app, "train.translations_title", epoch=15)
    assert shows(app, "train.figures_title", epoch=15)
    assert trained_session.trained.epoch == 15
    assert shows(open_page("translate", trained_session), "translate.model", epoch=15, pairs=5)


def test_settings_stay_after_another_page():
    session = new_session()
    app = open_page("train", session)
    app.number_input[0].set_value(77)
    checked(app.run())
    for page in ("tensors", "train"):
        app.switch_page(PAGES[page][0])
        checked(app.run())
    assert session.training.epochs == app.number_input[0].value == 77


def test_settings_can_be_changed_again_and_again():
    session = new_session()
    app = open_page("train", session)
    for epochs, held_out, is_on in ((77, 20, False), (88, 40, True), (99, 0, False), (99, 50, True)):
        app.number_input[0].set_value(epochs)
        app.number_input[5].set_value(held_out)
        app.main.toggle[0].set_value(is_on)
        checked(app.run())
        assert app.number_input[0].value == session.training.epochs == epochs
        assert (app.number_input[5].value, session.training.held_out) == (held_out, held_out / 100)
        assert app.main.toggle[0].value == session.training.stop_when_right == is_on


def test_settings_that_another_tab_changes():
    session = new_session()
    app, other = open_page("train", session), open_page("train", session)
    app.number_input[0].set_value(77)
    checked(app.run())
    other.number_input[4].set_value(5)
    checked(other.run())
    assert session.training == TrainingConfig(epochs=77, seed=5)
    assert other.number_input[0].value == 77


@pytest.mark.parametrize(("share", "language"), product([5, 10, 20], LANGUAGES))
def test_a_share_that_holds_nothing_out_says_so(share, language):
    app = open_page("train", new_session(), language)
    app.number_input[5].set_value(share)
    checked(app.run())
    assert shows(app, "train.held_out_none", language, pairs=5, share=f"{share}%") == (share < 20)


def test_the_seed_after_the_last():
    session = new_session(training=TrainingConfig(seed=2**31 - 1))
    app = open_page("train", session)
    checked(button(app, "train.start").click().run())
    checked(button(app, "train.new_seed").click().run())
    assert session.run.state.lesson.training.seed == session.training.seed == 0


@pytest.mark.parametrize(("epochs", "language"), product([0, -1, 1_000_000], LANGUAGES))
def test_epochs_that_cannot_be(epochs, language):
    session = new_session()
    app = open_page("train", session, language)
    app.number_input[0].set_value(epochs)
    checked(app.run())
    assert app.error
    assert button(app, "train.start", language).disabled
    assert session.training.epochs == 150
    app.number_input[0].set_value(7)
    checked(app.run())
    assert not app.error
    assert session.training.epochs == 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_too_large_for_the_server_cannot_start(language):
    rows = [(f"{n} {'s' * 290}", f"{n} {'t' * 290}") for n in range(200)]
    app = open_page(
        "train", new_session(rows, model=ModelConfig(512), training=TrainingConfig(batch_size=200)), language
    )
    assert shows(app, "train.too_large", language)
    assert button(app, "train.start", language).disabled
    app.number_input[1].set_value(8)
    checked(app.run())
    assert not shows(app, "train.too_large", language)
    assert not button(app, "train.start", language).disabled
    checked(button(app, "train.start", language).click().run())
    checked(button(app, "train.pause", language).click().run())
    app.number_input[1].set_value(200)
    checked(app.run())
    assert shows(app, "train.too_large", language)
    for key in ("start", "reset", "new_seed"):
        assert button(app, f"train.{key}", language).disabled
    assert not button(app, "train.resume", language).disabled  # with its own batches


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_too_large_for_the_server_is_not_begun(language, engine):
    rows = [(f"{n} {'s' * 290}", f"{n} {'t' * 290}") for n in range(200)]
    session = new_session(rows, model=ModelConfig(512))
    lesson = replace(session.lesson, training=TrainingConfig(batch_size=1))
    limit = training_bytes(lesson)
    session.training = lesson.training
    session.new_run(session.lesson)
    app = open_page("train", session, language)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MAX_TRAINING_BYTES", limit)
        checked(app.button(key="what-if-batch").click().run())
    assert shows(app, "train.too_large", language)
    assert engine.submitted == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_it_trains(language, trained):
    half = replace(trained, epoch=75, history=trained.history[:75])
    marks = ((0.0, 0), (1.0, 75))
    run = a_run(half, "training", None, _pace_samples=marks)
    app = open_page("train", new_session(run=run, training=trained.lesson.training), language)
    assert shows(app, "run.epochs", language, done=75, epochs=150)
    assert shows(app, "train.left_seconds", language)
    assert shows(app, "train.translations_title", language, epoch=75)
    sidebar = open_page("tensors", new_session(run=run), language).sidebar
    assert [bar.text for bar in sidebar.get("progress")] == [
        f"{catalogue(language)['run.training']} · {catalogue(language)['run.epochs'].format(done=75, epochs=150)}"
    ]
    assert [bar.value for bar in sidebar.get("progress")] == [50]


@pytest.mark.parametrize(("why", "language"), product(["epochs", "patience", "right"], LANGUAGES))
def test_why_it_ended(why, language, trained):
    run = a_run(trained, "finished", why)
    assert shows(open_page("train", new_session(run=run), language), f"train.ended_{why}", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_that_failed_keeps_what_it_has(language, trained):
    run = a_run(trained, "failed", None, error="ResourceExhaustedError: out of memory")
    session = new_session(run=run)
    app = open_page("train", session, language)
    assert shows(app, "train.failed", language)
    assert "ResourceExhaustedError: out of memory" in [element.value for element in app.text]
    assert not button(app, "train.start", language).disabled
    assert shows(open_page("translate", session, language), "translate.right", language)


def test_the_notebooks_figures_differ_by_padding(notebook_trained):
    """The same model: padding counted as the notebook does, and left out."""
    notebook = notebook_trained.lesson
    session = new_session(run=a_run(notebook_trained), model=notebook.model, training=notebook.training)
    app = open_page("train", session)
    assert shows(app, "train.no_marker")
    figures = next(table.value for table in app.table if table.value.shape == (6, 2)).set_index("Figure")["Trained on"]
    found = evaluate(notebook_trained)
    for name in ("masked_accuracy", "padded_accuracy", "exact_match", "cer"):
        assert figures[catalogue("en")[f"train.{name}"]] == f"{found[name]:.0%}"
    np.testing.assert_allclose(found["padded_loss"], float(figures[catalogue("en")["train.padded_loss"]]), atol=1e-3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_history_has_a_title(language, trained_session):
    app = open_page("train", trained_session, language)
    app.session_state["history"] = True  # open
    checked(app.run())
    history = next(table for table in app.dataframe if "learning_rate" in table.value)
    columns = json.loads(history.proto.columns)
    assert {columns[name]["label"] for name in history.value} <= set(catalogue(language).values())


@pytest.mark.parametrize("page", ["tensors", "train"])
def test_large_type_reaches_into_the_pictures(page, trained_session):
    """Those that are drawn by measures of their own; axes follow the page's type by themselves."""
    heights = []
    for trained_session.is_large in (False, True):
        charts = open_page(page, trained_session).get("vega_lite_chart")
        heights.append([json.loads(chart.proto.spec).get("height") for chart in charts])
    usual, large = (np.array([height or 0 for height in of_charts]) for of_charts in heights)
    assert ((large == usual) | (abs(large - 1.3 * usual) <= 5)).all() and (large > usual).any()


@pytest.mark.parametrize(("page", "language"), product(["model", "train", "translate"], LANGUAGES))
def test_a_changed_lesson_says_so_and_keeps_the_model(page, language, trained_session):
    assert not shows(open_page(page, trained_session, language), "frame.outdated", language)
    trained_session.model = ModelConfig(16)
    assert shows(open_page(page, trained_session, language), "frame.outdated", language, pairs=5, units=32)
    trained_session.model = ModelConfig()
    trained_session.edit((("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]))
    assert shows(open_page(page, trained_session, language), "frame.outdated", language, pairs=5, units=32)
    trained_session.undo()
    assert not shows(open_page(page, trained_session, language), "frame.outdated", language)


# --- Translate -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_any_training(language):
    app = open_page("translate", language=language)
    assert shows(app, "translate.empty", language)
    assert catalogue(language)["train.menu"] in [link.value for link in app.main.get("page_link")]
    assert not app.text_input
    started = new_session(run=a_run(TrainingState.new(Lesson(NOTEBOOK_PAIRS)), "queued", None, queue_position=1))
    assert shows(open_page("translate", started, language), "translate.empty", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translating(language, trained_session):
    app = open_page("translate", trained_session, language)
    assert translation(app)[:2] == ["Hello.", "안녕하세요."]
    assert shows(app, "translate.trained", language)
    assert shows(app, "translate.right", language)
    assert shows(app, "translate.model", language, epoch=150, pairs=5)
    steps = list(Translator(trained_session.trained).steps("Hello."))
    told = narrations(app)
    assert len(told) == len(steps) == 7
    for n, (line, step) in enumerate(zip(told, steps, strict=True)):
        values = {"step": n + 1, "steps": 7, "t": n, "fed": step.fed, "best": step.token, "token": step.token}
        now = catalogue(language)["stepper.now"].format(p=f"{step.probabilities.max():.1%}", **values)
        assert line.splitlines() == [now, ending("eos", language, steps=7) if n == 6 else
                                     catalogue(language)["stepper.goes_on"]]  # fmt: skip


def test_the_picture_has_all_numbers_of_every_step(trained_session):
    drawn = picture(open_page("translate", trained_session))
    translator = Translator(trained_session.trained)
    steps, context = list(translator.steps("Hello.")), translator.context("Hello.")
    for name in ("state_h", "state_c"):
        expected = [getattr(moment, name) for moment in (context, *steps)]
        np.testing.assert_allclose(drawn[name[-1]], expected, atol=6e-5)  # four digits
    for told, step in zip(drawn["steps"], steps, strict=True):
        np.testing.assert_allclose(told["probabilities"], step.probabilities, atol=6e-7)
        assert translator.lesson.target_vocabulary.tokens[told["token_id"]] == step.token


def test_a_changed_translation_stays_while_the_model_trains_on(trained_session):
    app = open_page("translate", trained_session)
    checked(button(app, "stepper.do_zero").click().run())
    run = trained_session.run
    run.state = replace(run.state, epoch=run.state.epoch + 1, step=run.state.step + 5)
    checked(app.run())
    assert changed(app)[0] == catalogue("en")["stepper.did_zero"]


def test_picking_a_sentence(trained_session):
    app = open_page("translate", trained_session)
    mark = catalogue("en")["translate.mark_trained"]
    assert app.selectbox[0].options[1:] == [f"{source} · {mark}" for source, _ in NOTEBOOK_PAIRS]
    app.selectbox[0].set_value("How are you?")
    checked(app.run())
    assert translation(app)[:2] == ["How are you?", "잘 지내니?"]
    assert translation(translate(app, "Hello."))[:2] == ["Hello.", "안녕하세요."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_was_held_out_is_not_called_trained(language, trained):
    lesson = replace(trained.lesson, training=replace(trained.lesson.training, held_out=0.4))
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))), language)
    held_out = set(lesson.held_out_rows.tolist())
    assert len(held_out) == 2
    for row, (source, _) in enumerate(NOTEBOOK_PAIRS):
        kind = "held_out" if row in held_out else "trained"
        assert app.selectbox[0].options[1 + row] == f"{source} · {catalogue(language)[f'translate.mark_{kind}']}"
        translate(app, source)
        kinds = [kind for kind in ("trained", "held_out", "unseen") if shows(app, f"translate.{kind}", language)]
        assert kinds == [kind]
        names_another = any(catalogue(language)["translate.nearest"][:8] in line for line in translation(app))
        assert names_another == (kind == "held_out")
    assert shows(app, "translate.model", language, pairs=3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_it_never_saw(language, trained_session):
    app = translate(open_page("translate", trained_session, language), "How are you, Hello?")
    assert shows(app, "translate.unseen", language)
    assert not shows(app, "translate.right", language)
    assert not shows(app, "translate.wrong", language)
    nearest = context_map.nearest_trained(Translator(trained_session.trained), "How are you, Hello?")
    said_there = catalogue(language)["translate.nearest"].format(source=nearest, target=dict(NOTEBOOK_PAIRS)[nearest])
    assert said_there in translation(app)
    assert button(app, "stepper.do_taught", language).disabled
    assert shows(app, "stepper.no_target", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_characters_it_never_saw_are_named(language, trained_session):
    app = translate(open_page("translate", trained_session, language), "Hello. QZ\u200b☕Q")
    assert shows(app, "translate.unknown", language)
    assert translation(app)[0] == "Q Z ‹U+200B› ☕"
    assert translation(app)[1:3] == ["Hello. QZ\u200b☕Q", "안녕하세요."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_characters_it_never_saw(language, trained_session):
    app = translate(open_page("translate", trained_session, language), "ZZ☕")
    assert shows(app, "translate.all_unknown", language)
    assert translation(app) == ["Z ☕"]


@pytest.mark.parametrize(("sentence", "language"), product(["", "   "], LANGUAGES))
def test_nothing_to_translate(sentence, language, trained_session):
    app = translate(open_page("translate", trained_session, language), sentence)
    assert shows(app, "translate.type_something", language)


def test_a_wrong_translation_shows_the_right_one(trained):
    lesson = replace(trained.lesson, pairs=(("Hello.", "안녕하세요"), *NOTEBOOK_PAIRS[1:]))  # no full stop
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))))
    assert shows(app, "translate.wrong")
    assert translation(app)[:3] == ["Hello.", "안녕하세요.", "안녕하세요"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notebooks_model_needs_a_first_character(language, notebook_trained):
    notebook = notebook_trained.lesson
    session = new_session(run=a_run(notebook_trained), model=notebook.model, training=notebook.training)
    app = open_page("translate", session, language)
    assert shows(app, "translate.no_marker", language)
    assert app.selectbox[1].value == "안"
    assert translation(app)[1].startswith("안")
    # after the one that was given
    assert narrations(app)[-1].splitlines()[-1] == ending("without_eos", language, steps=9)
    app.selectbox[1].set_value("")
    checked(app.run())
    assert narrations(app)[-1].splitlines()[-1] == ending("without_eos", language, steps=10)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["zero", "taught", "endless"])
def test_a_change_and_back(name, language, trained_session):
    translator, words = Translator(trained_session.trained), catalogue(language)
    app = open_page("translate", trained_session, language)
    plain, told = translation(app), narrations(app)
    expected = {
        "zero": translator.steps(""),
        "taught": translator.steps("Hello."),
        "endless": translator.steps("Hello.", suppress_tokens=[translator.lesson.target_vocabulary.eos_id]),
    }[name]
    expected = list(expected)
    checked(button(app, f"stepper.do_{name}", language).click().run())
    assert changed(app) == [words[f"stepper.did_{name}"], translator.text_of(expected)]
    assert shows(app, "stepper.same" if name == "taught" else "stepper.part", language)
    (table,) = (table.value for table in app.dataframe)
    assert table.columns.tolist() == [str(n + 1) for n in range(max(7, len(expected)))]
    last = narrations(app)[-1]
    assert last.splitlines()[-1] == ending("length" if name == "endless" else "eos", language, steps=len(expected))
    is_made_to_say = words["stepper.now_forced"].rpartition("·")[2].removesuffix("{token}").strip()
    assert (is_made_to_say in last) == (name == "taught")
    if name == "zero":  # the same button once more
        checked(button(app, f"stepper.do_{name}", language).click().run())
    else:
        checked(button(app, "stepper.undo", language).click().run())
    assert translation(app) == plain
    assert narrations(app) == told
    assert not app.dataframe


def test_the_context_of_another_sentence(trained_session):
    app = open_page("translate", trained_session)
    plain = translation(app)
    choose(app, "stepper.do_context", "I'm hungry.")
    did = catalogue("en")["stepper.did_context"].format(sentence="I'm hungry.")
    assert changed(app) == [did, "나 배고파."]
    checked(button(app, "stepper.undo").click().run())
    assert translation(app) == plain
    assert next(box for box in app.selectbox if box.label == catalogue("en")["stepper.do_context"]).value is None


def test_another_token_and_what_follows(trained_session):
    translator = Translator(trained_session.trained)
    tokens = translator.lesson.target_vocabulary.tokens
    app = open_page("translate", trained_session)
    plain = translation(app)

    def picks(step, token):
        """As a click on a bar does; the click itself is made in tests/browser."""
        app.session_state["stepper"].pick(step, tokens.index(token))
        checked(app.run())

    picks(2, "니")
    steps = list(translator.steps("Hello.", forced={2: tokens.index("니")}))
    did = catalogue("en")["stepper.did_pick"]
    assert changed(app) == [did.format(step=3, token="니"), translator.text_of(steps)]
    assert picture(app)["n"] == 2  # what follows is watched from there
    assert narrations(app)[2].startswith(f"Step 3 of {len(steps)}")
    assert "is made to say 니" in narrations(app)[2]
    picks(2, "잘")  # another one in its place
    assert changed(app)[0] == did.format(step=3, token="잘")
    picks(0, "너")
    assert changed(app)[0] == " · ".join([did.format(step=1, token="너"), did.format(step=3, token="잘")])
    checked(button(app, "stepper.undo").click().run())
    assert translation(app) == plain


@pytest.mark.parametrize(("typed", "used"), [(3, 3), (1, 1), (0, 1), (-5, 1), (1000, 300)])
def test_a_limit(typed, used, trained_session):
    app = open_page("translate", trained_session)
    plain = translation(app)
    limit = next(box for box in app.number_input if box.label == catalogue("en")["stepper.do_limit"])
    checked(limit.set_value(typed).run())
    assert changed(app) == [catalogue("en")["stepper.did_limit"].format(steps=used), "안녕하세요."[: min(used, 6)]]
    ended = ending("length", steps=used) if used < 7 else ending("eos", steps=7)
    assert narrations(app)[-1].splitlines()[-1] == ended
    checked(button(app, "stepper.undo").click().run())
    assert translation(app) == plain


def test_another_sentence_is_not_changed(trained_session):
    app = open_page("translate", trained_session)
    checked(button(app, "stepper.do_zero").click().run())
    translate(app, "How are you?")
    assert translation(app)[:2] == ["How are you?", "잘 지내니?"]
    assert shows(app, "stepper.nothing_changed")
    assert not app.dataframe


def test_the_notebooks_model_is_taught_from_its_first_character(notebook_trained):
    notebook = notebook_trained.lesson
    session = new_session(run=a_run(notebook_trained), model=notebook.model, training=notebook.training)
    app = open_page("translate", session)
    assert button(app, "stepper.do_endless").disabled
    checked(button(app, "stepper.do_taught").click().run())
    assert "안녕하세요." in changed(app)
