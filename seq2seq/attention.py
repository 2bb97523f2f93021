"""Attention: at every step the decoder looks back at all of the source, not at its last states alone.

    score_s = h · h_s              how well the decoder's h goes with the encoder's h after token s
    α = softmax(score)             how much it looks at each token: positive, and together 1
    context = Σ_s α_s h_s          what it sees there
    h̃ = tanh([context; h] W)       what the output layer is given instead of h

Source: Luong, Pham and Manning 2015, section 3: global attention with the score "dot". Their h̃ is also fed to the next
step; here it is not, so that with teacher forcing all steps can be computed at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seq2seq.cell import softmax


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
    """Looks at the source, as the formula above says.

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
