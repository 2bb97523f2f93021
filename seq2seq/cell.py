"""One LSTM step in NumPy, its gates and its candidate visible; and attention, by which the decoder looks back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Gates(NamedTuple):
    """The three gates i, f and o and the candidate g, "gates" for short: each (hidden,) or (batch, hidden).

    They are computed alike, from a set of weights each: hence the four in 4 · hidden.
    """

    i: np.ndarray  # input gate, 0…1: how much of the candidate is written
    f: np.ndarray  # forget gate, 0…1: how much of the old cell state is kept
    g: np.ndarray  # candidate, -1…1: what would be written; no gate, but what the input gate weighs
    o: np.ndarray  # output gate, 0…1: how much of the cell state is shown


class GateInputs(NamedTuple):
    """What flows into gates and candidate, in Keras's order i, f, g, o: the sum is z of `cell_update`."""

    bias: np.ndarray  # (4 · hidden,)
    from_token: np.ndarray  # (4 · hidden,): one-hot times kernel is the kernel's row of the input token
    from_state: np.ndarray  # (4 · hidden,): of the cell's own h before


class CellStep(NamedTuple):
    """An LSTM cell after one time step."""

    state_h: np.ndarray  # hidden state, -1…1: (hidden,)
    state_c: np.ndarray  # cell state: (hidden,)
    gates: Gates


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # the same function as 1 / (1 + exp(-x)), and exp cannot overflow


def lstm_step(
    x: np.ndarray,
    state_h: np.ndarray,
    state_c: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: np.ndarray,
) -> CellStep:
    """Takes one step of an LSTM, as `keras.layers.LSTM` does.

    Args:
        x: (tokens,), the one-hot row of the input token; zeros for padding.
        state_h, state_c: (hidden,), the states before.
        kernel: (tokens, 4 · hidden).
        recurrent: (hidden, 4 · hidden).
        bias: (4 · hidden,).

    Returns:
        The states after, gates and candidate. Source: Hochreiter and Schmidhuber 1997, forget gate by Gers et al. 2000.
    """
    inputs = gate_inputs(x, state_h, kernel, recurrent, bias)
    return cell_update(inputs.from_token + inputs.from_state + inputs.bias, state_c)


def gate_inputs(
    x: np.ndarray, state_h: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> GateInputs:
    """Weighs the input and the state before: the first half of `lstm_step`, whose arguments it takes."""
    return GateInputs(bias, x @ kernel, state_h @ recurrent)


def cell_update(z: np.ndarray, state_c: np.ndarray) -> CellStep:
    """Turns what flows into gates and candidate into the next states: the second half of `lstm_step`.

    Args:
        z: (…, 4 · hidden), what flows into them, in Keras's order i, f, g, o.
        state_c: (…, hidden), the cell state before.
    """
    hidden = state_c.shape[-1]
    parts = [slice(start, start + hidden) for start in range(0, 4 * hidden, hidden)]  # `np.split`, but quicker
    sigmoids = sigmoid(z)  # the candidate's is not used, but one call for all four is quicker than three
    i, f, _, o = (sigmoids[..., part] for part in parts)
    gates = Gates(i, f, np.tanh(z[..., parts[2]]), o)
    state_c = gates.f * state_c + gates.i * gates.g  # c = f ⊙ c + i ⊙ g
    state_h = gates.o * np.tanh(state_c)  # h = o ⊙ tanh c
    return CellStep(state_h, state_c, gates)


def joined(cells: Sequence[CellStep]) -> CellStep:
    """Puts the cells of some LSTMs side by side, as Keras's `Bidirectional` does: (n · hidden,) each, of (hidden,)."""
    gates = (np.concatenate(values) for values in zip(*(cell.gates for cell in cells), strict=True))
    states = (np.concatenate([getattr(cell, name) for cell in cells]) for name in ("state_h", "state_c"))
    return CellStep(*states, Gates(*gates))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turns scores into probabilities: positive, and together 1 along the last axis."""
    weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))  # the largest at 0, so that nothing overflows
    return weights / np.sum(weights, axis=-1, keepdims=True)


# --- Attention -------------------------------------------------------------------------------------------------------
#
# At every step the decoder looks back at all of the source, not at the encoder's last states alone:
#
#    score_s = h · h_s              how well the decoder's h goes with the encoder's h after token s
#    α = softmax(score)             how much it looks at each token: positive, and together 1
#    context = Σ_s α_s h_s          what it sees there
#    h̃ = tanh([context; h] W)       what the output layer is given instead of h
#
# Source: Luong, Pham and Manning 2015, section 3: global attention with the score "dot". Their h̃ is also fed to the
# next step; here it is not, so that with teacher forcing all steps can be computed at once.


class Memory(NamedTuple):
    """What attention looks at."""

    all_h: np.ndarray  # the encoder's h after every token: (source time, hidden)
    is_attended: np.ndarray  # whether a token may be looked at; padding may not: (source time,)


class Attention(NamedTuple):
    """Where the decoder has looked at one step, and what it made of it."""

    weights: np.ndarray  # α: (source time,); 0 where nothing may be looked at
    context: np.ndarray  # (hidden,)
    output: np.ndarray  # h̃: (hidden,)


def attend(state_h: np.ndarray, memory: Memory | None, kernel: np.ndarray) -> Attention:
    """Looks back at the source, as the formula above says.

    Args:
        state_h: (…, hidden), the decoder's h after its step.
        memory: of the same source for all decoders, or of one for each; None: there is nothing to look at.
        kernel: W, (2 · hidden, hidden).
    """
    all_h, is_attended = memory or Memory(np.zeros_like(state_h)[..., np.newaxis, :], np.zeros(1, bool))
    scores = np.matvec(all_h, state_h)  # (…, source time)
    weights = softmax(np.where(is_attended, scores, np.float32(-1e9))) * is_attended
    context = np.vecmat(weights, all_h)  # (…, hidden)
    return Attention(weights, context, np.tanh(np.concatenate([context, state_h], axis=-1) @ kernel))
