"""Attention on the page Translate: what is drawn is what the decoder looked at, and what is changed changes that."""

from dataclasses import replace

import numpy as np
import pytest

from pages.parts.drawing.tokens import source_labels
from pages.parts.state import TranslateState
from pages.parts.translate.query import Query
from pages.parts.translate.stepper.heat_map import boxes_table, numbered
from pages.parts.translate.stepper.intervention import Intervention, decode
from pages.parts.workspace.runs import NamedRun
from seq2seq import ModelConfig, TrainingState, Translator
from seq2seq.analysis.occlusion import occlusion
from seq2seq.training import advance
from tests.lesson.trainings import lesson_of
from tests.pages.app import (
    TEXTS,
    a_run,
    chart_tables,
    checked,
    choose,
    click,
    narrations,
    new_session,
    open_page,
    open_section,
    picture,
    plain_texts,
    shows,
)

SOURCE = "Hello."


@pytest.fixture(scope="module", params=[False, True], ids=["one way", "both ways"])
def attentive(request):
    model = ModelConfig(16, attention="dot", bidirectional=request.param)
    return advance(TrainingState.new(lesson_of(model)), epochs=20)


def alphas(table):
    return table.pivot(index="output", columns="source", values="value").to_numpy()


def test_the_heat_map_has_every_weight_of_every_step(attentive):
    app = open_section("steps", attentive, SOURCE)
    table = chart_tables(app, "attention.alt")["boxes"]
    steps = list(Translator(attentive).steps(SOURCE))
    assert table["source"].unique().tolist() == ["1 H", "2 e", "3 l", "4 l", "5 o", "6 ."]
    assert table["output"].unique().tolist() == [f"{n} {step.token}" for n, step in enumerate(steps, start=1)]
    shown = table["value"].to_numpy().reshape(len(steps), 6)
    np.testing.assert_allclose(shown, [step.attention.weights for step in steps], atol=1e-6)
    np.testing.assert_allclose(shown.sum(axis=1), 1, atol=1e-6)


def test_without_attention_nothing_is_said_of_it(trained):
    app = open_section("steps", trained, SOURCE)
    assert TEXTS["attention.title"] not in plain_texts(app)
    assert not shows(app, "stepper.do_one_token")
    assert picture(app)["attention"] is None
    assert narrations(app)[0].endswith(TEXTS["stepper.goes_on"])


def test_what_attention_may_see_can_be_changed(attentive):
    query = Query(Translator(attentive), SOURCE)
    for step in decode(query, Intervention(looks_at=""), None):
        assert not step.attention.context.any()
    for n in range(6):
        for step in decode(query, Intervention(one_token=n), None):
            np.testing.assert_array_equal(step.attention.weights, np.arange(6) == n)
    own = decode(query, Intervention(), None)
    other = decode(query, Intervention(looks_at="How old are you?"), None)
    other_memory = query.translator.encoded("How old are you?").memory
    expected = query.translator.decoder_step(other[0].token_id, query.translator.context(SOURCE), other_memory)
    assert len(other[0].attention.weights) == len(expected.attention.weights) == 16
    np.testing.assert_array_equal(own[0].state_h, other[0].state_h)  # the first step begins with its own context vector
    assert np.abs(own[0].probabilities - other[0].probabilities).max() > 1e-6


def test_on_the_page_one_click_there_and_one_back(attentive):
    app = open_section("steps", attentive, SOURCE)
    plain = alphas(chart_tables(app, "attention.alt")["boxes"])
    click(app, "stepper.do_blind")
    assert shows(app, "attention.nothing")
    click(app, "stepper.undo")
    one = next(box for box in app.selectbox if box.label == TEXTS["stepper.do_one_token"])
    checked(one.set_value(2).run())
    assert TEXTS["stepper.did_one_token"].format(n=3) in plain_texts(app)
    forced = chart_tables(app, "attention.alt")["boxes"]
    assert (forced["value"] == (forced["source"] == "3 l")).all()
    click(app, "stepper.undo")
    np.testing.assert_array_equal(alphas(chart_tables(app, "attention.alt")["boxes"]), plain)


