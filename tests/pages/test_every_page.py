"""Every page with Streamlit's app tester: no browser, and no training processes."""

import json
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from itertools import product

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import frame
from pages.parts.door import address
from pages.parts.drawing.tokens import has_right_to_left
from pages.parts.menu import PAGES
from pages.parts.state import TensorsState, TranslateState
from pages.parts.texts import LANGUAGES, catalogue
from pages.parts.workspace.rows import Table
from pages.parts.workspace.sessions import Sessions
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingState, Translator
from seq2seq.classroom.memory import parameters
from seq2seq.limits import MAX_CHARACTERS
from tests.pages.app import (
    ROOT,
    TEXTS,
    a_run,
    checked,
    links,
    narrations,
    new_session,
    open_page,
    picture,
    said,
    shows,
    visit,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
SECTIONS = {
    "tensors": ("steps", "one_hot", "product", "shapes", "memory", "levels", "vocabularies"),
    "translate": ("steps", "search", "contexts"),
}
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")


@pytest.fixture
def app():
    """The app as a browser asks for it, not yet run."""
    return AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)


@pytest.mark.parametrize(("page", "language"), product(PAGES, LANGUAGES))
def test_page_speaks_its_language(page, language, trained_session):
    """First as a new student sees it, then with a trained model, in each section."""
    texts = catalogue(language)
    for session, section in [(None, "steps"), *product([trained_session], SECTIONS.get(page, ("steps",)))]:
        states = {"TranslateState": TranslateState(section=section), "TensorsState": TensorsState(section=section)}
        app = open_page(page, session, language, **states)
        assert [title.value for title in app.title] == [texts[f"{page}.title"]]
        assert [link.value for link in app.sidebar.get("page_link")] == [texts[f"{name}.menu"] for name in PAGES]
        shown = set(said(app)) - {texts["lesson.numbers_reason"]}  # it has an example
        if language == "ko":
            assert [text for text in shown if ENGLISH_SENTENCE.search(re.sub("`.*?`", "", text))] == []
        else:
            assert [text for text in shown if HANGUL.search(text)] == []


def test_what_stands_around_every_page_shows_the_same_on_each(session):
    """Streamlit has their keys from the page before, and takes them for other widgets all the same."""
    session.asks = True
    app = open_page("pairs", session, "ko")
    checked(app.toggle(key="Session-is_large").set_value(True).run())
    for page in ("pairs", "start", "train", "translate"):
        visit(app, page)
        assert [toggle.value for toggle in app.sidebar.toggle] == [True, True, True]
        assert any("--type-size: 120%" in element.proto.body for element in app.get("html"))
        assert app.button_group(key="FrameState-language").value == "ko"


@pytest.mark.parametrize(("locale", "language"), [("ko-KR", "ko"), ("ko", "ko"), ("en-GB", "en"), ("de-DE", "en")])
def test_the_browsers_language_comes_first(locale, language, app):
    app.context["locale"] = locale
    assert shows(checked(app.run()), "start.choose", language)


@pytest.mark.parametrize(
    ("parameters", "asks", "is_large", "has_shortcuts"),
    [
        ({}, True, False, True),
        ({"questions": "off", "large": "on", "shortcuts": "off"}, False, True, False),
        # as people add it where there is a "?" already
        ({address.ID: "abc?large=on&questions=off&shortcuts=off"}, False, True, False),
    ],
)
def test_an_address_can_begin_with_the_switches_set(parameters, asks, is_large, has_shortcuts, app):
    app.query_params.update(parameters)
    session = checked(app.run()).session_state["session"]
    assert (session.asks, session.is_large, session.has_shortcuts) == (asks, is_large, has_shortcuts)
    assert shows(app, "questions.progress") == asks
    assert app.query_params[address.ID] == session.id == ("abc" if address.ID in parameters else session.id)


