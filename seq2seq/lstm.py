"""An LSTM over a whole batch of sequences in TensorFlow: three ways to the same numbers, each the fastest somewhere.

Small models run on the fused kernel, larger ones on a loop of our own, and on a GPU `keras.layers.LSTM` finds cuDNN.
On a CPU Keras's layer multiplies one-hot rows with the kernel where picking a row is enough, and starts several times
as many small operations per time step.
"""

from __future__ import annotations

from functools import cache

import keras
import tensorflow as tf

from seq2seq.vocabulary import PAD_ID


def fused_lstm(ids, lengths, state_h, state_c, weights, bias):
    """Runs an LSTM on TensorFlow's fused CPU kernel: one operation for all time steps, best for small models.

    `BlockLSTMV2` has wrong gradients in TensorFlow 2.21, so this is the first version. It knows no mask: with padding
    on the right, the states at a sentence's last token are the ones that count, and what follows is not looked at.

    Args:
        ids: (time, batch), `PAD_ID` for padding.
        lengths: (batch,), how many time steps of each sentence count.
        state_h, state_c: (batch, hidden), the states to start from.
        weights: (tokens + hidden, 4 · hidden), the kernel and below it the recurrent weights, and bias: (4 · hidden,);
            as in `keras.layers.LSTM`, but here alone with the gates in the order i, g, f, o.

    Returns:
        all_h: (time, batch, hidden), after each time step; state_h, state_c: (batch, hidden), after the last that
        counts.
    """
    hidden = tf.shape(state_h)[1]
    unused = tf.zeros([hidden])  # weights of peephole connections, which Keras has not
    _, all_c, _, _, _, _, all_h = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(ids, out_type=tf.int64)[0],
        x=tf.one_hot(ids, tf.shape(weights)[0] - hidden),  # (time, batch, tokens)
        cs_prev=state_c,
        h_prev=state_h,
        w=weights,
        wci=unused,
        wcf=unused,
        wco=unused,
        b=bias,
        forget_bias=0.0,
        cell_clip=-1.0,
    )
    return all_h, _at(lengths, all_h), _at(lengths, all_c)


def _at(lengths, all_states):
    """Picks each sentence's state after its last token: (time, batch, hidden) → (batch, hidden)."""
    return tf.gather_nd(all_states, tf.stack([lengths - 1, tf.range(tf.size(lengths))], axis=1))


def looped_lstm(ids, lengths, state_h, state_c, weights, bias):
    """Runs an LSTM step by step, with all that need not wait for the step before taken out of the loop.

    Arguments and results as in `fused_lstm`, with Keras's order of gates. One-hot times kernel is the kernel's row, so
    it is picked, not multiplied; and the gradient of the recurrent weights is one large product after the backward
    loop.

    Inside, the batch is the last axis. TensorFlow multiplies a tall matrix with a narrow one, weights @ states, two to
    four times as fast as states @ weights, whose wide result it makes in smaller pieces; and splitting the gates along
    the first axis copies nothing.
    """
    hidden = tf.shape(state_h)[1]
    kernel, recurrent = tf.split(weights, [tf.shape(weights)[0] - hidden, hidden])
    no_row = tf.zeros([1, 4 * hidden])  # padding is a row of zeros, and so is its product
    rows = tf.gather(tf.concat([no_row, kernel], axis=0) + bias, ids - PAD_ID)  # (time, batch, 4 · hidden)
    all_h, all_c = _recurrence(_batch_last(rows), tf.transpose(state_h), tf.transpose(state_c), recurrent)
    all_h = _batch_last(all_h)  # (time, batch, hidden)
    return all_h, _at(lengths, all_h), _at(lengths, _batch_last(all_c))


def _batch_last(x):
    """Swaps the last two axes: (time, batch, n) ↔ (time, n, batch)."""
    return tf.transpose(x, [0, 2, 1])


