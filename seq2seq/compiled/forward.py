"""The forward pass of a batch in TensorFlow, with teacher forcing, and its loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from seq2seq.compiled.attention import look_back
from seq2seq.vocabulary import PAD_ID


class Kind(NamedTuple):
    """What a function is compiled for: it serves all lessons of a kind."""

    lstm: Callable  # one of those in `seq2seq.compiled.lstm`
    attention: str  # of the model
    bidirectional: bool  # its encoder
    splits: int  # 2 computes each half of a batch for itself, so that TensorFlow can do both at once; else 1


def weight_layout(sizes, kind) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Returns what a row of weights is cut into: shapes and lengths.

    An LSTM's kernel and recurrent weights stay together.
    """
    units, source_tokens, target_tokens = (sizes[n] for n in range(3))
    hidden = 2 * units if kind.bidirectional else units  # of the decoder
    encoder = [[source_tokens + units, 4 * units], [4 * units]]  # i, f, o and the candidate g: 4
    shapes = [
        *encoder * (1 + kind.bidirectional),
        [target_tokens + hidden, 4 * hidden],
        [4 * hidden],
        *[[2 * hidden, hidden]] * (kind.attention != "none"),
        [hidden, target_tokens],
        [target_tokens],
    ]
    shapes = [tf.stack(shape) for shape in shapes]
    return shapes, tf.stack([tf.reduce_prod(shape) for shape in shapes])


def loss_of(named, ids, mask_padding, kind):
    """Forward pass of a batch, or of a part of one, with teacher forcing.

    Args:
        named: weights and bias of encoder (of either direction), decoder, attention and output layer, in the shapes of
            `weight_layout`.
        ids: (batch, time) each.
        mask_padding: leave padding out.
        kind: of the model.

    Returns:
        See `_score`.
    """
    encoder, (decoder_weights, decoder_bias, *attention_kernel, dense_kernel, dense_bias) = (
        (named[:4], named[4:]) if kind.bidirectional else (named[:2], named[2:])
    )
    encoder_inputs, decoder_inputs, decoder_targets = ids
    batch = tf.shape(encoder_inputs)[0]
    lengths = tf.fill([batch], tf.shape(encoder_inputs)[1])  # (batch,)
    if mask_padding:  # steps where every sentence of this batch is padding need not be computed
        lengths = tf.math.count_nonzero(encoder_inputs != PAD_ID, axis=1, dtype=tf.int32)
        encoder_inputs = encoder_inputs[:, : tf.maximum(tf.reduce_max(lengths), 1)]  # 1: half of a batch may be empty
        target_length = tf.reduce_max(tf.math.count_nonzero(decoder_targets != PAD_ID, axis=1))
        target_length = tf.maximum(target_length, 1)  # targets of one character, without markers: nothing to say
        decoder_inputs, decoder_targets = decoder_inputs[:, :target_length], decoder_targets[:, :target_length]

    # The encoder's last states, (batch, hidden) each, are the decoder's first ones.
    encoder_ids, decoder_ids = tf.transpose(encoder_inputs), tf.transpose(decoder_inputs)  # (time, batch)
    encoder_h, *context = _encode(encoder_ids, lengths, encoder, kind)
    every_step = tf.fill([batch], tf.shape(decoder_ids)[0])
    all_h, *_ = kind.lstm(
        decoder_ids, every_step, *context, decoder_weights, decoder_bias
    )  # (target time, batch, hidden)
    if kind.attention != "none":
        all_h = look_back(all_h, encoder_h, lengths)
    return _score(all_h, tf.transpose(decoder_targets), mask_padding, attention_kernel, dense_kernel, dense_bias)


def _encode(ids, lengths, encoder, kind):
    """Runs the encoder.

    Args:
        ids: (source time, batch).
        lengths: (batch,), how many time steps of each sentence count.
        encoder: weights and bias of its LSTM; of a bidirectional one also those of the second.
        kind: of the model.

    Returns:
        What `lstm.fused_lstm` does: all h, and the last h and c; of both directions joined.
    """
    zero_state = tf.zeros([tf.size(lengths), tf.size(encoder[1]) // 4])  # (batch, units)
    forward = kind.lstm(ids, lengths, zero_state, zero_state, *encoder[:2])
    if not kind.bidirectional:
        return forward
    # Tokens are reversed, and padding stays at the end; so does all h, that each stands at its token again.
    ids = tf.reverse_sequence(ids, lengths, seq_axis=0, batch_axis=1)
    all_h, *states = kind.lstm(ids, lengths, zero_state, zero_state, *encoder[2:])
    all_h = tf.reverse_sequence(all_h, lengths, seq_axis=0, batch_axis=1)
    return [tf.concat(both, axis=-1) for both in zip(forward, (all_h, *states), strict=True)]


def _score(all_h, target_ids, mask_padding, attention_kernel, dense_kernel, dense_bias):
    """Compares what the decoder finds probable with what it should say.

    Args:
        all_h: (target time, batch, hidden), the decoder's states; with attention what `look_back` returns.
        target_ids: (target time, batch).
        mask_padding: leave padding out.
        attention_kernel: a list of the kernel that makes h̃; without attention it is empty.
        dense_kernel, dense_bias: of the output layer.

    Returns:
        The sum of losses; `METRIC_SUMS`; and the number of tokens, with or without padding, over which a batch's mean
        is taken.
    """
    scored = tf.where((target_ids != PAD_ID) | ~mask_padding)  # (places, 2): where the decoder's word counts
    target_ids = tf.gather_nd(target_ids, scored)  # (places,)
    outputs = tf.gather_nd(all_h, scored)  # (places, hidden)
    for kernel in attention_kernel:
        outputs = tf.tanh(outputs @ kernel)
    logits = outputs @ dense_kernel + dense_bias  # (places, tokens)
    # For a zero row this operation gives the loss 0 but the gradient of a row that sums to 1: fed padding, the notebook
    # pushes down whatever its decoder says there. Unmasked, we do as it does.
    loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(target_ids, tf.shape(logits)[1]), logits))
    # Keras finds "the right answer" of a zero row by argmax as well, and that is id 0.
    hit = tf.argmax(logits, axis=1, output_type=tf.int32) == tf.maximum(target_ids, 0)
    is_token = target_ids != PAD_ID
    counts = tf.stack([hit & is_token, is_token, hit & ~is_token, ~is_token])  # (4, places)
    sums = tf.concat([[tf.cast(loss, tf.float64)], tf.math.count_nonzero(counts, axis=1, dtype=tf.float64)], axis=0)
    return loss, sums, tf.size(target_ids)
