"""The buttons that steer the training, and the comparisons."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pages.parts import texts
from pages.parts.train import controls
from pages.parts.train.live import progress_line, time_left
from pages.parts.train.runs import COMPARISONS
from pages.parts.workspace.rows import Table
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig
from seq2seq.classroom.memory import training_bytes
from tests.pages.app import (
    TEXTS,
    a_run,
    button,
    checked,
    click,
    new_session,
    open_page,
    picture,
    plain_texts,
    shows,
    visit,
)


def test_starting_and_stopping(engine, session):
    app = open_page("train", session)
    assert shows(app, "train.empty", pairs=5)
    assert button(app, "train.resume").disabled
    click(app, "train.start")
    assert [run.state.lesson for run in engine.submitted] == [session.lesson]
    assert session.run is engine.submitted[0]
    assert shows(app, "train.place", place=1)
    click(app, "train.pause")
    assert session.run.status == "paused"
    assert shows(app, "run.paused")
    click(app, "train.resume")
    assert engine.submitted == [session.run] * 2 and session.run.is_active


@pytest.mark.parametrize(("epochs", "seed", "following"), [(1, 0, 1), (10, 2**31 - 1, 0)])
def test_some_epochs_and_beginning_anew(epochs, seed, following, engine):
    session = new_session(training=TrainingConfig(seed=seed))
    app = open_page("train", session)
    label = TEXTS["train.more"].format(epochs=epochs)
    checked(next(button for button in app.button if button.label == label).click().run())
    first = session.run
    assert first.target_epoch == epochs and engine.submitted == [first]
    click(app, "train.new_seed")
    assert first.status == "paused"  # and stays in the table
    assert [named.run for named in session.runs] == [first, session.run]
    assert session.run.state.lesson.training.seed == session.training.seed == following
    assert not session.run.is_active


def test_of_two_keys_that_were_quicker_than_the_page_the_first_counts(engine):
    session = new_session()
    app = open_page("train", session)
    for epochs in (10, 1):
        label = TEXTS["train.more"].format(epochs=epochs)
        next(button for button in app.button if button.label == label).click()
    checked(app.run())
    assert engine.submitted == [session.run] and session.run.target_epoch == 1


def test_what_is_begun_quickly_loses_nothing(engine, trained_session):
    """An empty run gives up its row, a second click finds the first one's run, and what was trained stays."""
    trained_run = trained_session.run
    app = open_page("train", trained_session)
    for key in ("reset", "new_seed", "reset", "new_seed"):
        click(app, f"train.{key}")
    for _ in range(2):
        click(app, "train.start")
        assert [named.run for named in trained_session.runs] == [trained_run, trained_session.run]
    assert engine.submitted == [trained_session.run]
    assert [named.name for named in trained_session.runs] == ["1.", f"2. {TEXTS['lesson.own']}, seed 2"]
    for _ in range(2):
        checked(app.button(key="what-if-units").click().run())
        assert len(trained_session.runs) == 3


@pytest.mark.parametrize("status", ["paused", "finished"])
def test_where_a_rule_has_ended_it_it_goes_on_all_the_same(status, engine, trained):
    """Whether it has just been finished or was paused on its way on."""
    run = a_run(trained, status, "epochs" if status == "finished" else None)
    click(open_page("train", new_session(run=run)), "train.resume")
    assert engine.submitted == [run] and run.target_epoch == 300


def test_a_pause_is_shown_as_soon_as_it_is_there(engine, trained, monkeypatch):
    """The slice under way is finished first."""
    run = a_run(trained, "training", None)
    app = open_page("train", new_session(run=run))
    sleep = time.sleep

    def sleep_through_the_slice(seconds):
        if seconds == controls._LOOK and engine.pausing:
            run.status = "paused"
        sleep(seconds)

    engine.pausing = []
    monkeypatch.setattr(engine, "pause", engine.pausing.append)
    monkeypatch.setattr(time, "sleep", sleep_through_the_slice)
    click(app, "train.pause")
    assert engine.pausing == [run]
    assert shows(app, "run.paused")
    assert not button(app, "train.resume").disabled


