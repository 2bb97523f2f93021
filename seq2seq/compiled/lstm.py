"""An LSTM over a whole batch of sequences in TensorFlow: three ways to the same numbers, each the fastest somewhere.

Small models run on the fused kernel, larger ones on a loop of our own, and on a GPU `keras.layers.LSTM` finds cuDNN.
On a CPU Keras's layer multiplies matrices in the slower order, and starts several times as many small operations per
time step.
"""

from __future__ import annotations

from functools import cache

import keras
import tensorflow as tf

from seq2seq.vocabulary import PAD_ID

_MAX_FUSED_WEIGHTS = 120_000  # of an LSTM that TensorFlow's fused kernel computes fastest


def fastest_lstm(hidden: int, *vocabularies: int):
    """Returns the LSTM below that is the fastest for a model on this machine.

    Args:
        hidden: units.
        vocabularies: how many tokens there are on each side.
    """
    # Measured in a worker of a 2-core server, CPU time of an epoch with fused : looped in ms, by entries of an LSTM's
    # weight matrix: 7,000 entries 11 : 27; 23,000 15 : 32; 42,000 32 : 49; 79,000 43 : 45; 89,000 764 : 881; 186,000
    # 1,540 : 1,438; 289,000 62 : 40. A larger batch moves this little.
    if (max(vocabularies) + hidden) * 4 * hidden <= _MAX_FUSED_WEIGHTS:
        return fused_lstm
    return keras_lstm if tf.config.list_logical_devices("GPU") else looped_lstm


