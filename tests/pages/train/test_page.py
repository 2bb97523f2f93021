"""The page Train: steering, settings, runs, figures."""

import json
import re
import time
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from pages.parts import session as sessions
from pages.parts.frame import PAGES
from pages.parts.session import NamedRun
from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS, ModelConfig, TrainingConfig, limits
from seq2seq.analysis.metrics import evaluate
from seq2seq.classroom.memory import training_bytes
from tests.pages.app import (
    a_run,
    button,
    checked,
    edit,
    new_session,
    open_page,
    shows,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


@pytest.mark.parametrize("language", LANGUAGES)
def test_starting_and_stopping(language, engine):
    session = new_session()
    app = open_page("train", session, language)
    assert shows(app, "train.empty", language)
    assert button(app, "train.resume", language).disabled
    for widget, value in zip(app.number_input, (77, 2, 0.02, 3, 9, 20), strict=True):
        widget.set_value(value)
    checked(app.run())
    assert session.training == TrainingConfig(77, 2, 0.02, 3, 9, held_out=0.2)
    checked(button(app, "train.start", language).click().run())
    assert [run.state.lesson for run in engine.submitted] == [session.lesson]
    assert session.run is engine.submitted[0]
    assert shows(app, "train.place", language, place=1)
    checked(button(app, "train.pause", language).click().run())
    assert session.run.status == "paused"
    assert shows(app, "run.paused", language)
    checked(button(app, "train.resume", language).click().run())
    assert engine.submitted == [session.run] * 2 and session.run.is_active


def test_some_epochs_and_beginning_anew(engine):
    session = new_session()
    app = open_page("train", session)
    checked(next(b for b in app.button if b.label == "Epochs +10").click().run())
    assert session.run.target_epoch == 10 and engine.submitted == [session.run]
    first = session.run
    checked(button(app, "train.new_seed").click().run())
    assert first.status == "paused"  # and stays in the table
    assert [named.run for named in session.runs] == [first, session.run]
    assert session.run.state.lesson.training.seed == 1
    assert not session.run.is_active


def test_what_is_begun_quickly_loses_nothing(engine, trained_session):
    """An empty run gives up its row, a second click finds the first one's run, and what was trained stays."""
    trained_run = trained_session.run
    app = open_page("train", trained_session)
    for key in ("reset", "new_seed", "reset", *["new_seed"] * 12):
        checked(button(app, f"train.{key}").click().run())
    assert [named.run for named in trained_session.runs] == [trained_run, trained_session.run]
    for _ in range(2):
        checked(button(app, "train.start").click().run())
        assert [named.run for named in trained_session.runs] == [trained_run, trained_session.run]
    assert engine.submitted == [trained_session.run]
    assert [named.name for named in trained_session.runs] == ["1.", "2. seed 13"]
    for _ in range(2):
        checked(app.button(key="what-if-units").click().run())
        assert len(trained_session.runs) == 3


def test_empty_runs_are_dropped_before_trained_ones(trained):
    session = new_session()
    made = [session.new_run(session.lesson) for _ in range(2)]
    assert session.runs == made[1:]  # the first one was empty
    for n in range(11):
        session.run.state = trained if n else session.run.state  # the first of these is left without a step
        session.run.status = "finished" if n else "queued"
        made.append(session.new_run(session.lesson))
    empty, *others = made[1:]
    empty.run.status = "paused"
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others, made[-1]]  # not the oldest one, which was trained
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others[1:], *made[-2:]]
    assert len({named.name for named in session.runs}) == len(session.runs) == 12


def test_a_run_that_trains_is_never_dropped(trained):
    session = new_session()
    active = [a_run(trained, "training", None) for _ in range(12)]
    session.runs = [NamedRun(run, f"{n}.", (session.lesson.pairs, session.model)) for n, run in enumerate(active)]
    session.run = active[-1]
    session.new_run(session.lesson, baseline=session.runs[3])
    assert [named.run for named in session.runs] == [*active, session.run]


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


