"""Attention in TensorFlow: at all steps at once what `cell.attend` does at one."""

from __future__ import annotations

import tensorflow as tf


def look_back(all_h, encoder_h, lengths):
    """Returns what the decoder sees at each step, joined with its h: [context; h], which the kernel turns into h̃.

    Args:
        all_h: (target time, batch, hidden), the decoder's states.
        encoder_h: (source time, batch, hidden).
        lengths: (batch,), how many time steps of each source may be looked at.

    Returns:
        (target time, batch, 2 · hidden).
    """
    queries, values = tf.transpose(all_h, [1, 0, 2]), tf.transpose(encoder_h, [1, 0, 2])  # (batch, time, hidden)
    is_padding = (
        1 - tf.sequence_mask(lengths, tf.shape(values)[1], tf.float32)[:, tf.newaxis]
    )  # (batch, 1, source time)
    scores = tf.matmul(queries, values, transpose_b=True) - 1e9 * is_padding  # (batch, target time, source time)
    context = tf.nn.softmax(scores) @ values  # (batch, target time, hidden)
    return tf.concat([tf.transpose(context, [1, 0, 2]), all_h], axis=2)
