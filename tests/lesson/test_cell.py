"""One LSTM step in NumPy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.cell import cell_update, gate_inputs, lstm_step, sigmoid, softmax

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 9)
scales = st.sampled_from([0.01, 1, 30, 1e4])


def draw(rng, scale, *shape):
    return rng.normal(0, scale, shape).astype(np.float32)


@given(seeds, sizes, sizes, scales)
def test_gates_and_states_keep_their_ranges_whatever_the_weights(seed, tokens, hidden, scale):
    rng = np.random.default_rng(seed)
    h, c = np.tanh(draw(rng, 1, hidden)), draw(rng, 3, hidden)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        step = lstm_step(
            draw(rng, 1, tokens),
            h,
            c,
            draw(rng, scale, tokens, 4 * hidden),
            draw(rng, scale, hidden, 4 * hidden),
            draw(rng, scale, 4 * hidden),
        )
    for gate in (step.gates.i, step.gates.f, step.gates.o):
        assert ((gate >= 0) & (gate <= 1)).all()
    assert (np.abs(step.gates.g) <= 1).all()
    assert (np.abs(step.state_h) <= 1).all()
    assert (np.abs(step.state_c) <= np.abs(c) + 1).all()
    assert step.state_h.shape == step.state_c.shape == step.gates.o.shape == (hidden,)
    assert step.state_h.dtype == np.float32


@given(seeds, sizes, sizes)
def test_the_step_is_the_textbooks(seed, tokens, hidden):
    rng = np.random.default_rng(seed)
    x, h, c = rng.normal(size=tokens), rng.normal(size=hidden), rng.normal(size=hidden)
    kernel, recurrent, bias = (rng.normal(size=(*rows, 4 * hidden)) for rows in ((tokens,), (hidden,), ()))

    def at(gate):  # gates lie side by side in Keras's order i, f, g, o
        columns = slice(gate * hidden, (gate + 1) * hidden)
        return x @ kernel[:, columns] + h @ recurrent[:, columns] + bias[columns]

    i, f, o = (1 / (1 + np.exp(-at(gate))) for gate in (0, 1, 3))
    g = np.tanh(at(2))
    step = lstm_step(x, h, c, kernel, recurrent, bias)
    np.testing.assert_allclose(np.stack(step.gates), [i, f, g, o], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(step.state_c, f * c + i * g, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(step.state_h, o * np.tanh(f * c + i * g), rtol=1e-12, atol=1e-12)


@given(seeds, sizes, sizes, sizes)
def test_a_batch_is_its_rows_one_by_one(seed, batch, tokens, hidden):
    rng = np.random.default_rng(seed)
    x, h, c = rng.normal(size=(batch, tokens)), rng.normal(size=(batch, hidden)), rng.normal(size=(batch, hidden))
    weights = [rng.normal(size=(*rows, 4 * hidden)) for rows in ((tokens,), (hidden,), ())]
    together = lstm_step(x, h, c, *weights)
    for n in range(batch):
        alone = lstm_step(x[n], h[n], c[n], *weights)
        np.testing.assert_allclose(alone.state_h, together.state_h[n], atol=1e-12)
        np.testing.assert_allclose(alone.gates, np.stack(together.gates)[:, n], atol=1e-12)


@given(seeds, sizes, sizes)
def test_a_step_is_its_two_halves(seed, tokens, hidden):
    rng = np.random.default_rng(seed)
    token = int(rng.integers(tokens))
    x, h, c = np.eye(tokens)[token], rng.normal(size=hidden), rng.normal(size=hidden)
    kernel, recurrent, bias = (rng.normal(size=(*rows, 4 * hidden)) for rows in ((tokens,), (hidden,), ()))
    inputs = gate_inputs(x, h, kernel, recurrent, bias)
    np.testing.assert_array_equal(inputs.from_token, kernel[token])  # one-hot picks a row
    np.testing.assert_array_equal(inputs.bias, bias)
    whole, halves = lstm_step(x, h, c, kernel, recurrent, bias), cell_update(sum(inputs), c)
    np.testing.assert_allclose(whole.state_c, halves.state_c, atol=1e-12)
    np.testing.assert_allclose(whole.state_h, halves.state_h, atol=1e-12)


@given(st.floats(-700, 700))
def test_sigmoid(x):
    np.testing.assert_allclose(sigmoid(np.float64(x)), 1 / (1 + np.exp(-x)), atol=1e-15, rtol=1e-9 if x > -10 else 1)
    np.testing.assert_allclose(sigmoid(np.float64(x)) + sigmoid(np.float64(-x)), 1, atol=1e-15)


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=30))
def test_probabilities_are_positive_and_sum_to_one(logits):
    logits = np.array(logits, np.float32)
    with np.errstate(over="raise", invalid="raise"):
        probabilities = softmax(logits)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(), 1, atol=1e-6)
    assert probabilities[logits.argmax()] == probabilities.max()


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=30), st.floats(-20, 20))
def test_only_the_differences_of_scores_count(logits, shift):
    np.testing.assert_allclose(softmax(np.array(logits)), softmax(np.array(logits) + shift), atol=1e-12)
    np.testing.assert_allclose(softmax(np.array(logits)), np.exp(logits) / np.exp(logits).sum(), atol=1e-12)
