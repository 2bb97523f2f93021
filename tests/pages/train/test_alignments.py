"""The alignments of a run's models after each epoch: on the page Train, and while it trains."""

import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id

from pages.parts.players.alignments import alignment_by_epoch, rows_to_align
from pages.parts.players.outputs import pages_of_sentences
from pages.parts.state import TrainState
from seq2seq import Lesson, ModelConfig, TrainingState, Translator
from seq2seq.training import advance
from tests.lesson.trainings import lesson_of
from tests.pages.app import a_run, checked, new_session, open_page, picture, player

SOURCE = "How are you?"


@pytest.fixture(scope="module", params=[False, True], ids=["one way", "both ways"])
def attentive(request):
    model = ModelConfig(8, attention="dot", bidirectional=request.param)
    return advance(TrainingState.new(lesson_of(model)), epochs=20)


def chooses(app, row):
    """Tells what the replay tells when a sentence, or none, is chosen to be aligned."""
    states, events = app._tree.get_widget_states(), [{"event": "align", "value": {"row": row}}]
    states.widgets.add(id=_make_trigger_id(player(app).proto.id, "events"), json_trigger_value=json.dumps(events))
    return checked(app._run(states))


def tokens(words):
    return [word["token"] for word in words]


def test_a_sentence_that_is_chosen_is_drawn_after_every_epoch_that_was_kept(attentive):
    app = open_page("train", new_session(run=a_run(attentive)))
    shown = picture(app)
    assert shown["attention"]["drawn"] == {}  # nobody looks
    row = next(row for row, source in enumerate(shown["sources"]) if source == SOURCE)
    assert row in shown["attention"]["rows"]
    app.session_state["TrainState"].aligned_source = SOURCE
    drawn = picture(checked(app.run()))["attention"]["drawn"][str(row)]
    assert tokens(drawn["source"]) == list(SOURCE.replace(" ", "␣"))
    assert list(map(int, drawn["epochs"])) == shown["checkpoints"]
    for epoch, map_ in drawn["epochs"].items():
        model = Translator(attentive if int(epoch) == 20 else attentive.at(int(epoch)))
        steps = list(model.steps(SOURCE))[: len(map_["output"])]
        assert len(map_["output"]) == len(map_["weights"]) == len(steps)
        assert [token.replace("␣", " ") for token in tokens(map_["output"])] == [step.token for step in steps]
        weights = [step.attention.weights for step in steps]
        np.testing.assert_allclose(np.array(map_["weights"]) / 100, weights, atol=0.00501)
    app.session_state["TrainState"].aligned_source = "of another lesson"
    assert picture(checked(app.run()))["attention"]["drawn"] == {}


def test_the_same_row_of_other_sentences_is_another_choice():
    lesson = Lesson(tuple((f"{n}", f"{n}{n}") for n in range(16)), ModelConfig(4, attention="dot"))
    app = open_page("train", new_session(run=a_run(TrainingState.new(lesson))))
    for page, sources in enumerate(pages_of_sentences(lesson), start=1):
        app.select_slider[0].set_value(page)
        assert picture(checked(app.run()))["attention"]["drawn"] == {}
        for row in (1, None, 1):
            drawn = picture(chooses(app, row))["attention"]["drawn"]
            assert [tokens(map_["source"]) for map_ in drawn.values()] == [[*sources[1]]] * (row == 1)


def test_without_attention_nothing_is_offered(trained):
    assert picture(open_page("train", new_session(run=a_run(trained))))["attention"] is None


def test_while_it_trains_a_few_models_at_a_time_and_then_the_same(attentive):
    run, page, counts = a_run(attentive, "training", None), TrainState(), [0]
    epochs = [epoch for epoch, _ in attentive.checkpoints]
    while len(counts) < 2 or counts[-1] > counts[-2]:
        drawn = alignment_by_epoch(run, SOURCE, epochs, page)["epochs"]
        assert max(drawn) == max(epochs)  # which is what somebody looks at
        counts.append(len(drawn))
    assert max(np.diff(counts)) <= 3 and counts[-1] == len(epochs)
    run.status = "finished"
    assert alignment_by_epoch(run, SOURCE, epochs, page) == alignment_by_epoch(run, SOURCE, epochs, TrainState())


def test_what_is_too_long_is_not_offered():
    lesson = Lesson([("a" * 61, "b"), ("a" * 60, "b")], ModelConfig(4, attention="dot"))
    assert rows_to_align(a_run(TrainingState.new(lesson)), ["a" * 61, "a" * 60]) == [1]


def test_a_training_that_went_astray_has_no_map(attentive):
    weights = {name: np.full_like(values, np.nan) for name, values in attentive.weights.items()}
    run = a_run(replace(attentive, weights=weights))
    assert alignment_by_epoch(run, SOURCE, [20], TrainState())["epochs"][20] == {"output": [], "weights": []}
