"""From a trained model to a translation, one token at a time, in NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seq2seq.cell import CellStep, Gates, cell_update, lstm_step, softmax
from seq2seq.pairs import normalise
from seq2seq.state import TrainingState
from seq2seq.tensors import one_hot
from seq2seq.vocabulary import BOS, PAD_ID


class Context(NamedTuple):
    """The context vector: the encoder's last states, all that the decoder learns of the source."""

    state_h: np.ndarray  # (hidden,)
    state_c: np.ndarray  # (hidden,)


@dataclass(frozen=True)
class DecodingStep:
    """One turn of the decoding loop.

    Args:
        fed: the token that went in; None for the zero row that a model without ⟨bos⟩ starts from.
        token_id: the token that came out: the most probable one, or the one that was forced.
        token: the same as a text.
        probabilities: (target tokens,), of every token as the next one.
        state_h, state_c: (hidden,), the decoder's states after this step.
        gates: what the decoder's cell decided.
        forced: the token was given by the caller, not picked from the probabilities.
        ended_by: on the last step "eos" or "length"; before it None.
    """

    fed: str | None
    token_id: int
    token: str
    probabilities: np.ndarray
    state_h: np.ndarray
    state_c: np.ndarray
    gates: Gates
    forced: bool = False
    ended_by: str | None = None


