"""What a model scores is said of the sentences that were evaluated."""

from dataclasses import replace

import numpy as np
import pytest

from seq2seq import NOTEBOOK_PAIRS, Pair, TrainingState
from seq2seq.analysis import metrics
from seq2seq.analysis.metrics import evaluate


@pytest.fixture
def knows_all_but_one(trained):
    """A model that knows every sentence of a lesson except the second, which a sample of two leaves out."""
    wrong = Pair(NOTEBOOK_PAIRS[1][0], NOTEBOOK_PAIRS[0][1])
    pairs = (*trained.lesson.pairs[:1], wrong, *trained.lesson.pairs[2:])
    lesson = replace(trained.lesson, pairs=pairs)
    for side in ("source_vocabulary", "target_vocabulary", "source_length", "target_length"):
        lesson.__dict__[side] = getattr(trained.lesson, side)  # so that the weights fit
    return replace(trained, lesson=lesson)


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_all_right_is_said_when_every_sentence_is(most, trained, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_EVALUATED", most)
    found = evaluate(trained)
    assert (found["exact_match"], found["cer"], found["evaluated"]) == (1, 0, len(NOTEBOOK_PAIRS))


@pytest.mark.parametrize("most", [1, 2])
def test_one_wrong_sentence_outside_the_sample_is_found(most, knows_all_but_one, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_EVALUATED", most)
    found = evaluate(knows_all_but_one)
    right = found["exact_match"] * found["evaluated"]
    assert round(right) == found["evaluated"] - 1


def test_a_sample_with_a_wrong_sentence_is_enough(trained, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_EVALUATED", 2)
    found = evaluate(TrainingState.new(trained.lesson))
    assert (found["evaluated"], found["exact_match"]) == (2, 0)


def test_figures_of_batches_are_those_of_all_at_once(trained, monkeypatch):
    at_once = evaluate(trained)
    monkeypatch.setattr(metrics, "MAX_EVALUATED", 2)
    np.testing.assert_allclose([*evaluate(trained).values()], [*at_once.values()], rtol=1e-5)
