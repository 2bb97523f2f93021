"""What the page Train says of one run: of the model that is looked at, and of no other."""

from dataclasses import replace

import pytest

from pages.parts.workspace import session as sessions
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.analysis.metrics import evaluate
from tests.pages.app import (
    TEXTS,
    a_run,
    chart_tables,
    checked,
    new_session,
    open_page,
    picture,
    shows,
    table_with,
    visit,
)


def figures_of(app) -> dict[str, str]:
    """Returns the column of the training sentences, as it is shown."""
    table = next(table.value for table in app.table if TEXTS["train.figure"] in table.value)
    return dict(zip(table[TEXTS["train.figure"]], table.iloc[:, 1], strict=True))


def as_shown(found) -> dict[str, str]:
    """Returns figures as they are shown."""
    accuracies = {name: f"{found[name]:.0%}" for name in ("masked_accuracy", "padded_accuracy", "exact_match", "cer")}
    losses = {name: f"{found[name]:.3f}" for name in ("masked_loss", "padded_loss")}
    return {TEXTS[f"train.{name}"]: value for name, value in (accuracies | losses).items()}


# --- Which epoch -----------------------------------------------------------------------------------------------------


def test_each_epoch_that_is_looked_at_has_its_own_figures(trained):
    """Also one that was broken off within the next epoch, whose weights are others than when it was evaluated."""
    tenth = trained.at(10)
    checkpoints = tuple(kept for kept in trained.checkpoints if kept[0] <= 10)
    broken_off = replace(tenth, weights=trained.at(11).weights, batch=3, step=53, checkpoints=checkpoints)
    session = new_session(run=a_run(broken_off, "paused", None))
    app = open_page("train", session)
    for epoch, state in ((1, trained.at(1)), (None, broken_off), (5, trained.at(5))):
        session.look_at = epoch
        checked(app.run())
        assert shows(app, "train.figures_title", epoch=epoch or 10) and picture(app)["used"] == (epoch or 10)
        assert figures_of(app) == as_shown(evaluate(state))
        assert session.trained.step == state.step
    assert shows(visit(app, "translate"), "translate.model", epoch=5, pairs=5)


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
    assert picture(app)["checkpoints"] == [150]


# --- What stops it ---------------------------------------------------------------------------------------------------

LOSSES = [3, 2, 1, 1.5, 1.4, 1.3, 1.2, 0.9, 1, 1]
HELD_OUT = {1: 3, 2: 2.5, 3: 2.6, 6: 2.7, 10: 2.4}  # epoch: loss; the others were not evaluated


def run_with(losses, held_out, lesson, trained):
    """Returns a run with these losses."""
    history = tuple(
        {name: value for name, value in record.items() if name in ("accuracy", "learning_rate")}
        | {"epoch": epoch, "loss": loss}
        | ({"held_out_masked_loss": held_out[epoch]} if epoch in held_out else {})
        for epoch, (record, loss) in enumerate(zip(trained.history, losses, strict=False), start=1)
    )
    state = replace(TrainingState.new(lesson), history=history, epoch=len(losses), step=1)
    return a_run(state, "paused", None)


def marks_of(app):
    marks = chart_tables(app, "train.loss")["marks"]
    return list(zip(marks["epoch"], marks["label"], strict=True))


@pytest.mark.parametrize(("patience", "stop"), [(0, None), (4, 7), (3, 6), (9, None)])
def test_only_the_patience_that_is_set_stops_anything(patience, stop, trained):
    lesson = Lesson(NOTEBOOK_PAIRS)
    run = run_with(LOSSES, {}, lesson, trained)
    app = open_page("train", new_session(run=run, training=TrainingConfig(patience=patience)))
    assert shows(app, "train.stop_never") == (patience == 0)
    assert shows(app, "train.stop_at", patience=patience, epoch=stop) == (stop is not None)
    assert shows(app, "train.stop_not_yet", patience=patience, since=2) == (patience == 9)
    expected = [(8, TEXTS["train.mark_best"])]
    expected += [(stop, TEXTS["train.mark_stop"].format(patience=patience))] if stop else []
    assert marks_of(app) == expected
    assert chart_tables(app, "train.accuracy")["marks"].empty  # the loss is what is watched
    assert not shows(app, "train.best_held_out")


