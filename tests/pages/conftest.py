"""A stand-in for the engine, and sessions to open pages with."""

import gc

import pytest

from pages.parts import frame
from pages.parts.workspace import session as sessions
from pages.parts.workspace.keeping import marks_of
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import Sessions
from tests.pages.app import StandInEngine, a_run, new_session


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    stand_in = StandInEngine()
    for module in (frame, sessions):
        monkeypatch.setattr(module, "shared_engine", lambda: stand_in)
    # The app tester reads the metadata of every installed package in each new test, which takes most of a second.
    scan = "streamlit.components.v2.component_manager.BidiComponentManager.discover_and_register_components"
    monkeypatch.setattr(scan, lambda *_, **__: None, raising=False)
    # It also collects garbage after each run: 200 ms with TensorFlow loaded, unless what lives now is left out.
    gc.freeze()
    yield stand_in
    gc.unfreeze()


@pytest.fixture(autouse=True)
def database(monkeypatch):
    """Takes what pages write for written; test_sessions.py has a real one."""

    def write(_, session):
        session.kept.marks = marks_of(session)

    monkeypatch.setattr(Sessions, "_write", write)


@pytest.fixture
def session() -> Session:
    return new_session()


@pytest.fixture
def trained_session(trained) -> Session:
    """The notebook's pairs, and a model that knows them."""
    return new_session(run=a_run(trained))
