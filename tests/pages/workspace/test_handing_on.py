"""Lessons that are handed on: what is left out cannot be reached, and a link opens a copy or says why it does not."""

import ast
import re
from dataclasses import replace

import pytest

from pages.parts.menu import PAGES
from pages.parts.state import TensorsState, TranslateState
from pages.parts.workspace.handing_on import CONTROLS, MAX_CHECKPOINT_BYTES, OPEN, SHARED, copy_of, file_of
from pages.parts.workspace.sessions import shared_sessions
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.takeaway.document import MAX_DOCUMENT_BYTES
from seq2seq.takeaway.lesson_file import read_lesson_file
from seq2seq.takeaway.link import SharedLesson, write_link
from tests.pages.app import ROOT, TEXTS, a_run, checked, links, new_session, open_page, pattern_of, picture, said, shows
from tests.takeaway.test_packing import assert_same

LATER = set(PAGES) - {"start"}
PLACES = {  # control: what it says on which page, in which section of it
    "lessons": {("start", ""): ("start.choose", "start.open", "start.own_title")},
    "editing": {("pairs", ""): ("pairs.restart", "pairs.typing", "pairs.add", "pairs.how")},
    "upload": {("pairs", ""): ("pairs.upload",)},
    "model_settings": {
        ("tensors", "steps"): ("model.markers", "model.mask_padding", "model.as_in_notebook"),
        ("model", ""): ("model.hidden_size", "model.markers", "model.source_tokens", "model.as_in_notebook"),
    },
    "cell": {("model", ""): ("cell.title",)},
    "training_settings": {
        ("model", ""): ("model.as_in_notebook",),
        ("train", ""): ("train.epochs", "train.seed", "train.new_seed", "train.stop_when_right"),
    },
    "replay": {("train", ""): ("train.memorised",)},
    "runs": {("train", ""): ("train.runs_title", "train.what_if", "train.what_if_mask")},
    "what_if": {("translate", "steps"): ("stepper.what_if", "stepper.do_zero", "stepper.do_limit")},
    "search": {("translate", "search"): ("search.beam_what", "search.finder_title")},
    "contexts": {("translate", "contexts"): ("contexts.two_title",)},
    "answers": {("start", ""): ("questions.switch",), ("tensors", "shapes"): ("questions.switch", "questions.show")},
}


def look(page, session, section=""):
    """Opens a page, with a section if it has some, as an address does that names it."""
    states = {kind.__name__: kind(section=section or "steps") for kind in (TensorsState, TranslateState)}
    return open_page(page, session, **states)


def drawn(app, page, section):
    """Returns the controls of a page all of which stand there, and those of which something does."""
    keys = {control: places.get((page, section), ()) for control, places in PLACES.items()}
    texts = said(app)
    found = {
        control: [any(re.fullmatch(pattern_of(TEXTS[key]), text) for text in texts) for key in keys]
        for control, keys in keys.items()
        if keys
    }
    return {control for control in found if all(found[control])}, {control for control in found if any(found[control])}


@pytest.mark.parametrize(("page", "section"), sorted({place for places in PLACES.values() for place in places}))
def test_what_is_hidden_is_not_drawn(page, section, trained_session):
    trained_session.asks = True
    here = {control for control, places in PLACES.items() if (page, section) in places}
    assert drawn(look(page, trained_session, section), page, section) == (here, here)
    for control in here:
        trained_session.hidden = frozenset({control})
        whole, parts = drawn(look(page, trained_session, section), page, section)
        assert control not in whole and here - whole <= {control, "model_settings", "training_settings"}
        if control not in ("model_settings", "training_settings"):  # both have a part in "as in the notebook"
            assert control not in parts
    trained_session.hidden = frozenset(CONTROLS)
    assert drawn(look(page, trained_session, section), page, section) == (set(), set())


def test_every_control_is_asked_for_where_it_is_drawn():
    asked = set()
    for file in [ROOT / "streamlit_app.py", *(ROOT / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="shows"), args=[ast.Constant(value=str(name))]):
                    asked.add(name)
    # The sections of Translate are asked for by their names, and what a question is about, too.
    assert asked == set(CONTROLS) - {"search", "contexts"}
    assert set(PLACES) == set(CONTROLS) and set(CONTROLS).isdisjoint(PAGES)


