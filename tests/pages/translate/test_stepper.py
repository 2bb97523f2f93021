"""The picture of the decoding stepper shows the model's own numbers."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.parts.drawing.tokens import display_token
from pages.parts.players.stepper import (
    CANDIDATES,
    Shown,
    all_states,
    bar_rows,
    first_column,
    loop_rows,
    picture_data,
    so_far,
    state_scale,
    token_labels,
)
from pages.parts.theme import end_of_scale
from pages.parts.translate.query import Query
from pages.parts.translate.stepper.intervention import Intervention, decode, start
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.decoding import Context
from seq2seq.tensors import one_hot
from seq2seq.vocabulary import PAD_ID, Vocabulary
from tests.pages.app import checked, open_page, picture

SOURCE, TARGET = NOTEBOOK_PAIRS[1]
models = st.builds(
    ModelConfig,
    st.integers(1, 9),
    markers=st.booleans(),
    mask_padding=st.booleans(),
    target_tokens=st.sampled_from(["character", "jamo", "word"]),
)


def a_translator(model=None, pairs=NOTEBOOK_PAIRS):
    return Translator(TrainingState.new(Lesson(pairs, model or ModelConfig(8))))


def with_keras(state, source, fed_ids):
    """Yields what Keras's own layers compute at each step: h and c in, h and c out, the probabilities."""
    from seq2seq.model import to_keras  # noqa: PLC0415

    model, lesson, translator = to_keras(state), state.lesson, Translator(state)
    read = one_hot(translator.source_ids(source), len(lesson.source_vocabulary))[np.newaxis]  # (1, time, tokens)
    _, h, c = model.get_layer("encoder")(read)
    for fed_id in fed_ids:
        fed = one_hot(np.array([[fed_id]]), len(lesson.target_vocabulary))  # (1, 1, tokens)
        output, h_out, c_out = model.get_layer("decoder")(fed, initial_state=[h, c])
        probabilities = model.get_layer("dense")(output)
        yield tuple(np.asarray(array).reshape(-1) for array in (h, c, h_out, c_out, probabilities))
        h, c = h_out, c_out


@pytest.mark.parametrize(("which", "forced"), [("trained", True), ("notebook_trained", False)])
def test_the_numbers_shown_are_those_of_keras(which, forced, request):
    state = request.getfixturevalue(which)
    translator, vocabulary = Translator(state), state.lesson.target_vocabulary
    query = Query(translator, SOURCE, state.lesson.prefix(TARGET))
    intervention = Intervention(picks={2: vocabulary.tokens.index("요")} if forced else {})
    steps, context = decode(query, intervention, None), start(query, intervention).context
    fed_ids = [PAD_ID if step.fed is None else vocabulary.tokens.index(step.fed) for step in steps]
    shown = all_states(steps, context)
    assert shown["h"].shape == shown["c"].shape == (len(steps) + 1, 32)
    for n, (h_in, c_in, h_out, c_out, probabilities) in enumerate(with_keras(state, SOURCE, fed_ids)):
        for name, before, after in (("h", h_in, h_out), ("c", c_in, c_out)):
            np.testing.assert_allclose(shown[name][n], before, atol=6e-5)  # four digits are shown
            np.testing.assert_allclose(shown[name][n + 1], after, atol=6e-5)
        np.testing.assert_allclose(steps[n].probabilities, probabilities, atol=1e-5)
        bars = pd.DataFrame(bar_rows(steps[n], vocabulary))
        own = bars[bars["token_id"] >= 0]
        np.testing.assert_allclose(own["p"], probabilities[own["token_id"]], atol=1e-5)
        np.testing.assert_allclose(bars["p"].sum(), 1, atol=1e-5)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.data())
def test_bars_are_the_most_probable_tokens_and_the_one_that_was_picked(weights, data):
    weights = np.array(weights) + 1e-3
    translator = a_translator()
    vocabulary = replace(translator.lesson.target_vocabulary, tokens=tuple(map(chr, range(97, 97 + len(weights)))))
    (step, *_) = translator.steps(SOURCE)
    picked = data.draw(st.integers(0, len(weights) - 1))
    step = replace(step, probabilities=weights / weights.sum(), token_id=picked, forced=True)
    bars = pd.DataFrame(bar_rows(step, vocabulary))
    own, others = bars[bars["token_id"] >= 0], bars[bars["token_id"] < 0]
    assert len(own) == min(CANDIDATES, len(weights))
    assert own["token_id"].is_unique
    is_picked = own["picked"].astype(bool)
    assert (
        own.loc[is_picked, "token_id"].tolist() == own.loc[own["forced"].astype(bool), "token_id"].tolist() == [picked]
    )
    assert list(others.get("others", [])) == ([len(weights) - CANDIDATES] if len(weights) > CANDIDATES else [])
    unpicked = own[~is_picked]
    assert unpicked["p"].is_monotonic_decreasing
    left_out = np.delete(step.probabilities, own["token_id"])
    assert not len(left_out) or left_out.max() <= unpicked["p"].min()
    np.testing.assert_allclose(bars["p"].sum(), 1)


def test_no_two_tokens_look_alike_where_one_is_chosen():
    """The letter ㄴ, the ㄴ that begins a syllable and the one that ends it; the space, and what it is drawn as."""
    vocabulary = Vocabulary(("ㄴ", "\u1102", "\u11ab", " ", "␣", "a", "\u1100"), "jamo")
    labels = token_labels(vocabulary)
    assert labels == ("ㄴ", "ㄴ (1)", "-ㄴ", "␣ (3)", "␣", "a", "ㄱ")  # what is typed finds the token itself first
    (step, *_) = a_translator().steps(SOURCE)
    step = replace(step, probabilities=np.full(7, 1 / 7), token_id=0)
    assert [row["token"] for row in bar_rows(step, vocabulary)] == list(labels)


