"""From a trained model to a translation, one token at a time, in NumPy alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seq2seq.analysis import search
from seq2seq.analysis.search import BeamSearch, SampledStep
from seq2seq.cell import CellStep, Gates, cell_update, log_softmax, lstm_step, softmax
from seq2seq.data.pairs import normalise
from seq2seq.state import TrainingState
from seq2seq.tensors import one_hot
from seq2seq.vocabulary import PAD_ID


class Context(NamedTuple):
    """The context vector: the encoder's last states, all that the decoder learns of the source."""

    state_h: np.ndarray  # (hidden,)
    state_c: np.ndarray  # (hidden,)

    @classmethod
    def zeros(cls, hidden_size: int) -> Context:
        """Returns the context of nothing, which an encoder starts from."""
        zeros = np.zeros(hidden_size, np.float32)
        return cls(zeros, zeros)


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
        stop_reason: on the last step "eos" or "length"; before it None.
    """

    fed: str | None
    token_id: int
    token: str
    probabilities: np.ndarray
    state_h: np.ndarray
    state_c: np.ndarray
    gates: Gates
    forced: bool = False
    stop_reason: str | None = None


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
        """Returns the tokens of a source text that the model never saw; the encoder does not get them."""
        return self.lesson.source_vocabulary.unknown(normalise(text))

    def source_ids(self, text: str) -> np.ndarray:
        """Returns what the encoder reads for a text: (time,) ids.

        A token without an id is left out, as if it had not been typed. Where padding is not masked, zero rows
        follow up to the longest source, because that is what the model saw in training.
        """
        ids = self.lesson.source_vocabulary.encode(normalise(text), skip_unknown=True)
        if not self.lesson.model.mask_padding:
            ids = np.concatenate([ids, np.full(max(0, self.lesson.source_length - len(ids)), PAD_ID)])
        return ids

    def encode(self, text: str) -> Iterator[CellStep]:
        """Reads a source text; yields the encoder's cell after each token. The last one is the context vector."""
        state = Context.zeros(self.lesson.model.hidden_size)
        weights = [self.weights[f"encoder_{part}"] for part in ("kernel", "recurrent", "bias")]
        for row in one_hot(self.source_ids(text), len(self.lesson.source_vocabulary)):  # (source tokens,)
            step = lstm_step(row, *state, *weights)
            state = Context(step.state_h, step.state_c)
            yield step

    def context(self, text: str) -> Context:
        """Returns the context vector of a source text; zeros if nothing in it is known."""
        context = Context.zeros(self.lesson.model.hidden_size)
        for step in self.encode(text):
            context = Context(step.state_h, step.state_c)
        return context

    def steps(
        self,
        source: str | Context,
        prefix: str = "",
        forced: Mapping[int, int] | None = None,
        suppress_tokens: Collection[int] = (),
        max_new_tokens: int | None = None,
    ) -> Iterator[DecodingStep]:
        """Translates greedily: at each step the most probable token is picked and fed back.

        Everything after `source` asks "what if?"; without it the model is left alone. With every target token forced
        this is teacher forcing.

        Args:
            source: a source text, or the context vector to start from instead of a text's own.
            prefix: how the target begins; its tokens are forced. Without ⟨bos⟩ the decoder was never taught how to
                begin: its training began with the first token, so the first one forced is fed at once; with none
                forced it starts from a zero row.
            forced: step, from 0 → id of the token that is said there, whatever was most probable.
            suppress_tokens: ids that are never picked; they can still be forced.
            max_new_tokens: after how many tokens to end; None is the length limit of this lesson.

        Yields:
            One step per token; the last says why it ended.

        Raises:
            UnknownTokenError: `prefix` has a token that the decoder cannot say.
        """
        vocabulary = self.lesson.target_vocabulary
        fed, begun = self._beginning(vocabulary.encode(normalise(prefix)).tolist())
        forced = dict(enumerate(begun)) | dict(forced or {})
        state = source if isinstance(source, Context) else self.context(source)
        limit = self._most_steps(fed) if max_new_tokens is None else max_new_tokens
        for n in range(limit):
            step = self.decoder_step(fed, state, suppress_tokens)
            if n in forced:
                step = replace(step, token_id=forced[n], token=vocabulary.tokens[forced[n]], forced=True)
            if step.token_id == vocabulary.eos_id:
                step = replace(step, stop_reason="eos")
            elif n == limit - 1:
                step = replace(step, stop_reason="length")
            yield step
            if step.stop_reason:
                return
            state, fed = Context(step.state_h, step.state_c), step.token_id

    def _beginning(self, forced: list[int]) -> tuple[int, list[int]]:
        """Returns what the decoder is fed first, and the tokens to force after that."""
        if self.lesson.model.markers:
            return self.lesson.target_vocabulary.bos_id, forced
        return (forced[0], forced[1:]) if forced else (PAD_ID, forced)

    def _most_steps(self, fed: int) -> int:
        """Returns after how many steps a translation ends, if ⟨eos⟩ does not end it before."""
        is_said = not self.lesson.model.markers and fed != PAD_ID  # the first token is part of the translation
        return max(1, self.max_new_tokens - is_said)

    def decoder_step(self, fed_id: int, state: Context, suppress_tokens: Collection[int] = ()) -> DecodingStep:
        """Feeds one token to the decoder and picks the most probable next one.

        Args:
            fed_id: the token before, `PAD_ID` for a zero row.
            state: the decoder's states, or the context vector at the beginning.
            suppress_tokens: ids that are not picked, however probable.
        """
        weights, tokens = self.weights, self.lesson.target_vocabulary.tokens
        row = one_hot(np.array(fed_id), len(tokens))  # (target tokens,)
        cell = lstm_step(row, *state, *(weights[f"decoder_{part}"] for part in ("kernel", "recurrent", "bias")))
        probabilities = softmax(cell.state_h @ weights["dense_kernel"] + weights["dense_bias"])  # (target tokens,)
        allowed = probabilities.copy()
        allowed[list(suppress_tokens)] = -1
        token_id = int(np.argmax(allowed))
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
        return self.text_of(list(self.steps(text, prefix)))

    def text_of(self, steps: list[DecodingStep]) -> str:
        """Returns the text of some steps; it begins with the token that was fed first, if that was no marker."""
        vocabulary, fed = self.lesson.target_vocabulary, steps[0].fed
        first = PAD_ID if fed is None else vocabulary.tokens.index(fed)
        return vocabulary.decode([first, *(step.token_id for step in steps)])

    # --- Other ways to choose than greedy: see search.py -----------------------------------------------------------

    def beam_search(self, text: str, prefix: str = "", *, num_beams: int, length_penalty: float = 0.0) -> BeamSearch:
        """Looks for the best translation with several hypotheses at once; see `search.beam_search`, and `steps`."""
        return search.beam_search(
            self.next_tokens,
            *self._after(text, prefix),
            eos_id=self.lesson.target_vocabulary.eos_id,
            num_beams=num_beams,
            length_penalty=length_penalty,
        )

    def sample(self, text: str, prefix: str = "", *, temperature: float = 1.0, seed: int = 0) -> Iterator[SampledStep]:
        """Translates by drawing each token by its probability; see `search.sample`, and `steps`."""
        return search.sample(
            self.next_tokens,
            *self._after(text, prefix),
            eos_id=self.lesson.target_vocabulary.eos_id,
            temperature=temperature,
            seed=seed,
        )

    def _after(self, text: str, prefix: str) -> tuple[int, Context, int]:
        """Returns where a search begins: the token to feed, the state, and how many tokens it may still say."""
        fed, forced = self._beginning(self.lesson.target_vocabulary.encode(normalise(prefix)).tolist())
        state, most = self.context(text), self._most_steps(fed)
        for token_id in forced:
            step = self.decoder_step(fed, state)
            fed, state = token_id, Context(step.state_h, step.state_c)
        return fed, state, max(1, most - len(forced))

    def next_tokens(self, fed_ids: Sequence[int], states: Sequence[Context]) -> tuple[np.ndarray, list[Context]]:
        """Feeds one token to each of several decoders: the step function of `search`.

        Args:
            fed_ids: a token for each decoder, `PAD_ID` for a zero row.
            states: each decoder's states, (hidden,).

        Returns:
            The log probabilities of every token as the next one, (decoders, target tokens), and the states after.
        """
        before = Context(*(np.stack(arrays) for arrays in zip(*states, strict=True)))  # (decoders, hidden) each
        cell = self._cells("decoder", np.asarray(fed_ids), before)
        logits = cell.state_h @ self.weights["dense_kernel"] + self.weights["dense_bias"]  # (decoders, target tokens)
        return log_softmax(logits.astype(float)), list(map(Context, cell.state_h, cell.state_c))

    # --- Many sentences at once: the same arithmetic with a batch axis ---------------------------------------------

    def translate_all(self, texts: Sequence[str], prefixes: Sequence[str] | None = None) -> list[str]:
        """Translates many texts greedily, all together: the same results as `translate` for each.

        Args:
            texts: source texts.
            prefixes: what to force at the beginning of each; all of as many tokens. None forces nothing.
        """
        return self.translate_contexts(self.contexts(texts), prefixes or [""] * len(texts))

    def translate_contexts(self, contexts: Context, prefixes: Sequence[str]) -> list[str]:
        """Translates many context vectors, (batch, hidden) each; see `translate_all`."""
        vocabulary = self.lesson.target_vocabulary
        begun = [self._beginning(vocabulary.encode(normalise(prefix)).tolist()) for prefix in prefixes]
        fed = np.array([first for first, _ in begun])  # (batch,)
        forced = np.array([tokens for _, tokens in begun])  # (batch, forced)
        said = [fed] if not self.lesson.model.markers else []
        state, ended = contexts, np.zeros(len(fed), bool)
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

    def contexts(self, texts: Sequence[str]) -> Context:
        """Returns the context vectors of many source texts: (texts, hidden) each, the same as `context` for each."""
        sentences = [self.source_ids(text) for text in texts]
        lengths = np.array([len(sentence) for sentence in sentences])  # (batch,)
        ids = np.full((len(sentences), lengths.max()), PAD_ID)  # (batch, time)
        for row, sentence in zip(ids, sentences, strict=True):
            row[: len(sentence)] = sentence
        shape = len(ids), self.lesson.model.hidden_size
        state, contexts = (Context(np.zeros(shape, np.float32), np.zeros(shape, np.float32)) for _ in range(2))
        for n, fed in enumerate(ids.T, start=1):  # (batch,)
            cell = self._cells("encoder", fed, state)
            state = Context(cell.state_h, cell.state_c)
            is_last = lengths == n  # what a shorter sentence's cell does after its end is not looked at
            if is_last.any():
                contexts.state_h[is_last], contexts.state_c[is_last] = state.state_h[is_last], state.state_c[is_last]
        return contexts

    def teacher_forced(self, contexts: Context, decoder_inputs: np.ndarray) -> np.ndarray:
        """Returns what the decoder finds probable when it is fed the right tokens, as in training.

        Args:
            contexts: of the sources, (batch, hidden) each.
            decoder_inputs: (batch, target time) ids.

        Returns:
            (batch, target time, target tokens).
        """
        state, logits = contexts, []
        for fed in decoder_inputs.T:  # (batch,)
            cell = self._cells("decoder", fed, state)
            state = Context(cell.state_h, cell.state_c)
            logits.append(cell.state_h @ self.weights["dense_kernel"] + self.weights["dense_bias"])
        return softmax(np.stack(logits, axis=1))

    def _cells(self, side: str, fed: np.ndarray, state: Context) -> CellStep:
        """Takes one step of an LSTM for a batch of ids. One-hot times kernel is the kernel's row, so it is picked."""
        kernel, recurrent, bias = (self.weights[f"{side}_{part}"] for part in ("kernel", "recurrent", "bias"))
        rows = np.where((fed == PAD_ID)[:, np.newaxis], np.float32(0), kernel[fed])  # (batch, 4 · hidden)
        return cell_update(rows + state.state_h @ recurrent + bias, state.state_c)
