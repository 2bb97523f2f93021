"""Beam search and sampling, driven by a made-up step function and by real models."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.analysis.batched import next_tokens, search_start
from seq2seq.analysis.search import SearchStart, beam_search, sample, score
from seq2seq.classroom.supplied_lessons import BEAM_EXAMPLE, SUPPLIED_LESSONS

EOS = 0
FIRST = 99  # what is fed first; no token of the made-up model


class MadeUpModel:
    """Finds next tokens probable by the tokens so far, which are its state.

    Args:
        seed: decides all its probabilities.
        tokens: how many there are.
        sharpness: how different its probabilities are.
        impossible: some tokens have the probability 0.
    """

    def __init__(self, seed, tokens, sharpness=2.0, impossible=False):
        self.seed, self.tokens, self.sharpness, self.impossible = seed, tokens, sharpness, impossible

    def log_probabilities(self, tokens):
        rng = np.random.default_rng([self.seed, len(tokens), *tokens])
        weights = np.exp(self.sharpness * rng.standard_normal(self.tokens))
        if self.impossible:
            weights[rng.random(self.tokens) < 0.3] = 0
            weights[rng.integers(self.tokens)] = 1
        with np.errstate(divide="ignore"):
            return np.log(weights / weights.sum())

    def step(self, fed, states):
        assert len(fed) == len(states) > 0
        after = [() if token == FIRST else (*tokens, token) for token, tokens in zip(fed, states, strict=True)]
        return np.stack([self.log_probabilities(tokens) for tokens in after]), after

    def search(self, num_beams, length=4, length_penalty=0.0, eos_id=EOS):
        return beam_search(SearchStart(self.step, FIRST, (), length, eos_id), num_beams, length_penalty)

    def sample(self, length=4, **settings):
        return list(sample(SearchStart(self.step, FIRST, (), length, EOS), **settings))

    def total(self, token_ids):
        return sum(self.log_probabilities(token_ids[:n])[token] for n, token in enumerate(token_ids))

    def everything(self, length):
        """Returns every translation that is possible: finished by its first ⟨eos⟩ or cut off."""
        others = range(1, self.tokens)
        whole = [(*tokens, EOS) for n in range(length) for tokens in product(others, repeat=n)]
        return [tokens for tokens in [*whole, *product(others, repeat=length)] if self.total(tokens) > -math.inf]


models = st.builds(MadeUpModel, st.integers(0, 10_000), st.integers(2, 4), st.floats(0.1, 4), impossible=st.booleans())
beams, penalties, lengths = st.integers(1, 5), st.floats(0, 3), st.integers(1, 6)


@given(models, lengths, penalties)
def test_one_beam_is_greedy(model, length, length_penalty):
    tokens = []
    while len(tokens) < length and EOS not in tokens:
        tokens.append(int(np.argmax(model.log_probabilities(tokens))))
    found = model.search(1, length, length_penalty)
    (hypothesis,) = found.hypotheses
    assert hypothesis.token_ids == tuple(tokens)
    assert hypothesis.stop_reason == ("eos" if EOS in tokens else "length")
    assert [node.token_id for node in found.nodes if node.status != "pruned"] == tokens


@given(models, st.integers(1, 3), penalties)
def test_a_beam_as_wide_as_everything_finds_everything_and_the_best_of_it(model, length, length_penalty):
    everything = model.everything(length)
    found = model.search(model.tokens**length, length, length_penalty).hypotheses
    assert sorted(hypothesis.token_ids for hypothesis in found) == sorted(everything)
    best = max(score(model.total(tokens), len(tokens), length_penalty) for tokens in everything)
    assert found[0].score == pytest.approx(best)
    assert sum(math.exp(hypothesis.total) for hypothesis in found) == pytest.approx(1)  # and nothing twice


@given(models, beams, lengths, penalties)
def test_what_is_finished_is_never_lost(model, num_beams, length, length_penalty):
    found = model.search(num_beams, length, length_penalty)
    finished = {n for n, node in enumerate(found.nodes) if node.status == "finished"}
    assert finished == {hypothesis.node for hypothesis in found.hypotheses if hypothesis.stop_reason == "eos"}
    assert {found.nodes[n].token_id for n in finished} <= {EOS}
    assert found.hypotheses
    scores = [hypothesis.score for hypothesis in found.hypotheses]
    assert scores == sorted(scores, reverse=True)
    for hypothesis in found.hypotheses:
        assert hypothesis.stop_reason == ("eos" if hypothesis.token_ids[-1] == EOS else "length")
        assert EOS not in hypothesis.token_ids[:-1]
        assert len(hypothesis.token_ids) == length or hypothesis.stop_reason == "eos"


@given(models, beams, lengths, penalties)
def test_log_probabilities_add_up_along_the_tree(model, num_beams, length, length_penalty):
    found = model.search(num_beams, length, length_penalty)
    for node in found.nodes:
        before = 0.0 if node.parent is None else found.nodes[node.parent].total
        assert node.total == before + node.log_probability
        assert node.score == score(node.total, node.step, length_penalty)
        assert node.step == (1 if node.parent is None else found.nodes[node.parent].step + 1)
        assert node.parent is None or found.nodes[node.parent].status == "kept"
    for hypothesis in found.hypotheses:
        assert hypothesis.total == pytest.approx(model.total(hypothesis.token_ids))
        assert hypothesis.total == found.nodes[hypothesis.node].total
        assert hypothesis.score == found.nodes[hypothesis.node].score


@given(models, beams, lengths, penalties)
def test_the_best_win_the_places_and_finished_ones_compete(model, num_beams, length, length_penalty):
    nodes = model.search(num_beams, length, length_penalty).nodes
    for step in range(1, nodes[-1].step + 1):
        level = [node for node in nodes if node.step == step]
        earlier = [node.score for node in nodes if node.step < step and node.status == "finished"]
        winners = [node.score for node in level if node.status != "pruned"]
        pruned = [node.score for node in level if node.status == "pruned"]
        assert [node.score for node in level] == sorted([*winners, *pruned], reverse=True)
        assert len(winners) <= num_beams
        for lost in pruned:  # every place is held by something at least as good
            assert sum(rival >= lost for rival in [*winners, *earlier]) >= num_beams
        for won in winners:
            assert sum(rival >= won for rival in earlier) + sum(rival > won for rival in winners) < num_beams
        parents = [node.parent for node in level]
        assert max(map(parents.count, parents)) <= num_beams + 1


@given(st.floats(-50, -1e-6), st.integers(1, 50), st.integers(1, 50), st.floats(0, 3))
def test_of_two_equal_sums_the_longer_is_never_worse(total, length, further, length_penalty):
    assert score(total, length + further, length_penalty) >= score(total, length, length_penalty)
    assert score(total, length, 0) == total
    assert score(total, length, 1) == pytest.approx(total / length)  # the mean of a token


@given(models, beams, lengths)
def test_without_an_end_marker_everything_is_cut_off(model, num_beams, length):
    for hypothesis in model.search(num_beams, length, eos_id=None).hypotheses:
        assert (len(hypothesis.token_ids), hypothesis.stop_reason) == (length, "length")


@pytest.mark.parametrize(("num_beams", "length"), [(0, 4), (-1, 4), (3, 0)])
def test_a_beam_without_a_place_or_a_step_is_refused(num_beams, length):
    with pytest.raises(ValueError, match="at least 1"):
        MadeUpModel(0, 3).search(num_beams, length)


# --- Sampling --------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(models, st.integers(0, 2**32), st.floats(0.05, 5))
def test_the_same_seed_draws_the_same(model, seed, temperature):
    once, again = (model.sample(seed=seed, temperature=temperature) for _ in range(2))
    assert [step.token_id for step in once] == [step.token_id for step in again]


def test_other_seeds_draw_others():
    assert len({tuple(step.token_id for step in MadeUpModel(0, 4).sample(seed=seed)) for seed in range(20)}) > 5


@given(models, st.integers(0, 1000), st.floats(0.05, 5), lengths)
def test_each_token_is_drawn_from_the_softmax_with_temperature(model, seed, temperature, length):
    steps, tokens = model.sample(length, seed=seed, temperature=temperature), []
    for step in steps:
        logs = model.log_probabilities(tokens)
        weights = [math.exp(max(log, -1e9) / temperature) for log in logs]
        np.testing.assert_allclose(step.probabilities, np.array(weights) / sum(weights), atol=1e-12)
        assert step.probabilities[step.token_id] > 0
        assert step.log_probability == logs[step.token_id]
        assert step.fed_id == (tokens[-1] if tokens else FIRST)
        tokens.append(step.token_id)
    assert [step.stop_reason for step in steps[:-1]] == [None] * (len(steps) - 1)
    assert EOS not in tokens[:-1]
    assert steps[-1].stop_reason == ("eos" if tokens[-1] == EOS else "length")
    assert len(tokens) == length or tokens[-1] == EOS


@given(models, st.integers(0, 1000), lengths, st.sampled_from([1e-300, 1e-9, 1e-6]))
def test_with_a_temperature_near_zero_it_is_greedy(model, seed, length, temperature):
    (greedy,) = model.search(1, length).hypotheses
    assert tuple(step.token_id for step in model.sample(length, seed=seed, temperature=temperature)) == greedy.token_ids


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_a_temperature_that_cannot_be_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature must be positive"):
        MadeUpModel(0, 3).sample(temperature=temperature)


# --- With the LSTM ---------------------------------------------------------------------------------------------------


def text_by(translator, token_ids, prefix=""):
    return prefix + translator.lesson.target_vocabulary.decode(token_ids)


@pytest.mark.parametrize("epoch", [1, 5, 15, 22, 60, 144])
def test_one_beam_is_what_steps_yields(trained, epoch):
    translator = Translator(trained.at(epoch))
    for source, _ in NOTEBOOK_PAIRS:
        steps = list(translator.steps(source))
        (greedy,) = beam_search(search_start(translator, source), 1).hypotheses
        assert greedy.token_ids == tuple(step.token_id for step in steps)
        assert greedy.stop_reason == steps[-1].stop_reason
        logs = [math.log(step.probabilities[step.token_id]) for step in steps]
        assert greedy.total == pytest.approx(sum(logs), abs=1e-4)


@pytest.mark.parametrize("prefix", ["", "너", "너의"])
def test_a_search_goes_on_after_a_prefix(trained, notebook_trained, prefix):
    for translator in (Translator(trained), Translator(notebook_trained)):
        (greedy,) = beam_search(search_start(translator, "How are you?", prefix), 1).hypotheses
        assert text_by(translator, greedy.token_ids, prefix) == translator.translate("How are you?", prefix)
        coldest = list(sample(search_start(translator, "How are you?", prefix), temperature=1e-6))
        assert tuple(step.token_id for step in coldest) == greedy.token_ids


def test_a_step_of_many_decoders_is_a_step_of_each(trained):
    translator = Translator(trained)
    states = [translator.context(source) for source, _ in NOTEBOOK_PAIRS]
    fed = [0, 3, 5, -1, 7]
    log_probabilities, after = next_tokens(translator, None, fed, states)
    assert log_probabilities.shape == (5, len(trained.lesson.target_vocabulary))
    for token_id, before, logs, state in zip(fed, states, log_probabilities, after, strict=True):
        step = translator.decoder_step(token_id, before)
        np.testing.assert_allclose(np.exp(logs), step.probabilities, atol=1e-6)
        np.testing.assert_allclose(state.state_h, step.state_h, atol=1e-6)
        np.testing.assert_allclose(state.state_c, step.state_c, atol=1e-6)


@pytest.mark.parametrize("model", [ModelConfig(1), ModelConfig(4, markers=False), ModelConfig(4, mask_padding=False)])
def test_every_model_and_text_can_be_searched(model):
    for pairs in (NOTEBOOK_PAIRS, (("a", "b"),)):
        translator = Translator(TrainingState.new(Lesson(pairs, model)))
        for text in ("Hello.", "", "☃", "a" * 300):
            for hypothesis in beam_search(search_start(translator, text), 5, 1).hypotheses:
                assert 1 <= len(hypothesis.token_ids) <= translator.max_new_tokens
                assert math.isfinite(hypothesis.total)
            assert list(sample(search_start(translator, text)))[-1].stop_reason in ("eos", "length")


def test_a_supplied_lesson_has_a_sentence_where_beam_is_right_and_greedy_wrong():
    """The lesson and the epoch that the page Translate names, trained as it is supplied."""
    from seq2seq.training import advance  # noqa: PLC0415

    name, epoch = BEAM_EXAMPLE
    supplied = SUPPLIED_LESSONS[name]
    state = TrainingState.new(Lesson(supplied.pairs, supplied.model, supplied.training))
    translator = Translator(advance(state, epochs=epoch))
    helped = 0
    for source, target in supplied.pairs:
        (greedy,) = beam_search(search_start(translator, source), 1).hypotheses
        best = beam_search(search_start(translator, source), 3).hypotheses[0]
        if text_by(translator, greedy.token_ids) != target == text_by(translator, best.token_ids):
            assert best.total > greedy.total
            helped += 1
    assert helped
    assert epoch < supplied.training.epochs  # so that a student comes by it