@pytest.mark.parametrize("page", ["tensors", "model", "train"])
def test_single_keys_press_buttons_unless_they_are_switched_off(page, trained_session):
    for trained_session.has_shortcuts in (True, False):
        app = open_page(page, trained_session)
        assert any(button.proto.shortcut for button in app.button) == trained_session.has_shortcuts


def test_switching_the_language_keeps_the_work():
    session = new_session((*NOTEBOOK_PAIRS, ("Thanks.", "고마워요.")))
    app = open_page("pairs", session)
    for language in ("ko", "en"):
        checked(app.button_group(key="FrameState-language").set_value(language).run())
        assert shows(app, "pairs.used", language, used=6, rows=6)
        assert app.session_state["session"] is session
        assert visit(app, "train").title[0].value == catalogue(language)["train.title"]
        visit(app, "pairs")


@pytest.mark.parametrize("page", ["tensors", "model", "train"])
def test_page_without_a_usable_pair_says_where_to_get_one(page):
    app = open_page(page, new_session([("", "안녕."), ("Hello.", ""), ("", "")]))
    assert shows(app, "frame.no_pairs")
    assert TEXTS["pairs.menu"] in links(app)


@pytest.mark.parametrize("page", ["pairs", "tensors", "model", "train"])
@pytest.mark.parametrize(
    "rows",
    [
        [("a", "가")],
        [("s" * MAX_CHARACTERS, "t" * MAX_CHARACTERS), ("👩‍🚀 é̱", "🇰🇷 ☕️")],
        [(chr(0xAC00 + n), chr(0x4E00 + n)) for n in range(200)],
    ],
    ids=["one pair", "longest", "many characters"],
)
def test_pages_bear_unusual_pairs(page, rows):
    app = open_page(page, new_session(rows))
    for section in SECTIONS.get(page, ()):
        checked(app.button_group(key="TensorsState-section").set_value(section).run())
        assert shows(app, "tensors.used_columns", shown=1, all=200) == (len(rows) == 200 and section == "one_hot")


ARABIC = (Pair("I am Tom (23).", "أنا توم (23)."), Pair("Hello!", "مرحبا!"))


@pytest.mark.parametrize(("pairs", "says"), [(ARABIC, True), (NOTEBOOK_PAIRS, False)], ids=["Arabic", "Korean"])
def test_scripts_that_are_read_from_right_to_left(pairs, says):
    """Their words are isolated in texts of ours, and pages with pictures over time say which way it runs there."""
    state = replace(TrainingState.new(Lesson(pairs)), step=1)
    for page in ("tensors", "model", "translate"):
        app = open_page(page, new_session(run=a_run(state)))
        assert shows(app, "frame.direction") == says
    picked = [step.token for step in Translator(state).steps(pairs[0].source)]
    for line, token in zip(narrations(app), picked, strict=True):
        assert (f"\u2068{token}\u2069" in line) == has_right_to_left(token)
    assert picture(open_page("train", new_session(run=a_run(state))))["direction"] == ("rtl" if says else "ltr")


@pytest.mark.parametrize("page", PAGES)
def test_what_students_type_never_becomes_markup(page, trained):
    typed = "![x](https://example.org/x.png)<b>"
    rows = ((typed, typed), ("<b>**x**</b> $y$ :red[z]", "{0} {name} %s"), *NOTEBOOK_PAIRS)
    state = replace(TrainingState.new(Lesson(rows)), step=1, epoch=1, history=trained.history[:1])
    app = open_page(page, new_session(run=a_run(state)))
    shown = [*said(app), *(html.value for html in app.get("html"))]
    assert [text for text in shown if "example.org" in text or ":red" in text] == []


