"""An LSTM over a whole batch of sequences in TensorFlow: two ways to the same numbers, each faster at its size.

`keras.layers.LSTM` would be a third. It multiplies one-hot rows with the kernel where picking a row is enough, and
starts several times as many small operations per time step.
"""

from __future__ import annotations

import tensorflow as tf

from seq2seq.vocabulary import PAD_ID


def fused_lstm(ids, state_h, state_c, kernel, recurrent, bias):
    """Runs an LSTM on TensorFlow's fused CPU kernel: one operation for all time steps, best for small models.

    `BlockLSTMV2` has wrong gradients in TensorFlow 2.21, so this is the first version. It knows no mask: with padding
    on the right, the states at a sentence's last token are the ones that count, and what follows is not looked at.

    Args:
        ids: (time, batch), `PAD_ID` for padding.
        state_h, state_c: (batch, hidden), the states to start from.
        kernel: (tokens, 4 · hidden), recurrent: (hidden, 4 · hidden), bias: (4 · hidden,): as in `keras.layers.LSTM`.

    Returns:
        all_h, all_c: (time, batch, hidden), the states after each time step.
    """
    unused = tf.zeros([tf.shape(recurrent)[0]])  # weights of peephole connections, which Keras has not
    _, all_c, _, _, _, _, all_h = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(ids, out_type=tf.int64)[0],
        x=tf.one_hot(ids, tf.shape(kernel)[0]),  # (time, batch, tokens)
        cs_prev=state_c,
        h_prev=state_h,
        w=_as_igfo(tf.concat([kernel, recurrent], axis=0)),
        wci=unused,
        wcf=unused,
        wco=unused,
        b=_as_igfo(bias),
        forget_bias=0.0,
        cell_clip=-1.0,
    )
    return all_h, all_c


def _as_igfo(weights):
    """Reorders the gates along the last axis from Keras's i, f, g, o to the fused kernel's i, g, f, o."""
    i, f, g, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, g, f, o], axis=-1)


def looped_lstm(ids, state_h, state_c, kernel, recurrent, bias):
    """Runs an LSTM step by step, with all that need not wait for the step before taken out of the loop.

    Arguments and results as in `fused_lstm`. One-hot times kernel is the kernel's row, so it is picked, not
    multiplied; and the gradient of the recurrent weights is one large product after the backward loop.
    """
    no_row = tf.zeros([1, tf.shape(kernel)[1]])  # padding is a row of zeros, and so is its product
    rows = tf.gather(tf.concat([no_row, kernel], axis=0), ids - PAD_ID)  # (time, batch, 4 · hidden)
    return _recurrence(rows + bias, state_h, state_c, recurrent)


@tf.autograph.experimental.do_not_convert
@tf.custom_gradient
def _recurrence(inputs, first_h, first_c, recurrent):
    """The part of an LSTM that must go one step after another, with its backpropagation through time.

    Args:
        inputs: (time, batch, 4 · hidden), what comes into the gates from outside.
        first_h, first_c: (batch, hidden).
        recurrent: (hidden, 4 · hidden).
    """
    steps = tf.shape(inputs)[0]

    def store():
        return tf.TensorArray(tf.float32, size=steps, element_shape=[None, None])

    def forward(t, h, c, all_z, all_h, all_c):
        z = inputs[t] + h @ recurrent  # (batch, 4 · hidden)
        i, f, g, o = tf.split(z, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
        return t + 1, h, c, all_z.write(t, z), all_h.write(t, h), all_c.write(t, c)

    *_, all_z, all_h, all_c = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, first_h, first_c, store(), store(), store())
    )
    all_z, all_h, all_c = all_z.stack(), all_h.stack(), all_c.stack()

    def backward(grad_h, grad_c):
        i, f, g, o = tf.split(all_z, 4, axis=2)  # (time, batch, hidden) each
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c_before = tf.concat([first_c[tf.newaxis], all_c[:-1]], axis=0)
        h_before = tf.concat([first_h[tf.newaxis], all_h[:-1]], axis=0)
        shown = tf.tanh(all_c)
        # How c moves with each gate's z, and h with o's z and with c: for all time steps at once.
        c_by_z = tf.concat([i * (1 - i) * g, f * (1 - f) * c_before, (1 - g * g) * i], axis=2)
        h_by_z = o * (1 - o) * shown
        h_by_c = o * (1 - shown * shown)

        def step(t, dh, dc, all_dz):
            dh += grad_h[t]
            dc += grad_c[t] + dh * h_by_c[t]
            dz = tf.concat([tf.tile(dc, [1, 3]) * c_by_z[t], dh * h_by_z[t]], axis=1)  # (batch, 4 · hidden)
            return t - 1, tf.matmul(dz, recurrent, transpose_b=True), dc * f[t], all_dz.write(t, dz)

        nothing = tf.zeros_like(first_h)
        _, dh, dc, all_dz = tf.while_loop(lambda t, *_: t >= 0, step, (steps - 1, nothing, nothing, store()))
        all_dz = all_dz.stack()  # (time, batch, 4 · hidden)
        return all_dz, dh, dc, tf.tensordot(h_before, all_dz, [[0, 1], [0, 1]])

    return (all_h, all_c), backward