class Translator:
    """Translates with the weights of a training, in the process of whoever asks.

    A decoder step takes 0.03–0.07 ms here; through `model.predict` it takes 90–170 ms.

    Args:
        state: any training, an untrained one included.
    """

    def __init__(self, state: TrainingState):
        self.lesson = state.lesson
        self.weights = state.weights
        # ⟨eos⟩ should come before this; a model that never says it must still end.
        self.max_new_tokens = (
            2 * self.lesson.target_length + 10 if self.lesson.model.markers else self.lesson.target_length
        )

    def unknown(self, text: str) -> list[str]:
        """Returns the characters of a source text that the model never saw; the encoder does not get them."""
        return self.lesson.source_vocabulary.unknown(normalise(text))

    def source_ids(self, text: str) -> np.ndarray:
        """Returns what the encoder reads for a text: (time,) ids.

        A character without an id is left out, as if it had not been typed. Where padding is not masked, zero rows
        follow up to the longest source, because that is what the model saw in training.
        """
        vocabulary, text = self.lesson.source_vocabulary, normalise(text)
        unknown = set(vocabulary.unknown(text))
        ids = vocabulary.encode("".join(character for character in text if character not in unknown))
        if not self.lesson.model.mask_padding:
            ids = np.pad(ids, (0, max(0, self.lesson.source_length - len(ids))), constant_values=PAD_ID)
        return ids

    def encode(self, text: str) -> Iterator[CellStep]:
        """Reads a source text; yields the encoder's cell after each token. The last one is the context vector."""
        state = self._nothing()
        weights = [self.weights[f"encoder_{part}"] for part in ("kernel", "recurrent", "bias")]
        for row in one_hot(self.source_ids(text), len(self.lesson.source_vocabulary)):  # (source tokens,)
            step = lstm_step(row, *state, *weights)
            state = Context(step.state_h, step.state_c)
            yield step

    def context(self, text: str) -> Context:
        """Returns the context vector of a source text; zeros if nothing in it is known."""
        context = self._nothing()
        for step in self.encode(text):
            context = Context(step.state_h, step.state_c)
        return context

    def steps(self, text: str, prefix: str = "") -> Iterator[DecodingStep]:
        """Translates greedily: at each step the most probable token is picked and fed back.

        Args:
            text: a source text.
            prefix: target characters to force at the beginning. Without ⟨bos⟩ the decoder was never taught how to
                begin: its training began with the first character, so the first one forced is fed at once; with none
                forced it starts from a zero row.

        Yields:
            One step per token; the last says why it ended.

        Raises:
            UnknownTokenError: `prefix` has a character that the decoder cannot say.
        """
        vocabulary = self.lesson.target_vocabulary
        fed, forced = self._beginning(vocabulary.encode(normalise(prefix)).tolist())
        state, limit = self.context(text), self._most_steps(fed)
        for n in range(limit):
            step = self.decoder_step(fed, state)
            if n < len(forced):
                step = replace(step, token_id=forced[n], token=vocabulary.tokens[forced[n]], forced=True)
            if step.token_id == vocabulary.eos_id:
                step = replace(step, ended_by="eos")
            elif n == limit - 1:
                step = replace(step, ended_by="length")
            yield step
            if step.ended_by:
                return
            state, fed = Context(step.state_h, step.state_c), step.token_id

    def _beginning(self, forced: list[int]) -> tuple[int, list[int]]:
        """Returns what the decoder is fed first, and the tokens to force after that."""
        if self.lesson.model.markers:
            return self.lesson.target_vocabulary.bos_id, forced
        return (forced[0], forced[1:]) if forced else (PAD_ID, forced)

    def _most_steps(self, fed: int) -> int:
        """Returns after how many steps a translation ends, if ⟨eos⟩ does not end it before."""
        is_said = not self.lesson.model.markers and fed != PAD_ID  # the first character is part of the translation
        return max(1, self.max_new_tokens - is_said)

    def decoder_step(self, fed_id: int, state: Context) -> DecodingStep:
        """Feeds one token to the decoder and picks the most probable next one.

        Args:
            fed_id: the token before, `PAD_ID` for a zero row.
            state: the decoder's states, or the context vector at the beginning.
        """
        weights, tokens = self.weights, self.lesson.target_vocabulary.tokens
        row = one_hot(np.array(fed_id), len(tokens))  # (target tokens,)
        cell = lstm_step(row, *state, *(weights[f"decoder_{part}"] for part in ("kernel", "recurrent", "bias")))
        probabilities = softmax(cell.state_h @ weights["dense_kernel"] + weights["dense_bias"])  # (target tokens,)
        token_id = int(np.argmax(probabilities))
        return DecodingStep(
            fed=None if fed_id == PAD_ID else tokens[fed_id],
            token_id=token_id,
            token=tokens[token_id],
            probabilities=probabilities,
            state_h=cell.state_h,
            state_c=cell.state_c,
            gates=cell.gates,
        )

    def translate(self, text: str, prefix: str = "") -> str:
        """Returns the greedy translation of a source text. See `steps`."""
        return self.spoken(list(self.steps(text, prefix)))

    def spoken(self, steps: list[DecodingStep]) -> str:
        """Returns the text of some steps; it begins with the character that was fed first, if that was no marker."""
        first = "" if steps[0].fed in (None, BOS) else steps[0].fed
        return first + self.lesson.target_vocabulary.decode(step.token_id for step in steps)

    # --- Many sentences at once: the same arithmetic with a batch axis ---------------------------------------------

    def translate_all(self, texts: Sequence[str], prefixes: Sequence[str] | None = None) -> list[str]:
        """Translates many texts greedily, all together: the same results as `translate` for each.

        Args:
            texts: source texts.
            prefixes: what to force at the beginning of each; all of one length. None forces nothing.
        """
        vocabulary = self.lesson.target_vocabulary
        begun = [
            self._beginning(vocabulary.encode(normalise(prefix)).tolist()) for prefix in prefixes or [""] * len(texts)
        ]
        fed = np.array([first for first, _ in begun])  # (batch,)
        forced = np.array([tokens for _, tokens in begun])  # (batch, forced)
        said = [fed] if not self.lesson.model.markers else []
        state, ended = (
            self._encode_all(self._padded([self.source_ids(text) for text in texts])),
            np.zeros(len(fed), bool),
        )
        for n in range(self._most_steps(fed[0])):
            cell = self._cells("decoder", fed, state)
            picked = np.argmax(cell.state_h @ self.weights["dense_kernel"] + self.weights["dense_bias"], axis=1)
            if n < forced.shape[1]:
                picked = forced[:, n]
            state, fed = Context(cell.state_h, cell.state_c), np.where(ended, PAD_ID, picked)
            said.append(fed)
            ended |= picked == (-2 if vocabulary.eos_id is None else vocabulary.eos_id)
            if ended.all():
                break
        return [vocabulary.decode(ids) for ids in np.stack(said, axis=1).tolist()]

    def teacher_forced(self, encoder_inputs: np.ndarray, decoder_inputs: np.ndarray) -> np.ndarray:
        """Returns what the decoder finds probable when it is fed the right characters, as in training.

        Args:
            encoder_inputs: (batch, source time) ids.
            decoder_inputs: (batch, target time) ids.

        Returns:
            (batch, target time, target tokens).
        """
        state, probabilities = self._encode_all(encoder_inputs), []
        for fed in decoder_inputs.T:  # (batch,)
            cell = self._cells("decoder", fed, state)
            state = Context(cell.state_h, cell.state_c)
            probabilities.append(softmax(cell.state_h @ self.weights["dense_kernel"] + self.weights["dense_bias"]))
        return np.stack(probabilities, axis=1)

    def _encode_all(self, ids: np.ndarray) -> Context:
        """Returns the context vectors of (batch, time) source ids: (batch, hidden) each."""
        nothing = np.zeros((len(ids), self.lesson.model.hidden_size), np.float32)
        state = Context(nothing, nothing)
        for fed in ids.T:  # (batch,)
            cell = self._cells("encoder", fed, state)
            is_read = (fed != PAD_ID)[:, np.newaxis] | (not self.lesson.model.mask_padding)  # (batch, 1)
            state = Context(
                np.where(is_read, cell.state_h, state.state_h), np.where(is_read, cell.state_c, state.state_c)
            )
        return state

    def _cells(self, side: str, fed: np.ndarray, state: Context) -> CellStep:
        """Takes one step of an LSTM for a batch of ids. One-hot times kernel is the kernel's row, so it is picked."""
        kernel, recurrent, bias = (self.weights[f"{side}_{part}"] for part in ("kernel", "recurrent", "bias"))
        rows = np.where((fed == PAD_ID)[:, np.newaxis], np.float32(0), kernel[fed])  # (batch, 4 · hidden)
        return cell_update(rows + state.state_h @ recurrent + bias, state.state_c)

    @staticmethod
    def _padded(sentences: Sequence[np.ndarray]) -> np.ndarray:
        longest = max(map(len, sentences))
        return np.stack([np.pad(ids, (0, longest - len(ids)), constant_values=PAD_ID) for ids in sentences])

    def _nothing(self) -> Context:
        zeros = np.zeros(self.lesson.model.hidden_size, np.float32)
        return Context(zeros, zeros)