@pytest.mark.parametrize(
    ("page", "measures"), [("tensors", "ontSize"), ("model", "ontSize"), ("train", "ontSize|labelLimit|symbolSize")]
)
def test_large_type_reaches_into_the_pictures(page, measures, trained_session):
    specs = []
    for trained_session.is_large in (False, True):
        charts = [chart.proto.spec for chart in open_page(page, trained_session).get("vega_lite_chart")]
        specs.append([spec for spec in charts if "fontSize" in spec])
    assert specs[0]
    for usual, large in zip(*specs, strict=True):
        assert json.loads(large)["height"] == pytest.approx(1.3 * json.loads(usual)["height"], abs=5)
        written = rf'(?:{measures})": ?(?:{{"expr": ?)?("[^"]+"|[\d.]+)'
        for size in zip(*(re.findall(written, spec) for spec in (usual, large)), strict=True):
            numbers = ([float(number) for number in re.findall(r"\d+(?:\.\d+)?", part)] for part in size)
            assert any(b == pytest.approx(1.3 * a) for a, b in zip(*numbers, strict=True)), size


def test_a_changed_lesson_says_so_and_keeps_the_model(trained_session):
    app = open_page("translate", trained_session)
    assert not shows(app, "frame.outdated")
    trained_session.model = ModelConfig(16)
    for page in ("model", "train", "translate"):
        assert shows(visit(app, page), "frame.outdated", pairs=5, units=32)
    trained_session.model = ModelConfig()
    trained_session.replace(Table.of([("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]]))
    assert shows(checked(app.run()), "frame.outdated", pairs=5, units=32)
    trained_session.undo()
    assert not shows(checked(app.run()), "frame.outdated")


def test_at_rest_a_page_looks_around_every_five_seconds_at_most(trained_session, monkeypatch):
    """Thirty idle pages would keep a small server busy otherwise."""
    intervals, fragment = [], st.fragment

    def recording(*functions, run_every=None):
        intervals.append(run_every)
        return fragment(*functions, run_every=run_every)

    monkeypatch.setattr(st, "fragment", recording)
    app = open_page("start", trained_session)
    for page in PAGES:
        visit(app, page)
    looks = [seconds for seconds in intervals if seconds is not None]
    assert len(looks) >= len(PAGES) and min(looks) >= 5


def test_no_page_loads_keras(trained, tmp_path):
    """In a process of its own, for other tests load it."""
    (tmp_path / "state").write_bytes(pickle.dumps(trained))
    script = """
import pickle, sys
from pathlib import Path
from pages.parts import frame
from pages.parts.workspace import session as sessions
import tests.pages.app as t

engine = t.StandInEngine()
frame.shared_engine = sessions.shared_engine = lambda: engine
app = t.open_page("start", t.new_session(run=t.a_run(pickle.loads(Path(sys.argv[1]).read_bytes()))))
for page in t.PAGES:
    t.visit(app, page)
print([name for name in ("keras", "tensorflow") if name in sys.modules])
"""
    command = [sys.executable, "-c", script, tmp_path / "state"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("page", ["tensors", "model", "train", "share"])
def test_weights_that_would_take_the_memory_of_a_class_are_not_drawn(page, session, monkeypatch):
    monkeypatch.setattr(frame, "MAX_PARAMETERS", parameters(session.lesson))
    assert not shows(open_page(page, session), "frame.too_many_parameters")
    monkeypatch.setattr(frame, "MAX_PARAMETERS", parameters(session.lesson) - 1)
    monkeypatch.setattr(TrainingState, "new", None)
    fresh = new_session(session.rows)
    assert shows(open_page(page, fresh), "frame.too_many_parameters")


def test_what_happened_to_the_database_is_said_until_it_was_read(session, monkeypatch):
    monkeypatch.setattr(Sessions, "aside", "lab-damaged-2026.db")
    app = open_page("pairs", session)
    assert shows(app, "frame.set_aside", name="lab-damaged-2026.db")
    checked(app.button(key="set-aside").click().run())
    assert not shows(app, "frame.set_aside", name="lab-damaged-2026.db")


def test_what_is_not_written_is_said(session, monkeypatch):
    monkeypatch.setattr(Sessions, "is_written", lambda *_, **__: False)
    for can_write, key in ((True, "frame.keeping"), (False, "frame.not_kept")):
        monkeypatch.setattr(Sessions, "can_write", lambda *_, can_write=can_write: can_write)
        assert shows(open_page("pairs", session), key)
