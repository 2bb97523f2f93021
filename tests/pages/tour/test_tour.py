"""The tour: each of its steps is done by doing it, and by nothing else."""

import json

import pytest

from pages.parts.menu import PAGES
from pages.parts.tour.steps import STEPS
from tests.pages.app import (
    TEXTS,
    checked,
    click,
    edit,
    links,
    new_session,
    open_page,
    picture,
    player,
    shows,
    translate,
    visit,
)


def at_step(app, n, pages=PAGES):
    """Asserts that the tour is at a step, from 1, whichever page is visited: going there is not doing it."""
    for page in pages:
        visit(app, page)
        assert shows(app, "tour.number", n=n, of=len(STEPS)), page
        assert shows(app, f"tour.{STEPS[n - 1].name}"), page
        leads_there = links(app)[len(PAGES) :][:1] == [TEXTS[f"{STEPS[n - 1].page}.menu"]]  # after those of a phone
        assert leads_there == (page != STEPS[n - 1].page), page


def sends_end(app):
    """Tells what the stepper tells when somebody comes to its last step."""
    states = app._tree.get_widget_states()
    states.widgets.add(id=player(app).proto.id, json_value=json.dumps({"end": picture(app)["version"]}))
    return checked(app._run(states))


@pytest.fixture
def app():
    """On the first page, with the tour begun."""
    app = click(open_page("start", new_session()), "tour.take")
    assert app.title[0].value == TEXTS["pairs.title"]
    return app


def test_every_step_is_done_by_doing_it(app, trained):
    at_step(app, 1)
    edit(visit(app, "pairs"), {0: {"target": "안녕!"}})
    at_step(app, 2)
    click(visit(app, "tensors"), "choosing.forward")
    at_step(app, 3)
    click(visit(app, "model"), "choosing.forward")
    at_step(app, 4)
    click(visit(app, "train"), "train.start")
    at_step(app, 5)
    run = app.session_state["session"].run
    run.state, run.history = trained, list(trained.history)
    at_step(app, 5)
    run.status = "finished"
    at_step(app, 6)
    translate(visit(app, "translate"), "Hello.")
    at_step(app, 6)
    translate(visit(app, "translate"), "Hello you.")
    at_step(app, 7)
    assert picture(visit(app, "translate"))["tells_end"]
    sends_end(app)
    for page in PAGES:
        assert shows(visit(app, page), "tour.done")
    click(app, "tour.close")
    assert not shows(visit(app, "translate"), "tour.done")
    assert not picture(app)["tells_end"]


def test_what_is_done_before_its_turn_need_not_be_done_again(app):
    click(visit(app, "model"), "choosing.forward")
    at_step(app, 1, ["pairs"])
    edit(visit(app, "pairs"), deleted=[1])
    at_step(app, 2, ["pairs"])
    click(visit(app, "tensors"), "choosing.forward")
    at_step(app, 4, ["pairs"])


def test_what_was_left_out_of_a_lesson_is_left_out_of_the_tour(session):
    session.hidden = frozenset({"editing", "model"})
    app = click(open_page("start", session), "tour.take")
    assert app.title[0].value == TEXTS["tensors.title"]
    assert shows(app, "tour.number", n=1, of=len(STEPS) - 2) and shows(app, "tour.tensors")
    assert shows(click(app, "choosing.forward"), "tour.train")


def test_it_can_be_left_and_taken_again(trained_session):
    """What had been done before it began does not count."""
    trained_session.sentence = "Hello you."
    app = open_page("start", trained_session)
    assert not shows(app, "tour.number")
    for _ in range(2):
        click(visit(app, "start"), "tour.take")
        at_step(app, 1, ["pairs"])
        edit(visit(app, "pairs"), deleted=[0])
        at_step(app, 2, ["pairs"])
        click(app, "tour.leave")
        assert not any(shows(visit(app, page), "tour.number") for page in ("start", "train"))
