"""Occlusion: each column is the same translation, forced, of the sentence without a token."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator
from seq2seq.analysis.occlusion import occlusion
from seq2seq.decoding import Context

SOURCE = "Hello."


def by_hand(translator, steps):
    changes = np.empty((len(steps), len(SOURCE)))
    for n in range(len(SOURCE)):
        state, memory = translator.encoded(SOURCE[:n] + SOURCE[n + 1 :])
        for t, step in enumerate(steps):
            fed = -1 if step.fed is None else translator.lesson.target_vocabulary.tokens.index(step.fed)
            other = translator.decoder_step(fed, state, memory)
            changes[t, n] = np.abs(other.probabilities - step.probabilities).sum() / 2
            state = Context(other.state_h, other.state_c)
    return changes


@pytest.mark.parametrize("attention", ["none", "dot"])
@pytest.mark.parametrize("flags", [{}, {"mask_padding": False}, {"markers": False}])
def test_it_is_the_sentence_without_each_token(attention, flags):
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(8, attention=attention, **flags), TrainingConfig(seed=1))
    translator = Translator(TrainingState.new(lesson))
    steps = list(translator.steps(SOURCE, max_new_tokens=5))
    np.testing.assert_allclose(occlusion(translator, SOURCE, steps), by_hand(translator, steps), atol=1e-6)


@settings(max_examples=20)
@given(st.text("Helo ☃", max_size=8))
def test_it_lies_between_nothing_and_all(trained, text):
    translator = Translator(trained)
    changes = occlusion(translator, text, list(translator.steps(text)))
    assert changes.shape[1] == len(text.strip().replace("☃", ""))
    assert ((changes >= 0) & (changes <= 1 + 1e-6)).all()