def test_what_cannot_be_changed_is_shown_all_the_same(trained_session):
    trained_session.hidden = frozenset(CONTROLS)
    app = open_page("pairs", trained_session)
    assert app.dataframe[0].value.to_numpy().tolist() == [list(pair) for pair in NOTEBOOK_PAIRS]
    assert not app.data_editor and not app.main.button
    assert not picture(look("translate", trained_session, "steps"))["can_pick"]


@pytest.mark.parametrize("hidden", sorted(LATER))
def test_a_hidden_page_is_in_no_menu_and_says_so_when_it_is_opened(hidden, trained_session):
    trained_session.hidden, trained_session.asks = frozenset({hidden}), True
    app = open_page(hidden, trained_session)
    names = list(PAGES)
    after = (*names[names.index(hidden) + 1 :], "start")[0]
    assert shows(app, "frame.hidden") and links(app)[-1:] == [TEXTS[f"{after}.menu"]]
    menu = [TEXTS[f"{name}.menu"] for name in PAGES if name != hidden]
    assert [link.value for link in app.sidebar.get("page_link")] == menu
    assert not app.main.button and not app.main.get("vega_lite_chart") and not app.data_editor
    before = open_page(names[names.index(hidden) - 1], trained_session)
    if hidden != names[-1]:
        assert links(before)[-1] == TEXTS["frame.next"].format(page=TEXTS[f"{after}.menu"])
    assert TEXTS[f"{hidden}.menu"] not in [link.value for link in before.get("page_link")]


@pytest.mark.parametrize("page", PAGES)
def test_a_link_may_hide_everything(page, trained_session):
    trained_session.hidden = frozenset({*PAGES, *CONTROLS, "of a later version"})
    assert shows(open_page(page, trained_session), "frame.hidden")


def test_a_hidden_section_is_not_reached_by_its_address(trained_session):
    trained_session.hidden = frozenset({"search"})
    app = open_page("translate", trained_session)
    app.query_params["section"] = "search"
    checked(app.run())
    assert app.query_params["section"] == "steps" and shows(app, "stepper.what_if")
    assert "search" not in app.button_group(key="TranslateState-section").options


def test_questions_of_a_hidden_page_and_about_a_hidden_control_are_not_asked(trained_session):
    def asked():
        bar = open_page("start", trained_session).sidebar.get("progress")[-1].text
        return int(bar.rpartition(" ")[2])

    trained_session.asks = True
    everything = asked()
    trained_session.hidden = frozenset({"what_if"})
    assert asked() == everything - 1
    trained_session.hidden = frozenset({"translate"})
    assert asked() < everything - 1


def test_questions_that_must_be_answered_are_not_switched_off_by_an_address():
    for hidden, still_asks in (((), False), (("answers",), True)):
        app = arrive({OPEN: write_link(SharedLesson(NOTEBOOK_PAIRS, hidden=hidden)), "questions": "off"})
        assert app.session_state["session"].asks == still_asks


# --- Opening ---------------------------------------------------------------------------------------------------------

HANDED_ON = SharedLesson(
    (*NOTEBOOK_PAIRS, ("", "?")),
    "notebook",
    ModelConfig(8),
    TrainingConfig(seed=7),
    is_large=True,
    language="ko",
    asks=False,
    hidden=("runs", "tensors"),
)


def arrive(parameters, page="pairs", **states):
    """Opens an address as a browser does that was never here."""
    app = open_page("start", None, language=None, **states)
    del app.session_state["session"]
    app.query_params.clear()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(PAGES[page][0])
    return checked(app.run())


def is_as_handed_on(session):
    assert session.rows == session.start.rows == HANDED_ON.rows and session.is_at_start
    assert (session.model, session.training) == (HANDED_ON.model, HANDED_ON.training)
    assert (session.lesson_name, session.hidden) == ("own", {"runs", "tensors"})  # the notebook has other pairs
    assert (session.is_large, session.language, session.asks) == (True, "ko", False)
    assert session.undo_stack == () and session.answers == {}


