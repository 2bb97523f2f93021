"""Questions before answers: each is right by another computation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.parts.menu import PAGES
from pages.parts.questions import lengths
from pages.parts.questions.questions import questions_of
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator, vectorize
from seq2seq.analysis.metrics import evaluate
from seq2seq.state import weight_shapes
from seq2seq.vocabulary import BOS, EOS, LEVELS
from tests.pages.app import TEXTS

texts = st.text(st.sampled_from("ab A.가난`*"), min_size=1, max_size=8).filter(str.strip)
lessons = st.builds(
    Lesson,
    st.lists(st.tuples(texts, texts), min_size=1, max_size=5, unique_by=lambda p: (p[0].strip(), p[1].strip())),
    st.builds(
        ModelConfig, st.integers(1, 5), st.booleans(), st.booleans(), st.sampled_from(LEVELS), st.sampled_from(LEVELS)
    ),
    st.builds(TrainingConfig, batch_size=st.integers(1, 4), seed=st.integers(0, 3)),
)


def by_name(lesson, state=None):
    return {question.name: question for asked in questions_of(lesson, state).values() for question in asked}


@settings(max_examples=50)
@given(lessons)
def test_every_page_asks_and_one_choice_is_right(lesson):
    """The same lesson asks the same, in every process and with the choices in the same order."""
    asked, again = (
        questions_of(lesson, replace(TrainingState.new(lesson), step=1))
        for lesson in (lesson, Lesson(lesson.pairs, lesson.model, lesson.training))
    )
    assert list(asked) == [page for page in PAGES if page != "share"]  # where nothing is to be learned
    assert asked == again
    for page, questions in asked.items():
        assert len(questions) >= 2
        for question, same in zip(questions, again[page], strict=True):
            assert (question.id, question.choices) == (same.id, same.choices)
            assert 2 <= len(question.choices) <= 4
            assert len(set(question.choices)) == len(question.choices)
            assert question.choices.count(question.right) == 1
            assert set(question.mistakes) == set(question.choices) - {question.right}
            for reason in question.mistakes.values():
                assert f"questions.wrong_{reason}" in TEXTS


@given(lessons)
def test_answers_agree_with_the_tensors(lesson):
    """The page computes from vocabularies and ids; here it is counted in the one-hot arrays."""
    encoder_inputs, decoder_inputs, decoder_targets = vectorize(lesson)
    asked = by_name(lesson)
    assert asked["shape"].right == decoder_inputs.shape
    assert asked["source_tokens"].right == encoder_inputs.any(axis=(0, 1)).sum()
    assert asked["target_tokens"].right == decoder_targets.shape[2]
    assert asked["encoder_steps"].right == encoder_inputs[0].any(axis=1).sum()
    row = [pair.source for pair in lesson.pairs].index(asked["zero_rows"].about["sentence"])
    assert asked["zero_rows"].right == (~encoder_inputs[row].any(axis=1)).sum()
    if "right_output" in asked:
        question = asked["right_output"]
        row = lesson.pairs.index((question.about["source"], question.about["target"]))
        tokens, step = lesson.target_vocabulary.tokens, question.values["step"]
        assert tokens[decoder_inputs[row, step].argmax()] == question.about["token"]
        assert tokens[decoder_targets[row, step].argmax()] == question.right
        assert decoder_targets[row, step].sum() == 1
    else:
        assert not decoder_targets.any() or not lesson.model.markers
    if lesson.model.markers:
        row = lesson.pairs.index((asked["calls"].about["source"], asked["calls"].about["target"]))
        assert asked["calls"].right == decoder_targets[row].any(axis=1).sum()
    if "costliest" in asked:
        assert lesson.model.mask_padding  # else padding takes steps as well, and all pairs the same
        steps = encoder_inputs.sum(axis=(1, 2)) + decoder_targets.sum(axis=(1, 2)) + (not lesson.model.markers)
        assert asked["costliest"].right == " → ".join(lesson.pairs[steps.argmax()])
        assert (steps == steps.max()).sum() == 1
    batches = range(0, len(lesson.pairs), lesson.training.batch_size)
    assert asked["steps_per_epoch"].right == len(batches)


@pytest.mark.parametrize("markers", [True, False])
@pytest.mark.parametrize("mask_padding", [True, False])
def test_a_model_that_knows_nothing_has_the_loss_that_is_asked_for(markers, mask_padding):
    """Of a model without weights, for which all tokens are equally probable."""
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(2, markers, mask_padding))
    state = TrainingState.new(lesson)
    figures = evaluate(replace(state, weights={name: 0 * values for name, values in state.weights.items()}))
    name, figure = ("even_loss", "masked_loss") if mask_padding else ("padded_even_loss", "padded_loss")
    assert by_name(lesson)[name].right == pytest.approx(figures[figure], abs=0.006)


def test_answers_of_the_notebooks_lesson():
    asked = by_name(Lesson(NOTEBOOK_PAIRS))
    assert asked["source_tokens"].right == len(set("".join(source for source, _ in NOTEBOOK_PAIRS))) == 23
    assert asked["shape"].right == (5, 11, 26)
    assert asked["shape"].mistakes[(5, 10, 24)] == "no_markers"
    assert by_name(Lesson.as_in_notebook(NOTEBOOK_PAIRS))["shape"].right == (5, 10, 24)


@pytest.mark.parametrize("level", LEVELS)
def test_parameters_are_those_of_the_weights(level):
    lesson, twice = (Lesson(NOTEBOOK_PAIRS, ModelConfig(units, source_tokens=level)) for units in (6, 12))
    counts = [
        sum(math.prod(shape) for name, shape in weight_shapes(of).items() if name.startswith("encoder"))
        for of in (lesson, twice)
    ]
    asked = by_name(lesson)
    assert [asked["parameters"].right, asked["twice_the_units"].right] == counts
    assert asked["twice_the_units"].values["before"] == counts[0]
    assert counts[0] // 4 * 3 in asked["parameters"].mistakes  # the candidate has weights as well as the three gates
    context = Translator(TrainingState.new(lesson)).context("Hello.")
    assert asked["context_numbers"].right == context.state_h.size + context.state_c.size


def with_random_weights(seed, **model):
    """Returns a model whose outputs differ from step to step."""
    state, rng = TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(8, **model))), np.random.default_rng(seed)
    weights = {name: rng.normal(0, 1.5, values.shape).astype(np.float32) for name, values in state.weights.items()}
    return replace(state, step=1, weights=weights)


@pytest.mark.parametrize(("seed", "stop_reason"), [(87, "eos"), (142, "eos"), (0, "length")])
def test_the_answers_about_a_model_are_its_outputs(seed, stop_reason):
    """From its weights, with nothing but NumPy and the definition of an LSTM."""
    state = with_random_weights(seed)
    asked, weights = by_name(state.lesson, state), state.weights
    tokens, source_tokens = state.lesson.target_vocabulary.tokens, state.lesson.source_vocabulary.tokens

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def step(side, row, h, c):
        z = weights[f"{side}_kernel"][row] + h @ weights[f"{side}_recurrent"] + weights[f"{side}_bias"]
        i, f, g, o = np.split(z, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    def outputs(h, c):
        output = [BOS]
        while output[-1] != EOS and len(output) <= Translator(state).max_new_tokens:
            h, c = step("decoder", tokens.index(output[-1]), h, c)
            output.append(tokens[np.argmax(h @ weights["dense_kernel"] + weights["dense_bias"])])
        return output[1:]

    context = zeros = np.zeros(8), np.zeros(8)
    assert asked["zero_context"].right == "".join(t for t in outputs(*zeros) if t not in (BOS, EOS))
    question = asked["next_input"]
    for token in question.about["source"]:
        context = step("encoder", source_tokens.index(token), *context)
    output = outputs(*context)
    assert question.values["step"] == question.values["t"] + 1  # the page counts steps from 1, t begins at 0
    assert question.right == output[question.values["step"] - 2]
    assert (asked["stops"].right, asked["stops"].values["steps"]) == (stop_reason, len(output))


@pytest.mark.parametrize("model", [{}, {"markers": False}, {"mask_padding": False}])
def test_answers_about_attention_are_its_weights(model):
    state = with_random_weights(3, attention="dot", **model)
    asked, translator = by_name(state.lesson, state), Translator(state)
    assert asked["attention_parameters"].right == state.weights["attention_kernel"].size
    assert "zero_context" not in asked  # which says that the context vector is all that the decoder knows
    question = asked["looked_at"]
    source = question.about["source"]
    steps = list(translator.steps(source, state.lesson.prefix(dict(NOTEBOOK_PAIRS)[source])))
    weights = steps[question.values["step"] - 1].attention.weights
    assert question.right == source[np.argmax(weights[: len(source)])]
    assert asked["weights_sum"].right == pytest.approx(weights.sum(), abs=1e-6)
    plain = by_name(Lesson(NOTEBOOK_PAIRS), TrainingState.new(Lesson(NOTEBOOK_PAIRS)))
    assert not {"attention_parameters", "looked_at", "weights_sum"} & plain.keys()


def test_answers_about_an_encoder_that_reads_both_ways_are_its_sizes():
    state = with_random_weights(3, attention="dot", bidirectional=True)
    asked = by_name(state.lesson, state)
    encoder = [values.size for name, values in state.weights.items() if name.startswith("encoder")]
    assert asked["parameters_both"].right == sum(encoder)
    assert asked["attention_parameters"].right == state.weights["attention_kernel"].size
    assert asked["context_numbers"].right == 2 * Translator(state).context("Hello.").state_h.size
    assert not {"parameters", "twice_the_units"} & asked.keys()


def with_outputs(monkeypatch, said, pairs, held_out=0.0):
    """Returns the questions about a model that says something of each source, as `said` maps it."""
    monkeypatch.setattr(lengths, "sampled_outputs", lambda _: said)
    lesson = Lesson(pairs, training=TrainingConfig(held_out=held_out))
    return by_name(lesson, replace(TrainingState.new(lesson), step=1))


def test_the_length_that_fails_first_is_asked_for_where_shorter_ones_are_right(monkeypatch):
    pairs = [("a" * n, "b" * n) for n in (1, 2, 3, 4, 5)]
    right = dict(pairs)
    question = with_outputs(monkeypatch, right | {"aaa": "", "aaaaa": "?"}, pairs)["first_wrong_length"]
    assert question.right == 3
    assert question.mistakes == {2: "last_right_length", 5: "longest_length", 1: "shortest_length"}
    assert question.values == {"sentences": 1, "wrong": 1, "asked": 5}
    for said in (right, right | {"a": ""}, dict.fromkeys(right, "")):  # all right, and wrong from the shortest on
        assert "first_wrong_length" not in with_outputs(monkeypatch, said, pairs)
    lesson = Lesson(pairs, training=TrainingConfig(held_out=0.4))
    out = sorted(lesson.held_out_sources, key=len)[0]
    said = right | {out: "", max(set(right) - lesson.held_out_sources, key=len): ""}
    question = with_outputs(monkeypatch, said, pairs, 0.4)["first_wrong_length"]
    assert question.mistakes[len(out)] == "held_out_length"


def test_a_large_lesson_is_asked_about():
    lesson = Lesson(tuple((f"{n} sheep", f"양 {n} 마리") for n in range(3000)))
    asked = by_name(lesson)
    assert asked["shape"].right == (3000, 10, 16)
    assert "costliest" not in asked  # nobody would find it