@tf.autograph.experimental.do_not_convert
@tf.custom_gradient
def _recurrence(inputs, first_h, first_c, recurrent):
    """The part of an LSTM that must go one step after another, with its backpropagation through time.

    Args:
        inputs: (time, 4 · hidden, batch), what comes into the gates from outside.
        first_h, first_c: (hidden, batch).
        recurrent: (hidden, 4 · hidden).

    Returns:
        all_h, all_c: (time, hidden, batch).
    """
    steps, hidden = tf.shape(inputs)[0], tf.shape(recurrent)[0]
    tall = tf.transpose(recurrent)  # (4 · hidden, hidden)

    def store():
        return tf.TensorArray(tf.float32, size=steps, element_shape=[None, None])

    def forward(t, h, c, all_z, all_h, all_c):
        z = inputs[t] + tall @ h  # (4 · hidden, batch)
        i, f, g, o = tf.split(z, 4, axis=0)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
        return t + 1, h, c, all_z.write(t, z), all_h.write(t, h), all_c.write(t, c)

    *_, all_z, all_h, all_c = tf.while_loop(
        lambda t, *_: t < steps, forward, (0, first_h, first_c, store(), store(), store())
    )
    all_z, all_h, all_c = all_z.stack(), all_h.stack(), all_c.stack()

    def backward(grad_h, grad_c):
        i, f, g, o = tf.split(all_z, 4, axis=1)  # (time, hidden, batch) each
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c_before = tf.concat([first_c[tf.newaxis], all_c[:-1]], axis=0)
        h_before = tf.concat([first_h[tf.newaxis], all_h[:-1]], axis=0)
        shown = tf.tanh(all_c)
        # How c moves with each gate's z, and h with o's z and with c: for all time steps at once.
        c_by_z = tf.concat([i * (1 - i) * g, f * (1 - f) * c_before, (1 - g * g) * i], axis=1)
        h_by_z = o * (1 - o) * shown
        h_by_c = o * (1 - shown * shown)

        def step(t, dh, dc, all_dz):
            dh += grad_h[t]
            dc += grad_c[t] + dh * h_by_c[t]
            dz = tf.concat([tf.tile(dc, [3, 1]) * c_by_z[t], dh * h_by_z[t]], axis=0)  # (4 · hidden, batch)
            return t - 1, recurrent @ dz, dc * f[t], all_dz.write(t, dz)

        nothing = tf.zeros_like(first_h)
        _, dh, dc, all_dz = tf.while_loop(lambda t, *_: t >= 0, step, (steps - 1, nothing, nothing, store()))
        all_dz = all_dz.stack()  # (time, 4 · hidden, batch)
        tall_dz = tf.reshape(tf.transpose(all_dz, [1, 0, 2]), [4 * hidden, -1])  # (4 · hidden, time · batch)
        grad_tall = tall_dz @ tf.reshape(_batch_last(h_before), [-1, hidden])  # (4 · hidden, hidden)
        return all_dz, dh, dc, tf.transpose(grad_tall)

    return (all_h, all_c), backward


@cache
def keras_lstm(hidden: int, *vocabularies: int):
    """Returns a function that runs `keras.layers.LSTM`, which on a GPU uses cuDNN.

    The function's arguments and results are those of `looped_lstm`, but it serves weights of these sizes alone.

    Args:
        hidden: units.
        vocabularies: how many tokens there are on each side.
    """
    layers = {}
    for tokens in vocabularies:
        layers[tokens] = keras.layers.LSTM(hidden, return_sequences=True, return_state=True)
        layers[tokens].build((None, None, tokens))

    def lstm(ids, lengths, state_h, state_c, weights, bias):
        kernel, recurrent = weights[:-hidden], weights[-hidden:]
        layer = layers[kernel.shape[0]]
        (all_h, state_h, state_c), _ = layer.stateless_call(
            [kernel, recurrent, bias],
            [variable.value for variable in layer.non_trainable_variables],  # the state of a dropout that is not used
            tf.one_hot(tf.transpose(ids), kernel.shape[0]),  # (batch, time, tokens)
            initial_state=[state_h, state_c],
            mask=tf.sequence_mask(lengths, tf.shape(ids)[0]),
        )
        return tf.transpose(all_h, [1, 0, 2]), state_h, state_c

    return lstm
