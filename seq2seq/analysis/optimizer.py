"""One step of the optimizer in NumPy, to try what it does: Adam, as `seq2seq.compiled.epochs` takes it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from seq2seq.state import TrainingState, Weights

ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7  # Keras's defaults; Kingma and Ba 2015


def gradient_norm(gradient: Weights) -> float:
    """Returns the length of a gradient, all weights together."""
    return math.hypot(*map(np.linalg.norm, gradient.values()))


def take_step(state: TrainingState, gradient: Weights, learning_rate: float) -> TrainingState:
    """Returns the training after one more step of the optimizer; the old one is left as it was.

    Args:
        state: where to begin, with what Adam knows of earlier steps.
        gradient: by name, of the loss of a batch.
        learning_rate: of this step; the gradient is clipped as the lesson says.
    """
    clip_norm, step = state.lesson.training.clip_norm, state.step + 1
    if clip_norm:
        scale = clip_norm / max(clip_norm, gradient_norm(gradient))
        gradient = {name: values * scale for name, values in gradient.items()}
    # Source: Kingma and Ba 2015, end of section 2.
    rate = learning_rate * math.sqrt(1 - ADAM_BETA_2**step) / (1 - ADAM_BETA_1**step)
    weights, adam_m, adam_v = {}, {}, {}
    for name, values in gradient.items():
        m, v = state.adam_m[name], state.adam_v[name]
        adam_m[name] = m + (values - m) * (1 - ADAM_BETA_1)
        adam_v[name] = v + (np.square(values) - v) * (1 - ADAM_BETA_2)
        weights[name] = state.weights[name] - rate * adam_m[name] / (np.sqrt(adam_v[name]) + ADAM_EPSILON)
    return replace(state, weights=weights, adam_m=adam_m, adam_v=adam_v, step=step)
