"""One update on the page Train: what is drawn is what comes back, and a try leaves the run as it is."""

from dataclasses import replace

import numpy as np
import pytest

from pages.parts.state import TrainState
from pages.parts.theme import Theme
from pages.parts.train.one_step import VIEWS, difference_tables, losses, slopes_table
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.analysis.gradients import backward, forward
from seq2seq.training import advance
from tests.lesson.trainings import assert_same, lesson_of
from tests.pages.app import TEXTS, a_run, chart_tables, choose, new_session, open_page, shows, table_with

FLAGS = [{}, {"markers": False}, {"mask_padding": False}, {"attention": "dot"}]
FLAGS += [{"markers": False, "mask_padding": False, "attention": "dot"}, {"bidirectional": True}]
FLAGS += [{"bidirectional": True, "attention": "dot", "mask_padding": False}]


def opened(run, view="difference", row=0, **settings):
    state = TrainState(step_view=view, step_row=row)
    return open_page("train", new_session(run=run, **settings), TrainState=state, one_step=True)


def of_a_pair(state, row):
    done = forward(state, [row])
    return done, backward(state, done)


@pytest.fixture(scope="module", params=FLAGS, ids=str)
def begun(request):
    return advance(TrainingState.new(lesson_of(ModelConfig(8, **request.param))), epochs=5)


def test_every_view_of_every_model_is_what_comes_back(begun):
    done, found = of_a_pair(begun, 3)
    boxes = chart_tables(opened(a_run(begun), row=3), "one_step.alt")["boxes"]
    vocabulary, is_scored = begun.lesson.target_vocabulary, done.is_scored[0]
    differences = boxes.pivot(index="time_step", columns="token", values="difference")
    assert len(differences) == is_scored.sum() and differences.shape[1] == min(24, len(vocabulary))
    np.testing.assert_allclose(boxes["p"] - boxes["y"], boxes["difference"], atol=1e-6)
    assert np.abs(boxes["difference"]).max() == pytest.approx(np.abs(found.differences).max())

    points = chart_tables(opened(a_run(begun), "way_back", 3), "one_step.way_back_alt")["points"]
    encoder = [norms[0][done.encoder[0].is_read[0]] for norms in found.encoder_h]
    np.testing.assert_allclose(points["norm"], np.concatenate([*encoder, found.decoder_h[0][is_scored]]), rtol=1e-5)
    assert not points.duplicated(["side", "time_step"]).any() and points["side"].nunique() == len(encoder) + 1


def test_the_sums_are_those_that_the_page_speaks_of(begun):
    _, rows = difference_tables(begun.lesson, *of_a_pair(begun, 0))
    is_padding = rows["p_right"].isna()
    np.testing.assert_allclose(rows["sum"], is_padding, atol=1e-3)
    np.testing.assert_allclose(rows["difference_right"], rows["p_right"] - 1, atol=1e-3)
    assert is_padding.any() != begun.lesson.model.mask_padding


def test_a_try_shows_each_pair_and_leaves_the_run_as_it_is(trained):
    state = trained.at(6)
    state = replace(state, adam_m=trained.adam_m, adam_v=trained.adam_v)
    run = a_run(state)
    app = opened(run, "update", 2)
    assert_same(run.state, state)
    rows, rates = [2, 0, 1, 3, 4], [0.01, 0.1]
    expected = losses(state, rows, of_a_pair(state, 2)[1], rates)
    table = table_with(app, "one_step.before")
    assert table[TEXTS["choosing.pair"]].tolist() == [" → ".join(NOTEBOOK_PAIRS[n]) for n in rows]
    np.testing.assert_allclose(table.iloc[:, 1:].to_numpy().T, expected, rtol=1e-5)
    for rate, after in zip(rates, expected[1:], strict=True):
        worse = int((after[1:] > expected[0][1:]).sum())
        assert shows(app, "one_step.result", rate=f"{rate:g}", before=f"{expected[0][0]:.3f}", worse=worse, others=4)
        lines = chart_tables(app, "one_step.update_alt", rate=f"{rate:g}")["lines"]
        assert lines["line"].value_counts().tolist() == [2] * 6


def test_the_rate_is_that_which_the_run_would_go_on_with(trained):
    training = replace(trained.lesson.training, learning_rate=0.002)
    app = opened(a_run(trained), "update", training=training)
    assert shows(app, "one_step.result", rate="0.002") and shows(app, "one_step.result", rate="0.02")


def test_only_what_the_model_is_trained_on_can_be_chosen():
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(8), TrainingConfig(held_out=0.4))
    held_out = int(lesson.held_out_rows[0])
    app = opened(a_run(advance(TrainingState.new(lesson), epochs=1)), "update", held_out)
    box = next(box for box in app.selectbox if box.label == TEXTS["one_step.pair"])
    assert box.value in lesson.training_rows and len(box.options) == 3
    last = int(lesson.training_rows[-1])
    table = table_with(choose(app, "one_step.pair", last), "one_step.before")
    assert len(table) == 3 and table.iloc[0, 0] == " → ".join(NOTEBOOK_PAIRS[last])


def test_tokens_that_look_alike_are_told_apart():
    lesson = Lesson((("a", "b ␣"),), ModelConfig(4))
    boxes, _ = difference_tables(lesson, *of_a_pair(TrainingState.new(lesson), 0))
    assert boxes["token"].nunique() == len(lesson.target_vocabulary)


def test_a_single_pair_has_no_others():
    lesson = Lesson(NOTEBOOK_PAIRS[:1], ModelConfig(8))
    app = opened(a_run(advance(TrainingState.new(lesson), epochs=1)), "update")
    assert shows(app, "one_step.result_alone")


def test_a_target_that_leaves_nothing_to_say_breaks_nothing():
    """Without markers a target of one token is the first input, and nothing is to follow."""
    lesson = Lesson((("a", "b"), ("c", "de")), ModelConfig(4, markers=False))
    state = advance(TrainingState.new(lesson), epochs=1)
    for view in VIEWS:
        assert shows(opened(a_run(state), view, 0), "one_step.nothing")
        assert not shows(opened(a_run(state), view, 1), "one_step.nothing")
    assert len(slopes_table(["a", "c"], np.array([0, 1]), np.array([0, 2]), Theme())) == 4


def test_nothing_is_computed_before_it_is_opened_nor_while_it_trains(monkeypatch, trained):
    monkeypatch.setattr("pages.parts.train.one_step.forward", None)
    app = open_page("train", new_session(run=a_run(trained)))
    assert not shows(app, "one_step.pair")
    assert shows(opened(a_run(trained, "training", None)), "one_step.pause")
    lost = replace(trained, weights=trained.weights | {"dense_bias": trained.weights["dense_bias"] * np.nan})
    assert shows(opened(a_run(lost)), "one_step.not_finite")
