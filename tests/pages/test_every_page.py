"""Every page in both languages with Streamlit's app tester: no browser, and no training processes."""

import json
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from itertools import product

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import address
from pages.parts.frame import PAGES
from pages.parts.rows import Table
from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState
from seq2seq.limits import MAX_CHARACTERS
from tests.pages.app import (
    ROOT,
    a_run,
    checked,
    new_session,
    open_page,
    said,
    shows,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


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


def test_what_stands_around_every_page_shows_the_same_on_each():
    """Streamlit has their keys from the page before, and takes them for other widgets all the same."""
    session = new_session()
    session.asks, session.is_large = True, True
    app = open_page("pairs", session, "ko")
    for page in PAGES:
        app.switch_page(PAGES[page][0])
        checked(app.run())
        assert [toggle.value for toggle in app.sidebar.toggle] == [True, True]
        assert app.button_group(key="FrameState-language").value == "ko"


@pytest.mark.parametrize(("locale", "language"), [("ko-KR", "ko"), ("ko", "ko"), ("en-GB", "en"), ("de-DE", "en")])
def test_the_browsers_language_comes_first(locale, language):
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.context["locale"] = locale
    app.run()
    assert shows(app, "start.choose", language)


def test_what_stands_behind_a_second_question_mark_is_no_part_of_the_session():
    """The address bar has a parameter already, and people add "?large=on" to it."""
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.query_params[address.ID] = "abc?large=on&questions=off"
    checked(app.run())
    session = app.session_state["session"]
    assert (session.id, session.is_large, session.asks) == ("abc", True, False)
    assert app.query_params[address.ID] == "abc"


def test_switching_the_language_keeps_the_work():
    session = new_session((*NOTEBOOK_PAIRS, ("Thanks.", "고마워요.")))
    app = open_page("tensors", session)
    app.button_group(key="FrameState-language").set_value("ko")
    checked(app.run())
    assert app.title[0].value == "텐서"
    assert app.session_state["session"] is session
    app.switch_page(PAGES["pairs"][0])
    checked(app.run())
    assert shows(app, "pairs.used", "ko", used=6, rows=6)
    app.button_group(key="FrameState-language").set_value("en")
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


@pytest.mark.parametrize("page", ["tensors", "model"])
def test_large_type_reaches_into_the_pictures(page):
    session, specs = new_session(), []
    for session.is_large in (False, True):
        charts = [chart.proto.spec for chart in open_page(page, session).get("vega_lite_chart")]
        specs.append([spec for spec in charts if "fontSize" in spec])
    assert specs[0]
    for usual, large in zip(*specs, strict=True):
        assert json.loads(large)["height"] == pytest.approx(1.3 * json.loads(usual)["height"], abs=1)
        sizes = (re.findall(r'ontSize": ?(?:{"expr": ?)?("[^"]+"|[\d.]+)', spec) for spec in (usual, large))
        for size in zip(*sizes, strict=True):
            numbers = ([float(number) for number in re.findall(r"\d+(?:\.\d+)?", part)] for part in size)
            assert any(b == pytest.approx(1.3 * a) for a, b in zip(*numbers, strict=True)), size


def test_what_students_type_never_becomes_markup(trained):
    picture = "![x](https://example.org/x.png)"
    rows = ((picture, picture), *NOTEBOOK_PAIRS)
    state = TrainingState.new(Lesson(rows))
    session = new_session(rows, run=a_run(replace(state, step=1, epoch=1, history=trained.history[:1])))
    for page in PAGES:
        app = open_page(page, session)
        assert [element for element in (*said(app), *(h.value for h in app.get("html"))) if picture in element] == []


@pytest.mark.parametrize("page", ["model", "train", "translate"])
def test_a_changed_lesson_says_so_and_keeps_the_model(page, trained_session):
    app = open_page(page, trained_session)
    assert not shows(app, "frame.outdated")
    trained_session.model = ModelConfig(16)
    assert shows(checked(app.run()), "frame.outdated", pairs=5, units=32)
    trained_session.model = ModelConfig()
    trained_session.replace(Table.of([("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]]))
    assert shows(checked(app.run()), "frame.outdated", pairs=5, units=32)
    trained_session.undo()
    assert not shows(checked(app.run()), "frame.outdated")


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
