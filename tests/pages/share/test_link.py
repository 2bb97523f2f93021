"""The link on the page Share: it carries what was chosen, or says why the server has to keep it, and where it works."""

from base64 import b64decode
from urllib.parse import parse_qsl, urlsplit

import pytest
import segno
import streamlit as st

from pages.parts.menu import PAGES
from pages.parts.share import link
from pages.parts.workspace.handing_on import OPEN, SHARED, opened
from pages.parts.workspace.sessions import NotThereError, Sessions
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.takeaway.link import SharedLesson, read_link
from tests.pages.app import TEXTS, a_run, checked, choose, click, new_session, open_page, shows
from tests.takeaway.test_packing import assert_same

SERVER = "http://192.168.0.10:8501/lab/"


@pytest.fixture(autouse=True)
def url(monkeypatch):
    """How the browser calls the page."""
    monkeypatch.setattr(type(st.context), "url", f"{SERVER}share")


def parts(app):
    """Returns the link of the page: up to the ?, which kind it is, and what it says."""
    address = urlsplit(app.code[0].value)
    ((kind, value),) = parse_qsl(address.query)
    return address._replace(query="").geturl(), kind, value


def toggle(app, key):
    return checked(next(toggle for toggle in app.toggle if toggle.label == TEXTS[key]).set_value(True).run())


def leave_out(app, *names):
    return checked(app.multiselect[0].set_value(list(names)).run())


def pictures(app):
    return [picture for images in app.get("image") for picture in images.proto.imgs]


def test_the_link_carries_the_lesson_as_it_stands():
    rows = (*NOTEBOOK_PAIRS, ("", "?"))
    session = new_session(rows, model=ModelConfig(9), training=TrainingConfig(seed=3))
    server, kind, value = parts(open_page("share", session))
    assert (server, kind) == (SERVER, OPEN)
    assert read_link(value) == SharedLesson(rows, "own", ModelConfig(9), TrainingConfig(seed=3))


def test_what_is_chosen_goes_along(session):
    session.asks = session.is_large = True  # the teacher's own, and no choice for others
    app = choose(open_page("share", session), "share.page", "train")
    app = choose(app, "share.language", "ko")
    app = leave_out(toggle(app, "share.large"), "tensors", "search")
    server, _, value = parts(app)
    shared = read_link(value)
    assert server == f"{SERVER}train"
    assert (shared.language, shared.is_large, shared.asks, shared.hidden) == ("ko", True, True, ("search", "tensors"))
    app = leave_out(app, "train")
    assert parts(app)[0] == SERVER and shows(app, "share.no_model")  # a link does not begin at what it leaves out
    assert session.hidden == frozenset() and session.language is None


def test_what_was_left_out_stays_so_when_a_copy_is_handed_on(session):
    session.hidden = frozenset({"train", "answers"})
    app = leave_out(open_page("share", session), "upload")
    assert {"train", "answers"}.isdisjoint(app.multiselect[0].proto.options)
    assert TEXTS["share.control_answers"] not in app.multiselect[0].options
    assert read_link(parts(app)[2]).hidden == ("answers", "train", "upload")


def test_start_cannot_be_left_out(session):
    options = open_page("share", session).multiselect[0].options
    assert options[: len(PAGES) - 1] == [TEXTS[f"{page}.menu"] for page in PAGES if page != "start"]


def test_the_qr_code_is_of_the_link_and_as_coarse_as_can_be(session):
    app = open_page("share", session)
    address = app.code[0].value
    (image,) = pictures(app)
    assert image.alt == TEXTS["share.qr_alt"]
    svg = b64decode(image.url.partition(",")[2]).decode()
    code = segno.make_qr(address, error="l")
    assert code.svg_inline(border=4).partition(" d=")[2].removesuffix("</svg>") in svg
    assert '<path fill="#fff"' in svg and 'stroke="#000"' in svg  # in the dark theme as well
    assert code.version < segno.make_qr(address, error="h").version


def test_a_link_that_no_phone_can_read_has_no_code_but_is_there():
    supplied = SUPPLIED_LESSONS["greetings"]
    app = open_page("share", new_session(supplied.pairs))
    assert read_link(parts(app)[2]).rows == supplied.pairs
    assert shows(app, "share.link_qr") and shows(app, "share.no_qr") and pictures(app) == []
    app = click(app, "share.make")
    assert parts(app)[1] == SHARED and len(pictures(app)) == 1


