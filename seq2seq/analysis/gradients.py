"""Backpropagation through time, written out in NumPy: how the loss of some pairs changes with every weight.

A training computes the same in `seq2seq.compiled`, where TensorFlow finds the way back by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seq2seq.analysis.batched import log_softmax, turned
from seq2seq.cell import Attention, CellStep, Gates, Memory, attend
from seq2seq.decoding import Context, Translator
from seq2seq.state import TrainingState, Weights
from seq2seq.tensors import Tensors, one_hot, token_ids
from seq2seq.vocabulary import PAD_ID

# --- The formula -----------------------------------------------------------------------------------------------------
#
# The way back goes from the loss L to the first token; ∂x stands for ∂L/∂x. At every time step of the decoder:
#
#    ∂logits = (p − y) / N                    p what it finds probable, y the one-hot target, N the tokens of the batch
#    ∂h      = ∂logits Wᵀ + ∂h₊               its own output's, and what comes back from the step after it
#
# Through a cell, h = o ⊙ tanh c and c = f ⊙ c₋ + i ⊙ g, to the one before it (₋):
#
#    ∂c  = ∂c₊ + ∂h ⊙ o ⊙ (1 − tanh² c)
#    ∂z  = [∂c ⊙ g ⊙ i(1 − i);  ∂c ⊙ c₋ ⊙ f(1 − f);  ∂c ⊙ i ⊙ (1 − g²);  ∂h ⊙ tanh c ⊙ o(1 − o)]
#    ∂c₋ = ∂c ⊙ f                             where the forget gate is open, this way does not fade
#    ∂h₋ = ∂z Rᵀ                              R the recurrent weights
#
# A weight that was used at several steps gets the sum of what they send it. The decoder's first states are the context
# vector, so that what comes back to them goes on into the encoder.
#
# Source: Werbos 1990 (through time), Gers et al. 2000 (through a cell with a forget gate).


class Reading(NamedTuple):
    """What an LSTM did at each time step, kept for the way back."""

    prefix: str  # of its weights' names
    ids: np.ndarray  # (batch, time), in the order in which it read them
    is_read: np.ndarray  # (batch, time); where it is not, the states are passed on, as a mask does
    cells: list[CellStep]  # of each step: (batch, hidden) each
    states: list[Context]  # before the first step, and after each: (batch, hidden) each

    @property
    def all_h(self) -> np.ndarray:
        """The h after every step: (batch, time, hidden)."""
        return np.stack([state.state_h for state in self.states[1:]], axis=1)


class Forward(NamedTuple):
    """A forward pass with teacher forcing, with all that the way back needs."""

    ids: Tensors  # (batch, time) each
    encoder: list[Reading]  # of its LSTM; of a bidirectional one also what the second one did
    encoder_h: np.ndarray  # at every token: (batch, source time, hidden); of both LSTMs joined
    decoder: Reading
    attention: Attention | None  # of all steps at once: (batch, target time, …) each
    outputs: np.ndarray  # what the output layer is given, h or h̃: (batch, target time, hidden)
    probabilities: np.ndarray  # (batch, target time, target tokens)
    is_scored: np.ndarray  # whether a step counts in the loss: (batch, target time)
    losses: np.ndarray  # of each pair, the mean over its steps that count: (batch,)


class Gradients(NamedTuple):
    """What comes back from the loss of a batch."""

    loss: float  # the mean over the steps that count
    differences: np.ndarray  # p − y, 0 where a step does not count: (batch, target time, target tokens)
    encoder_h: list[np.ndarray]  # ‖∂h‖ at each source token, of each of the encoder's LSTMs: (batch, source time)
    decoder_h: np.ndarray  # and at each of the decoder's time steps: (batch, target time)
    weights: Weights  # ∂W of every weight


class _BackThroughLSTM(NamedTuple):
    weights: Weights  # of this LSTM alone
    all_h: np.ndarray  # ∂h of every step: (batch, time, hidden)
    first: Context  # ∂h and ∂c of the states that it began with: (batch, hidden) each


def forward(state: TrainingState, rows: Sequence[int]) -> Forward:
    """Computes the loss of some pairs with teacher forcing, and keeps what it is made of.

    Args:
        state: the model and its lesson.
        rows: which of the lesson's pairs; together they are a batch.
    """
    translator, model, weights = Translator(state), state.lesson.model, state.weights
    ids = token_ids(state.lesson, rows)
    is_read = (ids.encoder_inputs != PAD_ID) | (not model.mask_padding)
    start = Context.zeros(len(rows), model.hidden_size)
    lengths = is_read.sum(axis=1, keepdims=True)  # (batch, 1)
    encoder = [_read(translator, "encoder", ids.encoder_inputs, is_read, start)]
    encoder_h, context = encoder[0].all_h, encoder[0].states[-1]
    if model.bidirectional:
        encoder.append(_read(translator, "encoder_backward", turned(ids.encoder_inputs, lengths), is_read, start))
        encoder_h = np.concatenate([encoder_h, turned(encoder[1].all_h, lengths)], axis=-1)
        context = Context(*(np.concatenate(both, axis=-1) for both in zip(context, encoder[1].states[-1], strict=True)))
    every_step = np.ones_like(ids.decoder_inputs, bool)
    decoder = _read(translator, "decoder", ids.decoder_inputs, every_step, context)
    outputs, attention = decoder.all_h, None  # (batch, target time, hidden)
    if model.attention != "none":
        memory = Memory(encoder_h[:, np.newaxis], is_read[:, np.newaxis])  # the same for all steps of the decoder
        attention = attend(outputs, memory, weights["attention_kernel"])
        outputs = attention.output
    log_probabilities = log_softmax(outputs @ weights["dense_kernel"] + weights["dense_bias"])
    is_scored = (ids.decoder_targets != PAD_ID) | (not model.mask_padding)  # (batch, target time)
    targets = one_hot(ids.decoder_targets, log_probabilities.shape[-1])  # (batch, target time, target tokens)
    losses = -(targets * log_probabilities).sum(axis=(1, 2))  # (batch,); a zero row's is 0
    losses /= np.maximum(is_scored.sum(axis=1), 1)
    return Forward(ids, encoder, encoder_h, decoder, attention, outputs, np.exp(log_probabilities), is_scored, losses)


def backward(state: TrainingState, done: Forward) -> Gradients:
    """Goes back from the mean loss of a batch to every weight, as the formula above says.

    Args:
        state: the model and its lesson.
        done: the forward pass of that model.
    """
    weights, count = state.weights, max(1, done.is_scored.sum())
    # A zero row as the target has y = 0, so that p − y is p: its loss is 0, yet what is said there is pushed down. The
    # loss by itself would send nothing back; TensorFlow's operation, and so the notebook, and so a training here, does.
    targets = one_hot(done.ids.decoder_targets, done.probabilities.shape[-1])
    differences = (done.probabilities - targets) * done.is_scored[..., np.newaxis]
    d_logits = differences / count  # (batch, target time, target tokens)

    # Through the output layer, and attention.
    gradients = {"dense_kernel": _outer(done.outputs, d_logits), "dense_bias": d_logits.sum(axis=(0, 1))}
    d_decoder_h = d_logits @ weights["dense_kernel"].T  # (batch, target time, hidden)
    d_encoder_h = np.zeros_like(done.encoder_h)  # (batch, source time, hidden): without attention, no output of its
    if done.attention is not None:
        d_decoder_h, d_encoder_h, gradients["attention_kernel"] = _back_through_attention(
            done, weights["attention_kernel"], d_decoder_h
        )

    # Through the decoder, the context vector, and the encoder.
    nothing = Context.zeros(*done.decoder.states[-1].state_h.shape)  # nobody uses the decoder's last states
    decoder = _back_through_lstm(weights, done.decoder, d_decoder_h, nothing)
    gradients |= decoder.weights
    encoder_h, lengths = [], done.encoder[0].is_read.sum(axis=1, keepdims=True)  # (batch, 1)
    for n, reading in enumerate(done.encoder):  # a second LSTM has read the sentence turned round
        d_outputs, *d_last = (np.split(d, len(done.encoder), axis=-1)[n] for d in (d_encoder_h, *decoder.first))
        encoder = _back_through_lstm(weights, reading, turned(d_outputs, lengths) if n else d_outputs, Context(*d_last))
        encoder_h.append(np.linalg.norm(turned(encoder.all_h, lengths) if n else encoder.all_h, axis=-1))
        gradients |= encoder.weights
    return Gradients(
        float((done.losses * done.is_scored.sum(axis=1)).sum() / count),
        differences,
        encoder_h,
        np.linalg.norm(decoder.all_h, axis=-1),
        {name: gradients[name] for name in weights},
    )


# --- LSTMs -----------------------------------------------------------------------------------------------------------


def _read(translator: Translator, prefix: str, ids: np.ndarray, is_read: np.ndarray, state: Context) -> Reading:
    """Lets the LSTM whose weights have a prefix read some ids, (batch, time), in their order."""
    cells, states = [], [state]
    for fed, is_token in zip(ids.T, is_read.T, strict=True):  # (batch,) each
        cells.append(translator.cell(prefix, fed, states[-1]))
        after = cells[-1].state_h, cells[-1].state_c
        states.append(Context(*np.where(is_token[:, np.newaxis], after, states[-1])))
    return Reading(prefix, ids, is_read, cells, states)


def _back_through_lstm(weights: Weights, reading: Reading, d_outputs: np.ndarray, d_last: Context) -> _BackThroughLSTM:
    """Goes back through an LSTM, from its last time step to its first.

    Args:
        weights: of the model.
        reading: what the LSTM did.
        d_outputs: (batch, time, hidden), ∂h of every step as far as its output is used.
        d_last: (batch, hidden) each, ∂h and ∂c of its last states as far as somebody goes on from them.
    """
    names = [f"{reading.prefix}_{part}" for part in ("kernel", "recurrent", "bias")]
    d_kernel, d_recurrent, d_bias = (np.zeros_like(weights[name]) for name in names)
    recurrent, d_all_h, (d_h, d_c) = weights[names[1]], np.zeros_like(d_outputs), d_last
    for t in reversed(range(len(reading.cells))):
        fed, is_read, before = reading.ids[:, t], reading.is_read[:, t, np.newaxis], reading.states[t]
        d_all_h[:, t] = d_h = d_h + d_outputs[:, t]
        d_z, d_c_before = _back_through_cell(reading.cells[t], before.state_c, d_h, d_c)
        d_z = d_z * is_read  # (batch, 4 · hidden); where a mask passed the states on, no gate has a part in them
        d_h, d_c = np.where(is_read, (d_z @ recurrent.T, d_c_before), (d_h, d_c))
        # The forward pass picked the kernel's row of the token, and that row is what changes; a zero row picked none.
        np.add.at(d_kernel, fed[fed != PAD_ID], d_z[fed != PAD_ID])
        d_recurrent += before.state_h.T @ d_z
        d_bias += d_z.sum(axis=0)
    return _BackThroughLSTM(dict(zip(names, (d_kernel, d_recurrent, d_bias), strict=True)), d_all_h, Context(d_h, d_c))


def _back_through_cell(
    cell: CellStep, c_before: np.ndarray, d_h: np.ndarray, d_c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns ∂z, (batch, 4 · hidden), and ∂c₋, (batch, hidden), of one step; its inverse is `cell.cell_update`."""
    i, f, g, o = cell.gates
    tanh_c = np.tanh(cell.state_c)
    d_c = d_c + d_h * o * (1 - tanh_c**2)
    d_gates = Gates(
        d_c * g * i * (1 - i), d_c * c_before * f * (1 - f), d_c * i * (1 - g**2), d_h * tanh_c * o * (1 - o)
    )
    return np.concatenate(d_gates, axis=-1), d_c * f