def test_the_stepper_draws_what_each_step_looked_at(attentive):
    app = open_section("steps", attentive, SOURCE)
    steps = list(Translator(attentive).steps(SOURCE))
    drawn = picture(app)["attention"]
    assert [place["token"] for place in drawn["places"]] == drawn["tokens"] == list(SOURCE)
    np.testing.assert_allclose(drawn["weights"], [step.attention.weights for step in steps], atol=6e-4)
    for step, said in zip(steps, narrations(app), strict=True):
        place = int(step.attention.weights.argmax())
        largest = {"place": place + 1, "token": SOURCE[place], "weight": f"{step.attention.weights[place]:.2f}"}
        assert TEXTS["stepper.attends"].format(**largest) in said.split("\n")
    for said in narrations(app)[:-1]:
        assert said.endswith(TEXTS["stepper.goes_on_attention"])


def test_the_stepper_draws_what_was_looked_at_instead(attentive):
    app = open_section("steps", attentive, SOURCE)
    click(app, "stepper.do_blind")
    blind = picture(app)["attention"]
    assert blind["places"] == blind["weights"] == []
    assert all(TEXTS["stepper.blind_step"] in said for said in narrations(app))
    choose(app, "stepper.do_looks_at", "How are you?")
    other, query = picture(app)["attention"], Query(Translator(attentive), SOURCE)
    assert "".join(place["token"] for place in other["places"]) == "How␣are␣you?"
    steps = decode(query, Intervention(looks_at="How are you?"), None)
    np.testing.assert_allclose(other["weights"], [step.attention.weights for step in steps], atol=6e-4)
    assert other["texts"]["title"].startswith("✎")


def test_labels_tell_equal_tokens_apart(attentive):
    labels = numbered(source_labels(Translator(attentive), "ll☃ll"))
    assert labels == ["1 l", "2 l", "3 l", "4 l"]
    steps = list(Translator(attentive).steps("ll☃ll"))
    assert len(boxes_table(labels, steps, [step.attention.weights for step in steps])) == 4 * len(steps)


def test_what_is_left_out_is_shown_for_both_models(attentive):
    other = replace(attentive.lesson.model, hidden_size=8, attention="none")
    plain = advance(TrainingState.new(lesson_of(other)), epochs=5)
    session = new_session(run=a_run(attentive))
    session.runs.insert(0, NamedRun(a_run(plain), "without", (plain.lesson.pairs, plain.lesson.model)))
    app = open_page(
        "translate", session, TranslateState=TranslateState(sentence=SOURCE, section="steps"), occlusion=True
    )
    for n, state in enumerate((attentive, plain)):
        translator = Translator(state)
        steps = list(translator.steps(SOURCE))
        table = app.dataframe[-2 + n].value
        np.testing.assert_allclose(table.to_numpy(), occlusion(translator, SOURCE, steps), atol=1e-3)


@pytest.mark.parametrize("model", [{"mask_padding": False}, {"markers": False}, {"bidirectional": True}])
def test_attention_can_be_blinded_whatever_the_model(model):
    """Where padding is read, even a sentence without a token has rows to look at."""
    state = advance(TrainingState.new(lesson_of(ModelConfig(6, attention="dot", **model))), epochs=2)
    app = open_section("steps", state, SOURCE)
    click(app, "stepper.do_blind")
    assert shows(app, "attention.nothing")
    click(app, "stepper.undo")
    assert not shows(app, "attention.nothing")


def test_only_what_differs_by_its_attention_is_compared(attentive):
    others = [ModelConfig(16, markers=False), ModelConfig(16, source_tokens="word"), attentive.lesson.model]
    session = new_session(run=a_run(attentive))
    for n, model in enumerate(others):
        run = a_run(replace(TrainingState.new(lesson_of(model)), step=1))
        session.runs.append(NamedRun(run, str(n), (run.state.lesson.pairs, model)))
    app = open_page(
        "translate", session, TranslateState=TranslateState(sentence=SOURCE, section="steps"), occlusion=True
    )
    assert not {"0", "1", "2"} & set(plain_texts(app))