def test_the_longest_link_that_has_a_code_can_still_be_read():
    assert segno.make_qr("a" * link.MAX_QR, error="l").version == 25


def test_a_large_lesson_is_kept_when_that_is_asked_for_and_as_long_as_nothing_changes():
    supplied = SUPPLIED_LESSONS["dates"]
    session = new_session(supplied.pairs)
    app = leave_out(open_page("share", session), "train")
    assert shows(app, "share.link_large") and not app.code and pictures(app) == []
    app = click(app, "share.make")
    server, kind, value = parts(app)
    assert (server, kind) == (SERVER, SHARED) and shows(app, "share.link_kept", days=90)
    copy = opened({SHARED: value})
    assert (copy.rows, copy.model, copy.hidden) == (supplied.pairs, session.model, {"train"})
    app = choose(app, "share.page", "pairs")  # which is no part of what is kept
    assert parts(app) == (f"{SERVER}pairs", SHARED, value)
    session.change_setting("training", "seed", 5)
    assert shows(checked(app.run()), "share.link_large") and not app.code
    app = click(app, "share.make")
    assert parts(app)[2] != value and opened({SHARED: parts(app)[2]}).training.seed == 5


def test_the_model_goes_along_as_far_as_it_is(trained_session):
    app = toggle(open_page("share", trained_session), "share.with_model")
    assert shows(app, "share.link_model") and not app.code
    app = click(app, "share.make")
    assert_same(opened({SHARED: parts(app)[2]}).run.state, trained_session.run.state)
    assert not [button for button in app.button if button.label == TEXTS["share.make"]]
    trained_session.look_at = trained_session.run.state.checkpoints[0][0]
    app = click(checked(app.run()), "share.make")  # another epoch is another model
    assert opened({SHARED: parts(app)[2]}).look_at == trained_session.look_at


def test_whoever_hands_on_an_earlier_model_learns_that_its_pairs_go_along(trained_session):
    app = toggle(open_page("share", trained_session), "share.with_model")
    assert not shows(app, "share.old_pairs")
    trained_session.change_setting("model", "hidden_size", 7)
    assert shows(checked(app.run()), "share.old_pairs")


def test_without_a_model_none_can_go_along(session):
    session.run = None
    (switch,) = (toggle for toggle in open_page("share", session).toggle if toggle.label == TEXTS["share.with_model"])
    assert switch.disabled
    untrained = new_session(run=a_run(TrainingState.new(Lesson(NOTEBOOK_PAIRS)), "paused", None))
    assert parts(open_page("share", untrained))[1] == OPEN


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "[::1]:80"])
def test_an_address_of_this_machine_alone_says_so(session, monkeypatch, host):
    assert not shows(open_page("share", session), "share.localhost")
    monkeypatch.setattr(type(st.context), "url", f"http://{host}/share")
    app = open_page("share", session)
    assert shows(app, "share.localhost") and parts(app)[0] == f"http://{host}/"


def test_what_cannot_be_kept_says_so(session, monkeypatch):
    app = toggle(open_page("share", new_session(SUPPLIED_LESSONS["dates"].pairs)), "share.large")
    with monkeypatch.context() as small:
        small.setattr("seq2seq.takeaway.lesson_file.MAX_LESSON_FILE_BYTES", 1000)
        assert shows(click(app, "share.make"), "problem.lesson_too_large")

    def fails(*_):
        raise NotThereError

    monkeypatch.setattr(Sessions, "hand_on", fails)
    assert shows(click(app, "share.make"), "frame.not_there")


def test_how_often_a_page_is_drawn_costs_nothing(session, monkeypatch):
    """What is kept is written on the click alone."""
    written = []
    monkeypatch.setattr(link, "file_of", lambda *_: written.append(1) or b"")
    app = open_page("share", new_session(SUPPLIED_LESSONS["dates"].pairs))
    for _ in range(3):
        checked(app.run())
    assert not written
    for _ in range(3):
        app = click(app, "share.make") if not written else checked(app.run())
    assert len(written) == 1