@pytest.mark.parametrize(("patience", "stop"), [(0, None), (3, 6), (9, None)])
def test_beside_it_stands_what_a_held_out_loss_would_have_said(patience, stop, trained):
    lesson = Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(held_out=0.2))
    run = run_with(LOSSES[:9], HELD_OUT, lesson, trained)
    app = open_page("train", new_session(run=run, training=TrainingConfig(patience=patience, held_out=0.2)))
    assert shows(app, "train.best_held_out", epoch=2, loss="2.5000")
    assert shows(app, "train.stop_at_held_out", patience=patience, epoch=stop) == (stop is not None)
    assert shows(app, "train.stop_not_yet_held_out", patience=patience) == (patience == 9)
    assert (2, TEXTS["train.mark_best_held_out"]) in marks_of(app)
    points, line = chart_tables(app, "train.loss")["points"], TEXTS["train.held_out_line"].format(run="1.")
    own = points[points["run"] == line]
    assert dict(zip(own["epoch"], own["value"], strict=True)) == {e: loss for e, loss in HELD_OUT.items() if e < 10}
    assert set(chart_tables(app, "train.accuracy")["points"]["run"]) == {"1."}


def test_other_patiences_are_tried_where_somebody_asks(trained):
    lesson = Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(held_out=0.2))
    app = open_page("train", new_session(run=run_with(LOSSES, HELD_OUT, lesson, trained)))
    app.session_state["patiences"] = True
    table = table_with(checked(app.run()), "train.by_held_out")
    assert list(table[TEXTS["train.patience"]]) == ["1", "2", "3", "5", "10", "20"]
    assert list(table[TEXTS["train.by_training"]]) == ["4", "5", "6", "–", "–", "–"]
    assert list(table[TEXTS["train.by_held_out"]]) == ["3", "6", "6", "–", "–", "–"]


def test_two_losses_of_one_epoch_are_explained(trained):
    """One is the mean of an epoch in which the weights were changing, the other one was measured afterwards."""
    app = open_page("train", new_session(run=a_run(trained)))
    assert shows(app, "train.two_losses", epoch=150, loss=f"{trained.history[-1]['loss']:.4f}")


def test_what_all_right_watches(trained):
    right = trained.history[17]["exact_match"]
    state = replace(trained, history=trained.history[:18], epoch=18)
    session = new_session(run=a_run(state))
    app = open_page("train", session)
    assert shows(app, "train.right_so_far", epoch=18, right=round(5 * right), evaluated=5)
    assert shows(app, "train.evaluated_next", epoch=20) == (right < 1)
    session.training = replace(session.training, stop_when_right=False)
    assert not shows(checked(app.run()), "train.right_so_far")


# --- Figures ---------------------------------------------------------------------------------------------------------


def test_the_notebooks_figures_count_padding(notebook_lesson):
    state = replace(TrainingState.new(notebook_lesson), step=1)
    app = open_page("train", new_session(run=a_run(state)))
    assert shows(app, "train.no_marker")
    found = evaluate(state)
    assert figures_of(app) == as_shown(found)
    assert found["padded_loss"] < found["masked_loss"]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_sample_is_called_one(is_known, trained):
    """Also where all of it is right: the page does not wait for the others."""
    pairs = NOTEBOOK_PAIRS * 50
    lesson = replace(trained.lesson, pairs=pairs)
    state = replace(trained, lesson=lesson, history=(), checkpoints=()) if is_known else TrainingState.new(lesson)
    app = open_page("train", new_session(run=a_run(replace(state, step=1), "paused", None)))
    name = TEXTS["train.sample"].format(name=TEXTS["train.on_training"], evaluated=100, all=250)
    assert any(name in table.value for table in app.table)


@pytest.mark.parametrize(
    ("markers", "exact", "held_out"), [(True, 0.2, 0.9), (False, 0.2, 0.7), (True, 0.8, 0.7), (False, 0.2, None)]
)
def test_where_the_figures_part_it_is_said_why(markers, exact, held_out, trained):
    """Right tokens and wrong sentences; what was trained on and what was held out."""
    record = trained.history[0] | {"masked_accuracy": 0.9, "exact_match": exact}
    if held_out is not None:
        names = ["evaluated", "exact_match", "cer", "masked_loss", "masked_accuracy", "padded_loss", "padded_accuracy"]
        record |= {f"held_out_{name}": record[name] for name in names} | {"held_out_masked_accuracy": held_out}
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(markers=markers), TrainingConfig(held_out=0.2 if held_out else 0))
    state = replace(TrainingState.new(lesson), step=5, epoch=1, history=(record,))
    app = open_page("train", new_session(run=a_run(state)))
    assert shows(app, "train.gap_alone") == (exact == 0.2 and markers)
    assert shows(app, "train.gap_endless") == (exact == 0.2 and not markers)
    assert shows(app, "train.gap_held_out") == (held_out == 0.7)
    assert app.table[0].value.shape[1] == (2 if held_out is None else 3)