def fused_lstm(ids, lengths, state_h, state_c, weights, bias):
    """Runs an LSTM on TensorFlow's fused CPU kernel: one operation for all time steps, best for small models.

    `BlockLSTMV2` has wrong gradients in TensorFlow 2.21, so this is the first version. It knows no mask: with padding
    on the right, the states at a sentence's last token are the ones that count, and what follows is not looked at.

    Args:
        ids: (time, batch), `PAD_ID` for padding.
        lengths: (batch,), how many time steps of each sentence count.
        state_h, state_c: (batch, hidden), the states to start from.
        weights: (tokens + hidden, 4 · hidden), the kernel and below it the recurrent weights, and bias: (4 · hidden,);
            as in `keras.layers.LSTM`, but here alone in the order i, g, f, o (three gates and the candidate g).

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
    """Runs an LSTM step by step; whatever need not wait for the step before is computed outside the loop.

    Arguments and results are those of `fused_lstm`, with the weights in Keras's order i, f, g, o.

    One-hot rows are multiplied with the kernel, but only with the rows of it that occur in this batch. With characters
    that is quicker than picking a row for each token, which would then have to be transposed. The gradient of the
    weights is one large product after the backward loop.

    Inside, the batch is the last axis. TensorFlow multiplies a tall matrix with a narrow one, weights @ states, two to
    four times as fast as states @ weights; and splitting z into i, f, g, o along the first axis copies nothing.
    """
    hidden = tf.shape(state_h)[1]
    kernel, recurrent = tf.split(weights, [tf.shape(weights)[0] - hidden, hidden])
    occurring, places = tf.unique(tf.reshape(ids, [-1]))  # (n,) ids; (time · batch,) which of them
    is_token = tf.cast(occurring != PAD_ID, tf.float32)[:, tf.newaxis]  # padding is a row of zeros, so is its product
    rows = tf.gather(kernel, tf.maximum(occurring, 0)) * is_token + bias  # (n, 4 · hidden)
    one_hot_rows = tf.one_hot(tf.reshape(places, tf.shape(ids)), tf.size(occurring))  # (time, batch, n)
    gate_weights_t = tf.transpose(tf.concat([rows, recurrent], axis=0))  # (4 · hidden, n + hidden)
    all_h, all_c = _recurrence(one_hot_rows, state_h, state_c, gate_weights_t, recurrent)
    return all_h, _at(lengths, all_h), _at(lengths, all_c)


def _batch_last(x):
    """Swaps the last two axes: (time, batch, n) ↔ (time, n, batch)."""
    return tf.transpose(x, [0, 2, 1])


@tf.autograph.experimental.do_not_convert
@tf.custom_gradient
def _recurrence(one_hot_rows, first_h, first_c, gate_weights_t, recurrent):
    """The part of an LSTM that must go one step after another, with its backpropagation through time.

    Args:
        one_hot_rows: (time, batch, n), what is read.
        first_h, first_c: (batch, hidden).
        gate_weights_t: (4 · hidden, n + hidden), what makes z from a one-hot row and the h before.
        recurrent: (hidden, 4 · hidden), the second part of it, as it was before it was transposed.

    Returns:
        all_h, all_c: (time, batch, hidden).
    """
    steps, hidden = tf.shape(one_hot_rows)[0], tf.shape(recurrent)[0]
    inputs = _batch_last(one_hot_rows)  # (time, n, batch)
    h_0, c_0 = tf.transpose(first_h), tf.transpose(first_c)  # (hidden, batch)

    def store():
        return tf.TensorArray(tf.float32, size=steps, element_shape=[None, None])

    def forward(t, h, c, kept):
        z = gate_weights_t @ tf.concat([inputs[t], h], axis=0)  # (4 · hidden, batch)
        i, f, g, o = tf.split(z, 4, axis=0)  # (hidden, batch) each
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        tanh_c = tf.tanh(c)
        h = o * tanh_c
        values = i, f, g, o, c, tanh_c
        return t + 1, h, c, tuple(array.write(t, value) for array, value in zip(kept, values, strict=True))

    *_, kept = tf.while_loop(lambda t, *_: t < steps, forward, (0, h_0, c_0, tuple(store() for _ in range(6))))
    i, f, g, o, all_c, tanh_c = (array.stack() for array in kept)  # (time, hidden, batch) each
    all_h = _batch_last(o * tanh_c)  # (time, batch, hidden)

    def backward(grad_h, grad_c):
        grad_h, grad_c = _batch_last(grad_h), _batch_last(grad_c)
        c_before = tf.concat([c_0[tf.newaxis], all_c[:-1]], axis=0)
        # How c moves with the z of i, f and g, and h with that of o and with c: for all time steps at once, each in one
        # pass over the memory. SigmoidGrad is dy · y · (1 - y), TanhGrad is dy · (1 - y²).
        sigmoid_grad, tanh_grad = tf.raw_ops.SigmoidGrad, tf.raw_ops.TanhGrad
        c_by_i, c_by_f, c_by_g = sigmoid_grad(y=i, dy=g), sigmoid_grad(y=f, dy=c_before), tanh_grad(y=g, dy=i)
        h_by_o, h_by_c = sigmoid_grad(y=o, dy=tanh_c), tanh_grad(y=tanh_c, dy=o)

        def step(t, dh, dc, all_dz):
            dh += grad_h[t]
            dc += grad_c[t] + dh * h_by_c[t]
            dz = tf.concat([dc * c_by_i[t], dc * c_by_f[t], dc * c_by_g[t], dh * h_by_o[t]], axis=0)
            return t - 1, recurrent @ dz, dc * f[t], all_dz.write(t, dz)

        zero_state = tf.zeros_like(h_0)
        _, dh, dc, all_dz = tf.while_loop(lambda t, *_: t >= 0, step, (steps - 1, zero_state, zero_state, store()))
        all_dz = all_dz.stack()  # (time, 4 · hidden, batch)
        all_dz = tf.reshape(tf.transpose(all_dz, [1, 0, 2]), [4 * hidden, -1])  # (4 · hidden, time · batch)
        h_before = tf.concat([first_h[tf.newaxis], all_h[:-1]], axis=0)
        lstm_inputs = tf.concat([one_hot_rows, h_before], axis=2)  # (time, batch, n + hidden)
        lstm_inputs = tf.reshape(lstm_inputs, [-1, tf.shape(lstm_inputs)[2]])  # (time · batch, n + hidden)
        grad_weights_t = all_dz @ lstm_inputs  # (4 · hidden, n + hidden), with the gradient of `recurrent` in it
        return None, tf.transpose(dh), tf.transpose(dc), grad_weights_t, None

    return (all_h, _batch_last(all_c)), backward


def keras_lstm(ids, lengths, state_h, state_c, weights, bias):
    """Runs `keras.layers.LSTM`, which on a GPU uses cuDNN.

    Arguments and results are those of `looped_lstm`, but the sizes of the weights must be known when it is compiled.
    """
    hidden = bias.shape[0] // 4
    kernel, recurrent = weights[:-hidden], weights[-hidden:]
    layer = _keras_layer(kernel.shape[0], hidden)
    (all_h, state_h, state_c), _ = layer.stateless_call(
        [kernel, recurrent, bias],
        [variable.value for variable in layer.non_trainable_variables],  # the state of a dropout that is not used
        tf.one_hot(tf.transpose(ids), kernel.shape[0]),  # (batch, time, tokens)
        initial_state=[state_h, state_c],
        mask=tf.sequence_mask(lengths, tf.shape(ids)[0]),
    )
    return tf.transpose(all_h, [1, 0, 2]), state_h, state_c


@cache
def _keras_layer(tokens: int, hidden: int) -> keras.layers.LSTM:
    with tf.init_scope():  # not within the function that is being compiled
        layer = keras.layers.LSTM(hidden, return_sequences=True, return_state=True)
        layer.build((None, None, tokens))
    return layer
