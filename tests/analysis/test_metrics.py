"""What a model scores is said of the sentences that were evaluated."""

from dataclasses import replace

import numpy as np
import pytest

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingConfig, TrainingState, Translator
from seq2seq.analysis import metrics
from seq2seq.analysis.metrics import evaluate
from seq2seq.limits import MAX_EVALUATED


@pytest.fixture
def knows_all_but_one(trained):
    """A model that knows every sentence of a lesson except the second, which a sample of two leaves out."""
    wrong = Pair(NOTEBOOK_PAIRS[1][0], NOTEBOOK_PAIRS[0][1])
    pairs = (*trained.lesson.pairs[:1], wrong, *trained.lesson.pairs[2:])
    lesson = replace(trained.lesson, pairs=pairs)
    for side in ("source_vocabulary", "target_vocabulary", "source_length", "target_length"):
        lesson.__dict__[side] = getattr(trained.lesson, side)  # so that the weights fit
    return replace(trained, lesson=lesson)


def evaluated_whole(state):
    """Returns the figures of an evaluation in as many batches as it takes, and the sentences of each batch."""
    batches, done, outputs = [], 0, {}
    while not metrics.is_evaluated(state):
        evaluation, said = metrics.evaluate_further(state)
        state, outputs = replace(state, evaluation=evaluation), outputs | said
        batches.append(sum(counts["sentences"] for counts in state.evaluation) - done)
        done += batches[-1]
    assert outputs == {source: Translator(state).translate(source) for source in outputs} and outputs
    return metrics.figures(state.evaluation), batches


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_all_right_is_said_when_every_sentence_is(most, trained, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_EVALUATED", most)
    found, batches = evaluated_whole(trained)
    assert (found["exact_match"], found["cer"], found["evaluated"]) == (1, 0, len(NOTEBOOK_PAIRS))
    assert max(batches) <= most  # so that nobody waits for more


@pytest.mark.parametrize("most", [1, 2])
def test_one_wrong_sentence_outside_the_sample_is_found(most, knows_all_but_one, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_EVALUATED", most)
    found, _ = evaluated_whole(knows_all_but_one)
    right = found["exact_match"] * found["evaluated"]
    assert round(right) == found["evaluated"] - 1


def test_a_sample_with_a_wrong_sentence_is_enough(trained, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_EVALUATED", 2)
    found, batches = evaluated_whole(TrainingState.new(trained.lesson))
    assert (found["evaluated"], found["exact_match"], batches) == (2, 0, [2])


def test_figures_of_batches_are_those_of_all_at_once(trained, monkeypatch):
    held_out = replace(trained, lesson=replace(trained.lesson, training=TrainingConfig(held_out=0.4)))
    at_once = evaluate(held_out)
    assert at_once["held_out_evaluated"] == 2
    monkeypatch.setattr(metrics, "MAX_EVALUATED", 1)
    found, batches = evaluated_whole(held_out)
    np.testing.assert_allclose([*found.values()], [*at_once.values()], rtol=1e-5)
    assert batches == [1] * 5


def test_the_longer_and_the_more_units_the_fewer_sentences_at_once():
    def at_once(hidden_size, length):
        lesson = Lesson((("a" * length, "b" * length),), ModelConfig(hidden_size))
        return metrics.sentences_at_once(Translator(TrainingState(lesson, {}, {}, {})))

    assert at_once(32, 20) == at_once(128, 40) == MAX_EVALUATED
    assert 1 == at_once(512, 300) < at_once(256, 60) < at_once(256, 30) < MAX_EVALUATED


def test_somebody_who_waits_gets_the_figures_of_so_many_spread_evenly(monkeypatch):
    asked, count_batch = [], metrics.count_batch
    monkeypatch.setattr(metrics, "sentences_at_once", lambda translator: 5)
    monkeypatch.setattr(metrics, "count_batch", lambda *args: asked.append(args[1]) or count_batch(*args))
    pairs = tuple((f"{n:03}", "b") for n in range(200))
    assert evaluate(TrainingState.new(Lesson(pairs, ModelConfig(2))))["evaluated"] == 5
    assert [rows.tolist() for rows in asked] == [[0, 49, 99, 149, 199]]