def test_a_training_too_large_for_the_server_cannot_start(monkeypatch):
    lesson = Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(batch_size=2))
    monkeypatch.setattr(controls, "MAX_TRAINING_BYTES", training_bytes(lesson))
    app = open_page("train", new_session(training=TrainingConfig(batch_size=5)))
    assert shows(app, "train.too_large")
    assert button(app, "train.start").disabled
    checked(app.number_input[1].set_value(2).run())
    assert not shows(app, "train.too_large")
    click(app, "train.start")
    click(app, "train.pause")
    checked(app.number_input[1].set_value(5).run())
    assert shows(app, "train.too_large")
    for key in ("start", "reset", "new_seed"):
        assert button(app, f"train.{key}").disabled
    assert not button(app, "train.resume").disabled  # with its own batches


# --- How far it is ---------------------------------------------------------------------------------------------------


def test_while_it_trains(trained):
    half = replace(trained, epoch=75, history=trained.history[:75])
    session = new_session(run=a_run(half, "training", None, _pace_samples=tuple((n, 60 + 5 * n) for n in range(4))))
    app = open_page("train", session)
    assert shows(app, "run.epochs", done=75, epochs=150)
    assert shows(app, "train.left_seconds")
    assert picture(app)["checkpoints"][-1] == 75
    (bar,) = visit(app, "pairs").sidebar.get("progress")
    epochs = TEXTS["run.epochs"].format(done=75, epochs=150)
    assert (bar.text, bar.value) == (f"{TEXTS['run.training']} · {epochs}", 50)


def test_the_sidebar_says_how_far_it_is_and_which_epoch_translate_uses(trained_session):
    trained_session.look_at = 40
    app = open_page("translate", trained_session)
    (bar,) = app.sidebar.get("progress")
    done, used = (TEXTS[f"run.{name}"] for name in ("epochs", "looked_at"))
    assert bar.text == f"{TEXTS['run.finished']} · {done.format(done=150, epochs=150)} · {used.format(epoch=40)}"
    assert shows(app, "translate.model", epoch=40)


@pytest.mark.parametrize(
    ("run", "can_train", "expected"),
    [
        ({"status": "queued", "history": []}, False, "train.warming_up"),
        ({"status": "queued", "queue_position": 1}, False, "run.lost run.epochs"),
        ({"status": "training", "silent_seconds": 8}, True, "run.training run.epochs run.silent"),
        ({"status": "queued", "silent_seconds": 8}, True, "run.awaited run.epochs run.silent"),
        ({"status": "queued", "queue_position": 3}, True, "train.place"),
        ({"status": "queued"}, True, "run.queued run.epochs"),
        ({"status": "training"}, True, "run.training run.epochs"),
        ({"status": "training", "seconds_left": 5}, True, "run.training run.epochs train.left_seconds"),
        ({"status": "paused"}, True, "run.paused run.epochs"),
        ({"status": "failed"}, True, "run.failed run.epochs"),
        ({"status": "finished", "stop_reason": "epochs"}, True, "train.ended_epochs run.epochs"),
        ({"status": "finished", "stop_reason": "patience"}, True, "train.ended_patience run.epochs"),
        ({"status": "finished", "stop_reason": "right"}, True, "train.ended_right run.epochs"),
    ],
)
def test_the_line_says_how_far_it_is_or_why_it_rests(run, can_train, expected, monkeypatch):
    monkeypatch.setattr(texts, "language", lambda: "en")
    some = {"history": [{}] * 3, "epoch_progress": 0.25, "target_epoch": 10}
    some |= {"queue_position": 0, "stop_reason": None, "seconds_left": None, "silent_seconds": None}
    said = TEXTS | {"run.epochs": TEXTS["run.epochs"].format(done=3, epochs=10)}
    line = " · ".join(said[key].format(place=3, seconds=run.get("silent_seconds", 5)) for key in expected.split())
    assert progress_line(SimpleNamespace(**some | run), can_train) == line


