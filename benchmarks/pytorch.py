"""Both trainings in plain PyTorch: two `nn.LSTM`, cross-entropy on the characters, Adam.

It gets the form that suits it best: every batch's tensors are made before the clock runs, batches are the ones that we
train on and are cut to their longest sentences, the output layer sees characters alone, Adam is the fused one, and
sequences are packed or not and threads as many as is fastest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from benchmarks.data import large_lesson, notebook_lesson
from seq2seq.state import initial_weights
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import PAD_ID


class Batch(NamedTuple):
    """A batch as the model takes it; sequences time first, as PyTorch prefers."""

    encoder_inputs: Tensor  # (source time, batch, source tokens), one-hot
    encoder_lengths: Tensor  # (batch,)
    decoder_inputs: Tensor  # (target time, batch, target tokens), one-hot
    decoder_lengths: Tensor  # (batch,)
    decoder_targets: Tensor  # (target time, batch) ids


class PyTorch:
    """The training of a lesson, from the first weights that we begin with.

    Args:
        threads: of PyTorch.
        pairs: None takes the notebook's lesson, a number so many pairs of the large one.
        packed: which of encoder and decoder read packed sequences: "both", "encoder" or "none". Without, the encoder
            reads padding as well, which is not what we compute but may be faster.
        attention: of the notebook's lesson, whose padding is looked at as well.
    """

    def __init__(self, threads: int, pairs: int | None = None, packed: str = "none", attention: str = "none"):
        torch.set_num_threads(threads)
        self._lesson = notebook_lesson(attention) if pairs is None else large_lesson(pairs)
        self._packs_encoder, self._packs_decoder = packed in ("both", "encoder"), packed == "both"
        hidden, tokens = self._lesson.model.hidden_size, len(self._lesson.target_vocabulary)
        self._encoder = nn.LSTM(len(self._lesson.source_vocabulary), hidden)
        self._decoder = nn.LSTM(tokens, hidden)
        self._attention = nn.Linear(2 * hidden, hidden, bias=False) if attention == "dot" else None
        self._dense = nn.Linear(hidden, tokens)
        self._set_weights()
        modules = nn.ModuleList(filter(None, [self._encoder, self._decoder, self._attention, self._dense]))
        self._parameters = [parameter for parameter in modules.parameters() if parameter.requires_grad]
        learning_rate = self._lesson.training.learning_rate
        self._adam = torch.optim.Adam(self._parameters, learning_rate, eps=1e-7, fused=True)  # Keras's epsilon
        self._batches: list[Batch] = []

    def _set_weights(self) -> None:
        weights = {name: torch.from_numpy(values.T.copy()) for name, values in initial_weights(self._lesson).items()}
        with torch.no_grad():
            for lstm, side in ((self._encoder, "encoder"), (self._decoder, "decoder")):
                lstm.weight_ih_l0.copy_(weights[f"{side}_kernel"])
                lstm.weight_hh_l0.copy_(weights[f"{side}_recurrent"])
                lstm.bias_ih_l0.copy_(weights[f"{side}_bias"])
                lstm.bias_hh_l0.zero_().requires_grad_(False)  # Keras has one bias, and here one is trained
            if self._attention:
                self._attention.weight.copy_(weights["attention_kernel"])
            self._dense.weight.copy_(weights["dense_kernel"])
            self._dense.bias.copy_(weights["dense_bias"])

    def prepare(self, batches: list[list[int]]) -> None:
        """Makes the tensors of an epoch's batches."""
        ids = token_ids(self._lesson)
        self._batches = [self._batch(*(array[rows] for array in ids)) for rows in batches]

    def _batch(self, encoder_inputs: np.ndarray, decoder_inputs: np.ndarray, decoder_targets: np.ndarray) -> Batch:
        encoder_lengths, decoder_lengths = (
            (ids != PAD_ID).sum(axis=1) for ids in (encoder_inputs, decoder_targets)
        )  # (batch,) each
        if self._lesson.model.mask_padding:
            encoder_inputs = encoder_inputs[:, : encoder_lengths.max()]
            decoder_inputs, decoder_targets = (
                ids[:, : decoder_lengths.max()] for ids in (decoder_inputs, decoder_targets)
            )
        return Batch(
            _one_hot(encoder_inputs, len(self._lesson.source_vocabulary)),
            torch.from_numpy(encoder_lengths),
            _one_hot(decoder_inputs, len(self._lesson.target_vocabulary)),
            torch.from_numpy(decoder_lengths),
            torch.from_numpy(decoder_targets.T.astype(np.int64)),
        )

    def train(self, epochs: int = 1) -> float:
        """Trains on for some epochs of the prepared batches; returns the mean loss of the last per character."""
        for _ in range(epochs):
            loss = characters = 0
            for batch in self._batches:
                batch_loss, counted = self._step(batch)
                loss, characters = loss + batch_loss, characters + counted
        return loss / characters

    def _step(self, batch: Batch) -> tuple[float, int]:
        encoder_inputs = batch.encoder_inputs
        if self._packs_encoder:
            encoder_inputs = _packed(encoder_inputs, batch.encoder_lengths)
        encoder_h, context = self._encoder(encoder_inputs)
        if self._packs_decoder:
            all_h, _ = self._decoder(_packed(batch.decoder_inputs, batch.decoder_lengths), context)
            targets = _packed(batch.decoder_targets, batch.decoder_lengths).data  # (characters,)
            logits = self._dense(all_h.data)  # (characters, tokens)
        else:
            all_h, _ = self._decoder(batch.decoder_inputs, context)  # (target time, batch, hidden)
            if self._attention:
                all_h = self._look_back(all_h, encoder_h)
            is_token = batch.decoder_targets != PAD_ID
            logits, targets = self._dense(all_h[is_token]), batch.decoder_targets[is_token]
        loss = cross_entropy(logits, targets, reduction="sum")
        # The notebook divides by all time steps, those of padding too.
        scored = len(targets) if self._lesson.model.mask_padding else batch.decoder_targets.numel()
        self._adam.zero_grad()
        (loss / scored).backward()
        if self._lesson.training.clip_norm:
            clip_grad_norm_(self._parameters, self._lesson.training.clip_norm)
        self._adam.step()
        return loss.item(), len(targets)

    def _look_back(self, all_h: Tensor, encoder_h: Tensor) -> Tensor:
        queries, values = all_h.transpose(0, 1), encoder_h.transpose(0, 1)  # (batch, time, hidden)
        seen = scaled_dot_product_attention(queries, values, values, scale=1.0)  # (batch, target time, hidden)
        return torch.tanh(self._attention(torch.cat([seen, queries], dim=-1))).transpose(0, 1)


def _packed(sequences: Tensor, lengths: Tensor) -> PackedSequence:
    return pack_padded_sequence(sequences, lengths, enforce_sorted=False)


def _one_hot(ids: np.ndarray, tokens: int) -> Tensor:
    rows = torch.cat([torch.eye(tokens), torch.zeros(1, tokens)])  # the last one, -1, is padding's
    return rows[torch.from_numpy(ids.T.astype(np.int64))]
