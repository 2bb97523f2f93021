"""The first weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.state import initial_weights, weight_shapes

lessons = st.builds(
    lambda pairs, hidden_size, markers, seed: Lesson(
        NOTEBOOK_PAIRS[:pairs], ModelConfig(hidden_size, markers), TrainingConfig(seed=seed)
    ),
    st.integers(1, 5),
    st.integers(1, 40),
    st.booleans(),
    st.integers(0, 2**31 - 1),
)


@settings(max_examples=30)
@given(lessons)
def test_first_weights_follow_the_rules_of_keras(lesson):
    weights, hidden = initial_weights(lesson), lesson.model.hidden_size
    assert {name: values.shape for name, values in weights.items()} == weight_shapes(lesson)
    for name, values in weights.items():
        assert values.dtype == np.float32
        if name.endswith("_kernel"):
            limit = np.sqrt(6 / sum(values.shape))
            assert np.abs(values).max() <= limit * 1.000001
            if values.size > 100:  # they fill the whole range: Glorot's uniform, not a narrower one
                assert np.abs(values).max() > 0.9 * limit
                assert abs(values.mean()) < 4 * limit / np.sqrt(3 * values.size)
        elif name.endswith("_recurrent"):
            np.testing.assert_allclose(values @ values.T, np.eye(hidden), atol=1e-5)  # orthonormal rows
        elif name == "dense_bias":
            assert not values.any()
        else:
            i, f, g, o = np.split(values, 4)
            assert (f == 1).all()  # forget gates start open
            assert not np.concatenate([i, g, o]).any()


@settings(max_examples=30)
@given(lessons)
def test_a_seed_decides_every_weight(lesson):
    first, again = initial_weights(lesson), initial_weights(lesson)
    other_seed = TrainingConfig(seed=(lesson.training.seed + 1) % 2**31)
    other = initial_weights(Lesson(lesson.pairs, lesson.model, other_seed))
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
        if not name.endswith("_bias") and values.size > 4:
            assert (values != other[name]).any()


def test_two_weights_of_one_shape_are_drawn_apart():
    weights = initial_weights(Lesson(NOTEBOOK_PAIRS))
    assert (weights["encoder_recurrent"] != weights["decoder_recurrent"]).any()


@pytest.mark.parametrize("name", ["adam_m", "adam_v"])
def test_a_new_training_is_at_its_beginning(name):
    state = TrainingState.new(Lesson(NOTEBOOK_PAIRS))
    assert (state.epoch, state.step, state.batch, state.history) == (0, 0, 0, ())
    assert {n: values.shape for n, values in getattr(state, name).items()} == weight_shapes(state.lesson)
    assert not any(values.any() for values in getattr(state, name).values())