def test_another_current_run_begins_with_its_latest_epoch(trained_session, trained):
    trained_session.look_at = 15
    trained_session.runs.append(NamedRun(a_run(trained), "2.", trained_session.runs[0].lesson_key))
    trained_session.delete(trained_session.run)
    assert trained_session.trained is trained


def test_what_another_tab_has_to_draw_anew(trained_session):
    redraw_keys = [trained_session.redraw_key]
    trained_session.new_run(trained_session.lesson)
    redraw_keys.append(trained_session.redraw_key)
    trained_session.resume()
    redraw_keys.append(trained_session.redraw_key)
    trained_session.run.history = trained_session.runs[0].run.history  # an epoch alone is no reason
    assert trained_session.redraw_key == redraw_keys[-1]
    trained_session.pause()
    redraw_keys.append(trained_session.redraw_key)
    trained_session.run.state = replace(trained_session.run.state, step=5)  # begun and ended between two looks
    redraw_keys.append(trained_session.redraw_key)
    trained_session.runs[0].name = "first"
    redraw_keys.append(trained_session.redraw_key)
    trained_session.delete(trained_session.runs[0].run)
    redraw_keys.append(trained_session.redraw_key)
    trained_session.delete(trained_session.run)
    redraw_keys.append(trained_session.redraw_key)
    assert all(before != after for before, after in pairwise(redraw_keys))


def test_a_pause_is_shown_as_soon_as_it_is_there(engine, trained, monkeypatch):
    """The slice under way is finished first."""
    run = a_run(trained, "training", None)
    app = open_page("train", new_session(run=run, training=trained.lesson.training))
    sleep = time.sleep

    def sleep_through_the_slice(seconds):
        if seconds == 0.01 and engine.pausing:
            run.status = "paused"
        sleep(seconds)

    engine.pausing = []
    monkeypatch.setattr(engine, "pause", engine.pausing.append)
    monkeypatch.setattr(time, "sleep", sleep_through_the_slice)
    checked(button(app, "train.pause").click().run())
    assert engine.pausing == [run]
    assert shows(app, "run.paused")
    assert not button(app, "train.resume").disabled


def test_a_run_that_goes_on_takes_over_the_rate_and_the_rules(engine, trained):
    session = new_session(run=a_run(trained, "paused", None), training=trained.lesson.training)
    app = open_page("train", session)
    for widget, value in zip(app.number_input, (300, 2, 0.002, 7, 9, 20), strict=True):
        widget.set_value(value)
    app.main.toggle[0].set_value(False)
    checked(app.run())
    checked(button(app, "train.resume").click().run())
    taken_over = dict(epochs=300, learning_rate=0.002, patience=7, stop_when_right=False)
    assert session.run.state.lesson.training == replace(trained.lesson.training, **taken_over)
    assert session.run.state.weights is trained.weights
    assert session.run.target_epoch == 300 and session.run._has_rules
    rate = app.number_input[2]
    assert (rate.label, rate.disabled) == ("Learning rate", True)  # it waits for a pause
    checked(button(app, "train.pause").click().run())
    assert not app.number_input[2].disabled


@pytest.mark.parametrize("status", ["paused", "finished"])
def test_where_a_rule_has_ended_it_it_goes_on_all_the_same(status, engine, trained):
    """Whether it has just been finished or was paused on its way on."""
    run = a_run(trained, status, "epochs" if status == "finished" else None)
    session = new_session(run=run, training=trained.lesson.training)
    checked(button(open_page("train", session), "train.resume").click().run())
    assert engine.submitted == [run] and run.target_epoch == 300


def test_the_settings_follow_the_run_that_is_chosen(trained_session):
    """Or going on would change what nobody has typed."""
    first = trained_session.run
    trained_session.training = replace(trained_session.training, learning_rate=0.5, patience=3, seed=4)
    trained_session.new_run(trained_session.lesson)
    app = open_page("train", trained_session)
    edit(app, {0: {"used": True}})
    assert trained_session.run is first
    assert [app.number_input[n].value for n in (2, 3, 4)] == [0.01, 0, 4]
    checked(button(app, "train.resume").click().run())
    assert first.state.lesson.training == TrainingConfig()


