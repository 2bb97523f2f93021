"""Whole epochs of training in one compiled function: teacher forcing, loss, gradients, Adam.

Weights, optimizer and data are its arguments, and their sizes are unknown to it: it is traced once per process and then
serves every lesson. A Keras model would be traced anew (1–2 s and 25 MB) for each number of units and each vocabulary
in the class.
"""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np
import tensorflow as tf

from seq2seq.compiled.lstm import fused_lstm, keras_lstm, looped_lstm
from seq2seq.lesson import Lesson
from seq2seq.state import Weights, weight_shapes
from seq2seq.vocabulary import PAD_ID

ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7  # Keras's defaults; Kingma and Ba 2015
METRIC_SUMS = ("loss", "correct", "tokens", "correct_padding", "padding")
_HALVED = 32  # pairs in a batch, from which its halves are computed side by side: 10% quicker, with 64 pairs 20%


def compiled_epochs(lesson: Lesson):
    """Returns `_train_epochs` compiled for a lesson; it serves lessons of other sizes too, if that can be.

    Args:
        lesson: its sizes and its batch size decide which LSTM it is, and whether batches are halved.

    Returns:
        A function of the arguments of `_train_epochs` from `weights` to `masked`.
    """
    lstm, sizes = _lstm_for(lesson), _sizes(lesson)
    if lstm in (fused_lstm, looped_lstm):
        parts = 2 if lstm is looped_lstm and lesson.training.batch_size >= _HALVED else 1
        return partial(_compiled(lstm, parts), tf.constant(sizes))
    return _compiled(lstm, 1, sizes)


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

    Measured in a worker of a 2-core server, CPU time of an epoch with fused : looped in ms, by entries of an LSTM's
    weight matrix: 7,000 entries 11 : 27; 23,000 15 : 32; 42,000 32 : 49; 79,000 43 : 45; 89,000 764 : 881; 186,000
    1,540 : 1,438; 289,000 62 : 40. A larger batch moves this little.
    """
    hidden, *tokens = _sizes(lesson)
    return (max(tokens) + hidden) * 4 * hidden <= 120_000


def flatten_weights(weights: Weights, lesson: Lesson) -> np.ndarray:
    """Puts weights, or Adam's means of them, into one row, with the gates in the order that the lesson's LSTM wants.

    They are trained as one row, for a few long operations are quicker than many short ones.

    Args:
        weights: by name, as `seq2seq.state` has them.
        lesson: that they belong to.

    Returns:
        (weights,), float32.
    """
    if _lstm_for(lesson) is fused_lstm:
        weights = _swap_gates(weights)
    return np.concatenate([weights[name].ravel() for name in weight_shapes(lesson)])


def unflatten_weights(row: np.ndarray, lesson: Lesson) -> Weights:
    """Cuts such a row into named weights again, with Keras's order of gates.

    Args:
        row: (weights,), of `flatten_weights`.
        lesson: that they belong to.

    Returns:
        Arrays by name, as `seq2seq.state` has them.
    """
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


@cache
def _compiled(lstm, parts: int, sizes: tuple[int, int, int] | None = None):
    """Returns `_train_epochs` compiled with one of the LSTMs: for any sizes, which it takes first, or for some."""
    row, ids = tf.TensorSpec([None]), tf.TensorSpec([None, None], tf.int32)
    train_epochs = partial(_train_epochs, lstm=lstm, parts=parts)
    return tf.function(
        train_epochs if sizes is None else partial(train_epochs, sizes),
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
    parts,
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
        lstm: one of those in `seq2seq.compiled.lstm`.
        parts: 2 computes each half of a batch for itself, so that TensorFlow can do both at once; else 1.

    Returns:
        (weights, m, v), step, and what there was at the end of each epoch: its sums, (epochs, metric sums), and the
        weights, (epochs, weights).
    """
    data = encoder_inputs, decoder_inputs, decoder_targets
    shapes = _weight_shapes(sizes)
    lengths = tf.stack([tf.reduce_prod(shape) for shape in shapes])
    epochs, n = tf.size(ends), tf.constant(0, tf.int64)
    all_sums = tf.TensorArray(tf.float64, size=epochs, element_shape=sums.shape)
    all_weights = tf.TensorArray(tf.float32, size=epochs, element_shape=weights.shape)
    for epoch in tf.range(epochs):
        while n < ends[epoch]:
            rows = order[n]  # (batch size,)
            rows = rows[: tf.math.count_nonzero(rows >= 0)]  # (batch,)
            half = tf.size(rows) // 2
            with tf.GradientTape() as tape:
                tape.watch(weights)
                named = tf.split(weights, lengths, num=len(shapes))
                named = [tf.reshape(part, shape) for part, shape in zip(named, shapes, strict=True)]
                losses = [
                    _loss(named, *(tf.gather(ids, part) for ids in data), masked, lstm)
                    for part in ([rows] if parts == 1 else [rows[:half], rows[half:]])
                ]
                loss, batch_sums, scored = map(sum, zip(*losses, strict=True))
                loss /= tf.cast(tf.maximum(scored, 1), tf.float32)
            gradient = tape.gradient(loss, weights)
            if clip_norm > 0:
                gradient *= clip_norm / tf.maximum(clip_norm, tf.norm(gradient))
            step += 1
            move, m, v = _adam(m, v, gradient, tf.cast(step, tf.float32), learning_rate)
            weights, sums, n = weights - move, sums + batch_sums, n + 1
        all_sums, all_weights = all_sums.write(epoch, sums), all_weights.write(epoch, weights)
        sums = tf.zeros_like(sums)
    return (weights, m, v), step, all_sums.stack(), all_weights.stack()


def _weight_shapes(sizes) -> list[tf.Tensor]:
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


def _loss(named, encoder_inputs, decoder_inputs, decoder_targets, masked, lstm):
    """Forward pass of a batch, or of a part of one, with teacher forcing.

    Args:
        named: weights and bias of encoder, decoder and output layer, in the shapes of `_weight_shapes`.
        encoder_inputs: (batch, source time); decoder_inputs, decoder_targets: (batch, target time); ids.
        masked: leave padding out.
        lstm: one of those in `seq2seq.compiled.lstm`.

    Returns:
        The sum of losses; `METRIC_SUMS`; and the number of tokens, with or without padding, over which a batch's mean
        is taken.
    """
    encoder_weights, encoder_bias, decoder_weights, decoder_bias, dense_kernel, dense_bias = named
    batch = tf.shape(encoder_inputs)[0]
    lengths = tf.fill([batch], tf.shape(encoder_inputs)[1])  # (batch,)
    if masked:  # steps where every sentence of this batch is padding need not be computed
        lengths = tf.math.count_nonzero(encoder_inputs != PAD_ID, axis=1, dtype=tf.int32)
        encoder_inputs = encoder_inputs[:, : tf.maximum(tf.reduce_max(lengths), 1)]  # 1: half of a batch may be empty
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
    return loss, sums, tf.size(targets)


def _adam(m, v, gradient, step, learning_rate):
    """Returns a step of Adam, to be taken off the weights, and the new means. Written as Keras does it.

    Source: Kingma and Ba 2015, end of section 2.
    """
    rate = learning_rate * tf.sqrt(1 - ADAM_BETA_2**step) / (1 - ADAM_BETA_1**step)
    m += (gradient - m) * (1 - ADAM_BETA_1)
    v += (tf.square(gradient) - v) * (1 - ADAM_BETA_2)
    return rate * m / (tf.sqrt(v) + ADAM_EPSILON), m, v