def test_the_probabilities_of_all_tokens_are_sent_while_their_table_is_open_alone(trained_session):
    """With a vocabulary of words they are megabytes, in each redraw."""
    app = open_page("translate", trained_session)
    assert picture(app)["probabilities"] is None
    app.session_state["TranslateState"].shows_numbers = True
    steps = list(Translator(trained_session.trained).steps("Hello."))
    sent = picture(checked(app.run()))["probabilities"]
    np.testing.assert_allclose(sent, [step.probabilities for step in steps], atol=6e-7)


def test_a_large_vocabulary_is_sent_once():
    tokens = tuple(f"word{n}" for n in range(15_000))
    steps = list(a_translator().steps(SOURCE, max_new_tokens=5))
    steps = [replace(step, probabilities=np.full(15_000, 1 / 15_000), token_id=n) for n, step in enumerate(steps)]
    vocabulary = Vocabulary(tokens, "word")
    shown = Shown(steps, [""] * 5, Context.zeros(8), vocabulary, is_given=False, begins="h, c", version="1", n=0)
    sent = json.dumps(picture_data(shown, shows_numbers=False))
    assert sent.count("word14999") == 1
    assert len(sent) < 300_000


def visible(rows, n):
    """Returns what is there of a line of the loop when step n, from 0, is shown."""
    return [row for row in rows if row["step"] in (0, n + 1) or (row["step"] <= n and not row.get("passing"))]


@settings(max_examples=40)
@given(models, st.integers(1, 40), st.data())
def test_the_loop_feeds_back_its_outputs(model, limit, data):
    translator = a_translator(model)
    prefix = translator.lesson.prefix(TARGET)
    steps = list(translator.steps(SOURCE, prefix, max_new_tokens=limit))
    n = data.draw(st.integers(0, len(steps) - 1))
    rows = pd.DataFrame(visible(loop_rows(steps, first_column(n), bool(prefix)), n))
    inputs, outputs, coming = (rows[rows["kind"] == kind] for kind in ("input", "output", "next"))
    assert inputs["step"].tolist() == outputs["step"].tolist() == list(range(first_column(n) + 1, n + 2))
    assert 1 <= len(inputs) <= 11
    assert [display_token(steps[i - 1].token) for i in outputs["step"]] == outputs["token"].tolist()
    assert inputs["token"].tolist()[1:] == outputs["token"].tolist()[:-1]
    assert coming["token"].tolist() == ([] if steps[n].stop_reason else outputs["token"].tolist()[-1:])
    assert coming["x"].tolist() == ([] if steps[n].stop_reason else [inputs["x"].max() + 1])
    fed_back = outputs["step"].tolist()[: len(outputs) - bool(steps[n].stop_reason)]
    assert rows.loc[rows["kind"] == "feed", "step"].tolist() == fed_back
    assert bool(inputs["forced"].tolist()[0]) == (bool(prefix) and inputs["step"].tolist()[0] == 1)


@settings(max_examples=40)
@given(models, st.integers(1, 40))
def test_the_translation_so_far_has_every_token_once_and_none_over_another(model, limit):
    translator = a_translator(model)
    prefix = translator.lesson.prefix(TARGET)
    steps = list(translator.steps(SOURCE, prefix, max_new_tokens=limit))
    rows = so_far(steps, bool(prefix))
    everything = [steps[0].fed] * bool(prefix) + [step.token for step in steps]
    assert [row["token"] for row in rows] == [display_token(token) for token in everything]
    assert [row["step"] for row in rows] == list(range(1 - bool(prefix), len(steps) + 1))
    for before, after in pairwise(rows):
        assert (after["x"], after["y"]) in ((before["x"] + before["width"], before["y"]), (0, before["y"] + 1))


def test_the_translation_so_far_is_read_as_its_script_is():
    """Each token of an Arabic one stands at the left of the one before."""
    lesson = Lesson([("Hello!", "مرحبا!")])
    right = dict(enumerate(lesson.target_vocabulary.encode("مرحبا!")))
    rows = so_far(list(Translator(TrainingState.new(lesson)).steps("Hello!", forced=right)), False)
    for before, after in pairwise(row for row in rows if row["y"] == 0):
        assert after["x"] + after["width"] == before["x"]


def test_a_line_of_the_loop_begins_with_the_step_before():
    steps = list(a_translator().steps(SOURCE, suppress_tokens=[1], max_new_tokens=60))
    drawn = [visible(loop_rows(steps, first_column(n), False), n) for n in range(60)]
    shown = [[row["step"] for row in rows if row["kind"] == "output"] for rows in drawn]
    for before, after in pairwise(shown):
        assert after == [*before, before[-1] + 1] or after == [before[-1], before[-1] + 1]
    kinds = [{row["kind"] for row in drawn[n]} for n in (10, 11)]
    assert ["context" in kind for kind in kinds] == [True, False]
    assert ["earlier" in kind for kind in kinds] == [False, True]


def test_every_number_has_a_scale():
    assert [end_of_scale(value) for value in (0.3, 3, 5e9)] == [1, 5, 5e9]
    assert end_of_scale(np.nan) == 1 and end_of_scale(1e30) > 0


def test_the_scale_of_c_is_the_same_at_every_step(trained):
    translator = Translator(trained)
    steps, context = list(translator.steps(SOURCE)), translator.context(SOURCE)
    scale = state_scale(steps, context)
    values = np.abs(np.stack([context.state_c, *(step.state_c for step in steps)]))
    assert (values <= scale).mean() >= 0.95
    assert scale in (1, 2, 5, 10, 20)
