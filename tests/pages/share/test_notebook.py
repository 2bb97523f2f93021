"""The notebook on the page Share."""

import nbformat
import pytest
import streamlit as st

from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import TrainingState
from seq2seq.takeaway import notebook
from seq2seq.takeaway.notebook import to_notebook, to_script
from tests.pages.app import TEXTS, new_session, open_page, shows


@pytest.fixture
def files(monkeypatch):
    """What the buttons of the latest page would download, by the file's name; made when it is asked for."""
    offered, download_button = {}, st.download_button

    def noted(label, data, file_name=None, *args, **kwargs):
        offered[file_name] = data
        return download_button(label, data, file_name, *args, **kwargs)

    monkeypatch.setattr(st, "download_button", noted)
    return offered


def labels(app):
    return [button.proto.label for button in app.main.get("download_button")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_the_current_runs_lesson_in_the_language_of_the_page(language, trained_session, files):
    app = open_page("share", trained_session, language)
    state = trained_session.run.state
    assert nbformat.reads(files["seq2seq.ipynb"](), as_version=4) == to_notebook(state, language)
    assert files["seq2seq.py"]() == to_script(state, language)
    assert shows(app, "share.notebook", language, pairs=5, units=32)
    wanted = [catalogue(language)[f"share.notebook_{kind}"] for kind in ("ipynb", "py")]
    assert [label for label in labels(app) if label in wanted] == wanted


def test_before_any_training_it_is_the_lesson_as_it_stands(session, files):
    open_page("share", session)
    assert files["seq2seq.py"]() == to_script(TrainingState.new(session.lesson), "en")


def test_without_a_pair_there_is_none():
    app = open_page("share", new_session(rows=[("", "")]))
    assert TEXTS["share.notebook_ipynb"] not in labels(app)


def test_a_lesson_too_large_for_it_says_so(session, monkeypatch):
    monkeypatch.setattr(notebook, "MAX_DENSE_BYTES", 1000)
    app = open_page("share", session)
    assert shows(app, "share.notebook_too_large")
    assert TEXTS["share.notebook_ipynb"] not in labels(app)
