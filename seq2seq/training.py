"""Training as one pure function, applied again and again: `advance(state) -> state`.

Pause is not calling it, one epoch is `epochs=1`, continue is calling it later, and a run that lost its machine goes on
from the last state. What an epoch computes is in `seq2seq.compiled.epochs`.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from functools import lru_cache, partial

import keras
import numpy as np
import tensorflow as tf

from seq2seq.analysis.metrics import evaluate
from seq2seq.compiled.epochs import METRIC_SUMS, compiled_epochs, flatten_weights, unflatten_weights
from seq2seq.lesson import Lesson
from seq2seq.state import TrainingState, is_checkpoint
from seq2seq.tensors import token_ids

_CALL_SECONDS = 0.1  # about how long a call of the compiled function may take, so that Pause is quick
_POOL_BATCHES = 16  # among so many batches pairs are sorted by length; more would save little, and mix pairs less
_LARGE_LESSON = 5_000  # pairs, from which a worker keeps the tensors of the latest two lessons only


class _Run:
    """What callbacks find as `self.model`: the switch that ends the training, as on a `keras.Model`."""

    stop_training = False


def advance(
    state: TrainingState,
    *,
    epochs: int | None = None,
    seconds: float | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> TrainingState:
    """Trains on from a state, for some epochs or some time, whichever ends first.

    Many small calls give bit for bit the numbers of one long call. Stopping rules (`TrainingConfig.epochs`,
    `patience`) are the caller's to apply (`seq2seq.classroom.stopping`), so that a student may always go on.

    Args:
        state: where to begin; it is left as it was.
        epochs: epochs to finish; one that is under way counts as the first.
        seconds: stop after the batches that are running when this much time has passed, even within an epoch.
        callbacks: Keras callbacks. They are told of batches and epochs and may set `self.model.stop_training`; the
            weights are in the returned state, not on `self.model`.

    Returns:
        The later state.

    Raises:
        ValueError: neither `epochs` nor `seconds` is given, or `epochs` is no whole number from 1, or `seconds` not
            positive.
    """
    if epochs is None and seconds is None:
        raise ValueError("advance needs a number of epochs or seconds")
    if epochs is not None and not (epochs >= 1 and epochs % 1 == 0):
        raise ValueError(f"epochs must be a whole number from 1, not {epochs}")
    if seconds is not None and not seconds > 0:  # also refuses NaN
        raise ValueError(f"seconds must be positive, not {seconds}")
    ends_at = None if seconds is None else time.monotonic() + seconds
    lesson, training = state.lesson, state.lesson.training
    data = _data(lesson)
    settings = [
        tf.constant(training.learning_rate, tf.float32),
        tf.constant(training.clip_norm, tf.float32),
        tf.constant(lesson.model.mask_padding),
    ]
    groups = state.weights, state.adam_m, state.adam_v
    variables = [tf.constant(flatten_weights(group, lesson)) for group in groups]
    step = tf.constant(state.step, tf.int64)
    epoch, batch, history, checkpoints = state.epoch, state.batch, list(state.history), list(state.checkpoints)
    sums = np.array(state.sums) if batch else np.zeros(len(METRIC_SUMS))
    last = None if epochs is None else epoch + epochs
    train_epochs, per_call = compiled_epochs(lesson), 1  # batches
    run = _Run()
    callback_list = keras.callbacks.CallbackList(list(callbacks), model=run)
    callback_list.on_train_begin()
    while not run.stop_training:
        orders = _orders_for_a_call(lesson, epoch, batch, per_call, last)
        call = partial(_call, train_epochs, variables, step, sums, data=data, settings=settings)
        called_at = time.perf_counter()
        variables, step, all_sums, all_weights = call(orders)
        seconds_per_batch = (time.perf_counter() - called_at) / sum(map(len, orders))
        per_call = max(1, int(_CALL_SECONDS / seconds_per_batch))
        for n, order in enumerate(orders):
            if batch == 0:
                callback_list.on_epoch_begin(epoch)
            batch, sums = batch + len(order), all_sums[n]
            callback_list.on_train_batch_end(batch - 1, {"batches": lesson.steps_per_epoch})
            if batch < lesson.steps_per_epoch:
                break
            epoch, batch = epoch + 1, 0
            record = {"epoch": epoch} | _metrics(lesson, sums) | {"learning_rate": training.learning_rate}
            if is_checkpoint(epoch):
                checkpoints.append((epoch, unflatten_weights(all_weights[n], lesson)))
                record |= evaluate(dataclasses.replace(state, weights=checkpoints[-1][1]))
            history.append(record)
            sums = np.zeros_like(sums)
            callback_list.on_epoch_end(epoch - 1, record)
            if run.stop_training and n + 1 < len(orders):  # a callback ends it here, and the call went on further
                variables, step, *_ = call(orders[: n + 1])
                break
        if epoch == last or (ends_at is not None and time.monotonic() >= ends_at):
            break
    callback_list.on_train_end()
    weights, m, v = (unflatten_weights(variable.numpy(), lesson) for variable in variables)
    return dataclasses.replace(
        state,
        weights=weights,
        adam_m=m,
        adam_v=v,
        step=int(step),
        epoch=epoch,
        batch=batch,
        sums=tuple(sums.tolist()) if batch else (),
        history=tuple(history),
        checkpoints=tuple(checkpoints),
    )


def _orders_for_a_call(lesson: Lesson, epoch: int, batch: int, per_call: int, last: int | None) -> list[np.ndarray]:
    """Returns what one call of the compiled function trains on: (batches, batch size) for each epoch.

    It is a part of an epoch, or the rest of one and whole epochs after it, for a call costs as much as half an epoch of
    the notebook's, and 4 ms with 256 units.
    """
    orders = [batch_order(lesson, epoch)[batch:][:per_call]]
    end = epoch + 1
    while sum(map(len, orders)) + lesson.steps_per_epoch <= per_call and end != last:
        orders.append(batch_order(lesson, end))
        end += 1
    return orders


def _call(train_epochs, variables, step, sums, orders, *, data, settings):
    """Calls the compiled function; returns variables, step, and each epoch's sums and weights, as arrays."""
    ends = np.cumsum(list(map(len, orders)))  # (epochs,)
    variables, step, *kept = train_epochs(*variables, step, sums, np.concatenate(orders), ends, *data, *settings)
    return variables, step, *(each.numpy() for each in kept)