# --- Attention -------------------------------------------------------------------------------------------------------


def _back_through_attention(
    done: Forward, kernel: np.ndarray, d_output: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Goes back through the formula of `cell.attend`, all steps of the decoder at once.

    Args:
        done: the forward pass.
        kernel: W, (2 · hidden, hidden).
        d_output: ∂h̃, (batch, target time, hidden).

    Returns:
        ∂h of the decoder, (batch, target time, hidden); ∂h of the encoder, (batch, source time, hidden); and ∂W.
    """
    (alpha, context, output), decoder_h, encoder_h = done.attention, done.decoder.all_h, done.encoder_h
    d_tanh = d_output * (1 - output**2)  # of what goes into tanh: (batch, target time, hidden)
    d_kernel = _outer(np.concatenate([context, decoder_h], axis=-1), d_tanh)
    d_context, d_decoder_h = np.split(d_tanh @ kernel.T, 2, axis=-1)
    d_alpha = d_context @ encoder_h.swapaxes(1, 2)  # (batch, target time, source time)
    # The weights add up to 1: to look more at one token is to look less at the others.
    d_scores = alpha * (d_alpha - (alpha * d_alpha).sum(axis=-1, keepdims=True))
    d_encoder_h = alpha.swapaxes(1, 2) @ d_context + d_scores.swapaxes(1, 2) @ decoder_h
    return d_decoder_h + d_scores @ encoder_h, d_encoder_h, d_kernel


def _outer(inputs: np.ndarray, d_outputs: np.ndarray) -> np.ndarray:
    """Returns ∂W where outputs = inputs W, summed over pairs and steps: xᵀ ∂y."""
    return inputs.reshape(-1, inputs.shape[-1]).T @ d_outputs.reshape(-1, d_outputs.shape[-1])