def test_a_link_begins_a_copy_at_its_page_and_leaves_the_address():
    app = arrive({OPEN: write_link(HANDED_ON)})
    session = app.session_state["session"]
    is_as_handed_on(session)
    assert shows(app, "pairs.title", language="ko")
    assert app.query_params == {"lesson": session.id}
    shared_sessions()._wake.set()
    assert shared_sessions().is_written(session, patience=60)  # though nothing was changed in it
    again = arrive({"lesson": session.id}).session_state["session"]
    assert again is session
    assert arrive({OPEN: write_link(HANDED_ON)}).session_state["session"] is not session


def test_a_supplied_lesson_stays_one():
    supplied = SUPPLIED_LESSONS["reverse"]
    app = arrive({OPEN: write_link(SharedLesson(supplied.pairs, "reverse"))}, "start")
    assert app.session_state["session"].lesson_name == "reverse" and shows(app, "start.opened")


def test_a_large_lesson_goes_by_an_id():
    rows = SUPPLIED_LESSONS["dates"].pairs
    assert write_link(SharedLesson(rows)) is None
    id = shared_sessions().hand_on(file_of(replace(HANDED_ON, rows=rows)))
    session = arrive({SHARED: id}).session_state["session"]
    assert session.rows == session.start.rows == rows and not session.runs


def test_a_trained_model_goes_along(trained):
    named = new_session(run=a_run(trained)).runs[0]
    named.lesson = "own", (("a name", "that was taken out"),)
    epoch, _ = trained.checkpoints[0]
    id = shared_sessions().hand_on(file_of(HANDED_ON, named, epoch))
    one, other = (arrive({SHARED: id}, "translate").session_state["session"] for _ in range(2))
    for session in (one, other):
        is_as_handed_on(session)
        assert_same(session.run.state, trained)
        assert session.look_at == epoch and session.runs[0].lesson == (session.lesson_name, session.start.rows)
    assert one.run is not other.run and one.run.id != other.run.id != named.run.id


def test_a_class_does_not_get_all_checkpoints_of_a_large_model(trained, monkeypatch):
    monkeypatch.setattr("pages.parts.workspace.handing_on.MAX_CHECKPOINT_BYTES", 0)
    named = new_session(run=a_run(trained)).runs[0]
    content = file_of(HANDED_ON, named)
    assert len(content) < MAX_DOCUMENT_BYTES < MAX_CHECKPOINT_BYTES
    document, _ = read_lesson_file(content)
    assert document.runs[0].state.checkpoints == () and document.runs[0].state.epoch == trained.epoch
    id = shared_sessions().hand_on(file_of(HANDED_ON, named, trained.checkpoints[3][0]))
    session = arrive({SHARED: id}, "translate").session_state["session"]
    assert_same(session.run.state, replace(trained, checkpoints=()))  # it can be trained on, as an earlier one cannot
    assert session.look_at is None


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({OPEN: "1nonsense"}, "link_damaged"),
        ({OPEN: ""}, "link_damaged"),
        ({OPEN: "9" + "a" * 50}, "lesson_later"),
        ({OPEN: "1" * 7000}, "link_too_long"),
        ({SHARED: "nobody"}, "link_gone"),
        ({SHARED: "x" * 10_000}, "link_gone"),
        ({SHARED: ""}, "link_gone"),
    ],
)
def test_a_bad_link_says_why_above_a_new_lesson(parameters, problem, session):
    mine = shared_sessions().use(session)
    app = arrive(parameters | {"lesson": mine.id})
    assert shows(app, f"problem.{problem}") and shows(app, "frame.new_instead")
    new = app.session_state["session"]
    assert new is not mine and new.rows == NOTEBOOK_PAIRS and app.query_params == {"lesson": new.id}
    checked(app.run())
    assert shows(app, f"problem.{problem}")  # a timer or another click has not read it
    checked(next(button for button in app.button if button.label == TEXTS["frame.understood"]).click().run())
    assert not shows(app, f"problem.{problem}")


def test_settings_of_a_link_are_those_of_its_training():
    copy = copy_of(HANDED_ON)
    assert copy.lesson == Lesson(NOTEBOOK_PAIRS, HANDED_ON.model, HANDED_ON.training)
    assert TrainingState.new(copy.lesson).lesson.training.seed == 7
