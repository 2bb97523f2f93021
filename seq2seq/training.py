"""Training as one pure function, applied again and again: `advance(state) -> state`.

Pause is not calling it, one epoch is `epochs=1`, continue is calling it later, and a run that lost its machine goes on
from the last state. Whole epochs run in one compiled function in which weights, optimizer and data are arguments of
unknown sizes: it is traced once per process and then serves every lesson. A Keras model would be traced anew (1–2 s
and 25 MB) for each number of units and each vocabulary in the class.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from functools import cache, lru_cache, partial

import keras
import numpy as np
import tensorflow as tf

from seq2seq.config import Lesson
from seq2seq.lstm import fused_lstm, keras_lstm, looped_lstm
from seq2seq.metrics import examine
from seq2seq.state import TrainingState, is_kept
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import PAD_ID
from seq2seq.weights import Weights, weight_shapes

ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7  # Keras's defaults; Kingma and Ba 2015
METRIC_SUMS = ("loss", "correct", "tokens", "correct_padding", "padding")
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
    `patience`) are the caller's to apply (`seq2seq.stopping`), so that a student may always go on.

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
    variables = [tf.constant(_row(group, lesson)) for group in groups]
    step = tf.constant(state.step, tf.int64)
    epoch, batch, history, snapshots = state.epoch, state.batch, list(state.history), list(state.snapshots)
    sums = np.array(state.sums) if batch else np.zeros(len(METRIC_SUMS))
    last = None if epochs is None else epoch + epochs
    per_call, train_epochs = _batches_per_call(lesson), _compiled_for(lesson)
    run = _Run()
    callback_list = keras.callbacks.CallbackList(list(callbacks), model=run)
    callback_list.on_train_begin()
    while not run.stop_training:
        orders = _orders_for_a_call(lesson, epoch, batch, per_call, last)
        call = partial(_call, train_epochs, variables, step, sums, data=data, settings=settings)
        variables, step, all_sums, all_weights = call(orders)
        for n, order in enumerate(orders):
            if batch == 0:
                callback_list.on_epoch_begin(epoch)
            batch, sums = batch + len(order), all_sums[n]
            callback_list.on_train_batch_end(batch - 1, {"batches": _batches(lesson)})
            if batch < _batches(lesson):
                break
            epoch, batch = epoch + 1, 0
            record = {"epoch": epoch} | _metrics(lesson, sums) | {"learning_rate": training.learning_rate}
            if is_kept(epoch):
                snapshots.append((epoch, _named(all_weights[n], lesson)))
                record |= examine(dataclasses.replace(state, weights=snapshots[-1][1]))
            history.append(record)
            sums = np.zeros_like(sums)
            callback_list.on_epoch_end(epoch - 1, record)
            if run.stop_training and n + 1 < len(orders):  # a callback ends it here, and the call went on further
                variables, step, *_ = call(orders[: n + 1])
                break
        if epoch == last or (ends_at is not None and time.monotonic() >= ends_at):
            break
    callback_list.on_train_end()
    weights, m, v = (_named(variable.numpy(), lesson) for variable in variables)
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
        snapshots=tuple(snapshots),
    )


def _batches(lesson: Lesson) -> int:
    return -(-len(lesson.training_rows) // lesson.training.batch_size)


def _orders_for_a_call(lesson: Lesson, epoch: int, batch: int, per_call: int, last: int | None) -> list[np.ndarray]:
    """Returns what one call of the compiled function trains on: (batches, batch size) for each epoch.

    It is a part of an epoch, or the rest of one and whole epochs after it, for a call costs as much as half an epoch of
    the notebook's.
    """
    orders = [batch_order(lesson, epoch)[batch:][:per_call]]
    end = epoch + 1
    while sum(map(len, orders)) + _batches(lesson) <= per_call and end != last:
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

    A batch takes as many time steps as its longest pair. Where padding is masked, pairs that come near each other in
    the drawn order are therefore sorted by length before they are cut into batches, and the batches are drawn again:
    for 10,000 English–French pairs in batches of 64 that leaves 40 of 51 steps, for 904 Korean ones 56 of 86.
    """
    training, order = lesson.training, lesson.training_rows
    size, rng = training.batch_size, np.random.default_rng([training.seed, epoch])
    if training.shuffle:
        order = rng.permutation(order)
        if lesson.model.mask_padding and size > 1:
            pools = np.split(order, range(_POOL_BATCHES * size, len(order), _POOL_BATCHES * size))
            order = np.concatenate([pool[np.argsort(lesson.time_steps[pool], kind="stable")] for pool in pools])
    batches = -(-len(order) // size)
    order = np.concatenate([order, np.full(batches * size - len(order), -1)]).reshape(batches, size)
    return rng.permutation(order) if training.shuffle else order


def _compiled_for(lesson: Lesson):
    """Returns `_train_epochs` compiled for a lesson; it serves lessons of other sizes too, if that can be."""
    lstm, sizes = _lstm_for(lesson), _sizes(lesson)
    if lstm in (fused_lstm, looped_lstm):
        return partial(_compiled(lstm), tf.constant(sizes))
    return _compiled(lstm, sizes)


def _lstm_for(lesson: Lesson):
    """Returns the LSTM that is the fastest one for a lesson on this machine."""
    if _is_small(lesson):
        return fused_lstm
    return keras_lstm(*_sizes(lesson)) if tf.config.list_logical_devices("GPU") else looped_lstm


def _sizes(lesson: Lesson) -> tuple[int, int, int]:
    """Returns the hidden size, the source tokens and the target tokens."""
    return lesson.model.hidden_size, len(lesson.source_vocabulary), len(lesson.target_vocabulary)


def _is_small(lesson: Lesson) -> bool:
    """Whether the fused LSTM is the faster one.

    Measured on one thread of a 2-core server, CPU time of an epoch with fused : looped in ms, by entries of an LSTM's
    weight matrix: 7,000 entries 13 : 20; 23,000 16 : 21; 42,000 56 : 60; 47,000 14.5 : 15.7; 79,000 43 : 31;
    89,000 970 : 800; 186,000 1,570 : 1,150; 289,000 124 : 72. A larger batch moves this little.
    """
    hidden, *tokens = _sizes(lesson)
    return (max(tokens) + hidden) * 4 * hidden <= 50_000


def _batches_per_call(lesson: Lesson) -> int:
    steps = lesson.source_length + lesson.target_length
    hidden, tokens = lesson.model.hidden_size, len(lesson.target_vocabulary)
    per_sentence = steps * 4 * hidden * hidden + lesson.target_length * hidden * tokens
    per_batch = 3 * lesson.training.batch_size * per_sentence  # multiplications, forwards and backwards
    return max(1, int(_CALL_SECONDS / (0.001 + per_batch / 1.5e10)))  # on a slow core; 1 ms goes into starting things


def _data(lesson: Lesson) -> tuple[tf.Tensor, ...]:
    """Returns the lesson's three tensors as ids; a class's lessons take turns on a worker, so they are kept."""
    return _small_data(lesson) if len(lesson.pairs) < _LARGE_LESSON else _large_data(lesson)


def _make_data(lesson: Lesson) -> tuple[tf.Tensor, ...]:
    return tuple(tf.constant(ids, tf.int32) for ids in token_ids(lesson))


_small_data, _large_data = lru_cache(maxsize=64)(_make_data), lru_cache(maxsize=2)(_make_data)


def _row(weights: Weights, lesson: Lesson) -> np.ndarray:
    """Puts weights, or Adam's means of them, into one row, with the gates in the order that the lesson's LSTM wants.

    They are trained as one row, for a few long operations are quicker than many short ones.
    """
    if _lstm_for(lesson) is fused_lstm:
        weights = _swap_gates(weights)
    return np.concatenate([weights[name].ravel() for name in weight_shapes(lesson)])


def _named(row: np.ndarray, lesson: Lesson) -> Weights:
    """Cuts such a row into named weights again."""
    shapes = weight_shapes(lesson)
    parts = np.split(row, np.cumsum(list(map(math.prod, shapes.values())))[:-1])
    weights = {name: part.reshape(shape).copy() for (name, shape), part in zip(shapes.items(), parts, strict=True)}
    return _swap_gates(weights) if _lstm_for(lesson) is fused_lstm else weights


def _swap_gates(weights: Weights) -> Weights:
    """Turns Keras's gates i, f, g, o into the fused LSTM's i, g, f, o, and those into Keras's."""
    swapped = dict(weights)
    for name in weights:
        if not name.startswith("dense"):
            i, second, third, o = np.split(weights[name], 4, axis=-1)
            swapped[name] = np.concatenate([i, third, second, o], axis=-1)
    return swapped


def _metrics(lesson: Lesson, sums: np.ndarray) -> dict[str, float]:
    """Turns an epoch's sums into the loss and accuracy that the lesson is trained on: with or without padding."""
    loss, correct, tokens, correct_padding, padding = sums.tolist()
    if lesson.model.mask_padding:
        tokens = max(1, tokens)
        return {"loss": loss / tokens, "accuracy": correct / tokens}
    return {"loss": loss / (tokens + padding), "accuracy": (correct + correct_padding) / (tokens + padding)}


@cache
def _compiled(lstm, sizes: tuple[int, int, int] | None = None):
    """Returns `_train_epochs` compiled with one of the LSTMs: for any sizes, which it takes first, or for some."""
    row, ids = tf.TensorSpec([None]), tf.TensorSpec([None, None], tf.int32)
    return tf.function(
        partial(_train_epochs, lstm=lstm) if sizes is None else partial(_train_epochs, sizes, lstm=lstm),
        input_signature=[
            *[tf.TensorSpec([3], tf.int32)] * (sizes is None),
            *[row] * 3,
            tf.TensorSpec([], tf.int64),
            tf.TensorSpec([len(METRIC_SUMS)], tf.float64),
            tf.TensorSpec([None, None], tf.int64),
            tf.TensorSpec([None], tf.int64),
            *[ids] * 3,
            *[tf.TensorSpec([])] * 2,
            tf.TensorSpec([], tf.bool),
        ],
    )


def _train_epochs(
    sizes,
    weights,
    m,
    v,
    step,
    sums,
    order,
    ends,
    encoder_inputs,
    decoder_inputs,
    decoder_targets,
    learning_rate,
    clip_norm,
    masked,
    lstm,
):
    """Trains on some epochs or on a part of one, one optimizer step for each batch.

    Args:
        sizes: hidden size, source tokens, target tokens.
        weights, m, v: all weights in one row, and Adam's means.
        step: optimizer steps taken.
        sums: (metric sums,), of the first epoch's batches before these.
        order: (batches, batch size), the pairs of each batch; -1 for none.
        ends: (epochs,), how many of the batches are done when each epoch is.
        encoder_inputs, decoder_inputs, decoder_targets: (pairs, time), ids.
        learning_rate, clip_norm, masked: settings of the lesson.
        lstm: one of those in `seq2seq.lstm`.

    Returns:
        (weights, m, v), step, and what there was at the end of each epoch: its sums, (epochs, metric sums), and the
        weights, (epochs, weights).
    """
    shapes = _part_shapes(sizes)
    lengths = tf.stack([tf.reduce_prod(shape) for shape in shapes])
    epochs, n = tf.size(ends), tf.constant(0, tf.int64)
    all_sums = tf.TensorArray(tf.float64, size=epochs, element_shape=sums.shape)
    all_weights = tf.TensorArray(tf.float32, size=epochs, element_shape=weights.shape)
    for epoch in tf.range(epochs):
        while n < ends[epoch]:
            rows = order[n]  # (batch size,)
            rows = rows[: tf.math.count_nonzero(rows >= 0)]  # (batch,)
            batch = [tf.gather(ids, rows) for ids in (encoder_inputs, decoder_inputs, decoder_targets)]
            with tf.GradientTape() as tape:
                tape.watch(weights)
                parts = tf.split(weights, lengths, num=len(shapes))
                parts = [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]
                loss, batch_sums = _loss(parts, *batch, masked, lstm)
            gradient = tape.gradient(loss, weights)
            if clip_norm > 0:
                gradient *= clip_norm / tf.maximum(clip_norm, tf.norm(gradient))
            step += 1
            move, m, v = _adam(m, v, gradient, tf.cast(step, tf.float32), learning_rate)
            weights, sums, n = weights - move, sums + batch_sums, n + 1
        all_sums, all_weights = all_sums.write(epoch, sums), all_weights.write(epoch, weights)
        sums = tf.zeros_like(sums)
    return (weights, m, v), step, all_sums.stack(), all_weights.stack()


def _part_shapes(sizes) -> list[tf.Tensor]:
    """Returns the shapes of what a row of weights is cut into; an LSTM's kernel and recurrent weights stay together."""
    hidden, source_tokens, target_tokens = (sizes[n] for n in range(3))
    gates = 4 * hidden
    shapes = [
        [source_tokens + hidden, gates],
        [gates],
        [target_tokens + hidden, gates],
        [gates],
        [hidden, target_tokens],
        [target_tokens],
    ]
    return [tf.stack(shape) for shape in shapes]


def _loss(parts, encoder_inputs, decoder_inputs, decoder_targets, masked, lstm):
    """Forward pass of one batch with teacher forcing.

    Args:
        parts: weights and bias of encoder, decoder and output layer, in the shapes of `_part_shapes`.
        encoder_inputs: (batch, source time); decoder_inputs, decoder_targets: (batch, target time); ids.
        masked: leave padding out.
        lstm: one of those in `seq2seq.lstm`.

    Returns:
        The mean loss per token, and `METRIC_SUMS` of this batch.
    """
    encoder_weights, encoder_bias, decoder_weights, decoder_bias, dense_kernel, dense_bias = parts
    batch = tf.shape(encoder_inputs)[0]
    lengths = tf.fill([batch], tf.shape(encoder_inputs)[1])  # (batch,)
    if masked:  # steps where every sentence of this batch is padding need not be computed
        lengths = tf.math.count_nonzero(encoder_inputs != PAD_ID, axis=1, dtype=tf.int32)
        encoder_inputs = encoder_inputs[:, : tf.reduce_max(lengths)]
        target_length = tf.reduce_max(tf.math.count_nonzero(decoder_targets != PAD_ID, axis=1))
        target_length = tf.maximum(target_length, 1)  # targets of one character, without markers: nothing to say
        decoder_inputs, decoder_targets = decoder_inputs[:, :target_length], decoder_targets[:, :target_length]

    nothing = tf.zeros([batch, tf.shape(dense_kernel)[0]])  # (batch, hidden)
    _, *context = lstm(
        tf.transpose(encoder_inputs), lengths, nothing, nothing, encoder_weights, encoder_bias
    )  # state_h and state_c: (batch, hidden) each
    heard = tf.transpose(decoder_inputs)  # (target time, batch)
    every_step = tf.fill([batch], tf.shape(heard)[0])
    all_h, *_ = lstm(heard, every_step, *context, decoder_weights, decoder_bias)

    targets = tf.transpose(decoder_targets)  # (target time, batch)
    scored = tf.where((targets != PAD_ID) | ~masked)  # (places, 2): where the decoder's word counts
    targets = tf.gather_nd(targets, scored)  # (places,)
    logits = tf.gather_nd(all_h, scored) @ dense_kernel + dense_bias  # (places, tokens)
    # For a zero row this operation gives the loss 0 but the gradient of a row that sums to 1: fed padding, the notebook
    # pushes down whatever its decoder says there. Unmasked, we do as it does.
    loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(targets, tf.shape(logits)[1]), logits))
    # Keras finds "the right answer" of a zero row by argmax as well, and that is id 0.
    hit = tf.argmax(logits, axis=1, output_type=tf.int32) == tf.maximum(targets, 0)
    is_token = targets != PAD_ID
    counts = tf.stack([hit & is_token, is_token, hit & ~is_token, ~is_token])  # (4, places)
    sums = tf.concat([[tf.cast(loss, tf.float64)], tf.math.count_nonzero(counts, axis=1, dtype=tf.float64)], axis=0)
    return loss / tf.cast(tf.maximum(tf.size(targets), 1), tf.float32), sums


def _adam(m, v, gradient, step, learning_rate):
    """Returns a step of Adam, to be taken off the weights, and the new means. Written as Keras does it.

    Source: Kingma and Ba 2015, end of section 2.
    """
    rate = learning_rate * tf.sqrt(1 - ADAM_BETA_2**step) / (1 - ADAM_BETA_1**step)
    m += (gradient - m) * (1 - ADAM_BETA_1)
    v += (tf.square(gradient) - v) * (1 - ADAM_BETA_2)
    return rate * m / (tf.sqrt(v) + ADAM_EPSILON), m, v
