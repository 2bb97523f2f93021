"""Whole epochs of training in one compiled function: teacher forcing, loss, gradients, Adam.

Weights, optimizer and data are its arguments, and their sizes are unknown to it: it is traced once per process for each
kind of model (and once more for batches in halves), and then serves every lesson. A Keras model would be traced anew
(1–2 s and 25 MB) for each number of units and each vocabulary in the class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seq2seq.analysis.optimizer import ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON
from seq2seq.compiled.batch_order import id_tensors
from seq2seq.compiled.forward import Kind, loss_of, weight_layout
from seq2seq.compiled.lstm import fastest_lstm, fused_lstm, looped_lstm
from seq2seq.lesson import Lesson
from seq2seq.state import METRIC_SUMS, TrainingState, Weights, weight_shapes
from seq2seq.tensors import Tensors

_HALVED = 32  # pairs in a batch, from which its halves are computed side by side: 10% quicker, with 64 pairs 20%


class Optimizer(NamedTuple):
    """Weights and what Adam knows of them. All weights are one row: a few long operations are the quickest."""

    weights: tf.Tensor  # (weights,)
    adam_m: tf.Tensor  # (weights,)
    adam_v: tf.Tensor  # (weights,)
    step: tf.Tensor  # (), optimizer steps taken


class Batches(NamedTuple):
    """Which pairs a call trains on."""

    rows: tf.Tensor  # (batches, batch size), the pairs of each batch; -1 for none
    ends: tf.Tensor  # (epochs,), how many of the batches are done when each epoch is


class Settings(NamedTuple):
    """What a lesson decides of its training, and may change while it goes on."""

    learning_rate: tf.Tensor
    clip_norm: tf.Tensor
    mask_padding: tf.Tensor


# --- What `advance` calls --------------------------------------------------------------------------------------------


def epoch_trainer(lesson: Lesson) -> Callable[[Optimizer, Sequence[float], Sequence[np.ndarray]], tuple]:
    """Returns the function that trains a lesson on some batches.

    Args:
        lesson: its sizes and its batch size decide which compiled function that is; most lessons share one.

    Returns:
        A function of the optimizer, the sums so far of the epoch under way, and the orders of
        `batch_order.orders_for_a_call`; it returns the optimizer after them, and what there was at the end of each
        epoch: its `METRIC_SUMS`, (epochs, sums), and the weights, (epochs, weights).
    """
    data, training, train_epochs = id_tensors(lesson), lesson.training, _train_epochs_of(lesson)
    settings = Settings(
        tf.constant(training.learning_rate, tf.float32),
        tf.constant(training.clip_norm, tf.float32),
        tf.constant(lesson.model.mask_padding),
    )

    def train(optimizer, sums, orders):
        batches = Batches(np.concatenate(orders), np.cumsum(list(map(len, orders))))
        optimizer, *of_epochs = train_epochs(optimizer, sums or np.zeros(len(METRIC_SUMS)), batches, data, settings)
        return optimizer, *(values.numpy() for values in of_epochs)

    return train


def to_optimizer(state: TrainingState) -> Optimizer:
    groups = state.weights, state.adam_m, state.adam_v
    rows = [tf.constant(flatten_weights(group, state.lesson)) for group in groups]
    return Optimizer(*rows, tf.constant(state.step, tf.int64))


def from_optimizer(optimizer: Optimizer, state: TrainingState) -> TrainingState:
    """Returns the state with what was learned since."""
    weights, m, v = (unflatten_weights(row.numpy(), state.lesson) for row in optimizer[:3])
    return replace(state, weights=weights, adam_m=m, adam_v=v, step=int(optimizer.step))


def flatten_weights(weights: Weights, lesson: Lesson) -> np.ndarray:
    """Puts weights, or Adam's means of them, into one row, with i, f, g, o in the order that the lesson's LSTM wants.

    Args:
        weights: by name, as `seq2seq.state` has them.
        lesson: that they belong to.

    Returns:
        (weights,), float32.
    """
    if _lstm_of(lesson) is fused_lstm:
        weights = _swap_gates(weights)
    return np.concatenate([weights[name].ravel() for name in weight_shapes(lesson)])


def unflatten_weights(row: np.ndarray, lesson: Lesson) -> Weights:
    """Cuts such a row into named weights again, with i, f, g, o in Keras's order.

    Args:
        row: (weights,), of `flatten_weights`.
        lesson: that they belong to.

    Returns:
        Arrays by name, as `seq2seq.state` has them.
    """
    shapes = weight_shapes(lesson)
    splits = np.split(row, np.cumsum(list(map(math.prod, shapes.values())))[:-1])
    weights = {name: split.reshape(shape).copy() for (name, shape), split in zip(shapes.items(), splits, strict=True)}
    return _swap_gates(weights) if _lstm_of(lesson) is fused_lstm else weights


def _swap_gates(weights: Weights) -> Weights:
    """Turns Keras's order i, f, g, o (gates and candidate) into the fused LSTM's i, g, f, o, and that into Keras's."""
    swapped = dict(weights)
    for name in weights:
        if name.startswith(("encoder", "decoder")):
            i, second, third, o = np.split(weights[name], 4, axis=-1)
            swapped[name] = np.concatenate([i, third, second, o], axis=-1)
    return swapped


def epoch_metrics(sums: Sequence[float], lesson: Lesson) -> dict[str, float]:
    """Turns an epoch's `METRIC_SUMS` into the loss and accuracy that the lesson is trained on.

    Per token where padding is masked, else per time step.
    """
    loss, correct, tokens, correct_padding, padding = sums
    if lesson.model.mask_padding:
        tokens = max(1, tokens)
        return {"loss": loss / tokens, "accuracy": correct / tokens}
    return {"loss": loss / (tokens + padding), "accuracy": (correct + correct_padding) / (tokens + padding)}