@pytest.mark.parametrize(
    ("name", "changed"),
    [("units", {"hidden_size": 8}), ("mask", {"mask_padding": False}), ("batch", {"batch_size": 5})],
)
def test_what_changes_if(name, changed, trained_session, engine):
    before = trained_session.run
    app = open_page("train", trained_session)
    checked(button(app, f"train.what_if_{name}").click().run())
    lesson, other = trained_session.run.state.lesson, before.state.lesson
    differing = {
        field
        for config, same in ((lesson.model, other.model), (lesson.training, other.training))
        for field in vars(config)
        if getattr(config, field) != getattr(same, field)
    }
    assert differing == set(changed)
    assert trained_session.run.is_active and trained_session.runs[0].is_shown
    assert not shows(app, "frame.outdated")


def test_what_ifs_have_one_base(trained_session, engine):
    """Which trains on, if it does."""
    baseline = trained_session.run
    baseline.status = "training"
    app = open_page("train", trained_session)
    for name in ("units", "batch", "mask"):
        trained_session.training = replace(trained_session.training, learning_rate=0.5)  # typed in, and not asked for
        checked(app.button(key=f"what-if-{name}").click().run())
    lessons = [named.run.state.lesson for named in trained_session.runs]
    assert [lesson.model.hidden_size for lesson in lessons] == [32, 8, 32, 32]
    assert [lesson.training.batch_size for lesson in lessons] == [1, 1, 5, 1]
    assert [lesson.model.mask_padding for lesson in lessons] == [True, True, True, False]
    assert {lesson.training.learning_rate for lesson in lessons} == {0.01}
    assert [named.name for named in trained_session.runs] == ["1.", "2. 8 units", "3. batch 5", "4. mask ✗"]
    assert all(named.is_shown and named.run.is_active for named in trained_session.runs)
    checked(button(app, "train.pause").click().run())
    assert not trained_session.is_active  # all of them
    checked(button(app, "train.new_seed").click().run())
    checked(app.button(key="what-if-units").click().run())
    assert trained_session.run.state.lesson.training.seed == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_if_of_an_earlier_lesson_says_so(language, trained_session):
    trained_session.edit((("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]))
    app = open_page("train", trained_session, language)
    checked(app.button(key="what-if-units").click().run())
    assert trained_session.run.state.lesson.pairs == NOTEBOOK_PAIRS
    assert shows(app, "frame.outdated", language, pairs=5, units=8)


def test_earlier_epochs_of_many_runs_are_forgotten(trained, monkeypatch):
    """Thirty students' would fill the server's memory."""
    size = sum(weights.nbytes for _, kept in trained.checkpoints for weights in kept.values())
    monkeypatch.setattr(sessions, "MAX_RESTING_CHECKPOINT_BYTES", 2 * size)
    session = new_session(run=a_run(trained, "training", None))
    (active,) = session.runs
    for _ in range(4):
        session.new_run(session.lesson, baseline=active)
        session.run.state, session.run.status = trained, "finished"
    assert [bool(named.run.state.checkpoints) for named in session.runs] == [True, False, True, True, True]
    session.choose(session.runs[1].run)
    app = open_page("train", session)
    assert not app.select_slider
    assert shows(app, "train.translations_title", epoch=150)


def test_looking_back_at_a_kept_epoch(trained_session):
    app = open_page("train", trained_session)
    app.select_slider[0].set_value(15)
    checked(app.run())
    assert shows(app, "train.translations_title", epoch=15)
    assert shows(app, "train.figures_title", epoch=15)
    assert trained_session.trained.epoch == 15
    assert shows(open_page("translate", trained_session), "translate.model", epoch=15, pairs=5)


def test_settings_stay_after_another_page():
    session = new_session()
    app = open_page("train", session)
    app.number_input[0].set_value(77)
    checked(app.run())
    for page in ("tensors", "train"):
        app.switch_page(PAGES[page][0])
        checked(app.run())
    assert session.training.epochs == app.number_input[0].value == 77


def test_settings_can_be_changed_again_and_again():
    session = new_session()
    app = open_page("train", session)
    for epochs, held_out, is_on in ((77, 20, False), (88, 40, True), (99, 0, False), (99, 50, True)):
        app.number_input[0].set_value(epochs)
        app.number_input[5].set_value(held_out)
        app.main.toggle[0].set_value(is_on)
        checked(app.run())
        assert app.number_input[0].value == session.training.epochs == epochs
        assert (app.number_input[5].value, session.training.held_out) == (held_out, held_out / 100)
        assert app.main.toggle[0].value == session.training.stop_when_right == is_on


def test_settings_that_another_tab_changes():
    session = new_session()
    app, other = open_page("train", session), open_page("train", session)
    app.number_input[0].set_value(77)
    checked(app.run())
    other.number_input[4].set_value(5)
    checked(other.run())
    assert session.training == TrainingConfig(epochs=77, seed=5)
    assert other.number_input[0].value == 77


@pytest.mark.parametrize(("share", "language"), product([5, 10, 20], LANGUAGES))
def test_a_share_that_holds_nothing_out_says_so(share, language):
    app = open_page("train", new_session(), language)
    app.number_input[5].set_value(share)
    checked(app.run())
    assert shows(app, "train.held_out_none", language, pairs=5, share=f"{share}%") == (share < 20)


def test_the_seed_after_the_last():
    session = new_session(training=TrainingConfig(seed=2**31 - 1))
    app = open_page("train", session)
    checked(button(app, "train.start").click().run())
    checked(button(app, "train.new_seed").click().run())
    assert session.run.state.lesson.training.seed == session.training.seed == 0


@pytest.mark.parametrize(("epochs", "language"), product([0, -1, 1_000_000], LANGUAGES))
def test_epochs_that_cannot_be(epochs, language):
    session = new_session()
    app = open_page("train", session, language)
    app.number_input[0].set_value(epochs)
    checked(app.run())
    assert app.error
    assert button(app, "train.start", language).disabled
    assert session.training.epochs == 150
    app.number_input[0].set_value(7)
    checked(app.run())
    assert not app.error
    assert session.training.epochs == 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_too_large_for_the_server_cannot_start(language):
    rows = [(f"{n} {'s' * 290}", f"{n} {'t' * 290}") for n in range(200)]
    app = open_page(
        "train", new_session(rows, model=ModelConfig(512), training=TrainingConfig(batch_size=200)), language
    )
    assert shows(app, "train.too_large", language)
    assert button(app, "train.start", language).disabled
    app.number_input[1].set_value(8)
    checked(app.run())
    assert not shows(app, "train.too_large", language)
    assert not button(app, "train.start", language).disabled
    checked(button(app, "train.start", language).click().run())
    checked(button(app, "train.pause", language).click().run())
    app.number_input[1].set_value(200)
    checked(app.run())
    assert shows(app, "train.too_large", language)
    for key in ("start", "reset", "new_seed"):
        assert button(app, f"train.{key}", language).disabled
    assert not button(app, "train.resume", language).disabled  # with its own batches


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_too_large_for_the_server_is_not_begun(language, engine):
    rows = [(f"{n} {'s' * 290}", f"{n} {'t' * 290}") for n in range(200)]
    session = new_session(rows, model=ModelConfig(512))
    lesson = replace(session.lesson, training=TrainingConfig(batch_size=1))
    limit = training_bytes(lesson)
    session.training = lesson.training
    session.new_run(session.lesson)
    app = open_page("train", session, language)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MAX_TRAINING_BYTES", limit)
        checked(app.button(key="what-if-batch").click().run())
    assert shows(app, "train.too_large", language)
    assert engine.submitted == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_it_trains(language, trained):
    half = replace(trained, epoch=75, history=trained.history[:75])
    marks = ((0.0, 0), (1.0, 75))
    run = a_run(half, "training", None, _pace_samples=marks)
    app = open_page("train", new_session(run=run, training=trained.lesson.training), language)
    assert shows(app, "run.epochs", language, done=75, epochs=150)
    assert shows(app, "train.left_seconds", language)
    assert shows(app, "train.translations_title", language, epoch=75)
    sidebar = open_page("tensors", new_session(run=run), language).sidebar
    assert [bar.text for bar in sidebar.get("progress")] == [
        f"{catalogue(language)['run.training']} · {catalogue(language)['run.epochs'].format(done=75, epochs=150)}"
    ]
    assert [bar.value for bar in sidebar.get("progress")] == [50]


@pytest.mark.parametrize(("why", "language"), product(["epochs", "patience", "right"], LANGUAGES))
def test_why_it_ended(why, language, trained):
    run = a_run(trained, "finished", why)
    assert shows(open_page("train", new_session(run=run), language), f"train.ended_{why}", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_that_failed_keeps_what_it_has(language, trained):
    run = a_run(trained, "failed", None, error="ResourceExhaustedError: out of memory")
    session = new_session(run=run)
    app = open_page("train", session, language)
    assert shows(app, "train.failed", language)
    assert "ResourceExhaustedError: out of memory" in [element.value for element in app.text]
    assert not button(app, "train.start", language).disabled
    assert shows(open_page("translate", session, language), "translate.right", language)


def test_the_notebooks_figures_differ_by_padding(notebook_trained):
    """The same model: padding counted as the notebook does, and left out."""
    notebook = notebook_trained.lesson
    session = new_session(run=a_run(notebook_trained), model=notebook.model, training=notebook.training)
    app = open_page("train", session)
    assert shows(app, "train.no_marker")
    figures = next(table.value for table in app.table if table.value.shape == (6, 2)).set_index("Figure")["Trained on"]
    found = evaluate(notebook_trained)
    for name in ("masked_accuracy", "padded_accuracy", "exact_match", "cer"):
        assert figures[catalogue("en")[f"train.{name}"]] == f"{found[name]:.0%}"
    np.testing.assert_allclose(found["padded_loss"], float(figures[catalogue("en")["train.padded_loss"]]), atol=1e-3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_history_has_a_title(language, trained_session):
    app = open_page("train", trained_session, language)
    app.session_state["history"] = True  # open
    checked(app.run())
    history = next(table for table in app.dataframe if "learning_rate" in table.value)
    columns = json.loads(history.proto.columns)
    assert {columns[name]["label"] for name in history.value} <= set(catalogue(language).values())


@pytest.mark.parametrize("page", ["tensors", "train"])
def test_large_type_reaches_into_the_pictures(page, trained_session):
    """Those that are drawn by measures of their own; axes follow the page's type by themselves."""
    heights = []
    for trained_session.is_large in (False, True):
        charts = open_page(page, trained_session).get("vega_lite_chart")
        heights.append([json.loads(chart.proto.spec).get("height") for chart in charts])
    usual, large = (np.array([height or 0 for height in of_charts]) for of_charts in heights)
    assert ((large == usual) | (abs(large - 1.3 * usual) <= 5)).all() and (large > usual).any()


@pytest.mark.parametrize(("page", "language"), product(["model", "train", "translate"], LANGUAGES))
def test_a_changed_lesson_says_so_and_keeps_the_model(page, language, trained_session):
    assert not shows(open_page(page, trained_session, language), "frame.outdated", language)
    trained_session.model = ModelConfig(16)
    assert shows(open_page(page, trained_session, language), "frame.outdated", language, pairs=5, units=32)
    trained_session.model = ModelConfig()
    trained_session.edit((("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]))
    assert shows(open_page(page, trained_session, language), "frame.outdated", language, pairs=5, units=32)
    trained_session.undo()
    assert not shows(open_page(page, trained_session, language), "frame.outdated", language)
