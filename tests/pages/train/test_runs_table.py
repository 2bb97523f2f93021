"""The table of all runs: to name, compare, choose and delete them."""

from dataclasses import replace

import pytest

from seq2seq.limits import MAX_RUNS
from tests.pages.app import TEXTS, a_run, chart_tables, checked, click, edit, new_session, open_page, plain_texts, shows


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
    session.runs.insert(0, replace(session.runs[0], run=a_run(trained), name="another"))
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


# --- Runs of several lessons -----------------------------------------------------------------------------------------


@pytest.fixture
def two_lessons(trained_session, trained):
    """Runs of two lessons, drawn over each other by hand; the second lesson is current."""
    first = trained_session.runs[0]
    first.name, first.is_shown = "first", True
    trained_session.open([("a", "b"), ("c", "d")])
    for name in ("second", "third"):
        named = trained_session.new_run(trained_session.lesson)
        named.name, named.run.state = name, replace(named.run.state, step=1, epoch=9, history=trained.history[:9])
        named.run.history = list(named.run.state.history)
    return trained_session


def names_of(app):
    return app.data_editor[0].value["name"].tolist()


def drawn(app):
    return set(chart_tables(app, "train.loss")["points"]["run"])


def test_runs_of_the_current_lesson_stand_first_and_no_others_are_drawn_unasked(two_lessons):
    app = open_page("train", two_lessons)
    assert names_of(app) == ["second", "third", "first"]
    assert drawn(app) == {"third"}
    edit(app, {2: {"shown": True}})  # who wants to see it may
    assert drawn(app) == {"third", "first"}
    edit(app, {2: {"used": True}})
    assert two_lessons.run is two_lessons.runs[0].run
    assert names_of(app) == ["first", "second", "third"] and drawn(app) == {"first"}
    edit(app, deleted=[1])
    assert [named.name for named in two_lessons.runs] == ["first", "third"]


def test_a_run_is_named_by_its_lesson_and_what_is_set_otherwise(session, trained):
    app = open_page("train", session)
    for changes, label in (
        ({}, "1. {own}"),
        ({"seed": 7}, "2. {own}, seed 7"),
        ({}, "3. {own}"),  # the same again
        ({"seed": 8, "batch_size": 2}, "4. {own}, batch 2, seed 8"),
    ):
        session.training = replace(session.training, **changes)
        click(app, "train.start")
        session.run.state = replace(trained, lesson=session.run.state.lesson)
        session.pause()
        assert session.runs[-1].name == label.format(own=TEXTS["lesson.own"])
    session.open([("a", "b"), ("c", "d")], "reverse")
    click(app, "train.start")
    assert session.runs[-1].name == f"5. {TEXTS['lesson.reverse']}"  # nothing of another lesson is compared


def test_what_gives_way_to_the_next_run_is_said_before(session, trained):
    for n in range(MAX_RUNS):
        session.new_run(session.lesson).name = f"*{n}*"
        session.run.state = trained
    app = open_page("train", session)
    warning = TEXTS["run.gives_way"].format(most=MAX_RUNS, name="*0*")
    assert plain_texts(app) == [warning]  # as it was typed
    click(app, "train.new_seed")
    assert "*0*" not in [named.name for named in session.runs] and len(session.runs) == MAX_RUNS
    # An untrained run gives way to the next one, but not to what is compared with it.
    assert plain_texts(app) == [warning.replace("*0*", "*1*")]
    edit(app, deleted=[0])
    session.run.state = trained
    assert plain_texts(checked(app.run())) == []


def test_where_a_comparison_keeps_its_baseline_another_gives_way(session, trained):
    baseline = session.new_run(session.lesson)
    for n in range(1, MAX_RUNS):
        session.run.state = trained
        session.new_run(session.lesson, baseline).name = f"run {n}"
    session.run.state = trained
    app = open_page("train", session)
    said = [TEXTS["run.gives_way"].format(most=MAX_RUNS, name=name) for name in (baseline.name, "run 1")]
    assert plain_texts(app) == said
    checked(app.button(key="what-if-units").click().run())
    assert session.runs[0] is baseline and "run 1" not in [named.name for named in session.runs]