def test_the_time_left_is_as_exact_as_one_cares_to_know(monkeypatch):
    monkeypatch.setattr(texts, "language", lambda: "en")
    times = [(0.4, "seconds", 0), (59, "seconds", 59), (60, "minutes", 1), (3599, "minutes", 60), (7300, "hours", 2)]
    for seconds, key, number in times:
        assert time_left(seconds) == TEXTS[f"train.left_{key}"].format(**{key: number})


def test_a_training_that_failed_keeps_what_it_has(trained):
    run = a_run(trained, "failed", None, error="ResourceExhaustedError: out of memory")
    app = open_page("train", new_session(run=run))
    assert shows(app, "train.failed")
    assert "ResourceExhaustedError: out of memory" in plain_texts(app)
    assert not button(app, "train.start").disabled
    assert shows(visit(app, "translate"), "translate.right")


# --- Comparisons -----------------------------------------------------------------------------------------------------


def test_a_comparison_changes_one_thing(notebook_lesson):
    model, training = notebook_lesson.model, notebook_lesson.training
    changed = {
        "units": {"model": replace(model, hidden_size=8)},
        "mask": {"model": replace(model, mask_padding=True)},
        "attention": {"model": replace(model, attention="dot")},
        "both_ways": {"model": replace(model, bidirectional=True)},
        "batch": {"training": replace(training, batch_size=5)},
    }
    for name, compare in COMPARISONS.items():
        assert compare(notebook_lesson) == replace(notebook_lesson, **changed[name])


def test_comparisons_have_one_baseline(trained_session, engine):
    """Which trains on, if it does."""
    baseline = trained_session.run
    baseline.status = "training"
    app = open_page("train", trained_session)
    for name in ("units", "batch", "mask"):
        trained_session.training = replace(trained_session.training, learning_rate=0.5)  # typed in, and not asked for
        checked(app.button(key=f"what-if-{name}").click().run())
        assert trained_session.run is trained_session.runs[-1].run
        assert not shows(app, "frame.outdated")
    lessons = [named.run.state.lesson for named in trained_session.runs]
    assert lessons[1:] == [COMPARISONS[name](baseline.state.lesson) for name in ("units", "batch", "mask")]
    assert [named.name for named in trained_session.runs] == [
        "1.",
        *(
            f"{n}. {TEXTS['lesson.own']}, {change}"
            for n, change in enumerate(("8 units", "batch 5", "mask ✗"), start=2)
        ),
    ]
    assert all(named.is_shown and named.run.is_active for named in trained_session.runs)
    click(app, "train.pause")
    assert not trained_session.is_active  # all of them
    click(app, "train.new_seed")
    checked(app.button(key="what-if-units").click().run())
    assert trained_session.run.state.lesson.training.seed == 1


def test_a_comparison_of_an_earlier_lesson_says_so(trained_session):
    trained_session.replace(Table.of([("Hello.", "안녕!"), *NOTEBOOK_PAIRS[1:]]))
    app = open_page("train", trained_session)
    checked(app.button(key="what-if-units").click().run())
    assert trained_session.run.state.lesson.pairs == NOTEBOOK_PAIRS
    assert shows(app, "frame.outdated", pairs=5, units=8)


def test_a_comparison_too_large_for_the_server_is_not_begun(engine, monkeypatch, session):
    session.new_run(session.lesson)
    monkeypatch.setattr(controls, "MAX_TRAINING_BYTES", training_bytes(session.lesson))
    app = open_page("train", session)
    assert not shows(app, "train.too_large")
    checked(app.button(key="what-if-batch").click().run())
    assert shows(app, "train.too_large")
    assert engine.submitted == [] and len(session.runs) == 1
