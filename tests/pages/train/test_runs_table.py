"""The table of all runs: to name, compare, choose and delete them."""

from dataclasses import replace

from pages.parts.session import NamedRun
from tests.pages.app import TEXTS, a_run, click, edit, new_session, open_page, shows


def test_a_run_can_be_called_anything_but_like_another(trained_session):
    for name in ("2nd try", "8units", "²", "1.5 times", "2. seed 7"):
        trained_session.runs[0].name = name
        trained_session.new_run(trained_session.lesson)  # which is given a number
        first, second = (named.name for named in trained_session.runs)
        assert first == name != second
    app = open_page("train", trained_session)
    edit(app, {0: {"name": "**x**"}})
    edit(app, {0: {"name": second}})  # which is taken
    assert [toast.value for toast in app.toast] == [TEXTS["run.name_taken"]]
    for empty in ("  ", None):
        edit(app, {0: {"name": empty}})
    assert [named.name for named in trained_session.runs] == ["**x**", second]


def test_the_table_of_runs_can_be_edited_while_something_trains(trained):
    run = a_run(replace(trained, epoch=75, history=trained.history[:75]), "training", None)
    session = new_session(run=run)
    session.runs.insert(0, NamedRun(a_run(trained), "another", session.runs[0].lesson_key))
    app = open_page("train", session)
    edits = [{0: {"name": "earlier"}}, {0: {"shown": True}}, {0: {"shown": False}, 1: {"name": "now"}}]
    for epochs, edited in zip((80, 90, 100), edits, strict=True):
        run.history = list(trained.history[:epochs])
        edit(app, edited)
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
    click(other, "train.resume")
    assert shows(other, "train.empty")
    assert engine.submitted == []