def batch_order(lesson: Lesson, epoch: int) -> np.ndarray:
    """Returns which pairs make up each batch of an epoch: (batches, batch size), one of them filled up with -1.

    It depends on the lesson, its seed and the epoch alone, so an epoch can be left and taken up again anywhere.

    A batch takes as many time steps as its longest source and its longest target. Where padding is masked, pairs that
    come near each other in the drawn order are therefore sorted before they are cut into batches, by how long the
    longer side of a pair is for its side, and the batches are drawn again: for 10,000 English–French pairs in batches
    of 64 that leaves 37 of 51 steps (sorted by both sides' sum 40), for 904 Korean ones in batches of 32 52 of 95 (57).
    """
    training, order = lesson.training, lesson.training_rows
    size, rng = training.batch_size, np.random.default_rng([training.seed, epoch])
    if training.shuffle:
        order = rng.permutation(order)
        if lesson.model.mask_padding and size > 1:
            pools = np.split(order, range(_POOL_BATCHES * size, len(order), _POOL_BATCHES * size))
            length = (lesson.lengths / lesson.lengths.mean(axis=0)).max(axis=1)  # (pairs,)
            order = np.concatenate([pool[np.argsort(length[pool], kind="stable")] for pool in pools])
    shape = lesson.steps_per_epoch, size
    order = np.concatenate([order, np.full(math.prod(shape) - len(order), -1)]).reshape(shape)
    return rng.permutation(order) if training.shuffle else order


def _data(lesson: Lesson) -> tuple[tf.Tensor, ...]:
    """Returns the lesson's three tensors as ids; a class's lessons take turns on a worker, so they are kept."""
    return _small_data(lesson) if len(lesson.pairs) < _LARGE_LESSON else _large_data(lesson)


def _make_data(lesson: Lesson) -> tuple[tf.Tensor, ...]:
    return tuple(tf.constant(ids, tf.int32) for ids in token_ids(lesson))


_small_data, _large_data = lru_cache(maxsize=64)(_make_data), lru_cache(maxsize=2)(_make_data)


def _metrics(lesson: Lesson, sums: np.ndarray) -> dict[str, float]:
    """Turns an epoch's sums into the loss and accuracy that the lesson is trained on: with or without padding."""
    loss, correct, tokens, correct_padding, padding = sums.tolist()
    if lesson.model.mask_padding:
        tokens = max(1, tokens)
        return {"loss": loss / tokens, "accuracy": correct / tokens}
    return {"loss": loss / (tokens + padding), "accuracy": (correct + correct_padding) / (tokens + padding)}
