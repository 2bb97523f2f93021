"""The table of all runs: to name, compare, choose and delete them."""

from dataclasses import replace

import pytest

from pages.parts.session import NamedRun
from pages.parts.texts import catalogue
from tests.pages.app import a_run, button, checked, edit, new_session, open_page, shows


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
