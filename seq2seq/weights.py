"""The weights of an encoder–decoder: their names, shapes and first values, as plain NumPy arrays."""

from __future__ import annotations

import numpy as np

from seq2seq.config import Lesson

Weights = dict[str, np.ndarray]


def weight_shapes(lesson: Lesson) -> dict[str, tuple[int, ...]]:
    """Returns name → shape, in the order of Keras's `model.get_weights()`.

    The four gates lie side by side along the last axis of an LSTM's weights, in Keras's order i, f, g, o.
    """
    hidden, tokens = lesson.model.hidden_size, len(lesson.target_vocabulary)
    return {
        "encoder_kernel": (len(lesson.source_vocabulary), 4 * hidden),
        "encoder_recurrent": (hidden, 4 * hidden),
        "encoder_bias": (4 * hidden,),
        "decoder_kernel": (tokens, 4 * hidden),
        "decoder_recurrent": (hidden, 4 * hidden),
        "decoder_bias": (4 * hidden,),
        "dense_kernel": (hidden, tokens),
        "dense_bias": (tokens,),
    }


def initial_weights(lesson: Lesson) -> Weights:
    """Draws first weights from the lesson's seed, by the rules of Keras's layers.

    Drawn in NumPy rather than Keras: its generator is global to a process, so two students' trainings in one process
    would change each other's numbers, and a page can show an untrained model without TensorFlow.

    Source: Glorot and Bengio 2010 (kernels), Saxe et al. 2014 (recurrent), Jozefowicz et al. 2015 (forget bias 1).
    """
    rng = np.random.default_rng(lesson.training.seed)
    weights = {}
    for name, shape in weight_shapes(lesson).items():
        if name.endswith("_kernel"):
            limit = np.sqrt(6 / sum(shape))
            values = rng.uniform(-limit, limit, shape)
        elif name.endswith("_recurrent"):
            values = _orthogonal_rows(rng, shape)
        else:
            values = np.zeros(shape)
            if name != "dense_bias":
                hidden = shape[0] // 4
                values[hidden : 2 * hidden] = 1  # forget gates start open, so that memory lasts
        weights[name] = values.astype(np.float32)
    return weights


def _orthogonal_rows(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal(shape).T)  # (columns, rows), orthonormal columns
    return (q * np.sign(np.diag(r))).T  # the signs make every orthogonal matrix as likely
