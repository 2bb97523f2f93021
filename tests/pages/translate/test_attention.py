"""Attention on the page Translate: what is drawn is what the decoder looked at, and what is changed changes that."""

import numpy as np
import pytest

from pages.parts.translate.query import Query
from pages.parts.translate.stepper.attention import source_labels, weights_table
from pages.parts.translate.stepper.intervention import Intervention, decode
from seq2seq import ModelConfig, TrainingState, Translator
from seq2seq.training import advance
from tests.lesson.trainings import lesson_of
from tests.pages.app import TEXTS, chart_tables, checked, click, open_section, plain_texts, shows

SOURCE = "Hello."


@pytest.fixture(scope="module")
def attentive():
    return advance(TrainingState.new(lesson_of(ModelConfig(16, attention="dot"))), epochs=20)


def alphas(table):
    return table.pivot(index="output", columns="source", values="weight").to_numpy()


def test_the_heat_map_has_every_weight_of_every_step(attentive):
    app = open_section("steps", attentive, SOURCE)
    table = chart_tables(app, "attention.alt")["weights"]
    steps = list(Translator(attentive).steps(SOURCE))
    assert table["source"].unique().tolist() == ["1 H", "2 e", "3 l", "4 l", "5 o", "6 ."]
    assert table["output"].unique().tolist() == [f"{n} {step.token}" for n, step in enumerate(steps, start=1)]
    shown = table["weight"].to_numpy().reshape(len(steps), 6)
    np.testing.assert_allclose(shown, [step.attention.weights for step in steps], atol=1e-6)
    np.testing.assert_allclose(shown.sum(axis=1), 1, atol=1e-6)


def test_without_attention_nothing_is_said_of_it(trained):
    app = open_section("steps", trained, SOURCE)
    assert TEXTS["attention.title"] not in plain_texts(app)
    assert not shows(app, "stepper.do_one_token")


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
    plain = alphas(chart_tables(app, "attention.alt")["weights"])
    click(app, "stepper.do_blind")
    assert shows(app, "attention.nothing")
    click(app, "stepper.undo")
    one = next(box for box in app.selectbox if box.label == TEXTS["stepper.do_one_token"])
    checked(one.set_value(2).run())
    assert TEXTS["stepper.did_one_token"].format(n=3) in plain_texts(app)
    forced = chart_tables(app, "attention.alt")["weights"]
    assert (forced["weight"] == (forced["source"] == "3 l")).all()
    click(app, "stepper.undo")
    np.testing.assert_array_equal(alphas(chart_tables(app, "attention.alt")["weights"]), plain)


def test_labels_tell_equal_tokens_apart(attentive):
    labels = source_labels(Translator(attentive), "ll☃ll")
    assert labels == ["1 l", "2 l", "3 l", "4 l"]
    steps = list(Translator(attentive).steps("ll☃ll"))
    assert len(weights_table(labels, steps)) == 4 * len(steps)