# --- What is compiled ------------------------------------------------------------------------------------------------


def _sizes(lesson: Lesson) -> tuple[int, int, int]:
    """Returns the hidden size, the source tokens and the target tokens."""
    return lesson.model.hidden_size, len(lesson.source_vocabulary), len(lesson.target_vocabulary)


def _lstm_of(lesson: Lesson) -> Callable:
    """Returns the LSTM that is the fastest for the decoder, which takes the most time."""
    return fastest_lstm(lesson.model.decoder_size, len(lesson.source_vocabulary), len(lesson.target_vocabulary))


def _train_epochs_of(lesson: Lesson):
    """Returns `_train_epochs` compiled for a lesson; it serves lessons of other sizes too, if that can be."""
    sizes, lstm = _sizes(lesson), _lstm_of(lesson)
    splits = 2 if lstm is looped_lstm and lesson.training.batch_size >= _HALVED else 1
    kind = Kind(lstm, lesson.model.attention, lesson.model.bidirectional, splits)
    return partial(_compiled(kind), tf.constant(sizes)) if lstm in (fused_lstm, looped_lstm) else _compiled(kind, sizes)


@cache
def _compiled(kind: Kind, sizes: tuple[int, int, int] | None = None):
    """Returns `_train_epochs` compiled for a kind of model: for any sizes, which it takes first, or for some."""
    row, ids, number = tf.TensorSpec([None]), tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([])
    train_epochs = partial(_train_epochs, kind=kind)
    return tf.function(
        train_epochs if sizes is None else partial(train_epochs, sizes),
        input_signature=[
            *[tf.TensorSpec([3], tf.int32)] * (sizes is None),
            Optimizer(row, row, row, tf.TensorSpec([], tf.int64)),
            tf.TensorSpec([len(METRIC_SUMS)], tf.float64),
            Batches(tf.TensorSpec([None, None], tf.int64), tf.TensorSpec([None], tf.int64)),
            Tensors(ids, ids, ids),
            Settings(number, number, tf.TensorSpec([], tf.bool)),
        ],
    )


def _train_epochs(sizes, optimizer, sums, batches, data, settings, kind):
    """Trains on some epochs or on a part of one, one optimizer step for each batch.

    Args:
        sizes: hidden size, source tokens, target tokens.
        optimizer: where to begin.
        sums: (metric sums,), of the first epoch's batches before these.
        batches: the pairs of each, and where epochs end.
        data: (pairs, time) each, ids.
        settings: of the lesson.
        kind: of the model.

    Returns:
        The optimizer, and what there was at the end of each epoch: its sums, (epochs, metric sums), and the weights,
        (epochs, weights).
    """
    weights, m, v, step = optimizer
    layout = weight_layout(sizes, kind)
    epochs, n = tf.size(batches.ends), tf.constant(0, tf.int64)
    all_sums = tf.TensorArray(tf.float64, size=epochs, element_shape=sums.shape)
    all_weights = tf.TensorArray(tf.float32, size=epochs, element_shape=weights.shape)
    for epoch in tf.range(epochs):
        while n < batches.ends[epoch]:
            # One batch: its gradient, clipped, and a step of Adam.
            rows = batches.rows[n]  # (batch size,)
            rows = rows[: tf.math.count_nonzero(rows >= 0)]  # (batch,)
            gradient, batch_sums = _gradient(weights, layout, data, rows, settings.mask_padding, kind)
            if settings.clip_norm > 0:
                gradient *= settings.clip_norm / tf.maximum(settings.clip_norm, tf.norm(gradient))
            step += 1
            move, m, v = _adam(m, v, gradient, tf.cast(step, tf.float32), settings.learning_rate)
            weights, sums, n = weights - move, sums + batch_sums, n + 1
        # The end of an epoch, or of the call.
        all_sums, all_weights = all_sums.write(epoch, sums), all_weights.write(epoch, weights)
        sums = tf.zeros_like(sums)
    return Optimizer(weights, m, v, step), all_sums.stack(), all_weights.stack()


def _gradient(weights, layout, data, rows, mask_padding, kind):
    """Returns the gradient of a batch's mean loss, (weights,), and the batch's `METRIC_SUMS`."""
    (shapes, lengths), half = layout, tf.size(rows) // 2
    with tf.GradientTape() as tape:
        tape.watch(weights)
        named = tf.split(weights, lengths, num=len(shapes))
        named = [tf.reshape(values, shape) for values, shape in zip(named, shapes, strict=True)]
        losses = [
            loss_of(named, Tensors(*(tf.gather(ids, part) for ids in data)), mask_padding, kind)
            for part in ([rows] if kind.splits == 1 else [rows[:half], rows[half:]])
        ]
        loss, batch_sums, scored = map(sum, zip(*losses, strict=True))
        loss /= tf.cast(tf.maximum(scored, 1), tf.float32)
    return tape.gradient(loss, weights), batch_sums


def _adam(m, v, gradient, step, learning_rate):
    """Returns a step of Adam, to be taken off the weights, and the new means. Written as Keras does it.

    Source: Kingma and Ba 2015, end of section 2.
    """
    rate = learning_rate * tf.sqrt(1 - ADAM_BETA_2**step) / (1 - ADAM_BETA_1**step)
    m += (gradient - m) * (1 - ADAM_BETA_1)
    v += (tf.square(gradient) - v) * (1 - ADAM_BETA_2)
    return rate * m / (tf.sqrt(v) + ADAM_EPSILON), m, v
